//! The ZIP of a view: found in the cache, or built; and of single plugins (`archives`).

pub mod archives;
mod building;
mod memory;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use self::memory::Remembered;
use crate::archive::join;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::digest::Digest;
use crate::registry::cache::{Cache, IN_USE, remove, touch};
use crate::registry::holds::Hold;
use crate::registry::people::users::user_row;
use crate::registry::supplies::distrust_after;
use crate::registry::views::{Glance, UserView};
use crate::registry::{Error, Registry, Result};

/// A bundle in the cache, or a single plugin's ZIP.
#[derive(Debug)]
pub struct Bundle {
    pub email: String,
    /// The view's, or that of the plugin's archive.
    pub digest: Digest,
    pub plugins: u64,
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Until it was opened, the file stays.
    _awaited: Hold<PathBuf>,
}

impl Registry {
    /// The bundle of any user's view, for whoever administers. `user` is an id or an address.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn bundle(&self, caller: &Caller, user: &str) -> Result<Bundle> {
        caller.may(Right::Administer)?;
        let user = user.trim();
        // In memory it is quicker to work a view out than to ask the database about it.
        if self.access()?.is_some() { self.bundle_of(user) } else { self.remembered_bundle(user) }
    }

    /// The bundle of the caller's own view.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn my_bundle(&self, caller: &Caller) -> Result<Bundle> {
        self.bundle_of(caller.own_id()?)
    }

    /// The caller's bundle if it was built before; `glance` is their view.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn built_bundle(&self, caller: &Caller, glance: &Glance) -> Result<Option<Bundle>> {
        caller.own_id()?;
        cached(&self.zip_cache()?, caller.name(), *glance)
    }

    /// For a process that lives for one command, working out the view costs more than all the rest.
    fn remembered_bundle(&self, user: &str) -> Result<Bundle> {
        let cache = self.zip_cache()?;
        let (user, state) = {
            let store = self.store();
            (user_row(&store, user)?, self.state_of_views(&store))
        };
        let memory = cache.memory(&user.id);
        let remembered = state.as_ref().and_then(|state| Remembered::recall(&memory, state));
        if let Some(Remembered { view, plugins }) = remembered
            && let Some(bundle) = cached(&cache, &user.email, Glance { digest: view, plugins })?
        {
            return Ok(bundle);
        }
        // Nobody else has the registry open, so nothing moves on meanwhile.
        let bundle = self.bundle_of_view(&self.view_of_row(&user)?)?;
        // The state was read before the view, so what is remembered is never newer than it says.
        if let Some(state) = &state {
            Remembered { view: bundle.digest, plugins: bundle.plugins }.keep(&memory, state);
        }
        Ok(bundle)
    }

    /// The bundle of a user's view, built if it is not there yet.
    fn bundle_of(&self, user: &str) -> Result<Bundle> {
        let view = self.view_of(user)?;
        self.bundle_of_view(&view).or_else(|error| {
            // Two syncs may have passed since, and what the view was made from is gone. Then it is not
            // the view any more either.
            let now = self.view_of(user)?;
            if now.is_from_where(&view) { Err(error) } else { self.bundle_of_view(&now) }
        })
    }

    fn bundle_of_view(&self, view: &UserView) -> Result<Bundle> {
        self.cached_or_built(&view.email, view.glance(), |cache, path| self.build(cache, view, path))
    }

    /// What is in the cache under that name, or what `build` puts at the path that it is given.
    pub(super) fn cached_or_built(
        &self,
        email: &str,
        glance: Glance,
        build: impl FnOnce(&Cache, &Path) -> Result<()>,
    ) -> Result<Bundle> {
        let cache = self.zip_cache()?;
        if let Some(bundle) = cached(&cache, email, glance)? {
            return Ok(bundle);
        }
        let path = cache.view(&glance.digest);
        let awaited = cache.awaits([path.clone()]);
        remove(&path);
        build(&cache, &path).inspect_err(distrust_after)?;
        // The bundle is there; that others could not be tidied away is no reason to withhold it.
        let _ = cache.prune(&self.settings.cache, IN_USE, &|_| false);
        found(email, glance, path, awaited)
    }
}

impl Bundle {
    /// The file, open: it stays readable when it is removed from the cache.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self) -> Result<File> {
        File::open(&self.path).map_err(|source| unreadable(self.path.clone(), source))
    }
}

/// The bundle of that view if it is in the cache, and whole. Then it is in use.
fn cached(cache: &Cache, email: &str, glance: Glance) -> Result<Option<Bundle>> {
    let path = cache.view(&glance.digest);
    let awaited = cache.awaits([path.clone()]);
    if join::check(&path).is_err() {
        return Ok(None);
    }
    touch(&path);
    found(email, glance, path, awaited).map(Some)
}

fn found(email: &str, glance: Glance, path: PathBuf, awaited: Hold<PathBuf>) -> Result<Bundle> {
    let Glance { digest, plugins } = glance;
    match fs::metadata(&path) {
        Ok(facts) => {
            let (email, size) = (email.to_owned(), facts.len());
            Ok(Bundle { email, digest, plugins, size, path, _awaited: awaited })
        }
        Err(source) => Err(unreadable(path, source)),
    }
}

fn unreadable(path: PathBuf, source: io::Error) -> Error {
    Error::Io { path, doing: "cannot be read", source }
}
