//! Bringing marketplaces into step with their upstreams.
//!
//! A sync fetches, reads the catalog at the new commit, finds out what each plugin is, and then
//! replaces rows and commit in one transaction. Whatever fails on the way leaves what was there,
//! which goes on being served, and lands in `last_error`.
//!
//! `turns` lets each marketplace be synced once at a time, `step` is the work for one, `finding` reads what a commit
//! has. For those that are on hold there is `holding`, which brings back (`mending`) or takes out (`withdrawing`) what
//! they serve.

pub(super) mod finding;
mod holding;
mod mending;
pub mod standing;
pub(super) mod step;
pub(super) mod turns;
mod withdrawing;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use self::step::Known;
use self::turns::Stoppable;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::watch::Watch;
use crate::registry::{Error, Registry, Result};

/// What a sync of one marketplace did.
#[derive(Debug, Clone)]
pub struct Synced {
    pub id: String,
    pub name: String,
    pub first: bool,
    pub commit: String,
    pub path: String,
    pub plugins: u64,
    pub changed: bool,
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
    pub not_served: u64,
    pub notes: u64,
    /// What was fetched is not served: it waits to be approved.
    pub pending: bool,
    /// Other repositories of which something new was received for its plugins.
    pub remote_received: u64,
    /// Other repositories that could not be fetched.
    pub remote_failed: u64,
    /// In microseconds, waiting for one's turn not included.
    pub took: i64,
}

/// What became of several.
#[derive(Debug, Default)]
pub struct SyncedAll {
    pub synced: Vec<Synced>,
    pub failed: Vec<(String, Error)>,
    /// In microseconds.
    pub took: i64,
}

/// Whoever watches a sync of several: one watch for each, and the results as they come.
pub trait Watches: Sync {
    fn watch(&self, slug: &str) -> Box<dyn Watch + '_>;
    fn finished(&self, slug: &str, result: &Result<Synced>);
    fn cancelled(&self) -> bool;
}

impl Registry {
    /// Syncs one marketplace.
    ///
    /// # Errors
    /// See [`Error`]. What was there before is still there.
    pub fn sync(&self, caller: &Caller, slug: &str, watch: &dyn Watch) -> Result<Synced> {
        caller.may(Right::Administer)?;
        let synced = self.sync_one(caller, slug, None, watch)?;
        self.mark_unchanged([&synced])?;
        self.leave_no_log([&synced]);
        Ok(synced)
    }

    /// Syncs those named, or all; `jobs` at a time. One that fails does not stop the others.
    ///
    /// # Errors
    /// When a name is unknown or the caller may not; what becomes of each marketplace is in the
    /// answer.
    pub fn sync_all(
        &self,
        caller: &Caller,
        only: &[String],
        jobs: Option<usize>,
        watches: &dyn Watches,
    ) -> Result<SyncedAll> {
        caller.may(if only.is_empty() { Right::SyncAll } else { Right::Administer })?;
        let began = self.now();
        let known = Known::all(&self.store(), only)?;
        let jobs = jobs.unwrap_or(self.settings.sync.jobs).clamp(1, 64).min(known.len().max(1));
        let next = AtomicUsize::new(0);
        let results = Mutex::new(BTreeMap::new());
        let work = || {
            while let Some((i, known)) = known.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
                let slug = &known.row.id;
                let sync = || self.sync_one(caller, slug, Some(known), &*watches.watch(slug));
                let result = if watches.cancelled() {
                    Err(Error::Cancelled)
                } else {
                    // A defect met in one marketplace must not take the others along.
                    catch_unwind(AssertUnwindSafe(sync))
                        .unwrap_or(Err(Error::Defect("it made the sync of this marketplace stop short")))
                };
                watches.finished(slug, &result);
                results.lock().unwrap_or_else(PoisonError::into_inner).insert(i, (slug.clone(), result));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..jobs {
                scope.spawn(work);
            }
            work();
        });
        let mut all = SyncedAll::default();
        for (slug, result) in results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
            match result {
                Ok(synced) => all.synced.push(synced),
                Err(error) => all.failed.push((slug, error)),
            }
        }
        if let Err(error) = self.mark_unchanged(&all.synced) {
            // What changed is written. Of the others nobody can say that they were looked at.
            let why = error.to_string();
            let (changed, unchanged) = all.synced.into_iter().partition(|synced| synced.changed);
            all.synced = changed;
            let not_written = |synced: Synced| (synced.id, Error::NotWritten { why: why.clone() });
            all.failed.extend(Vec::into_iter(unchanged).map(not_written));
        }
        all.took = self.now() - began;
        self.leave_no_log(&all.synced);
        Ok(all)
    }

    /// Writes that those which did not change were looked at.
    fn mark_unchanged<'a>(&self, synced: impl IntoIterator<Item = &'a Synced>) -> Result<()> {
        let unchanged = synced.into_iter().filter(|synced| !synced.changed).map(|synced| synced.id.as_str());
        Ok(self.store().mark_unchanged(&unchanged.collect::<Vec<_>>(), self.now())?)
    }

    /// What a sync wrote, every command after this one would read again: so a process that lives for one command
    /// folds the log when it is done.
    fn leave_no_log<'a>(&self, synced: impl IntoIterator<Item = &'a Synced>) {
        let wrote = synced.into_iter().any(|synced| synced.changed || synced.pending);
        if wrote && matches!(self.access(), Ok(None)) {
            // The sync is done. Should the database not open any more, the next command says so.
            let _ = self.fold();
        }
    }

    /// Those who ask for a marketplace while it is synced share the next sync of it: `turns` says why.
    /// `known` spares reading what nobody changed since.
    fn sync_one(
        &self,
        caller: &Caller,
        slug: &str,
        known: Option<&Known>,
        watch: &dyn Watch,
    ) -> Result<Synced> {
        let watch = Stoppable { registry: self, watch };
        self.take_part(slug, &|| watch.cancelled(), &|| {
            let result = self.sync_now(caller, slug, known, &watch);
            self.note_outcome(slug, &result);
            result
        })
    }

    fn sync_now(
        &self,
        caller: &Caller,
        slug: &str,
        known: Option<&Known>,
        watch: &dyn Watch,
    ) -> Result<Synced> {
        let began = self.now();
        // Read when it is our turn: whoever had it before may have changed or removed the row. One lock
        // for both, so that a token never meets an address that it is not for.
        let (known, token) = {
            let store = self.store();
            let known = match known {
                Some(known) if known.edition == store.edition() => known.clone(),
                _ => Known::one(&store, slug)?,
            };
            let token = self.upstream_token(&known.row);
            (known, token)
        };
        let mut result = token.and_then(|token| self.bring_into_step(caller, &known, token.as_ref(), watch));
        if let Ok(synced) = &mut result {
            synced.took = self.now() - began;
        }
        if let Err(error) = &result
            && !error.is_cancelled()
        {
            // On a full disk these fail as well, and what it failed for is what has to be heard.
            let _ = self.keep_to_the_rules(caller, slug);
            let _ = self.store().mark_failed(&known.row.id, &error.to_string());
        }
        result
    }
}
