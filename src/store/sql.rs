//! Saying SQL: one place for how statements are prepared and rows are read.

use duckdb::{Params, Row, types::ToSql};

use super::{Store, StoreError};

/// Statements are prepared anew each time: in this line of the `duckdb` crate a cached statement that
/// is run again after a result without rows reads its texts from the wrong place.
impl Store {
    pub(super) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.db.execute_batch(sql)?)
    }

    /// How many rows were changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.db.prepare(sql)?.execute(params)?)
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.db.prepare(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<duckdb::Result<_>>()?)
    }

    /// Tells each row, without keeping any: for tables that are large.
    pub(super) fn each(
        &self,
        sql: &str,
        params: impl Params,
        mut tell: impl FnMut(&Row<'_>) -> duckdb::Result<()>,
    ) -> Result<(), StoreError> {
        let mut statement = self.db.prepare(sql)?;
        let mut rows = statement.query(params)?;
        while let Some(row) = rows.next()? {
            tell(row)?;
        }
        Ok(())
    }

    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> duckdb::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.rows(sql, params, read)?.into_iter().next())
    }

    /// Inserts many rows with few statements: DuckDB's cost is per statement. `sql` has `{}` where
    /// the rows' placeholders go, and `width` values make a row.
    pub(super) fn insert(
        &self,
        sql: &str,
        placeholders: &str,
        values: &[Vec<&dyn ToSql>],
    ) -> Result<(), StoreError> {
        const ROWS: usize = 64;
        for chunk in values.chunks(ROWS) {
            let all = vec![placeholders; chunk.len()].join(", ");
            let flat: Vec<&dyn ToSql> = chunk.iter().flatten().copied().collect();
            self.db.prepare(&sql.replace("{}", &all))?.execute(flat.as_slice())?;
        }
        Ok(())
    }
}
