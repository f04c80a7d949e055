//! The example marketplaces and the plugins that they point to, which the program carries along so that
//! `agnes demo` needs nothing else.

use include_dir::{Dir, include_dir};

static MARKETPLACES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/marketplaces");
static PLUGINS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/plugins");

/// A file of an example: its path in the repository, its exec bit, its contents.
pub(super) type File = (String, bool, Vec<u8>);

/// Name and files of each example marketplace, in the order of their names.
pub(super) fn marketplaces() -> Vec<(String, Vec<File>)> {
    repositories(&MARKETPLACES)
}

/// The same of each plugin that lies in a repository of its own.
pub(super) fn plugins() -> Vec<(String, Vec<File>)> {
    repositories(&PLUGINS)
}

fn repositories(folder: &Dir<'_>) -> Vec<(String, Vec<File>)> {
    let mut all: Vec<_> = folder
        .dirs()
        .map(|dir| {
            let name = dir.path().display().to_string();
            let mut files = Vec::new();
            collect(dir, &name, &mut files);
            files.sort();
            (name, files)
        })
        .collect();
    all.sort();
    all
}

fn collect(dir: &Dir<'_>, top: &str, files: &mut Vec<File>) {
    for file in dir.files() {
        let path = file.path().display().to_string();
        let path = path.strip_prefix(top).unwrap_or(&path).trim_start_matches('/').to_owned();
        // Exec bits do not survive being embedded; scripts are known by how they begin.
        let executable = file.contents().starts_with(b"#!");
        files.push((path, executable, file.contents().to_vec()));
    }
    for below in dir.dirs() {
        collect(below, top, files);
    }
}
