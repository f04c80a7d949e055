//! Putting an archive together from its parts.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read as _, Seek, SeekFrom, Write};
use std::path::Path;

use zip::{ZipArchive, ZipWriter};

use super::{ArchiveError, options};

/// Writes an archive: first the file `path` with `contents`, then the parts, which are in the order
/// of their paths.
///
/// # Errors
/// [`ArchiveError::Damaged`] when a part is not an archive (any more): it can be made again.
pub fn join<'p>(
    out: impl Write + Seek,
    path: &str,
    contents: &[u8],
    parts: impl IntoIterator<Item = &'p Path>,
) -> Result<(), ArchiveError> {
    let mut out = ZipWriter::new(BufWriter::with_capacity(1 << 18, out));
    out.start_file(path, options(false, contents.len() as u64)).map_err(ArchiveError::write)?;
    out.write_all(contents).map_err(|source| ArchiveError::Write(source.to_string()))?;
    for part in parts {
        let archive = open(part)?;
        out.merge_archive(archive).map_err(|error| match error {
            zip::result::ZipError::Io(source) if is_writers(&source) => ArchiveError::write(source.into()),
            other => ArchiveError::Damaged { path: part.to_owned(), reason: other.to_string() },
        })?;
    }
    let mut out = out.finish().map_err(ArchiveError::write)?;
    out.flush().map_err(|source| ArchiveError::write(source.into()))
}

/// Whether an archive is whole, as far as its directory tells: a file that was cut off has none.
///
/// # Errors
/// When it is not.
pub fn check(path: &Path) -> Result<(), ArchiveError> {
    open(path).map(drop)
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, ArchiveError> {
    let io = |source| ArchiveError::Io { path: path.to_owned(), source };
    let damaged = |reason: String| ArchiveError::Damaged { path: path.to_owned(), reason };
    let mut file = File::open(path).map_err(io)?;
    if !ends_well(&mut file).map_err(io)? {
        return Err(damaged("it does not end as it was written".into()));
    }
    ZipArchive::new(BufReader::with_capacity(1 << 16, file)).map_err(|error| damaged(error.to_string()))
}

/// Readers of archives look for the last record from the end and forgive what follows it. Ours have
/// nothing there: no comment, no garbage (APPNOTE.TXT 4.3.16).
fn ends_well(file: &mut File) -> io::Result<bool> {
    const RECORD: usize = 22;
    let mut last = [0; RECORD];
    if file.metadata()?.len() < RECORD as u64 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-(RECORD as i64)))?;
    file.read_exact(&mut last)?;
    file.rewind()?;
    Ok(last.starts_with(b"PK\x05\x06") && last.ends_with(&[0, 0]))
}

/// Errors that reading a part cannot cause.
fn is_writers(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::StorageFull | K::QuotaExceeded | K::BrokenPipe | K::PermissionDenied | K::FileTooLarge
    )
}

/// An archive in memory, for tests and small things.
///
/// # Errors
/// As [`join`].
pub fn joined<'p>(
    path: &str,
    contents: &[u8],
    parts: impl IntoIterator<Item = &'p Path>,
) -> Result<Vec<u8>, ArchiveError> {
    let mut out = Cursor::new(Vec::new());
    join(&mut out, path, contents, parts)?;
    Ok(out.into_inner())
}
