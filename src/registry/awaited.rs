//! Files of the caches that somebody is about to make or to open. Between the two nobody has them in hand, and
//! whoever makes room would take them for files that nobody needs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many await each.
#[derive(Debug, Default, Clone)]
pub(super) struct Awaited(Arc<Mutex<HashMap<PathBuf, usize>>>);

/// These files stay where they are until this is dropped.
#[derive(Debug)]
pub(super) struct Await {
    all: Awaited,
    paths: Vec<PathBuf>,
}

impl Awaited {
    pub fn files(&self, paths: impl IntoIterator<Item = PathBuf>) -> Await {
        let paths: Vec<PathBuf> = paths.into_iter().collect();
        let mut all = self.locked();
        for path in &paths {
            *all.entry(path.clone()).or_default() += 1;
        }
        Await { all: self.clone(), paths }
    }

    /// Does it unless somebody awaits the file, and nobody begins to meanwhile. Says whether it did.
    pub fn unless(&self, path: &Path, remove: impl FnOnce() -> bool) -> bool {
        let all = self.locked();
        !all.contains_key(path) && remove()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<PathBuf, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Await {
    fn drop(&mut self) {
        let mut all = self.all.locked();
        for path in &self.paths {
            if let Some(count) = all.get_mut(path) {
                *count -= 1;
                if *count == 0 {
                    all.remove(path);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_awaited_is_not_removed_until_nobody_does() {
        let awaited = Awaited::default();
        let path = PathBuf::from("/cache/part");
        let (one, two) = (awaited.files([path.clone()]), awaited.files([path.clone(), path.clone()]));
        drop(one);
        assert!(!awaited.unless(&path, || unreachable!("it is awaited")));
        assert!(awaited.unless(Path::new("/cache/other"), || true));
        drop(two);
        assert!(awaited.unless(&path, || true) && !awaited.unless(&path, || false));
    }
}
