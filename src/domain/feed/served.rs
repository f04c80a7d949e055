//! The files of one plugin under the name and version that a feed gives it.

use std::collections::BTreeMap;

use crate::domain::plugin::content::{Content, File};
use crate::domain::plugin::dependencies::{self, Neighbours};
use crate::domain::plugin::fields::{Object, is_manifest};
use crate::domain::plugin::manifest;
use crate::domain::repository::attributes::{self, Ending};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;

/// Where the bytes of a served file come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// The upstream's own blob, untouched.
    Blob(Oid),
    /// Written by us: a manifest, or a file with other line endings.
    Made(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedFile {
    pub executable: bool,
    pub bytes: Bytes,
}

/// Path below the plugin's folder → file, in the order of the paths' bytes.
pub type ServedFiles = BTreeMap<String, ServedFile>;

/// How a feed names a plugin, and what its entry says.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    pub name: &'a str,
    pub version: Option<&'a str>,
    pub strict: bool,
    pub entry: &'a Object,
    /// What stands before the names of its marketplace's plugins.
    pub prefix: Option<&'a str>,
    /// The upstream's name for its marketplace.
    pub marketplace: Option<&'a str>,
    /// The plugins of it that this one wants.
    pub neighbours: &'a Neighbours,
}

/// Writes name and version into every manifest. `read` gives a manifest's bytes (`None` where it is
/// too large to be one).
///
/// A plugin without a usable `plugin.json` gets one only if its entry merely describes it. Where the
/// entry is `strict: false` or says what the plugin consists of, it is the manifest, and a file
/// beside it would be a second one: Claude Code (2.1.197, 2.1.329) would no longer start the
/// `mcpServers` of the entry, and would add its `hooks` to `hooks/hooks.json` instead of replacing it.
///
/// # Errors
/// When a manifest cannot be read.
pub fn files(
    content: &Content,
    naming: Naming<'_>,
    read: impl Fn(&File) -> Result<Option<Vec<u8>>, ReadError>,
) -> Result<ServedFiles, ReadError> {
    let Naming { name, version, strict, entry, prefix, marketplace, neighbours } = naming;
    let untouched = |file: &File| ServedFile { executable: file.executable, bytes: Bytes::Blob(file.blob) };
    let mut files: ServedFiles =
        content.files.iter().map(|(path, file)| (path.clone(), untouched(file))).collect();
    for path in &content.crlf {
        let Some(file) = content.files.get(path) else { continue };
        let with_crlf = read(file)?.and_then(|bytes| attributes::converted(&bytes, Ending::Crlf));
        if let (Some(bytes), Some(served)) = (with_crlf, files.get_mut(path)) {
            served.bytes = Bytes::Made(bytes);
        }
    }
    for place in manifest::PLACES {
        let upstream = content.files.get(place);
        let parsed = match upstream {
            Some(file) => read(file)?.and_then(|bytes| manifest::parse(&bytes).ok()),
            None => None,
        };
        let made = match parsed {
            Some(mut object) if place == manifest::CLAUDE => {
                dependencies::rename(&mut object, marketplace, neighbours);
                if let Some(prefix) = prefix {
                    dependencies::prefix(&mut object, prefix);
                }
                manifest::served(object, name, version, content)
            }
            Some(object) => manifest::named(object, name, version),
            None if place != manifest::CLAUDE => continue,
            None if !strict || is_manifest(entry) || !has_room(content) => {
                files.remove(place);
                continue;
            }
            None => manifest::made(entry, name, version),
        };
        let executable = upstream.is_some_and(|file| file.executable);
        files.insert(place.to_owned(), ServedFile { executable, bytes: Bytes::Made(made) });
    }
    Ok(files)
}

/// Whether a `.claude-plugin` folder can be made: no file is in its way, in any case of letters.
fn has_room(content: &Content) -> bool {
    !content.files.keys().any(|path| path.eq_ignore_ascii_case(".claude-plugin"))
}

#[cfg(test)]
mod tests;
