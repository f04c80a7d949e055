//! The mind of the house: use cases. Each takes the caller first, asks permission in its first line
//! and owns its transaction. Blocking; knows no HTTP and prints nothing.
//!
//! | | |
//! |---|---|
//! | people | `users`, `groups`, `grants`, `tokens`, `authentication`, `disabling`; `access` has of it in memory what requests are answered from |
//! | marketplaces | `marketplaces`, `plugins`, `hosts`; `upstreams`, `outbound`, `origin` and `overlay`: how and where they are fetched, and with whose token |
//! | syncing | `sync` takes them one after another, `turns` each once at a time, `step` is the work for one: `finding` reads what a commit has, `vendoring`, `parcels`, `submodules` and `lfs` fetch what lies elsewhere, on `terms`, with `quiet` watching |
//! | time | `states`, `holding` and `mending`: serving an earlier one; `diff` and `audience`: what changes for whom; `denied`: what hosts may not give any more |
//! | the store | `folder`, `supplies`, `stock` and `at_work`: what was fetched, and what of it is kept |
//! | serving | `views` and `memory`: what somebody gets; `contents` its files, `building`, `bundles` and `archives` as ZIPs, `channel` as git, `cache` and `prune`: what is kept of that |
//! | accounting | `audit`, `doctor`, `standing`, `provenance`, `verify`, `backup` |
//!
//! All of them are parts of one [`Registry`], which `settings` make; what goes wrong in them is an `error`.

mod access;
pub mod archives;
mod at_work;
mod audience;
pub mod audit;
pub mod authentication;
mod awaited;
pub mod backup;
mod building;
pub mod bundles;
mod cache;
pub mod channel;
mod contents;
mod denied;
pub mod diff;
pub mod disabling;
pub mod doctor;
pub mod error;
mod finding;
pub mod folder;
mod given;
pub mod grants;
pub mod groups;
mod holding;
pub mod hosts;
mod lfs;
pub mod marketplaces;
mod memory;
mod mending;
mod origin;
mod outbound;
mod overlay;
mod parcels;
pub mod plugins;
pub mod provenance;
pub mod prune;
mod quiet;
pub mod settings;
pub mod standing;
pub mod states;
mod step;
mod stock;
mod submodules;
mod supplies;
pub mod sync;
mod terms;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod tokens;
mod turns;
mod upstreams;
pub mod users;
mod vendoring;
pub mod verify;
pub mod views;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::domain::digest::Digest;
use crate::domain::upstream::host::Hosts;
use crate::store::{Store, StoreError};

pub use error::Error;
pub use folder::DataFolder;
pub use settings::{Settings, World};

use access::Present;

pub type Result<T> = std::result::Result<T, Error>;

/// A log of more bytes than this is folded into the database while it is open. To read it again at the
/// next start takes about a second.
const LONG_LOG: u64 = 32 << 20;

/// An open data folder.
pub struct Registry {
    folder: DataFolder,
    settings: Settings,
    world: World,
    store: Mutex<Store>,
    present: Present,
    turns: turns::Turns,
    at_work: at_work::AtWork,
    /// What is said of hosts, as far as it was read.
    hosts: Mutex<Option<Arc<Hosts>>>,
    standing: Mutex<BTreeMap<String, standing::Standing>>,
    /// Bundles, and ZIPs of single plugins, that were built since this was opened.
    built: AtomicU64,
    trusted_caches: Mutex<cache::Trusted>,
    awaited: awaited::Awaited,
    /// When the caches were last looked at, in microseconds since 1970.
    pruned_at: AtomicI64,
    channel: channel::Memory,
    /// When tokens were used, as far as that is not written yet.
    uses: Mutex<tokens::Uses>,
    /// Names the scheduler's token, if there is one; read when first asked for.
    scheduler: OnceLock<Option<Digest>>,
}

impl Registry {
    /// Opens a data folder, making it if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or written to, or another process has the registry open.
    pub fn open(folder: DataFolder, settings: Settings, world: World) -> Result<Self> {
        folder.make()?;
        let store = Store::open(&folder.database(), settings.lock_patience).map_err(|error| match error {
            StoreError::Open { path, why } => match folder.trouble() {
                Some(error) => error,
                None => Error::Store(StoreError::Open { path, why }),
            },
            other => Error::Store(other),
        })?;
        Ok(Self {
            folder,
            settings,
            world,
            store: Mutex::new(store),
            present: Present::default(),
            turns: turns::Turns::default(),
            at_work: at_work::AtWork::default(),
            hosts: Mutex::default(),
            standing: Mutex::default(),
            built: AtomicU64::new(0),
            trusted_caches: Mutex::default(),
            awaited: awaited::Awaited::default(),
            pruned_at: AtomicI64::new(0),
            channel: channel::Memory::default(),
            uses: Mutex::default(),
            scheduler: OnceLock::new(),
        })
    }

    #[must_use]
    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    /// How many bundles, and ZIPs of single plugins, were built since this was opened.
    #[must_use]
    pub fn bundles_built(&self) -> u64 {
        self.built.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What has to be done now and then by a process that lives long: writes down when tokens were used,
    /// which views are in use, keeps the database's log short, and the caches small.
    ///
    /// # Errors
    /// What the database or the disk says. Nothing is lost, and the next time it is tried again.
    pub fn tidy(&self) -> Result<()> {
        self.write_token_uses()?;
        self.note_used_views()?;
        self.prune_in_time()?;
        // The lock is taken only if there is something to do: writes wait for it, though nobody who reads.
        if self.store().log_size() > LONG_LOG { self.fold() } else { Ok(()) }
    }

    /// Writes the database's log into the database; or, where somebody is about to open it, leaves that to them.
    fn fold(&self) -> Result<()> {
        match self.store.lock().unwrap_or_else(PoisonError::into_inner).fold() {
            Ok(()) | Err(StoreError::Held { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Rows are changed in transactions, so a thread that died in the middle left them as they were.
    fn store(&self) -> OpenStore<'_> {
        OpenStore { registry: self, store: self.store.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.world.now)()
    }
}

/// The database, for as long as this is held. What was written with it shows in memory before
/// anybody else gets at it, and before whoever wrote answers.
struct OpenStore<'a> {
    registry: &'a Registry,
    store: MutexGuard<'a, Store>,
}

impl Deref for OpenStore<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for OpenStore<'_> {
    fn drop(&mut self) {
        self.registry.follow(&self.store);
    }
}
