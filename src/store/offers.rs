//! Plugins in as few columns as a view is made from.

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
    /// The plugins of these marketplaces, or of all, in no order.
    ///
    /// # Errors
    /// What the database says.
    pub fn each_offer(
        &self,
        marketplaces: Option<&[&str]>,
        mut tell: impl FnMut(OfferRow),
    ) -> Result<(), StoreError> {
        if marketplaces.is_some_and(<[_]>::is_empty) {
            return Ok(());
        }
        let of = marketplaces.map_or(String::new(), |slugs| {
            format!(" WHERE marketplace_id IN ({})", vec!["?"; slugs.len()].join(", "))
        });
        self.each(
            &format!(
                "SELECT marketplace_id, name, manifest_name, version, strict, entry, digest, reason \
                 FROM marketplace_plugins{of}"
            ),
            duckdb::params_from_iter(marketplaces.unwrap_or_default()),
            |row| {
                tell(read(row)?);
                Ok(())
            },
        )
    }
}
