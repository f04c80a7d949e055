//! Rows of `resource_grants`.

use duckdb::params;

use super::changes::Change;
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
            "SELECT r.group_id, g.name, r.resource_id, r.granted_at, r.granted_by \
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

    /// Of each grant that names something of a marketplace: the group's id, its name, and the plugin or `*`.
    ///
    /// # Errors
    /// What the database says.
    pub fn grants_of(&self, marketplace: &str) -> Result<Vec<(String, String, String)>, StoreError> {
        self.rows(
            "SELECT g.id, g.name, split_part(r.resource_id, '/', 2) \
             FROM resource_grants r JOIN user_groups g ON g.id = r.group_id WHERE split_part(r.resource_id, '/', 1) = ?",
            [marketplace],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
    }

    /// Tells each grant: group id, resource. Only those of `groups`, if they are given.
    ///
    /// # Errors
    /// What the database says.
    pub fn each_grant(
        &self,
        groups: Option<&[&str]>,
        mut tell: impl FnMut(&str, &str),
    ) -> Result<(), StoreError> {
        let of = groups.map_or(String::new(), |groups| {
            format!(" WHERE group_id IN ({})", vec!["?"; groups.len()].join(", "))
        });
        self.each(
            &format!("SELECT group_id, resource_id FROM resource_grants{of}"),
            duckdb::params_from_iter(groups.unwrap_or_default()),
            |row| {
                tell(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
                Ok(())
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
        if added > 0 {
            self.note(|| Change::Granted { group: group.to_owned(), resource: resource.to_owned() });
        }
        Ok(added > 0)
    }

    /// Whether that changed something.
    ///
    /// # Errors
    /// What the database says.
    pub fn revoke(&self, group: &str, resource: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM resource_grants WHERE group_id = ? AND resource_type = ? AND resource_id = ?";
        let removed = self.execute(sql, [group, TYPE, resource])? > 0;
        if removed {
            self.note(|| Change::Revoked { group: group.to_owned(), resource: resource.to_owned() });
        }
        Ok(removed)
    }
}
