//! What the store has, and what it keeps.

use std::collections::{HashMap, HashSet};
use std::fs;

use crate::domain::plugin::remote::Vendored;
use crate::domain::repository::oid::Oid;
use crate::git;
use crate::registry::{Registry, Result};
use crate::store::plugins::PluginRow;

impl Registry {
    /// The commit in the store that has what is served from there: it may have these folders and no others.
    pub(in crate::registry) fn stand_in(&self, place: &Vendored) -> Oid {
        git::stand_in(&self.folder.vendored(&place.url), &place.commit, &place.path)
    }

    /// Whether what is served from there is in the store, with all that belongs to it.
    pub(in crate::registry) fn is_whole(&self, place: &Vendored) -> bool {
        git::holds(&self.folder.vendored(&place.url), &self.stand_in(place))
    }

    /// Whether all that plugins of a marketplace are served from is in the store.
    pub(in crate::registry) fn has_vendored(&self, slug: &str) -> Result<bool> {
        let origins = self.store().origins(Some(slug))?;
        Ok(origins.iter().all(|place| self.is_whole(place)))
    }

    /// Makes room in the store: keeps the commits that plugins are served from or may be served from again,
    /// and those that they were served from until now, since somebody may be building from them. What
    /// nothing is served from any more goes.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) fn tidy_store(&self, before: &[PluginRow]) -> Result<()> {
        // Before the rows are read: what another sync is at work with until now is in them from now on.
        let at_work = self.at_work.all();
        let mut keep: HashMap<String, Vec<Oid>> = HashMap::new();
        let former = before.iter().filter_map(|row| row.origin.vendored());
        let (served, states) = {
            let store = self.store();
            (store.origins(None)?, store.state_origins()?)
        };
        // What a state needs and is lost is no reason to keep all the rest.
        let whole = states.into_iter().filter(|place| self.is_whole(place));
        for place in served.into_iter().chain(former).chain(whole) {
            let commit = self.stand_in(&place);
            let commits = keep.entry(place.url).or_default();
            if !commits.contains(&commit) {
                commits.push(commit);
            }
        }
        let mut folders: HashMap<_, _> =
            keep.iter().map(|(url, commits)| (self.folder.vendored(url), (url, commits))).collect();
        let busy: HashSet<_> = at_work.keys().map(|url| self.folder.vendored(url)).collect();
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
