//! Who may see what, in memory: what requests are answered from.
//!
//! An [`Access`] is one moment of the registry and never changes. A write makes the next one, which
//! shares with it all that stayed the same (the maps are persistent ones), so that it costs what the
//! change costs and not what the tables hold. Whoever reads goes on with the moment they began with.
//!
//! A server keeps the whole of it; a single command loads what its one user needs.

mod apply;
mod load;
mod standing;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use rpds::{HashTrieMapSync, HashTrieSetSync, RedBlackTreeMapSync};

use super::{Registry, Result};
use crate::domain::digest::Digest;
use crate::domain::oid::Oid;
use crate::domain::version::Versions;
use crate::domain::view::Renames;
use crate::store::Store;
use crate::store::offers::OfferRow;

pub(super) use load::Scope;

/// An id, slug or name, shared by everything that says it.
type Word = Arc<str>;

/// One moment of the registry.
#[derive(Clone)]
pub(super) struct Access {
    /// Counts the changes. What is stamped with it changed then.
    version: u64,
    /// By id.
    people: HashTrieMapSync<Word, Arc<Person>>,
    /// Address → id.
    addresses: HashTrieMapSync<Word, Word>,
    /// By id.
    groups: HashTrieMapSync<Word, Arc<Group>>,
    /// By slug.
    markets: HashTrieMapSync<Word, Arc<Market>>,
}

struct Person {
    id: Word,
    email: Word,
    /// Ids, in order; Everyone is not among them. A group that was removed may be, until it is looked
    /// up and not found.
    groups: Arc<[Word]>,
    stamp: u64,
    /// The view that was worked out last.
    seen: ArcSwapOption<Seen>,
}

#[derive(Clone)]
struct Group {
    name: Word,
    is_system: bool,
    /// By slug.
    grants: RedBlackTreeMapSync<Word, Held>,
    stamp: u64,
}

/// What a group has of one marketplace.
#[derive(Clone)]
struct Held {
    /// All of it, present and future.
    all: bool,
    plugins: HashTrieSetSync<Word>,
}

#[derive(Clone)]
struct Market {
    slug: Word,
    /// Smaller: registered earlier.
    order: u64,
    name_prefix: Option<String>,
    versions: Versions,
    renames: Arc<Renames>,
    commit: Option<Oid>,
    /// By name.
    offers: RedBlackTreeMapSync<Word, Arc<OfferRow>>,
    stamp: u64,
}

/// What a user's view was, and what it was made from.
struct Seen {
    stamps: Box<[u64]>,
    glance: Glance,
}

/// The least that names a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    pub digest: Digest,
    pub plugins: u64,
}

/// The moment that is now, for as long as a server runs.
#[derive(Default)]
pub(super) struct Present {
    /// Set once and for all when a server asks for it.
    held: OnceLock<ArcSwapOption<Access>>,
    /// One loads, the others wait.
    loading: Mutex<()>,
}

impl Registry {
    /// From now on views are made from memory. Called once, by a server, before it serves.
    ///
    /// # Errors
    /// What the database says.
    pub fn keep_access_in_memory(&self) -> Result<()> {
        self.present.held.get_or_init(ArcSwapOption::empty);
        self.access().map(drop)
    }

    /// The present moment; an error only if it is not in memory and cannot be loaded. `None` where
    /// nobody asked to keep it.
    pub(super) fn access(&self) -> Result<Option<Arc<Access>>> {
        let Some(held) = self.present.held.get() else { return Ok(None) };
        if let Some(access) = held.load_full() {
            return Ok(Some(access));
        }
        let _one = self.present.loading.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock is held until it is in place: no write comes in between.
        let store = self.store();
        if let Some(access) = held.load_full() {
            return Ok(Some(access));
        }
        store.note_changes();
        drop(store.take_changes());
        let access = Arc::new(Access::load(&store, Scope::All)?);
        held.store(Some(Arc::clone(&access)));
        Ok(Some(access))
    }

    /// Makes the next moment from what was written. Called while the store is still locked, so that
    /// moments follow each other as the writes did.
    pub(super) fn follow(&self, store: &Store) {
        let Some(held) = self.present.held.get() else { return };
        let changes = store.take_changes();
        if changes.is_empty() {
            return;
        }
        let Some(before) = held.load_full() else { return };
        // What cannot be read now is read, with all the rest, by whoever asks next: rather an error
        // there than somebody who sees what was taken from them.
        held.store(before.after(changes, store).ok().map(Arc::new));
    }
}

/// To hold memory against the database.
#[cfg(test)]
impl Registry {
    pub(super) fn forget_access(&self) {
        self.present.held.get().unwrap().store(None);
    }

    pub(super) fn restore_access(&self, access: Option<Arc<Access>>) {
        self.present.held.get().unwrap().store(access);
    }
}

impl Access {
    fn person(&self, key: &str) -> Option<&Arc<Person>> {
        self.people.get(key).or_else(|| {
            let id = self.addresses.get(key.to_lowercase().as_str())?;
            self.people.get(id)
        })
    }

    /// When each thing that a person's view is made from last changed: the same stamps, the same view.
    fn stamps(&self, person: &Person) -> impl Iterator<Item = u64> {
        let everyone = std::iter::once(crate::store::accounts::EVERYONE);
        let groups = everyone.chain(person.groups.iter().map(|id| &**id));
        let of_groups = groups.flat_map(|id| {
            let group = self.groups.get(id);
            let markets = group.into_iter().flat_map(|group| group.grants.keys());
            let of_markets = markets.map(|slug| self.markets.get(slug).map_or(0, |market| market.stamp));
            std::iter::once(group.map_or(0, |group| group.stamp)).chain(of_markets)
        });
        std::iter::once(person.stamp).chain(of_groups)
    }

    /// A person's view, if it was worked out and nothing that it is made from changed since.
    pub fn glance(&self, user: &str) -> Option<Glance> {
        let person = self.people.get(user)?;
        let seen = person.seen.load();
        let seen = seen.as_ref()?;
        self.stamps(person).eq(seen.stamps.iter().copied()).then_some(seen.glance)
    }

    /// Remembers what a person's view is at this moment.
    pub fn remember(&self, user: &str, glance: Glance) {
        if let Some(person) = self.people.get(user) {
            let stamps = self.stamps(person).collect();
            person.seen.store(Some(Arc::new(Seen { stamps, glance })));
        }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether that user exists, and whether they may administer.
    pub fn caller(&self, user: &str) -> Option<(String, bool)> {
        let person = self.people.get(user)?;
        let admin = person.groups.iter().any(|id| &**id == crate::store::accounts::ADMIN);
        Some((person.email.to_string(), admin))
    }
}

impl Held {
    fn nothing(&self) -> bool {
        !self.all && self.plugins.is_empty()
    }

    fn has(&self, plugin: &str) -> bool {
        self.all || self.plugins.contains(plugin)
    }
}

impl Market {
    /// The plugins that somebody has of it, by name.
    fn offers_of(&self, held: &[&Held]) -> Vec<&Arc<OfferRow>> {
        if held.iter().any(|held| held.all) {
            return self.offers.values().collect();
        }
        let names: BTreeSet<&Word> = held.iter().flat_map(|held| held.plugins.iter()).collect();
        names.into_iter().filter_map(|name| self.offers.get(name)).collect()
    }
}
