//! What the git channel has in memory. Nothing in it has to be: all is read or made again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::REMEMBERED;
use super::advertised::Advertised;
use super::ready::ReadyPacks;
use super::snapshots::Held;
use crate::domain::digest::Digest;
use crate::domain::repository::oid::Oid;
use crate::git::pack::Part;

/// Snapshots that are kept at hand.
const SNAPSHOTS: usize = 48;

/// Views whose commits are known, and users whose histories are. Some 100 bytes each.
const MOST: usize = 200_000;

#[derive(Default)]
pub(in crate::registry) struct Memory {
    tips: Mutex<HashMap<Digest, Oid>>,
    /// Views that somebody was told of, or sent, from memory, so that their files do not show it.
    used: Mutex<HashSet<Digest>>,
    told: Mutex<HashMap<String, Arc<[Advertised]>>>,
    /// Held by whoever reads or writes the files of that.
    files_of_told: Mutex<()>,
    /// The one that was used last is the first.
    held: Mutex<VecDeque<Arc<Held>>>,
    pub(super) ready: ReadyPacks,
    /// By path. Views share them.
    parts: Mutex<HashMap<Box<Path>, Weak<Part>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    /// The commit of a view, which is in use then.
    pub fn tip(&self, view: &Digest) -> Option<Oid> {
        let tip = locked(&self.tips).get(view).copied()?;
        locked(&self.used).insert(*view);
        Some(tip)
    }

    /// The views that were used since this was asked the last time.
    pub fn take_used(&self) -> HashSet<Digest> {
        std::mem::take(&mut locked(&self.used))
    }

    pub fn keep_tip(&self, view: Digest, tip: Oid) {
        let mut tips = locked(&self.tips);
        if tips.len() >= MOST {
            tips.clear();
        }
        tips.insert(view, tip);
    }

    /// Whether that view is the one that the user was told of last.
    pub fn was_told(&self, user: &str, view: &Digest) -> bool {
        locked(&self.told).get(user).and_then(|told| told.last()).is_some_and(|last| last.view == *view)
    }

    pub fn told(&self, user: &str) -> Option<Arc<[Advertised]>> {
        locked(&self.told).get(user).cloned()
    }

    /// Until it is dropped, nobody else reads or writes files of what users were told.
    pub fn alone_with_told(&self) -> MutexGuard<'_, ()> {
        locked(&self.files_of_told)
    }

    pub fn keep_told(&self, user: &str, told: Arc<[Advertised]>) {
        debug_assert!(told.len() <= REMEMBERED);
        let mut all = locked(&self.told);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(user.to_owned(), told);
    }

    /// A snapshot that is only looked at: it stays where it is among the others.
    pub fn seen(&self, view: &Digest) -> Option<Arc<Held>> {
        let held = locked(&self.held);
        held.iter().find(|held| held.view == *view && held.snapshot.is_sound()).cloned()
    }

    /// A snapshot, unless a file of it turned out to be spoilt. It is in use then.
    pub fn held(&self, view: &Digest) -> Option<Arc<Held>> {
        let mut held = locked(&self.held);
        held.retain(|held| held.snapshot.is_sound());
        let place = held.iter().position(|held| held.view == *view)?;
        let found = held.remove(place)?;
        held.push_front(Arc::clone(&found));
        drop(held);
        locked(&self.used).insert(*view);
        Some(found)
    }

    pub fn keep_held(&self, snapshot: Arc<Held>) {
        let mut held = locked(&self.held);
        held.retain(|other| other.view != snapshot.view);
        held.push_front(snapshot);
        held.truncate(SNAPSHOTS);
    }

    pub fn part(&self, path: &Path) -> Option<Arc<Part>> {
        locked(&self.parts).get(path).and_then(Weak::upgrade).filter(|part| part.is_sound())
    }

    pub fn keep_part(&self, path: &Path, part: &Arc<Part>) {
        let mut parts = locked(&self.parts);
        // Now and then those are let go that nobody has any more.
        if parts.len() >= 1024 && parts.len().is_power_of_two() {
            parts.retain(|_, part| part.strong_count() > 0);
        }
        parts.insert(path.into(), Arc::downgrade(part));
    }

    /// Whether somebody may be sending from that file.
    pub fn is_used(&self, path: &Path) -> bool {
        locked(&self.parts).get(path).is_some_and(|part| part.strong_count() > 0)
    }

    /// Lets go of all files but those that somebody is being sent.
    pub fn let_go(&self) {
        locked(&self.held).clear();
        self.ready.let_go();
    }
}
