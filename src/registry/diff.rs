//! What would change for whom between two commits of a marketplace.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::audience::Audience;
use super::marketplaces::row_of;
use super::supplies::Supply;
use super::upstreams::served_commit;
use super::{Error, Registry, Result};
use crate::domain::caller::{Caller, Right};
use crate::domain::catalog::Entry;
use crate::domain::content::{Content, Unservable};
use crate::domain::diff::{self, PluginDiff, Room, Side, Text};
use crate::domain::limits::Limits;
use crate::domain::links::Repo;
use crate::domain::names::PluginName;
use crate::domain::note::quoted;
use crate::domain::oid::Oid;
use crate::domain::reading::{Elsewhere, Plugin, Reading};
use crate::domain::remote::Vendored;
use crate::domain::source::Source;
use crate::domain::tree::ReadError;
use crate::git::{self, Reader};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Compare {
    /// Commits, or how their ids begin.
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
    pub from: Option<Commit>,
    pub to: Commit,
    pub plugins: Vec<Affected>,
    /// How the catalog's list of former names differs.
    pub renames: Option<Text>,
}

#[derive(Debug, Clone, Copy)]
pub struct Commit {
    pub id: Oid,
    /// In microseconds since 1970, by its committer's clock.
    pub committed_at: i64,
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

/// A marketplace at a commit that is held.
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
    /// Compares two commits that are held. Without names: what was served before, and what is served.
    ///
    /// # Errors
    /// See [`Error`]. A commit that is not held is not found.
    pub fn diff(&self, caller: &Caller, marketplace: &str, compare: &Compare) -> Result<MarketplaceDiff> {
        caller.may(Right::Administer)?;
        let only =
            compare.plugin.as_deref().map(str::parse::<PluginName>).transpose().map_err(Error::invalid)?;
        let (row, audience, disabled, places) = {
            let store = self.store();
            let row = row_of(&store, marketplace)?;
            let disabled: HashSet<String> =
                store.disabled_plugins(Some(&row.id))?.into_iter().map(|row| row.name).collect();
            let audience = Audience::of(&store, &row.id)?;
            let rows = store.plugins(Some(&row.id))?.into_iter();
            let places: Places =
                rows.filter_map(|row| row.origin.vendored().map(|place| (row.name, place))).collect();
            (row, audience, disabled, places)
        };
        let held = git::held(&self.folder.repository(&row.id));
        let named =
            |text: &Option<String>| text.as_deref().map(|text| find(&row.id, &held, text)).transpose();
        let to = match named(&compare.to)?.or(served_commit(&row)) {
            Some(to) => to,
            None => return Err(Error::out_of_step(&row.id, format!("`{}` was never synced", row.id))),
        };
        let from = named(&compare.from)?.or_else(|| held.iter().find(|id| **id != to).copied());

        let stock = self.stock(&row.id, [&places])?;
        let facts = |id: &Oid| match stock.reader.commit(id) {
            Ok(facts) => Ok(Commit { id: *id, committed_at: facts.committed_at.saturating_mul(1_000_000) }),
            Err(source) => Err(stock.own.damaged(source)),
        };
        let (from_facts, to_facts) = (from.as_ref().map(facts).transpose()?, facts(&to)?);
        let limits = self.settings.limits;
        let from = from.map(|from| Then::read(&stock, &from, &places, limits)).transpose()?;
        let to = Then::read(&stock, &to, &places, limits)?;
        let diffs = differences(&row.id, from.as_ref(), &to, only.as_ref(), compare.everything, &limits)?;
        let plugins = diffs.into_iter().map(|diff| {
            let (groups, users) = audience.who_has(&diff.name);
            Affected { disabled: disabled.contains(&diff.name), diff, groups, users }
        });
        let renames = |then: &Then<'_>| json!(then.reading.catalog.renames);
        let before = from.as_ref().map_or_else(|| json!({}), renames);
        Ok(MarketplaceDiff {
            plugins: plugins.collect(),
            renames: diff::values(Some(&before), Some(&renames(&to)), &mut ALL.clone()),
            id: row.id,
            from: from_facts,
            to: to_facts,
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
    fn read(stock: &'r Stock, commit: &Oid, places: &'r Places, limits: Limits) -> Result<Self> {
        let reading = stock.own.reading_at(&stock.reader, commit, limits)?;
        let mut then = Self { stock, reading, places, plugins: BTreeMap::new() };
        for entry in &then.reading.catalog.entries {
            let elsewhere = then.elsewhere(entry)?;
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

    fn elsewhere(&self, entry: &Entry) -> Result<Option<Elsewhere<'r>>> {
        let Some(place) = self.place(entry) else { return Ok(None) };
        let Some((_, reader)) = self.stock.others.get(&place.url) else { return Ok(None) };
        let root = reader.commit_tree(&place.commit).map_err(|error| self.damaged(entry, error))?;
        Ok(Some(Elsewhere { repo: Repo::new(reader, root), path: place.path.clone() }))
    }

    fn damaged(&self, entry: &Entry, error: ReadError) -> Error {
        let other = self.place(entry).and_then(|place| self.stock.others.get(&place.url));
        other.map_or(&self.stock.own, |(supply, _)| supply).damaged(error)
    }

    fn side<'s>(&'s self, plugin: &'s Plugin, limits: &Limits) -> Result<Side<'s>> {
        let Some(entry) = self.reading.entry(&plugin.name) else {
            return Err(Error::Defect("a plugin that was read is not in its catalog"));
        };
        let found = match self.elsewhere(entry)? {
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

/// The commit whose id begins like that.
pub(super) fn find(slug: &str, held: &[Oid], text: &str) -> Result<Oid> {
    let text = text.trim().to_ascii_lowercase();
    let fits: Vec<Oid> = match text.len() {
        // Fewer digits are a slip rather than an id.
        4..=40 => held.iter().filter(|id| id.to_string().starts_with(&text)).copied().collect(),
        _ => Vec::new(),
    };
    let listed = |ids: &[Oid]| {
        ids.iter().map(|id| format!("`{}`", &id.to_string()[..12])).collect::<Vec<_>>().join(", ")
    };
    match fits.as_slice() {
        [id] => Ok(*id),
        [] => Err(Error::NotHeld {
            slug: slug.to_owned(),
            commit: quoted(&text).trim_matches('`').to_owned(),
            held: listed(held),
        }),
        several => Err(Error::Conflict {
            message: format!("{} is the beginning of several commits: {}", quoted(&text), listed(several)),
            hint: None,
        }),
    }
}
