//! Who has which plugins of one marketplace.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::registry::Result;
use crate::store::Store;
use crate::store::accounts::EVERYONE;

pub(super) struct Audience {
    /// Plugin, or `*` for all of them → the groups that it is granted to, by name.
    grants: HashMap<String, BTreeSet<String>>,
    /// Group, by name → who is in it, by number.
    members: BTreeMap<String, HashSet<usize>>,
}

impl Audience {
    pub fn of(store: &Store, marketplace: &str) -> Result<Self> {
        let mut grants: HashMap<String, BTreeSet<String>> = HashMap::new();
        let mut names: HashMap<String, String> = HashMap::new();
        for (id, name, plugin) in store.grants_of(marketplace)? {
            grants.entry(plugin).or_default().insert(name.clone());
            names.insert(id, name);
        }
        let mut members: BTreeMap<String, HashSet<usize>> = BTreeMap::new();
        if names.is_empty() {
            return Ok(Self { grants, members });
        }
        let users: HashMap<String, usize> =
            store.users()?.into_iter().enumerate().map(|(number, user)| (user.id, number)).collect();
        if let Some(everyone) = names.get(EVERYONE) {
            members.insert(everyone.clone(), users.values().copied().collect());
        }
        store.each_membership(|user, group| {
            if let (Some(number), Some(name)) = (users.get(user), names.get(group)) {
                members.entry(name.clone()).or_default().insert(*number);
            }
        })?;
        Ok(Self { grants, members })
    }

    /// The groups, and how many people are in them.
    pub fn who_has(&self, plugin: &str) -> (Vec<String>, u64) {
        let groups: BTreeSet<&String> =
            ["*", plugin].iter().filter_map(|key| self.grants.get(*key)).flatten().collect();
        let people: HashSet<usize> =
            groups.iter().filter_map(|group| self.members.get(*group)).flatten().copied().collect();
        (groups.into_iter().cloned().collect(), people.len() as u64)
    }
}
