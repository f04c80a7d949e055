//! What a git tree looks like to the rules that read it.

use std::cell::OnceCell;

use super::oid::Oid;

/// What a tree entry is. Git knows no other kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    /// A file with its exec bit.
    Executable,
    Symlink,
    Tree,
    /// A commit of some other repository.
    Submodule,
}

/// One line of a tree. The name is bytes: git does not promise UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    pub name: Vec<u8>,
    pub kind: Kind,
    pub id: Oid,
}

/// The entries of a tree, in git's order.
#[derive(Debug)]
pub struct Entries {
    all: Vec<TreeEntry>,
    /// Where they are, in the order of their names' bytes. That is not git's, and whoever makes a tree by hand keeps
    /// no order at all.
    by_name: OnceCell<Vec<usize>>,
}

impl Entries {
    #[must_use]
    pub fn new(all: Vec<TreeEntry>) -> Self {
        Self { all, by_name: OnceCell::new() }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    #[must_use]
    pub fn get(&self, place: usize) -> Option<&TreeEntry> {
        self.all.get(place)
    }

    /// Those of that name, the first first: there should be one at most. Folders of a hundred thousand files are
    /// looked into as often.
    pub fn named<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a TreeEntry> {
        let by_name = self.by_name.get_or_init(|| {
            let mut places: Vec<usize> = (0..self.all.len()).collect();
            places.sort_by(|a, b| self.all[*a].name.cmp(&self.all[*b].name));
            places
        });
        let first = by_name.partition_point(|place| self.all[*place].name.as_slice() < name);
        by_name[first..].iter().map(|place| &self.all[*place]).take_while(move |entry| entry.name == name)
    }
}

/// An object could not be read: it is missing, damaged, or not of the kind that was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("object {id}: {reason}")]
pub struct ReadError {
    pub id: Oid,
    pub reason: String,
}

/// Somewhere trees and blobs can be read from: a repository, or a map in a test.
pub trait Objects {
    /// The entries of a tree, in git's order.
    ///
    /// # Errors
    /// When the tree is missing or damaged.
    fn tree(&self, id: &Oid) -> Result<Vec<TreeEntry>, ReadError> {
        self.tree_within(id, usize::MAX).map(Option::unwrap_or_default)
    }

    /// The same of a tree that may be a stranger's; `None`, if it has more than `most` entries: no more than these
    /// are kept in memory.
    ///
    /// # Errors
    /// When the tree is missing or damaged.
    fn tree_within(&self, id: &Oid, most: usize) -> Result<Option<Vec<TreeEntry>>, ReadError>;

    /// The bytes of a blob.
    ///
    /// # Errors
    /// When the blob is missing or damaged.
    fn blob(&self, id: &Oid) -> Result<Vec<u8>, ReadError>;

    /// The size of a blob in bytes, without reading it.
    ///
    /// # Errors
    /// When the blob is missing or damaged.
    fn size(&self, id: &Oid) -> Result<u64, ReadError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_name_the_first_is_found_first_in_whatever_order() {
        let entry = |(i, name): (u8, &&str)| TreeEntry {
            name: name.as_bytes().to_vec(),
            kind: Kind::File,
            id: Oid([i; 20]),
        };
        let names = ["b", "a.c", "a", "b", "c"];
        let entries = Entries::new((0..).zip(&names).map(entry).collect());
        let found =
            |name: &str| entries.named(name.as_bytes()).map(|entry| entry.id.0[0]).collect::<Vec<_>>();
        assert_eq!(
            (found("b"), found("a"), found("a.c"), found("c")),
            (vec![0, 3], vec![2], vec![1], vec![4])
        );
        assert!(found("").is_empty() && found("aa").is_empty() && found("d").is_empty());
    }
}
