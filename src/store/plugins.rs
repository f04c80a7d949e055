//! Rows of `marketplace_plugins`.

use duckdb::{
    Row, appender_params_from_iter, params,
    types::{TimeUnit, ToSql, Value},
};

use super::changes::Change;
use super::offers::{OfferRow, vendored};
use super::{Store, StoreError};
use crate::domain::plugin::remote::Vendored;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRow {
    pub marketplace_id: String,
    pub name: String,
    pub manifest_name: String,
    pub description: Option<String>,
    pub version: Option<String>,
    pub author_name: Option<String>,
    pub homepage: Option<String>,
    pub category: Option<String>,
    pub source_type: String,
    pub source_spec: String,
    pub raw: String,
    pub entry: String,
    pub strict: bool,
    pub digest: Option<String>,
    pub reason: Option<String>,
    pub files: i64,
    pub bytes: i64,
    pub notes: String,
    pub origin: OriginRow,
}

/// Where a plugin's files came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginRow {
    /// Of the repository or file; `None`: it is the marketplace's own.
    pub url: Option<String>,
    /// The plugin's folder there; empty: all of it.
    pub path: Option<String>,
    /// `None`: the marketplace's.
    pub commit: Option<String>,
    /// That folder's tree.
    pub tree: Option<String>,
    /// `None`: when the marketplace's commit came.
    pub fetched_at: Option<i64>,
}

const COLUMNS: &str = "p.marketplace_id, p.name, p.manifest_name, p.description, p.version, p.author_name, p.homepage, \
     p.category, p.source_type, p.source_spec, p.raw, p.entry, p.strict, p.digest, p.reason, p.files, p.bytes, p.notes, \
     p.origin_url, p.origin_path, p.origin_commit, p.origin_tree, p.fetched_at";

fn read(row: &Row<'_>) -> duckdb::Result<PluginRow> {
    Ok(PluginRow {
        marketplace_id: row.get(0)?,
        name: row.get(1)?,
        manifest_name: row.get(2)?,
        description: row.get(3)?,
        version: row.get(4)?,
        author_name: row.get(5)?,
        homepage: row.get(6)?,
        category: row.get(7)?,
        source_type: row.get(8)?,
        source_spec: row.get(9)?,
        raw: row.get(10)?,
        entry: row.get(11)?,
        strict: row.get(12)?,
        digest: row.get(13)?,
        reason: row.get(14)?,
        files: row.get(15)?,
        bytes: row.get(16)?,
        notes: row.get(17)?,
        origin: OriginRow {
            url: row.get(18)?,
            path: row.get(19)?,
            commit: row.get(20)?,
            tree: row.get(21)?,
            fetched_at: row.get(22)?,
        },
    })
}

impl Store {
    /// A marketplace's plugins by name, or everybody's: marketplaces as they were registered.
    ///
    /// # Errors
    /// What the database says.
    pub fn plugins(&self, marketplace: Option<&str>) -> Result<Vec<PluginRow>, StoreError> {
        self.rows(
            &format!(
                "SELECT {COLUMNS} FROM marketplace_plugins p JOIN marketplace_registry m ON m.id = p.marketplace_id \
                 WHERE ?1 IS NULL OR m.id = ?1 ORDER BY m.position, p.name"
            ),
            params![marketplace],
            read,
        )
    }

    /// # Errors
    /// What the database says.
    pub fn plugin(&self, marketplace: &str, name: &str) -> Result<Option<PluginRow>, StoreError> {
        self.row(
            &format!("SELECT {COLUMNS} FROM marketplace_plugins p WHERE p.marketplace_id = ? AND p.name = ?"),
            [marketplace, name],
            read,
        )
    }

    /// The name of each plugin, with its marketplace's before it: cheaper than whole rows, which hold
    /// their entries' JSON.
    ///
    /// # Errors
    /// What the database says.
    pub fn plugin_names(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.rows("SELECT marketplace_id, name FROM marketplace_plugins", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
    }

    /// Writes rows of names that are not there yet, all in one go: a statement for each would cost as
    /// much as fetching did.
    ///
    /// # Errors
    /// What the database says.
    pub fn add_plugins(&self, rows: &[PluginRow], at: i64) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut appender = self.db.appender("marketplace_plugins")?;
        let at = Value::Timestamp(TimeUnit::Microsecond, at);
        for row in rows {
            let fetched =
                row.origin.fetched_at.map_or(Value::Null, |at| Value::Timestamp(TimeUnit::Microsecond, at));
            let values = row.values().into_iter().chain([&at as &dyn ToSql]);
            let values = values.chain(row.origin.values()).chain([&fetched as &dyn ToSql]);
            appender.append_row(appender_params_from_iter(values))?;
        }
        appender.flush()?;
        self.note_plugins(rows);
        Ok(())
    }

    /// Writes rows, in place of those of the same name.
    ///
    /// # Errors
    /// What the database says.
    pub fn put_plugins(&self, rows: &[PluginRow], at: i64) -> Result<(), StoreError> {
        let mut values: Vec<Vec<&dyn ToSql>> = Vec::new();
        for row in rows {
            let of_row = row.values().into_iter().chain([&at as &dyn ToSql]);
            values.push(
                of_row.chain(row.origin.values()).chain([&row.origin.fetched_at as &dyn ToSql]).collect(),
            );
        }
        self.insert(
            "INSERT INTO marketplace_plugins VALUES {} ON CONFLICT DO UPDATE SET manifest_name = EXCLUDED.manifest_name, \
             description = EXCLUDED.description, version = EXCLUDED.version, author_name = EXCLUDED.author_name, \
             homepage = EXCLUDED.homepage, category = EXCLUDED.category, source_type = EXCLUDED.source_type, \
             source_spec = EXCLUDED.source_spec, raw = EXCLUDED.raw, entry = EXCLUDED.entry, strict = EXCLUDED.strict, \
             digest = EXCLUDED.digest, reason = EXCLUDED.reason, files = EXCLUDED.files, bytes = EXCLUDED.bytes, \
             notes = EXCLUDED.notes, updated_at = EXCLUDED.updated_at, origin_url = EXCLUDED.origin_url, \
             origin_path = EXCLUDED.origin_path, origin_commit = EXCLUDED.origin_commit, \
             origin_tree = EXCLUDED.origin_tree, fetched_at = EXCLUDED.fetched_at",
            "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, make_timestamp(?::BIGINT), ?, ?, ?, ?, \
             make_timestamp(?::BIGINT))",
            &values,
        )?;
        self.note_plugins(rows);
        Ok(())
    }

    fn note_plugins(&self, rows: &[PluginRow]) {
        for row in rows {
            self.note(|| Change::Plugin(Box::new(row.offer())));
        }
    }

    /// # Errors
    /// What the database says.
    pub fn remove_plugin(&self, marketplace: &str, name: &str) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM marketplace_plugins WHERE marketplace_id = ? AND name = ?",
            [marketplace, name],
        )?;
        self.note(|| Change::PluginRemoved { marketplace: marketplace.to_owned(), name: name.to_owned() });
        Ok(())
    }
}

impl PluginRow {
    /// In the order of the table's columns, up to the time.
    fn values(&self) -> [&dyn ToSql; 18] {
        [
            &self.marketplace_id,
            &self.name,
            &self.manifest_name,
            &self.description,
            &self.version,
            &self.author_name,
            &self.homepage,
            &self.category,
            &self.source_type,
            &self.source_spec,
            &self.raw,
            &self.entry,
            &self.strict,
            &self.digest,
            &self.reason,
            &self.files,
            &self.bytes,
            &self.notes,
        ]
    }

    fn offer(&self) -> OfferRow {
        let OriginRow { url, path, commit, tree, fetched_at } = self.origin.clone();
        OfferRow {
            origin_url: url,
            origin_path: path,
            origin_commit: commit,
            origin_tree: tree,
            fetched_at,
            marketplace_id: self.marketplace_id.clone(),
            name: self.name.clone(),
            manifest_name: self.manifest_name.clone(),
            version: self.version.clone(),
            strict: self.strict,
            entry: self.entry.clone(),
            digest: self.digest.clone(),
            reason: self.reason.clone(),
        }
    }
}

impl OriginRow {
    /// Where the files are, if not in the marketplace's commit.
    #[must_use]
    pub fn vendored(&self) -> Option<Vendored> {
        vendored(self.url.as_deref(), self.path.as_deref(), self.commit.as_deref())
    }

    /// In the order of the table's columns, up to the time.
    fn values(&self) -> [&dyn ToSql; 4] {
        [&self.url, &self.path, &self.commit, &self.tree]
    }
}
