//! What a user was granted, in as few columns as a view is made from.

use duckdb::Row;

use super::{Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRow {
    pub marketplace_id: String,
    pub name: String,
    pub manifest_name: String,
    pub version: Option<String>,
    pub strict: bool,
    pub entry: String,
    pub digest: Option<String>,
    pub reason: Option<String>,
}

fn read(row: &Row<'_>) -> duckdb::Result<OfferRow> {
    Ok(OfferRow {
        marketplace_id: row.get(0)?,
        name: row.get(1)?,
        manifest_name: row.get(2)?,
        version: row.get(3)?,
        strict: row.get(4)?,
        entry: row.get(5)?,
        digest: row.get(6)?,
        reason: row.get(7)?,
    })
}

impl Store {
    /// The plugins that a user's groups were granted, in the order of a view: marketplaces as they
    /// were registered, plugins by name.
    ///
    /// # Errors
    /// What the database says.
    pub fn granted_plugins(&self, user: &str) -> Result<Vec<OfferRow>, StoreError> {
        self.rows(
            "WITH granted AS (SELECT DISTINCT split_part(g.resource_id, '/', 1) AS slug, \
                                     split_part(g.resource_id, '/', 2) AS plugin \
                FROM resource_grants g WHERE g.group_id = 'everyone' OR g.group_id IN \
                     (SELECT group_id FROM user_group_members WHERE user_id = ?)) \
             SELECT p.marketplace_id, p.name, p.manifest_name, p.version, p.strict, p.entry, p.digest, p.reason \
             FROM marketplace_plugins p JOIN marketplace_registry m ON m.id = p.marketplace_id \
             WHERE EXISTS (FROM granted g WHERE g.slug = p.marketplace_id AND g.plugin IN ('*', p.name)) \
             ORDER BY m.position, p.name",
            [user],
            read,
        )
    }
}
