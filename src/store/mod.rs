//! The registry's rows, and the only room that says `duckdb`.
//!
//! Rows are plain: text, numbers, times in microseconds since 1970 (UTC). What they mean is the
//! registry's business. DuckDB lets one process open the file, so [`Store::open`] is also how a
//! process comes to be the one that writes.

pub mod accounts;
pub mod audit;
pub mod changes;
mod copying;
pub mod disabled;
pub mod error;
pub mod grants;
pub mod hosts;
pub mod marketplaces;
mod migrations;
pub mod offers;
mod opening;
pub mod plugins;
mod sql;
#[cfg(test)]
mod tests;
pub mod tokens;

use std::cell::{Cell, OnceCell, RefCell};
use std::fs::File;
use std::path::{Path, PathBuf};

use duckdb::Connection;

use changes::Change;
pub use error::StoreError;

/// An open registry. Dropping it closes the file and lets go of the lock.
pub struct Store {
    db: Connection,
    path: PathBuf,
    /// Counts what was written to `marketplace_registry`: rows read at the same count are as they were.
    edition: Cell<u64>,
    /// What was changed and not yet told; `None` while nobody wants to know.
    changes: RefCell<Option<Vec<Change>>>,
    /// Another handle of the file, from when one was needed. A process loses DuckDB's lock when it closes
    /// any handle of the file: hence after `db`, which is closed first.
    file: OnceCell<File>,
}

impl Store {
    /// Runs `work` in one transaction: all of it is kept, or nothing.
    ///
    /// # Errors
    /// Whatever `work` says, and what goes wrong on beginning and committing.
    pub fn transaction<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.batch("BEGIN TRANSACTION")?;
        let noted = self.changes.borrow().as_ref().map_or(0, Vec::len);
        let mut undo = Undo { store: self, noted, done: false };
        let value = work(self)?;
        self.batch("COMMIT")?;
        undo.done = true;
        Ok(value)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Ends a transaction that did not get to its end: also when `work` panics, for the connection is
/// used again and would refuse to begin another one for ever.
struct Undo<'a> {
    store: &'a Store,
    /// How much was noted before it began.
    noted: usize,
    done: bool,
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.done {
            // The first error is the one to hear about; a failed rollback ends with the connection.
            let _ = self.store.batch("ROLLBACK");
            let mut changes = self.store.changes.borrow_mut();
            if let Some(changes) = changes.as_mut() {
                changes.truncate(self.noted);
            }
        }
    }
}
