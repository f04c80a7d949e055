//! The files of one plugin under the name and version that a feed gives it.

use std::collections::BTreeMap;

use super::content::Content;
use super::fields::Object;
use super::manifest;
use super::oid::Oid;
use super::tree::ReadError;

/// Where the bytes of a served file come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// The upstream's own blob, untouched.
    Blob(Oid),
    /// Written by us: a manifest.
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
}

/// Writes name and version into every manifest. `read` gives a manifest's bytes (`None` where it is
/// too large to be one).
///
/// # Errors
/// When a manifest cannot be read.
pub fn files(
    content: &Content,
    naming: Naming<'_>,
    read: impl Fn(&super::content::File) -> Result<Option<Vec<u8>>, ReadError>,
) -> Result<ServedFiles, ReadError> {
    let Naming { name, version, strict, entry } = naming;
    let untouched = |file: &super::content::File| ServedFile {
        executable: file.executable,
        bytes: Bytes::Blob(file.blob),
    };
    let mut files: ServedFiles =
        content.files.iter().map(|(path, file)| (path.clone(), untouched(file))).collect();
    let description = entry.get("description").and_then(serde_json::Value::as_str);
    for place in manifest::PLACES {
        let upstream = content.files.get(place);
        let parsed = match upstream {
            Some(file) => read(file)?.and_then(|bytes| manifest::parse(&bytes).ok()),
            None => None,
        };
        let made = match (place == manifest::CLAUDE, upstream, parsed) {
            (true, Some(_), parsed) => manifest::served(parsed, name, version, description, content),
            // Where the entry is the manifest, a file beside it would be a second one.
            (true, None, _) if !strict => continue,
            (true, None, _) => manifest::served(None, name, version, description, content),
            (false, _, Some(object)) => manifest::named(object, name, version),
            (false, _, None) => continue,
        };
        let executable = upstream.is_some_and(|file| file.executable);
        files.insert(place.to_owned(), ServedFile { executable, bytes: Bytes::Made(made) });
    }
    Ok(files)
}
