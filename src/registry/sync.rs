//! Bringing marketplaces into step with their upstreams.
//!
//! A sync fetches, reads the catalog at the new commit, finds out what each plugin is, and then
//! replaces rows and commit in one transaction. Whatever fails on the way leaves what was there,
//! which goes on being served, and lands in `last_error`.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::marketplaces::row_of;
use super::turns::Stoppable;
use super::upstreams::{pin, served_commit};
use super::{Error, Registry, Result};
use crate::domain::caller::{Caller, Right};
use crate::domain::digest::Digest;
use crate::domain::note::Note;
use crate::domain::reading::{Plugin, Reading, ReadingError};
use crate::domain::secret::Secret;
use crate::domain::watch::{Phase, Watch};
use crate::git;
use crate::store::Store;
use crate::store::marketplaces::{MarketplaceRow, Synced as SyncedRow};
use crate::store::plugins::PluginRow;

/// The rules by which plugins are read. When they change, the next sync reads everything anew, even
/// where the upstream did not change.
const RULES: &str = "agnes rules 1";

/// The last second of the year 9999: some upstreams' clocks are beyond what a database can hold.
const LATEST: i64 = 253_402_300_799;

/// What a sync of one marketplace did.
#[derive(Debug, Clone)]
pub struct Synced {
    pub id: String,
    pub name: String,
    pub first: bool,
    pub commit: String,
    pub path: String,
    pub plugins: u64,
    pub changed: bool,
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
    pub not_served: u64,
    pub notes: u64,
    /// In microseconds, waiting for one's turn not included.
    pub took: i64,
}

/// What became of several.
#[derive(Debug, Default)]
pub struct SyncedAll {
    pub synced: Vec<Synced>,
    pub failed: Vec<(String, Error)>,
    /// In microseconds.
    pub took: i64,
}

/// Whoever watches a sync of several: one watch for each, and the results as they come.
pub trait Watches: Sync {
    fn watch(&self, slug: &str) -> Box<dyn Watch + '_>;
    fn finished(&self, slug: &str, result: &Result<Synced>);
    fn cancelled(&self) -> bool;
}

impl Registry {
    /// Syncs one marketplace.
    ///
    /// # Errors
    /// See [`Error`]. What was there before is still there.
    pub fn sync(&self, caller: &Caller, slug: &str, watch: &dyn Watch) -> Result<Synced> {
        caller.may(Right::Administer)?;
        let synced = self.sync_one(caller, slug, watch)?;
        self.mark_unchanged([&synced])?;
        Ok(synced)
    }

    /// Syncs those named, or all; `jobs` at a time. One that fails does not stop the others.
    ///
    /// # Errors
    /// When a name is unknown or the caller may not; what becomes of each marketplace is in the
    /// answer.
    pub fn sync_all(
        &self,
        caller: &Caller,
        only: &[String],
        jobs: Option<usize>,
        watches: &dyn Watches,
    ) -> Result<SyncedAll> {
        caller.may(if only.is_empty() { Right::SyncAll } else { Right::Administer })?;
        let began = self.now();
        let slugs: Vec<String> = if only.is_empty() {
            self.store().marketplaces()?.into_iter().map(|row| row.id).collect()
        } else {
            let mut slugs = Vec::new();
            for slug in only {
                let id = self.marketplace_row(slug)?.id;
                if !slugs.contains(&id) {
                    slugs.push(id);
                }
            }
            slugs
        };
        let jobs = jobs.unwrap_or(self.settings.sync.jobs).clamp(1, 64).min(slugs.len().max(1));
        let next = AtomicUsize::new(0);
        let results = Mutex::new(BTreeMap::new());
        let work = || {
            while let Some((i, slug)) = slugs.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
                let sync = || self.sync_one(caller, slug, &*watches.watch(slug));
                let result = if watches.cancelled() {
                    Err(Error::Cancelled)
                } else {
                    // A defect met in one marketplace must not take the others along.
                    catch_unwind(AssertUnwindSafe(sync))
                        .unwrap_or(Err(Error::Defect("it made the sync of this marketplace stop short")))
                };
                watches.finished(slug, &result);
                results.lock().unwrap_or_else(PoisonError::into_inner).insert(i, (slug.clone(), result));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(work);
            }
        });
        let mut all = SyncedAll::default();
        for (slug, result) in results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
            match result {
                Ok(synced) => all.synced.push(synced),
                Err(error) => all.failed.push((slug, error)),
            }
        }
        self.mark_unchanged(&all.synced)?;
        all.took = self.now() - began;
        Ok(all)
    }

    /// Writes that those which did not change were looked at.
    fn mark_unchanged<'a>(&self, synced: impl IntoIterator<Item = &'a Synced>) -> Result<()> {
        let unchanged = synced.into_iter().filter(|synced| !synced.changed).map(|synced| synced.id.as_str());
        Ok(self.store().mark_unchanged(&unchanged.collect::<Vec<_>>(), self.now())?)
    }

    /// Those who ask for a marketplace while it is synced share the next sync of it: `turns` says why.
    fn sync_one(&self, caller: &Caller, slug: &str, watch: &dyn Watch) -> Result<Synced> {
        let watch = Stoppable { registry: self, watch };
        self.take_part(slug, &|| watch.cancelled(), &|| {
            let result = self.sync_now(caller, slug, &watch);
            self.note_outcome(slug, &result);
            result
        })
    }

    fn sync_now(&self, caller: &Caller, slug: &str, watch: &dyn Watch) -> Result<Synced> {
        let began = self.now();
        // Read when it is our turn: whoever had it before may have changed or removed the row. One lock
        // for both, so that a token never meets an address that it is not for.
        let (row, token) = {
            let store = self.store();
            let row = row_of(&store, slug)?;
            let token = self.upstream_token(&row);
            (row, token)
        };
        let mut result = token.and_then(|token| self.bring_into_step(caller, &row, token.as_ref(), watch));
        if let Ok(synced) = &mut result {
            synced.took = self.now() - began;
        }
        if let Err(error) = &result
            && !error.is_cancelled()
        {
            // On a full disk this fails as well, and what it failed for is what has to be heard.
            let _ = self.store().mark_failed(&row.id, &error.to_string());
        }
        result
    }

    fn bring_into_step(
        &self,
        caller: &Caller,
        row: &MarketplaceRow,
        token: Option<&Secret>,
        watch: &dyn Watch,
    ) -> Result<Synced> {
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
        let rules = self.rules();
        let unchanged =
            row.last_commit_sha.as_deref() == Some(&commit) && row.rules.as_deref() == Some(&rules);
        if unchanged {
            let store = self.store();
            refuse_changed(&store, row)?;
            let mut synced = summary(&store, row, &path, commit, &Changes::default())?;
            synced.notes +=
                serde_json::from_str::<Vec<Note>>(&row.notes).map_or(0, |notes| notes.len() as u64);
            return Ok(synced);
        }

        let repository = self.repository(&row.id)?;
        let reader = repository.reader();
        let reading = Reading::open(&reader, fetched.tree, self.settings.limits)?;
        let mut plugins = Vec::new();
        let total = reading.catalog.entries.len() as u64;
        for (i, entry) in reading.catalog.entries.iter().enumerate() {
            if watch.cancelled() {
                return Err(Error::Cancelled);
            }
            watch.progress(Phase::Reading, i as u64, Some(total));
            let plugin = reading.plugin(entry).map_err(ReadingError::Damaged)?;
            plugins.push(plugin_row(&row.id, plugin));
        }
        watch.progress(Phase::Reading, total, Some(total));
        plugins.sort_by(|a, b| a.name.cmp(&b.name));

        let changes = self.store().transaction(|store| {
            refuse_changed(store, row)?;
            let changes = Changes::between(&store.plugins(Some(&row.id))?, &plugins);
            store.add_plugins(&changes.added, self.now())?;
            store.put_plugins(&changes.updated, self.now())?;
            for name in &changes.removed {
                store.remove_plugin(&row.id, name)?;
            }
            let renames = serde_json::to_string(&reading.catalog.renames).unwrap_or_else(|_| "{}".into());
            let notes = serde_json::to_string(&reading.catalog.notes).unwrap_or_else(|_| "[]".into());
            store.mark_synced(
                &row.id,
                &SyncedRow {
                    at: self.now(),
                    commit: &commit,
                    committed_at: fetched.committed_at.clamp(0, LATEST).saturating_mul(1_000_000),
                    rules: &rules,
                    renames: &renames,
                    notes: &notes,
                },
            )?;
            self.record(store, caller, "marketplace.sync", &row.id, Some(&commit))?;
            Ok::<_, Error>(changes)
        })?;
        // Somebody may be building a bundle from the state that was just replaced.
        let keep: Vec<_> = [Some(fetched.commit), served_commit(row)].into_iter().flatten().collect();
        let tidied = git::compact(&path, &keep);
        let mut synced = summary(&self.store(), row, &path, commit, &changes)?;
        synced.changed = true;
        synced.notes += reading.catalog.notes.len() as u64;
        if let Err(error) = tidied {
            // The sync itself is done; the doctor sees a folder that grows.
            synced.notes += 1;
            let note = Note::new("not-compacted", error.to_string());
            let mut notes = reading.catalog.notes.clone();
            notes.push(note);
            self.store()
                .set_notes(&row.id, &serde_json::to_string(&notes).unwrap_or_else(|_| "[]".into()))?;
        }
        Ok(synced)
    }

    fn rules(&self) -> String {
        let limits = serde_json::to_string(&self.settings.limits).unwrap_or_default();
        format!("{RULES} {}", Digest::of(limits.as_bytes()).short())
    }
}

/// An edit does not wait for a sync. What was fetched from the address of before must not pass for
/// what the new one has.
fn refuse_changed(store: &Store, row: &MarketplaceRow) -> Result<()> {
    let now = row_of(store, &row.id)?;
    if (&now.url, &now.branch, &now.reference) == (&row.url, &row.branch, &row.reference) {
        return Ok(());
    }
    Err(Error::out_of_step(&row.id, format!("`{}` was changed while it was synced", row.id)))
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
}

fn summary(
    store: &Store,
    row: &MarketplaceRow,
    path: &Path,
    commit: String,
    changes: &Changes,
) -> Result<Synced> {
    let (plugins, not_served, notes) = store.plugin_facts(&row.id)?;
    Ok(Synced {
        id: row.id.clone(),
        name: row.name.clone(),
        first: row.last_commit_sha.is_none(),
        commit,
        path: path.display().to_string(),
        plugins: u64::try_from(plugins).unwrap_or_default(),
        changed: false,
        added: changes.added.len() as u64,
        updated: changes.updated.len() as u64,
        removed: changes.removed.len() as u64,
        not_served: u64::try_from(not_served).unwrap_or_default(),
        notes: u64::try_from(notes).unwrap_or_default(),
        took: 0,
    })
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
        notes: serde_json::to_string(&plugin.notes).unwrap_or_else(|_| "[]".into()),
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
