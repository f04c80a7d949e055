//! How the syncs of this process went, for whoever watches it. Kept in memory alone: what has to
//! outlive the process is in the rows and in the audit log.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use super::Synced;
use crate::registry::{Error, Registry, Result};

/// Of one marketplace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Syncs that succeeded since the process began.
    pub succeeded: u64,
    /// And those that failed. One that was cancelled is neither.
    pub failed: u64,
    /// In microseconds since 1970, also from before the process began.
    pub last_success: Option<i64>,
}

impl Registry {
    /// How the syncs went, by slug.
    #[must_use]
    pub fn standing(&self) -> BTreeMap<String, Standing> {
        self.standings().clone()
    }

    /// Looks up when each marketplace was synced last, so that [`Self::standing`] knows those too that
    /// are not synced by this process.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn recall_standing(&self) -> Result<()> {
        let rows = self.store().marketplaces()?;
        let mut standings = self.standings();
        for row in rows {
            let standing = standings.entry(row.id).or_default();
            standing.last_success = standing.last_success.max(row.last_synced_at);
        }
        Ok(())
    }

    pub(super) fn note_outcome(&self, slug: &str, result: &Result<Synced>) {
        let now = self.now();
        let mut standings = self.standings();
        match result {
            Err(error) if error.is_cancelled() => {}
            // A name that is nobody's is not to fill the memory.
            Err(Error::NotFound { .. }) => {}
            Err(_) => standings.entry(slug.to_owned()).or_default().failed += 1,
            Ok(synced) => {
                let standing = standings.entry(synced.id.clone()).or_default();
                standing.succeeded += 1;
                standing.last_success = Some(now);
            }
        }
    }

    pub(in crate::registry) fn forget_standing(&self, slug: &str) {
        self.standings().remove(slug);
    }

    fn standings(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
