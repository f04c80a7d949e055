//! `marketplaces/zip-cache/` and `marketplaces/git-cache/`: what is made for each view, by its digest, and
//! the parts that it is made of, one for each plugin. (Of ZIPs, single plugins' by their own digest, too.)
//!
//! All of it can be removed at any time and is made again. Files appear complete, by renaming. They
//! are not forced to the disk one by one (a cold view has hundreds of parts), so after a crash of
//! the whole machine they may be garbage under a good name; hence the folder remembers for which
//! boot of the machine it is good, and is emptied when that was another.

mod prune;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use crate::domain::digest::Digest;
use crate::registry::folder::{bare, make_folder};
use crate::registry::holds::{Hold, Holds};
use crate::registry::settings::CacheSettings;
use crate::registry::{Error, Registry, Result};

const PARTS: &str = "parts";
const USERS: &str = "users";

/// What was used this recently is not removed to make room.
pub(super) const IN_USE: Duration = Duration::from_secs(600);

/// What was remembered of a user who did not ask for this long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 3_600);

/// One of the two.
pub(super) struct Cache {
    root: PathBuf,
    kind: &'static Kind,
    awaited: Holds<PathBuf>,
}

/// What differs between them.
struct Kind {
    /// The folder of what is made for a view.
    views: &'static str,
    /// The end of all files that are complete.
    extension: &'static str,
}

const ZIP: Kind = Kind { views: "bundles", extension: "zip" };
const GIT: Kind = Kind { views: "views", extension: "part" };

/// Which of them were found to be of this boot of the machine.
#[derive(Debug, Default)]
pub(super) struct Trusted {
    zip: bool,
    git: bool,
}

/// What was removed to make room.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    pub files: u64,
    pub bytes: u64,
}

impl Registry {
    pub(super) fn zip_cache(&self) -> Result<Cache> {
        self.cache(self.folder.zip_cache(), &ZIP, |trusted| &mut trusted.zip)
    }

    pub(super) fn git_cache(&self) -> Result<Cache> {
        self.cache(self.folder.git_cache(), &GIT, |trusted| &mut trusted.git)
    }

    fn cache(
        &self,
        root: PathBuf,
        kind: &'static Kind,
        trusted: impl Fn(&mut Trusted) -> &mut bool,
    ) -> Result<Cache> {
        for folder in [kind.views, PARTS, USERS] {
            make_folder(&root.join(folder), 0o700)?;
        }
        let cache = Cache { root, kind, awaited: self.awaited.clone() };
        // Once in a process, and by one of its threads: what the others make meanwhile must stay.
        let mut all = self.trusted_caches.lock().unwrap_or_else(PoisonError::into_inner);
        let trusted = trusted(&mut all);
        if !*trusted {
            cache.forget_other_boots(&self.world.boot)?;
            *trusted = true;
        }
        Ok(cache)
    }
}

impl Cache {
    /// What is made for a view.
    pub(super) fn view(&self, view: &Digest) -> PathBuf {
        self.root.join(self.kind.views).join(format!("{view}.{}", self.kind.extension))
    }

    pub(super) fn part(&self, plugin: &Digest) -> PathBuf {
        self.root.join(PARTS).join(format!("{plugin}.{}", self.kind.extension))
    }

    /// Whether what is made for a view is there; if so, it is in use.
    pub(super) fn has_view(&self, view: &Digest) -> bool {
        is_there(&self.view(view))
    }

    /// Whether a plugin's part is there; if so, it is in use.
    pub(super) fn has_part(&self, plugin: &Digest) -> bool {
        is_there(&self.part(plugin))
    }

    /// Sees to it that these files, once they are there, are still there for whoever is about to open them.
    pub(super) fn awaits(&self, paths: impl IntoIterator<Item = PathBuf>) -> Hold<PathBuf> {
        self.awaited.hold(paths)
    }

    /// What is remembered of a user.
    pub(super) fn memory(&self, user: &str) -> PathBuf {
        self.root.join(USERS).join(user)
    }

    /// A temporary file that can become one of the others.
    pub(super) fn temporary(&self) -> Result<tempfile::NamedTempFile> {
        let path = self.root.join(self.kind.views);
        tempfile::NamedTempFile::new_in(&path).map_err(|source| Error::Io {
            path,
            doing: "cannot be written to",
            source: bare(source),
        })
    }

    /// Removes what was not used for so long, then what was not used for longest until the rest fits, and
    /// what was left half-made. What was used within `spared` stays, and so does what is awaited or `kept`.
    pub(super) fn prune(
        &self,
        bounds: &CacheSettings,
        spared: Duration,
        kept: &dyn Fn(&Path) -> bool,
    ) -> Result<Pruned> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        let mut pruned = Pruned::default();
        for folder in [self.kind.views, PARTS] {
            for file in list(&self.root.join(folder))? {
                let Ok(facts) = file.metadata() else { continue };
                let age =
                    facts.modified().ok().and_then(|time| now.duration_since(time).ok()).unwrap_or_default();
                let path = file.path();
                let made = path.extension().is_some_and(|extension| extension == self.kind.extension);
                if made {
                    files.push((age, facts.len(), path));
                } else if age > IN_USE {
                    // It may be somebody's who is writing it.
                    pruned.remove(&path, facts.len());
                }
            }
        }
        for file in list(&self.root.join(USERS))? {
            let Ok(facts) = file.metadata() else { continue };
            let modified = facts.modified().ok();
            if modified.and_then(|time| now.duration_since(time).ok()).is_some_and(|age| age > FORGOTTEN) {
                pruned.remove(&file.path(), facts.len());
            }
        }
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.sort();
        while let Some((age, size, path)) = files.pop() {
            if age < spared || (total <= bounds.max_bytes && age <= bounds.max_age) {
                break;
            }
            // It may have been used, or remembered by whoever opened it, since it was listed.
            let unused = || fs::metadata(&path).is_ok_and(|facts| idle(&facts) >= spared) && !kept(&path);
            if self.awaited.unless(&path, || unused() && fs::remove_file(&path).is_ok()) {
                pruned.count(size);
                total -= size;
            }
        }
        Ok(pruned)
    }

    fn forget_other_boots(&self, boot: &str) -> Result<()> {
        let mark = self.root.join("boot");
        if fs::read(&mark).is_ok_and(|seen| seen == boot.as_bytes()) {
            return Ok(());
        }
        for folder in [self.kind.views, PARTS] {
            for file in list(&self.root.join(folder))? {
                remove(&file.path());
            }
        }
        fs::write(&mark, boot).map_err(|source| Error::Io { path: mark, doing: "cannot be written", source })
    }
}

impl Pruned {
    fn remove(&mut self, path: &Path, size: u64) {
        remove(path);
        self.count(size);
    }

    fn count(&mut self, size: u64) {
        self.files += 1;
        self.bytes += size;
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes + other.bytes }
    }
}

/// Whether a file is there, which is used then.
fn is_there(path: &Path) -> bool {
    let Ok(facts) = fs::metadata(path) else { return false };
    // A bundle has hundreds of them: to write that again and again would cost more than it tells.
    if idle(&facts) > IN_USE / 2 {
        touch(path);
    }
    facts.is_file()
}

/// How long a file was not used.
fn idle(facts: &fs::Metadata) -> Duration {
    let used = facts.modified().ok();
    used.and_then(|used| SystemTime::now().duration_since(used).ok()).unwrap_or_default()
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
