//! Rows of `disabled_plugins`: what nobody gets, whatever was granted.

use duckdb::{Row, params};

use super::changes::Change;
use super::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisabledRow {
    pub marketplace_id: String,
    pub name: String,
    pub at: i64,
    pub by: String,
    pub reason: Option<String>,
}

const COLUMNS: &str = "marketplace_id, name, disabled_at, disabled_by, reason";

fn read(row: &Row<'_>) -> duckdb::Result<DisabledRow> {
    Ok(DisabledRow {
        marketplace_id: row.get(0)?,
        name: row.get(1)?,
        at: row.get(2)?,
        by: row.get(3)?,
        reason: row.get(4)?,
    })
}

impl Store {
    /// Those of one marketplace, or all, by marketplace and name.
    ///
    /// # Errors
    /// What the database says.
    pub fn disabled_plugins(&self, marketplace: Option<&str>) -> Result<Vec<DisabledRow>, StoreError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM disabled_plugins WHERE ?1 IS NULL OR marketplace_id = ?1 ORDER BY 1, 2"
            ),
            params![marketplace],
            read,
        )
    }

    /// # Errors
    /// What the database says.
    pub fn disabled_plugin(&self, marketplace: &str, name: &str) -> Result<Option<DisabledRow>, StoreError> {
        self.row(
            &format!("SELECT {COLUMNS} FROM disabled_plugins WHERE marketplace_id = ? AND name = ?"),
            [marketplace, name],
            read,
        )
    }

    /// Writes a row, in place of one of the same name.
    ///
    /// # Errors
    /// What the database says.
    pub fn disable_plugin(&self, row: &DisabledRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO disabled_plugins VALUES (?, ?, make_timestamp(?::BIGINT), ?, ?) ON CONFLICT DO UPDATE SET \
             disabled_at = EXCLUDED.disabled_at, disabled_by = EXCLUDED.disabled_by, reason = EXCLUDED.reason",
            params![row.marketplace_id, row.name, row.at, row.by, row.reason],
        )?;
        self.note(|| Change::Disabled {
            marketplace: row.marketplace_id.clone(),
            name: row.name.clone(),
            reason: row.reason.clone(),
        });
        Ok(())
    }

    /// Whether that changed something.
    ///
    /// # Errors
    /// What the database says.
    pub fn enable_plugin(&self, marketplace: &str, name: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM disabled_plugins WHERE marketplace_id = ? AND name = ?";
        let enabled = self.execute(sql, [marketplace, name])? > 0;
        if enabled {
            self.note(|| Change::Enabled { marketplace: marketplace.to_owned(), name: name.to_owned() });
        }
        Ok(enabled)
    }
}
