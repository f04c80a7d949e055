//! Trees made from a list of files.

use std::collections::BTreeMap;

use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Tree, WriteTo as _};

use super::to_gix;
use crate::domain::repository::oid::Oid;

/// A folder that is being put together.
#[derive(Default)]
pub(super) struct Folder {
    files: BTreeMap<String, (bool, Oid)>,
    folders: BTreeMap<String, Folder>,
    /// Folders that are trees already.
    trees: BTreeMap<String, Oid>,
}

/// A path that cannot be in a tree, or is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be a path in a repository: relative, with `/`, without empty parts, `.`, `..` or `.git`, \
     and no file's place twice"
)]
pub struct Unfit(pub String);

impl Folder {
    pub fn file(&mut self, path: &str, executable: bool, blob: Oid) -> Result<(), Unfit> {
        let (folder, name) = self.place(path)?;
        folder.files.insert(name, (executable, blob));
        Ok(())
    }

    pub fn tree(&mut self, path: &str, tree: Oid) -> Result<(), Unfit> {
        let (folder, name) = self.place(path)?;
        folder.trees.insert(name, tree);
        Ok(())
    }

    /// The folder that a path is in, and its last part, which nothing has yet.
    fn place(&mut self, path: &str) -> Result<(&mut Self, String), Unfit> {
        let refuse = || Unfit(path.to_owned());
        let fits = |part: &str| {
            !matches!(part, "" | "." | "..")
                && !part.eq_ignore_ascii_case(".git")
                && !part.contains(['\0', '\\'])
        };
        if !path.split('/').all(fits) {
            return Err(refuse());
        }
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut folder = self;
        for part in parents.split('/').filter(|part| !part.is_empty()) {
            if folder.files.contains_key(part) || folder.trees.contains_key(part) {
                return Err(refuse());
            }
            folder = folder.folders.entry(part.to_owned()).or_default();
        }
        if folder.files.contains_key(name)
            || folder.trees.contains_key(name)
            || folder.folders.contains_key(name)
        {
            return Err(refuse());
        }
        Ok((folder, name.to_owned()))
    }

    /// Writes trees from the leaves up, and says which is the root. Recursion is as deep as the paths
    /// that were put in.
    pub fn write<E>(&self, put: &mut dyn FnMut(&[u8]) -> Result<Oid, E>) -> Result<Oid, E> {
        let mut entries = Vec::with_capacity(self.files.len() + self.folders.len() + self.trees.len());
        let mut add = |kind: EntryKind, name: &str, id: &Oid| {
            entries.push(Entry { mode: kind.into(), filename: name.into(), oid: to_gix(id) });
        };
        for (name, (executable, id)) in &self.files {
            add(if *executable { EntryKind::BlobExecutable } else { EntryKind::Blob }, name, id);
        }
        for (name, id) in &self.trees {
            add(EntryKind::Tree, name, id);
        }
        for (name, inner) in &self.folders {
            let id = inner.write(put)?;
            add(EntryKind::Tree, name, &id);
        }
        // Git sorts a folder as if its name ended in `/`.
        entries.sort();
        let mut bytes = Vec::new();
        // A vector takes everything, and names without NUL bytes are all that a tree asks for.
        let _ = Tree { entries }.write_to(&mut bytes);
        put(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_of_a_folder_is_refused_and_so_is_a_name_twice() {
        let id = Oid([1; 20]);
        let mut folder = Folder::default();
        folder.file("a/b", false, id).unwrap();
        for path in ["a", "a/b", "a/b/c"] {
            assert!(folder.file(path, false, id).is_err(), "{path}");
            assert!(folder.tree(path, id).is_err(), "{path}");
        }
        folder.tree("t", id).unwrap();
        assert!(folder.file("t/x", false, id).is_err());
        for path in ["", "/a", "a//b", "a/", "..", "a/../b", ".git/config", "a/.GIT", "a\\b", "a\0"] {
            assert!(folder.file(path, false, id).is_err(), "{path:?}");
        }
    }

    #[test]
    fn folders_sort_as_git_sorts_them() {
        let mut folder = Folder::default();
        for path in ["a/x", "a.b", "a0"] {
            folder.file(path, false, Oid([7; 20])).unwrap();
        }
        let mut trees = Vec::new();
        let root = folder
            .write(&mut |bytes: &[u8]| {
                trees.push(bytes.to_vec());
                Ok::<_, ()>(Oid([9; 20]))
            })
            .unwrap();
        assert_eq!(root, Oid([9; 20]));
        let names: Vec<_> = gix::objs::TreeRefIter::from_bytes(&trees[1], gix::hash::Kind::Sha1)
            .map(|entry| entry.unwrap().filename.to_string())
            .collect();
        assert_eq!(names, ["a.b", "a", "a0"]);
    }
}
