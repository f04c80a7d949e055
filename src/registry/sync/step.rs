//! One sync of one marketplace: fetch, read, and write down what changed.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::Synced;
use super::finding::{Found, json};
use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::domain::digest::Digest;
use crate::domain::note::Note;
use crate::domain::plugin::remote::KINDS;
use crate::domain::repository::oid::Oid;
use crate::domain::watch::Watch;
use crate::git;
use crate::registry::marketplaces::upstreams::{MADE, made_commit, pin, upstream_commit};
use crate::registry::marketplaces::{row_of, unknown};
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::marketplaces::{MarketplaceRow, Synced as SyncedRow};
use crate::store::plugins::PluginRow;

/// The rules by which plugins are read. When they change, the next sync reads everything anew, even
/// where the upstream did not change.
const RULES: &str = "agnes rules 4";

/// What is known of a marketplace before its sync.
#[derive(Clone)]
pub(in crate::registry) struct Known {
    pub row: MarketplaceRow,
    /// As long as the registry is at this edition, that is how it is.
    pub edition: u64,
}

impl Known {
    pub(in crate::registry) fn one(store: &Store, slug: &str) -> Result<Self> {
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
    /// what the new one has; nor be served, if somebody said meanwhile that nothing new is to be.
    pub(super) fn still(&self, store: &Store) -> Result<()> {
        if self.edition == store.edition() {
            return Ok(());
        }
        let (before, now) = (&self.row, row_of(store, &self.row.id)?);
        let terms =
            |row: &MarketplaceRow| (row.url.clone(), row.branch.clone(), row.reference.clone(), row.hold);
        if terms(&now) == terms(before) { Ok(()) } else { Err(self.changed()) }
    }

    /// And nobody served another state meanwhile.
    pub(in crate::registry) fn unmoved(&self, store: &Store) -> Result<()> {
        self.still(store)?;
        let moved = self.edition != store.edition() && row_of(store, &self.row.id)?.state != self.row.state;
        if moved { Err(self.changed()) } else { Ok(()) }
    }

    fn changed(&self) -> Error {
        let slug = &self.row.id;
        Error::out_of_step(slug, format!("`{slug}` was changed while it was synced"))
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
            pending: false,
            remote_received: 0,
            remote_failed: 0,
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
        if row.hold {
            return self.take_in(caller, known, fetched, token, synced, watch);
        }
        let same = self.is_as_before(row, &fetched.commit)?;
        // Plugins that lie elsewhere may have moved without their marketplace; or what was fetched of them is
        // gone, from a disk or because the folder is another one.
        if same && row.facts.remote == 0 && (row.facts.vendored == 0 || self.has_vendored(&row.id)?) {
            known.still(&self.store())?;
            synced.notes += notes_of(row);
            return Ok(synced);
        }

        let rules_of_hosts = self.rules_of_hosts()?;
        let before = self.store().plugins(Some(&row.id))?;
        let (found, busy) = self.read_commit(row, fetched, token, &before, watch)?;
        (synced.remote_received, synced.remote_failed) = (found.tally.received, found.tally.failed);
        if same && found.made == made_commit(row) && found.plugins == before {
            let store = self.store();
            known.unmoved(&store)?;
            if found.facts != row.facts {
                // What was read again without its upstream is settled now.
                store.set_facts(&row.id, found.facts)?;
            }
            drop(store);
            synced.notes += notes_of(row);
            return Ok(synced);
        }
        let act = Act { action: "marketplace.sync", looked: true, state: None, hold: false };
        let rules = self.rules_of(row, &found, &rules_of_hosts);
        let changes = self.write_down(caller, known, &rules, &found, &act)?;
        synced.changed = true;
        synced.tell(&found, &changes);
        drop(busy);
        self.tidy_after(&mut synced, row, &found, &before)?;
        Ok(synced)
    }

    /// Makes room for what the next syncs bring.
    pub(super) fn tidy_after(
        &self,
        synced: &mut Synced,
        row: &MarketplaceRow,
        found: &Found,
        before: &[PluginRow],
    ) -> Result<()> {
        let path = self.folder.repository(&row.id);
        // Somebody may be building a bundle from the state that was just replaced.
        let others = [upstream_commit(row), found.made, made_commit(row)].into_iter().flatten();
        let mut keep = vec![found.fetched.commit];
        keep.extend(others.filter(|commit| git::holds(&path, commit)));
        for state in self.store().states(Some(&row.id))? {
            // What a state needs and is lost is no reason to keep all the rest.
            let commits = state.commit.parse().ok().into_iter().chain(state.made);
            keep.extend(commits.filter(|commit| git::holds(&path, commit)));
        }
        keep.sort_unstable();
        keep.dedup();
        if let Err(error) = git::compact(&path, &keep) {
            // The sync itself is done; the doctor sees a folder that grows.
            synced.notes += 1;
            let mut notes = found.catalog.notes.clone();
            notes.push(Note::new("not-compacted", error.to_string()));
            self.store().set_notes(&row.id, &json(&notes))?;
        }
        self.tidy_store(before)
    }

    /// Replaces rows and commit, in one transaction.
    pub(in crate::registry) fn write_down(
        &self,
        caller: &Caller,
        known: &Known,
        rules: &str,
        found: &Found,
        act: &Act<'_>,
    ) -> Result<Changes> {
        let (row, commit) = (&known.row, found.fetched.commit.to_string());
        self.store().transaction(|store| {
            known.unmoved(store)?;
            let state = self.note_state(store, row, found, act.state)?;
            let changes = Changes::between(&store.plugins(Some(&row.id))?, &found.plugins);
            store.add_plugins(&changes.added, self.now())?;
            store.put_plugins(&changes.updated, self.now())?;
            for name in &changes.removed {
                store.remove_plugin(&row.id, name)?;
            }
            store.mark_synced(
                &row.id,
                &SyncedRow {
                    at: act.looked.then(|| self.now()),
                    commit: &commit,
                    committed_at: found.committed_at(),
                    rules,
                    renames: &json(&found.catalog.renames),
                    notes: &json(&found.catalog.notes),
                    facts: found.facts,
                    state,
                    hold: act.hold,
                },
            )?;
            self.forget_old_states(store, &row.id, Some(state))?;
            self.record(store, caller, act.action, &row.id, Some(&commit))?;
            Ok(changes)
        })
    }

    fn rules(&self, row: &MarketplaceRow) -> String {
        let sync = &self.settings.sync;
        let settings = json(&(&self.settings.limits, sync.submodules, sync.lfs, &sync.npm_registry));
        format!("{RULES} {} {}", Digest::of(settings.as_bytes()).short(), row.remote)
    }

    /// What is said of hosts belongs to the rules of marketplaces that have plugins or files elsewhere. The others
    /// need not ask the database about it.
    pub(in crate::registry) fn rules_of_hosts(&self) -> Result<String> {
        Ok(format!(" hosts {}", Digest::of(self.hosts()?.line().as_bytes()).short()))
    }

    /// By which rules that was read.
    pub(in crate::registry) fn rules_of(
        &self,
        row: &MarketplaceRow,
        found: &Found,
        of_hosts: &str,
    ) -> String {
        let mut rules = self.rules(row);
        if found.concerns_hosts
            || found.plugins.iter().any(|plugin| KINDS.contains(&plugin.source_type.as_str()))
        {
            rules.push_str(of_hosts);
        }
        if let Some(made) = &found.made {
            rules.extend([MADE, &made.to_string()]);
        }
        rules
    }

    /// Whether a marketplace is at that commit already, by the rules of now.
    pub(super) fn is_as_before(&self, row: &MarketplaceRow, commit: &Oid) -> Result<bool> {
        if upstream_commit(row) != Some(*commit) {
            return Ok(false);
        }
        // What was made may be gone with a disk, and a fetch would not notice.
        if made_commit(row).is_some_and(|made| !git::holds(&self.folder.repository(&row.id), &made)) {
            return Ok(false);
        }
        self.has_same_rules(row)
    }

    pub(super) fn has_same_rules(&self, row: &MarketplaceRow) -> Result<bool> {
        let of_row = row.rules.as_deref().unwrap_or_default();
        let of_row = of_row.split_once(MADE).map_or(of_row, |(rules, _)| rules);
        match of_row.strip_prefix(&self.rules(row)) {
            Some("") => Ok(true),
            Some(hosts) => Ok(hosts == self.rules_of_hosts()?),
            None => Ok(false),
        }
    }
}

/// Why rows are replaced, and what else is written with them.
pub(in crate::registry) struct Act<'a> {
    /// For the audit log.
    pub action: &'a str,
    /// Whether the upstream was asked.
    pub looked: bool,
    /// The number of the state that it is; `None`: the one that was just fetched.
    pub state: Option<i64>,
    /// Whether the marketplace is on hold from then on.
    pub hold: bool,
}

impl Synced {
    pub(super) fn tell(&mut self, found: &Found, changes: &Changes) {
        (self.added, self.updated, self.removed) = changes.counts();
        self.plugins = found.facts.all;
        self.not_served = found.facts.not_served;
        self.notes = found.facts.notes + found.catalog.notes.len() as u64;
    }
}

/// What has to be written, and nothing else: rows that did not change are not touched.
#[derive(Debug, Default)]
pub(in crate::registry) struct Changes {
    added: Vec<PluginRow>,
    updated: Vec<PluginRow>,
    removed: Vec<String>,
}

impl Changes {
    pub(super) fn between(old: &[PluginRow], new: &[PluginRow]) -> Self {
        let old: HashMap<&str, &PluginRow> = old.iter().map(|row| (row.name.as_str(), row)).collect();
        let mut changes = Self::default();
        for row in new {
            match old.get(row.name.as_str()) {
                Some(before) if *before == row => {}
                Some(_) => changes.updated.push(row.clone()),
                None => changes.added.push(row.clone()),
            }
        }
        let there: HashSet<&str> = new.iter().map(|row| row.name.as_str()).collect();
        let gone = old.keys().filter(|name| !there.contains(**name));
        changes.removed = gone.map(|name| (*name).to_owned()).collect();
        changes.removed.sort();
        changes
    }

    /// Added, updated, removed.
    pub(in crate::registry) fn counts(&self) -> (u64, u64, u64) {
        (self.added.len() as u64, self.updated.len() as u64, self.removed.len() as u64)
    }
}

/// How many notes there are on the marketplace itself.
pub(super) fn notes_of(row: &MarketplaceRow) -> u64 {
    serde_json::from_str::<Vec<Note>>(&row.notes).map_or(0, |notes| notes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::plugins::OriginRow;

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
            origin: OriginRow::default(),
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
