//! Syncs of a marketplace that is on hold: what is new is fetched and shown, and served to nobody.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{Act, Changes, Known, notes_of};
use super::supplies::distrust_after;
use super::sync::Synced;
use super::{Error, Registry, Result};
use crate::domain::caller::Caller;
use crate::domain::oid::Oid;
use crate::domain::path::RepoPath;
use crate::domain::secret::Secret;
use crate::domain::watch::Watch;
use crate::git::{self, Fetched};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::plugins::PluginRow;
use crate::store::states::StateRow;

impl Registry {
    /// Remembers what was fetched as a state that somebody may approve.
    pub(super) fn take_in(
        &self,
        caller: &Caller,
        known: &Known,
        fetched: Fetched,
        token: Option<&Secret>,
        mut synced: Synced,
        watch: &dyn Watch,
    ) -> Result<Synced> {
        let row = &known.row;
        let (states, before) = {
            let store = self.store();
            (store.states(Some(&row.id))?, store.plugins(Some(&row.id))?)
        };
        let served = states.iter().find(|state| Some(state.id) == row.state);
        // What was found before was found by the rules of then.
        let same_rules = self.has_same_rules(row)?;
        self.read_anew(caller, known, served, &before)?;
        let newest = states.first();
        let nothing_new = |mut synced: Synced, newest: &StateRow| -> Result<Synced> {
            self.mend(row, served, token, watch)?;
            known.still(&self.store())?;
            synced.pending = !served.is_some_and(|served| served.same(newest));
            Ok(synced)
        };
        // Plugins that lie elsewhere may have moved without their marketplace.
        let is_it = |state: &&StateRow| same_rules && state.commit == synced.commit && state.remote == 0;
        if let Some(newest) = newest.filter(is_it) {
            synced.notes += notes_of(row);
            return nothing_new(synced, newest);
        }
        let (found, busy) = self.read_commit(row, fetched, token, &before, watch)?;
        (synced.remote_received, synced.remote_failed) = (found.tally.received, found.tally.failed);
        let changes = Changes::between(&before, &found.plugins);
        synced.tell(&found, &changes);
        let state = found.state(&row.id, self.now());
        if let Some(newest) = newest.filter(|newest| newest.same(&state)) {
            return nothing_new(synced, newest);
        }
        self.store().transaction(|store| {
            known.still(store)?;
            store.add_state(&state)?;
            self.forget_old_states(store, &row.id, row.state)?;
            self.record(store, caller, "marketplace.fetch", &row.id, Some(&state.commit))
        })?;
        synced.pending = !served.is_some_and(|served| served.same(&state));
        drop(busy);
        self.tidy_after(&mut synced, row, &found, &before)?;
        self.mend(row, served, token, watch)?;
        Ok(synced)
    }

    /// What is served may have gone lost with the disk, and what the upstream has now does not make up for
    /// it: then that very commit is fetched again.
    fn mend(
        &self,
        row: &MarketplaceRow,
        served: Option<&StateRow>,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<()> {
        let Some(served) = served else { return Ok(()) };
        let path = self.folder.repository(&row.id);
        let commit = served.commit.parse().map_err(Error::invalid)?;
        if !git::holds(&path, &commit) {
            let pin = git::Pin::Ref(served.commit.clone());
            let upstream = git::Upstream { url: &row.url, pin: &pin, token };
            git::fetch(&path, &upstream, &self.fetch_options(row), watch)
                .map_err(|source| Error::Fetch { slug: row.id.clone(), source })?;
        }
        if let Some(made) = served.made.filter(|made| !git::holds(&path, made)) {
            let again = self.made_again(row, &commit, token, watch)?;
            if again != made {
                let reason = format!("{made} was made of {commit}, and what is made of it now is {again}");
                return Err(Error::Gone { slug: row.id.clone(), folder: path, reason });
            }
        }
        let mut lost: BTreeMap<(&str, Oid), BTreeSet<RepoPath>> = BTreeMap::new();
        for place in served.origins.values().filter(|place| !self.is_whole(place)) {
            lost.entry((&place.url, place.commit)).or_default().insert(place.path.clone());
        }
        for ((url, commit), folders) in lost {
            self.fetch_again(row, token, (url, commit), folders, watch)?;
        }
        Ok(())
    }

    /// If the rules changed by which plugins are read, what is served is read by those of now. It stays
    /// what it is.
    pub(super) fn read_anew(
        &self,
        caller: &Caller,
        known: &Known,
        served: Option<&StateRow>,
        before: &[PluginRow],
    ) -> Result<()> {
        let Some(served) = served else { return Ok(()) };
        if self.has_same_rules(&known.row)? {
            return Ok(());
        }
        let of_hosts = self.rules_of_hosts()?;
        let found = self.read_state(&known.row, served, before).inspect_err(distrust_after)?;
        let hold = known.row.hold;
        let act = Act { action: "marketplace.sync", looked: hold, state: Some(served.id), hold };
        let rules = self.rules_of(&known.row, &found, &of_hosts);
        self.write_down(caller, known, &rules, &found, &act).map(drop)
    }
}
