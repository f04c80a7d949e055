//! The first moment: read from the database.

use std::collections::HashMap;
use std::sync::Arc;

use rpds::{HashTrieSetSync, RedBlackTreeMapSync};

use super::apply::add_offer;
use super::{Access, Group, Held, Map, Market, Recent, Word};
use crate::domain::access::resource::Resource;
use crate::registry::Result;
use crate::store::Store;
use crate::store::accounts::{EVERYONE, GroupRow, UserRow};

/// How much to read.
#[derive(Clone, Copy)]
pub(in crate::registry) enum Scope<'a> {
    All,
    /// What one user's view is made from.
    User(&'a UserRow),
}

impl Default for Access {
    fn default() -> Self {
        Self {
            // What is not there has stamp 0.
            version: 1,
            recent: Recent::since(1),
            people: Map::default(),
            addresses: Map::default(),
            groups: Map::default(),
            markets: Map::default(),
            keys: Map::default(),
        }
    }
}

impl Access {
    /// # Errors
    /// What the database says.
    pub fn load(store: &Store, scope: Scope<'_>) -> Result<Self> {
        let mut access = Self::default();
        match scope {
            Scope::All => {
                let groups = access.put_groups(store.groups()?);
                let mut memberships: HashMap<String, Vec<Word>> = HashMap::new();
                store.each_membership(|user, group| {
                    if let Some((id, _)) = groups.get_key_value(group) {
                        match memberships.get_mut(user) {
                            Some(mine) => mine.push(Arc::clone(id)),
                            None => drop(memberships.insert(user.to_owned(), vec![Arc::clone(id)])),
                        }
                    }
                })?;
                for user in store.users()? {
                    let mut mine = memberships.remove(&user.id).unwrap_or_default();
                    mine.sort_unstable();
                    access.put_person(user.id.into(), user.email.into(), mine.into());
                }
                store.each_token(|row| access.put_key(&row))?;
                access.put_markets_and_grants(store, None, groups)?;
            }
            Scope::User(user) => {
                let rows = store.groups_of(&user.id)?;
                let groups = access.put_groups(rows);
                let mut mine: Vec<Word> = groups.keys().cloned().collect();
                mine.retain(|id| **id != *EVERYONE);
                mine.sort_unstable();
                access.put_person(user.id.as_str().into(), user.email.as_str().into(), mine.into());
                let ids: Vec<Word> = groups.keys().cloned().collect();
                let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
                access.put_markets_and_grants(store, Some(&ids), groups)?;
            }
        }
        Ok(access)
    }

    /// The groups, still without their grants, by id.
    fn put_groups(&self, rows: Vec<GroupRow>) -> HashMap<Word, Group> {
        let stamp = self.version;
        let group = |row: GroupRow| {
            let grants = RedBlackTreeMapSync::new_sync();
            (row.id.into(), Group { name: row.name.into(), is_system: row.is_system, grants, stamp })
        };
        rows.into_iter().map(group).collect()
    }

    fn put_markets_and_grants(
        &mut self,
        store: &Store,
        of_groups: Option<&[&str]>,
        mut groups: HashMap<Word, Group>,
    ) -> Result<()> {
        for row in store.marketplaces()? {
            self.put_market(&row);
        }
        for row in store.disabled_plugins(None)? {
            self.disable(&row.marketplace_id, &row.name, row.reason.as_deref());
        }
        // Gathered in common sets first: to share nothing yet is what those of this room are slow at.
        let mut grants: HashMap<Word, HashMap<Word, (bool, Vec<Word>)>> = HashMap::new();
        store.each_grant(of_groups, |group, resource| {
            let Some((slug, plugin)) = Resource::parts(resource) else { return };
            let Some((id, _)) = groups.get_key_value(group) else { return };
            let slug = self.slug(slug);
            let held = grants.entry(Arc::clone(id)).or_default().entry(slug).or_default();
            match plugin {
                None => held.0 = true,
                Some(plugin) => held.1.push(plugin.into()),
            }
        })?;
        let granted: Vec<Word> = match of_groups {
            None => Vec::new(),
            Some(_) => grants.values().flat_map(|slugs| slugs.keys().cloned()).collect(),
        };
        for (id, slugs) in grants {
            let Some(group) = groups.get_mut(&id) else { continue };
            for (slug, (all, names)) in slugs {
                let mut plugins = HashTrieSetSync::new_sync();
                for name in names {
                    plugins.insert_mut(name);
                }
                group.grants.insert_mut(slug, Held { all, plugins });
            }
        }
        for (id, group) in groups {
            self.groups.insert_mut(id, Arc::new(group));
        }
        let mut slugs: Vec<&str> = granted.iter().map(|slug| &**slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        let mut markets: HashMap<Word, Market> =
            self.markets.iter().map(|(slug, market)| (Arc::clone(slug), Market::clone(market))).collect();
        store.each_offer(of_groups.map(|_| &*slugs), |row| {
            if let Some(market) = markets.get_mut(row.marketplace_id.as_str()) {
                add_offer(market, row);
            }
        })?;
        for (slug, market) in markets {
            self.markets.insert_mut(slug, Arc::new(market));
        }
        Ok(())
    }
}
