//! Rows of `audit_log`.

use duckdb::params;

use super::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    pub id: i64,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub resource: String,
    pub detail: Option<String>,
}

/// Which acts. What is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub struct Acts {
    pub actor: Option<String>,
    /// An action, or what stands before the full stop in several.
    pub action: Option<String>,
    pub resource: Option<String>,
}

impl Store {
    /// # Errors
    /// What the database says.
    pub fn record(
        &self,
        at: i64,
        actor: &str,
        action: &str,
        resource: &str,
        detail: Option<&str>,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO audit_log (happened_at, actor, action, resource, detail) VALUES (make_timestamp(?::BIGINT), ?, ?, ?, ?)",
            params![at, actor, action, resource, detail],
        )?;
        Ok(())
    }

    /// The latest act's number, and the latest time of any.
    ///
    /// # Errors
    /// What the database says.
    pub fn latest_act(&self) -> Result<Option<(i64, i64)>, StoreError> {
        // DuckDB looks neither up in rows: it keeps the largest of each column.
        let sql = "SELECT max(id), max(happened_at) FROM audit_log";
        Ok(self.row(sql, [], |row| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?)))?.flatten())
    }

    /// The latest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn audit(&self, most: i64, of: &Acts) -> Result<Vec<AuditRow>, StoreError> {
        self.rows(
            "SELECT id, happened_at, actor, action, resource, detail FROM audit_log \
             WHERE (?1::VARCHAR IS NULL OR actor = ?1) \
             AND (?2::VARCHAR IS NULL OR action = ?2 OR starts_with(action, ?2 || '.')) \
             AND (?3::VARCHAR IS NULL OR resource = ?3) ORDER BY id DESC LIMIT ?4",
            params![of.actor, of.action, of.resource, most],
            |row| {
                Ok(AuditRow {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    actor: row.get(2)?,
                    action: row.get(3)?,
                    resource: row.get(4)?,
                    detail: row.get(5)?,
                })
            },
        )
    }
}
