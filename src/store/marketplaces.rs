//! Rows of `marketplace_registry`.

use duckdb::types::{TimeUnit, ToSql, Value};
use duckdb::{Row, params};

use super::changes::Change;
use super::{Store, StoreError};
use crate::domain::plugin::remote::RemoteMode;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketplaceRow {
    pub id: String,
    pub name: String,
    pub url: String,
    pub branch: Option<String>,
    pub reference: Option<String>,
    pub description: Option<String>,
    pub token_env: Option<String>,
    pub registered_by: String,
    pub registered_at: i64,
    pub last_synced_at: Option<i64>,
    pub last_commit_sha: Option<String>,
    pub last_commit_at: Option<i64>,
    pub last_error: Option<String>,
    pub curator_name: Option<String>,
    pub curator_email: Option<String>,
    pub name_prefix: Option<String>,
    pub versions: String,
    pub rules: Option<String>,
    pub renames: String,
    pub notes: String,
    pub facts: PluginFacts,
    /// Its address came over https: it is fetched from public addresses only.
    pub public_only: bool,
    /// What is done with plugins that lie elsewhere: `vendor`, `link` or `skip`.
    pub remote: String,
    /// Syncs serve nothing new: that takes an approval.
    pub hold: bool,
    /// The number of the state that is served.
    pub state: Option<i64>,
}

/// How many plugins a marketplace has, how many of them are not served, and how many notes there are
/// on them: as the last sync that found something new left it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PluginFacts {
    pub all: u64,
    pub not_served: u64,
    pub notes: u64,
    /// Those that lie elsewhere and may have moved without the marketplace, or could not be fetched.
    pub remote: u64,
    /// Those whose files are in the store, and not in the marketplace's own repository.
    pub vendored: u64,
}

/// Plain columns: a function in them takes DuckDB longer to plan than all rows to read. Times come in microseconds,
/// as a TIMESTAMP keeps them.
const COLUMNS: &str = "id, name, url, branch, ref, description, token_env, registered_by, registered_at, \
     last_synced_at, last_commit_sha, last_commit_at, last_error, curator_name, curator_email, name_prefix, versions, \
     rules, renames, notes, plugin_count, not_served_count, note_count, public_only, remote, remote_count, \
     vendored_count, hold, state_id";

fn read(row: &Row<'_>) -> duckdb::Result<MarketplaceRow> {
    // Columns that were added later cannot be NOT NULL.
    let count = |i: usize| Ok::<_, duckdb::Error>(row.get::<_, Option<u64>>(i)?.unwrap_or_default());
    let flag = |i: usize| Ok::<_, duckdb::Error>(row.get::<_, Option<bool>>(i)?.unwrap_or_default());
    Ok(MarketplaceRow {
        id: row.get(0)?,
        name: row.get(1)?,
        url: row.get(2)?,
        branch: row.get(3)?,
        reference: row.get(4)?,
        description: row.get(5)?,
        token_env: row.get(6)?,
        registered_by: row.get(7)?,
        registered_at: row.get(8)?,
        last_synced_at: row.get(9)?,
        last_commit_sha: row.get(10)?,
        last_commit_at: row.get(11)?,
        last_error: row.get(12)?,
        curator_name: row.get(13)?,
        curator_email: row.get(14)?,
        name_prefix: row.get(15)?,
        versions: row.get(16)?,
        rules: row.get(17)?,
        renames: row.get(18)?,
        notes: row.get(19)?,
        facts: PluginFacts {
            all: count(20)?,
            not_served: count(21)?,
            notes: count(22)?,
            remote: count(25)?,
            vendored: count(26)?,
        },
        public_only: flag(23)?,
        remote: row
            .get::<_, Option<String>>(24)?
            .unwrap_or_else(|| RemoteMode::default().as_str().to_owned()),
        hold: flag(27)?,
        state: row.get(28)?,
    })
}

/// What a successful sync found out about the marketplace itself.
#[derive(Debug, Clone)]
pub struct Synced<'a> {
    /// `None`: nobody looked at the upstream.
    pub at: Option<i64>,
    pub commit: &'a str,
    pub committed_at: i64,
    pub rules: &'a str,
    pub renames: &'a str,
    pub notes: &'a str,
    pub facts: PluginFacts,
    /// The number of the state that this is.
    pub state: i64,
    pub hold: bool,
}

impl Store {
    /// As long as this is the same, so are all rows, but for when they were last looked at.
    #[must_use]
    pub fn edition(&self) -> u64 {
        self.edition.get()
    }

    fn wrote(&self, id: &str) {
        self.edition.update(|n| n + 1);
        self.note(|| Change::Marketplace { id: id.to_owned() });
    }

    /// All of them, as they were registered.
    ///
    /// # Errors
    /// What the database says.
    pub fn marketplaces(&self) -> Result<Vec<MarketplaceRow>, StoreError> {
        // Sorted here: DuckDB takes longer to set a sort up than to read the rows.
        let mut rows =
            self.rows(&format!("SELECT {COLUMNS}, position FROM marketplace_registry"), [], |row| {
                Ok((row.get::<_, i64>(29)?, read(row)?))
            })?;
        rows.sort_by_key(|(position, _)| *position);
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// # Errors
    /// What the database says.
    pub fn marketplace(&self, id: &str) -> Result<Option<MarketplaceRow>, StoreError> {
        self.row(&format!("SELECT {COLUMNS} FROM marketplace_registry WHERE id = ?"), [id], read)
    }

    /// # Errors
    /// What the database says.
    pub fn add_marketplace(&self, row: &MarketplaceRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO marketplace_registry (id, name, url, branch, ref, description, token_env, registered_by, \
             registered_at, curator_name, curator_email, name_prefix, versions, public_only, remote, hold) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, make_timestamp(?::BIGINT), ?, ?, ?, ?, ?, ?, ?)",
            params![
                row.id, row.name, row.url, row.branch, row.reference, row.description, row.token_env,
                row.registered_by, row.registered_at, row.curator_name, row.curator_email, row.name_prefix,
                row.versions, row.public_only, row.remote, row.hold
            ],
        )?;
        self.wrote(&row.id);
        Ok(())
    }

    /// Writes what an administrator may change.
    ///
    /// # Errors
    /// What the database says.
    pub fn edit_marketplace(&self, row: &MarketplaceRow) -> Result<(), StoreError> {
        self.execute(
            "UPDATE marketplace_registry SET name = ?, url = ?, branch = ?, ref = ?, description = ?, token_env = ?, \
             curator_name = ?, curator_email = ?, name_prefix = ?, versions = ?, public_only = ?, remote = ?, \
             hold = ? WHERE id = ?",
            params![
                row.name, row.url, row.branch, row.reference, row.description, row.token_env, row.curator_name,
                row.curator_email, row.name_prefix, row.versions, row.public_only, row.remote, row.hold, row.id
            ],
        )?;
        self.wrote(&row.id);
        Ok(())
    }

    /// # Errors
    /// What the database says.
    pub fn mark_synced(&self, id: &str, synced: &Synced<'_>) -> Result<(), StoreError> {
        self.execute(
            "UPDATE marketplace_registry SET last_synced_at = coalesce(make_timestamp(?::BIGINT), last_synced_at), \
             last_error = CASE WHEN ?::BIGINT IS NULL THEN last_error END, last_commit_sha = ?, \
             last_commit_at = make_timestamp(?::BIGINT), rules = ?, renames = ?, notes = ?, \
             plugin_count = ?, not_served_count = ?, note_count = ?, remote_count = ?, vendored_count = ?, \
             state_id = ?, hold = ? WHERE id = ?",
            params![synced.at, synced.at, synced.commit, synced.committed_at, synced.rules, synced.renames, synced.notes,
                synced.facts.all, synced.facts.not_served, synced.facts.notes, synced.facts.remote,
                synced.facts.vendored, synced.state,
                synced.hold, id],
        )?;
        self.wrote(id);
        Ok(())
    }

    /// How many plugins are of which kind. No plugin changed.
    ///
    /// # Errors
    /// What the database says.
    pub fn set_facts(&self, id: &str, facts: PluginFacts) -> Result<(), StoreError> {
        self.execute(
            "UPDATE marketplace_registry SET plugin_count = ?, not_served_count = ?, note_count = ?, \
             remote_count = ?, vendored_count = ? WHERE id = ?",
            params![facts.all, facts.not_served, facts.notes, facts.remote, facts.vendored, id],
        )?;
        self.wrote(id);
        Ok(())
    }

    /// By which rules its plugins were read.
    ///
    /// # Errors
    /// What the database says.
    pub fn set_rules(&self, id: &str, rules: &str) -> Result<(), StoreError> {
        self.execute("UPDATE marketplace_registry SET rules = ? WHERE id = ?", params![rules, id])?;
        self.wrote(id);
        Ok(())
    }

    /// # Errors
    /// What the database says.
    pub fn set_notes(&self, id: &str, notes: &str) -> Result<(), StoreError> {
        self.execute("UPDATE marketplace_registry SET notes = ? WHERE id = ?", params![notes, id])?;
        self.edition.update(|n| n + 1);
        Ok(())
    }

    /// Nothing new was found: only the time is written, and a former error is over. All of them in
    /// one step, because each step is a write to the disk.
    ///
    /// # Errors
    /// What the database says.
    pub fn mark_unchanged(&self, ids: &[&str], at: i64) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let places = vec!["?"; ids.len()].join(", ");
        let at = Value::Timestamp(TimeUnit::Microsecond, at);
        let mut values: Vec<&dyn ToSql> = vec![&at];
        values.extend(ids.iter().map(|id| id as &dyn ToSql));
        // For a bare `id` DuckDB would set up the key's index, which takes it longer than to look at all rows.
        self.execute(
            &format!(
                "UPDATE marketplace_registry SET last_synced_at = ?, last_error = NULL WHERE concat(id) IN ({places})"
            ),
            values.as_slice(),
        )?;
        Ok(())
    }

    /// A sync failed; everything else stays as it was.
    ///
    /// # Errors
    /// What the database says.
    pub fn mark_failed(&self, id: &str, error: &str) -> Result<(), StoreError> {
        self.execute("UPDATE marketplace_registry SET last_error = ? WHERE id = ?", params![error, id])?;
        Ok(())
    }

    /// Removes a marketplace with its plugins, the grants that name them, and what was disabled of it.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_marketplace(&self, id: &str) -> Result<bool, StoreError> {
        self.execute("DELETE FROM marketplace_plugins WHERE marketplace_id = ?", [id])?;
        self.execute("DELETE FROM resource_grants WHERE split_part(resource_id, '/', 1) = ?", [id])?;
        self.execute("DELETE FROM disabled_plugins WHERE marketplace_id = ?", [id])?;
        self.forget_states_of(id)?;
        let removed = self.execute("DELETE FROM marketplace_registry WHERE id = ?", [id])? > 0;
        self.edition.update(|n| n + 1);
        self.note(|| Change::MarketplaceRemoved { id: id.to_owned() });
        Ok(removed)
    }
}
