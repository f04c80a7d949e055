//! Which parts of the store syncs are at work with: fetched, and in no row yet.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The addresses of the store that syncs are at work with: fetched, and not yet in any row.
#[derive(Default)]
pub(super) struct AtWork(Mutex<HashMap<String, usize>>);

/// While this is held, nobody tidies those addresses.
pub(super) struct Busy<'a> {
    at_work: &'a AtWork,
    urls: Vec<String>,
}

impl AtWork {
    /// Address → how many are at work with it. While this is held, nobody begins or ends.
    pub(super) fn held(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, urls: Vec<String>) -> Busy<'_> {
        let mut held = self.held();
        for url in &urls {
            *held.entry(url.clone()).or_default() += 1;
        }
        drop(held);
        Busy { at_work: self, urls }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut held = self.at_work.held();
        for url in &self.urls {
            if let Some(count) = held.get_mut(url) {
                *count -= 1;
                if *count == 0 {
                    held.remove(url);
                }
            }
        }
    }
}
