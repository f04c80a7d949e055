//! The pointers among plugins' files, and those for which there is room.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::domain::limits::Limits;
use crate::domain::plugin::content::Content;
use crate::domain::repository::lfs::Pointer;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::{Objects as _, ReadError};
use crate::git::Reader;
use crate::git::lfs::Missing;

/// A file that is deeper keeps its pointer, in folders.
const DEEPEST: usize = 256;

/// So many pointers of a commit are looked at, those that several plugins show once for each; and their names may
/// have so many bytes together. A catalog may list one folder twenty thousand times.
const MOST: usize = 100_000;
const MOST_NAMES: usize = 32 << 20;

/// What stands for an object, and who shows it.
pub(super) struct Use {
    pub place: Vec<Vec<u8>>,
    pub pointer: Pointer,
    /// Plugins, and where it is in each.
    pub by: Vec<(Rc<str>, String)>,
}

struct Shown {
    pointer: Pointer,
    by: Vec<(Rc<str>, String)>,
    /// Why it stays a pointer.
    without: Option<String>,
}

/// The pointers of one plugin after the other: of its files nothing else is kept.
pub(super) struct Uses<'a> {
    reader: &'a Reader,
    limits: &'a Limits,
    read: HashMap<Oid, Option<Pointer>>,
    places: BTreeMap<Vec<Vec<u8>>, Shown>,
    count: usize,
    names: usize,
    /// Of each plugin the first for which there was no room.
    beyond: Vec<(Rc<str>, String)>,
}

impl<'a> Uses<'a> {
    pub(super) fn new(reader: &'a Reader, limits: &'a Limits) -> Self {
        let (read, places) = Default::default();
        Self { reader, limits, read, places, count: 0, names: 0, beyond: Vec::new() }
    }

    pub(super) fn add(&mut self, plugin: &str, content: &Content) -> Result<(), ReadError> {
        let plugin: Rc<str> = plugin.into();
        let mut room = self.limits.max_plugin_bytes.saturating_sub(content.bytes());
        let mut is_told = false;
        for (path, place) in &content.lfs {
            let Some(file) = content.files.get(path) else { continue };
            if self.is_full() {
                // A place that several plugins show is filled for all of them, or for none.
                let known = self.places.get_mut(place);
                let is_known = known.is_some();
                if let Some(shown) = known {
                    shown.without.get_or_insert_with(beyond);
                }
                if !is_told && (is_known || self.pointer(&file.blob)?.is_some()) {
                    self.beyond.push((Rc::clone(&plugin), path.clone()));
                    is_told = true;
                }
                continue;
            }
            let Some(pointer) = self.pointer(&file.blob)? else { continue };
            let left = room.saturating_add(file.size).checked_sub(pointer.size);
            let why = match left {
                _ if pointer.size > self.limits.max_file_bytes => Some(format!(
                    "it has {} bytes; the limit is {} (`limits.max_file_bytes`)",
                    pointer.size, self.limits.max_file_bytes
                )),
                None => Some(format!(
                    "with it, the plugin's files have more than {} bytes together (`limits.max_plugin_bytes`)",
                    self.limits.max_plugin_bytes
                )),
                Some(_) if place.len() > DEEPEST => Some(format!("it is more than {DEEPEST} folders deep")),
                Some(left) => {
                    room = left;
                    None
                }
            };
            self.count += 1;
            self.names += path.len() + place.iter().map(Vec::len).sum::<usize>();
            let shown = self.places.entry(place.clone());
            let shown = shown.or_insert_with(|| Shown { pointer, by: Vec::new(), without: None });
            shown.by.push((Rc::clone(&plugin), path.clone()));
            shown.without = why.or(shown.without.take());
        }
        Ok(())
    }

    /// Those for which there is room. The others are missing.
    pub(super) fn finish(self, missing: &mut Vec<Missing>) -> Vec<Use> {
        let mut lacks = |(plugin, path): (Rc<str>, String), why: String| {
            missing.push(Missing { plugin: plugin.to_string(), path, why, away: false, settled: true });
        };
        let mut uses = Vec::new();
        for (place, Shown { pointer, by, without }) in self.places {
            match without {
                None => uses.push(Use { place, pointer, by }),
                Some(why) => by.into_iter().for_each(|one| lacks(one, why.clone())),
            }
        }
        self.beyond.into_iter().for_each(|one| lacks(one, beyond()));
        uses
    }

    fn is_full(&self) -> bool {
        self.count >= MOST || self.names >= MOST_NAMES
    }

    fn pointer(&mut self, blob: &Oid) -> Result<Option<Pointer>, ReadError> {
        if let Some(known) = self.read.get(blob) {
            return Ok(*known);
        }
        let found = Pointer::parse(&self.reader.blob(blob)?);
        if self.read.len() < MOST {
            self.read.insert(*blob, found);
        }
        Ok(found)
    }
}

fn beyond() -> String {
    format!("the plugins of its commit show more files that git LFS keeps than are fetched ({MOST})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest::Digest;
    use crate::domain::plugin::content::File;
    use crate::git::{Repository, made};

    /// A catalog that lists a folder with many pointers again and again.
    #[test]
    fn of_many_plugins_no_more_is_kept_than_there_is_room_for() {
        const FILES: usize = 30_000;
        let folder = tempfile::tempdir().unwrap();
        let pointer = Pointer { oid: Digest::of(b"x"), size: 1 };
        let mut blob = None;
        made::make(folder.path(), "x", |objects| {
            blob = Some(objects.blob(pointer.text().as_bytes())?);
            Ok(vec![("x".into(), (false, blob.unwrap()))])
        })
        .unwrap();
        let file = File { executable: false, blob: blob.unwrap(), size: pointer.text().len() as u64 };
        let reader = Repository::open(folder.path()).unwrap().reader();
        let content = |folder: &str| {
            let mut content = Content::default();
            for n in 0..FILES {
                let (name, place) = (format!("{n:05}"), vec![folder.as_bytes().to_vec()]);
                content.lfs.insert(name.clone(), [place, vec![name.as_bytes().to_vec()]].concat());
                content.files.insert(name, file);
            }
            content
        };
        let limits = Limits::default();
        let mut uses = Uses::new(&reader, &limits);
        let (one, other) = (content("one"), content("other"));
        uses.add("first", &other).unwrap();
        for n in 0..50 {
            uses.add(&format!("tool-{n}"), &one).unwrap();
        }
        assert_eq!(uses.count, MOST);
        let mut missing = Vec::new();
        let found = uses.finish(&mut missing);
        // What somebody shows for whom there is no room stays a pointer for everybody.
        assert_eq!(found.len(), FILES);
        assert!(found.iter().all(|one| one.by.iter().all(|(plugin, _)| &**plugin == "first")));
        let plugins: std::collections::BTreeSet<_> = missing.iter().map(|one| one.plugin.as_str()).collect();
        assert!(plugins.len() == 50 && !plugins.contains("first"));
        assert!(missing.len() <= MOST && missing.iter().all(|one| one.why.contains("(100000)")));

        let mut uses = Uses::new(&reader, &limits);
        uses.add("first", &other).unwrap();
        uses.add("second", &other).unwrap();
        let (mut missing, found) = (Vec::new(), uses);
        let found = found.finish(&mut missing);
        assert!(missing.is_empty() && found.len() == FILES && found[0].by.len() == 2);
    }
}
