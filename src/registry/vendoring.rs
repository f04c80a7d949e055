//! Fetching the plugins of a marketplace that lie elsewhere.
//!
//! Each address has one bare repository in the store, shared by all plugins and marketplaces that have
//! something from there. What is fetched is a commit: what was fetched before is never changed, so a
//! fetch that fails costs nothing that is served.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::origin::Origin;
use super::{Error, Registry, Result};
use crate::domain::catalog::Entry;
use crate::domain::npm;
use crate::domain::oid::Oid;
use crate::domain::path::RepoPath;
use crate::domain::remote::{self, GitSource, Remote, RemoteMode};
use crate::domain::secret::Secret;
use crate::domain::source::Source;
use crate::domain::watch::{Phase, Watch};
use crate::git::{self, FetchError, FetchOptions, Pin, Upstream};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::plugins::PluginRow;

/// What became of the remote sources of a catalog.
pub(super) struct Vendored {
    outcomes: HashMap<Wanted, Outcome>,
    /// Of those that are no repositories.
    parcels: HashMap<Remote, Parcel>,
    submodules: bool,
}

/// Where in the store it is, and the commit that was made of it.
pub(super) type Parcel = std::result::Result<(String, Oid), String>;

/// The commit that was fetched, or why there is none.
pub(super) type Outcome = std::result::Result<Oid, String>;

/// What is to be fetched, however many plugins are in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Wanted {
    url: String,
    reference: Option<String>,
    sha: Option<Oid>,
    /// With what its submodules hold.
    submodules: bool,
}

/// The addresses of the store that syncs are at work with: fetched, and not yet in any row.
#[derive(Default)]
pub(super) struct AtWork(Mutex<HashMap<String, usize>>);

/// While this is held, nobody tidies those addresses.
pub(super) struct Busy<'a> {
    at_work: &'a AtWork,
    urls: Vec<String>,
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
        Some(match (remote, mode) {
            (_, RemoteMode::Skip) => Err(format!(
                "its source is remote (`{kind}`), and those of this marketplace are skipped (`remote`)"
            )),
            (Remote::Git(git), _) => match self.outcomes.get(&Wanted::of(git, self.submodules)) {
                Some(Ok(commit)) => {
                    Ok(remote::Vendored { url: git.url.clone(), path: git.path.clone(), commit: *commit })
                }
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
}

impl Wanted {
    fn of(git: &GitSource, submodules: bool) -> Self {
        // A commit is a commit, whatever it is called beside that.
        let reference = if git.sha.is_some() { None } else { git.reference.clone() };
        Self { url: git.url.clone(), reference, sha: git.sha, submodules: submodules && git.has_submodules() }
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
        let submodules = self.settings.sync.submodules;
        let mut wanted: BTreeMap<String, Vec<(Wanted, Option<String>)>> = BTreeMap::new();
        if RemoteMode::of_row(&row.remote) == RemoteMode::Vendor {
            for entry in entries {
                if let Source::Remote(Remote::Git(git)) = &entry.source {
                    let one = Wanted::of(git, submodules);
                    let list = wanted.entry(one.url.clone()).or_default();
                    if list.iter().all(|(other, _)| *other != one) {
                        list.push((one, git.reference.clone()));
                    }
                }
            }
        }
        let (unpacked, refused) = self.wanted_parcels(row, entries);
        let busy = self.at_work.begin(wanted.keys().chain(unpacked.keys()).cloned().collect());
        let wanted: Vec<_> = wanted.into_iter().collect();
        let unpacked: Vec<_> = unpacked.into_iter().collect();
        let total = (wanted.len() + unpacked.len()) as u64;
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (outcomes, parcels) = (Mutex::new(HashMap::new()), Mutex::new(refused));
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if let Some((_, list)) = wanted.get(at) {
                    for (one, reference) in list {
                        if watch.cancelled() {
                            return;
                        }
                        let mut outcome =
                            self.fetch_remote(row, token, one, reference.as_deref(), &Quiet(watch));
                        if let (Ok(commit), true) = (&outcome, one.submodules) {
                            outcome = self.with_submodules(row, token, &one.url, commit, &Quiet(watch));
                        }
                        lock(&outcomes).insert(one.clone(), outcome);
                    }
                } else if let Some((place, list)) = unpacked.get(at - wanted.len()) {
                    for remote in list {
                        if watch.cancelled() {
                            return;
                        }
                        let outcome = self.fetch_parcel(row, remote, place, &Quiet(watch));
                        let outcome = outcome.map(|commit| (place.clone(), commit));
                        lock(&parcels).insert(remote.clone(), outcome);
                    }
                } else {
                    return;
                }
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
        let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let parcels = parcels.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((Vendored { outcomes, parcels, submodules }, busy))
    }

    fn fetch_remote(
        &self,
        row: &MarketplaceRow,
        token: Option<&Secret>,
        wanted: &Wanted,
        reference: Option<&str>,
        watch: &dyn Watch,
    ) -> Outcome {
        let (token, options) = self.remote_terms(row, token, &wanted.url)?;
        let folder = self.folder.vendored(&wanted.url);
        let fetch =
            |pin: &Pin| git::fetch(&folder, &Upstream { url: &wanted.url, pin, token }, &options, watch);
        let failed = |error: FetchError| format!("it could not be fetched: {error}");
        match (fetch(&wanted.pin()), wanted.sha) {
            (Ok(fetched), _) => Ok(fetched.commit),
            (Err(error @ FetchError::Cancelled), _) | (Err(error), None) => Err(failed(error)),
            // Some servers give nothing by its id. Then it may be what the branch or tag is at.
            (Err(error), Some(sha)) => {
                let name = reference.map_or(Pin::Default, |name| Pin::Name(name.to_owned()));
                match fetch(&name) {
                    Ok(fetched) if fetched.commit == sha => Ok(sha),
                    _ => Err(failed(error)),
                }
            }
        }
    }

    /// On which terms something is fetched that a catalog points to. The catalog is a stranger's: what it
    /// points to has to be on the public internet, and is sent no token; but for the very host that the
    /// marketplace is registered at.
    pub(super) fn remote_terms<'t>(
        &self,
        row: &MarketplaceRow,
        token: Option<&'t Secret>,
        url: &str,
    ) -> std::result::Result<(Option<&'t Secret>, FetchOptions), String> {
        let (own, other) = (Origin::of(&row.url), Origin::of(url));
        let is_web = matches!(&other, Origin::Web { .. });
        if own == other && is_web {
            return Ok((token, self.fetch_options(row)));
        }
        self.strange_terms(row, url).map(|options| (None, options))
    }

    /// The same for what `by` points to, which the catalog points to. Who is not at the marketplace's own host
    /// cannot have us fetch from there with its token.
    pub(super) fn further_terms<'t>(
        &self,
        row: &MarketplaceRow,
        token: Option<&'t Secret>,
        by: &str,
        url: &str,
    ) -> std::result::Result<(Option<&'t Secret>, FetchOptions), String> {
        if Origin::of(by) == Origin::of(&row.url) {
            return self.remote_terms(row, token, url);
        }
        self.strange_terms(row, url).map(|options| (None, options))
    }

    fn strange_terms(&self, row: &MarketplaceRow, url: &str) -> std::result::Result<FetchOptions, String> {
        if !url.starts_with("https://") {
            return Err(format!(
                "it could not be fetched: `{url}` is not https, and not where the marketplace is"
            ));
        }
        let mut options = self.fetch_options(row);
        options.allow_address = Some(self.allow_address());
        options.proxies = self.proxies();
        Ok(options)
    }
}

impl Registry {
    /// Makes room in the store: keeps the commits that plugins are served from, and those that they were
    /// served from until now, since somebody may be building from them. What nothing is served from any
    /// more goes.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn tidy_store(&self, before: &[PluginRow]) -> Result<()> {
        let mut keep: HashMap<String, Vec<Oid>> = HashMap::new();
        let former = before.iter().filter_map(|row| row.origin.vendored());
        let former = former.map(|place| (place.url, place.commit));
        for (url, commit) in self.store().origins(None)?.into_iter().chain(former) {
            let commits = keep.entry(url).or_default();
            if !commits.contains(&commit) {
                commits.push(commit);
            }
        }
        let mut folders: HashMap<_, _> =
            keep.iter().map(|(url, commits)| (self.folder.vendored(url), (url, commits))).collect();
        let at_work = lock(&self.at_work.0);
        let busy: Vec<_> = at_work.keys().map(|url| self.folder.vendored(url)).collect();
        for folder in fs::read_dir(self.folder.store()).into_iter().flatten().flatten() {
            let folder = folder.path();
            if busy.contains(&folder) {
                continue;
            }
            // What cannot be tidied now is tidied after the next sync that finds something new.
            match folders.remove(&folder) {
                Some((_, commits)) => drop(git::compact(&folder, commits)),
                None => drop(fs::remove_dir_all(&folder)),
            }
        }
        Ok(())
    }
}

impl Registry {
    /// Whether all that the marketplace's plugins are served from is in the store. It is not after a backup
    /// was restored, or when some of it turned out to be damaged.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn has_vendored(&self, row: &MarketplaceRow) -> Result<bool> {
        if row.facts.vendored == 0 {
            return Ok(true);
        }
        let origins = self.store().origins(Some(&row.id))?;
        Ok(origins.iter().all(|(url, commit)| git::holds(&self.folder.vendored(url), commit)))
    }
}

/// A fetch among many: it is not watched by itself.
struct Quiet<'a>(&'a dyn Watch);

impl Watch for Quiet<'_> {
    fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

impl AtWork {
    fn begin(&self, urls: Vec<String>) -> Busy<'_> {
        let mut held = lock(&self.0);
        for url in &urls {
            *held.entry(url.clone()).or_default() += 1;
        }
        drop(held);
        Busy { at_work: self, urls }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut held = lock(&self.at_work.0);
        for url in &self.urls {
            if let Some(count) = held.get_mut(url) {
                *count -= 1;
                if *count == 0 {
                    held.remove(url);
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
