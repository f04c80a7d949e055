//! One sync of one marketplace: fetch, read, and write down what changed.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::marketplaces::{row_of, unknown};
use super::sync::Synced;
use super::upstreams::{pin, served_commit};
use super::{Error, Registry, Result};
use crate::domain::caller::Caller;
use crate::domain::catalog::Catalog;
use crate::domain::digest::Digest;
use crate::domain::note::Note;
use crate::domain::reading::{Plugin, Reading, ReadingError};
use crate::domain::secret::Secret;
use crate::domain::watch::{Phase, Watch};
use crate::git::{self, Fetched};
use crate::store::Store;
use crate::store::marketplaces::{MarketplaceRow, PluginFacts, Synced as SyncedRow};
use crate::store::plugins::PluginRow;

/// The rules by which plugins are read. When they change, the next sync reads everything anew, even
/// where the upstream did not change.
const RULES: &str = "agnes rules 1";

/// The last second of the year 9999: some upstreams' clocks are beyond what a database can hold.
const LATEST: i64 = 253_402_300_799;

/// What is known of a marketplace before its sync.
#[derive(Clone)]
pub(super) struct Known {
    pub row: MarketplaceRow,
    /// As long as the registry is at this edition, that is how it is.
    pub edition: u64,
}

/// What was found in a commit that is new.
struct Found {
    fetched: Fetched,
    catalog: Catalog,
    plugins: Vec<PluginRow>,
    facts: PluginFacts,
}

impl Known {
    pub(super) fn one(store: &Store, slug: &str) -> Result<Self> {
        Ok(Self { row: row_of(store, slug)?, edition: store.edition() })
    }

    /// Those named, each once and in that order, or all.
    pub(super) fn all(store: &Store, only: &[String]) -> Result<Vec<Self>> {
        let mut rows = store.marketplaces()?;
        if !only.is_empty() {
            if let Some(slug) = only.iter().find(|slug| rows.iter().all(|row| row.id != **slug)) {
                return Err(unknown(slug, &rows));
            }
            rows.retain(|row| only.contains(&row.id));
            rows.sort_by_key(|row| only.iter().position(|slug| *slug == row.id));
        }
        Ok(rows.into_iter().map(|row| Self { row, edition: store.edition() }).collect())
    }

    /// An edit does not wait for a sync. What was fetched from the address of before must not pass for
    /// what the new one has.
    fn still(&self, store: &Store) -> Result<()> {
        if self.edition == store.edition() {
            return Ok(());
        }
        let (before, now) = (&self.row, row_of(store, &self.row.id)?);
        if (&now.url, &now.branch, &now.reference) == (&before.url, &before.branch, &before.reference) {
            return Ok(());
        }
        Err(Error::out_of_step(&before.id, format!("`{}` was changed while it was synced", before.id)))
    }

    fn summary(&self, path: &Path, commit: &str) -> Synced {
        Synced {
            id: self.row.id.clone(),
            name: self.row.name.clone(),
            first: self.row.last_commit_sha.is_none(),
            commit: commit.to_owned(),
            path: path.display().to_string(),
            plugins: self.row.facts.all,
            changed: false,
            added: 0,
            updated: 0,
            removed: 0,
            not_served: self.row.facts.not_served,
            notes: self.row.facts.notes,
            took: 0,
        }
    }
}

impl Registry {
    pub(super) fn bring_into_step(
        &self,
        caller: &Caller,
        known: &Known,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<Synced> {
        let row = &known.row;
        let path = self.folder.repository(&row.id);
        if token.is_none() && row.token_env.is_some() {
            return Err(Error::Invalid {
                message: format!(
                    "the token of `{}` is gone from {}",
                    row.id,
                    self.folder.overlay().display()
                ),
                hint: Some(format!("agnes marketplace edit {} --token-prompt", row.id)),
            });
        }
        let pin = pin(row)?;
        let upstream = git::Upstream { url: &row.url, pin: &pin, token };
        let fetched = git::fetch(&path, &upstream, &self.fetch_options(row), watch)
            .map_err(|source| Error::Fetch { slug: row.id.clone(), source })?;
        let commit = fetched.commit.to_string();
        let mut synced = known.summary(&path, &commit);
        if row.last_commit_sha.as_ref() == Some(&commit) && row.rules.as_deref() == Some(&self.rules()) {
            known.still(&self.store())?;
            synced.notes +=
                serde_json::from_str::<Vec<Note>>(&row.notes).map_or(0, |notes| notes.len() as u64);
            return Ok(synced);
        }

        let found = self.read_commit(&row.id, fetched, watch)?;
        let changes = self.write_down(caller, known, &found)?;
        synced.changed = true;
        (synced.added, synced.updated, synced.removed) = changes.counts();
        synced.plugins = found.facts.all;
        synced.not_served = found.facts.not_served;
        synced.notes = found.facts.notes + found.catalog.notes.len() as u64;

        // Somebody may be building a bundle from the state that was just replaced.
        let keep: Vec<_> = [Some(found.fetched.commit), served_commit(row)].into_iter().flatten().collect();
        if let Err(error) = git::compact(&path, &keep) {
            // The sync itself is done; the doctor sees a folder that grows.
            synced.notes += 1;
            let mut notes = found.catalog.notes;
            notes.push(Note::new("not-compacted", error.to_string()));
            self.store().set_notes(&row.id, &json(&notes))?;
        }
        Ok(synced)
    }

    /// Reads what was fetched: every plugin of the catalog, with its content's digest.
    fn read_commit(&self, slug: &str, fetched: Fetched, watch: &dyn Watch) -> Result<Found> {
        let repository = self.repository(slug)?;
        let reader = repository.reader();
        let reading = Reading::open(&reader, fetched.tree, self.settings.limits)?;
        let mut plugins = Vec::new();
        let mut facts = PluginFacts::default();
        let total = reading.catalog.entries.len() as u64;
        for (i, entry) in reading.catalog.entries.iter().enumerate() {
            if watch.cancelled() {
                return Err(Error::Cancelled);
            }
            watch.progress(Phase::Reading, i as u64, Some(total));
            let plugin = reading.plugin(entry).map_err(ReadingError::Damaged)?;
            facts.all += 1;
            facts.not_served += u64::from(plugin.digest.is_none());
            facts.notes += plugin.notes.len() as u64;
            plugins.push(plugin_row(slug, plugin));
        }
        watch.progress(Phase::Reading, total, Some(total));
        plugins.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Found { fetched, catalog: reading.catalog, plugins, facts })
    }

    /// Replaces rows and commit, in one transaction.
    fn write_down(&self, caller: &Caller, known: &Known, found: &Found) -> Result<Changes> {
        let (row, commit) = (&known.row, found.fetched.commit.to_string());
        self.store().transaction(|store| {
            known.still(store)?;
            let changes = Changes::between(&store.plugins(Some(&row.id))?, &found.plugins);
            store.add_plugins(&changes.added, self.now())?;
            store.put_plugins(&changes.updated, self.now())?;
            for name in &changes.removed {
                store.remove_plugin(&row.id, name)?;
            }
            store.mark_synced(
                &row.id,
                &SyncedRow {
                    at: self.now(),
                    commit: &commit,
                    committed_at: found.fetched.committed_at.clamp(0, LATEST).saturating_mul(1_000_000),
                    rules: &self.rules(),
                    renames: &json(&found.catalog.renames),
                    notes: &json(&found.catalog.notes),
                    facts: found.facts,
                },
            )?;
            self.record(store, caller, "marketplace.sync", &row.id, Some(&commit))?;
            Ok(changes)
        })
    }

    fn rules(&self) -> String {
        let limits = serde_json::to_string(&self.settings.limits).unwrap_or_default();
        format!("{RULES} {}", Digest::of(limits.as_bytes()).short())
    }
}

/// Texts, lists and maps of texts: there is nothing in them that JSON cannot say.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What has to be written, and nothing else: rows that did not change are not touched.
#[derive(Debug, Default)]
struct Changes {
    added: Vec<PluginRow>,
    updated: Vec<PluginRow>,
    removed: Vec<String>,
}

impl Changes {
    fn between(old: &[PluginRow], new: &[PluginRow]) -> Self {
        let old: HashMap<&str, &PluginRow> = old.iter().map(|row| (row.name.as_str(), row)).collect();
        let mut changes = Self::default();
        for row in new {
            match old.get(row.name.as_str()) {
                Some(before) if *before == row => {}
                Some(_) => changes.updated.push(row.clone()),
                None => changes.added.push(row.clone()),
            }
        }
        let gone = old.keys().filter(|name| new.iter().all(|row| row.name != **name));
        changes.removed = gone.map(|name| (*name).to_owned()).collect();
        changes.removed.sort();
        changes
    }

    /// Added, updated, removed.
    fn counts(&self) -> (u64, u64, u64) {
        (self.added.len() as u64, self.updated.len() as u64, self.removed.len() as u64)
    }
}

fn plugin_row(slug: &str, plugin: Plugin) -> PluginRow {
    let text = |field: &str| plugin.entry.get(field).and_then(Value::as_str).map(str::to_owned);
    let author = plugin.entry.get("author").and_then(|author| author.get("name")).and_then(Value::as_str);
    PluginRow {
        marketplace_id: slug.to_owned(),
        description: text("description"),
        author_name: author.map(str::to_owned),
        homepage: text("homepage"),
        category: text("category"),
        source_type: plugin.source.kind().to_owned(),
        source_spec: plugin.raw.get("source").cloned().unwrap_or(Value::Null).to_string(),
        name: plugin.name.to_string(),
        manifest_name: plugin.manifest_name,
        version: plugin.version,
        raw: Value::Object(plugin.raw).to_string(),
        entry: Value::Object(plugin.entry).to_string(),
        strict: plugin.strict,
        digest: plugin.digest.map(|digest| digest.to_string()),
        reason: plugin.reason,
        files: i64::try_from(plugin.files).unwrap_or(i64::MAX),
        bytes: i64::try_from(plugin.bytes).unwrap_or(i64::MAX),
        notes: json(&plugin.notes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, version: &str) -> PluginRow {
        PluginRow {
            marketplace_id: "m".into(),
            name: name.into(),
            manifest_name: name.into(),
            description: None,
            version: Some(version.into()),
            author_name: None,
            homepage: None,
            category: None,
            source_type: "relative".into(),
            source_spec: "null".into(),
            raw: "{}".into(),
            entry: "{}".into(),
            strict: true,
            digest: None,
            reason: None,
            files: 0,
            bytes: 0,
            notes: "[]".into(),
        }
    }

    #[test]
    fn rows_that_did_not_change_are_not_written() {
        let old = [row("a", "1"), row("b", "1"), row("c", "1")];
        let nothing = Changes::between(&old, &old);
        assert!(nothing.updated.is_empty() && nothing.removed.is_empty() && nothing.added.is_empty());

        let changes = Changes::between(&old, &[row("b", "2"), row("c", "1"), row("d", "1")]);
        assert_eq!((changes.updated, changes.added), (vec![row("b", "2")], vec![row("d", "1")]));
        assert_eq!(changes.removed, ["a"]);
    }
}
