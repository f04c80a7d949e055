//! Packs in memory: of the views that are cloned most.
//!
//! After each change everybody clones, most of them the same few views. What is sent to them is the same
//! bytes; from memory it costs what the network costs, and from files as much again.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::snapshots::Held;
use crate::domain::digest::Digest;
use crate::git::pack::ReadyPack;

/// The one that was used last is the first.
#[derive(Default)]
pub(super) struct ReadyPacks(Mutex<VecDeque<(Digest, Arc<ReadyPack>)>>);

impl ReadyPacks {
    /// The whole pack of a snapshot in memory, if there is room for it among `most` bytes. Whoever is the
    /// first to ask is sent the files: many views are cloned once.
    pub fn pack(&self, held: &Held, most: u64) -> io::Result<Option<Arc<ReadyPack>>> {
        let first = held.asked.fetch_add(1, Ordering::Relaxed) == 0;
        let pack = held.snapshot.pack();
        if first || pack.bytes() > most / 2 {
            return Ok(None);
        }
        // One reads, and those who want the same wait for it; it takes some 10 ms.
        let mut packs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = packs.iter().position(|(view, _)| *view == held.view).and_then(|at| packs.remove(at));
        let (view, ready) = match found {
            Some(found) => found,
            None => (held.view, Arc::new(ReadyPack::read(&pack)?)),
        };
        packs.push_front((view, Arc::clone(&ready)));
        let mut total = 0;
        packs.retain(|(_, pack)| {
            total += pack.length();
            total <= most
        });
        Ok(Some(ready))
    }

    pub fn let_go(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
