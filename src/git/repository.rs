//! Reading what was fetched.
//!
//! Only the object database is opened: no configuration, no refs, no discovery. Opening costs a
//! directory listing; packs are mapped when first used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::objs::{Exists, FindHeader, Kind as ObjectKind};
use gix::odb::pack;

use super::{from_gix, one_line, to_gix};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::{Kind, Objects, ReadError, TreeEntry};

/// A repository could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the repository in `{}`: {reason}", path.display())]
pub struct OpenError {
    pub path: PathBuf,
    pub reason: String,
}

/// The objects of one fetched upstream. Cheap to clone and shared between threads; each thread
/// reads with a [`Reader`] of its own.
#[derive(Clone)]
pub struct Repository {
    store: Arc<gix::odb::Store>,
}

/// Packs that syncs added since the last compaction need a slot each, and gix cannot grow their
/// number while the store is open.
const PACK_SLOTS: u16 = 512;

/// Bytes of decoded delta bases each reader keeps.
const PACK_CACHE_BYTES: usize = 8 * 1024 * 1024;

impl Repository {
    /// Opens the bare repository in `path`.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let objects = path.join("objects");
        let options = gix::odb::store::init::Options {
            slots: gix::odb::store::init::Slots::Given(PACK_SLOTS),
            use_multi_pack_index: false,
            // Only used to resolve alternates, which our repositories do not have.
            current_dir: Some(path.to_owned()),
            ..Default::default()
        };
        gix::odb::Store::at_opts(objects, gix::hash::Kind::Sha1, &mut std::iter::empty(), options)
            .map(|store| Self { store: Arc::new(store) })
            .map_err(|error| OpenError { path: path.to_owned(), reason: error.to_string() })
    }

    /// A reader for the current thread.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let mut odb = self.store.to_cache_arc();
        odb.set_pack_cache(|| Box::new(pack::cache::lru::MemoryCappedHashmap::new(PACK_CACHE_BYTES)));
        // Objects may be read from a pack that a compaction has just removed: keep it mapped.
        odb.prevent_pack_unload();
        Reader { odb }
    }
}

/// Reads objects. Not shared between threads, for it keeps recently used delta bases.
pub struct Reader {
    odb: gix::odb::HandleArc,
}

/// What is in a commit object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitFacts {
    pub tree: Oid,
    /// Seconds since 1970 of the committer's clock.
    pub committed_at: i64,
    pub has_parents: bool,
}

impl Reader {
    /// The root tree of a commit.
    ///
    /// # Errors
    /// When it is missing, damaged, or no commit.
    pub fn commit_tree(&self, commit: &Oid) -> Result<Oid, ReadError> {
        self.commit(commit).map(|facts| facts.tree)
    }

    /// Tree, time and whether there are parents.
    ///
    /// # Errors
    /// When it is missing, damaged, or no commit.
    pub fn commit(&self, id: &Oid) -> Result<CommitFacts, ReadError> {
        let mut buf = Vec::new();
        self.read(id, Some(ObjectKind::Commit), &mut buf)?;
        let commit =
            gix::objs::CommitRef::from_bytes(&buf, gix::hash::Kind::Sha1).map_err(|e| damaged(id, &e))?;
        // A committer line that is nonsense does not make the files unreadable.
        let committed_at = commit.committer().ok().and_then(|c| c.time().ok()).map_or(0, |time| time.seconds);
        Ok(CommitFacts {
            tree: from_gix(&commit.tree()),
            committed_at,
            has_parents: commit.parents().next().is_some(),
        })
    }

    /// Follows annotated tags (also tags of tags) to what they point to.
    ///
    /// # Errors
    /// When a tag is missing or damaged, or they are nested absurdly deep.
    pub fn peel(&self, id: &Oid) -> Result<Oid, ReadError> {
        let mut id = *id;
        for _ in 0..16 {
            let mut buf = Vec::new();
            if self.read(&id, None, &mut buf)? != ObjectKind::Tag {
                return Ok(id);
            }
            let tag =
                gix::objs::TagRef::from_bytes(&buf, gix::hash::Kind::Sha1).map_err(|e| damaged(&id, &e))?;
            id = from_gix(&tag.target());
        }
        Err(ReadError { id, reason: "tags nested too deep".into() })
    }

    /// The bytes of a blob, into a buffer that can be used again. Ask [`Objects::size`] first when
    /// the blob may be huge: it is held in memory whole.
    ///
    /// # Errors
    /// When the blob is missing or damaged.
    pub fn blob_into(&self, id: &Oid, buf: &mut Vec<u8>) -> Result<(), ReadError> {
        self.read(id, Some(ObjectKind::Blob), buf).map(drop)
    }

    /// Whether the object is here, without reading it.
    #[must_use]
    pub fn has(&self, id: &Oid) -> bool {
        self.odb.exists(&to_gix(id))
    }

    /// Bytes of an object of any kind, uncompressed, without reading it: for those who would not
    /// read a tree of a million entries.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn object_size(&self, id: &Oid) -> Result<u64, ReadError> {
        self.header(id).map(|header| header.size)
    }

    fn header(&self, id: &Oid) -> Result<gix::objs::Header, ReadError> {
        self.odb.try_header(&to_gix(id)).map_err(|e| damaged(id, &e))?.ok_or_else(|| missing(id))
    }

    /// Shows each entry of a tree, without keeping any.
    pub(super) fn each_entry(
        &self,
        id: &Oid,
        buf: &mut Vec<u8>,
        mut show: impl FnMut(&[u8], Kind, Oid),
    ) -> Result<(), ReadError> {
        self.read(id, Some(ObjectKind::Tree), buf)?;
        for entry in gix::objs::TreeRefIter::from_bytes(buf, gix::hash::Kind::Sha1) {
            let entry = entry.map_err(|e| damaged(id, &e))?;
            show(entry.filename, kind_of(entry.mode.kind()), from_gix(entry.oid));
        }
        Ok(())
    }

    /// What this reader reads from, for the parts of this room that need all of gix.
    pub(super) fn odb(&self) -> &gix::odb::HandleArc {
        &self.odb
    }

    pub(super) fn read(
        &self,
        id: &Oid,
        wanted: Option<ObjectKind>,
        buf: &mut Vec<u8>,
    ) -> Result<ObjectKind, ReadError> {
        use gix::objs::Find;
        buf.clear();
        let found = self.odb.try_find(&to_gix(id), buf).map_err(|e| damaged(id, &e))?;
        let Some(found) = found else {
            return Err(missing(id));
        };
        let (kind, length) = (found.kind, found.data.len());
        if let Some(wanted) = wanted.filter(|wanted| *wanted != kind) {
            return Err(ReadError { id: *id, reason: format!("is a {kind}, not a {wanted}") });
        }
        buf.truncate(length);
        Ok(kind)
    }
}

impl Objects for Reader {
    fn tree_within(&self, id: &Oid, most: usize) -> Result<Option<Vec<TreeEntry>>, ReadError> {
        // An entry is 28 bytes and a name. What has longer ones on average can be on no disk, and is not unpacked.
        const LONGEST_ENTRY: u64 = 512;
        if self.object_size(id)? > (most as u64).saturating_mul(LONGEST_ENTRY) {
            return Ok(None);
        }
        let mut entries = Vec::new();
        let mut number: usize = 0;
        self.each_entry(id, &mut Vec::new(), |name, kind, id| {
            number += 1;
            if number <= most {
                entries.push(TreeEntry { name: name.to_vec(), kind, id });
            }
        })?;
        Ok((number <= most).then_some(entries))
    }

    fn blob(&self, id: &Oid) -> Result<Vec<u8>, ReadError> {
        let mut buf = Vec::new();
        self.blob_into(id, &mut buf)?;
        Ok(buf)
    }

    fn size(&self, id: &Oid) -> Result<u64, ReadError> {
        let header = self.header(id)?;
        if header.kind == ObjectKind::Blob {
            return Ok(header.size);
        }
        Err(ReadError { id: *id, reason: format!("is a {}, not a blob", header.kind) })
    }
}

fn kind_of(kind: gix::objs::tree::EntryKind) -> Kind {
    use gix::objs::tree::EntryKind;
    match kind {
        EntryKind::Tree => Kind::Tree,
        EntryKind::Blob => Kind::File,
        EntryKind::BlobExecutable => Kind::Executable,
        EntryKind::Link => Kind::Symlink,
        EntryKind::Commit => Kind::Submodule,
    }
}

fn missing(id: &Oid) -> ReadError {
    ReadError { id: *id, reason: "is missing".into() }
}

fn damaged(id: &Oid, error: &gix::Error) -> ReadError {
    ReadError { id: *id, reason: format!("is damaged: {}", one_line(error)) }
}
