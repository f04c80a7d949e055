//! Objects for as long as somebody waits for what is made of them.

use super::oid::Oid;
use super::tree::{Objects, ReadError, TreeEntry};
use crate::domain::watch::Watch;

/// Work on a stranger's repository reads objects at every turn. Told to stop, it finds none any more and ends, however
/// deep it is in. That looks like damage: whoever watches has to ask once more whether it was stopped before believing
/// anything that was read.
pub struct Watched<'a> {
    objects: &'a dyn Objects,
    watch: &'a dyn Watch,
}

impl<'a> Watched<'a> {
    #[must_use]
    pub fn new(objects: &'a dyn Objects, watch: &'a dyn Watch) -> Self {
        Self { objects, watch }
    }

    fn wanted(&self, id: &Oid) -> Result<(), ReadError> {
        if self.watch.cancelled() {
            return Err(ReadError { id: *id, reason: "nobody waits for it any more".into() });
        }
        Ok(())
    }
}

impl Objects for Watched<'_> {
    fn tree_within(&self, id: &Oid, most: usize) -> Result<Option<Vec<TreeEntry>>, ReadError> {
        self.wanted(id)?;
        self.objects.tree_within(id, most)
    }

    fn blob(&self, id: &Oid) -> Result<Vec<u8>, ReadError> {
        self.wanted(id)?;
        self.objects.blob(id)
    }

    fn size(&self, id: &Oid) -> Result<u64, ReadError> {
        self.wanted(id)?;
        self.objects.size(id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::domain::limits::Limits;
    use crate::domain::plugin::content::{Content, Unservable};
    use crate::domain::repository::links::Repo;
    use crate::domain::repository::path::RepoPath;
    use crate::domain::repository::testing::{Item, Memory, file, link};
    use crate::domain::watch::Phase;

    /// Stops what is watched when it was asked often enough.
    struct Stops {
        after: u64,
        asked: AtomicU64,
    }

    impl Watch for Stops {
        fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}

        fn cancelled(&self) -> bool {
            self.asked.fetch_add(1, Ordering::Relaxed) >= self.after
        }
    }

    /// Somebody syncs a plugin of very many files or links, and thinks better of it.
    #[test]
    fn a_walk_stops_in_its_midst() {
        let names: Vec<String> = (0..10_000).map(|i| format!("p/{i}")).collect();
        for item in [file("x"), link("gone")] {
            let items: Vec<(&str, Item)> = names.iter().map(|name| (name.as_str(), item.clone())).collect();
            let mut memory = Memory::default();
            let root = memory.repo(&items);
            let watch = Stops { after: 100, asked: AtomicU64::new(0) };
            let watched = Watched::new(&memory, &watch);
            let (source, limits) = (RepoPath::parse("./p").unwrap(), Limits::default());
            let repo = Repo::new(&watched, root, &limits);
            let stopped = Content::collect(&repo, &source, &[].into(), &limits);
            assert!(matches!(stopped, Err(Unservable::Read(_))));
            assert_eq!(watch.asked.into_inner(), 101);
        }
    }
}
