//! Packs in memory: of the views that are cloned most.
//!
//! After each change everybody clones, most of them the same few views. What is sent to them is the same
//! bytes; from memory it costs what the network costs, and from files as much again.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::snapshots::Held;
use crate::domain::digest::Digest;
use crate::git::pack::ReadyPack;

/// The one that was used last is the first.
#[derive(Default)]
pub(super) struct ReadyPacks(Mutex<VecDeque<Entry>>);

struct Entry {
    view: Digest,
    /// In bytes: about what it takes of memory, be it read already or not.
    length: u64,
    pack: Read,
}

/// Once it was read. Only those who want that very one wait for it; it takes some 10 ms.
type Read = Arc<Mutex<Option<Arc<ReadyPack>>>>;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReadyPacks {
    /// The whole pack of a snapshot in memory, if there is room for it among `most` bytes. Whoever is the
    /// first to ask is sent the files: many views are cloned once.
    pub fn pack(&self, held: &Held, most: u64) -> io::Result<Option<Arc<ReadyPack>>> {
        let first = held.asked.fetch_add(1, Ordering::Relaxed) == 0;
        let pack = held.snapshot.pack();
        if first || pack.bytes() > most / 2 {
            return Ok(None);
        }
        let read = self.entry(&held.view, pack.bytes(), most);
        let mut read = locked(&read);
        if let Some(ready) = &*read {
            return Ok(Some(Arc::clone(ready)));
        }
        let ready = Arc::new(ReadyPack::read(&pack)?);
        *read = Some(Arc::clone(&ready));
        Ok(Some(ready))
    }

    /// The place of a view's pack, which comes first now. What there is no room for any more goes.
    fn entry(&self, view: &Digest, length: u64, most: u64) -> Read {
        let mut entries = locked(&self.0);
        let found = entries.iter().position(|entry| entry.view == *view).and_then(|at| entries.remove(at));
        let entry = found.unwrap_or_else(|| Entry { view: *view, length, pack: Read::default() });
        let pack = Arc::clone(&entry.pack);
        entries.push_front(entry);
        let mut total = 0;
        entries.retain(|entry| {
            total += entry.length;
            total <= most
        });
        pack
    }

    pub fn let_go(&self) {
        locked(&self.0).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::Fixture;

    #[test]
    fn nobody_waits_for_a_pack_that_is_read_for_others() {
        let fixture = Fixture::new();
        let registry = &fixture.registry;
        registry.hold_access().unwrap();
        fixture.market("tools", &[("x", "of x"), ("y", "of y")]);
        fixture.admit("ada@example.com", "A", &["tools/*"]);
        fixture.admit("grace@example.com", "G", &["tools/x"]);
        let held = |email: &str| {
            let view = registry.view_of(email).unwrap();
            registry.snapshot_of(&view.user_id, &view.glance()).unwrap().unwrap()
        };
        let (ada, grace) = (held("ada@example.com"), held("grace@example.com"));
        let most = 1 << 20;
        let packs = ReadyPacks::default();
        let slow = packs.entry(&ada.view, 1, most);
        let reading = locked(&slow);
        assert!(packs.pack(&grace, most).unwrap().is_none(), "the first is sent the files");
        let pack = || packs.pack(&grace, most).unwrap().unwrap();
        assert!(Arc::ptr_eq(&pack(), &pack()));
        drop(reading);
        assert!(packs.pack(&ada, most).unwrap().is_none());
        assert!(packs.pack(&ada, most).unwrap().is_some());
        // There is room for one of them.
        let most = ada.snapshot.pack().bytes() * 2;
        assert!(packs.pack(&ada, most).unwrap().is_some());
        packs.entry(&Digest::of(b"another"), most, most);
        assert_eq!(locked(&packs.0).len(), 1);
    }
}
