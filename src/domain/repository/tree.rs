//! What a git tree looks like to the rules that read it.

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
    fn tree(&self, id: &Oid) -> Result<Vec<TreeEntry>, ReadError>;

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
