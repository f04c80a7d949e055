//! Making room: what the caches have and nobody needs.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{IN_USE, Pruned};
use crate::domain::access::caller::{Caller, Right};
use crate::registry::settings::CacheSettings;
use crate::registry::{Registry, Result};

/// How often a process that lives long looks whether something became too old, in microseconds.
const EVERY: i64 = 600 * 1_000_000;

impl Registry {
    /// Removes what the caches have beyond their bounds; or all that they have, but for what somebody is
    /// being sent, or is being made for them. What is removed is made again when somebody asks for it.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn prune(&self, caller: &Caller, all: bool) -> Result<Pruned> {
        caller.may(Right::Administer)?;
        let pruned = if all {
            self.channel.let_go();
            let nothing = CacheSettings { max_bytes: 0, max_age: Duration::ZERO, ..self.settings.cache };
            self.prune_caches(&nothing, Duration::ZERO)?
        } else {
            self.prune_caches(&self.settings.cache, IN_USE)?
        };
        self.record(&self.store(), caller, "cache.prune", if all { "all" } else { "bounds" }, None)?;
        Ok(pruned)
    }

    /// The same now and then, for whoever asks often.
    pub(in crate::registry) fn prune_in_time(&self) -> Result<()> {
        let now = self.now();
        let last = self.pruned_at.load(Ordering::Relaxed);
        if now.saturating_sub(last) < EVERY {
            return Ok(());
        }
        self.pruned_at.store(now, Ordering::Relaxed);
        self.prune_caches(&self.settings.cache, IN_USE).map(drop)
    }

    fn prune_caches(&self, bounds: &CacheSettings, spared: Duration) -> Result<Pruned> {
        let zip = self.zip_cache()?.prune(bounds, spared, &|_| false)?;
        let git = self.git_cache()?.prune(bounds, spared, &|path| self.channel.is_used(path))?;
        Ok(zip.and(git))
    }
}
