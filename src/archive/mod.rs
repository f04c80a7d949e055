//! Deterministic ZIP archives, and the only room that says `zip` and `tar`.
//!
//! The same entries make the same bytes on any machine: entries in the order of their paths' bytes,
//! time 1980-01-01 00:00, modes 0644 and 0755, made on "Unix", no extra fields, DEFLATE at one level
//! by one implementation. (zlib-rs uses vector instructions only where they do not change what comes
//! out; a golden digest in the tests watches over that and over its version.)
//!
//! An archive is put together from *parts*, each an archive of its own whose compressed entries are
//! copied as they are. So what did not change is not compressed again, and how parts are cut does
//! not show in the result.
//!
//! [`unpack`] is for archives of ours, [`foreign`] for those that strangers packed.

pub mod compress;
#[cfg(test)]
pub(crate) mod fixture;
pub mod foreign;
pub mod inspect;
pub mod join;
pub mod pack;
#[cfg(test)]
mod tests;
pub mod unpack;

use std::io;
use std::path::PathBuf;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime};

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("`{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A part in a cache is not what it was when it was written.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged { path: PathBuf, reason: String },
    /// What an entry's contents come from says why there are none.
    #[error("{0}")]
    Source(String),
    /// The file that was given to be written to does not take it.
    #[error("cannot write the archive: {0}")]
    Write(io::Error),
}

impl ArchiveError {
    fn write(error: zip::result::ZipError) -> Self {
        match error {
            zip::result::ZipError::Io(source) => Self::Write(source),
            other => Self::Write(io::Error::other(other)),
        }
    }

    /// Whether the disk is what ran out.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } | Self::Write(source)
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}

/// zlib's own default: the last level whose further gains cost more time than they save bytes.
const LEVEL: i64 = 6;

fn options(executable: bool, size: u64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(if executable { 0o755 } else { 0o644 })
        .large_file(size >= u64::from(u32::MAX))
}
