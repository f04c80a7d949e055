//! Rows of `resource_grants`.

use duckdb::params;

use super::{Store, StoreError};

/// The only type of resource there is so far; the column is there because other tools know it.
const TYPE: &str = "marketplace_plugin";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantRow {
    pub group_id: String,
    pub group_name: String,
    pub resource: String,
    pub granted_at: i64,
    pub granted_by: String,
}

impl Store {
    /// All grants, by group and resource.
    ///
    /// # Errors
    /// What the database says.
    pub fn grants(&self) -> Result<Vec<GrantRow>, StoreError> {
        self.rows(
            "SELECT r.group_id, g.name, r.resource_id, epoch_us(r.granted_at), r.granted_by \
             FROM resource_grants r JOIN user_groups g ON g.id = r.group_id ORDER BY NOT g.is_system, g.name, r.resource_id",
            [],
            |row| {
                Ok(GrantRow {
                    group_id: row.get(0)?,
                    group_name: row.get(1)?,
                    resource: row.get(2)?,
                    granted_at: row.get(3)?,
                    granted_by: row.get(4)?,
                })
            },
        )
    }

    /// Whether that is new.
    ///
    /// # Errors
    /// What the database says.
    pub fn grant(&self, group: &str, resource: &str, at: i64, by: &str) -> Result<bool, StoreError> {
        let added = self.execute(
            "INSERT INTO resource_grants VALUES (?, ?, ?, make_timestamp(?::BIGINT), ?) ON CONFLICT DO NOTHING",
            params![group, TYPE, resource, at, by],
        )?;
        Ok(added > 0)
    }

    /// Whether that changed something.
    ///
    /// # Errors
    /// What the database says.
    pub fn revoke(&self, group: &str, resource: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM resource_grants WHERE group_id = ? AND resource_type = ? AND resource_id = ?";
        Ok(self.execute(sql, [group, TYPE, resource])? > 0)
    }
}
