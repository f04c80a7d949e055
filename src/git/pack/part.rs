//! The file of a part.
//!
//! ```text
//! 8 bytes    AGNPART1
//! …          objects, each as in a pack (gitformat-pack): type and size, then a zlib stream
//! …          what its maker wrote beside them
//! …          a record for each object, in the order of ids:
//!              20 bytes  id
//!               1 byte   type: 1 commit, 2 tree, 3 blob
//!               8 bytes  size, not compressed
//!               8 bytes  where it begins in this file
//!               8 bytes  how many bytes it has there
//!               4 bytes  CRC-32 of these
//! 20 bytes   id of the root: a tree, or the commit of a snapshot
//!  8 bytes   how many bytes the maker's words have
//!  8 bytes   how many objects there are
//!  4 bytes   CRC-32 of all before
//! 8 bytes    AGNPEND1
//! ```
//! Numbers are big-endian. Nothing depends on what machine made it; nothing but Agnes reads it.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;
use crate::git::upload_pack::ObjectKind;

pub(super) const BEGINNING: &[u8; 8] = b"AGNPART1";
pub(super) const END: &[u8; 8] = b"AGNPEND1";

/// Bytes of one object's record.
pub(super) const RECORD: usize = 49;

/// Bytes of what follows the records.
pub(super) const FOOTER: usize = 20 + 8 + 8 + 4 + 8;

/// The objects of one folder, in a file that never changes.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    /// In the order of ids.
    objects: Vec<Object>,
    root: Oid,
    about: Vec<u8>,
    /// The file was found not to be what it was.
    spoilt: AtomicBool,
    /// How many of its objects were looked into.
    #[cfg(test)]
    pub(super) reads: AtomicU64,
}

/// The part that was read from last: whoever reads many objects of one opens its file once.
#[derive(Default)]
pub(super) struct OpenPart(Option<(Arc<Part>, File)>);

/// Where an object is in its part.
#[derive(Debug, Clone, Copy)]
pub struct Object {
    pub id: Oid,
    pub kind: ObjectKind,
    /// In bytes, not compressed.
    pub size: u64,
    pub offset: u64,
    /// In bytes, compressed, with its header.
    pub length: u64,
    /// CRC-32 of its bytes in the file, so that whoever sends them sees whether they still are what they
    /// were.
    pub crc: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum PartError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It can be made again.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

impl Part {
    /// Reads where everything is, and all of the file once, to see that it is whole.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn open(path: &Path) -> Result<Self, PartError> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let least = (BEGINNING.len() + FOOTER) as u64;
        let Some(behind) = size.checked_sub(least) else { return Err(PartError::Damaged("it is too short")) };
        verify(&mut file, size)?;

        let mut footer = [0; FOOTER];
        file.seek(SeekFrom::Start(size - FOOTER as u64))?;
        file.read_exact(&mut footer)?;
        let mut fields = Reader(&footer);
        let (root, about, count) = (fields.id(), fields.number(), fields.number());
        let records = count.checked_mul(RECORD as u64);
        let tail = records.and_then(|records| records.checked_add(about)).filter(|tail| *tail <= behind);
        let Some(tail) = tail else { return Err(PartError::Damaged("its footer says nonsense")) };
        let end = size - FOOTER as u64 - tail;

        file.seek(SeekFrom::Start(end))?;
        let mut bytes = vec![0; usize::try_from(tail).map_err(|_| PartError::Damaged("it is too large"))?];
        file.read_exact(&mut bytes)?;
        let (words, records) = bytes.split_at(usize::try_from(about).unwrap_or_default());
        let objects = records.chunks_exact(RECORD).map(|record| read(record, end)).collect::<Option<_>>();
        let Some(objects) = objects else { return Err(PartError::Damaged("a record says nonsense")) };
        let (path, about, spoilt) = (path.to_owned(), words.to_vec(), AtomicBool::new(false));
        Ok(Self {
            path,
            objects,
            root,
            about,
            spoilt,
            #[cfg(test)]
            reads: AtomicU64::new(0),
        })
    }

    /// A tree, or the commit of a snapshot.
    #[must_use]
    pub fn root(&self) -> Oid {
        self.root
    }

    /// What its maker wrote beside the objects.
    #[must_use]
    pub fn about(&self) -> &[u8] {
        &self.about
    }

    /// In the order of ids.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Whether nothing was found wrong with the file.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.spoilt.load(Ordering::Relaxed)
    }

    /// The file, to be read from. Whoever finds it gone or too short says so by [`Self::spoil`].
    pub(super) fn file(&self) -> io::Result<File> {
        File::open(&self.path).inspect_err(|_| self.spoil())
    }

    pub(super) fn spoil(&self) {
        self.spoilt.store(true, Ordering::Relaxed);
    }
}

impl OpenPart {
    /// The bytes of one of a part's objects, decompressed.
    pub fn read(&mut self, part: &Arc<Part>, object: &Object) -> Result<Vec<u8>, ReadError> {
        #[cfg(test)]
        part.reads.fetch_add(1, Ordering::Relaxed);
        let unreadable = |reason: String| {
            part.spoil();
            ReadError { id: object.id, reason }
        };
        let mut read = || -> io::Result<Vec<u8>> {
            let mut file = match &self.0 {
                Some((open, file)) if Arc::ptr_eq(open, part) => file,
                _ => &self.0.insert((Arc::clone(part), part.file()?)).1,
            };
            file.seek(SeekFrom::Start(object.offset))?;
            let mut stored = Vec::new();
            file.take(object.length).read_to_end(&mut stored)?;
            // The header: a byte whose highest bit says that another one follows.
            let header = stored.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
            let mut bytes = Vec::new();
            let stream = stored.get(header..).unwrap_or_default();
            flate2::read::ZlibDecoder::new(stream).take(object.size + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        match read() {
            Ok(bytes) if bytes.len() as u64 == object.size => Ok(bytes),
            Ok(_) => Err(unreadable("it has another size than it should".to_owned())),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }
}

/// Holds the checksum against everything that is before it.
fn verify(file: &mut File, size: u64) -> Result<(), PartError> {
    const CLOSING: u64 = 4 + 8;
    let mut sum = crc32fast::Hasher::new();
    let mut input = BufReader::with_capacity(1 << 17, &*file).take(size - CLOSING);
    let mut first = [0; 8];
    input.read_exact(&mut first)?;
    if &first != BEGINNING {
        return Err(PartError::Damaged("it does not begin as it should"));
    }
    sum.update(&first);
    let mut buffer = vec![0; 1 << 17];
    loop {
        match input.read(&mut buffer)? {
            0 => break,
            n => sum.update(&buffer[..n]),
        }
    }
    let mut closing = [0; 12];
    file.seek(SeekFrom::Start(size - CLOSING))?;
    file.read_exact(&mut closing)?;
    if closing[4..] != END[..] {
        return Err(PartError::Damaged("it does not end as it should"));
    }
    if closing[..4] != sum.finalize().to_be_bytes() {
        return Err(PartError::Damaged("its checksum is another one"));
    }
    Ok(())
}

/// A record; `end` is where the objects end.
fn read(record: &[u8], end: u64) -> Option<Object> {
    let mut fields = Reader(record);
    let id = fields.id();
    let kind = match fields.bytes::<1>() {
        [1] => ObjectKind::Commit,
        [2] => ObjectKind::Tree,
        [3] => ObjectKind::Blob,
        _ => return None,
    };
    let (size, offset, length) = (fields.number(), fields.number(), fields.number());
    let crc = u32::from_be_bytes(fields.bytes());
    let fits = offset >= BEGINNING.len() as u64 && offset.checked_add(length)? <= end && length > 0;
    fits.then_some(Object { id, kind, size, offset, length, crc })
}

/// Takes fields of known lengths from the front. What is not there reads as zeroes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let Some((first, rest)) = self.0.split_first_chunk::<N>() else { return [0; N] };
        self.0 = rest;
        *first
    }

    fn id(&mut self) -> Oid {
        Oid(self.bytes())
    }

    fn number(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }
}
