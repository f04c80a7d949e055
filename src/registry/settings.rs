//! What the operator can set, and what of the world comes in as an argument.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::feed::view::Feed;
use crate::domain::limits::Limits;
use crate::domain::upstream::network::Outbound;

#[derive(Debug, Clone)]
pub struct Settings {
    pub feed: Feed,
    pub limits: Limits,
    pub sync: SyncSettings,
    pub cache: CacheSettings,
    /// How long to wait for another process that has the registry open.
    pub lock_patience: Duration,
}

#[derive(Debug, Clone)]
pub struct SyncSettings {
    /// Marketplaces at the same time.
    pub jobs: usize,
    /// Repositories of plugins that lie elsewhere, at the same time, for each marketplace.
    pub remote_jobs: usize,
    /// How many states of each marketplace are kept, to be served again.
    pub keep_states: usize,
    pub connect_timeout: Duration,
    /// Without a byte from the upstream.
    pub idle_timeout: Duration,
    /// For one fetch as a whole.
    pub total_timeout: Duration,
    /// PEM file of certificates that are trusted besides the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Where marketplaces that were registered over https may be.
    pub outbound: Outbound,
    /// Where packages are that a catalog names without a registry.
    pub npm_registry: Option<String>,
    /// Whether the submodules of plugins that lie elsewhere are fetched with them.
    pub submodules: bool,
    /// Whether what git LFS keeps elsewhere is fetched, and served in the place of its pointers.
    pub lfs: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct CacheSettings {
    /// Bytes that each of the two caches may take before what was not used for longest is removed.
    pub max_bytes: u64,
    /// What was not used for this long is removed.
    pub max_age: Duration,
    /// Bytes of packs that are kept in memory, of the views that are cloned most.
    pub memory_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            feed: Feed::default(),
            limits: Limits::default(),
            sync: SyncSettings {
                jobs: 4,
                remote_jobs: 8,
                keep_states: 10,
                connect_timeout: Duration::from_secs(10),
                idle_timeout: Duration::from_secs(30),
                total_timeout: Duration::from_secs(600),
                ca_bundle: None,
                outbound: Outbound::default(),
                npm_registry: None,
                submodules: true,
                lfs: true,
            },
            cache: CacheSettings {
                max_bytes: 2 << 30,
                max_age: Duration::from_secs(30 * 24 * 3_600),
                memory_bytes: 96 << 20,
            },
            lock_patience: Duration::from_secs(5),
        }
    }
}

/// Microseconds since 1970-01-01 00:00 UTC.
pub type Clock = dyn Fn() -> i64 + Send + Sync;

/// Fills with random bytes.
pub type Dice = dyn Fn(&mut [u8]) -> bool + Send + Sync;

/// Looks up an environment variable.
pub type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Time, chance and environment. Only `cli` and tests touch the real ones.
#[derive(Clone)]
pub struct World {
    /// Microseconds since 1970-01-01 00:00 UTC.
    pub now: Arc<Clock>,
    /// Fills with unpredictable bytes; false when the system has none to give.
    pub random: Arc<Dice>,
    pub variable: Arc<Variable>,
    /// Differs from one boot of the machine to the next; empty where the system does not tell.
    pub boot: String,
}
