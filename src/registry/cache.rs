//! `marketplaces/zip-cache/`: bundles by view digest, single plugins' ZIPs by their own digest beside
//! them, and the parts that both are made of.
//!
//! All of it can be removed at any time and is made again. Files appear complete, by renaming. They
//! are not forced to the disk one by one (a cold bundle has hundreds of parts), so after a crash of
//! the whole machine they may be garbage under a good name; hence the folder remembers for which
//! boot of the machine it is good, and is emptied when that was another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::SystemTime;

use super::folder::{bare, make_folder};
use super::{Error, Registry, Result};
use crate::domain::digest::Digest;

/// Bundles and parts that were used this recently are not removed to make room.
const IN_USE: std::time::Duration = std::time::Duration::from_secs(600);

/// What was remembered of a user who did not ask for this long is forgotten.
const FORGOTTEN: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3_600);

pub(super) struct ZipCache {
    root: PathBuf,
}

impl Registry {
    pub(super) fn zip_cache(&self) -> Result<ZipCache> {
        let root = self.folder.zip_cache();
        make_folder(&root.join("bundles"), 0o700)?;
        make_folder(&root.join("parts"), 0o700)?;
        make_folder(&root.join("users"), 0o700)?;
        let cache = ZipCache { root };
        // Once in a process, and by one of its threads: what the others make meanwhile must stay.
        let mut trusted = self.trusted_cache.lock().unwrap_or_else(PoisonError::into_inner);
        if !*trusted {
            cache.forget_other_boots(&self.world.boot)?;
            *trusted = true;
        }
        drop(trusted);
        Ok(cache)
    }
}

impl ZipCache {
    pub(super) fn bundle(&self, view: &Digest) -> PathBuf {
        self.root.join("bundles").join(format!("{view}.zip"))
    }

    pub(super) fn part(&self, plugin: &Digest) -> PathBuf {
        self.root.join("parts").join(format!("{plugin}.zip"))
    }

    /// Whether a plugin's part is there; if so, it is in use.
    pub(super) fn has_part(&self, plugin: &Digest) -> bool {
        let path = self.part(plugin);
        let Ok(facts) = fs::metadata(&path) else { return false };
        let age = facts.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        // A bundle has hundreds of them: to write that again and again would cost more than it tells.
        if age.is_some_and(|age| age > IN_USE / 2) {
            touch(&path);
        }
        facts.is_file()
    }

    /// What a user's bundle was the last time.
    pub(super) fn memory(&self, user: &str) -> PathBuf {
        self.root.join("users").join(user)
    }

    /// A temporary file that can become a bundle.
    pub(super) fn temporary(&self) -> Result<tempfile::NamedTempFile> {
        let path = self.root.join("bundles");
        tempfile::NamedTempFile::new_in(&path).map_err(|source| Error::Io {
            path,
            doing: "cannot be written to",
            source: bare(source),
        })
    }

    /// Removes what was not used for longest until the rest fits, and what was left half-made.
    pub(super) fn prune(&self, most: u64) -> Result<()> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        for folder in ["bundles", "parts"] {
            for file in list(&self.root.join(folder))? {
                let Ok(facts) = file.metadata() else { continue };
                let age =
                    facts.modified().ok().and_then(|time| now.duration_since(time).ok()).unwrap_or_default();
                let made = file.path().extension().is_some_and(|extension| extension == "zip");
                if !made && age > IN_USE {
                    remove(&file.path());
                } else if made {
                    files.push((age, facts.len(), file.path()));
                }
            }
        }
        for file in list(&self.root.join("users"))? {
            let modified = file.metadata().ok().and_then(|facts| facts.modified().ok());
            if modified.and_then(|time| now.duration_since(time).ok()).is_some_and(|age| age > FORGOTTEN) {
                remove(&file.path());
            }
        }
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.sort();
        while total > most {
            let Some((age, size, path)) = files.pop() else { break };
            if age < IN_USE {
                break;
            }
            remove(&path);
            total -= size;
        }
        Ok(())
    }

    fn forget_other_boots(&self, boot: &str) -> Result<()> {
        let mark = self.root.join("boot");
        if fs::read(&mark).is_ok_and(|seen| seen == boot.as_bytes()) {
            return Ok(());
        }
        for folder in ["bundles", "parts"] {
            for file in list(&self.root.join(folder))? {
                remove(&file.path());
            }
        }
        fs::write(&mark, boot).map_err(|source| Error::Io { path: mark, doing: "cannot be written", source })
    }
}

/// Notes that a file was used just now.
pub(super) fn touch(path: &Path) {
    if let Ok(file) = fs::File::options().append(true).open(path) {
        // Only the order of removal depends on it.
        let _ = file.set_modified(SystemTime::now());
    }
}

fn list(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    let failed = |source| Error::Io { path: folder.to_owned(), doing: "cannot be listed", source };
    fs::read_dir(folder).map_err(failed)?.collect::<io::Result<_>>().map_err(failed)
}

/// Another process may have removed it first, which is as good.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}
