//! A bundle, taken apart.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path};

use serde_json::Value;

/// Path → (exec bit, contents) of every file in a ZIP.
#[track_caller]
pub fn unzipped(bytes: &[u8]) -> BTreeMap<String, (bool, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let name = file.name().unwrap().into_owned();
        let executable = file.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        let mut contents = Vec::new();
        file.read_to_end(&mut contents).unwrap();
        assert!(files.insert(name.clone(), (executable, contents)).is_none(), "`{name}` is there twice");
    }
    files
}

/// Writes every file of a ZIP below a folder that is not there yet, with its exec bit. What `unzip` itself makes of
/// one is held against this elsewhere; it is not on every machine.
#[track_caller]
pub fn unzip(bytes: &[u8], folder: &Path) {
    fs::create_dir(folder).unwrap();
    for (name, (executable, contents)) in unzipped(bytes) {
        let inside = Path::new(&name).components().all(|part| matches!(part, Component::Normal(_)));
        assert!(inside, "`{name}` is another place");
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        let mode = if executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// The entry of that name in a catalog.
#[track_caller]
pub fn entry<'a>(catalog: &'a Value, name: &str) -> &'a Value {
    let mut entries = catalog["plugins"].as_array().unwrap().iter();
    entries.find(|entry| entry["name"] == name).unwrap_or_else(|| panic!("`{name}` is not in {catalog:#}"))
}

/// The names of a catalog's entries, in its order.
pub fn served(catalog: &Value) -> Vec<&str> {
    catalog["plugins"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}
