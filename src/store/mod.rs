//! The registry's rows, and the only room that says `duckdb`.
//!
//! Rows are plain: text, numbers, times in microseconds since 1970 (UTC). What they mean is the
//! registry's business. DuckDB lets one process open the file, so [`Store::open`] is also how a
//! process comes to be the one that writes.

pub mod accounts;
pub mod audit;
pub mod error;
pub mod grants;
pub mod marketplaces;
mod migrations;
pub mod plugins;
mod sql;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::{Config, Connection};

pub use error::StoreError;

/// An open registry. Dropping it closes the file and lets go of the lock.
pub struct Store {
    db: Connection,
    path: PathBuf,
}

/// Between two tries to get the lock.
const PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Opens the database, making it or bringing it up to date first. Waits up to `patience` for
    /// another process that has it open.
    ///
    /// # Errors
    /// [`StoreError::Held`] with whoever has it open, [`StoreError::Newer`] when a later version of
    /// Agnes made it, and what the file system says.
    pub fn open(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let began = Instant::now();
        let db = loop {
            match connect(path).map_err(|why| StoreError::opening(path, &why)) {
                Ok(db) => break db,
                Err(StoreError::Held { .. }) if began.elapsed() < patience => std::thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        };
        let store = Self { db, path: path.to_owned() };
        migrations::run(&store).map_err(|error| match error {
            // Whatever the database says to the first questions, it is about the file as a whole.
            StoreError::Database(why) => StoreError::Unreadable { path: path.to_owned(), why },
            other => other,
        })?;
        Ok(store)
    }

    /// Runs `work` in one transaction: all of it is kept, or nothing.
    ///
    /// # Errors
    /// Whatever `work` says, and what goes wrong on beginning and committing.
    pub fn transaction<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.batch("BEGIN TRANSACTION")?;
        match work(self) {
            Ok(value) => {
                self.batch("COMMIT")?;
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to hear about; a failed rollback ends with the connection.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }

    /// Writes what the log holds into the file itself.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.batch("CHECKPOINT")
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn connect(path: &Path) -> duckdb::Result<Connection> {
    // Nothing is fetched at run time, and a registry's queries are too small to share among
    // threads. The memory limit keeps one strange query from taking the machine.
    let config = Config::default()
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("threads", "1")?
        .with("memory_limit", "512MB")?;
    Connection::open_with_flags(path, config)
}
