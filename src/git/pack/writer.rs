//! Writing a part.

use std::collections::HashSet;
use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};
use gix::odb::pack::data::entry::Header;

use super::copier::Copier;
use super::part::{BEGINNING, END, Object};
use crate::domain::feed::served::Bytes;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;
use crate::git::from_gix;
use crate::git::tree::{Folder, Unfit};
use crate::git::upload_pack::ObjectKind;

/// A part could not be written: what goes into it could not be read, or put on the disk.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] io::Error),
    #[error(transparent)]
    Path(#[from] Unfit),
}

/// Writes the objects of a folder: its files (path, executable, contents) and its trees. Says which tree
/// is its own.
///
/// # Errors
/// See [`WriteError`].
pub fn write_folder<'f>(
    out: &mut PartWriter<impl Write>,
    copier: &mut Copier,
    files: impl Iterator<Item = (&'f str, bool, &'f Bytes)>,
) -> Result<Oid, WriteError> {
    let mut folder = Folder::default();
    for (path, executable, bytes) in files {
        let id = match bytes {
            Bytes::Blob(id) => {
                copier.blob(id, out)?;
                *id
            }
            Bytes::Made(contents) => out.blob(contents)?,
        };
        folder.file(path, executable, id)?;
    }
    folder.write(&mut |tree| copier.tree(tree, out))
}

pub(super) fn id_of(kind: ObjectKind, contents: &[u8]) -> io::Result<Oid> {
    let kind = match kind {
        ObjectKind::Commit => gix::objs::Kind::Commit,
        ObjectKind::Tree => gix::objs::Kind::Tree,
        ObjectKind::Blob => gix::objs::Kind::Blob,
        ObjectKind::Tag => gix::objs::Kind::Tag,
    };
    let id = gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, contents).map_err(io::Error::other)?;
    Ok(from_gix(&id))
}

/// Little is compressed here, and somebody waits for it. On what upstreams store as deltas, level 6 leaves an
/// eighth less, which is a hundredth of a view, and takes several times as long.
const LEVEL: u32 = 2;

/// Writes a part, object by object. One that is written already is passed over.
pub struct PartWriter<W> {
    out: Summed<W>,
    objects: Vec<Object>,
    written: HashSet<Oid>,
    compress: Compress,
    buffer: Vec<u8>,
}

/// What goes through it, and how much and what that was.
struct Summed<W> {
    out: W,
    sum: crc32fast::Hasher,
    at: u64,
}

impl<W: Write> Summed<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.sum.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }
}

impl<W: Write> PartWriter<W> {
    /// # Errors
    /// What writing says.
    pub fn new(out: W) -> io::Result<Self> {
        let mut out = Summed { out, sum: crc32fast::Hasher::new(), at: 0 };
        out.put(BEGINNING)?;
        Ok(Self {
            out,
            objects: Vec::new(),
            written: HashSet::new(),
            compress: Compress::new(Compression::new(LEVEL), true),
            buffer: Vec::new(),
        })
    }

    #[must_use]
    pub fn has(&self, id: &Oid) -> bool {
        self.written.contains(id)
    }

    /// An object as a pack has it: header and zlib stream. `size` is that of its contents.
    pub(super) fn stored(&mut self, id: Oid, kind: ObjectKind, size: u64, entry: &[u8]) -> io::Result<()> {
        if self.written.insert(id) {
            let (offset, length) = (self.out.at, entry.len() as u64);
            self.out.put(entry)?;
            self.objects.push(Object { id, kind, size, offset, length, crc: crc32fast::hash(entry) });
        }
        Ok(())
    }

    /// An object whose id is known.
    pub(super) fn contents(&mut self, id: Oid, kind: ObjectKind, contents: &[u8]) -> io::Result<()> {
        if self.has(&id) {
            return Ok(());
        }
        let header = match kind {
            ObjectKind::Commit => Header::Commit,
            ObjectKind::Tree => Header::Tree,
            ObjectKind::Blob => Header::Blob,
            ObjectKind::Tag => Header::Tag,
        };
        let mut entry = std::mem::take(&mut self.buffer);
        entry.clear();
        header.write_to(contents.len() as u64, &mut entry)?;
        self.deflate(contents, &mut entry)?;
        let stored = self.stored(id, kind, contents.len() as u64, &entry);
        self.buffer = entry;
        stored
    }

    fn deflate(&mut self, contents: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.compress.reset();
        loop {
            let done = usize::try_from(self.compress.total_in()).map_err(io::Error::other)?;
            let rest = contents.get(done..).unwrap_or_default();
            out.reserve((rest.len() / 2).clamp(1 << 10, 1 << 20));
            match self.compress.compress_vec(rest, out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return Ok(()),
                Ok(Status::Ok | Status::BufError) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// A blob that we made. Says its id.
    ///
    /// # Errors
    /// What writing says.
    pub fn blob(&mut self, contents: &[u8]) -> io::Result<Oid> {
        self.object(ObjectKind::Blob, contents)
    }

    /// A tree or commit that we made.
    pub(in crate::git) fn object(&mut self, kind: ObjectKind, contents: &[u8]) -> io::Result<Oid> {
        let id = id_of(kind, contents)?;
        self.contents(id, kind, contents)?;
        Ok(id)
    }

    /// Ends the file: which object is the root, and whatever else is to be said of it.
    ///
    /// # Errors
    /// What writing says.
    pub fn finish(mut self, root: &Oid, about: &[u8]) -> io::Result<W> {
        self.out.put(about)?;
        self.objects.sort_unstable_by_key(|object| object.id);
        for object in &self.objects {
            let kind: u8 = match object.kind {
                ObjectKind::Commit => 1,
                ObjectKind::Tree => 2,
                // Nothing makes tags.
                ObjectKind::Blob | ObjectKind::Tag => 3,
            };
            self.out.put(&object.id.0)?;
            self.out.put(&[kind])?;
            for number in [object.size, object.offset, object.length] {
                self.out.put(&number.to_be_bytes())?;
            }
            self.out.put(&object.crc.to_be_bytes())?;
        }
        self.out.put(&root.0)?;
        self.out.put(&(about.len() as u64).to_be_bytes())?;
        self.out.put(&(self.objects.len() as u64).to_be_bytes())?;
        let Summed { mut out, sum, .. } = self.out;
        out.write_all(&sum.finalize().to_be_bytes())?;
        out.write_all(END)?;
        out.flush()?;
        Ok(out)
    }
}
