//! Compressing the parts that are missing, on all processors.

use std::collections::BTreeMap;
use std::io::{BufWriter, Cursor, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use zip::{ZipArchive, ZipWriter};

use super::{ArchiveError, options};

/// A file of a part.
#[derive(Debug, Clone)]
pub struct Entry<S> {
    /// Where it lies in the archive.
    pub path: String,
    pub executable: bool,
    /// In bytes, uncompressed; only guides how the work is cut.
    pub size: u64,
    /// Where its contents come from.
    pub source: S,
}

/// A part that is to be made. Its entries are in the order of their paths.
#[derive(Debug)]
pub struct Part<S> {
    pub path: PathBuf,
    pub entries: Vec<Entry<S>>,
}

/// Reads contents, for one thread: fills the buffer, which is empty.
pub type Fill<'a, S> = Box<dyn FnMut(&S, &mut Vec<u8>) -> Result<(), String> + 'a>;

/// What one thread takes at a time, in bytes of contents.
const BATCH: u64 = 1 << 20;

/// Batches that may wait for being written, per thread: what bounds the memory.
const WAITING: usize = 2;

struct Batch {
    part: usize,
    /// Its number among the part's batches.
    number: usize,
    entries: std::ops::Range<usize>,
}

/// Makes parts. Each appears under its path when it is complete, and not before; `threads` share the
/// work, each with a reader of its own.
///
/// # Errors
/// When contents cannot be read or a part cannot be written. Parts that were complete stay.
pub fn compress<'a, S: Sync>(
    parts: &[Part<S>],
    threads: usize,
    reader: &(dyn Fn() -> Fill<'a, S> + Sync),
) -> Result<(), ArchiveError> {
    let batches = cut(parts);
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let threads = threads.clamp(1, batches.len().max(1));
    std::thread::scope(|scope| {
        let (sender, results) = sync_channel(threads * WAITING);
        for _ in 0..threads {
            let (sender, batches, next, stop) = (sender.clone(), &batches, &next, &stop);
            scope.spawn(move || {
                let mut fill = reader();
                while !stop.load(Ordering::Relaxed) {
                    let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    let entries = &parts[batch.part].entries[batch.entries.clone()];
                    if sender.send((batch, deflate(entries, &mut fill))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let written = write(parts, &batches, results);
        stop.store(true, Ordering::Relaxed);
        written
    })
}

fn cut<S>(parts: &[Part<S>]) -> Vec<Batch> {
    let mut batches = Vec::new();
    for (part, Part { entries, .. }) in parts.iter().enumerate() {
        let (mut number, mut start, mut bytes) = (0, 0, 0);
        for (i, entry) in entries.iter().enumerate() {
            bytes += entry.size;
            if bytes >= BATCH || i + 1 == entries.len() {
                batches.push(Batch { part, number, entries: start..i + 1 });
                (number, start, bytes) = (number + 1, i + 1, 0);
            }
        }
        if entries.is_empty() {
            batches.push(Batch { part, number: 0, entries: 0..0 });
        }
    }
    batches
}

/// One batch as an archive in memory.
fn deflate<S>(entries: &[Entry<S>], fill: &mut Fill<'_, S>) -> Result<Vec<u8>, ArchiveError> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let mut contents = Vec::new();
    for entry in entries {
        contents.clear();
        fill(&entry.source, &mut contents).map_err(ArchiveError::Source)?;
        let options = options(entry.executable, contents.len() as u64);
        out.start_file(&entry.path, options).map_err(ArchiveError::write)?;
        out.write_all(&contents).map_err(ArchiveError::Write)?;
    }
    Ok(out.finish().map_err(ArchiveError::write)?.into_inner())
}

/// Writes each part when its last batch has arrived. Batches are handed out in order, so few wait.
fn write<'b, S>(
    parts: &[Part<S>],
    batches: &'b [Batch],
    results: impl IntoIterator<Item = (&'b Batch, Result<Vec<u8>, ArchiveError>)>,
) -> Result<(), ArchiveError> {
    let mut expected = vec![0; parts.len()];
    for batch in batches {
        expected[batch.part] += 1;
    }
    let mut arrived: BTreeMap<usize, BTreeMap<usize, Vec<u8>>> = BTreeMap::new();
    for (batch, bytes) in results {
        let pieces = arrived.entry(batch.part).or_default();
        pieces.insert(batch.number, bytes?);
        if pieces.len() == expected[batch.part] {
            let pieces = arrived.remove(&batch.part).unwrap_or_default();
            save(&parts[batch.part].path, pieces.into_values())?;
        }
    }
    Ok(())
}

fn save(path: &PathBuf, pieces: impl IntoIterator<Item = Vec<u8>>) -> Result<(), ArchiveError> {
    let io = |source| ArchiveError::Io { path: path.clone(), source };
    let folder = path.parent().unwrap_or(path);
    // The error's kind alone: it would name a file that nobody knows.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| io(error.kind().into()))?;
    let mut pieces = pieces.into_iter();
    let first = pieces.next().unwrap_or_default();
    match pieces.next() {
        // A batch of its own is the part already.
        None => file.write_all(&first).map_err(io)?,
        // Straight into the file: a large plugin is in memory once, and less of it with every piece.
        Some(second) => {
            let mut out = ZipWriter::new(BufWriter::with_capacity(1 << 18, file.as_file_mut()));
            for piece in [first, second].into_iter().chain(pieces) {
                let piece = ZipArchive::new(Cursor::new(piece)).map_err(ArchiveError::write)?;
                out.merge_archive(piece).map_err(ArchiveError::write)?;
            }
            out.finish().map_err(ArchiveError::write)?.flush().map_err(io)?;
        }
    }
    file.persist(path).map(drop).map_err(|error| io(error.error))
}
