//! The mind of the house: use cases. Each takes the caller first, asks permission in its first line
//! and owns its transaction. Blocking; knows no HTTP and prints nothing.
//!
//! | | |
//! |---|---|
//! | [`people`] | who there is, what they may have, and how they prove who they are; `access` has of it in memory what requests are answered from |
//! | [`marketplaces`] | what is registered; how and where it is fetched, and with whose token |
//! | [`sync`] | taking what is new of an upstream, one marketplace after another, each once at a time |
//! | `vendoring` | what plugins have elsewhere: other repositories, archives, submodules, LFS, and on which terms it is fetched |
//! | [`states`] | serving an earlier one, and what would change for whom |
//! | [`views`] | what somebody gets; `contents` its files, which `supplies` has; [`bundles`] makes ZIPs of it, [`channel`] git's packs, and `cache` keeps them |
//! | `holds` | what somebody is at work with, so that nobody tidies it away |
//! | accounting | [`audit`], [`doctor`], [`provenance`], [`verify`], [`backup`] |
//!
//! All of them are parts of one [`Registry`], which [`settings`] make and which lies in a [`folder`]; what goes wrong in
//! them is an [`error`].

mod access;
pub mod audit;
pub mod backup;
pub mod bundles;
mod cache;
pub mod channel;
mod contents;
pub mod doctor;
pub mod error;
pub mod folder;
mod holds;
pub mod marketplaces;
pub mod people;
pub mod provenance;
pub mod settings;
pub mod states;
mod supplies;
pub mod sync;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod vendoring;
pub mod verify;
pub mod views;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::domain::digest::Digest;
use crate::domain::upstream::host::Hosts;
use crate::store::{Store, StoreError};

pub use error::Error;
pub use folder::DataFolder;
pub use settings::{Settings, World};

use access::Present;
use holds::Holds;

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
    turns: sync::turns::Turns,
    /// Addresses of the store that syncs are at work with: fetched, and in no row yet.
    at_work: Holds<String>,
    /// What is said of hosts, as far as it was read.
    hosts: Mutex<Option<Arc<Hosts>>>,
    standing: Mutex<BTreeMap<String, sync::standing::Standing>>,
    /// Bundles, and ZIPs of single plugins, that were built since this was opened.
    built: AtomicU64,
    trusted_caches: Mutex<cache::Trusted>,
    /// Files of the caches that somebody is about to make or to open.
    awaited: Holds<PathBuf>,
    /// When the caches were last looked at, in microseconds since 1970.
    pruned_at: AtomicI64,
    channel: channel::Memory,
    /// When tokens were used, as far as that is not written yet.
    uses: Mutex<people::tokens::Uses>,
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
            turns: sync::turns::Turns::default(),
            at_work: Holds::default(),
            hosts: Mutex::default(),
            standing: Mutex::default(),
            built: AtomicU64::new(0),
            trusted_caches: Mutex::default(),
            awaited: Holds::default(),
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
