//! What each user's bundle was when it was last asked for.
//!
//! Working out a view costs more than handing over the bundle that belongs to it. Every act that could
//! change a view leaves an audit row in its own transaction, so the latest row stands for the state of
//! the registry: as long as it is the same, and the settings are, so is the view. (The row's time is
//! part of it, because a registry that was restored from a backup counts on from an older number.)
//! Like all of the cache this can be removed at any time.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::digest::{Digest, Fields};
use crate::registry::Registry;
use crate::store::Store;

/// A bundle, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remembered {
    pub view: Digest,
    pub plugins: u64,
}

impl Registry {
    /// Names everything that views are made from; `None` if that cannot be told.
    pub(super) fn state_of_views(&self, store: &Store) -> Option<Digest> {
        let (row, at) = store.latest_act().ok()??;
        let settings = (&self.settings.feed, &self.settings.limits);
        let settings = serde_json::to_string(&settings).ok()?;
        let fields = Fields::new("agnes state 1").field(env!("CARGO_PKG_VERSION")).field(settings);
        Some(fields.field(row.to_be_bytes()).field(at.to_be_bytes()).finish())
    }
}

impl Remembered {
    pub fn recall(path: &Path, state: &Digest) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.split_whitespace();
        if words.next()?.parse::<Digest>().ok()? != *state {
            return None;
        }
        Some(Self { view: words.next()?.parse().ok()?, plugins: words.next()?.parse().ok()? })
    }

    /// A failure is no matter: then the view is worked out the next time.
    pub fn keep(self, path: &PathBuf, state: &Digest) {
        let _ = fs::write(path, format!("{state} {} {}\n", self.view, self.plugins));
    }
}
