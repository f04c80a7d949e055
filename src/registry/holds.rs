//! Things that somebody is at work with and that nothing else tells yet: a fetched repository that no row has, a
//! part of the cache that is about to be opened. Whoever tidies would take them for things that nobody needs.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many are at work with each.
#[derive(Debug, Default, Clone)]
pub(super) struct Holds<K: Eq + Hash>(Arc<Mutex<HashMap<K, usize>>>);

/// These stay where they are until this is dropped.
#[derive(Debug)]
pub(super) struct Hold<K: Eq + Hash> {
    all: Holds<K>,
    keys: Vec<K>,
}

impl<K: Eq + Hash + Clone> Holds<K> {
    pub(super) fn hold(&self, keys: impl IntoIterator<Item = K>) -> Hold<K> {
        let keys: Vec<K> = keys.into_iter().collect();
        let mut all = self.all();
        for key in &keys {
            *all.entry(key.clone()).or_default() += 1;
        }
        drop(all);
        Hold { all: self.clone(), keys }
    }
}

impl<K: Eq + Hash> Holds<K> {
    /// Does it unless somebody holds this, and nobody begins to meanwhile. Says whether it did.
    pub(super) fn unless(&self, key: &K, act: impl FnOnce() -> bool) -> bool {
        let all = self.all();
        !all.contains_key(key) && act()
    }

    /// All of them. While this is kept, nobody begins or ends.
    pub(super) fn all(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Hold<K> {
    fn drop(&mut self) {
        let mut all = self.all.all();
        for key in &self.keys {
            if let Some(count) = all.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    all.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_is_held_is_not_removed_until_nobody_holds_it() {
        let held = Holds::default();
        let path = PathBuf::from("/cache/part");
        let (one, two) = (held.hold([path.clone()]), held.hold([path.clone(), path.clone()]));
        drop(one);
        assert!(!held.unless(&path, || unreachable!("it is held")));
        assert!(held.unless(&PathBuf::from("/cache/other"), || true));
        drop(two);
        assert!(held.unless(&path, || true) && !held.unless(&path, || false));
    }
}
