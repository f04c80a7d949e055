//! Which objects somebody is sent.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::part::{Object, OpenPart, Part};
use super::snapshot::Snapshot;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;
use crate::git::from_gix;
use crate::git::upload_pack::{Filter, ObjectKind};

/// A pack that is not written yet: which pieces of which files it is made of.
#[derive(Debug)]
pub struct Pack {
    pub(super) count: u32,
    pub(super) pieces: Vec<Piece>,
    /// Length and CRC-32 of each object, in the order of the pieces.
    pub(super) checks: Vec<(u64, u32)>,
    /// Bytes of all pieces.
    pub(super) bytes: u64,
    /// What it ends with, as soon as somebody was sent all of it.
    pub(super) checksum: OnceLock<[u8; 20]>,
}

/// Objects that follow each other in one part.
#[derive(Debug)]
pub(super) struct Piece {
    pub part: Arc<Part>,
    pub offset: u64,
    pub length: u64,
}

impl Pack {
    /// A pack of these objects, each of which is named once.
    pub(super) fn of(mut objects: Vec<(&Arc<Part>, &Object)>) -> Self {
        // Part by part, as they were first named, and each from its beginning to its end: the same objects
        // make the same bytes.
        let mut numbers: HashMap<*const Part, usize> = HashMap::new();
        for (part, _) in &objects {
            let next = numbers.len();
            numbers.entry(Arc::as_ptr(part)).or_insert(next);
        }
        objects.sort_by_key(|(part, object)| (numbers.get(&Arc::as_ptr(part)).copied(), object.offset));
        let count = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        let bytes = objects.iter().map(|(_, object)| object.length).sum();
        let checks = objects.iter().map(|(_, object)| (object.length, object.crc)).collect();
        let mut pieces: Vec<Piece> = Vec::new();
        for (part, Object { offset, length, .. }) in objects {
            match pieces.last_mut() {
                Some(last) if Arc::ptr_eq(&last.part, part) && last.offset + last.length == *offset => {
                    last.length += length;
                }
                _ => pieces.push(Piece { part: Arc::clone(part), offset: *offset, length: *length }),
            }
        }
        Self { count, pieces, checks, bytes, checksum: OnceLock::new() }
    }

    /// Bytes of all its objects, as they are sent.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many objects it has.
    #[must_use]
    pub fn objects(&self) -> u32 {
        self.count
    }
}

/// The pack for somebody who asks for `wants` and has everything of `had`. Each want is paired with the
/// snapshot that it is in and may be had from.
///
/// # Errors
/// When a tree cannot be read.
pub fn select(
    wants: &[(Oid, &Snapshot)],
    had: &[&Snapshot],
    filter: &Filter,
) -> Result<Arc<Pack>, ReadError> {
    if let ([(want, snapshot)], [], true) = (wants, had, filter.is_empty())
        && *want == snapshot.tip()
    {
        return Ok(snapshot.pack());
    }
    let (taken, objects, open) = (HashSet::new(), Vec::new(), OpenPart::default());
    let mut selection = Selection { had, filter, taken, objects, open };
    let (mut commits, mut trees) = (Vec::new(), Vec::new());
    for (want, snapshot) in wants {
        if *want != snapshot.tip() {
            // Whoever names a tree or blob lacks it, whatever else they have: that is how what a partial
            // clone left out is asked for.
            selection.add(snapshot, want);
            trees.push((*want, *snapshot));
        } else if !selection.is_had(want) {
            selection.commit(snapshot);
            commits.push((*want, *snapshot));
        }
    }
    if filter.tree_depth.is_some() {
        selection.below(commits, true)?;
    }
    selection.below(trees, false)?;
    Ok(Arc::new(Pack::of(selection.objects)))
}

struct Selection<'a> {
    had: &'a [&'a Snapshot],
    filter: &'a Filter,
    taken: HashSet<Oid>,
    objects: Vec<(&'a Arc<Part>, &'a Object)>,
    open: OpenPart,
}

impl<'a> Selection<'a> {
    /// A commit, and what is in it, if no tree has to be looked into for that.
    fn commit(&mut self, snapshot: &'a Snapshot) {
        self.add(snapshot, &snapshot.tip());
        if self.filter.tree_depth.is_some() {
            return;
        }
        for (part, object) in snapshot.all() {
            if self.filter.keeps(object.kind, 0, || object.size)
                && !self.is_had(&object.id)
                && self.taken.insert(object.id)
            {
                self.objects.push((part, object));
            }
        }
    }

    /// Everything below wanted objects, as deep as the filter lets through; breadth first and from all of
    /// them at once, so that each object is met once, where it is least deep: a stranger may want every
    /// folder by name.
    fn below(&mut self, wanted: Vec<(Oid, &'a Snapshot)>, commit: bool) -> Result<(), ReadError> {
        let mut met: HashSet<Oid> = wanted.iter().map(|(id, _)| *id).collect();
        let mut level = wanted;
        // The root tree of a commit is at depth 0, and so is a tree that is named itself.
        let mut depth: u64 = u64::from(!commit);
        while !level.is_empty() && self.filter.tree_depth.is_none_or(|limit| depth < limit) {
            let mut next = Vec::new();
            for (id, snapshot) in level {
                for id in self.children(snapshot, &id)? {
                    if !met.insert(id) {
                        continue;
                    }
                    // Submodules are in another repository, and are served by nobody here.
                    let Some((_, object)) = snapshot.find(&id) else { continue };
                    if object.kind == ObjectKind::Tree {
                        next.push((id, snapshot));
                    }
                    let lacking = !commit || !self.is_had(&id);
                    if self.filter.keeps(object.kind, depth, || object.size) && lacking {
                        self.add(snapshot, &id);
                    }
                }
            }
            level = next;
            depth += 1;
        }
        Ok(())
    }

    fn add(&mut self, snapshot: &'a Snapshot, id: &Oid) {
        if let Some(found) = snapshot.find(id)
            && self.taken.insert(*id)
        {
            self.objects.push(found);
        }
    }

    fn is_had(&self, id: &Oid) -> bool {
        self.had.iter().any(|snapshot| snapshot.has(id))
    }

    /// What a commit or tree names.
    fn children(&mut self, snapshot: &Snapshot, id: &Oid) -> Result<Vec<Oid>, ReadError> {
        let Some((part, object)) = snapshot.find(id) else { return Ok(Vec::new()) };
        let damaged = |error: gix::Error| ReadError { id: *id, reason: error.to_string() };
        let sha1 = gix::hash::Kind::Sha1;
        match object.kind {
            ObjectKind::Commit => {
                let bytes = self.open.read(part, object)?;
                let commit = gix::objs::CommitRef::from_bytes(&bytes, sha1).map_err(damaged)?;
                Ok(vec![from_gix(&commit.tree())])
            }
            ObjectKind::Tree => gix::objs::TreeRefIter::from_bytes(&self.open.read(part, object)?, sha1)
                .map(|entry| entry.map(|entry| from_gix(entry.oid)).map_err(damaged))
                .collect(),
            ObjectKind::Blob | ObjectKind::Tag => Ok(Vec::new()),
        }
    }
}
