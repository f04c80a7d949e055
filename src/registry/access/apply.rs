//! From one moment to the next.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use rpds::RedBlackTreeMapSync;

use super::{Access, Group, Held, Key, Listed, Market, Person, Word};
use crate::domain::access::disabling::sentence;
use crate::domain::access::resource::Resource;
use crate::registry::Result;
use crate::registry::marketplaces::upstreams::{served_commit, upstream_commit};
use crate::registry::marketplaces::versions_of;
use crate::store::Store;
use crate::store::accounts::EVERYONE;
use crate::store::changes::Change;
use crate::store::marketplaces::MarketplaceRow;
use crate::store::offers::OfferRow;
use crate::store::tokens::TokenRow;

impl Access {
    /// This moment with those changes.
    pub(super) fn after(&self, changes: Vec<Change>, store: &Store) -> Result<Self> {
        let mut next = self.clone();
        next.version += 1;
        for change in changes {
            next.recent.note(next.version, &change);
            next.apply(change, store)?;
        }
        Ok(next)
    }

    fn apply(&mut self, change: Change, store: &Store) -> Result<()> {
        match change {
            Change::User { id, email } => {
                let groups = self.people.get(id.as_str()).map(|person| Arc::clone(&person.groups));
                self.put_person(id.into(), email.into(), groups.unwrap_or_default());
            }
            Change::UserRemoved { id } => {
                if let Some(person) = self.people.get(id.as_str()) {
                    self.addresses.remove_mut(&Arc::clone(&person.email));
                }
                self.people.remove_mut(id.as_str());
                let theirs = self.keys.iter().filter(|(_, key)| *key.user == *id);
                for hash in theirs.map(|(hash, _)| *hash).collect::<Vec<_>>() {
                    self.keys.remove_mut(&hash);
                }
            }
            Change::Group { id, name, is_system } => {
                let grants = self.groups.get(id.as_str()).map(|group| group.grants.clone());
                let grants = grants.unwrap_or_else(RedBlackTreeMapSync::new_sync);
                let group = Group { name: name.into(), is_system, grants, stamp: self.version };
                self.groups.insert_mut(id.into(), Arc::new(group));
            }
            Change::GroupRemoved { id } => {
                self.groups.remove_mut(id.as_str());
            }
            Change::Joined { user, group } => self.move_person(&user, |groups| {
                if let (Err(place), true) =
                    (groups.binary_search_by(|id| (**id).cmp(&group)), group != EVERYONE)
                {
                    groups.insert(place, group.as_str().into());
                }
            }),
            Change::Left { user, group } => {
                self.move_person(&user, |groups| groups.retain(|id| **id != *group));
            }
            Change::Granted { group, resource } => self.regrant(&group, &resource, true),
            Change::Revoked { group, resource } => self.regrant(&group, &resource, false),
            Change::Marketplace { id } => {
                // Removed again by the same act: the change that says so comes later.
                if let Some(row) = store.marketplace(&id)? {
                    self.put_market(&row);
                }
            }
            Change::MarketplaceRemoved { id } => self.remove_market(&id),
            Change::Token(row) => self.put_key(&row),
            Change::TokenForgotten { hash } => {
                if let Ok(hash) = hash.parse() {
                    self.keys.remove_mut(&hash);
                }
            }
            Change::Plugin(row) => {
                let slug = row.marketplace_id.clone();
                self.change_market(&slug, |market| add_offer(market, *row));
            }
            Change::PluginRemoved { marketplace, name } => {
                self.change_market(&marketplace, |market| {
                    market.offers.remove_mut(name.as_str());
                });
            }
            Change::Disabled { marketplace, name, reason } => {
                self.disable(&marketplace, &name, reason.as_deref());
            }
            Change::Enabled { marketplace, name } => self.change_market(&marketplace, |market| {
                market.disabled.remove_mut(name.as_str());
                list_anew(market, &name);
            }),
        }
        Ok(())
    }

    pub(super) fn put_person(&mut self, id: Word, email: Word, groups: Arc<[Word]>) {
        self.addresses.insert_mut(Arc::clone(&email), Arc::clone(&id));
        let person =
            Person { id: Arc::clone(&id), email, groups, stamp: self.version, seen: ArcSwapOption::empty() };
        self.people.insert_mut(id, Arc::new(person));
    }

    pub(super) fn put_key(&mut self, row: &TokenRow) {
        // A digest that is none can be no token's.
        let Ok(hash) = row.hash.parse() else { return };
        let user = row.user_id.as_str();
        let user = self.people.get(user).map_or_else(|| user.into(), |person| Arc::clone(&person.id));
        let (expires_at, revoked) = (row.expires_at, row.revoked_at.is_some());
        self.keys.insert_mut(hash, Arc::new(Key { id: row.id.as_str().into(), user, expires_at, revoked }));
    }

    fn move_person(&mut self, user: &str, change: impl FnOnce(&mut Vec<Word>)) {
        let Some(person) = self.people.get(user) else { return };
        let mut groups = person.groups.to_vec();
        change(&mut groups);
        let (id, email) = (Arc::clone(&person.id), Arc::clone(&person.email));
        self.put_person(id, email, groups.into());
    }

    pub(super) fn regrant(&mut self, group: &str, resource: &str, granted: bool) {
        let (Some(before), Some((slug, plugin))) = (self.groups.get(group), Resource::parts(resource)) else {
            return;
        };
        let mut after = Group::clone(before);
        let mut held = after.grants.get(slug).cloned().unwrap_or_default();
        match (plugin, granted) {
            (None, granted) => held.all = granted,
            (Some(plugin), true) => held.plugins.insert_mut(plugin.into()),
            (Some(plugin), false) => {
                held.plugins.remove_mut(plugin);
            }
        }
        if held.nothing() {
            after.grants.remove_mut(slug);
        } else {
            let slug = self.slug(slug);
            after.grants.insert_mut(slug, held);
        }
        after.stamp = self.version;
        self.groups.insert_mut(group.into(), Arc::new(after));
    }

    /// A slug, as everything that says it shares it.
    pub(super) fn slug(&self, text: &str) -> Word {
        self.markets.get(text).map_or_else(|| text.into(), |market| Arc::clone(&market.slug))
    }

    pub(super) fn put_market(&mut self, row: &MarketplaceRow) {
        let known = self.markets.get(row.id.as_str());
        let disabled = known.map(|market| market.disabled.clone());
        let (order, offers) = match known {
            Some(market) if market.shows_as(row) => (market.order, market.offers.clone()),
            Some(market) => {
                let again = |(name, listed): (&Word, &Arc<Listed>)| {
                    let (row, disabled) = (listed.row.clone(), listed.disabled.clone());
                    (Arc::clone(name), Arc::new(Listed { row, disabled, known: OnceLock::new() }))
                };
                (market.order, market.offers.iter().map(again).collect())
            }
            None => (self.next_place(), RedBlackTreeMapSync::new_sync()),
        };
        let slug: Word = row.id.as_str().into();
        let market = Market {
            slug: Arc::clone(&slug),
            order,
            name_prefix: row.name_prefix.clone(),
            versions: versions_of(row),
            url: row.url.clone(),
            renames: Arc::new(serde_json::from_str(&row.renames).unwrap_or_default()),
            commit: served_commit(row),
            upstream: upstream_commit(row),
            offers,
            disabled: disabled.unwrap_or_else(RedBlackTreeMapSync::new_sync),
            stamp: self.version,
        };
        self.markets.insert_mut(slug, Arc::new(market));
    }

    fn next_place(&self) -> u64 {
        self.markets.values().map(|market| market.order + 1).max().unwrap_or_default()
    }

    fn change_market(&mut self, slug: &str, change: impl FnOnce(&mut Market)) {
        let Some(market) = self.markets.get(slug) else { return };
        let mut market = Market::clone(market);
        change(&mut market);
        market.stamp = self.version;
        self.markets.insert_mut(Arc::clone(&market.slug), Arc::new(market));
    }

    pub(super) fn disable(&mut self, slug: &str, name: &str, reason: Option<&str>) {
        self.change_market(slug, |market| {
            market.disabled.insert_mut(name.into(), sentence(reason).into());
            list_anew(market, name);
        });
    }

    fn remove_market(&mut self, slug: &str) {
        self.markets.remove_mut(slug);
        let with: Vec<_> = self.groups.iter().filter(|(_, group)| group.grants.contains_key(slug)).collect();
        let with: Vec<_> = with.into_iter().map(|(id, group)| (Arc::clone(id), Arc::clone(group))).collect();
        for (id, group) in with {
            let mut group = Group::clone(&group);
            group.grants.remove_mut(slug);
            group.stamp = self.version;
            self.groups.insert_mut(id, Arc::new(group));
        }
    }
}

pub(super) fn add_offer(market: &mut Market, row: OfferRow) {
    let disabled = market.disabled.get(row.name.as_str()).cloned();
    let name = row.name.as_str().into();
    market.offers.insert_mut(name, Arc::new(Listed { row, disabled, known: OnceLock::new() }));
}

/// What was found out about a plugin holds no more.
fn list_anew(market: &mut Market, name: &str) {
    if let Some(row) = market.offers.get(name).map(|listed| listed.row.clone()) {
        add_offer(market, row);
    }
}

impl Market {
    /// Whether its plugins appear by the same rules as that row would have it.
    fn shows_as(&self, row: &MarketplaceRow) -> bool {
        self.name_prefix == row.name_prefix && self.versions == versions_of(row)
    }
}

impl Default for Held {
    fn default() -> Self {
        Self { all: false, plugins: rpds::HashTrieSetSync::new_sync() }
    }
}
