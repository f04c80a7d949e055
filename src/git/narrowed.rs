//! Some folders of a commit, as a commit.
//!
//! Of a repository with much in it one folder may be all that is wanted, and a server that filters gives
//! that alone. What came is kept as a commit that is made here: its tree has these folders at their places,
//! with the very trees and files that the upstream has in them, and nothing else but the `.gitattributes`
//! of the folders above, since they say what a checkout does to line endings and which files git LFS keeps, and the
//! `.lfsconfig`, since it says where. So it is whole, and is read,
//! checked, packed and tidied as any other. Which commit it was made of, and which folders it has, stands
//! in `narrowed/` beside the refs, where no fetch writes. Everybody else knows the upstream's commit alone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use gix::objs::tree::{Entry, EntryKind};
use gix::objs::{Kind as ObjectKind, Tree, WriteTo as _};

use super::made::{MakeError, Objects};
use super::repository::Reader;
use super::{records::Narrowed, to_gix, trust};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Kind, Objects as _, ReadError};

/// One that lies deeper is not taken out, in folders.
pub(super) const DEEPEST: usize = 64;

/// More files are not asked for one by one.
const MOST_FILES: usize = 100_000;

/// As long as a symlink's target may be, in bytes (`PATH_MAX`).
const LONGEST_TARGET: u64 = 4_096;

const ATTRIBUTES: &[u8] = b".gitattributes";

/// Files above the folders that say something of what is in them: how it is checked out, and where it is.
const SAYING: [&[u8]; 2] = [ATTRIBUTES, b".lfsconfig"];

/// What is to be asked for next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// All of it is here.
    Nothing,
    /// These trees alone, which lie above the folders.
    Above(Vec<Oid>),
    /// These trees with all that are below them.
    Below(Vec<Oid>),
    Files(Vec<Oid>),
    /// The whole commit: what is in the folders may lead out of them.
    Everything,
}

/// The commit to be read for a folder of a commit: that one itself, or the one that was made of this folder.
#[must_use]
pub fn stand_in(repo: &Path, commit: &Oid, folder: &RepoPath) -> Oid {
    if trust::holds(repo, commit) {
        return *commit;
    }
    Narrowed::of(repo, commit).filter(|found| found.has(folder)).map_or(*commit, |found| found.made)
}

/// What is missing of the folders below the tree `root`, as far as can be told from what is here.
pub(super) fn needs(reader: &Reader, root: &Oid, folders: &[RepoPath]) -> Result<Needs, ReadError> {
    if folders.iter().any(|folder| folder.is_root() || folder.segments().len() > DEEPEST) {
        return Ok(Needs::Everything);
    }
    let mut files = BTreeSet::new();
    let (mut missing, mut tops) = (Vec::new(), Vec::new());
    let paths: Vec<&[String]> = folders.iter().map(RepoPath::segments).collect();
    // A tree may have the next one twice, under one name, and so on.
    let (mut above, mut seen) = (vec![(*root, paths)], HashSet::new());
    while let Some((tree, paths)) = above.pop() {
        if !seen.insert((tree, paths.clone())) {
            continue;
        }
        if paths.iter().any(|path| path.is_empty()) {
            tops.push(tree);
            continue;
        }
        if !reader.has(&tree) {
            missing.push(tree);
            continue;
        }
        let further = further(&paths);
        for entry in reader.tree(&tree)? {
            let inner = further.get(entry.name.as_slice()).cloned().unwrap_or_default();
            match entry.kind {
                Kind::Tree if !inner.is_empty() => above.push((entry.id, inner)),
                // It leads somewhere else. (Reading follows the outermost file of attributes, too.)
                Kind::Symlink if !inner.is_empty() || (entry.name == ATTRIBUTES && tree == *root) => {
                    return Ok(Needs::Everything);
                }
                Kind::File | Kind::Executable if !inner.is_empty() || SAYING.contains(&&*entry.name) => {
                    files.insert(entry.id);
                }
                _ => {}
            }
        }
    }
    if !missing.is_empty() {
        return Ok(Needs::Above(sorted(missing)));
    }
    below(reader, tops, files)
}

/// A level at a time, so that a tree is met first where it is least deep: there its links lead furthest.
fn below(reader: &Reader, tops: Vec<Oid>, mut files: BTreeSet<Oid>) -> Result<Needs, ReadError> {
    let (mut seen, mut missing, mut links) = (HashSet::new(), Vec::new(), Vec::new());
    let (mut level, mut depth, mut buffer) = (tops, 0, Vec::new());
    while !level.is_empty() {
        let mut next = Vec::new();
        for tree in level {
            if !seen.insert(tree) {
                continue;
            }
            if !reader.has(&tree) {
                missing.push(tree);
                continue;
            }
            reader.each_entry(&tree, &mut buffer, |_, kind, id| match kind {
                Kind::Tree => next.push(id),
                Kind::Submodule => {}
                Kind::File | Kind::Executable => drop(files.insert(id)),
                Kind::Symlink => {
                    files.insert(id);
                    links.push((id, depth));
                }
            })?;
        }
        (level, depth) = (next, depth + 1);
    }
    if !missing.is_empty() {
        return Ok(Needs::Below(sorted(missing)));
    }
    if files.len() > MOST_FILES {
        return Ok(Needs::Everything);
    }
    files.retain(|id| !reader.has(id));
    if !files.is_empty() {
        return Ok(Needs::Files(files.into_iter().collect()));
    }
    for (link, depth) in links {
        if reader.size(&link)? > LONGEST_TARGET || !stays(&reader.blob(&link)?, depth) {
            return Ok(Needs::Everything);
        }
    }
    Ok(Needs::Nothing)
}

/// Whether a symlink so deep in a folder stays in it, as can be told without following it: it goes up first,
/// if at all, and what it then goes through are folders, or links that stay, too.
fn stays(target: &[u8], depth: usize) -> bool {
    if target.first() == Some(&b'/') || target.contains(&b'\\') || target.get(1) == Some(&b':') {
        return false;
    }
    let parts: Vec<_> =
        target.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    let up = parts.iter().take_while(|part| **part == b"..").count();
    up <= depth && parts.iter().skip(up).all(|part| *part != b"..")
}

/// The tree of the commit that is made: of `tree`, what leads to the folders at these paths. Recursion is as
/// deep as the paths.
pub(super) fn tree(
    reader: &Reader,
    objects: &mut Objects,
    tree: &Oid,
    paths: &[&[String]],
) -> Result<Oid, MakeError> {
    narrow(reader, objects, tree, paths, None, &mut HashMap::new())
}

/// The same of one path, with another folder at its end.
pub(super) fn tree_with(
    reader: &Reader,
    objects: &mut Objects,
    tree: &Oid,
    path: &[String],
    folder: &Oid,
) -> Result<Oid, MakeError> {
    narrow(reader, objects, tree, &[path], Some(folder), &mut HashMap::new())
}

/// What became of a tree on these paths. It may be met as often as there are ways that names go twice.
type Narrow<'p> = HashMap<(Oid, Vec<&'p [String]>), Oid>;

fn narrow<'p>(
    reader: &Reader,
    objects: &mut Objects,
    tree: &Oid,
    paths: &[&'p [String]],
    end: Option<&Oid>,
    done: &mut Narrow<'p>,
) -> Result<Oid, MakeError> {
    if paths.iter().any(|path| path.is_empty()) {
        return Ok(*end.unwrap_or(tree));
    }
    let key = (*tree, paths.to_vec());
    if let Some(narrow) = done.get(&key) {
        return Ok(*narrow);
    }
    let further = further(paths);
    let mut entries = Vec::new();
    for found in reader.tree(tree).map_err(|error| MakeError::Pack(error.to_string()))? {
        let inner = further.get(found.name.as_slice()).map_or(&[][..], Vec::as_slice);
        let kind = match found.kind {
            Kind::Tree => EntryKind::Tree,
            Kind::File => EntryKind::Blob,
            Kind::Executable => EntryKind::BlobExecutable,
            Kind::Symlink => continue,
            Kind::Submodule => EntryKind::Commit,
        };
        let is_file = matches!(found.kind, Kind::File | Kind::Executable);
        if inner.is_empty() && !(is_file && SAYING.contains(&&*found.name)) {
            continue;
        }
        let is_tree = found.kind == Kind::Tree;
        let id = if is_tree { narrow(reader, objects, &found.id, inner, end, done)? } else { found.id };
        entries.push(Entry { mode: kind.into(), filename: found.name.into(), oid: to_gix(&id) });
    }
    // They are in git's order, unless somebody made the tree by hand.
    entries.sort();
    let mut bytes = Vec::new();
    Tree { entries }.write_to(&mut bytes)?;
    let id = objects.put(ObjectKind::Tree, &bytes)?;
    done.insert(key, id);
    Ok(id)
}

/// What the commit that is made says of itself.
pub(super) fn message(commit: &Oid, folders: &[RepoPath]) -> String {
    let mut lines = vec![format!("some folders of commit {commit}"), String::new()];
    lines.extend(folders.iter().map(RepoPath::to_key));
    lines.join("\n") + "\n"
}

/// What is left of the paths, by the name that they go on with.
fn further<'p>(paths: &[&'p [String]]) -> BTreeMap<&'p [u8], Vec<&'p [String]>> {
    let mut further: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (first, rest) in paths.iter().filter_map(|path| path.split_first()) {
        further.entry(first.as_bytes()).or_default().push(rest);
    }
    further
}

fn sorted(mut ids: Vec<Oid>) -> Vec<Oid> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
