//! Bringing back what a marketplace on hold serves, when it went lost with a disk.
//!
//! What the upstream has now need not be what is served, so that very state is fetched again: the marketplace's own
//! commit, what was made of it, and what its plugins elsewhere were served from.

use std::collections::{BTreeMap, HashMap};

use super::step::Known;
use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::domain::plugin::remote::{RemoteMode, Vendored};
use crate::domain::repository::oid::Oid;
use crate::domain::watch::Watch;
use crate::git;
use crate::registry::vendoring::denied::Lineages;
use crate::registry::vendoring::quiet::Quiet;
use crate::registry::{Error, Registry, Result};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::plugins::PluginRow;
use crate::store::states::StateRow;

impl Registry {
    /// The commit that is served, and the one that was made of it.
    pub(super) fn mend_own(
        &self,
        row: &MarketplaceRow,
        served: &StateRow,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<()> {
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
                return Err(lost(row, reason));
            }
        }
        Ok(())
    }

    /// What lies elsewhere.
    pub(super) fn mend_others(
        &self,
        caller: &Caller,
        row: &MarketplaceRow,
        served: &StateRow,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<()> {
        if RemoteMode::of_row(&row.remote) != RemoteMode::Vendor {
            return Ok(());
        }
        // Of a host that is denied by now nothing is served, be it here or not.
        let (hosts, lineages) = (self.hosts()?, Lineages::default());
        let is_wanted =
            |place: &Vendored| self.refusal_of_place(&lineages, &hosts, &row.url, place).is_none();
        let missing = served.origins.iter().filter(|(_, place)| !self.is_whole(place) && is_wanted(place));
        let missing: Places<'_> = missing.map(|(name, place)| (name.as_str(), place)).collect();
        let trouble = self.fetch_missing(row, served, &missing, token, watch)?;
        let known = Known::one(&self.store(), &row.id)?;
        // Somebody may have had another state served meanwhile.
        let is_other = known.row.state != Some(served.id);
        if is_other || (missing.is_empty() && known.row.facts.not_served == 0) {
            return Ok(());
        }
        let rows = self.store().plugins(Some(&row.id))?;
        // Those that were found to be lost, and are here, are served again.
        let is_back = |row: &PluginRow| {
            let place = served.origins.get(&row.name);
            let is_out = row.digest.is_none() && row.origin.url.is_none();
            is_out && place.is_some_and(|place| self.is_whole(place) && is_wanted(place))
        };
        if rows.iter().any(is_back) {
            self.read_anew(caller, &known, served, &rows, true)?;
        }
        // Of one that was not served before, its row says why.
        let is_served = |row: &&PluginRow| row.digest.is_some();
        match rows.iter().filter(is_served).find_map(|row| trouble.get(row.name.as_str())) {
            None => Ok(()),
            Some(why) => Err(lost(row, why.clone())),
        }
    }

    /// Why some of them cannot be had, by name.
    fn fetch_missing<'s>(
        &self,
        row: &MarketplaceRow,
        served: &StateRow,
        missing: &Places<'s>,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<HashMap<&'s str, String>> {
        let mut trouble = HashMap::new();
        if missing.is_empty() {
            return Ok(trouble);
        }
        // As for the first time: what was made here of an archive, of submodules or of objects is made again.
        let supply = self.supply(&row.id)?;
        let reader = supply.repository.reader();
        let commit = served.made.map_or_else(|| served.commit.parse().map_err(Error::invalid), Ok)?;
        let mut entries = supply.reading_at(&reader, &commit, self.settings.limits)?.catalog.entries;
        entries.retain(|entry| missing.contains_key(entry.name.as_str()));
        let (vendored, _busy) = self.vendor(row, token, &entries, watch)?;
        let entries: HashMap<_, _> = entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        // And what has moved since, by its commit.
        let mut moved: BTreeMap<(&str, Oid), Vec<(&'s str, &'s Vendored)>> = BTreeMap::new();
        for (name, place) in missing.iter().filter(|(_, place)| !self.is_whole(place)) {
            let found = entries.get(name).and_then(|entry| vendored.of(entry, RemoteMode::Vendor));
            trouble.extend(found.and_then(std::result::Result::err).map(|why| (*name, why)));
            // Of what is no repository there is one at each address.
            if place.url.contains('#') {
                trouble.entry(*name).or_insert_with(|| "what is there now is another".to_owned());
            } else {
                moved.entry((&place.url, place.commit)).or_default().push((*name, *place));
            }
        }
        let quiet = Quiet::new(watch, self.settings.sync.total_timeout);
        for (of, places) in moved {
            let folders = places.iter().map(|(_, place)| place.path.clone()).collect();
            let outcome = self.fetch_again(row, token, of, folders, &quiet);
            for (name, _) in places {
                match &outcome {
                    Ok(()) => drop(trouble.remove(name)),
                    Err(why) => drop(trouble.entry(name).or_insert_with(|| why.clone())),
                }
            }
        }
        if watch.cancelled() { Err(Error::Cancelled) } else { Ok(trouble) }
    }
}

/// Name → where it was, of plugins that lie elsewhere.
type Places<'s> = BTreeMap<&'s str, &'s Vendored>;

fn lost(row: &MarketplaceRow, reason: String) -> Error {
    Error::Lost { slug: row.id.clone(), reason }
}
