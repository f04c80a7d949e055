//! The files of one plugin, as they will be served.
//!
//! Symlinks are replaced by what they point to, so that both channels hold the very same files;
//! what must not or cannot be served is left out and noted. Contents are not read here: a file is
//! its path, its exec bit and its blob's id, and the content digest is made of those. Git's object
//! names are SHA-1, and gix refuses the known ways of making two objects share one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use super::digest::{Digest, Fields};
use super::limits::Limits;
use super::links::{Lost, Repo};
use super::note::{Note, quoted};
use super::oid::Oid;
use super::path::RepoPath;
use super::portable::{LONGEST_PATH, Verdict, verdict};
use super::tree::{Kind, ReadError};

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
}

/// Why a plugin has no content.
#[derive(Debug, thiserror::Error)]
pub enum Unservable {
    #[error("the folder `{path}` cannot be served: {why}")]
    Folder { path: RepoPath, why: Lost },
    #[error("the source `{0}` is a file, not a folder")]
    IsAFile(RepoPath),
    #[error("it has more than {0} files (`limits.max_files`)")]
    Files(u64),
    #[error("{path} has {size} bytes; the limit is {limit} (`limits.max_file_bytes`)")]
    FileBytes { path: String, size: u64, limit: u64 },
    #[error("its files have more than {0} bytes together (`limits.max_plugin_bytes`)")]
    Bytes(u64),
    #[error("its folders are nested more than {0} deep (`limits.max_depth`)")]
    Depth(u64),
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
        let segments = source.segments().iter().map(|segment| segment.as_bytes());
        let found = repo.locate(&[], segments).map_err(|why| match why {
            Lost::Read(error) => Unservable::Read(error),
            why => Unservable::Folder { path: source.clone(), why },
        })?;
        if found.kind != Kind::Tree {
            return Err(Unservable::IsAFile(source.clone()));
        }
        let mut walk = Walk { repo, foreign, limits, bytes: 0, visited: 0, content: Self::default() };
        walk.folder(&found.id, &mut found.path.clone(), "", &mut vec![found.path])?;
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

/// Names the files: paths, exec bits and contents.
#[must_use]
pub fn digest(files: &Files) -> Digest {
    let mut fields = Fields::new("agnes content 1");
    for (path, file) in files {
        fields.add(path);
        fields.add(if file.executable { "755" } else { "644" });
        fields.add(file.blob.0);
    }
    fields.finish()
}

struct Walk<'a> {
    repo: &'a Repo<'a>,
    foreign: &'a BTreeSet<RepoPath>,
    limits: &'a Limits,
    bytes: u64,
    /// Entries looked at, served or not: what bounds the work.
    visited: u64,
    content: Content,
}

impl Walk<'_> {
    /// `real` is where this folder lies in the repository, `shown` where it will lie in the
    /// plugin (with a slash at its end, unless it is empty), `open` the real paths of the folders
    /// that are being walked because of a link, the plugin's own first.
    fn folder(
        &mut self,
        id: &Oid,
        real: &mut Vec<Vec<u8>>,
        shown: &str,
        open: &mut Vec<Vec<Vec<u8>>>,
    ) -> Result<(), Unservable> {
        if shown.matches('/').count() as u64 > self.limits.max_depth {
            return Err(Unservable::Depth(self.limits.max_depth));
        }
        for entry in self.repo.entries(id)?.iter() {
            self.visited += 1;
            if self.visited > self.limits.max_files.saturating_mul(4) {
                return Err(Unservable::Files(self.limits.max_files));
            }
            let lossy = String::from_utf8_lossy(&entry.name);
            let path = format!("{shown}{lossy}");
            match verdict(&entry.name) {
                Verdict::Serve => {}
                Verdict::Hidden => continue,
                Verdict::Unfit(code, why) => {
                    self.note(code, &path, why);
                    continue;
                }
            }
            real.push(entry.name.clone());
            if !self.is_foreign(real) {
                match entry.kind {
                    Kind::File | Kind::Executable => {
                        self.file(path, entry.kind == Kind::Executable, entry.id)?;
                    }
                    Kind::Tree => self.folder(&entry.id, real, &format!("{path}/"), open)?,
                    Kind::Submodule => {
                        self.note("submodule", &path, "submodules are not served");
                    }
                    Kind::Symlink => self.link(real, path, open)?,
                }
            }
            real.pop();
        }
        Ok(())
    }

    fn link(
        &mut self,
        real: &[Vec<u8>],
        path: String,
        open: &mut Vec<Vec<Vec<u8>>>,
    ) -> Result<(), Unservable> {
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
            return self.file(path, found.kind == Kind::Executable, found.id);
        }
        // Walking into a folder that is being walked would never end.
        let circle =
            open.iter().map(Vec::as_slice).chain([folder]).any(|above| above.starts_with(&found.path));
        if circle {
            self.note("link-circle", &path, "the symlink is left out: it points to a folder that holds it");
            return Ok(());
        }
        open.push(folder.to_vec());
        self.folder(&found.id, &mut found.path.clone(), &format!("{path}/"), open)?;
        open.pop();
        Ok(())
    }

    fn file(&mut self, path: String, executable: bool, blob: Oid) -> Result<(), Unservable> {
        if path.len() > LONGEST_PATH {
            self.note("path-long", &path, "its path is longer than 2,048 bytes");
            return Ok(());
        }
        let size = self.repo.objects().size(&blob)?;
        if size > self.limits.max_file_bytes {
            let limit = self.limits.max_file_bytes;
            return Err(Unservable::FileBytes { path: quoted(&path), size, limit });
        }
        self.bytes += size;
        if self.bytes > self.limits.max_plugin_bytes {
            return Err(Unservable::Bytes(self.limits.max_plugin_bytes));
        }
        if self.content.files.len() as u64 >= self.limits.max_files {
            return Err(Unservable::Files(self.limits.max_files));
        }
        self.content.files.insert(path, File { executable, blob, size });
        Ok(())
    }

    fn is_foreign(&self, real: &[Vec<u8>]) -> bool {
        !self.foreign.is_empty()
            && self.foreign.iter().any(|path| {
                path.segments().len() == real.len()
                    && path.segments().iter().zip(real).all(|(a, b)| a.as_bytes() == b.as_slice())
            })
    }

    /// A plugin of a thousand bad links needs no thousand notes.
    fn note(&mut self, code: &'static str, path: &str, why: &str) {
        const MOST: usize = 20;
        let alike = self.content.notes.iter().filter(|note| note.code == code).count();
        if alike < MOST {
            self.content.notes.push(Note::new(code, format!("{}: {why}", quoted(path))));
        } else if alike == MOST {
            self.content.notes.push(Note::new(code, "and more of these".to_owned()));
        }
    }
}

/// On file systems that ignore case one of two such files overwrites the other, as it does when the
/// upstream is used directly.
fn same_but_for_case(files: &Files) -> Vec<Note> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut notes = Vec::new();
    for path in files.keys() {
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            let mut message = format!("{} and {} differ only in case", quoted(other), quoted(path));
            let _ = write!(message, ": macOS and Windows keep one of them");
            notes.push(Note::new("same-but-for-case", message));
            if notes.len() == 20 {
                break;
            }
        }
    }
    notes
}
