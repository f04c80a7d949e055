//! Putting an archive together from its parts.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::mpsc::sync_channel;

use zip::result::ZipError;
use zip::{ZipArchive, ZipWriter};

use super::{ArchiveError, options};

/// Parts that are open at a time.
const AHEAD: usize = 16;

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
    let failed = Cell::new(false);
    let mut out = ZipWriter::new(BufWriter::with_capacity(1 << 18, Marking { inner: out, failed: &failed }));
    out.start_file(path, options(false, contents.len() as u64)).map_err(ArchiveError::write)?;
    out.write_all(contents).map_err(ArchiveError::Write)?;
    let parts: Vec<&Path> = parts.into_iter().collect();
    std::thread::scope(|scope| {
        // To open a part takes as long as to copy it, so the next ones are opened meanwhile.
        let (sender, opened) = sync_channel(AHEAD);
        scope.spawn(move || parts.into_iter().try_for_each(|part| sender.send((part, open(part)))));
        opened.into_iter().try_for_each(|(part, archive)| {
            out.merge_archive(archive?).map_err(|error| copying(part, error, &failed))
        })
    })?;
    let mut out = out.finish().map_err(ArchiveError::write)?;
    out.flush().map_err(ArchiveError::Write)
}

/// Writes an archive of what is in the parts below `folder`, without that folder. The parts are in the order
/// of their paths, and nothing of them is elsewhere.
///
/// # Errors
/// As [`join`].
pub fn lift<'p>(
    out: impl Write + Seek,
    folder: &str,
    parts: impl IntoIterator<Item = &'p Path>,
) -> Result<(), ArchiveError> {
    let failed = Cell::new(false);
    let mut out = ZipWriter::new(BufWriter::with_capacity(1 << 18, Marking { inner: out, failed: &failed }));
    for part in parts {
        let mut archive = open(part)?;
        for i in 0..archive.len() {
            let damaged = |reason: String| ArchiveError::Damaged { path: part.to_owned(), reason };
            let file = archive.by_index_raw(i).map_err(|error| damaged(error.to_string()))?;
            let name = file.name().map_err(|error| damaged(error.to_string()))?.into_owned();
            let Some(below) = name.strip_prefix(folder) else {
                return Err(damaged(format!("`{}` is not in `{folder}`", name.escape_debug())));
            };
            out.raw_copy_file_rename(file, below).map_err(|error| copying(part, error, &failed))?;
        }
    }
    let mut out = out.finish().map_err(ArchiveError::write)?;
    out.flush().map_err(ArchiveError::Write)
}

/// Whose fault it is that an entry could not be copied.
fn copying(part: &Path, error: ZipError, failed: &Cell<bool>) -> ArchiveError {
    if failed.get() {
        return ArchiveError::write(error);
    }
    ArchiveError::Damaged { path: part.to_owned(), reason: error.to_string() }
}

/// Remembers that writing failed: the error itself does not tell whether it was that or reading.
struct Marking<'a, W> {
    inner: W,
    failed: &'a Cell<bool>,
}

impl<W> Marking<'_, W> {
    fn marked<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        self.failed.set(self.failed.get() || outcome.is_err());
        outcome
    }
}

impl<W: Write> Write for Marking<'_, W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let outcome = self.inner.write(buf);
        self.marked(outcome)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.inner.flush();
        self.marked(outcome)
    }
}

impl<W: Seek> Seek for Marking<'_, W> {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let outcome = self.inner.seek(pos);
        self.marked(outcome)
    }
}

/// Whether an archive is whole, as far as its end tells: the directory has to lie right before the
/// end record, and the end record to close the file (APPNOTE 4.3.16). A file that was cut off, or
/// was never written, has no such end.
///
/// # Errors
/// When it is not.
pub fn check(path: &Path) -> Result<(), ArchiveError> {
    const END: usize = 22;
    const ZIP64_LOCATOR: usize = 20;
    const MAX: u64 = u32::MAX as u64;
    let io = |source| ArchiveError::Io { path: path.to_owned(), source };
    let damaged = |reason: &str| ArchiveError::Damaged { path: path.to_owned(), reason: reason.to_owned() };
    let mut file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let tail_size = size.min((END + ZIP64_LOCATOR) as u64);
    file.seek(SeekFrom::Start(size - tail_size)).map_err(io)?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).map_err(io)?;
    let Some(end) = tail.len().checked_sub(END).map(|start| &tail[start..]) else {
        return Err(damaged("it is too short"));
    };
    let number = |at: usize| u64::from(u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]));
    if !end.starts_with(b"PK\x05\x06") {
        return Err(damaged("it has no end record"));
    }
    let (directory_size, directory_start) = (number(12), number(16));
    let zip64 = tail.len() == END + ZIP64_LOCATOR && tail.starts_with(b"PK\x06\x07");
    let closes = directory_start + directory_size + END as u64 == size;
    if closes
        || (zip64
            && (directory_size == MAX || directory_start == MAX || directory_start + directory_size < size))
    {
        Ok(())
    } else {
        Err(damaged("its directory is not where it should be"))
    }
}

fn open(path: &Path) -> Result<ZipArchive<BufReader<File>>, ArchiveError> {
    let io = |source| ArchiveError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    ZipArchive::new(BufReader::with_capacity(1 << 16, file))
        .map_err(|error| ArchiveError::Damaged { path: path.to_owned(), reason: error.to_string() })
}

/// An archive in memory.
#[cfg(test)]
pub(super) fn joined<'p>(
    path: &str,
    contents: &[u8],
    parts: impl IntoIterator<Item = &'p Path>,
) -> Result<Vec<u8>, ArchiveError> {
    let mut out = io::Cursor::new(Vec::new());
    join(&mut out, path, contents, parts)?;
    Ok(out.into_inner())
}
