//! Finding a path in a repository's tree, through its symlinks, without ever leaving it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::oid::Oid;
use super::tree::{Kind, Objects, ReadError, TreeEntry};
use crate::domain::plugin::portable::{Verdict, verdict};

/// As many as Linux follows (`MAXSYMLINKS`).
const MOST_HOPS: usize = 40;

/// Longest symlink target, in bytes: `PATH_MAX`.
const LONGEST_TARGET: u64 = 4_096;

/// Trees kept decoded, at most; a marketplace's plugins share their upper folders.
const MOST_CACHED: usize = 4_096;

/// A commit's tree, for following paths in.
pub struct Repo<'a> {
    objects: &'a dyn Objects,
    root: Oid,
    decoded: RefCell<HashMap<Oid, Rc<[TreeEntry]>>>,
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
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl<'a> Repo<'a> {
    #[must_use]
    pub fn new(objects: &'a dyn Objects, root: Oid) -> Self {
        Self { objects, root, decoded: RefCell::default() }
    }

    #[must_use]
    pub fn objects(&self) -> &'a dyn Objects {
        self.objects
    }

    /// The entries of a tree.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn entries(&self, id: &Oid) -> Result<Rc<[TreeEntry]>, ReadError> {
        if let Some(entries) = self.decoded.borrow().get(id) {
            return Ok(entries.clone());
        }
        let entries: Rc<[TreeEntry]> = self.objects.tree(id)?.into();
        let mut decoded = self.decoded.borrow_mut();
        if decoded.len() >= MOST_CACHED {
            decoded.clear();
        }
        decoded.insert(*id, entries.clone());
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
            let entry = entries.iter().find(|entry| entry.name == segment).ok_or(Lost::Missing)?;
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
