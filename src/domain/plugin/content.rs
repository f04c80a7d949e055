//! The files of one plugin, as they will be served.
//!
//! Symlinks are replaced by what they point to, so that both channels hold the very same files;
//! what must not or cannot be served is left out and noted. Contents are not read here: a file is
//! its path, its exec bit and its blob's id, and the content digest is made of those. Git's object
//! names are SHA-1, and gix refuses the known ways of making two objects share one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::portable::{self, LONGEST_PATH, Verdict, verdict};
use crate::domain::digest::{Digest, Fields};
use crate::domain::limits::Limits;
use crate::domain::note::{self, Note, quoted};
use crate::domain::repository::attributes::{self, Attributes, Ending, LARGEST_FOR_GIT};
use crate::domain::repository::lfs::LARGEST_POINTER;
use crate::domain::repository::links::{Found, Lost, Repo};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Entries, Kind, ReadError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    pub executable: bool,
    pub blob: Oid,
    /// In bytes.
    pub size: u64,
}

/// Path below the plugin's folder → file, in the order of the paths' bytes.
pub type Files = BTreeMap<String, File>;

#[derive(Debug, Default)]
pub struct Content {
    pub files: Files,
    pub notes: Vec<Note>,
    /// Files that a checkout writes with CRLF where the blob has LF alone, and so do we.
    pub crlf: BTreeSet<String>,
    /// Files that `.gitattributes` give to git LFS, and that are small enough to be pointers: where each lies in
    /// the repository, without symlinks.
    pub lfs: BTreeMap<String, Vec<Vec<u8>>>,
    /// The entry lists which skills are loaded, and the others were taken out.
    pub skills_listed: bool,
}

const PATH_LONG: &str = "it is left out: its path is longer than 2,048 bytes";

/// The code, and what is said of a folder and of a file.
const ATTRIBUTES: (&str, &str, &str) = (
    "attributes-refused",
    "it is left out: git keeps that name for a file, and some clients would refuse the whole feed for a folder",
    "it is left out: it has a line of 2,048 bytes or more, or more than 100 MiB, and some clients of git would \
     refuse the whole feed for that",
);

/// Why a plugin has no content.
#[derive(Debug, thiserror::Error)]
pub enum Unservable {
    #[error("the folder `{path}` cannot be served: {why}")]
    Folder { path: RepoPath, why: Lost },
    #[error("the source `{0}` is a file, not a folder")]
    IsAFile(RepoPath),
    #[error("it has more than {0} files, or more than four times as many entries (`limits.max_files`)")]
    Files(u64),
    #[error("{path} has {size} bytes; the limit is {limit} (`limits.max_file_bytes`)")]
    FileBytes { path: String, size: u64, limit: u64 },
    #[error("its files have more than {0} bytes together (`limits.max_plugin_bytes`)")]
    Bytes(u64),
    #[error("its folders are nested more than {0} deep (`limits.max_depth`)")]
    Depth(u64),
    #[error("the folder `{0}` holds no file that can be served")]
    Empty(RepoPath),
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Content {
    /// Collects the files below `source`. `foreign` are paths (from the repository's root) that
    /// belong to other entries: they are other plugins, to be granted on their own, and are
    /// passed over unless a symlink of this plugin's points to them on purpose.
    ///
    /// # Errors
    /// When the folder cannot be served at all, or exceeds a limit.
    pub fn collect(
        repo: &Repo<'_>,
        source: &RepoPath,
        foreign: &BTreeSet<RepoPath>,
        limits: &Limits,
    ) -> Result<Self, Unservable> {
        let found = folder(repo, source)?;
        let foreign = foreign
            .iter()
            .map(|path| path.segments().iter().map(|name| name.as_bytes().to_vec()).collect())
            .collect();
        let mut walk = Walk {
            repo,
            attributes: Attributes::new(repo),
            foreign,
            limits,
            bytes: 0,
            visited: 0,
            open: Vec::new(),
            content: Self::default(),
        };
        walk.run(&found)?;
        if walk.attributes.gave_up() {
            walk.note(
                "attributes-many",
                ".gitattributes",
                "it has more patterns than are compared: line endings are served as they were committed",
            );
        }
        let mut content = walk.content;
        content.notes.extend(same_but_for_case(&content.files));
        Ok(content)
    }

    /// All files together, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.size).sum()
    }

    /// Whether a path names a file here, or a folder that holds one.
    #[must_use]
    pub fn has(&self, path: &RepoPath) -> bool {
        let key = path.to_key();
        path.is_root() || self.files.contains_key(&key) || self.has_folder(path)
    }

    #[must_use]
    pub fn has_folder(&self, path: &RepoPath) -> bool {
        let start = format!("{}/", path.to_key());
        self.files.range(start.clone()..).next().is_some_and(|(path, _)| path.starts_with(&start))
    }
}

/// The folder that a source names, through symlinks where there are any.
///
/// # Errors
/// When there is none.
pub fn folder(repo: &Repo<'_>, source: &RepoPath) -> Result<Found, Unservable> {
    let segments = source.segments().iter().map(String::as_bytes);
    match repo.locate(&[], segments) {
        Ok(found) if found.kind == Kind::Tree => Ok(found),
        Ok(_) => Err(Unservable::IsAFile(source.clone())),
        Err(Lost::Read(error)) => Err(Unservable::Read(error)),
        Err(why) => Err(Unservable::Folder { path: source.clone(), why }),
    }
}

/// Names the files: paths, exec bits and contents. `crlf` are those that get other line endings.
#[must_use]
pub fn digest(files: &Files, crlf: &BTreeSet<String>) -> Digest {
    let mut fields = Fields::new("agnes content 1");
    for (path, file) in files {
        fields.add(path);
        fields.add(match (file.executable, crlf.contains(path)) {
            (true, false) => "755",
            (false, false) => "644",
            (true, true) => "755 crlf",
            (false, true) => "644 crlf",
        });
        fields.add(file.blob.0);
    }
    fields.finish()
}

struct Walk<'a> {
    repo: &'a Repo<'a>,
    attributes: Attributes<'a>,
    foreign: HashSet<Vec<Vec<u8>>>,
    limits: &'a Limits,
    bytes: u64,
    /// Entries of the folders that were entered, served or not: what bounds the work, and the memory that open
    /// folders take.
    visited: u64,
    /// The folders that the walk is in, outermost first. A stack of our own, because a stranger
    /// decides how deep it gets.
    open: Vec<Folder>,
    content: Content,
}

struct Folder {
    /// Where it lies in the repository. After a symlink this is not below the folder before it.
    real: Vec<Vec<u8>>,
    /// Where it will lie in the plugin, with a slash at its end unless it is the plugin itself.
    shown: String,
    entries: Rc<Entries>,
    next: usize,
    /// Git refuses to make a tree that holds a name twice, and whoever makes one by hand means harm:
    /// what is checked is one entry, what a checkout writes the other.
    seen: HashSet<Vec<u8>>,
}

impl Walk<'_> {
    fn run(&mut self, plugin: &Found) -> Result<(), Unservable> {
        self.enter(&plugin.id, plugin.path.clone(), String::new())?;
        while let Some(folder) = self.open.last_mut() {
            let Some(entry) = folder.entries.get(folder.next).cloned() else {
                self.open.pop();
                continue;
            };
            folder.next += 1;
            let path = format!("{}{}", folder.shown, String::from_utf8_lossy(&entry.name));
            let twice = !folder.seen.insert(entry.name.clone());
            let mut real = folder.real.clone();
            real.push(entry.name.clone());
            match verdict(&entry.name) {
                Verdict::Serve => {}
                Verdict::Hidden => continue,
                Verdict::Unfit(code, why) => {
                    self.note(code, &path, &format!("it is left out: {why}"));
                    continue;
                }
            }
            if twice {
                self.note("name-twice", &path, "it is left out: its folder has another entry of that name");
            } else if !self.foreign.contains(&real) {
                self.take(entry.kind, entry.id, real, path)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, kind: Kind, id: Oid, real: Vec<Vec<u8>>, path: String) -> Result<(), Unservable> {
        match kind {
            Kind::File => self.file(path, &real, false, id),
            Kind::Executable => self.file(path, &real, true, id),
            Kind::Tree => self.enter(&id, real, path + "/"),
            Kind::Submodule => {
                self.note("submodule", &path, "it is left out: it is another repository (a submodule)");
                Ok(())
            }
            Kind::Symlink => self.link(&real, path),
        }
    }

    fn enter(&mut self, id: &Oid, real: Vec<Vec<u8>>, shown: String) -> Result<(), Unservable> {
        if self.open.len() as u64 > self.limits.max_depth {
            return Err(Unservable::Depth(self.limits.max_depth));
        }
        if shown.len() > LONGEST_PATH {
            self.note("path-long", &shown, PATH_LONG);
            return Ok(());
        }
        if portable::is_attributes(last_segment(shown.trim_end_matches('/'))) {
            self.note(ATTRIBUTES.0, &shown, ATTRIBUTES.1);
            return Ok(());
        }
        let entries = match self.repo.entries(id) {
            Ok(entries) => entries,
            Err(Lost::Read(error)) => return Err(error.into()),
            // There are no fewer of these than of files that it may have.
            Err(_) => return Err(Unservable::Files(self.limits.max_files)),
        };
        self.visited = self.visited.saturating_add(entries.len() as u64);
        if self.visited > self.limits.max_files.saturating_mul(4) {
            return Err(Unservable::Files(self.limits.max_files));
        }
        self.open.push(Folder { real, shown, entries, next: 0, seen: HashSet::new() });
        Ok(())
    }

    fn link(&mut self, real: &[Vec<u8>], path: String) -> Result<(), Unservable> {
        let Some((name, folder)) = real.split_last() else { return Ok(()) };
        let found = match self.repo.locate(folder, [name.as_slice()]) {
            Ok(found) => found,
            Err(Lost::Read(error)) => return Err(error.into()),
            Err(why) => {
                let code = match why {
                    Lost::Leaves => "link-leaves-repository",
                    Lost::Circle => "link-circle",
                    _ => "link-dangles",
                };
                self.note(code, &path, &format!("the symlink is left out: {why}"));
                return Ok(());
            }
        };
        if found.kind != Kind::Tree {
            return self.file(path, &found.path, found.kind == Kind::Executable, found.id);
        }
        // Walking into a folder that is being walked would never end.
        if self.open.iter().any(|open| open.real.starts_with(&found.path)) {
            self.note("link-circle", &path, "the symlink is left out: it points to a folder that holds it");
            return Ok(());
        }
        self.enter(&found.id, found.path, path + "/")
    }

    fn file(
        &mut self,
        path: String,
        real: &[Vec<u8>],
        executable: bool,
        blob: Oid,
    ) -> Result<(), Unservable> {
        if path.len() > LONGEST_PATH {
            self.note("path-long", &path, PATH_LONG);
            return Ok(());
        }
        let size = self.repo.objects().size(&blob)?;
        if size > self.limits.max_file_bytes {
            let limit = self.limits.max_file_bytes;
            return Err(Unservable::FileBytes { path: quoted(&path), size, limit });
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.max_plugin_bytes {
            return Err(Unservable::Bytes(self.limits.max_plugin_bytes));
        }
        if self.content.files.len() as u64 >= self.limits.max_files {
            return Err(Unservable::Files(self.limits.max_files));
        }
        let effect = self.attributes.effect(real)?;
        let is_attributes = portable::is_attributes(last_segment(&path));
        if is_attributes && self.is_refused(&blob, size, effect.ending)? {
            self.note(ATTRIBUTES.0, &path, ATTRIBUTES.2);
            return Ok(());
        }
        if let Some(why) = portable::not_on_windows(last_segment(&path)) {
            self.note("name-not-on-windows", &path, why);
        }
        // Attributes are served as they were looked at, and not as what git LFS may have in their place.
        if effect.lfs && !is_attributes && size <= LARGEST_POINTER {
            self.content.lfs.insert(path.clone(), real.to_vec());
        }
        if self.gets_crlf(&path, effect.ending, &blob, size)? {
            self.content.crlf.insert(path.clone());
        }
        self.content.files.insert(path, File { executable, blob, size });
        Ok(())
    }

    /// Whether git would refuse the attributes in that file, as they would be served.
    fn is_refused(&self, blob: &Oid, size: u64, ending: Ending) -> Result<bool, ReadError> {
        if size > LARGEST_FOR_GIT {
            return Ok(true);
        }
        let bytes = self.repo.objects().blob(blob)?;
        let bytes = attributes::converted(&bytes, ending).unwrap_or(bytes);
        Ok(attributes::is_refused(&bytes))
    }

    /// Whether a checkout writes the file with other line endings than were committed.
    fn gets_crlf(&mut self, path: &str, ending: Ending, blob: &Oid, size: u64) -> Result<bool, ReadError> {
        if ending == Ending::Keep {
            return Ok(false);
        }
        if size > self.limits.max_manifest_bytes {
            self.note(
                "line-endings-kept",
                path,
                "it is too large to get other line endings, and is served as it was committed",
            );
            return Ok(false);
        }
        Ok(attributes::converted(&self.repo.objects().blob(blob)?, ending).is_some())
    }

    fn note(&mut self, code: &'static str, path: &str, why: &str) {
        note::add(&mut self.content.notes, code, || format!("{}: {why}", quoted(path)));
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// On file systems that ignore case one of two such files overwrites the other, as it does when the
/// upstream is used directly.
fn same_but_for_case(files: &Files) -> Vec<Note> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut notes = Vec::new();
    for path in files.keys() {
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            notes.push(Note::new(
                "same-but-for-case",
                format!(
                    "{} and {} differ only in case: macOS and Windows keep one of them",
                    quoted(other),
                    quoted(path)
                ),
            ));
            if notes.len() == 20 {
                break;
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests;
