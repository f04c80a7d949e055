//! A repository in memory: paths in, trees and blobs out.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::oid::Oid;
use super::tree::{Kind, Objects, ReadError, TreeEntry};

/// Objects by id. Ids are made of contents, so what is the same twice is stored once, as in git.
#[derive(Default)]
pub struct Memory {
    trees: HashMap<Oid, Vec<TreeEntry>>,
    blobs: HashMap<Oid, Vec<u8>>,
    /// Sizes that are claimed and not kept.
    sizes: HashMap<Oid, u64>,
}

impl Memory {
    pub fn blob(&mut self, bytes: impl AsRef<[u8]>) -> Oid {
        let bytes = bytes.as_ref();
        let id = name(b"blob", bytes);
        self.blobs.insert(id, bytes.to_vec());
        id
    }

    /// A blob that says it has this many bytes.
    pub fn huge(&mut self, size: u64) -> Oid {
        let id = name(b"huge", &size.to_be_bytes());
        self.sizes.insert(id, size);
        id
    }

    /// Exactly these entries, however senseless.
    pub fn tree(&mut self, entries: &[(&[u8], Kind, Oid)]) -> Oid {
        let mut bytes = Vec::new();
        for (name, kind, id) in entries {
            bytes.extend(format!("{kind:?} {id} {name:?};").bytes());
        }
        let id = name(b"tree", &bytes);
        let entries =
            entries.iter().map(|(name, kind, id)| TreeEntry { name: name.to_vec(), kind: *kind, id: *id });
        self.trees.insert(id, entries.collect());
        id
    }

    /// The tree that holds these paths.
    pub fn repo(&mut self, items: &[(&str, Item)]) -> Oid {
        let mut here: Vec<(&[u8], Kind, Oid)> = Vec::new();
        let mut below: Vec<(&str, Vec<(&str, Item)>)> = Vec::new();
        for (path, item) in items {
            if let Some((folder, rest)) = path.split_once('/') {
                match below.iter_mut().find(|(name, _)| *name == folder) {
                    Some((_, list)) => list.push((rest, item.clone())),
                    None => below.push((folder, vec![(rest, item.clone())])),
                }
                continue;
            }
            let (kind, id) = match item {
                Item::File(text) => (Kind::File, self.blob(text)),
                Item::Exec(text) => (Kind::Executable, self.blob(text)),
                Item::Link(to) => (Kind::Symlink, self.blob(to)),
                Item::Module => (Kind::Submodule, Oid([7; 20])),
                Item::Is(kind, id) => (*kind, *id),
            };
            here.push((path.as_bytes(), kind, id));
        }
        for (folder, items) in &below {
            let id = self.repo(items);
            here.push((folder.as_bytes(), Kind::Tree, id));
        }
        here.sort_by_key(|(name, _, _)| *name);
        self.tree(&here)
    }
}

#[derive(Clone)]
pub enum Item {
    File(Vec<u8>),
    Exec(Vec<u8>),
    Link(String),
    Module,
    Is(Kind, Oid),
}

pub fn file(text: &str) -> Item {
    Item::File(text.as_bytes().to_vec())
}

pub fn exec(text: &str) -> Item {
    Item::Exec(text.as_bytes().to_vec())
}

pub fn link(to: &str) -> Item {
    Item::Link(to.to_owned())
}

fn name(kind: &[u8], bytes: &[u8]) -> Oid {
    let digest = Sha256::new().chain_update(kind).chain_update(bytes).finalize();
    let mut id = [0; 20];
    id.copy_from_slice(&digest[..20]);
    Oid(id)
}

fn missing(id: &Oid) -> ReadError {
    ReadError { id: *id, reason: "it is missing".into() }
}

impl Objects for Memory {
    fn tree_within(&self, id: &Oid, most: usize) -> Result<Option<Vec<TreeEntry>>, ReadError> {
        let tree = self.trees.get(id).ok_or_else(|| missing(id))?;
        Ok((tree.len() <= most).then(|| tree.clone()))
    }

    fn blob(&self, id: &Oid) -> Result<Vec<u8>, ReadError> {
        self.blobs.get(id).cloned().ok_or_else(|| missing(id))
    }

    fn size(&self, id: &Oid) -> Result<u64, ReadError> {
        let size = self.sizes.get(id).copied();
        size.or_else(|| self.blobs.get(id).map(|bytes| bytes.len() as u64)).ok_or_else(|| missing(id))
    }
}
