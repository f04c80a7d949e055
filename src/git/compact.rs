//! Making one pack of many.
//!
//! Each sync that brings something leaves a pack, and what was replaced upstream stays in the old
//! ones. Compacting copies what the given commits consist of into one new pack, puts that in place,
//! and only then removes the old ones. Readers that have an old pack open keep reading from it;
//! those that look for it later find the new one.

use std::fs;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use gix::odb::pack;
use gix::odb::pack::data::output;
use gix::parallel::InOrderIter;

use super::home::Home;
use super::repository::{Reader, Repository};
use super::{one_line, reach, to_gix};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;

/// More packs than this are made one.
const MANY: usize = 8;

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// False: there was no need, and nothing was touched.
    pub rewritten: bool,
    pub packs_before: usize,
    /// Objects that are kept; 0 when nothing was rewritten.
    pub objects: usize,
    /// Bytes of packs and indices that went away.
    pub freed: u64,
}

/// Nothing was changed, unless it is `Io`: then old packs may be left, which the next compaction removes.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    #[error("cannot compact the repository in `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot compact the repository in `{}`: {reason}", path.display())]
    Objects { path: PathBuf, reason: String },
    #[error("cannot compact the repository in `{}`: {source}", path.display())]
    Read { path: PathBuf, source: ReadError },
}

/// Rewrites the repository in `repo` into one pack that holds just what the commits in `keep` consist of, if it
/// has more than eight packs, or if more than half of its objects are not needed. Call it after a
/// fetch that received something; it is cheap when there is nothing to do.
///
/// # Errors
/// When one of the commits is not here whole, or something cannot be written.
pub fn compact(repo: &Path, keep: &[Oid]) -> Result<Compacted, CompactError> {
    let on_disk = |source| CompactError::Io { path: repo.to_owned(), source };
    let Some(home) = Home::take(repo, &|| false) else {
        return Err(on_disk(io::ErrorKind::WouldBlock.into()));
    };
    let old = home.indices();
    let unneeded = Compacted { rewritten: false, packs_before: old.len(), objects: 0, freed: 0 };
    if old.len() < 2 {
        return Ok(unneeded);
    }
    let in_odb =
        |error: gix::Error| CompactError::Objects { path: repo.to_owned(), reason: one_line(&error) };
    let opened = Repository::open(repo);
    let opened =
        opened.map_err(|error| CompactError::Objects { path: repo.to_owned(), reason: error.reason })?;
    let reader = opened.reader();
    let keep = &home.with_sources(keep);
    let needed =
        reach::all(&reader, keep).map_err(|source| CompactError::Read { path: repo.to_owned(), source })?;
    if old.len() <= MANY && needed.len().saturating_mul(2) >= objects_in(&old) {
        return Ok(unneeded);
    }

    let incoming = home.incoming().map_err(on_disk)?;
    let raw = incoming.path().join("copied");
    write_pack(&reader, &needed, &raw).map_err(in_odb)?;
    // Indexing decodes every object once more, so what replaces the old packs is known to be sound.
    index_pack(&raw, incoming.path()).map_err(in_odb)?;
    fs::remove_file(&raw).map_err(on_disk)?;
    drop(reader);

    let new = home.install(incoming.path()).map_err(on_disk)?;
    home.forget_all_but(keep).map_err(on_disk)?;
    let mut freed = 0;
    for index in old.iter().filter(|index| !new.contains(&index.file_name().map(ToOwned::to_owned))) {
        // The index first: a pack without one is invisible, an index without its pack an error.
        for path in [index.clone(), index.with_extension("pack")] {
            freed += fs::metadata(&path).map_or(0, |meta| meta.len());
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(on_disk(error)),
                _ => {}
            }
        }
    }
    Ok(Compacted { rewritten: true, packs_before: old.len(), objects: needed.len(), freed })
}

/// How many objects these packs have, counting one for each pack it is in.
fn objects_in(indices: &[PathBuf]) -> usize {
    let count = |path: &PathBuf| {
        pack::index::File::at(path, gix::hash::Kind::Sha1).map_or(0, |index| index.num_objects())
    };
    indices.iter().map(|path| count(path) as usize).sum()
}

/// Copies entries as they are stored; a delta whose base is not copied is stored whole.
pub(super) fn write_pack(reader: &Reader, ids: &[Oid], to: &Path) -> Result<(), gix::Error> {
    let failed = |error: io::Error| gix::Error::from_error(error);
    let (counts, _) = output::count::objects_unthreaded(
        reader.odb(),
        &mut ids.iter().map(|id| Ok(to_gix(id))),
        &gix::progress::Discard,
        &AtomicBool::new(false),
        output::count::objects::ObjectExpansion::AsIs,
    )?;
    let total = counts.len();
    let missing = || failed(io::Error::other("an object vanished while it was copied"));
    if total != ids.len() {
        return Err(missing());
    }
    let options = output::entry::iter_from_counts::Options { chunk_size: 500, ..Default::default() };
    let entries = output::entry::iter_from_counts(
        counts,
        reader.odb().clone(),
        Box::new(gix::progress::Discard),
        options,
    )?;
    let header = u32::try_from(total).map_err(|_| missing())?;
    let mut file = BufWriter::new(fs::File::create(to).map_err(failed)?);
    let written = output::bytes::FromEntriesIter::new(
        InOrderIter::from(entries),
        &mut file,
        header,
        pack::data::Version::default(),
        gix::hash::Kind::Sha1,
    );
    for bytes in written {
        bytes?;
    }
    file.flush().map_err(failed)
}

pub(super) fn index_pack(raw: &Path, into: &Path) -> Result<(), gix::Error> {
    let file = fs::File::open(raw).map_err(gix::Error::from_error)?;
    pack::Bundle::write_to_directory(
        &mut BufReader::new(file),
        Some(into),
        &mut gix::progress::Discard,
        &AtomicBool::new(false),
        None::<gix::odb::HandleArc>,
        gix::hash::Kind::Sha1,
        pack::bundle::write::Options::default(),
    )
    .map(drop)
}
