//! Building the ZIP of a view, or of one plugin.
//!
//! A bundle is joined from parts, one for each plugin, and both are kept under their digests: what
//! was built once is not built again, and after a change only what changed is compressed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::archive::ArchiveError;
use crate::archive::compress::{Entry, Fill, Part, compress};
use crate::archive::join;
use crate::domain::feed::served::Bytes;
use crate::domain::feed::view::Served;
use crate::domain::plugin::catalog;
use crate::domain::repository::oid::Oid;
use crate::registry::cache::{Cache, remove};
use crate::registry::contents::{Contents, ServedFile};
use crate::registry::views::UserView;
use crate::registry::{Error, Registry, Result};

/// In which the plugins' folders are.
const FOLDER: &str = "plugins/";

/// Where the contents of a file come from.
enum Source {
    Made(Vec<u8>),
    /// Of the supply with that number.
    Blob(usize, Oid),
}

impl Registry {
    pub(super) fn build(&self, cache: &Cache, view: &UserView, path: &Path) -> Result<()> {
        // In the order of the paths' bytes: a folder sorts as its name with a slash.
        let mut plugins: Vec<&Served> = view.view.plugins.iter().filter(|plugin| !plugin.linked).collect();
        plugins.sort_by_key(|plugin| format!("{}/", plugin.prefixed_name));
        self.put_together(cache, &plugins, &view.commits, path, |out, parts| {
            join::join(out, catalog::PATH, &view.view.catalog, parts.iter().map(PathBuf::as_path))
        })
    }

    /// The ZIP of one plugin: its folder, which is one folder deeper in a bundle.
    pub(super) fn build_one(
        &self,
        cache: &Cache,
        plugin: &Served,
        commits: &HashMap<String, Oid>,
        path: &Path,
    ) -> Result<()> {
        self.put_together(cache, &[plugin], commits, path, |out, parts| {
            join::lift(out, FOLDER, parts.iter().map(PathBuf::as_path))
        })
    }

    /// Makes the parts that are missing, and has what is at `path` written from all of them.
    fn put_together(
        &self,
        cache: &Cache,
        plugins: &[&Served],
        commits: &HashMap<String, Oid>,
        path: &Path,
        write: impl Fn(&fs::File, &[PathBuf]) -> std::result::Result<(), ArchiveError>,
    ) -> Result<()> {
        let parts: Vec<PathBuf> = plugins.iter().map(|plugin| cache.part(&plugin.digest)).collect();
        // They are made first and opened afterwards.
        let _awaited = cache.awaits(parts.iter().cloned());
        self.make_parts(cache, plugins, commits)?;
        let not_written = |source| Error::Io { path: path.to_owned(), doing: "cannot be written", source };
        let join = || -> Result<tempfile::NamedTempFile> {
            let out = cache.temporary()?;
            write(out.as_file(), &parts).map_err(|error| match error {
                ArchiveError::Write(source) => not_written(source),
                other => other.into(),
            })?;
            Ok(out)
        };
        let out = match join() {
            Err(Error::Archive(ArchiveError::Damaged { path, .. })) => {
                // Caches may be damaged by whatever damages files; once more from the source.
                remove(&path);
                for part in parts.iter().filter(|part| join::check(part).is_err()) {
                    remove(part);
                }
                self.make_parts(cache, plugins, commits)?;
                join()?
            }
            other => other?,
        };
        out.persist(path).map_err(|error| not_written(error.error))?;
        self.built.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Compresses the plugins whose parts are not there.
    fn make_parts(&self, cache: &Cache, plugins: &[&Served], commits: &HashMap<String, Oid>) -> Result<()> {
        let missing: Vec<&Served> =
            plugins.iter().copied().filter(|plugin| !cache.has_part(&plugin.digest)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (supplies, contents) = self.contents(commits, missing)?;
        let part = |Contents { plugin, supply, files }: Contents<'_>| {
            let entry = |file: ServedFile| Entry {
                path: format!("{FOLDER}{}/{}", plugin.prefixed_name, file.path),
                executable: file.executable,
                size: file.size,
                source: match file.bytes {
                    Bytes::Blob(id) => Source::Blob(supply, id),
                    Bytes::Made(bytes) => Source::Made(bytes),
                },
            };
            Part { path: cache.part(&plugin.digest), entries: files.into_iter().map(entry).collect() }
        };
        let parts: Vec<_> = contents.into_iter().map(part).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let damaged = Mutex::new(None);
        let outcome = compress(&parts, threads, &|| -> Fill<'_, Source> {
            let readers: Vec<_> =
                supplies.iter().map(|supply| (supply, supply.repository.reader())).collect();
            let damaged = &damaged;
            Box::new(move |source, buffer| match source {
                Source::Made(bytes) => {
                    buffer.extend_from_slice(bytes);
                    Ok(())
                }
                Source::Blob(supply, id) => {
                    let (supply, reader) = &readers[*supply];
                    reader.blob_into(id, buffer).map_err(|source| {
                        let why = source.to_string();
                        let error = supply.damaged(source);
                        damaged.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        why
                    })
                }
            })
        });
        match damaged.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(outcome?),
        }
    }
}
