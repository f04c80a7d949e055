//! Finding a path in a repository's tree, through its symlinks, without ever leaving it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::oid::Oid;
use super::tree::{Entries, Kind, Objects, ReadError};
use crate::domain::limits::Limits;
use crate::domain::plugin::portable::{Verdict, verdict};

/// As many as Linux follows (`MAXSYMLINKS`).
const MOST_HOPS: usize = 40;

/// Longest symlink target, in bytes: `PATH_MAX`.
const LONGEST_TARGET: u64 = 4_096;

/// Trees kept decoded, at most; a marketplace's plugins share their upper folders.
const MOST_CACHED: usize = 4_096;

/// Entries of one tree, if plugins may not have more files: a repository has larger folders than its plugins have.
const FEWEST_ENTRIES: u64 = 200_000;

/// A commit's tree, for following paths in.
pub struct Repo<'a> {
    objects: &'a dyn Objects,
    root: Oid,
    /// Entries of one tree, at most; and of all that are kept decoded. An entry takes about a hundred bytes, and a
    /// stranger's trees of a million of them are packed as well as they are alike.
    most: usize,
    decoded: RefCell<Decoded>,
}

#[derive(Default)]
struct Decoded {
    trees: HashMap<Oid, Rc<Entries>>,
    /// Of all of these together.
    entries: usize,
}

/// Where a path led: no symlinks are left in it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Segments from the repository's root.
    pub path: Vec<Vec<u8>>,
    pub kind: Kind,
    pub id: Oid,
}

#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("it does not exist")]
    Missing,
    #[error("it lies in something that is not a folder")]
    NotAFolder,
    #[error("it leaves the repository")]
    Leaves,
    #[error("its symlinks run in a circle, or through more than {MOST_HOPS} of them")]
    Circle,
    #[error("it lies in another repository (a submodule)")]
    Submodule,
    #[error("a folder on the way to it has more than {0} entries (see `limits.max_files`)")]
    Crowded(usize),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl<'a> Repo<'a> {
    #[must_use]
    pub fn new(objects: &'a dyn Objects, root: Oid, limits: &Limits) -> Self {
        let most = limits.max_files.saturating_mul(4).max(FEWEST_ENTRIES);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { objects, root, most, decoded: RefCell::default() }
    }

    #[must_use]
    pub fn objects(&self) -> &'a dyn Objects {
        self.objects
    }

    /// The entries of a tree.
    ///
    /// # Errors
    /// When it cannot be read, or has too many.
    pub fn entries(&self, id: &Oid) -> Result<Rc<Entries>, Lost> {
        if let Some(entries) = self.decoded.borrow().trees.get(id) {
            return Ok(Rc::clone(entries));
        }
        let entries = self.objects.tree_within(id, self.most)?.ok_or(Lost::Crowded(self.most))?;
        let entries = Rc::new(Entries::new(entries));
        let mut decoded = self.decoded.borrow_mut();
        if decoded.trees.len() >= MOST_CACHED || decoded.entries.saturating_add(entries.len()) > self.most {
            *decoded = Decoded::default();
        }
        decoded.entries += entries.len();
        decoded.trees.insert(*id, Rc::clone(&entries));
        Ok(entries)
    }

    /// Follows `path` (segments, `/` already split) from the folder `from`, which has no symlinks
    /// in it. What is never served cannot be reached through a link either.
    ///
    /// # Errors
    /// When the path leads nowhere, or out.
    pub fn locate<'p>(
        &self,
        from: &[Vec<u8>],
        path: impl IntoIterator<Item = &'p [u8]>,
    ) -> Result<Found, Lost> {
        let mut at: Vec<(Vec<u8>, Oid)> = Vec::new();
        let mut tree = self.root;
        let mut ahead: VecDeque<Vec<u8>> = from.iter().cloned().collect();
        ahead.extend(path.into_iter().map(<[u8]>::to_vec));
        let mut hops = 0;
        while let Some(segment) = ahead.pop_front() {
            match segment.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    at.pop().ok_or(Lost::Leaves)?;
                    tree = at.last().map_or(self.root, |(_, id)| *id);
                    continue;
                }
                name if verdict(name) != Verdict::Serve => return Err(Lost::Missing),
                _ => {}
            }
            let entries = self.entries(&tree)?;
            let entry = entries.named(&segment).next().cloned().ok_or(Lost::Missing)?;
            match entry.kind {
                Kind::Tree => {
                    tree = entry.id;
                    at.push((segment, tree));
                }
                Kind::Symlink => {
                    hops += 1;
                    if hops > MOST_HOPS {
                        return Err(Lost::Circle);
                    }
                    let target = self.target(&entry.id)?;
                    for part in target.split(|byte| *byte == b'/').rev() {
                        ahead.push_front(part.to_vec());
                    }
                }
                Kind::File | Kind::Executable if ahead.iter().all(Vec::is_empty) => {
                    let mut path: Vec<_> = at.into_iter().map(|(name, _)| name).collect();
                    path.push(segment);
                    return Ok(Found { path, kind: entry.kind, id: entry.id });
                }
                Kind::File | Kind::Executable => return Err(Lost::NotAFolder),
                Kind::Submodule => return Err(Lost::Submodule),
            }
        }
        Ok(Found { path: at.into_iter().map(|(name, _)| name).collect(), kind: Kind::Tree, id: tree })
    }

    fn target(&self, link: &Oid) -> Result<Vec<u8>, Lost> {
        if self.objects.size(link)? > LONGEST_TARGET {
            return Err(Lost::Leaves);
        }
        let target = self.objects.blob(link)?;
        // A Windows path (`C:\x`, `\\host\x`) leaves on the one system that understands it.
        let leaves = target.first() == Some(&b'/') || target.contains(&b'\\') || target.get(1) == Some(&b':');
        if leaves { Err(Lost::Leaves) } else { Ok(target) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::plugin::content::{Content, Unservable};
    use crate::domain::repository::path::RepoPath;
    use crate::domain::repository::tree::TreeEntry;

    /// A stranger's repository whose folders all have so many entries. The first is a folder of the same kind,
    /// the others are files. Packed it is small.
    struct Wide {
        entries: usize,
        /// How many trees were decoded.
        decoded: RefCell<usize>,
    }

    impl Wide {
        fn new(entries: usize) -> Self {
            Self { entries, decoded: RefCell::default() }
        }
    }

    impl Objects for Wide {
        fn tree_within(&self, id: &Oid, most: usize) -> Result<Option<Vec<TreeEntry>>, ReadError> {
            if self.entries > most {
                return Ok(None);
            }
            *self.decoded.borrow_mut() += 1;
            let mut next = id.0;
            next[0] += 1;
            let entry = |i: usize| match i {
                0 => TreeEntry { name: b"a".to_vec(), kind: Kind::Tree, id: Oid(next) },
                _ => TreeEntry { name: format!("f{i}").into_bytes(), kind: Kind::File, id: Oid([9; 20]) },
            };
            Ok(Some((0..self.entries).map(entry).collect()))
        }

        fn blob(&self, _: &Oid) -> Result<Vec<u8>, ReadError> {
            Ok(Vec::new())
        }

        fn size(&self, _: &Oid) -> Result<u64, ReadError> {
            Ok(0)
        }
    }

    #[test]
    fn a_folder_of_a_million_entries_is_not_decoded() {
        let wide = Wide::new(1_000_000);
        let repo = Repo::new(&wide, Oid([0; 20]), &Limits::default());
        assert!(matches!(repo.locate(&[], [&b"a"[..]]), Err(Lost::Crowded(200_000))));
        assert_eq!(*wide.decoded.borrow(), 0);
        // Whoever allows plugins of as many files has such folders.
        let limits = Limits { max_files: 500_000, ..Limits::default() };
        assert!(Repo::new(&wide, Oid([0; 20]), &limits).locate(&[], [&b"a"[..]]).is_ok());
    }

    #[test]
    fn what_is_kept_decoded_is_bounded_by_entries() {
        let wide = Wide::new(60_000);
        let repo = Repo::new(&wide, Oid([0; 20]), &Limits::default());
        for i in 0..20 {
            repo.entries(&Oid([i; 20])).unwrap();
            let kept = repo.decoded.borrow();
            assert!(kept.entries <= 200_000 && kept.entries == kept.trees.len() * 60_000);
        }
        // The last is still there.
        repo.entries(&Oid([19; 20])).unwrap();
        assert_eq!(*wide.decoded.borrow(), 20);
    }

    /// Each folder begins with another one, so that all are open before any file was counted.
    #[test]
    fn wide_folders_inside_each_other_are_given_up_on_before_they_are_all_open() {
        let wide = Wide::new(60_000);
        let limits = Limits::default();
        let repo = Repo::new(&wide, Oid([0; 20]), &limits);
        let found = Content::collect(&repo, &RepoPath::root(), &BTreeSet::new(), &limits);
        assert!(matches!(found, Err(Unservable::Files(50_000))));
        assert_eq!(*wide.decoded.borrow(), 4);
    }

    /// A curator makes a folder of very many files, and looks for the last of them as often.
    #[test]
    fn names_are_found_in_wide_folders_in_no_time() {
        let wide = Wide::new(100_000);
        let repo = Repo::new(&wide, Oid([0; 20]), &Limits::default());
        let began = std::time::Instant::now();
        for i in 1..100_000 {
            let name = format!("f{i}");
            assert!(repo.locate(&[], [name.as_bytes()]).is_ok());
        }
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}
