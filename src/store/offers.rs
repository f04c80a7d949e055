//! Plugins in as few columns as a view is made from.

use duckdb::Row;

use super::{Store, StoreError};
use crate::domain::plugin::remote::Vendored;
use crate::domain::repository::path::RepoPath;

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
    pub origin_url: Option<String>,
    pub origin_path: Option<String>,
    pub origin_commit: Option<String>,
    pub origin_tree: Option<String>,
    pub fetched_at: Option<i64>,
}

impl OfferRow {
    /// Where its files are, if not in its marketplace's commit.
    #[must_use]
    pub fn vendored(&self) -> Option<Vendored> {
        vendored(self.origin_url.as_deref(), self.origin_path.as_deref(), self.origin_commit.as_deref())
    }
}

/// What three columns say together; nothing, where they make no sense.
pub(super) fn vendored(url: Option<&str>, path: Option<&str>, commit: Option<&str>) -> Option<Vendored> {
    Some(Vendored { url: url?.to_owned(), path: RepoPath::parse(path?).ok()?, commit: commit?.parse().ok()? })
}

/// The same of a row that begins with them.
pub(super) fn place(row: &Row<'_>) -> duckdb::Result<Option<Vendored>> {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    Ok(vendored(text(0)?.as_deref(), text(1)?.as_deref(), text(2)?.as_deref()))
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
        origin_url: row.get(8)?,
        origin_path: row.get(9)?,
        origin_commit: row.get(10)?,
        origin_tree: row.get(11)?,
        fetched_at: row.get(12)?,
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
                "SELECT marketplace_id, name, manifest_name, version, strict, entry, digest, reason, \
                 origin_url, origin_path, origin_commit, origin_tree, fetched_at FROM marketplace_plugins{of}"
            ),
            duckdb::params_from_iter(marketplaces.unwrap_or_default()),
            |row| {
                tell(read(row)?);
                Ok(())
            },
        )
    }

    /// Where plugins are served from which lie elsewhere, each place once: those of one marketplace, or all.
    ///
    /// # Errors
    /// What the database says.
    pub fn origins(&self, marketplace: Option<&str>) -> Result<Vec<Vendored>, StoreError> {
        let rows = self.rows(
            "SELECT DISTINCT origin_url, origin_path, origin_commit FROM marketplace_plugins \
             WHERE origin_url IS NOT NULL AND origin_commit IS NOT NULL AND (?1 IS NULL OR marketplace_id = ?1)",
            [marketplace],
            place,
        )?;
        Ok(rows.into_iter().flatten().collect())
    }
}
