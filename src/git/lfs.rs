//! Commits in which what git LFS keeps elsewhere is in its place.
//!
//! A tree has pointers where a checkout shows files. What is served has no pointers, so of a commit and the
//! objects that were brought for it, one is made in which they are files. It depends on those alone; which was
//! made of which, and what is still lacking, is kept beside the refs (`joined/`), where no fetch writes.

mod filling;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Lineage;
use super::home::Home;
use super::made::MakeError;
use super::records::Told;
use super::repository::Reader;
use super::submodules::{configuration, entry};
use crate::domain::digest::Digest;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::{Kind, Objects as _, ReadError};

pub use filling::{Base, fill};

/// A larger `.gitattributes` is not read, in bytes.
const LONGEST: u64 = 1 << 20;

/// How the terms begin on which such commits are made.
pub const TERMS: &str = "lfs-";

/// Terms on which nothing is made: the commit has nothing that git LFS keeps.
pub const NONE: &str = "lfs-none";

/// What became of the pointers of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Those that are in their places, by their SHA-256: the blobs.
    pub objects: BTreeMap<String, Oid>,
    /// Who was asked for each of those, as `https://host:port`.
    pub from: BTreeMap<String, BTreeSet<String>>,
    /// The plugins that have some of those, and which.
    pub plugins: BTreeMap<String, BTreeSet<String>>,
    pub missing: Vec<Missing>,
}

/// A pointer that is still one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub plugin: String,
    /// Below the plugin's folder.
    pub path: String,
    pub why: String,
    /// Its server has trouble of its own.
    pub away: bool,
    /// Asking again changes nothing about it.
    pub settled: bool,
}

/// A file of a commit, by where it lies, and the object that belongs there.
pub type Place = (Vec<Vec<u8>>, Digest);

impl Record {
    /// Whether something of it may be otherwise the next time.
    #[must_use]
    pub fn again(&self) -> bool {
        self.missing.iter().any(|missing| !missing.settled)
    }
}

/// What a commit's own configuration says of where its objects are (`lfs.url`).
///
/// # Errors
/// When it cannot be read. One that makes no sense says nothing.
pub fn named(reader: &Reader, root: Oid) -> Result<Option<String>, ReadError> {
    let found = entry(reader, root, &[".lfsconfig".to_owned()])?;
    let Some((Kind::File | Kind::Executable, id)) = found else { return Ok(None) };
    if !reader.has(&id) {
        return Ok(None);
    }
    let url =
        configuration(reader, &id)?.and_then(|config| config.string("lfs.url").map(|url| url.to_string()));
    Ok(url.filter(|url| !url.is_empty()))
}

/// Whether anything in a tree speaks of git LFS at all. Trees are read, and of files those with attributes. Of what is
/// not here nothing is served.
///
/// # Errors
/// When one of them cannot be read.
pub fn speaks_of_it(reader: &Reader, root: Oid) -> Result<bool, ReadError> {
    let (mut seen, mut trees, mut buffer) = (HashSet::new(), vec![root], Vec::new());
    while let Some(tree) = trees.pop() {
        if !seen.insert(tree) || !reader.has(&tree) {
            continue;
        }
        let mut attributes = None;
        reader.each_entry(&tree, &mut buffer, |name, kind, id| match kind {
            Kind::Tree => trees.push(id),
            Kind::File | Kind::Executable if name == b".gitattributes" => attributes = Some(id),
            _ => {}
        })?;
        if let Some(id) = attributes.filter(|id| seen.insert(*id) && reader.has(id))
            && reader.size(&id)? <= LONGEST
            && reader.blob(&id)?.windows(10).any(|part| part == b"filter=lfs")
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was made of a commit on these terms before, if it is here, and what is lacking in it.
#[must_use]
pub fn recall(repo: &Path, commit: &Oid, terms: &str) -> Option<(Oid, Record)> {
    let told = Told::of(repo, commit, terms)?;
    Some((told.made, serde_json::from_str(&told.line).ok()?))
}

/// The same for what was made, be it here or lost.
#[must_use]
pub fn recall_made(repo: &Path, made: &Oid) -> Option<Record> {
    Lineage::of(repo).record(made).or_else(|| {
        let told = Told::all(repo, TERMS).into_iter().find(|told| told.made == *made)?;
        serde_json::from_str(&told.line).ok()
    })
}

/// The objects that commits which are here were made with, on terms that begin like that, and who was asked for
/// them.
#[must_use]
pub fn known(repo: &Path, terms: &str) -> Record {
    let here = Told::all(repo, terms).into_iter().filter(|told| told.is_here(repo));
    let records = here.filter_map(|told| serde_json::from_str(&told.line).ok());
    records.fold(Record::default(), |mut all, record: Record| {
        all.objects.extend(record.objects);
        for (oid, hosts) in record.from {
            all.from.entry(oid).or_default().extend(hosts);
        }
        all
    })
}

/// Remembers what became of a commit, and which others are needed for it. What was made of it is found by [`recall`]
/// from then on.
///
/// # Errors
/// When it cannot be written.
pub fn remember(
    repo: &Path,
    commit: &Oid,
    terms: &str,
    made: &Oid,
    and: &[Oid],
    record: &Record,
) -> Result<(), MakeError> {
    let text = serde_json::to_string(record).unwrap_or_default();
    let home =
        Home::take(repo, &|| false).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::WouldBlock))?;
    // What takes its place in the record may come soon, and what was made is served meanwhile.
    if !record.objects.is_empty() {
        home.tell(commit, &Told::by_made(TERMS, made), made, and, Some(&text))?;
    }
    Ok(home.tell(commit, terms, made, and, Some(&text))?)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::domain::repository::lfs::Pointer;
    use crate::domain::repository::path::RepoPath;
    use crate::git::fetch::lfs::{Spool, copy};
    use crate::git::{Lineage, Pin, compact, fixture, made, narrowed, verify};

    const BIG: &[u8] = b"many bytes";

    fn digest(contents: &[u8]) -> Digest {
        Digest::of(contents)
    }

    /// A repository that was fetched, with a pointer in a folder; and a spool with what it stands for.
    fn scene() -> (fixture::World, Oid, Spool) {
        let world = fixture::World::new();
        let pointer = Pointer { oid: digest(BIG), size: BIG.len() as u64 };
        world.write(".gitattributes", "*.bin filter=lfs\n");
        world.write("folder/big.bin", pointer.text());
        world.write("folder.txt", "sorts before the folder");
        let commit = world.commit("a pointer");
        let name = pointer.oid.to_string();
        let kept = format!(".git/lfs/objects/{}/{}/{name}", &name[..2], &name[2..4]);
        world.write(&kept, BIG);
        world.fetch(&Pin::Default).unwrap();
        let mut spool = Spool::new(world.folder.path()).unwrap();
        copy(&world.upstream(), &pointer, &mut spool).unwrap();
        (world, commit, spool)
    }

    fn places() -> Vec<Place> {
        vec![(vec![b"folder".to_vec(), b"big.bin".to_vec()], digest(BIG))]
    }

    fn whole(commit: &Oid) -> Base<'_> {
        static ROOT: LazyLock<RepoPath> = LazyLock::new(RepoPath::root);
        Base { commit, stand_in: commit, folder: &ROOT }
    }

    #[test]
    fn a_commit_is_made_of_a_commit_and_its_objects_and_of_nothing_else() {
        let (world, commit, mut spool) = scene();
        let (made, blobs) =
            fill(&world.repo(), &whole(&commit), &places(), &BTreeMap::new(), &mut spool).unwrap();
        let reader = world.reader();
        let root = reader.commit_tree(&made).unwrap();
        let found = entry(&reader, root, &["folder".to_owned(), "big.bin".to_owned()]).unwrap();
        assert_eq!(found, Some((Kind::File, blobs[&digest(BIG).to_string()])));
        assert_eq!(reader.blob(&found.unwrap().1).unwrap(), BIG);
        verify(&world.repo(), &made).unwrap();
        world.fsck();

        // From what is here already it is the same.
        let mut empty = Spool::new(world.folder.path()).unwrap();
        assert_eq!(
            fill(&world.repo(), &whole(&commit), &places(), &blobs, &mut empty).unwrap(),
            (made, blobs)
        );
        let without = fill(&world.repo(), &whole(&commit), &places(), &BTreeMap::new(), &mut empty);
        assert!(matches!(without, Err(MakeError::Refused(_))));
        let (other, commit, mut spool) = scene();
        assert_eq!(
            fill(&other.repo(), &whole(&commit), &places(), &BTreeMap::new(), &mut spool).unwrap().0,
            made
        );
    }

    /// All of a commit is here, or the folder alone, or another beside it.
    #[test]
    fn how_a_folder_came_is_no_part_of_what_is_made() {
        let (world, _, mut spool) = scene();
        world.write("other/more.bin", "another folder");
        world.write(".lfsconfig", "[lfs]\n\turl = https://lfs.example/x\n");
        let commit = world.commit("another");
        world.fetch(&Pin::Default).unwrap();
        let (repo, reader) = (world.repo(), world.reader());
        let root = reader.commit_tree(&commit).unwrap();
        let folder = RepoPath::parse("folder").unwrap();
        let (one, other) = (["folder".to_owned()], ["other".to_owned()]);
        let narrow = |paths: &[&[String]]| {
            made::write(&repo, "some", None, |objects| narrowed::tree(&reader, objects, &root, paths))
                .unwrap()
        };
        let mut made = |stand_in: Oid| {
            let base = Base { commit: &commit, stand_in: &stand_in, folder: &folder };
            fill(&repo, &base, &places(), &BTreeMap::new(), &mut spool).unwrap().0
        };
        let first = made(commit);
        assert_eq!([made(narrow(&[&one])), made(narrow(&[&one, &other]))], [first; 2]);
        let reader = world.reader();
        let tree = reader.commit_tree(&first).unwrap();
        let names: Vec<_> = reader.tree(&tree).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, [&b".gitattributes"[..], b".lfsconfig", b"folder"]);
        let path = ["folder".to_owned(), "big.bin".to_owned()];
        let (_, blob) = entry(&reader, tree, &path).unwrap().unwrap();
        assert_eq!(reader.blob(&blob).unwrap(), BIG);

        // A link leads out of it: then all of it belongs to it.
        std::os::unix::fs::symlink("../a.txt", world.upstream().join("folder/link")).unwrap();
        let commit = world.commit("a link");
        world.fetch(&Pin::Default).unwrap();
        let base = Base { commit: &commit, stand_in: &commit, folder: &folder };
        let (made, _) = fill(&repo, &base, &places(), &BTreeMap::new(), &mut spool).unwrap();
        let reader = world.reader();
        let tree = reader.commit_tree(&made).unwrap();
        assert!(entry(&reader, tree, &["other".to_owned()]).unwrap().is_some());
    }

    #[test]
    fn what_was_made_is_remembered_and_kept_with_what_it_was_made_of() {
        let (world, commit, mut spool) = scene();
        let repo = world.repo();
        let (made, objects) = fill(&repo, &whole(&commit), &places(), &BTreeMap::new(), &mut spool).unwrap();
        let missing = Missing {
            plugin: String::new(),
            path: "x".into(),
            why: "a line\nfeed".into(),
            away: false,
            settled: false,
        };
        let from =
            BTreeMap::from([(digest(BIG).to_string(), BTreeSet::from(["https://lfs.example".to_owned()]))]);
        let plugins = BTreeMap::from([(String::new(), BTreeSet::from([digest(BIG).to_string()]))]);
        let record = Record { objects: objects.clone(), from: from.clone(), plugins, missing: vec![missing] };
        assert!(record.again());
        remember(&repo, &commit, "lfs-a-1", &made, &[], &record).unwrap();
        assert_eq!(recall(&repo, &commit, "lfs-a-1"), Some((made, record.clone())));
        assert_eq!(recall(&repo, &commit, "lfs-a-2"), None);
        assert_eq!(recall_made(&repo, &made).as_ref(), Some(&record));
        let lineage = Lineage::of(&repo);
        assert_eq!((lineage.record(&made), lineage.record(&commit)), (Some(record), None));
        assert_eq!((lineage.upstream(&made), lineage.upstream(&commit)), (commit, commit));
        let found = known(&repo, "lfs-a-");
        assert_eq!((found.objects, found.from, known(&repo, "lfs-b-")), (objects, from, Record::default()));

        // An upstream knows its own commits.
        let bases = || Home::take(&repo, &|| false).unwrap().bases();
        assert_eq!(bases(), [commit]);
        remember(&repo, &commit, NONE, &commit, &[], &Record::default()).unwrap();
        assert_eq!(bases(), [commit]);

        // Of one that was made of what was made, all is kept.
        let other = Record::default();
        remember(&repo, &made, "x", &commit, &[], &other).unwrap();
        for n in 0..12 {
            world.write("a.txt", format!("{n}"));
            world.commit("another");
            world.fetch(&Pin::Default).unwrap();
        }
        assert!(compact(&repo, &[made]).unwrap().rewritten);
        verify(&repo, &made).unwrap();
        verify(&repo, &commit).unwrap();
        assert!(recall(&repo, &commit, "lfs-a-1").is_some());
        crate::git::distrust(&repo);
        assert_eq!(recall(&repo, &commit, "lfs-a-1"), None);
        assert_eq!(known(&repo, "lfs-"), Record::default());
    }

    #[test]
    fn a_tree_says_whether_it_has_to_do_with_it_and_where() {
        let (world, commit, _) = scene();
        let reader = world.reader();
        let root = reader.commit_tree(&commit).unwrap();
        assert!(speaks_of_it(&reader, root).unwrap());
        assert_eq!(named(&reader, root).unwrap(), None);

        let named_by = |text: &str| {
            let world = fixture::World::new();
            world.write("deep/er/.gitattributes", "[attr]big filter=lfs\n");
            world.write(".lfsconfig", text);
            let commit = world.commit("configured");
            world.fetch(&Pin::Default).unwrap();
            let reader = world.reader();
            let root = reader.commit_tree(&commit).unwrap();
            assert!(speaks_of_it(&reader, root).unwrap());
            named(&reader, root).unwrap()
        };
        assert_eq!(
            named_by("[lfs]\n\turl = https://lfs.example/x\n").as_deref(),
            Some("https://lfs.example/x")
        );
        assert_eq!(named_by("[lfs]\n\turl =\n[include]\n\tpath = /etc/passwd\n"), None);
        assert_eq!(named_by("[lfs\nurl = https://lfs.example/x"), None);
        let none = fixture::World::new();
        none.write(".gitattributes", "*.bat eol=crlf\n");
        let commit = none.commit("none");
        none.fetch(&Pin::Default).unwrap();
        let reader = none.reader();
        assert!(!speaks_of_it(&reader, reader.commit_tree(&commit).unwrap()).unwrap());
    }
}
