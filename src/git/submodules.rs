//! Repositories inside a repository: found, and put in their places.
//!
//! A tree names a submodule by its commit, whose objects are elsewhere. What is served has no submodules, so
//! of a commit and those that were fetched for it, into the same repository, one is made in which each is
//! the folder that a checkout would show. Which was made of which is kept beside the refs (`joined/`), where
//! no fetch writes.

use std::collections::BTreeMap;
use std::path::Path;

use gix::config::{File, file};
use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Kind as ObjectKind, Tree, WriteTo as _};

use super::made::{self, MadeOf, MakeError, Objects};
use super::repository::{Reader, Repository};
use super::{home::Home, to_gix};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Kind, Objects as _, ReadError};

/// A longer `.gitmodules` or `.lfsconfig` is not read, in bytes.
const LONGEST: u64 = 1 << 20;

/// One that is deeper is not looked for, in folders.
const DEEPEST: usize = 64;

/// More are not looked for.
const MOST: usize = 1_000;

/// How the terms begin on which commits are made of others and their submodules.
pub const TERMS: &str = "submodules-";

/// A submodule of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submodule {
    pub path: RepoPath,
    /// As `.gitmodules` has it.
    pub url: String,
    pub commit: Oid,
}

/// The submodules of a commit that have an address, in the order of their paths.
///
/// # Errors
/// When the commit or one of its trees cannot be read. A `.gitmodules` that cannot be understood names none.
pub fn submodules(repo: &Path, commit: &Oid) -> Result<Vec<Submodule>, ReadError> {
    let failed = |reason: String| ReadError { id: *commit, reason };
    let reader = Repository::open(repo).map_err(|error| failed(error.to_string()))?.reader();
    let root = reader.commit_tree(commit)?;
    let Some((Kind::File | Kind::Executable, listing)) = entry(&reader, root, &[".gitmodules".to_owned()])?
    else {
        return Ok(Vec::new());
    };
    let Some(listing) = configuration(&reader, &listing)? else { return Ok(Vec::new()) };
    let mut listed: BTreeMap<RepoPath, String> = BTreeMap::new();
    for section in listing.sections_by_name("submodule").into_iter().flatten().take(MOST) {
        let value = |name: &str| section.values(name).pop().map(|value| value.to_string());
        let (Some(path), Some(url)) = (value("path"), value("url")) else { continue };
        let Ok(path) = RepoPath::parse(&path) else { continue };
        if !path.is_root() && path.segments().len() <= DEEPEST {
            listed.entry(path).or_insert(url);
        }
    }
    let mut found = Vec::new();
    let paths = listed.keys().map(|path| (path.segments(), path)).collect();
    find(&reader, &root, paths, &mut |path, commit| {
        found.extend(listed.get(path).map(|url| Submodule { path: path.clone(), url: url.clone(), commit }));
    })?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Tells the submodules at these paths, with the rest of each that leads there from this tree. Each tree is read once,
/// however many paths go through it.
fn find<'p>(
    reader: &Reader,
    tree: &Oid,
    paths: Vec<(&'p [String], &'p RepoPath)>,
    tell: &mut impl FnMut(&'p RepoPath, Oid),
) -> Result<(), ReadError> {
    let mut below: BTreeMap<&[u8], Vec<(&[String], &RepoPath)>> = BTreeMap::new();
    for (rest, path) in paths {
        if let Some((first, rest)) = rest.split_first() {
            below.entry(first.as_bytes()).or_default().push((rest, path));
        }
    }
    let (mut next, mut buffer) = (Vec::new(), Vec::new());
    reader.each_entry(tree, &mut buffer, |name, kind, id| {
        // Of several entries of one name the first is meant.
        next.extend(below.remove(name).map(|paths| (kind, id, paths)));
    })?;
    for (kind, id, paths) in next {
        match kind {
            Kind::Tree => find(reader, &id, paths, tell)?,
            Kind::Submodule => {
                paths.iter().filter(|(rest, _)| rest.is_empty()).for_each(|(_, path)| tell(path, id));
            }
            Kind::File | Kind::Executable | Kind::Symlink => {}
        }
    }
    Ok(())
}

/// A file in the form of git's configuration. `None`: it is too long, or makes no sense.
pub(super) fn configuration(reader: &Reader, id: &Oid) -> Result<Option<File>, ReadError> {
    if reader.size(id)? > LONGEST {
        return Ok(None);
    }
    let bytes = reader.blob(id)?;
    Ok(File::from_bytes_no_includes(&bytes, file::Metadata::api(), file::init::Options::default()).ok())
}

/// What a path names, if it names something. Symlinks are not followed.
pub(super) fn entry(reader: &Reader, root: Oid, path: &[String]) -> Result<Option<(Kind, Oid)>, ReadError> {
    let (mut at, mut buffer) = ((Kind::Tree, root), Vec::new());
    for name in path {
        if at.0 != Kind::Tree {
            return Ok(None);
        }
        let mut next = None;
        reader.each_entry(&at.1, &mut buffer, |found, kind, id| {
            if found == name.as_bytes() && next.is_none() {
                next = Some((kind, id));
            }
        })?;
        let Some(found) = next else { return Ok(None) };
        at = found;
    }
    Ok(Some(at))
}

/// What was made of a commit on these terms before, if that is here.
#[must_use]
pub fn joined(repo: &Path, commit: &Oid, terms: &str) -> Option<Oid> {
    Home::take(repo, &|| false)?.joined(commit, &format!("{TERMS}{terms}"))
}

/// Makes a commit of one that is here and of others that are to be folders of it, by their paths. With `of`,
/// it is found by [`joined`] from then on.
///
/// # Errors
/// See [`MakeError`]. Nothing has changed then.
pub fn join(
    repo: &Path,
    commit: &Oid,
    with: &[(RepoPath, Oid)],
    of: Option<MadeOf<'_>>,
) -> Result<Oid, MakeError> {
    let failed = |error: ReadError| MakeError::Pack(error.to_string());
    let reader = Repository::open(repo).map_err(|error| MakeError::Pack(error.to_string()))?.reader();
    let root = reader.commit_tree(commit).map_err(failed)?;
    let (mut lines, mut folders) =
        (vec![format!("commit {commit}, with its submodules"), String::new()], Vec::new());
    for (path, commit) in with {
        lines.push(format!("{} {commit}", path.to_key()));
        folders.push((path.segments(), reader.commit_tree(commit).map_err(failed)?));
    }
    let as_folder = |kind| (kind == Kind::Submodule).then_some(EntryKind::Tree);
    made::write(repo, &lines.join("\n"), of, |objects| {
        replaced(&reader, objects, &root, &folders, &as_folder)
    })
}

/// A tree with other objects in some of its places, if `becomes` says what they are there. Recursion is as deep as
/// the paths. Of several entries of one name the first is meant, as it is wherever a path is followed: were it all of
/// them, a tree that has the next one twice, and so on, would be read twice as often with each level.
pub(super) fn replaced<N: AsRef<[u8]>>(
    reader: &Reader,
    objects: &mut Objects,
    tree: &Oid,
    places: &[(&[N], Oid)],
    becomes: &dyn Fn(Kind) -> Option<EntryKind>,
) -> Result<Oid, MakeError> {
    let mut below: BTreeMap<&[u8], Vec<(&[N], Oid)>> = BTreeMap::new();
    for (path, object) in places {
        if let Some((first, rest)) = path.split_first() {
            below.entry(first.as_ref()).or_default().push((rest, *object));
        }
    }
    let mut entries = Vec::new();
    for found in reader.tree(tree).map_err(|error| MakeError::Pack(error.to_string()))? {
        let here = below.remove(found.name.as_slice()).unwrap_or_default();
        let other = here.iter().find(|(rest, _)| rest.is_empty());
        let other = other.and_then(|(_, object)| Some((becomes(found.kind)?, *object)));
        let (kind, id) = match (found.kind, other) {
            (_, Some(other)) => other,
            (Kind::Tree, None) if !here.is_empty() => {
                (EntryKind::Tree, replaced(reader, objects, &found.id, &here, becomes)?)
            }
            (Kind::Tree, None) => (EntryKind::Tree, found.id),
            (Kind::File, None) => (EntryKind::Blob, found.id),
            (Kind::Executable, None) => (EntryKind::BlobExecutable, found.id),
            (Kind::Symlink, None) => (EntryKind::Link, found.id),
            (Kind::Submodule, None) => (EntryKind::Commit, found.id),
        };
        entries.push(Entry { mode: kind.into(), filename: found.name.into(), oid: to_gix(&id) });
    }
    // Git sorts a folder as if its name ended in `/`, and a submodule not.
    entries.sort();
    let mut bytes = Vec::new();
    Tree { entries }.write_to(&mut bytes)?;
    Ok(objects.put(ObjectKind::Tree, &bytes)?)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::git::fixture::World;
    use crate::git::tree::Folder;

    fn put(repo: &Path, fill: impl FnOnce(&mut Objects) -> Result<Oid, MakeError>) -> Oid {
        let commit = made::write(repo, "x", None, fill).unwrap();
        Repository::open(repo).unwrap().reader().commit_tree(&commit).unwrap()
    }

    fn as_files(kind: Kind) -> Option<EntryKind> {
        (kind == Kind::File).then_some(EntryKind::Blob)
    }

    /// A folder of forty thousand files, each of which becomes another.
    #[test]
    fn a_folder_is_gone_through_once_however_many_of_its_files_change() {
        const FILES: usize = 40_000;
        let world = World::new();
        let repo = world.repo();
        let names: Vec<_> = (0..FILES).map(|n| format!("f{n:05}")).collect();
        let all = |objects: &mut Objects, contents: &[u8]| {
            let blob = objects.blob(contents)?;
            let mut root = Folder::default();
            for name in &names {
                root.file(name, false, blob)?;
            }
            Ok(root.write(&mut |bytes| objects.put(ObjectKind::Tree, bytes))?)
        };
        let before = put(&repo, |objects| all(objects, b"pointer"));
        let after = put(&repo, |objects| all(objects, b"object"));
        let reader = Repository::open(&repo).unwrap().reader();
        let paths: Vec<_> = names.iter().map(|name| vec![name.as_bytes().to_vec()]).collect();
        let began = Instant::now();
        let replaced = put(&repo, |objects| {
            let blob = objects.blob(b"object")?;
            let places: Vec<_> = paths.iter().map(|path| (path.as_slice(), blob)).collect();
            replaced(&reader, objects, &before, &places, &as_files)
        });
        assert_eq!(replaced, after);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }

    /// Forty levels of a folder that has the next one twice, under one name.
    #[test]
    fn of_entries_of_one_name_the_first_is_meant() {
        const LEVELS: usize = 40;
        let world = World::new();
        let repo = world.repo();
        let twice = |objects: &mut Objects, first: &Oid, second: &Oid, kind: EntryKind| {
            let entry = |id| Entry { mode: kind.into(), filename: "a".into(), oid: to_gix(id) };
            let mut bytes = Vec::new();
            Tree { entries: vec![entry(first), entry(second)] }.write_to(&mut bytes)?;
            Ok::<_, MakeError>(objects.put(ObjectKind::Tree, &bytes)?)
        };
        let bomb = |objects: &mut Objects, contents: &[u8]| {
            let (first, second) = (objects.blob(contents)?, objects.blob(b"second")?);
            let bottom = twice(objects, &first, &second, EntryKind::Blob)?;
            (0..LEVELS).try_fold(bottom, |tree, _| twice(objects, &tree, &tree, EntryKind::Tree))
        };
        let root = put(&repo, |objects| bomb(objects, b"first"));
        let reader = Repository::open(&repo).unwrap().reader();
        let path = vec![b"a".to_vec(); LEVELS + 1];
        let replaced = put(&repo, |objects| {
            let blob = objects.blob(b"other")?;
            replaced(&reader, objects, &root, &[(path.as_slice(), blob)], &as_files)
        });
        let segments: Vec<_> = path.iter().map(|_| "a".to_owned()).collect();
        let reader = Repository::open(&repo).unwrap().reader();
        let found = entry(&reader, replaced, &segments).unwrap().unwrap();
        assert_eq!(reader.blob(&found.1).unwrap(), b"other");
    }
}
