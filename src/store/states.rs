//! Rows of `marketplace_states`: what was fetched and can be served again.

use std::collections::{BTreeMap, HashMap};

use duckdb::{params, types::ToSql};

use super::offers::{place, vendored};
use super::{Store, StoreError};
use crate::domain::plugin::remote::Vendored;
use crate::domain::repository::oid::Oid;

/// What a marketplace was at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRow {
    /// Larger: fetched later.
    pub id: i64,
    pub marketplace_id: String,
    pub commit: String,
    /// The one that was made of it, from which its own plugins are served; `None`: from that itself.
    pub made: Option<Oid>,
    pub committed_at: i64,
    pub fetched_at: i64,
    pub plugins: u64,
    /// Plugins that lie elsewhere and may move without it.
    pub remote: u64,
    /// Name → where its files are, of the plugins that lie elsewhere.
    pub origins: BTreeMap<String, Vendored>,
}

/// What stands for the marketplace's own repository among those that plugins come from: no plugin is called so, and
/// no repository has such an address.
const OWN: &str = "";

impl StateRow {
    /// Whether what is served from both is the same.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.commit == other.commit && self.made == other.made && self.origins == other.origins
    }
}

impl Store {
    /// Those of a marketplace, or all; the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn states(&self, marketplace: Option<&str>) -> Result<Vec<StateRow>, StoreError> {
        let mut origins: HashMap<i64, BTreeMap<String, Vendored>> = HashMap::new();
        let mut made = HashMap::new();
        self.each(
            "SELECT o.state_id, o.name, o.url, o.path, o.commit_sha FROM marketplace_state_origins o \
             JOIN marketplace_states s ON s.id = o.state_id WHERE ?1 IS NULL OR s.marketplace_id = ?1",
            params![marketplace],
            |row| {
                let text = |at: usize| row.get::<_, String>(at);
                let place = vendored(Some(&text(2)?), Some(&text(3)?), Some(&text(4)?));
                if text(1)? == OWN {
                    made.insert(row.get::<_, i64>(0)?, place.map(|place| place.commit));
                } else if let Some(place) = place {
                    origins.entry(row.get(0)?).or_default().insert(text(1)?, place);
                }
                Ok(())
            },
        )?;
        self.rows(
            "SELECT id, marketplace_id, commit_sha, committed_at, fetched_at, plugin_count, \
             remote_count FROM marketplace_states WHERE ?1 IS NULL OR marketplace_id = ?1 ORDER BY id DESC",
            params![marketplace],
            |row| {
                let id = row.get(0)?;
                Ok(StateRow {
                    id,
                    marketplace_id: row.get(1)?,
                    commit: row.get(2)?,
                    made: made.remove(&id).flatten(),
                    committed_at: row.get(3)?,
                    fetched_at: row.get(4)?,
                    plugins: row.get(5)?,
                    remote: row.get(6)?,
                    origins: origins.remove(&id).unwrap_or_default(),
                })
            },
        )
    }

    /// Writes a state, and returns its number; that of `row` does not matter.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_state(&self, row: &StateRow) -> Result<i64, StoreError> {
        let id = self.row(
            "INSERT INTO marketplace_states (marketplace_id, commit_sha, committed_at, fetched_at, plugin_count, \
             remote_count) VALUES (?, ?, make_timestamp(?::BIGINT), make_timestamp(?::BIGINT), ?, ?) RETURNING id",
            params![row.marketplace_id, row.commit, row.committed_at, row.fetched_at, row.plugins, row.remote],
            |row| row.get::<_, i64>(0),
        )?;
        let id = id.ok_or_else(|| StoreError::Nonsense("a row that was written has no id".into()))?;
        let of = |(name, place): (&String, &Vendored)| {
            (name.clone(), place.url.clone(), place.path.to_key(), place.commit.to_string())
        };
        let own = row.made.map(|made| (OWN.to_owned(), OWN.to_owned(), String::new(), made.to_string()));
        let places: Vec<_> = row.origins.iter().map(of).chain(own).collect();
        let values: Vec<Vec<&dyn ToSql>> = places
            .iter()
            .map(|(name, url, path, commit)| vec![&id as &dyn ToSql, name, url, path, commit])
            .collect();
        self.insert("INSERT INTO marketplace_state_origins VALUES {}", "(?, ?, ?, ?, ?)", &values)?;
        Ok(id)
    }

    /// # Errors
    /// What the database says.
    pub fn forget_states(&self, ids: &[i64]) -> Result<(), StoreError> {
        for id in ids {
            self.execute("DELETE FROM marketplace_state_origins WHERE state_id = ?", [id])?;
            self.execute("DELETE FROM marketplace_states WHERE id = ?", [id])?;
        }
        Ok(())
    }

    /// # Errors
    /// What the database says.
    pub(super) fn forget_states_of(&self, marketplace: &str) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM marketplace_state_origins WHERE state_id IN (SELECT id FROM marketplace_states WHERE marketplace_id = ?)",
            [marketplace],
        )?;
        self.execute("DELETE FROM marketplace_states WHERE marketplace_id = ?", [marketplace])?;
        Ok(())
    }

    /// What states need of what lies elsewhere, each place once.
    ///
    /// # Errors
    /// What the database says.
    pub fn state_origins(&self) -> Result<Vec<Vendored>, StoreError> {
        let places = "SELECT DISTINCT url, path, commit_sha FROM marketplace_state_origins WHERE url <> ''";
        Ok(self.rows(places, [], place)?.into_iter().flatten().collect())
    }
}
