//! What a commit consists of: itself, its trees, its files.
//!
//! Iterative, so that a tree nested thousands deep costs heap and not stack.

use std::collections::HashSet;

use super::repository::Reader;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::{Kind, ReadError};

/// Every object that `commits` consist of, each once: commits, then trees and blobs in the order of
/// a walk. Parents are not followed (our repositories are shallow), nor are submodules.
pub(super) fn all(reader: &Reader, commits: &[Oid]) -> Result<Vec<Oid>, ReadError> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    let mut trees = Vec::new();
    for commit in commits {
        if seen.insert(*commit) {
            order.push(*commit);
            trees.push(reader.commit_tree(commit)?);
        }
    }
    let mut buf = Vec::new();
    while let Some(tree) = trees.pop() {
        if !seen.insert(tree) {
            continue;
        }
        order.push(tree);
        reader.each_entry(&tree, &mut buf, |_, kind, id| match kind {
            Kind::Tree => trees.push(id),
            Kind::Submodule => {}
            Kind::File | Kind::Executable | Kind::Symlink => {
                if seen.insert(id) {
                    order.push(id);
                }
            }
        })?;
    }
    Ok(order)
}

/// Whether everything a commit consists of is here. Trees are read, files only looked up.
///
/// An upstream's word is not enough: a commit is offered as a base for the next fetch only when it
/// is whole, or a hole in it would never be filled.
pub(super) fn check(reader: &Reader, commit: &Oid) -> Result<(), ReadError> {
    let mut seen = HashSet::new();
    let mut trees = vec![reader.commit_tree(commit)?];
    let mut buf = Vec::new();
    while let Some(tree) = trees.pop() {
        if !seen.insert(tree) {
            continue;
        }
        let mut missing = None;
        reader.each_entry(&tree, &mut buf, |_, kind, id| match kind {
            Kind::Tree => trees.push(id),
            Kind::Submodule => {}
            Kind::File | Kind::Executable | Kind::Symlink => {
                if missing.is_none() && !reader.has(&id) {
                    missing = Some(id);
                }
            }
        })?;
        if let Some(id) = missing {
            return Err(ReadError { id, reason: "is missing".into() });
        }
    }
    Ok(())
}

/// Whether everything a commit consists of is here and undamaged. Reads all of it.
pub(super) fn verify(reader: &Reader, commit: &Oid) -> Result<(), ReadError> {
    let mut buf = Vec::new();
    for id in all(reader, &[*commit])? {
        let kind = reader.read(&id, None, &mut buf)?;
        let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, &buf);
        if !hash.is_ok_and(|hash| super::from_gix(&hash) == id) {
            return Err(ReadError {
                id,
                reason: "is damaged: its contents are not what its name says".into(),
            });
        }
    }
    Ok(())
}
