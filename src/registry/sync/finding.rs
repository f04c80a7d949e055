//! What is in a commit of a marketplace: its catalog, and each plugin of it, also of those that lie
//! elsewhere.

mod rows;

use std::collections::HashMap;

pub(in crate::registry) use rows::{json, notes_of};
use rows::{moved, plugin_row};

use crate::domain::access::secret::Secret;
use crate::domain::note::Note;
use crate::domain::plugin::catalog::{Catalog, Entry};
use crate::domain::plugin::reading::{Plugin, Reading};
use crate::domain::plugin::remote::{self, FAILED, Remote, RemoteMode};
use crate::domain::plugin::source::Source;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;
use crate::domain::repository::watched::Watched;
use crate::domain::watch::{Phase, Unwatched, Watch};
use crate::git::fetch::redacted;
use crate::git::{self, FetchError, Fetched};
use crate::registry::holds::Hold;
use crate::registry::marketplaces::upstreams::made_commit;
use crate::registry::supplies::Supply;
use crate::registry::vendoring::denied::Lineages;
use crate::registry::vendoring::lfs::{self, ALL, Filled};
use crate::registry::vendoring::quiet::Quiet;
use crate::registry::vendoring::{Tally, Vendored, may_move};
use crate::registry::{Error, Registry, Result};
use crate::store::marketplaces::{MarketplaceRow, PluginFacts};
use crate::store::plugins::{OriginRow, PluginRow};
use crate::store::states::StateRow;

/// The last second of the year 9999: some upstreams' clocks are beyond what a database can hold.
const LATEST: i64 = 253_402_300_799;

pub(in crate::registry) struct Found {
    pub fetched: Fetched,
    /// The commit that was made of it, if plugins are served from one.
    pub made: Option<Oid>,
    /// Whether what is said of hosts has to do with what is in that.
    pub concerns_hosts: bool,
    pub catalog: Catalog,
    /// By name.
    pub plugins: Vec<PluginRow>,
    pub facts: PluginFacts,
    pub tally: Tally,
}

impl Found {
    /// What it is as a state that can be served again. It has no number yet.
    pub(in crate::registry) fn state(&self, slug: &str, fetched_at: i64) -> StateRow {
        let place = |row: &PluginRow| Some((row.name.clone(), row.origin.vendored()?));
        StateRow {
            id: 0,
            marketplace_id: slug.to_owned(),
            commit: self.fetched.commit.to_string(),
            made: self.made,
            committed_at: self.committed_at(),
            fetched_at,
            plugins: self.facts.all,
            remote: self.facts.remote,
            origins: self.plugins.iter().filter_map(place).collect(),
        }
    }

    /// In microseconds, as a database can hold it.
    pub(super) fn committed_at(&self) -> i64 {
        self.fetched.committed_at.clamp(0, LATEST).saturating_mul(1_000_000)
    }
}

/// What is known of a marketplace when its plugins are read.
struct Surroundings<'a> {
    row: &'a MarketplaceRow,
    reading: &'a Reading<'a>,
    /// Neither its commit nor the rules by which it is read are others than when its rows were written.
    same: bool,
    vendored: &'a Vendored,
    /// What git LFS keeps of the marketplace's own repository, if it was asked.
    filled: Option<&'a Filled>,
    lineages: Lineages,
    watch: &'a dyn Watch,
}

/// A plugin as it was read.
struct Read {
    plugin: Plugin,
    origin: OriginRow,
    /// Nothing new can come of it as long as the marketplace stays the same.
    settled: bool,
}

impl Surroundings<'_> {
    /// The row of a plugin of which nothing can be otherwise: it need not be read again. Most are so when a
    /// sync finds that one of two hundred has moved.
    fn unmoved<'b>(&self, entry: &Entry, before: Option<&'b PluginRow>) -> Option<&'b PluginRow> {
        let before = before.filter(|_| self.same)?;
        match self.vendored.of(entry, RemoteMode::of_row(&self.row.remote)) {
            None => {
                let again = self.filled.is_some_and(|filled| filled.again(entry.name.as_str()));
                // One that was not served may have been refused by what was said of hosts then.
                (!again && before.digest.is_some()).then_some(before)
            }
            Some(Ok(place)) => {
                let is_there = before.digest.is_some() && before.origin.vendored().as_ref() == Some(&place);
                let failed = notes_of(before).iter().any(|note| note.code == KEPT);
                let again = self.vendored.filled(entry).is_some_and(|filled| filled.again(ALL));
                (is_there && !failed && !again).then_some(before)
            }
            Some(Err(_)) => None,
        }
    }
}

/// The code of the note that a plugin is served as it was because it could not be fetched.
pub(in crate::registry) const KEPT: &str = "remote-failed";

impl Registry {
    /// Reads what was fetched: every plugin of the catalog, with its content's digest. What lies elsewhere
    /// is fetched too; until the rows are written, nobody else may tidy it away.
    pub(super) fn read_commit(
        &self,
        row: &MarketplaceRow,
        fetched: Fetched,
        token: Option<&Secret>,
        before: &[PluginRow],
        watch: &dyn Watch,
    ) -> Result<(Found, Hold<String>)> {
        let found = self.read_watched(row, fetched, token, before, watch);
        // What stops half-way looks damaged.
        found.map_err(|error| if watch.cancelled() { Error::Cancelled } else { error })
    }

    fn read_watched(
        &self,
        row: &MarketplaceRow,
        fetched: Fetched,
        token: Option<&Secret>,
        before: &[PluginRow],
        watch: &dyn Watch,
    ) -> Result<(Found, Hold<String>)> {
        let limits = self.settings.limits;
        let supply = self.supply(&row.id)?;
        let reader = supply.repository.reader();
        let objects = Watched::new(&reader, watch);
        let reading = supply.reading(&objects, fetched.tree, limits)?;
        let filled = self.with_own_objects(row, &fetched.commit, token, &reading, before, watch)?;
        let made = Some(filled.commit).filter(|made| *made != fetched.commit);
        // What was made since is not known to who reads already.
        let again = made.map(|made| Ok::<_, Error>((made, self.supply(&row.id)?))).transpose()?;
        let again = again.as_ref().map(|(made, supply)| (made, supply, supply.repository.reader()));
        let again =
            again.as_ref().map(|(made, supply, reader)| (made, supply, reader, Watched::new(reader, watch)));
        let (supply, reading) = match &again {
            None => (&supply, reading),
            Some((made, supply, reader, objects)) => {
                let root = reader.commit_tree(made).map_err(|source| supply.damaged(source))?;
                (**supply, supply.reading(objects, root, limits)?)
            }
        };
        let (vendored, busy) = self.vendor(row, token, &reading.catalog.entries, watch)?;
        let same = self.is_as_before(row, &fetched.commit)? && made_commit(row) == made;
        let filled = Some(&filled);
        let lineages = Lineages::default();
        let around =
            Surroundings { row, reading: &reading, same, vendored: &vendored, filled, lineages, watch };
        let (plugins, facts) = self.read_plugins(supply, &around, before)?;
        let (tally, concerns_hosts) = (vendored.tally, filled.is_some_and(Filled::concerns_hosts));
        Ok((Found { fetched, made, concerns_hosts, catalog: reading.catalog, plugins, facts, tally }, busy))
    }

    /// The commit that is read in the place of another, made anew if it is not there.
    pub(in crate::registry) fn made_again(
        &self,
        row: &MarketplaceRow,
        commit: &Oid,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<Oid> {
        let supply = self.supply(&row.id)?;
        let reader = supply.repository.reader();
        let reading = supply.reading_at(&reader, commit, self.settings.limits)?;
        Ok(self.with_own_objects(row, commit, token, &reading, &[], watch)?.commit)
    }

    /// Reads a state again: what its commit has, with the plugins that lie elsewhere as they were then.
    /// Nothing is fetched.
    pub(in crate::registry) fn read_state(
        &self,
        row: &MarketplaceRow,
        state: &StateRow,
        before: &[PluginRow],
    ) -> Result<Found> {
        let supply = self.supply(&row.id)?;
        let reader = supply.repository.reader();
        let commit = state.commit.parse().map_err(Error::invalid)?;
        let facts = reader.commit(&commit).map_err(|source| supply.damaged(source))?;
        let (committed_at, tree) = (facts.committed_at, facts.tree);
        let fetched = Fetched { commit, committed_at, tree, received: false, is_tag: false };
        let limits = self.settings.limits;
        let reading = match &state.made {
            Some(made) => supply.reading_at(&reader, made, limits)?,
            None => supply.reading(&reader, tree, limits)?,
        };
        let vendored = self.vendored_then(row, state)?;
        let asked = self.settings.sync.lfs || state.made.is_some();
        let filled = asked.then(|| Filled::again_of(&supply.folder, state.made.unwrap_or(commit)));
        let filled = filled.as_ref();
        let lineages = Lineages::default();
        let around = Surroundings {
            row,
            reading: &reading,
            same: false,
            vendored: &vendored,
            filled,
            lineages,
            watch: &Unwatched,
        };
        let (plugins, facts) = self.read_plugins(&supply, &around, before)?;
        let (tally, made) = (vendored.tally, state.made);
        let concerns_hosts = filled.is_some_and(Filled::concerns_hosts);
        Ok(Found { fetched, made, concerns_hosts, catalog: reading.catalog, plugins, facts, tally })
    }

    /// Every plugin of a catalog, by name.
    fn read_plugins(
        &self,
        supply: &Supply,
        around: &Surroundings<'_>,
        before: &[PluginRow],
    ) -> Result<(Vec<PluginRow>, PluginFacts)> {
        let before: HashMap<&str, &PluginRow> = before.iter().map(|row| (row.name.as_str(), row)).collect();
        let (row, reading, watch) = (around.row, around.reading, around.watch);
        // There may be as many as a catalog can list, each of them with as many files as a plugin can have.
        let quiet = Quiet::new(watch, self.settings.sync.total_timeout);
        let mut plugins = Vec::new();
        let mut facts = PluginFacts::default();
        let total = reading.catalog.entries.len() as u64;
        for (i, entry) in reading.catalog.entries.iter().enumerate() {
            if quiet.is_late() {
                let reason = "to read its plugins took longer than `sync.total_timeout`".to_owned();
                let source = FetchError::Other { url: redacted(&row.url), reason };
                return Err(Error::Fetch { slug: row.id.clone(), source });
            }
            if watch.cancelled() {
                return Err(Error::Cancelled);
            }
            watch.progress(Phase::Reading, i as u64, Some(total));
            let before = before.get(entry.name.as_str()).copied();
            let (plugin, settled, notes) = if let Some(row) = around.unmoved(entry, before) {
                (row.clone(), !may_move(entry), notes_of(row).len())
            } else {
                let Read { plugin, origin, settled } =
                    self.read_plugin(around, entry, before).map_err(|source| supply.damaged(source))?;
                let notes = plugin.notes.len();
                (plugin_row(&row.id, plugin, origin), settled, notes)
            };
            facts.all += 1;
            facts.not_served += u64::from(plugin.digest.is_none());
            facts.notes += notes as u64;
            facts.remote += u64::from(!settled);
            facts.vendored += u64::from(plugin.origin.url.is_some());
            plugins.push(plugin);
        }
        // Also the last of them may have been stopped half-way.
        if watch.cancelled() {
            return Err(Error::Cancelled);
        }
        watch.progress(Phase::Reading, total, Some(total));
        plugins.sort_by(|a, b| a.name.cmp(&b.name));
        Ok((plugins, facts))
    }

    /// Fails only if the marketplace's own repository is damaged.
    fn read_plugin(
        &self,
        around: &Surroundings<'_>,
        entry: &Entry,
        before: Option<&PluginRow>,
    ) -> std::result::Result<Read, ReadError> {
        let Some(outcome) = around.vendored.of(entry, RemoteMode::of_row(&around.row.remote)) else {
            let (filled, name) = (around.filled, entry.name.as_str());
            let of_hosts = |filled: &Filled| filled.refusal(name, around.vendored.hosts(), &around.row.url);
            if let Some(why) = filled.and_then(of_hosts) {
                let plugin = Plugin::refused(entry, why);
                return Ok(Read { plugin, origin: OriginRow::default(), settled: false });
            }
            let mut plugin = around.reading.plugin(entry, None)?;
            let path = match &plugin.source {
                Source::Local(path) => Some(path.to_key()),
                Source::Remote(_) | Source::Refused(_) => None,
            };
            let commit = filled.filter(|filled| filled.is_in(name)).map(|filled| filled.commit.to_string());
            // What is read again was not asked about.
            let unasked = !around.vendored.is_of_now() && filled.is_some_and(Filled::concerns_hosts);
            let settled = !unasked && !filled.is_some_and(|filled| filled.again(name));
            filled.inspect(|filled| filled.explain(name, &mut plugin.notes));
            let tree = plugin.tree.map(|id| id.to_string());
            let origin = OriginRow { path, commit, tree, ..OriginRow::default() };
            return Ok(Read { plugin, origin, settled });
        };
        if let Some(why) = around.vendored.refusal(entry) {
            // An administrator's word, and none of the upstream's: nothing is served on.
            let plugin = Plugin::refused(entry, why);
            return Ok(Read { plugin, origin: OriginRow::default(), settled: true });
        }
        if around.row.remote == RemoteMode::Link.as_str() && is_linkable(entry) {
            return Ok(Read { plugin: Plugin::linked(entry), origin: OriginRow::default(), settled: true });
        }
        // Neither is what came from somebody who is denied by now, whatever it belongs to.
        let vendors = around.row.remote == RemoteMode::Vendor.as_str();
        let of_hosts = |place: &remote::Vendored| {
            self.refusal_of_place(&around.lineages, around.vendored.hosts(), &around.row.url, place)
        };
        let then = around.vendored.place_then(entry).filter(|_| vendors);
        if let Some(why) = then.and_then(of_hosts) {
            let plugin = Plugin::refused(entry, why);
            return Ok(Read { plugin, origin: OriginRow::default(), settled: false });
        }
        let filled = around.vendored.filled(entry);
        let away = filled.and_then(|filled| filled.away(ALL)).filter(|_| before.is_some_and(lfs::would_lose));
        let outcome = away.map_or(outcome, |why| Err(format!("{FAILED}: {why}")));
        let read = outcome.and_then(|place| self.read_vendored(around, entry, &place, before));
        let mut why = match read {
            Ok(mut read) => {
                filled.inspect(|filled| filled.explain(ALL, &mut read.plugin.notes));
                let again = filled.is_some_and(|filled| filled.again(ALL));
                let settled = around.vendored.is_of_now() && !may_move(entry) && !again;
                return Ok(Read { settled, ..read });
            }
            Err(why) => why,
        };
        // Of another time's nothing takes its place; and the others are served without it.
        if then.is_some() {
            let plugin = Plugin::refused(entry, why);
            return Ok(Read { plugin, origin: OriginRow::default(), settled: false });
        }
        // What was there before goes on being served.
        let kept = before.filter(|row| row.digest.is_some()).and_then(|row| row.origin.vendored());
        let kept = kept.filter(|_| vendors && around.vendored.is_of_now());
        if let Some(denied) = kept.as_ref().and_then(of_hosts) {
            why = denied;
        } else if let Some(place) = kept
            && let Ok(mut read) = self.read_vendored(around, entry, &place, before)
            && read.plugin.digest.is_some()
        {
            let message = format!("{why}; what was fetched before is served on (commit {})", place.commit);
            read.plugin.notes.push(Note::new(KEPT, message));
            return Ok(read);
        }
        let plugin = Plugin::refused(entry, why);
        // Nothing comes of a command, ever.
        let settled = matches!(&entry.source, Source::Remote(Remote::Command)) || !vendors;
        Ok(Read { plugin, origin: OriginRow::default(), settled })
    }

    /// A plugin whose files are in the store. It is not settled.
    fn read_vendored(
        &self,
        around: &Surroundings<'_>,
        entry: &Entry,
        place: &remote::Vendored,
        before: Option<&PluginRow>,
    ) -> std::result::Result<Read, String> {
        let supply = self.vendored_supply(&around.row.id, &place.url).map_err(|error| error.to_string())?;
        let damaged = |error: ReadError| {
            // What stops half-way is not damaged, and nobody is told.
            if !around.watch.cancelled() {
                git::distrust(&supply.folder);
            }
            format!("what was fetched of it is damaged, and the next sync fetches it anew: {error}")
        };
        let reader = supply.repository.reader();
        let elsewhere = supply.elsewhere(&reader, place, &self.settings.limits).map_err(damaged)?;
        let mut plugin = around.reading.plugin(entry, Some(&elsewhere)).map_err(damaged)?;
        let is_other = |old: &Oid| {
            let lineage = around.lineages.of(&supply.folder);
            lineage.upstream(old) != lineage.upstream(&place.commit)
        };
        plugin.notes.extend(moved(around.vendored.tag(entry), &plugin, place, before, &is_other));
        let commit = place.commit.to_string();
        let known = before.map(|row| &row.origin).filter(|origin| {
            origin.url.as_ref() == Some(&place.url) && origin.commit.as_ref() == Some(&commit)
        });
        let origin = OriginRow {
            url: Some(place.url.clone()),
            path: Some(place.path.to_key()),
            commit: Some(commit),
            tree: plugin.tree.map(|id: Oid| id.to_string()),
            fetched_at: known.and_then(|origin| origin.fetched_at).or_else(|| Some(self.now())),
        };
        Ok(Read { plugin, origin, settled: false })
    }
}

/// Whether clients can be told to fetch it themselves. Nobody is told to run what a stranger's catalog says.
fn is_linkable(entry: &Entry) -> bool {
    !matches!(&entry.source, Source::Remote(Remote::Command))
}
