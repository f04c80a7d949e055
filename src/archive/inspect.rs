//! Looking through an archive of a stranger's, without writing anything.
//!
//! Programs read archives in two ways: by the directory at the end, or from the beginning, file after file. An
//! archive that says two things is refused: its files have to follow each other without a gap, each under the
//! name that the directory gives it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::ArchiveError;

/// More files than any bundle has.
const MOST: usize = 1_000_000;

/// More than any bundle has, in bytes, when it is unpacked: so long one waits for a bomb.
const LARGEST: u64 = 16 << 30;

/// Where the name begins in a file's header (APPNOTE 4.3.7).
const NAME: usize = 30;

/// A file in an archive. Its contents are to be read to the end.
pub struct Entry<'a> {
    pub path: &'a str,
    pub executable: bool,
    /// In bytes, as the archive says. Reading fails where that, or the CRC-32, is not so.
    pub size: u64,
    pub contents: &'a mut dyn Read,
}

/// Shows every file of an archive.
///
/// # Errors
/// When it is damaged, is none, or holds what we never put into one: names that lead out of it or stand twice, what
/// is neither a file nor one of the usual modes, anything between the files. And what `show` says.
pub fn inspect(path: &Path, mut show: impl FnMut(Entry<'_>) -> io::Result<()>) -> Result<(), ArchiveError> {
    let damaged = |reason: String| ArchiveError::Damaged { path: path.to_owned(), reason };
    let failed = |source: io::Error| match source.kind() {
        // What the archive holds, and not what the disk says.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            damaged(source.to_string())
        }
        _ => ArchiveError::Io { path: PathBuf::from(path), source },
    };
    let mut raw = File::open(path).map_err(failed)?;
    let file = File::open(path).map_err(failed)?;
    let mut archive = ZipArchive::new(file).map_err(|why| damaged(why.to_string()))?;
    if archive.len() > MOST {
        return Err(damaged(format!("it has {} entries", archive.len())));
    }
    if !archive.comment().is_empty() || archive.offset() != 0 {
        return Err(damaged("there is something before its files, or behind its directory".to_owned()));
    }
    let mut seen = HashSet::new();
    let (mut end, mut unpacked) = (0, 0_u64);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|why| damaged(why.to_string()))?;
        let name = std::str::from_utf8(entry.name_raw())
            .map_err(|_| damaged("a name is not UTF-8".into()))?
            .to_owned();
        let shown = crate::domain::note::quoted(&name);
        let wrong = |why: &str| damaged(format!("{shown}: {why}"));
        if !is_plain(&name) {
            return Err(wrong("no such path is in a bundle"));
        }
        if !seen.insert(name.clone()) {
            return Err(wrong("it is there twice"));
        }
        let executable = match entry.unix_mode() {
            Some(0o100_644) => false,
            Some(0o100_755) => true,
            _ => return Err(wrong("it is no plain file")),
        };
        if entry.encrypted() {
            return Err(wrong("it is encrypted"));
        }
        let start = entry.header_start();
        let Some(data) = entry.data_start() else { return Err(wrong("it has no contents")) };
        if start != end || !says(&mut raw, start, data, name.as_bytes()).map_err(failed)? {
            return Err(wrong("what stands before it is not what the directory says"));
        }
        end = data.saturating_add(entry.compressed_size());
        let size = entry.size();
        unpacked = unpacked.saturating_add(size);
        if unpacked > LARGEST {
            return Err(damaged(format!("it is larger than {LARGEST} bytes when it is unpacked")));
        }
        // No more than it says: a stream that never ends would be read until then.
        let mut contents = Counted { inner: &mut entry, left: size };
        show(Entry { path: &name, executable, size, contents: &mut contents }).map_err(failed)?;
        contents.finish().map_err(failed)?;
    }
    if archive.central_directory_start() != end {
        return Err(damaged("there is something between its files and its directory".to_owned()));
    }
    Ok(())
}

/// Whether a path is one that bundles have.
fn is_plain(name: &str) -> bool {
    !name.contains(['\\', '\0']) && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether the header at `start` is a file's of that name, and its contents begin at `data`.
fn says(raw: &mut File, start: u64, data: u64, name: &[u8]) -> io::Result<bool> {
    let mut header = vec![0; NAME + name.len()];
    raw.seek(SeekFrom::Start(start))?;
    raw.read_exact(&mut header)?;
    let number = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let (length, extra) = (number(26), number(28));
    let begins = start + NAME as u64 + length + extra;
    // Bit 3: sizes stand behind the contents, where they could be others.
    let flags = number(6);
    Ok(header.starts_with(b"PK\x03\x04")
        && flags & 8 == 0
        && length == name.len() as u64
        && header.ends_with(name)
        && begins == data)
}

/// Reads as many bytes as were promised, and no more.
struct Counted<'a, R> {
    inner: &'a mut R,
    left: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(longer)?;
        Ok(read)
    }
}

impl<R: Read> Counted<'_, R> {
    /// Reading to the end is what checks the CRC-32.
    fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink())?;
        if self.left == 0 {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "a file is shorter than it says"))
        }
    }
}

fn longer() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a file is longer than it says")
}
