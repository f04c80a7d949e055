//! Copying objects out of an upstream's packs.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use gix::odb::pack::{data, index};

use super::writer::{PartWriter, WriteError, id_of};
use crate::domain::repository::oid::Oid;
use crate::git::repository::Reader;
use crate::git::to_gix;
use crate::git::upload_pack::ObjectKind;

/// The packs of one upstream. Cheap to clone.
#[derive(Clone, Default)]
pub struct Packs(Arc<Vec<Pack>>);

struct Pack {
    index: index::File,
    data: data::File,
    /// Where its entries begin, in order.
    offsets: Vec<u64>,
}

/// Copies for one thread.
pub struct Copier {
    packs: Packs,
    reader: Reader,
    buffer: Vec<u8>,
}

impl Packs {
    /// Maps the packs of the repository in `path`. What cannot be mapped, because a compaction has just
    /// removed it or for any other reason, is passed over: then objects are read one by one.
    #[must_use]
    pub fn map(path: &Path) -> Self {
        let Ok(files) = fs::read_dir(path.join("objects/pack")) else { return Self::default() };
        let sha1 = gix::hash::Kind::Sha1;
        let packs = files.flatten().filter_map(|file| {
            let path = file.path();
            if path.extension()? != "idx" {
                return None;
            }
            let index = index::File::at(&path, sha1).ok()?;
            let data = data::File::at(path.with_extension("pack"), sha1).ok()?;
            let offsets = index.sorted_offsets();
            Some(Pack { index, data, offsets })
        });
        Self(Arc::new(packs.collect()))
    }
}

impl Pack {
    /// The size of an object and its entry, if the pack has it whole.
    fn whole(&self, id: &Oid) -> Option<(u64, &[u8])> {
        let number = self.index.lookup(to_gix(id))?;
        let offset = self.index.pack_offset_at_index(number);
        let next = self.offsets.partition_point(|other| *other <= offset);
        let end = self.offsets.get(next).copied().unwrap_or(self.data.pack_end() as u64);
        let entry = self.data.entry(offset).ok()?;
        if entry.header.is_delta() {
            return None;
        }
        let bytes = self.data.entry_slice(offset..end)?;
        // What the disk did not keep is read in the other way, which says what is wrong.
        let sound = self.index.crc32_at_index(number)? == crc32fast::hash(bytes);
        sound.then_some((entry.decompressed_size, bytes))
    }
}

impl Copier {
    #[must_use]
    pub fn new(packs: Packs, reader: Reader) -> Self {
        Self { packs, reader, buffer: Vec::new() }
    }

    /// Copies a blob as it is stored; one that is stored as a delta, or not in a pack, is compressed anew.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn blob(&mut self, id: &Oid, out: &mut PartWriter<impl Write>) -> Result<(), WriteError> {
        if out.has(id) || self.stored(id, ObjectKind::Blob, out)? {
            return Ok(());
        }
        self.reader.blob_into(id, &mut self.buffer)?;
        Ok(out.contents(*id, ObjectKind::Blob, &self.buffer)?)
    }

    /// Writes a tree that we made. Most of those of a plugin are the upstream's own, byte for byte, and
    /// compressed there.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn tree(&mut self, tree: &[u8], out: &mut PartWriter<impl Write>) -> Result<Oid, WriteError> {
        let id = id_of(ObjectKind::Tree, tree)?;
        if !out.has(&id) && !self.stored(&id, ObjectKind::Tree, out)? {
            out.contents(id, ObjectKind::Tree, tree)?;
        }
        Ok(id)
    }

    /// Whether an upstream's pack has the object whole; if so, it was copied. An object's id says what kind
    /// it is of.
    fn stored(
        &self,
        id: &Oid,
        kind: ObjectKind,
        out: &mut PartWriter<impl Write>,
    ) -> Result<bool, WriteError> {
        let Some((size, entry)) = self.packs.0.iter().find_map(|pack| pack.whole(id)) else {
            return Ok(false);
        };
        out.stored(*id, kind, size, entry)?;
        Ok(true)
    }
}
