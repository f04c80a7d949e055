//! Putting objects into their places.

use std::collections::BTreeMap;
use std::path::Path;

use gix::objs::tree::EntryKind;

use super::Place;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Kind, ReadError};
use crate::git::fetch::lfs::Spool;
use crate::git::made::{self, MakeError};
use crate::git::narrowed::{self, Needs, needs};
use crate::git::repository::{Reader, Repository};
use crate::git::submodules::{entry, replaced};

/// What a commit is made of, beside objects.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// The upstream's.
    pub commit: &'a Oid,
    /// The one that has its files here (see [`stand_in`](crate::git::stand_in)).
    pub stand_in: &'a Oid,
    /// All that is wanted of it.
    pub folder: &'a RepoPath,
}

/// Makes a commit of one that is here, with objects in the places of their pointers. `known` are the blobs of those
/// that are here; the others are in the spool. Says which blobs they are, too.
///
/// Of a folder that stands for itself it has that alone, also if all of the commit is here. How it was fetched,
/// and what else was wanted then, is no part of what is made: everybody makes the same of it.
///
/// # Errors
/// See [`MakeError`]. Nothing has changed then.
pub fn fill(
    repo: &Path,
    base: &Base<'_>,
    places: &[Place],
    known: &BTreeMap<String, Oid>,
    spool: &mut Spool,
) -> Result<(Oid, BTreeMap<String, Oid>), MakeError> {
    let failed = |error: ReadError| MakeError::Pack(error.to_string());
    let Base { commit, stand_in, folder } = *base;
    let reader = Repository::open(repo).map_err(|error| MakeError::Pack(error.to_string()))?.reader();
    let root = reader.commit_tree(stand_in).map_err(failed)?;
    let alone = alone(&reader, root, folder, places).map_err(failed)?;
    let mut lines = vec![format!("commit {commit}, with its objects of git LFS"), String::new()];
    for (path, oid) in places {
        lines.push(format!("{oid} {}", String::from_utf8_lossy(&path.join(&b'/')).escape_debug()));
    }
    let mut blobs = BTreeMap::new();
    let made = made::write(repo, &lines.join("\n"), None, |objects| {
        let mut files = Vec::new();
        for (path, oid) in places {
            let name = oid.to_string();
            let blob = if let Some(blob) = blobs.get(&name).or_else(|| known.get(&name)) {
                *blob
            } else {
                let missing = || MakeError::Refused(format!("the object {oid} is gone"));
                objects.blob(&spool.contents(oid)?.ok_or_else(missing)?)?
            };
            blobs.insert(name, blob);
            files.push((path.as_slice(), blob));
        }
        let as_file = |kind| match kind {
            Kind::File => Some(EntryKind::Blob),
            Kind::Executable => Some(EntryKind::BlobExecutable),
            Kind::Tree | Kind::Symlink | Kind::Submodule => None,
        };
        let Some(inner) = alone else { return replaced(&reader, objects, &root, &files, &as_file) };
        let above = folder.segments();
        for (path, _) in &mut files {
            *path = path.get(above.len()..).unwrap_or_default();
        }
        let inner = replaced(&reader, objects, &inner, &files, &as_file)?;
        narrowed::tree_with(&reader, objects, &root, above, &inner)
    })?;
    Ok((made, blobs))
}

/// The tree of a folder, if that and what leads to it is all there is to have.
fn alone(reader: &Reader, root: Oid, folder: &RepoPath, places: &[Place]) -> Result<Option<Oid>, ReadError> {
    let is_in = |(path, _): &Place| {
        let above = folder.segments();
        path.len() > above.len() && above.iter().zip(path).all(|(a, b)| a.as_bytes() == b.as_slice())
    };
    if !places.iter().all(is_in) || needs(reader, &root, std::slice::from_ref(folder))? != Needs::Nothing {
        return Ok(None);
    }
    let found = entry(reader, root, folder.segments())?;
    Ok(found.filter(|(kind, _)| *kind == Kind::Tree).map(|(_, tree)| tree))
}
