//! Bringing marketplaces into step with their upstreams.
//!
//! A sync fetches, reads the catalog at the new commit, finds out what each plugin is, and then
//! replaces rows and commit in one transaction. Whatever fails on the way leaves what was there,
//! which goes on being served, and lands in `last_error`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::upstreams::{pin, served_commit};
use super::{Error, Registry, Result};
use crate::domain::caller::{Caller, Right};
use crate::domain::digest::Digest;
use crate::domain::note::Note;
use crate::domain::reading::{Plugin, Reading, ReadingError};
use crate::domain::watch::{Phase, Watch};
use crate::git;
use crate::store::Store;
use crate::store::marketplaces::{MarketplaceRow, Synced as SyncedRow};
use crate::store::plugins::PluginRow;

/// The rules by which plugins are read. When they change, the next sync reads everything anew, even
/// where the upstream did not change.
const RULES: &str = "agnes rules 1";

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
        let mut results: BTreeMap<usize, Result<Synced>> = std::thread::scope(|scope| {
            let (next, slugs) = (&next, &slugs);
            let workers: Vec<_> = (0..jobs)
                .map(|_| {
                    scope.spawn(move || {
                        let mut mine = Vec::new();
                        loop {
                            let i = next.fetch_add(1, Ordering::Relaxed);
                            let Some(slug) = slugs.get(i) else { break mine };
                            let result = if watches.cancelled() {
                                Err(Error::Cancelled)
                            } else {
                                self.sync_one(caller, slug, &*watches.watch(slug))
                            };
                            watches.finished(slug, &result);
                            mine.push((i, result));
                        }
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        });
        let mut all = SyncedAll::default();
        for (i, slug) in slugs.into_iter().enumerate() {
            match results.remove(&i) {
                Some(Ok(synced)) => all.synced.push(synced),
                Some(Err(error)) => all.failed.push((slug, error)),
                // Its thread died of a defect of ours, which was reported where it happened.
                None => all.failed.push((slug, Error::invalid("the sync of this marketplace broke off"))),
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

    fn sync_one(&self, caller: &Caller, slug: &str, watch: &dyn Watch) -> Result<Synced> {
        let row = self.marketplace_row(slug)?;
        let _turn = self.take_turn(&row.id);
        let began = self.now();
        let mut result = self.bring_into_step(caller, &row, watch);
        if let Ok(synced) = &mut result {
            synced.took = self.now() - began;
        }
        if let Err(error) = &result
            && !matches!(error, Error::Cancelled | Error::Fetch(git::FetchError::Cancelled))
        {
            self.store().mark_failed(&row.id, &error.to_string())?;
        }
        result
    }

    fn bring_into_step(&self, caller: &Caller, row: &MarketplaceRow, watch: &dyn Watch) -> Result<Synced> {
        let path = self.folder.repository(&row.id);
        let token = self.upstream_token(row)?;
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
        let upstream = git::Upstream { url: &row.url, pin: &pin, token: token.as_ref() };
        let fetched = git::fetch(&path, &upstream, &self.fetch_options(), watch)?;
        let commit = fetched.commit.to_string();
        let rules = self.rules();
        let unchanged =
            row.last_commit_sha.as_deref() == Some(&commit) && row.rules.as_deref() == Some(&rules);
        if unchanged {
            let store = self.store();
            return summary(&store, row, &path, commit, &Changes::default());
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
            let changes = Changes::between(&store.plugins(Some(&row.id))?, &plugins);
            store.put_plugins(&changes.put, self.now())?;
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
                    committed_at: fetched.committed_at.saturating_mul(1_000_000),
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

    /// Waits until nobody else in this process syncs that marketplace, and keeps others waiting until
    /// the turn is dropped.
    pub(super) fn take_turn(&self, slug: &str) -> Turn<'_> {
        let mut busy = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        while busy.contains(slug) {
            busy = self.synced.wait(busy).unwrap_or_else(PoisonError::into_inner);
        }
        busy.insert(slug.to_owned());
        Turn { registry: self, slug: slug.to_owned() }
    }
}

pub(super) struct Turn<'a> {
    registry: &'a Registry,
    slug: String,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.registry.syncing.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.slug);
        self.registry.synced.notify_all();
    }
}

/// What has to be written, and nothing else: rows that did not change are not touched.
#[derive(Debug, Default)]
struct Changes {
    put: Vec<PluginRow>,
    added: u64,
    removed: Vec<String>,
}

impl Changes {
    fn between(old: &[PluginRow], new: &[PluginRow]) -> Self {
        let old: HashMap<&str, &PluginRow> = old.iter().map(|row| (row.name.as_str(), row)).collect();
        let mut changes = Self::default();
        for row in new {
            match old.get(row.name.as_str()) {
                Some(before) if *before == row => {}
                before => {
                    changes.added += u64::from(before.is_none());
                    changes.put.push(row.clone());
                }
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
    let (plugins, not_served) = store.plugin_count(&row.id)?;
    let notes = store.plugin_notes(&row.id)?;
    let notes = notes.iter().filter_map(|notes| serde_json::from_str::<Vec<Note>>(notes).ok());
    Ok(Synced {
        id: row.id.clone(),
        name: row.name.clone(),
        first: row.last_commit_sha.is_none(),
        commit,
        path: path.display().to_string(),
        plugins: u64::try_from(plugins).unwrap_or_default(),
        changed: false,
        added: changes.added,
        updated: changes.put.len() as u64 - changes.added,
        removed: changes.removed.len() as u64,
        not_served: u64::try_from(not_served).unwrap_or_default(),
        notes: notes.map(|notes| notes.len() as u64).sum(),
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
