//! All objects of one view.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use gix::objs::WriteTo as _;

use super::part::{Object, Part};
use super::selection::Pack;
use super::writer::{PartWriter, WriteError};
use crate::domain::repository::oid::Oid;
use crate::git::to_gix;
use crate::git::tree::Folder;
use crate::git::upload_pack::ObjectKind;

/// Where in its parts each object of a view is, and the pack of all of it.
pub struct Snapshot {
    tip: Oid,
    parts: Vec<Arc<Part>>,
    /// In the order of ids, each once: its part's number, and its own among the part's objects.
    places: Vec<(u32, u32)>,
    whole: OnceLock<Arc<Pack>>,
}

/// Seconds since 1970 of 1980-01-01 00:00 UTC, which is what the files of a ZIP say, too. The commit is
/// made of the contents alone: any other time would give two views with the same plugins two commits, and
/// every client a clone for nothing.
const TIME: i64 = 315_532_800;

/// Writes what a view has beside its plugins: files of its own (path and contents), the trees above the
/// folders (path and tree), and the commit, which has no parent. Says the commit's id, which depends on
/// nothing but these.
///
/// # Errors
/// When paths do not fit together, or writing fails.
pub fn write_head(
    out: &mut PartWriter<impl Write>,
    files: &[(&str, &[u8])],
    folders: &[(String, Oid)],
    message: &str,
) -> Result<Oid, WriteError> {
    let mut root = Folder::default();
    for (path, contents) in files {
        let blob = out.blob(contents)?;
        root.file(path, false, blob)?;
    }
    for (path, tree) in folders {
        root.tree(path, *tree)?;
    }
    let tree = root.write(&mut |bytes| out.object(ObjectKind::Tree, bytes))?;
    let who = gix::actor::Signature {
        name: "Agnes".into(),
        email: "agnes@localhost".into(),
        time: gix::date::Time { seconds: TIME, offset: 0 },
    };
    let commit = gix::objs::Commit {
        tree: to_gix(&tree),
        parents: Vec::new().into(),
        author: who.clone(),
        committer: who,
        encoding: None,
        message: format!("{}\n", message.trim_end()).into(),
        extra_headers: Vec::new(),
    };
    let mut bytes = Vec::new();
    commit.write_to(&mut bytes).map_err(io::Error::other)?;
    Ok(out.object(ObjectKind::Commit, &bytes)?)
}

impl Snapshot {
    /// The first part is the head, whose root is the commit.
    #[must_use]
    pub fn new(parts: Vec<Arc<Part>>) -> Option<Self> {
        let tip = parts.first()?.root();
        let mut places: Vec<(u32, u32)> =
            Vec::with_capacity(parts.iter().map(|part| part.objects().len()).sum());
        for (part, number) in parts.iter().zip(0..) {
            places.extend((0..).take(part.objects().len()).map(|object| (number, object)));
        }
        let id = |(part, object): &(u32, u32)| parts[*part as usize].objects()[*object as usize].id;
        // Which of several parts an object is taken from must not be left to chance: the first.
        places.sort_unstable_by_key(|place| (id(place), *place));
        places.dedup_by_key(|place| id(place));
        Some(Self { tip, parts, places, whole: OnceLock::new() })
    }

    /// The commit.
    #[must_use]
    pub fn tip(&self) -> Oid {
        self.tip
    }

    /// Whether nothing was found wrong with its files.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.parts.iter().all(|part| part.is_sound())
    }

    #[must_use]
    pub fn has(&self, id: &Oid) -> bool {
        self.find(id).is_some()
    }

    /// The pack of everything in it.
    #[must_use]
    pub fn pack(&self) -> Arc<Pack> {
        Arc::clone(self.whole.get_or_init(|| Arc::new(Pack::of(self.all().collect()))))
    }

    /// Whether a pack is that one.
    #[must_use]
    pub fn is_whole(&self, pack: &Arc<Pack>) -> bool {
        self.whole.get().is_some_and(|whole| Arc::ptr_eq(whole, pack))
    }

    pub(super) fn find(&self, id: &Oid) -> Option<(&Arc<Part>, &Object)> {
        let place = self.places.binary_search_by(|place| {
            self.at(*place).map_or(Ordering::Greater, |(_, object)| object.id.cmp(id))
        });
        self.at(*self.places.get(place.ok()?)?)
    }

    /// All objects, in the order of ids.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Arc<Part>, &Object)> {
        self.places.iter().filter_map(|place| self.at(*place))
    }

    fn at(&self, (part, object): (u32, u32)) -> Option<(&Arc<Part>, &Object)> {
        let part = self.parts.get(part as usize)?;
        Some((part, part.objects().get(object as usize)?))
    }
}
