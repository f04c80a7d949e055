//! The files of a view's plugins, as the marketplaces' commits have them.

use std::collections::HashMap;

use super::upstreams::reading_at;
use super::{Error, Registry, Result};
use crate::domain::content::{File, Unservable};
use crate::domain::oid::Oid;
use crate::domain::served::{self, Bytes, Naming};
use crate::domain::tree::{Objects as _, ReadError};
use crate::domain::view::Served;
use crate::git::Reader;

/// One plugin of a view with its files, in the order of their paths.
pub(super) struct Contents<'v> {
    pub plugin: &'v Served,
    pub files: Vec<ServedFile>,
}

pub(super) struct ServedFile {
    /// Below the plugin's folder.
    pub path: String,
    pub executable: bool,
    /// In bytes.
    pub size: u64,
    pub bytes: Bytes,
}

impl Registry {
    /// Lists the files of some plugins of one marketplace.
    pub(super) fn contents<'v>(
        &self,
        commits: &HashMap<String, Oid>,
        slug: &str,
        plugins: &[&'v Served],
        reader: &Reader,
    ) -> Result<Vec<Contents<'v>>> {
        let damaged = |source: ReadError| Error::Damaged { slug: slug.to_owned(), source };
        let commit = commits.get(slug);
        let commit = commit.ok_or_else(|| Error::out_of_step(slug, format!("`{slug}` was never synced")))?;
        let reading = reading_at(reader, slug, commit, self.settings.limits)?;
        let of_plugin = |plugin: &&'v Served| -> Result<Contents<'v>> {
            let changed = |why: &dyn std::fmt::Display| {
                Error::out_of_step(slug, format!("`{slug}/{}`: {why}", plugin.plugin))
            };
            let entry = reading
                .entry(&plugin.plugin)
                .ok_or_else(|| changed(&format!("it is not in commit {commit} any more")))?;
            let content = match reading.content(entry) {
                Ok(content) => content,
                Err(Unservable::Read(error)) => return Err(damaged(error)),
                Err(why) => return Err(changed(&why)),
            };
            let naming = Naming {
                name: &plugin.name,
                version: plugin.version.as_deref(),
                strict: plugin.strict,
                entry: &plugin.entry,
            };
            let read = |file: &File| {
                let small = file.size <= self.settings.limits.max_manifest_bytes;
                if small { reader.blob(&file.blob).map(Some) } else { Ok(None) }
            };
            let files = served::files(&content, naming, read).map_err(damaged)?;
            let files = files.into_iter().map(|(path, file)| {
                let size = match &file.bytes {
                    Bytes::Blob(_) => content.files.get(&path).map_or(0, |file| file.size),
                    Bytes::Made(bytes) => bytes.len() as u64,
                };
                ServedFile { path, executable: file.executable, size, bytes: file.bytes }
            });
            Ok(Contents { plugin, files: files.collect() })
        };
        plugins.iter().map(of_plugin).collect()
    }
}
