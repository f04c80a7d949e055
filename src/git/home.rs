//! A marketplace's folder on disk: a bare repository, made and kept by hand.
//!
//! ```text
//! HEAD  config  objects/pack/…  refs/agnes/<commit id>  shallow
//! joined/  narrowed/  givers/    what else is to be known of a commit: see [`super::records`]
//! objects/incoming-XXXX/         a pack that is being received; swept when stale
//! ```
//!
//! The layout is git's (see gitrepository-layout and `Documentation/technical/shallow.txt`), so `git fsck` and
//! `git log` work on it. There is one ref for each commit that is here *whole*; it is the last
//! thing written, so a fetch that was killed at any moment has changed nothing that counts.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::domain::repository::oid::Oid;

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n";
const INCOMING: &str = "incoming-";

/// The folder, while it is our turn to change it.
pub(super) struct Home {
    pub(super) path: PathBuf,
    _turn: Turn,
}

impl Home {
    /// Waits until nobody else in this process changes this folder. Other processes are kept out by
    /// the registry's lock; should one get here nevertheless, both fail or succeed on their own,
    /// for every file is made under a name of its own and then renamed.
    ///
    /// `None` when `give_up` said so while waiting.
    pub(super) fn take(path: &Path, give_up: &dyn Fn() -> bool) -> Option<Self> {
        let turn = Turn::take(path, give_up)?;
        Some(Self { path: path.to_owned(), _turn: turn })
    }

    /// Makes the repository, or what a killed process left out of it, and removes what such a one
    /// left behind.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let parts = ["objects/pack", "refs/agnes", "HEAD", "config"];
        if !parts.iter().all(|part| self.path.join(part).exists()) {
            fs::create_dir_all(self.path.join("objects/pack"))?;
            fs::create_dir_all(self.path.join("refs/agnes"))?;
            self.replace("config", CONFIG.as_bytes())?;
            self.replace("HEAD", b"ref: refs/heads/main\n")?;
        }
        self.sweep();
        Ok(())
    }

    /// Removes temporary files of processes that are gone. Failing to is no reason to fail.
    fn sweep(&self) {
        let is_stale = |name: &str| [INCOMING, ".tmp", "tmp_"].iter().any(|prefix| name.starts_with(prefix));
        for folder in ["", "objects", "objects/pack", "refs", "refs/agnes"] {
            for path in list(&self.path.join(folder)) {
                let name = name_of(&path);
                // A pack without its index is not readable: the process died between two renames.
                let is_orphan = has_extension(&path, "pack") && !path.with_extension("idx").exists();
                let is_left = ["lock", "keep"].iter().any(|extension| has_extension(&path, extension));
                if is_stale(&name) || is_orphan || is_left {
                    let removed =
                        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                    drop(removed);
                }
            }
        }
    }

    /// A folder of its own for a pack that is being received. Removed when dropped.
    pub(super) fn incoming(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix(INCOMING).tempdir_in(self.path.join("objects"))
    }

    /// Moves finished packs to where readers see them: the pack first, since the index makes it
    /// visible. Answers the names of the indices.
    pub(super) fn install(&self, incoming: &Path) -> io::Result<Vec<Option<OsString>>> {
        let packs = self.path.join("objects/pack");
        let mut installed = Vec::new();
        for pack in list(incoming).into_iter().filter(|path| has_extension(path, "pack")) {
            let index = pack.with_extension("idx");
            for path in [&pack, &index] {
                // Without this a power cut could leave a name without its bytes.
                fs::File::open(path)?.sync_all()?;
            }
            fs::rename(&pack, packs.join(name_of(&pack)))?;
            fs::rename(&index, packs.join(name_of(&index)))?;
            installed.push(index.file_name().map(ToOwned::to_owned));
        }
        Ok(installed)
    }

    /// Removes packs that are not what they were when they came, and whatever has no pack.
    pub(super) fn remove_damaged(&self) -> io::Result<()> {
        for index in self.indices() {
            let pack = index.with_extension("pack");
            if is_intact(&pack) && is_intact(&index) {
                continue;
            }
            // The index first: it makes the pack visible.
            fs::remove_file(&index)?;
            match fs::remove_file(&pack) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the commit is here whole.
    pub(super) fn holds(&self, commit: &Oid) -> bool {
        self.reference(commit).is_file()
    }

    /// The commits that are here whole, the newest first.
    pub(super) fn commits(&self) -> Vec<Oid> {
        let mut found: Vec<_> = list(&self.path.join("refs/agnes"))
            .into_iter()
            .filter_map(|path| {
                let written = fs::metadata(&path).and_then(|meta| meta.modified()).ok();
                name_of(&path).parse().ok().map(|id: Oid| (std::cmp::Reverse(written), id))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// The commits whose parents are not here.
    pub(super) fn shallow(&self) -> BTreeSet<Oid> {
        let text = fs::read_to_string(self.path.join("shallow")).unwrap_or_default();
        text.lines().filter_map(|line| line.trim().parse().ok()).collect()
    }

    /// Remembers that a commit is here whole.
    pub(super) fn record(&self, commit: &Oid, has_parents: bool) -> io::Result<()> {
        if has_parents {
            let mut shallow = self.shallow();
            if shallow.insert(*commit) {
                self.write_shallow(&shallow)?;
            }
        }
        self.replace(&format!("refs/agnes/{commit}"), format!("{commit}\n").as_bytes())
    }

    /// Forgets one commit that turned out not to be whole.
    pub(super) fn forget(&self, commit: &Oid) {
        let mut shallow = self.shallow();
        // Should this fail, the same is found out again the next time.
        let _ = fs::remove_file(self.reference(commit));
        if shallow.remove(commit) {
            let _ = self.write_shallow(&shallow);
        }
    }

    /// Forgets all commits but these, before their objects go.
    pub(super) fn forget_all_but(&self, keep: &[Oid]) -> io::Result<()> {
        for commit in self.commits() {
            if !keep.contains(&commit) {
                fs::remove_file(self.reference(&commit))?;
            }
        }
        self.forget_records(keep)?;
        let shallow = self.shallow().into_iter().filter(|id| keep.contains(id)).collect();
        self.write_shallow(&shallow)
    }

    /// The finished packs, by their `.idx` files.
    pub(super) fn indices(&self) -> Vec<PathBuf> {
        list(&self.path.join("objects/pack")).into_iter().filter(|path| has_extension(path, "idx")).collect()
    }

    fn reference(&self, commit: &Oid) -> PathBuf {
        reference(&self.path, commit)
    }

    fn write_shallow(&self, ids: &BTreeSet<Oid>) -> io::Result<()> {
        if ids.is_empty() {
            return match fs::remove_file(self.path.join("shallow")) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let lines: Vec<_> = ids.iter().map(ToString::to_string).collect();
        self.replace("shallow", format!("{}\n", lines.join("\n")).as_bytes())
    }

    /// Writes a file beside its place and moves it there, so that nobody sees half of it.
    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".tmp").tempfile_in(&self.path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.path.join(name)).map(drop).map_err(|error| error.error)
    }
}

/// The ref that says that a commit is here whole.
pub(super) fn reference(repo: &Path, commit: &Oid) -> PathBuf {
    repo.join(format!("refs/agnes/{commit}"))
}

/// Packs and their indices end in the hash of everything before (see gitformat-pack).
fn is_intact(path: &Path) -> bool {
    const LENGTH: u64 = 20;
    let intact = || -> Option<bool> {
        let mut file = fs::File::open(path).ok()?;
        let body = file.metadata().ok()?.len().checked_sub(LENGTH)?;
        let found = gix::hash::bytes(
            &mut file,
            body,
            gix::hash::Kind::Sha1,
            &mut gix::progress::Discard,
            &AtomicBool::new(false),
        );
        let mut told = Vec::new();
        file.read_to_end(&mut told).ok()?;
        Some(found.is_ok_and(|found| found.as_bytes() == told))
    };
    intact().unwrap_or(false)
}

pub(super) fn list(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default()
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// One thread at a time for each folder. In memory, so that a kill -9 leaves no lock behind.
struct Turn(PathBuf);

static TAKEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
static GIVEN_BACK: Condvar = Condvar::new();

impl Turn {
    fn take(path: &Path, give_up: &dyn Fn() -> bool) -> Option<Self> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.contains(&path) {
            if give_up() {
                return None;
            }
            let waited = GIVEN_BACK.wait_timeout(taken, Duration::from_millis(50));
            taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        taken.insert(path.clone());
        Some(Self(path))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
        GIVEN_BACK.notify_all();
    }
}
