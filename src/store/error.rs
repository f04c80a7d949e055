//! What can go wrong with the database, told apart by what to do about it.

use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the registry is in use by {by}")]
    Held { by: String },
    /// A later version of Agnes made it.
    #[error(
        "the registry has schema {found}, and this version of agnes knows {known}: agnes is older than its data"
    )]
    Newer { found: i64, known: i64 },
    /// It holds tables of ours that we did not make.
    #[error("`{}` was made by another program: it has a table `{table}`, but not the one that says which version of agnes made it", .path.display())]
    Foreign { path: PathBuf, table: String },
    #[error("`{}` cannot be opened: {why}", .path.display())]
    Open { path: PathBuf, why: String },
    /// It could be opened, and then not be read.
    #[error("`{}` cannot be read: {why}", .path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("the disk is full")]
    DiskFull,
    #[error("a row of the registry makes no sense: {0}")]
    Nonsense(String),
    #[error("the database says: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the file, rather than what was asked, is what is wrong.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Unreadable { .. } => true,
            Self::Database(text) => ["IO Error", "orrupt", "FATAL"].iter().any(|sign| text.contains(sign)),
            _ => false,
        }
    }

    pub(super) fn opening(path: &Path, error: &duckdb::Error) -> Self {
        let text = message(error);
        if text.contains("Could not set lock") || text.contains("Conflicting lock") {
            return Self::Held { by: holder(&text) };
        }
        match Self::from_text(text) {
            Self::Database(why) => Self::Open { path: path.to_owned(), why },
            other => other,
        }
    }

    fn from_text(text: String) -> Self {
        if text.contains("No space left on device") || text.contains("Disk quota exceeded") {
            return Self::DiskFull;
        }
        Self::Database(text)
    }
}

impl From<duckdb::Error> for StoreError {
    fn from(error: duckdb::Error) -> Self {
        Self::from_text(message(&error))
    }
}

/// The first line: what follows in some of DuckDB's messages is advice for its own users.
fn message(error: &duckdb::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Who holds the lock, from a message like `…: Conflicting lock is held in /usr/bin/agnes (PID 7) by
/// user ada. See also …`.
fn holder(text: &str) -> String {
    let told = text.split_once("held in ").map(|(_, rest)| rest);
    let told = told.and_then(|rest| rest.split(". ").next()).map(|who| who.trim_end_matches('.').to_owned());
    told.unwrap_or_else(|| "another process".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_who_holds_the_lock() {
        let text = "IO Error: Could not set lock on file \"/d/system.duckdb\": Conflicting lock is held in \
                    /usr/bin/agnes (PID 4711) by user ada. See also https://duckdb.org/docs/connect/concurrency";
        assert_eq!(holder(text), "/usr/bin/agnes (PID 4711) by user ada");
        assert_eq!(holder("IO Error: Could not set lock on file"), "another process");
    }
}
