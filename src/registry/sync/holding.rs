//! Syncs of a marketplace that is on hold: what is new is fetched and shown, and served to nobody.

use super::Synced;
use super::step::{Act, Changes, Known, notes_of};
use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::domain::watch::Watch;
use crate::git::{self, Fetched};
use crate::registry::supplies::distrust_after;
use crate::registry::{Error, Registry, Result};
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
        // What cannot be mended is no reason not to take in what is new: that may be approved in its place.
        let mut trouble = Ok(());
        if let Some(served) = served {
            trouble = self.mend_own(row, served, token, watch);
            if trouble.is_ok() && !same_rules {
                trouble = self.read_anew(caller, known, served, &before, true);
            }
            // After damage nothing here is trusted: what is taken in now would cost what is held.
            let is_over = |error: &Error| {
                error.is_cancelled() || matches!(error, Error::Damaged { .. } | Error::Gone { .. })
            };
            if trouble.as_ref().is_err_and(is_over) {
                return trouble.map(|()| synced);
            }
        }
        // Plugins that lie elsewhere may have moved without their marketplace; or what was fetched of them is gone.
        let is_it = |state: &&StateRow| {
            same_rules && state.commit == synced.commit && state.remote == 0 && self.is_here(state)
        };
        let newest = states.first();
        let is_served = |state: &StateRow| served.is_some_and(|served| served.same(state));
        if let Some(newest) = newest.filter(is_it) {
            known.still(&self.store())?;
            synced.notes += notes_of(row);
            synced.pending = !is_served(newest);
        } else {
            let (found, busy) = self.read_commit(row, fetched, token, &before, watch)?;
            (synced.remote_received, synced.remote_failed) = (found.tally.received, found.tally.failed);
            let changes = Changes::between(&before, &found.plugins);
            synced.tell(&found, &changes);
            let state = found.state(&row.id, self.now());
            synced.pending = !is_served(&state);
            if newest.is_some_and(|newest| newest.same(&state)) {
                known.still(&self.store())?;
            } else {
                self.store().transaction(|store| {
                    known.still(store)?;
                    store.add_state(&state)?;
                    self.forget_old_states(store, &row.id, row.state)?;
                    self.record(store, caller, "marketplace.fetch", &row.id, Some(&state.commit))
                })?;
                drop(busy);
                self.tidy_after(&mut synced, row, &found, &before)?;
            }
        }
        trouble?;
        if let Some(served) = served {
            self.mend_others(caller, row, served, token, watch)?;
        }
        Ok(synced)
    }

    /// What is served stays what it is when a sync fails; but what is denied by now is not served on.
    pub(super) fn keep_to_the_rules(&self, caller: &Caller, slug: &str) -> Result<()> {
        let known = Known::one(&self.store(), slug)?;
        if self.has_same_rules(&known.row)? {
            return Ok(());
        }
        let (states, before) = {
            let store = self.store();
            (store.states(Some(slug))?, store.plugins(Some(slug))?)
        };
        let Some(served) = states.iter().find(|state| Some(state.id) == known.row.state) else {
            return Ok(());
        };
        // Nobody reads what is not here; and what cannot be read is not served more rightly for that.
        let own = self.folder.repository(slug);
        let is_here = served.commit.parse().is_ok_and(|commit| git::holds(&own, &commit))
            && served.made.is_none_or(|made| git::holds(&own, &made));
        if is_here && self.read_anew(caller, &known, served, &before, false).is_ok() {
            return Ok(());
        }
        self.withdraw(caller, &known, &before)
    }

    /// Reads what is served by the rules of now. It stays what it is. `looked`: the upstream was asked.
    pub(in crate::registry) fn read_anew(
        &self,
        caller: &Caller,
        known: &Known,
        served: &StateRow,
        before: &[PluginRow],
        looked: bool,
    ) -> Result<()> {
        let of_hosts = self.rules_of_hosts()?;
        let found = self.read_state(&known.row, served, before).inspect_err(distrust_after)?;
        let hold = known.row.hold;
        let act = Act { action: "marketplace.sync", looked, state: Some(served.id), hold };
        let rules = self.rules_of(&known.row, &found, &of_hosts);
        if found.plugins == before && known.row.rules.as_ref() == Some(&rules) {
            return Ok(());
        }
        self.write_down(caller, known, &rules, &found, &act).map(drop)
    }
}
