//! Turns: a marketplace is synced by one at a time, and those who ask meanwhile share the next one.
//!
//! Whoever asks for a sync wants what the upstream has *now*, by the registration of *now*. A sync
//! that is under way may have asked the upstream before, so its outcome would not do. One that has
//! not begun yet will: so all who come while one is under way wait for a single sync after it, and
//! have its outcome. However many ask, there is one that works and at most one that waits.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::Synced;
use crate::domain::watch::{Phase, Watch};
use crate::registry::{Error, Registry, Result};

/// How often whoever waits looks whether they still want it.
const GLANCE: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(in crate::registry) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
    /// The server goes down: nobody is to begin or go on.
    stopping: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Slugs that somebody works on just now.
    busy: HashSet<String>,
    /// Syncs that somebody waits to begin, by slug.
    next: HashMap<String, Arc<Shared>>,
}

/// What became of a sync, for those who wait for it. Nothing: whoever was to do it gave up.
type Shared = OnceLock<Option<std::result::Result<Synced, Arc<Error>>>>;

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, GLANCE).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Registry {
    /// Tells every sync to stop, those under way and those to come: the process is about to end.
    /// What was there before a sync stays.
    pub fn stop_syncs(&self) {
        self.turns.stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn stopping(&self) -> bool {
        self.turns.stopping.load(Ordering::Relaxed)
    }

    /// How many wait for a sync of that marketplace that has not begun.
    #[cfg(test)]
    pub(in crate::registry) fn waiting(&self, slug: &str) -> usize {
        // One is the list's own.
        self.turns.lock().next.get(slug).map_or(0, |next| Arc::strong_count(next) - 1)
    }

    /// Waits until nobody else in this process works on that marketplace, and keeps others waiting
    /// until the turn is dropped.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when `give_up` said so while waiting.
    pub(in crate::registry) fn take_turn(&self, slug: &str, give_up: &dyn Fn() -> bool) -> Result<Turn<'_>> {
        let mut state = self.turns.lock();
        while state.busy.contains(slug) {
            if give_up() {
                return Err(Error::Cancelled);
            }
            state = self.turns.wait(state);
        }
        state.busy.insert(slug.to_owned());
        Ok(Turn { turns: &self.turns, slug: slug.to_owned() })
    }

    /// Syncs with the marketplace's turn, or shares the sync that somebody else waits to begin.
    pub(super) fn take_part(
        &self,
        slug: &str,
        give_up: &dyn Fn() -> bool,
        sync: &dyn Fn() -> Result<Synced>,
    ) -> Result<Synced> {
        let give_up = || give_up() || self.stopping();
        loop {
            let mut state = self.turns.lock();
            let Some(next) = state.next.get(slug).map(Arc::clone) else {
                let next = Arc::new(Shared::new());
                state.next.insert(slug.to_owned(), Arc::clone(&next));
                drop(state);
                let lead = Lead { turns: &self.turns, slug, next };
                let turn = self.take_turn(slug, &give_up)?;
                lead.begin();
                let result = if give_up() { Err(Error::Cancelled) } else { sync() };
                drop(turn);
                return lead.tell(result);
            };
            while next.get().is_none() {
                if give_up() {
                    return Err(Error::Cancelled);
                }
                state = self.turns.wait(state);
            }
            match next.get() {
                Some(Some(Ok(synced))) => return Ok(synced.clone()),
                Some(Some(Err(error))) => return Err(Error::Shared(Arc::clone(error))),
                // Whoever was to do it went away. Then it is for one of those who still want it.
                Some(None) | None => {}
            }
        }
    }
}

pub(in crate::registry) struct Turn<'a> {
    turns: &'a Turns,
    slug: String,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.lock().busy.remove(&self.slug);
        self.turns.changed.notify_all();
    }
}

/// Whoever does the sync that others wait for. However it ends, they hear of it.
struct Lead<'a> {
    turns: &'a Turns,
    slug: &'a str,
    next: Arc<Shared>,
}

impl Lead<'_> {
    /// Who comes from now on has to wait for another.
    fn begin(&self) {
        self.turns.lock().next.remove(self.slug);
    }

    fn tell(self, result: Result<Synced>) -> Result<Synced> {
        let waited_for = Arc::strong_count(&self.next) > 1;
        match result {
            Err(error) if error.is_cancelled() => Err(error),
            Err(error) if waited_for => {
                let error = Arc::new(error);
                let _ = self.next.set(Some(Err(Arc::clone(&error))));
                Err(Error::Shared(error))
            }
            Err(error) => Err(error),
            Ok(synced) => {
                let _ = self.next.set(Some(Ok(synced.clone())));
                Ok(synced)
            }
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let _ = self.next.set(None);
        let mut state = self.turns.lock();
        // Given up, or stopped short, before it began.
        if state.next.get(self.slug).is_some_and(|next| Arc::ptr_eq(next, &self.next)) {
            state.next.remove(self.slug);
        }
        drop(state);
        self.turns.changed.notify_all();
    }
}

/// A watch that also says to stop when the process is about to end.
pub(super) struct Stoppable<'a> {
    pub registry: &'a Registry,
    pub watch: &'a dyn Watch,
}

impl Watch for Stoppable<'_> {
    fn progress(&self, phase: Phase, done: u64, total: Option<u64>) {
        self.watch.progress(phase, done, total);
    }

    fn cancelled(&self) -> bool {
        self.registry.stopping() || self.watch.cancelled()
    }
}
