//! What would change for whom between two commits of a marketplace.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::audience::Audience;
use super::{Standing, StateRow, find, standing};
use crate::domain::access::caller::{Caller, Right};
use crate::domain::limits::Limits;
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::content::{Content, Unservable};
use crate::domain::plugin::diff::{self, PluginDiff, Room, Side, Text};
use crate::domain::plugin::names::PluginName;
use crate::domain::plugin::reading::{Elsewhere, Plugin, Reading};
use crate::domain::plugin::remote::Vendored;
use crate::domain::plugin::source::Source;
use crate::domain::repository::tree::ReadError;
use crate::git::Reader;
use crate::registry::marketplaces::row_of;
use crate::registry::supplies::Supply;
use crate::registry::{Error, Registry, Result};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Compare {
    /// Commits, how their ids begin, or states.
    pub from: Option<String>,
    pub to: Option<String>,
    /// Of this plugin alone, at greater length.
    pub plugin: Option<String>,
    /// Not only what runs code is shown as text.
    pub everything: bool,
}

#[derive(Debug)]
pub struct MarketplaceDiff {
    pub id: String,
    /// `None`: nothing was there before.
    pub from: Option<(StateRow, Standing)>,
    pub to: (StateRow, Standing),
    pub plugins: Vec<Affected>,
    /// How the catalog's list of former names differs.
    pub renames: Option<Text>,
}

/// A plugin that differs, and who has it.
#[derive(Debug)]
pub struct Affected {
    pub diff: PluginDiff,
    /// Names of the groups that it is granted to.
    pub groups: Vec<String>,
    /// How many are in them.
    pub users: u64,
    /// Nobody gets it, whatever was granted.
    pub disabled: bool,
}

/// What is shown of all plugins together, and of one that was asked for.
const ALL: Room = Room { lines: 1_000, bytes: 8 << 20, work: 1_000_000 };
const ONE: Room = Room { lines: 50_000, bytes: 32 << 20, work: 1_000_000 };

/// A marketplace as it was.
struct Then<'r> {
    stock: &'r Stock,
    reading: Reading<'r>,
    /// Where those are that lie elsewhere.
    places: &'r Places,
    plugins: BTreeMap<PluginName, Plugin>,
}

/// Name → where its files are, of the plugins that lie elsewhere.
type Places = BTreeMap<String, Vendored>;

/// What files are read from: the marketplace's own repository, and those of its plugins, by address.
struct Stock {
    own: Supply,
    reader: Reader,
    others: HashMap<String, (Supply, Reader)>,
}

impl Registry {
    /// Compares two states. Without names: what is served, and what was fetched last; if that is the same, what
    /// was fetched before, and what is served.
    ///
    /// # Errors
    /// See [`Error`]. A commit of which there is no state is not found.
    pub fn diff(&self, caller: &Caller, marketplace: &str, compare: &Compare) -> Result<MarketplaceDiff> {
        caller.may(Right::Administer)?;
        let only =
            compare.plugin.as_deref().map(str::parse::<PluginName>).transpose().map_err(Error::invalid)?;
        let (row, audience, disabled, states) = {
            let store = self.store();
            let row = row_of(&store, marketplace)?;
            let disabled: HashSet<String> =
                store.disabled_plugins(Some(&row.id))?.into_iter().map(|row| row.name).collect();
            let audience = Audience::of(&store, &row.id)?;
            let states = store.states(Some(&row.id))?;
            (row, audience, disabled, states)
        };
        let named =
            |text: &Option<String>| text.as_deref().map(|text| find(&row.id, &states, text)).transpose();
        let Some(to) = named(&compare.to)?.or(states.first()) else {
            return Err(Error::out_of_step(&row.id, format!("nothing was fetched of `{}` yet", row.id)));
        };
        let served = states.iter().find(|state| Some(state.id) == row.state);
        // Where nothing waits, what the latest sync changed.
        let usual = served.filter(|served| !served.same(to)).or_else(|| {
            let earlier = states.iter().find(|state| state.id < to.id);
            earlier.filter(|_| served.is_some())
        });
        let from = named(&compare.from)?.or(usual);

        let stock = self.stock(&row.id, from.into_iter().chain([to]).map(|state| &state.origins))?;
        let limits = self.settings.limits;
        let before = from.map(|from| Then::read(&stock, from, limits)).transpose()?;
        let after = Then::read(&stock, to, limits)?;
        let diffs =
            differences(&row.id, before.as_ref(), &after, only.as_ref(), compare.everything, &limits)?;
        let plugins = diffs.into_iter().map(|diff| {
            let (groups, users) = audience.who_has(&diff.name);
            Affected { disabled: disabled.contains(&diff.name), diff, groups, users }
        });
        let renames = |then: &Then<'_>| json!(then.reading.catalog.renames);
        let former = before.as_ref().map_or_else(|| json!({}), renames);
        let told = |state: &StateRow| (state.clone(), standing(state, row.state));
        Ok(MarketplaceDiff {
            plugins: plugins.collect(),
            renames: diff::values(Some(&former), Some(&renames(&after)), &mut ALL.clone()),
            from: from.map(told),
            to: told(to),
            id: row.id,
        })
    }

    fn stock<'p>(&self, slug: &str, places: impl IntoIterator<Item = &'p Places>) -> Result<Stock> {
        let own = self.supply(slug)?;
        let mut others = HashMap::new();
        for place in places.into_iter().flat_map(BTreeMap::values) {
            if !others.contains_key(&place.url) {
                let supply = self.vendored_supply(slug, &place.url)?;
                let reader = supply.repository.reader();
                others.insert(place.url.clone(), (supply, reader));
            }
        }
        Ok(Stock { reader: own.repository.reader(), own, others })
    }
}

fn differences(
    slug: &str,
    from: Option<&Then<'_>>,
    to: &Then<'_>,
    only: Option<&PluginName>,
    everything: bool,
    limits: &Limits,
) -> Result<Vec<PluginDiff>> {
    let names: BTreeSet<&PluginName> =
        from.into_iter().chain([to]).flat_map(|then| then.plugins.keys()).collect();
    if let Some(only) = only.filter(|only| !names.contains(only)) {
        return Err(Error::NotFound {
            what: "plugin",
            name: format!("{slug}/{only}"),
            known: names.into_iter().map(|name| format!("{slug}/{name}")).collect(),
        });
    }
    let mut room = if only.is_some() { ONE } else { ALL };
    let mut diffs = Vec::new();
    for name in names.into_iter().filter(|name| only.is_none_or(|only| only == *name)) {
        let (before, after) = (from.and_then(|from| from.plugins.get(name)), to.plugins.get(name));
        if let (Some(before), Some(after)) = (before, after)
            && !diff::differs(before, after)
        {
            continue;
        }
        let before = from.zip(before).map(|(then, plugin)| then.side(plugin, limits)).transpose()?;
        let after = after.map(|plugin| to.side(plugin, limits)).transpose()?;
        let diff = diff::plugin(before.as_ref(), after.as_ref(), everything, &mut room);
        diffs.extend(diff.map_err(|error| to.stock.own.damaged(error))?);
    }
    Ok(diffs)
}

impl<'r> Then<'r> {
    fn read(stock: &'r Stock, state: &'r StateRow, limits: Limits) -> Result<Self> {
        let commit = state.made.map_or_else(|| state.commit.parse(), Ok).map_err(Error::invalid)?;
        let reading = stock.own.reading_at(&stock.reader, &commit, limits)?;
        let mut then = Self { stock, reading, places: &state.origins, plugins: BTreeMap::new() };
        for entry in &then.reading.catalog.entries {
            let elsewhere = then.elsewhere(entry, &limits)?;
            let plugin =
                then.reading.plugin(entry, elsewhere.as_ref()).map_err(|error| then.damaged(entry, error))?;
            then.plugins.insert(entry.name.clone(), plugin);
        }
        Ok(then)
    }

    /// Where a plugin is, if not in its marketplace.
    fn place(&self, entry: &Entry) -> Option<&'r Vendored> {
        self.places.get(entry.name.as_str()).filter(|_| matches!(entry.source, Source::Remote(_)))
    }

    fn elsewhere(&self, entry: &Entry, limits: &Limits) -> Result<Option<Elsewhere<'r>>> {
        let Some(place) = self.place(entry) else { return Ok(None) };
        let Some((supply, reader)) = self.stock.others.get(&place.url) else { return Ok(None) };
        supply.elsewhere(reader, place, limits).map(Some).map_err(|error| self.damaged(entry, error))
    }

    fn damaged(&self, entry: &Entry, error: ReadError) -> Error {
        let other = self.place(entry).and_then(|place| self.stock.others.get(&place.url));
        other.map_or(&self.stock.own, |(supply, _)| supply).damaged(error)
    }

    fn side<'s>(&'s self, plugin: &'s Plugin, limits: &Limits) -> Result<Side<'s>> {
        let Some(entry) = self.reading.entry(&plugin.name) else {
            return Err(Error::Defect("a plugin that was read is not in its catalog"));
        };
        let found = match self.elsewhere(entry, limits)? {
            Some(elsewhere) => elsewhere.content(limits),
            None => self.reading.content(entry),
        };
        let content = match found {
            Ok(content) => content,
            Err(Unservable::Read(error)) => return Err(self.damaged(entry, error)),
            // Its reason says it.
            Err(_) => Content::default(),
        };
        let origin = self.place(entry);
        let other = origin.and_then(|place| self.stock.others.get(&place.url));
        let objects: &Reader = other.map_or(&self.stock.reader, |(_, reader)| reader);
        Ok(Side { plugin, content, objects, origin })
    }
}
