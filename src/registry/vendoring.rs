//! Fetching the plugins of a marketplace that lie elsewhere.
//!
//! Each address has one bare repository in the store, shared by all plugins and marketplaces that have
//! something from there. What is fetched is a commit: what was fetched before is never changed, so a
//! fetch that fails costs nothing that is served.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::at_work::Busy;
use super::lfs::Filled;
use super::origin::Origin;
use super::quiet::Quiet;
use super::terms::{Errand, refusal};
use super::{Error, Registry, Result};
use crate::domain::catalog::Entry;
use crate::domain::host::Hosts;
use crate::domain::npm;
use crate::domain::oid::Oid;
use crate::domain::path::RepoPath;
use crate::domain::remote::{self, FAILED, GitSource, Remote, RemoteMode};
use crate::domain::secret::Secret;
use crate::domain::source::Source;
use crate::domain::watch::{Phase, Watch};
use crate::git::{self, FetchError, Fetched, Pin, Upstream};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::states::StateRow;

/// Of the names that stand beside a commit, so many are tried.
const NAMES: usize = 8;

/// What became of the remote sources of a catalog.
pub(super) struct Vendored {
    outcomes: HashMap<Wanted, Outcome>,
    /// Of each folder of a commit the one in which what git LFS keeps is in its place.
    filled: HashMap<(Wanted, RepoPath), std::result::Result<Filled, String>>,
    /// Of those that are no repositories.
    parcels: HashMap<Remote, Parcel>,
    submodules: bool,
    /// Those that follow a tag.
    tags: HashSet<Wanted>,
    hosts: Arc<Hosts>,
    home: Origin,
    /// By the plugin's name: where each was when a state was found that is read again. Nothing is fetched for
    /// that.
    then: Option<BTreeMap<String, remote::Vendored>>,
    pub tally: Tally,
}

/// How many repositories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Something new came of it.
    pub received: u64,
    pub failed: u64,
}

/// The commit that was fetched, or why there is none.
pub(super) type Outcome = std::result::Result<Oid, String>;

/// Where in the store it is, and the commit that was made of it.
pub(super) type Parcel = std::result::Result<(String, Oid), String>;

/// What is to be fetched, however many plugins are in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Wanted {
    url: String,
    reference: Option<String>,
    sha: Option<Oid>,
    /// With what its submodules hold.
    submodules: bool,
}

impl Vendored {
    /// Where the files of an entry's plugin are, or why they are not there. `None`: its source is not remote.
    pub(super) fn of(
        &self,
        entry: &Entry,
        mode: RemoteMode,
    ) -> Option<std::result::Result<remote::Vendored, String>> {
        let Source::Remote(remote) = &entry.source else { return None };
        let kind = remote.kind();
        if let Some(place) = self.place_then(entry).filter(|_| mode != RemoteMode::Skip) {
            return Some(Ok(place.clone()));
        }
        Some(match (remote, mode) {
            (_, RemoteMode::Skip) => Err(format!(
                "its source is remote (`{kind}`), and those of this marketplace are skipped (`remote`)"
            )),
            (Remote::Git(git), _) => match self.outcomes.get(&Wanted::of(git, self.submodules)) {
                Some(Ok(commit)) => self.filled_of(git).map(|filled| {
                    let commit = filled.map_or(*commit, |filled| filled.commit);
                    remote::Vendored { url: git.url.clone(), path: git.path.clone(), commit }
                }),
                Some(Err(why)) => Err(why.clone()),
                None => Err(format!("its source is remote (`{kind}`), and was not fetched")),
            },
            (Remote::Command, _) => {
                Err("its source is a command to run (`command`), and nothing of an upstream is ever run"
                    .into())
            }
            (Remote::Npm(_) | Remote::Archive(_), _) => match self.parcels.get(remote) {
                Some(Ok((url, commit))) => {
                    Ok(remote::Vendored { url: url.clone(), path: RepoPath::root(), commit: *commit })
                }
                Some(Err(why)) => Err(why.clone()),
                None => Err(format!("its source is remote (`{kind}`), and was not fetched")),
            },
        })
    }

    fn filled_of(&self, git: &GitSource) -> std::result::Result<Option<&Filled>, String> {
        let of = (Wanted::of(git, self.submodules), git.path.clone());
        self.filled.get(&of).map(|filled| filled.as_ref().map_err(Clone::clone)).transpose()
    }

    /// What became of the objects that git LFS keeps of an entry's plugin.
    pub(super) fn filled(&self, entry: &Entry) -> Option<&Filled> {
        let Source::Remote(Remote::Git(git)) = &entry.source else { return None };
        self.filled_of(git).ok().flatten()
    }

    /// Where the plugin of an entry was in the state that is read again.
    pub(super) fn place_then(&self, entry: &Entry) -> Option<&remote::Vendored> {
        self.then.as_ref()?.get(entry.name.as_str())
    }

    /// Whether what is there now counts, and not what was there at one time.
    pub(super) fn is_of_now(&self) -> bool {
        self.then.is_none()
    }

    /// The tag that an entry follows, if it is one.
    pub(super) fn tag<'e>(&self, entry: &'e Entry) -> Option<&'e str> {
        let Source::Remote(Remote::Git(git)) = &entry.source else { return None };
        git.reference.as_deref().filter(|_| self.tags.contains(&Wanted::of(git, self.submodules)))
    }

    /// Why nothing of an entry's plugin may come from where its source is, if that is so.
    pub(super) fn refusal(&self, entry: &Entry) -> Option<String> {
        let Source::Remote(remote) = &entry.source else { return None };
        refusal(&self.hosts, &self.home, remote)
    }
}

impl Wanted {
    fn of(git: &GitSource, submodules: bool) -> Self {
        // A commit is a commit, whatever it is called beside that.
        let reference = if git.sha.is_some() { None } else { git.reference.clone() };
        let submodules = submodules && git.has_submodules();
        Self { url: git.url.clone(), reference, sha: git.sha, submodules }
    }

    fn pin(&self) -> Pin {
        match (&self.sha, &self.reference) {
            (Some(sha), _) => Pin::Ref(sha.to_string()),
            (None, Some(name)) => Pin::Name(name.clone()),
            (None, None) => Pin::Default,
        }
    }
}

/// Whether an entry's source may have something new although its marketplace has not.
pub(super) fn may_move(entry: &Entry) -> bool {
    match &entry.source {
        Source::Remote(Remote::Git(git)) => git.sha.is_none(),
        Source::Remote(Remote::Npm(npm)) => npm::exact(npm.version.as_deref()).is_none(),
        _ => false,
    }
}

impl Registry {
    /// Fetches what the entries want, several at a time. One that fails does not stop the others.
    ///
    /// # Errors
    /// When it was cancelled.
    pub(super) fn vendor(
        &self,
        row: &MarketplaceRow,
        token: Option<&Secret>,
        entries: &[Entry],
        watch: &dyn Watch,
    ) -> Result<(Vendored, Busy<'_>)> {
        let (hosts, home) = (self.hosts()?, Origin::of(&row.url));
        let submodules = self.settings.sync.submodules;
        // By address; and beside what is wanted the names that a commit may have, too.
        let mut wanted: BTreeMap<String, BTreeMap<Wanted, BTreeSet<Option<String>>>> = BTreeMap::new();
        let mut folders: BTreeMap<Wanted, BTreeSet<RepoPath>> = BTreeMap::new();
        if RemoteMode::of_row(&row.remote) == RemoteMode::Vendor {
            for entry in entries {
                if let Source::Remote(remote @ Remote::Git(git)) = &entry.source
                    && refusal(&hosts, &home, remote).is_none()
                {
                    let list = wanted.entry(git.url.clone()).or_default();
                    list.entry(Wanted::of(git, submodules)).or_default().insert(git.reference.clone());
                    folders.entry(Wanted::of(git, submodules)).or_default().insert(git.path.clone());
                }
            }
        }
        let until = Instant::now() + self.settings.sync.total_timeout;
        let (unpacked, parcels) = self.wanted_parcels(row, entries, &hosts, &home);
        let busy = self.at_work.begin(wanted.keys().chain(unpacked.keys()).cloned().collect());
        let wanted: Vec<_> = wanted.into_iter().collect();
        let unpacked: Vec<_> = unpacked.into_iter().collect();
        let total = (wanted.len() + unpacked.len()) as u64;
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let found = Mutex::new(Vendored {
            outcomes: HashMap::new(),
            filled: HashMap::new(),
            parcels,
            submodules,
            tags: HashSet::new(),
            hosts: Arc::clone(&hosts),
            home,
            then: None,
            tally: Tally::default(),
        });
        let errand = Errand { row, token, hosts: &hosts };
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (mut received, mut failed) = (false, false);
                let quiet = Quiet { watch, until };
                if let Some((_, list)) = wanted.get(at) {
                    for (one, names) in list {
                        if watch.cancelled() {
                            return;
                        }
                        let outcome = self.fetch_remote(&errand, one, names, &quiet);
                        let paths = folders.get(one).into_iter().flatten();
                        let fill = |path: &RepoPath| {
                            let (commit, _) = outcome.as_ref().ok()?;
                            let filled = self.with_objects(&errand, &one.url, commit, path, &quiet);
                            Some(((one.clone(), path.clone()), filled))
                        };
                        let filled: Vec<_> = paths.filter_map(fill).collect();
                        let mut found = lock(&found);
                        found.filled.extend(filled);
                        match &outcome {
                            Ok((_, fetched)) => {
                                received |= fetched.received;
                                if fetched.is_tag {
                                    found.tags.insert(one.clone());
                                }
                            }
                            Err(_) => failed = true,
                        }
                        found.outcomes.insert(one.clone(), outcome.map(|(commit, _)| commit));
                    }
                } else if let Some((place, list)) = unpacked.get(at - wanted.len()) {
                    for remote in list {
                        if watch.cancelled() {
                            return;
                        }
                        let outcome = self.fetch_parcel(&errand, remote, place, &quiet);
                        let outcome = outcome.map_err(|why| if quiet.is_late() { self.late() } else { why });
                        received |= outcome.as_ref().is_ok_and(|(_, is_new)| *is_new);
                        failed |= outcome.is_err();
                        let outcome = outcome.map(|(commit, _)| (place.clone(), commit));
                        lock(&found).parcels.insert(remote.clone(), outcome);
                    }
                } else {
                    return;
                }
                let mut found = lock(&found);
                found.tally.received += u64::from(received);
                found.tally.failed += u64::from(failed);
                drop(found);
                let done = done.fetch_add(1, Ordering::Relaxed) as u64 + 1;
                watch.progress(Phase::Vendoring, done, Some(total));
            }
        };
        let threads = self.settings.sync.remote_jobs.clamp(1, 64).min(wanted.len() + unpacked.len());
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        if watch.cancelled() {
            return Err(Error::Cancelled);
        }
        Ok((found.into_inner().unwrap_or_else(PoisonError::into_inner), busy))
    }

    /// What lies elsewhere as it was in a state.
    pub(super) fn vendored_then(&self, row: &MarketplaceRow, state: &StateRow) -> Result<Vendored> {
        Ok(Vendored {
            outcomes: HashMap::new(),
            filled: HashMap::new(),
            parcels: HashMap::new(),
            submodules: self.settings.sync.submodules,
            tags: HashSet::new(),
            hosts: self.hosts()?,
            home: Origin::of(&row.url),
            then: Some(state.origins.clone()),
            tally: Tally::default(),
        })
    }

    /// Fetches a commit again that was here once. One that was made here, of an archive, a package or a
    /// repository with its submodules, is not to be had by its name.
    ///
    /// # Errors
    /// When it is not to be had.
    pub(super) fn fetch_again(
        &self,
        row: &MarketplaceRow,
        token: Option<&Secret>,
        place: &remote::Vendored,
        watch: &dyn Watch,
    ) -> Result<()> {
        let wanted =
            Wanted { url: place.url.clone(), reference: None, sha: Some(place.commit), submodules: false };
        let quiet = Quiet { watch, until: Instant::now() + self.settings.sync.total_timeout };
        let errand = Errand { row, token, hosts: &self.hosts()? };
        self.fetch_repository(&errand, &wanted, &BTreeSet::new(), &quiet).map(drop).map_err(|reason| {
            Error::Gone { slug: row.id.clone(), folder: self.folder.vendored(&place.url), reason }
        })
    }

    /// The commit to be served from, and what was fetched for it.
    fn fetch_remote(
        &self,
        errand: &Errand<'_>,
        wanted: &Wanted,
        names: &BTreeSet<Option<String>>,
        watch: &Quiet<'_>,
    ) -> std::result::Result<(Oid, Fetched), String> {
        let fetched = self.fetch_repository(errand, wanted, names, watch)?;
        if !wanted.submodules {
            return Ok((fetched.commit, fetched));
        }
        self.with_submodules(errand, &wanted.url, &fetched.commit, watch).map(|commit| (commit, fetched))
    }

    /// Why what was not done in time was not done.
    fn late(&self) -> String {
        format!(
            "{FAILED}: all that lies elsewhere took longer than {} seconds (`sync.total_timeout`); the next sync \
             goes on from here",
            self.settings.sync.total_timeout.as_secs()
        )
    }

    fn fetch_repository(
        &self,
        errand: &Errand<'_>,
        wanted: &Wanted,
        names: &BTreeSet<Option<String>>,
        watch: &Quiet<'_>,
    ) -> std::result::Result<Fetched, String> {
        let (token, options) = self.remote_terms(errand, &wanted.url)?;
        let (url, token) = (wanted.url.as_str(), token.as_ref());
        let folder = self.folder.vendored(url);
        let fetch = |pin: &Pin| git::fetch(&folder, &Upstream { url, pin, token }, &options, watch);
        let failed = |error: FetchError| match error {
            FetchError::Cancelled if watch.is_late() => self.late(),
            error => format!("{FAILED}: {error}"),
        };
        if watch.is_late() {
            return Err(failed(FetchError::Cancelled));
        }
        match (fetch(&wanted.pin()), wanted.sha) {
            (Ok(fetched), _) => Ok(fetched),
            // Some servers give nothing by its id. Then it may be what a branch or tag is at.
            (Err(error @ (FetchError::RefMissing { .. } | FetchError::Other { .. })), Some(sha)) => {
                let pins = names.iter().take(NAMES);
                let mut pins = pins.map(|name| name.clone().map_or(Pin::Default, Pin::Name));
                let found = pins.find_map(|pin| fetch(&pin).ok().filter(|fetched| fetched.commit == sha));
                found.ok_or_else(|| failed(error))
            }
            (Err(error), _) => Err(failed(error)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
