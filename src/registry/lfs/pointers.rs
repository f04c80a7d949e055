//! The pointers among a plugin's files, and those for which there is room.

use std::collections::{BTreeMap, HashMap};

use crate::domain::content::Content;
use crate::domain::lfs::Pointer;
use crate::domain::limits::Limits;
use crate::domain::oid::Oid;
use crate::domain::tree::{Objects as _, ReadError};
use crate::git::Reader;
use crate::git::lfs::Missing;

/// A file that is deeper keeps its pointer, in folders.
const DEEPEST: usize = 256;

/// What a pointer of a plugin stands for.
pub(super) struct Use {
    pub plugin: String,
    pub path: String,
    pub place: Vec<Vec<u8>>,
    pub pointer: Pointer,
}

/// The pointers among files that are served. Those for which there is no room are missing.
pub(super) fn uses(
    contents: &[(String, Content)],
    reader: &Reader,
    limits: &Limits,
    missing: &mut Vec<Missing>,
) -> Result<Vec<Use>, ReadError> {
    let mut read: HashMap<Oid, Option<Pointer>> = HashMap::new();
    let (mut uses, mut without): (Vec<Use>, BTreeMap<Vec<Vec<u8>>, String>) = Default::default();
    for (plugin, content) in contents {
        let mut room = limits.max_plugin_bytes.saturating_sub(content.bytes());
        for (path, place) in &content.lfs {
            let Some(file) = content.files.get(path) else { continue };
            let found = match read.get(&file.blob) {
                Some(known) => *known,
                None => *read.entry(file.blob).or_insert(Pointer::parse(&reader.blob(&file.blob)?)),
            };
            let Some(pointer) = found else { continue };
            let left = room.saturating_add(file.size).checked_sub(pointer.size);
            let why = match left {
                _ if pointer.size > limits.max_file_bytes => format!(
                    "it has {} bytes; the limit is {} (`limits.max_file_bytes`)",
                    pointer.size, limits.max_file_bytes
                ),
                None => format!(
                    "with it, the plugin's files have more than {} bytes together (`limits.max_plugin_bytes`)",
                    limits.max_plugin_bytes
                ),
                Some(_) if place.len() > DEEPEST => format!("it is more than {DEEPEST} folders deep"),
                Some(left) => {
                    room = left;
                    String::new()
                }
            };
            if !why.is_empty() {
                without.insert(place.clone(), why);
            }
            uses.push(Use { plugin: plugin.clone(), path: path.clone(), place: place.clone(), pointer });
        }
    }
    // A place that several plugins show is filled for all of them, or for none.
    let (out, uses): (Vec<_>, Vec<_>) = uses.into_iter().partition(|one| without.contains_key(&one.place));
    for Use { plugin, path, place, .. } in out {
        let why = without.get(&place).cloned().unwrap_or_default();
        missing.push(Missing { plugin, path, why, away: false, settled: true });
    }
    Ok(uses)
}
