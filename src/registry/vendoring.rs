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
use crate::domain::oid::Oid;
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
}

/// The commit that was fetched, or why there is none.
type Outcome = std::result::Result<Oid, String>;

/// What is to be fetched, however many plugins are in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Wanted {
    url: String,
    reference: Option<String>,
    sha: Option<Oid>,
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
            (_, RemoteMode::Skip) => Err(skipped(remote)),
            (Remote::Git(git), _) => match self.outcomes.get(&Wanted::of(git)) {
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
            (Remote::Npm(_) | Remote::Archive(_), _) => {
                Err(format!("its source is remote (`{kind}`), and such sources are not fetched yet"))
            }
        })
    }
}

impl Wanted {
    fn of(git: &GitSource) -> Self {
        // A commit is a commit, whatever it is called beside that.
        let reference = if git.sha.is_some() { None } else { git.reference.clone() };
        Self { url: git.url.clone(), reference, sha: git.sha }
    }

    fn pin(&self) -> Pin {
        match (&self.sha, &self.reference) {
            (Some(sha), _) => Pin::Ref(sha.to_string()),
            (None, Some(name)) => Pin::Name(name.clone()),
            (None, None) => Pin::Default,
        }
    }
}

pub(super) fn skipped(remote: &Remote) -> String {
    format!(
        "its source is remote (`{}`), and those of this marketplace are skipped (`remote`)",
        remote.kind()
    )
}

/// Whether an entry's source may have something new although its marketplace has not.
pub(super) fn may_move(entry: &Entry) -> bool {
    matches!(&entry.source, Source::Remote(Remote::Git(git)) if git.sha.is_none())
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
        let mut wanted: BTreeMap<String, Vec<(Wanted, Option<String>)>> = BTreeMap::new();
        if RemoteMode::of_row(&row.remote) == RemoteMode::Vendor {
            for entry in entries {
                if let Source::Remote(Remote::Git(git)) = &entry.source {
                    let one = Wanted::of(git);
                    let list = wanted.entry(one.url.clone()).or_default();
                    if list.iter().all(|(other, _)| *other != one) {
                        list.push((one, git.reference.clone()));
                    }
                }
            }
        }
        let busy = self.at_work.begin(wanted.keys().cloned().collect());
        let wanted: Vec<_> = wanted.into_iter().collect();
        let total = wanted.len() as u64;
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let outcomes = Mutex::new(HashMap::new());
        let work = || {
            while let Some((_, list)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                for (one, reference) in list {
                    if watch.cancelled() {
                        return;
                    }
                    let outcome = self.fetch_remote(row, token, one, reference.as_deref(), &Quiet(watch));
                    lock(&outcomes).insert(one.clone(), outcome);
                }
                let done = done.fetch_add(1, Ordering::Relaxed) as u64 + 1;
                watch.progress(Phase::Vendoring, done, Some(total));
            }
        };
        let threads = self.settings.sync.remote_jobs.clamp(1, 64).min(wanted.len());
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
        Ok((Vendored { outcomes }, busy))
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

    /// Fetches a commit that was here once.
    ///
    /// # Errors
    /// In a sentence.
    pub(super) fn fetch_again(
        &self,
        row: &MarketplaceRow,
        token: Option<&Secret>,
        place: &remote::Vendored,
        watch: &dyn Watch,
    ) -> std::result::Result<(), String> {
        let wanted = Wanted { url: place.url.clone(), reference: None, sha: Some(place.commit) };
        self.fetch_remote(row, token, &wanted, None, &Quiet(watch)).map(drop)
    }

    /// On which terms something is fetched that a catalog points to. The catalog is a stranger's: what it
    /// points to has to be on the public internet, and is sent no token; but for the very host that the
    /// marketplace is registered at.
    fn remote_terms<'t>(
        &self,
        row: &MarketplaceRow,
        token: Option<&'t Secret>,
        url: &str,
    ) -> std::result::Result<(Option<&'t Secret>, FetchOptions), String> {
        let mut options = self.fetch_options(row);
        let (own, other) = (Origin::of(&row.url), Origin::of(url));
        let is_web = matches!(&other, Origin::Web { .. });
        if own == other && is_web {
            return Ok((token, options));
        }
        if !url.starts_with("https://") {
            return Err(format!(
                "it could not be fetched: `{url}` is not https, and not where the marketplace is"
            ));
        }
        options.allow_address = Some(self.allow_address());
        options.proxies = self.proxies();
        Ok((None, options))
    }
}

impl Registry {
    /// Makes room in the store: keeps the commits that plugins are served from or may be served from again,
    /// and those that they were served from until now, since somebody may be building from them. What
    /// nothing is served from any more goes.
    ///
    /// # Errors
    /// What the database says.
    pub(super) fn tidy_store(&self, before: &[PluginRow]) -> Result<()> {
        let mut keep: HashMap<String, Vec<Oid>> = HashMap::new();
        let former = before.iter().filter_map(|row| row.origin.vendored());
        let former = former.map(|place| (place.url, place.commit));
        let (served, states) = {
            let store = self.store();
            (store.origins(None)?, store.state_origins()?)
        };
        // What a state needs and is lost is no reason to keep all the rest.
        let whole = states.into_iter().filter(|(url, commit)| self.is_whole(url, commit));
        for (url, commit) in served.into_iter().chain(former).chain(whole) {
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
    /// Whether a commit of that address is in the store, with all that belongs to it.
    pub(super) fn is_whole(&self, url: &str, commit: &Oid) -> bool {
        git::holds(&self.folder.vendored(url), commit)
    }

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
