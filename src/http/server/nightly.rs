//! The sync that nobody has to ask for, at times of day in UTC.

use std::sync::Arc;
use std::time::Duration;

use super::Serving;
use crate::domain::access::caller::Caller;
use crate::domain::watch::{Unwatched, Watch};
use crate::registry::sync::{Synced, Watches};
use crate::registry::{Registry, Result};

/// The clock may be set while we sleep, and machines sleep too: it is looked at this often.
const GLANCE: Duration = Duration::from_secs(30);

/// Syncs everything whenever it is time, until the server ends. What fell into a time when it did not
/// run is not made up for.
pub(super) async fn nights(serving: Arc<Serving>) {
    loop {
        let now = serving.registry.now();
        let Some(next) = serving.settings.sync_at.iter().map(|time| time.after(now)).min() else { return };
        tracing::debug!(seconds = (next - now) / 1_000_000, "until the next sync of everything");
        loop {
            let left = next - serving.registry.now();
            let Ok(left) = u64::try_from(left) else { break };
            if left == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_micros(left).min(GLANCE)).await;
        }
        let registry = Arc::clone(&serving.registry);
        if tokio::task::spawn_blocking(move || sync(&registry)).await.is_err() {
            tracing::error!("the sync of everything stopped short");
        }
    }
}

fn sync(registry: &Registry) {
    match registry.sync_all(&Caller::Scheduler, &[], None, &Logged) {
        Ok(all) => tracing::info!(
            synced = all.synced.len(),
            failed = all.failed.len(),
            seconds = all.took / 1_000_000,
            "everything was synced"
        ),
        Err(error) => tracing::error!(%error, "the sync of everything failed"),
    }
}

/// A line for each marketplace.
struct Logged;

impl Watches for Logged {
    fn watch(&self, _: &str) -> Box<dyn Watch + '_> {
        Box::new(Unwatched)
    }

    fn finished(&self, slug: &str, result: &Result<Synced>) {
        match result {
            Ok(synced) => tracing::info!(slug, changed = synced.changed, commit = %synced.commit, "synced"),
            Err(error) => tracing::warn!(slug, %error, "not synced; what was there goes on being served"),
        }
    }

    fn cancelled(&self) -> bool {
        false
    }
}
