//! Fetching the plugins of a marketplace that lie elsewhere.
//!
//! Each address has one bare repository in the store, shared by all plugins and marketplaces that have
//! something from there. What is fetched is a commit: what was fetched before is never changed, so a
//! fetch that fails costs nothing that is served.
//!
//! Here are repositories; `parcels` are archives and npm packages, `submodules` and `lfs` what a commit of any of them
//! points to. `terms` says from whom and with whose token, `denied` what is not served any more, `given` who gave what,
//! and `stock` is what the store has and keeps.

pub(super) mod denied;
pub(super) mod given;
pub(super) mod lfs;
mod parcels;
pub(super) mod quiet;
mod stock;
mod submodules;
pub(super) mod terms;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use self::denied::forget_if_denied;
use self::lfs::Filled;
use self::quiet::Quiet;
use self::terms::{Errand, refusal};
use crate::domain::access::secret::Secret;
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::npm;
use crate::domain::plugin::remote::{self, FAILED, GitSource, Remote, RemoteMode};
use crate::domain::plugin::source::Source;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::upstream::host::Hosts;
use crate::domain::watch::{Phase, Watch};
use crate::git::{self, Brought, FetchError, Pin, Upstream};
use crate::registry::holds::Hold;
use crate::registry::marketplaces::origin::Origin;
use crate::registry::{Error, Registry, Result};
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
    fn nothing(submodules: bool, hosts: Arc<Hosts>, home: Origin) -> Self {
        Self {
            outcomes: HashMap::new(),
            filled: HashMap::new(),
            parcels: HashMap::new(),
            submodules,
            tags: HashSet::new(),
            hosts,
            home,
            then: None,
            tally: Tally::default(),
        }
    }

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

    /// What is said of hosts now.
    pub(super) fn hosts(&self) -> &Hosts {
        &self.hosts
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

/// How it is wanted by those plugins together.
#[derive(Debug, Default)]
struct Extent {
    /// The names that a commit may have beside its id.
    names: BTreeSet<Option<String>>,
    /// Of the repository these, if not all of it.
    folders: BTreeSet<RepoPath>,
}

impl Extent {
    fn is_all(&self) -> bool {
        self.folders.iter().any(RepoPath::is_root)
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
    ) -> Result<(Vendored, Hold<String>)> {
        let (hosts, home) = (self.hosts()?, Origin::of(&row.url));
        let submodules = self.settings.sync.submodules;
        let mut wanted: BTreeMap<String, BTreeMap<Wanted, Extent>> = BTreeMap::new();
        if RemoteMode::of_row(&row.remote) == RemoteMode::Vendor {
            for entry in entries {
                if let Source::Remote(remote @ Remote::Git(git)) = &entry.source
                    && refusal(&hosts, &home, remote).is_none()
                {
                    let list = wanted.entry(git.url.clone()).or_default();
                    let extent = list.entry(Wanted::of(git, submodules)).or_default();
                    extent.names.insert(git.reference.clone());
                    extent.folders.insert(git.path.clone());
                }
            }
        }
        let until = Instant::now() + self.settings.sync.total_timeout;
        let (unpacked, parcels) = self.wanted_parcels(row, entries, &hosts, &home);
        let busy = self.at_work.hold(wanted.keys().chain(unpacked.keys()).cloned());
        // All of a commit first: then its folders are here.
        let in_order = |list: BTreeMap<Wanted, Extent>| {
            let mut list: Vec<_> = list.into_iter().collect();
            list.sort_by_key(|(_, extent)| !extent.is_all());
            list
        };
        let wanted: Vec<_> = wanted.into_iter().map(|(url, list)| (url, in_order(list))).collect();
        let unpacked: Vec<_> = unpacked.into_iter().collect();
        let total = (wanted.len() + unpacked.len()) as u64;
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let found =
            Mutex::new(Vendored { parcels, ..Vendored::nothing(submodules, Arc::clone(&hosts), home) });
        let errand = Errand { row, token, hosts: &hosts };
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (mut received, mut failed) = (false, false);
                let quiet = Quiet { watch, until };
                if let Some((_, list)) = wanted.get(at) {
                    for (one, extent) in list {
                        if watch.cancelled() {
                            return;
                        }
                        let outcome = self.fetch_remote(&errand, one, extent, &quiet);
                        let commit = outcome.as_ref().ok().map(|(commit, _)| commit);
                        let fill = |path| {
                            let filled = self.with_objects(&errand, &one.url, commit?, path, &quiet);
                            Some(((one.clone(), path.clone()), filled))
                        };
                        let filled: Vec<_> = extent.folders.iter().filter_map(fill).collect();
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
        let nothing = Vendored::nothing(self.settings.sync.submodules, self.hosts()?, Origin::of(&row.url));
        Ok(Vendored { then: Some(state.origins.clone()), ..nothing })
    }

    /// Fetches folders of a commit again that were here once. One that was made here, of an archive, a package or a
    /// repository with its submodules, is not to be had by its name.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub(super) fn fetch_again(
        &self,
        row: &MarketplaceRow,
        token: Option<&Secret>,
        (url, commit): (&str, Oid),
        folders: BTreeSet<RepoPath>,
        watch: &Quiet<'_>,
    ) -> std::result::Result<(), String> {
        let _busy = self.at_work.hold([url.to_owned()]);
        let wanted = Wanted { url: url.to_owned(), reference: None, sha: Some(commit), submodules: false };
        let extent = Extent { folders, ..Extent::default() };
        let hosts = &self.hosts().map_err(|error| error.to_string())?;
        let errand = Errand { row, token, hosts };
        self.fetch_repository(&errand, &wanted, &extent, watch).map(drop)
    }

    /// The commit to be served from, and what was fetched for it.
    fn fetch_remote(
        &self,
        errand: &Errand<'_>,
        wanted: &Wanted,
        extent: &Extent,
        watch: &Quiet<'_>,
    ) -> std::result::Result<(Oid, Brought), String> {
        let fetched = self.fetch_repository(errand, wanted, extent, watch)?;
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
        extent: &Extent,
        watch: &Quiet<'_>,
    ) -> std::result::Result<Brought, String> {
        let (token, options) = self.remote_terms(errand, &wanted.url)?;
        let (url, token) = (wanted.url.as_str(), token.as_ref());
        let folder = self.folder.vendored(url);
        let folders: Vec<RepoPath> = extent.folders.iter().cloned().collect();
        let fetch = |pin: &Pin| {
            let upstream = Upstream { url, pin, token };
            if extent.is_all() {
                return git::fetch(&folder, &upstream, &options, watch).map(Brought::from);
            }
            git::fetch_folders(&folder, &upstream, &folders, &options, watch)
        };
        let failed = |error: FetchError| match error {
            FetchError::Cancelled if watch.is_late() => self.late(),
            error => format!("{FAILED}: {error}"),
        };
        if watch.is_late() {
            return Err(failed(FetchError::Cancelled));
        }
        let attempt = || match (fetch(&wanted.pin()), wanted.sha) {
            (Ok(fetched), _) => Ok(fetched),
            // Some servers give nothing by its id. Then it may be what a branch or tag is at.
            (Err(error @ (FetchError::RefMissing { .. } | FetchError::Other { .. })), Some(sha)) => {
                let pins = extent.names.iter().take(NAMES);
                let mut pins = pins.map(|name| name.clone().map_or(Pin::Default, Pin::Name));
                let found = pins.find_map(|pin| fetch(&pin).ok().filter(|fetched| fetched.commit == sha));
                found.ok_or_else(|| failed(error))
            }
            (Err(error), _) => Err(failed(error)),
        };
        let fetched = attempt()?;
        if !fetched.received && forget_if_denied(errand.hosts, &folder, &fetched.commit, url) {
            return attempt();
        }
        Ok(fetched)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
