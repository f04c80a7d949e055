//! Commits that nobody pushed: of files that came in an archive, or of several repositories together.
//!
//! What is served is always a commit, so that reading, packing, keeping and tidying know one thing only. A
//! commit that is made depends on its files and its message alone: no clock, no machine. It comes the way
//! that fetched ones come: a pack in a folder of its own, indexed, moved to its place, and its ref last.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use gix::objs::{Kind, WriteTo as _};
use gix::odb::pack::data::entry::Header;
use sha1::{Digest as _, Sha1};

use super::compact::index_pack;
use super::home::Home;
use super::records::Told;
use super::repository::Repository;
use super::tree::{Folder, Unfit};
use super::{author, from_gix, one_line, reach};
use crate::domain::repository::oid::Oid;

/// As for what is copied between packs: somebody waits for it.
const LEVEL: u32 = 2;

/// Why no commit was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    #[error("it cannot be written: {0}")]
    Io(#[from] io::Error),
    #[error("it cannot be written: {0}")]
    Pack(String),
    #[error(transparent)]
    Path(#[from] Unfit),
    /// Whoever had the files to give says why there are none.
    #[error("{0}")]
    Refused(String),
}

/// A file of a commit: its path, whether it is executable, and its contents.
pub type Placed = (String, (bool, Oid));

/// What a commit was made of, so that it is found again by that.
#[derive(Debug, Clone, Copy)]
pub struct MadeOf<'a> {
    pub commit: &'a Oid,
    /// Others that were fetched for it.
    pub fetched: &'a [Oid],
    /// Names the terms on which they were. On others something else may come of it.
    pub terms: &'a str,
    /// How these begin, whatever they are.
    pub kind: &'a str,
}

/// Takes the contents of files and other objects.
pub struct Objects {
    out: BufWriter<File>,
    written: HashSet<Oid>,
}

/// The commit that is kept in `repo` whole and whose message fits, the newest if there are several.
#[must_use]
pub fn made(repo: &Path, fits: impl Fn(&str) -> bool) -> Option<Oid> {
    if !repo.is_dir() {
        return None;
    }
    let home = Home::take(repo, &|| false)?;
    let reader = Repository::open(repo).ok()?.reader();
    let is_it = |id: &Oid| {
        let mut buffer = Vec::new();
        reader.read(id, Some(Kind::Commit), &mut buffer).ok()?;
        let commit = gix::objs::CommitRef::from_bytes(&buffer, gix::hash::Kind::Sha1).ok()?;
        let message = std::str::from_utf8(commit.message).ok()?;
        (fits(message) && reader.has(&from_gix(&commit.tree()))).then_some(())
    };
    home.commits().into_iter().find(|id| is_it(id).is_some())
}

/// Makes a commit in the bare repository in `repo`, which is made if it is not there. `fill` puts contents
/// and says which files there are.
///
/// # Errors
/// See [`MakeError`]. Nothing has changed then.
pub fn make(
    repo: &Path,
    message: &str,
    fill: impl FnOnce(&mut Objects) -> Result<Vec<Placed>, MakeError>,
) -> Result<Oid, MakeError> {
    write(repo, message, None, |objects| {
        let mut root = Folder::default();
        for (path, (executable, blob)) in fill(objects)? {
            root.file(&path, executable, blob)?;
        }
        Ok(root.write(&mut |bytes| objects.put(Kind::Tree, bytes))?)
    })
}

/// The same for who has trees to put, and says which is the root. `of` says what it is made of.
pub(super) fn write(
    repo: &Path,
    message: &str,
    of: Option<MadeOf<'_>>,
    fill: impl FnOnce(&mut Objects) -> Result<Oid, MakeError>,
) -> Result<Oid, MakeError> {
    let home = Home::take(repo, &|| false).ok_or_else(|| io::Error::from(io::ErrorKind::WouldBlock))?;
    home.prepare()?;
    let incoming = home.incoming()?;
    let commit = pack(incoming.path(), message, fill)?;
    home.install(incoming.path())?;
    let unreadable = |error: &dyn std::fmt::Display| MakeError::Pack(error.to_string());
    let reader = Repository::open(repo).map_err(|error| unreadable(&error))?.reader();
    reach::check(&reader, &commit).map_err(|error| unreadable(&error))?;
    home.record(&commit, false)?;
    if let Some(MadeOf { commit: of, fetched, terms, kind }) = of {
        home.remember(of, &Told::by_made(kind, &commit), &commit, fetched)?;
        home.remember(of, &format!("{kind}{terms}"), &commit, fetched)?;
    }
    Ok(commit)
}

/// Makes a commit as a pack with its index in the folder `into`, where no repository sees it yet.
pub(super) fn pack(
    into: &Path,
    message: &str,
    fill: impl FnOnce(&mut Objects) -> Result<Oid, MakeError>,
) -> Result<Oid, MakeError> {
    let raw = into.join("made");
    let mut objects = Objects::new(File::options().read(true).write(true).create_new(true).open(&raw)?)?;
    let tree = fill(&mut objects)?;
    let mut bytes = Vec::new();
    author::commit(&tree, None, message, 0).write_to(&mut bytes)?;
    let commit = objects.put(Kind::Commit, &bytes)?;
    objects.finish()?;
    // Indexing reads all of it once more.
    index_pack(&raw, into).map_err(|error| MakeError::Pack(one_line(&error)))?;
    std::fs::remove_file(&raw)?;
    Ok(commit)
}

impl Objects {
    /// A pack begins with how many objects are in it, which is known at its end (see gitformat-pack).
    fn new(file: File) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        out.write_all(b"PACK\0\0\0\x02\0\0\0\0")?;
        Ok(Self { out, written: HashSet::new() })
    }

    /// Puts the contents of a file.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn blob(&mut self, contents: &[u8]) -> io::Result<Oid> {
        self.put(Kind::Blob, contents)
    }

    pub(super) fn put(&mut self, kind: Kind, contents: &[u8]) -> io::Result<Oid> {
        let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, contents).map_err(io::Error::other)?;
        let id = from_gix(&id);
        if self.written.insert(id) {
            let header = match kind {
                Kind::Commit => Header::Commit,
                Kind::Tree => Header::Tree,
                Kind::Blob => Header::Blob,
                Kind::Tag => Header::Tag,
            };
            header.write_to(contents.len() as u64, &mut self.out)?;
            let mut packed = ZlibEncoder::new(&mut self.out, Compression::new(LEVEL));
            packed.write_all(contents)?;
            packed.finish()?;
        }
        Ok(id)
    }

    fn finish(self) -> io::Result<()> {
        let mut file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let count = u32::try_from(self.written.len()).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(8))?;
        file.write_all(&count.to_be_bytes())?;
        file.rewind()?;
        let (mut hash, mut chunk) = (Sha1::new(), vec![0; 1 << 18]);
        let mut reader = BufReader::new(&mut file);
        loop {
            match reader.read(&mut chunk)? {
                0 => break,
                length => hash.update(&chunk[..length]),
            }
        }
        file.write_all(&hash.finalize())?;
        file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::repository::tree::Objects as _;
    use crate::git::{distrust, fixture, verify};

    fn make_one(repo: &Path, message: &str, words: &[u8]) -> Result<Oid, MakeError> {
        make(repo, message, |objects| {
            let (a, b) = (objects.blob(words)?, objects.blob(b"#!/bin/sh\n")?);
            Ok(vec![("b/run.sh".into(), (true, b)), ("a".into(), (false, a)), ("c".into(), (false, a))])
        })
    }

    #[test]
    fn a_commit_is_made_of_its_files_and_its_message_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("here"), folder.path().join("there"));
        let commit = make_one(&here, "one\n", b"words").unwrap();
        assert_eq!(commit.to_string(), "7440f0e448b1512c3e2b8e1d1f7d0bf0eaf8e415");
        assert_eq!(make_one(&here, "one\n", b"words").unwrap(), commit);
        assert_eq!(make_one(&there, "one\n", b"words").unwrap(), commit);
        assert_ne!(make_one(&there, "two\n", b"words").unwrap(), commit);

        let reader = Repository::open(&here).unwrap().reader();
        let names: Vec<_> = reader.tree(&reader.commit_tree(&commit).unwrap()).unwrap();
        let names: Vec<_> = names.iter().map(|entry| String::from_utf8_lossy(&entry.name)).collect();
        assert_eq!(names, ["a", "b", "c"]);
        verify(&here, &commit).unwrap();
        fixture::fsck(&here, folder.path());
    }

    #[test]
    fn what_was_made_is_found_again_until_it_is_distrusted() {
        let folder = tempfile::tempdir().unwrap();
        let repo = folder.path().join("repo");
        let find = |message: &str| made(&repo, |found| found == message);
        assert_eq!(find("one\n"), None);
        let (one, two) = (make_one(&repo, "one\n", b"1").unwrap(), make_one(&repo, "two\n", b"2").unwrap());
        assert_eq!((find("one\n"), find("two\n"), find("three\n")), (Some(one), Some(two), None));
        distrust(&repo);
        assert_eq!(find("one\n"), None);
        assert_eq!(make_one(&repo, "one\n", b"1").unwrap(), one);
        assert_eq!(find("one\n"), Some(one));
    }

    #[test]
    fn what_cannot_be_made_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let repo = folder.path().join("repo");
        let refused = make(&repo, "x", |objects| {
            objects.blob(b"x")?;
            Err(MakeError::Refused("no".into()))
        });
        assert!(matches!(refused, Err(MakeError::Refused(_))));
        for path in ["../x", ".git/config", "a//b"] {
            let outcome = make(&repo, "x", |objects| Ok(vec![(path.into(), (false, objects.blob(b"x")?))]));
            assert!(matches!(outcome, Err(MakeError::Path(_))), "{path}");
        }
        let left = std::fs::read_dir(repo.join("objects/pack")).unwrap().count();
        assert_eq!((left, made(&repo, |_| true)), (0, None));
    }
}
