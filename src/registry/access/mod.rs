//! Who may see what, in memory: what requests are answered from.
//!
//! An [`Access`] is one moment of the registry and never changes. A write makes the next one, which
//! shares with it all that stayed the same (the maps are persistent ones), so that it costs what the
//! change costs and not what the tables hold. Whoever reads goes on with the moment they began with.
//!
//! A server keeps the whole of it; a single command loads what its one user needs.

mod apply;
mod entitlement;
mod load;
mod recent;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use rpds::{HashTrieSetSync, RedBlackTreeMapSync};
use rustc_hash::FxBuildHasher;

use crate::domain::access::resource::Resource;
use crate::domain::digest::Digest;
use crate::domain::feed::view::{Face, Glance, Renames};
use crate::domain::plugin::version::Versions;
use crate::domain::repository::oid::Oid;
use crate::registry::people::grants::Named;
use crate::registry::{Registry, Result};
use crate::store::Store;
use crate::store::accounts::{ADMIN, EVERYONE};
use crate::store::offers::OfferRow;

pub(super) use entitlement::Entitlement;
pub use entitlement::Source;
pub(super) use load::Scope;
use recent::Recent;

/// An id, slug or name, shared by everything that says it.
type Word = Arc<str>;

/// A map of which the next moment shares what stayed. Nobody else chooses the keys: ids are random and
/// tokens hashed, so the hash need not be one that withstands chosen ones.
type Map<K, V> = rpds::HashTrieMapSync<K, V, FxBuildHasher>;

/// One moment of the registry.
#[derive(Clone)]
pub(super) struct Access {
    /// Counts the changes. What is stamped with it changed then.
    version: u64,
    recent: Recent,
    /// By id.
    people: Map<Word, Arc<Person>>,
    /// Address → id.
    addresses: Map<Word, Word>,
    /// By id.
    groups: Map<Word, Arc<Group>>,
    /// By slug.
    markets: Map<Word, Arc<Market>>,
    /// By the token's digest.
    keys: Map<Digest, Arc<Key>>,
}

/// A token.
struct Key {
    id: Word,
    user: Word,
    expires_at: Option<i64>,
    revoked: bool,
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
    /// Its address.
    url: String,
    renames: Arc<Renames>,
    /// Where its files are read.
    commit: Option<Oid>,
    /// Its upstream's.
    upstream: Option<Oid>,
    /// By name.
    offers: RedBlackTreeMapSync<Word, Arc<Listed>>,
    /// Name → why. Those of which nobody has anything, be they listed at present or not.
    disabled: RedBlackTreeMapSync<Word, Word>,
    stamp: u64,
}

/// A plugin, and what was found out about it when somebody first had it in their view. That depends on
/// the marketplace's own settings too: a market that is changed lists its plugins anew.
struct Listed {
    row: OfferRow,
    /// Why nobody has it, if so.
    disabled: Option<Word>,
    /// `None`: the row makes no sense.
    known: OnceLock<Option<Known>>,
}

/// A plugin by name, with the digest that it has in its usual folder.
type Known = (Face, Option<Digest>);

/// What a user's view was, and what it was made from.
struct Seen {
    /// The last moment at which that was found to hold.
    version: AtomicU64,
    stamps: Box<[u64]>,
    glance: Glance,
}

/// The moment that is now, from when somebody asked to keep it.
#[derive(Default)]
pub(super) struct Present {
    held: OnceLock<ArcSwapOption<Access>>,
}

/// A token, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder<'a> {
    pub hash: Digest,
    /// Its id.
    pub token: &'a str,
    pub user: &'a str,
    pub email: &'a str,
    /// Whether the user is in Admin.
    pub admin: bool,
    pub expires_at: Option<i64>,
    pub revoked: bool,
}

impl Registry {
    /// From now on requests are answered from memory. A server asks for it before it serves, so that
    /// the first request does not wait.
    ///
    /// # Errors
    /// What the database says.
    pub fn hold_access(&self) -> Result<()> {
        self.keep_access_in_memory().map(drop)
    }

    /// The present moment; from now on views are made from memory.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn keep_access_in_memory(&self) -> Result<Arc<Access>> {
        let held = self.present.held.get_or_init(ArcSwapOption::empty);
        match held.load_full() {
            Some(access) => Ok(access),
            None => self.load_access(held),
        }
    }

    /// The present moment. `None` where nobody asked to keep it; an error only if it is not in memory
    /// (any more) and cannot be loaded.
    pub(super) fn access(&self) -> Result<Option<Arc<Access>>> {
        self.present.held.get().map(|_| self.keep_access_in_memory()).transpose()
    }

    /// The present moment, if it is in memory already. Never waits.
    pub(super) fn access_if_held(&self) -> Option<Arc<Access>> {
        self.present.held.get().and_then(ArcSwapOption::load_full)
    }

    fn load_access(&self, held: &ArcSwapOption<Access>) -> Result<Arc<Access>> {
        // One loads, the others wait. And the lock is held until it is in place: no write comes between.
        let store = self.store();
        if let Some(access) = held.load_full() {
            return Ok(access);
        }
        store.note_changes();
        drop(store.take_changes());
        let access = Arc::new(Access::load(&store, Scope::All)?);
        held.store(Some(Arc::clone(&access)));
        Ok(access)
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
        let everyone = std::iter::once(EVERYONE);
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
        self.people.get(user).and_then(|person| self.seen(person))
    }

    fn seen(&self, person: &Person) -> Option<Glance> {
        let seen = person.seen.load();
        let seen = seen.as_ref()?;
        // Nothing at all changed: there are hundreds of stamps to compare, and thousands of requests.
        let since = seen.version.load(Ordering::Relaxed);
        if since != self.version {
            let same =
                self.recent.spared(person, since) || self.stamps(person).eq(seen.stamps.iter().copied());
            if !same {
                return None;
            }
            seen.version.store(self.version, Ordering::Relaxed);
        }
        Some(seen.glance)
    }

    /// Remembers what a person's view is at this moment.
    pub fn remember(&self, user: &str, glance: Glance) {
        if let Some(person) = self.people.get(user) {
            let stamps = self.stamps(person).collect();
            let version = AtomicU64::new(self.version);
            person.seen.store(Some(Arc::new(Seen { version, stamps, glance })));
        }
    }

    pub fn version(&self) -> u64 {
        self.version
    }

    /// The group with that id, or else of that name, whatever its case.
    pub fn group_named(&self, key: &str) -> Option<Named> {
        let by_name = || {
            let key = key.to_lowercase();
            self.groups.iter().find(|(_, group)| group.name.to_lowercase() == key)
        };
        let (id, group) = self.groups.get_key_value(key).or_else(by_name)?;
        Some(Named { id: id.to_string(), name: group.name.to_string() })
    }

    /// Whether there is something that could be granted under that name.
    pub fn lists(&self, resource: &Resource) -> bool {
        self.markets.get(resource.slug.as_str()).is_some_and(|market| match &resource.plugin {
            Some(plugin) => market.offers.contains_key(plugin.as_str()),
            None => true,
        })
    }

    /// Whose token that is, good or not, and their view if it is known. The one question that is asked for
    /// every request.
    pub fn holder(&self, hash: &Digest) -> Option<(Holder<'_>, Option<Glance>)> {
        let (hash, key) = self.keys.get_key_value(hash)?;
        let person = self.people.get(&key.user)?;
        let holder = Holder {
            hash: *hash,
            token: &key.id,
            user: &person.id,
            email: &person.email,
            admin: person.groups.iter().any(|id| **id == *ADMIN),
            expires_at: key.expires_at,
            revoked: key.revoked,
        };
        Some((holder, self.seen(person)))
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
    /// The plugins of it that somebody has through any of their groups, by name.
    fn listed_to(&self, held: &[(&Group, &Held)]) -> Vec<&Listed> {
        if held.iter().any(|(_, held)| held.all) {
            return self.offers.values().map(|listed| &**listed).collect();
        }
        let names: BTreeSet<&Word> = held.iter().flat_map(|(_, held)| held.plugins.iter()).collect();
        names.into_iter().filter_map(|name| self.offers.get(name)).map(|listed| &**listed).collect()
    }
}
