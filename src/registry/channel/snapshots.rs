//! Snapshots: at hand, in the cache, or made.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::digest::Digest;
use crate::domain::feed::view::{Glance, Served};
use crate::domain::plugin::catalog;
use crate::domain::repository::oid::Oid;
use crate::git::pack::{
    Copier, Packs, Part, PartError, PartWriter, Snapshot, WriteError, write_folder, write_head,
};
use crate::registry::cache::{Cache, IN_USE, remove};
use crate::registry::contents::Contents;
use crate::registry::folder::bare;
use crate::registry::supplies::{Supply, distrust_after};
use crate::registry::vendoring::given::{Given, Witness};
use crate::registry::views::UserView;
use crate::registry::{Error, Registry, Result};

/// A view as a snapshot.
pub(in crate::registry) struct Held {
    pub view: Digest,
    /// Everything in it: whoever is to have it must have been granted all of that.
    pub plugins: Vec<Plugin>,
    /// Who gave the files of those that have some here, in their order.
    pub given: Vec<Given>,
    pub snapshot: Snapshot,
    /// How often all of it was asked for.
    pub asked: AtomicU64,
}

/// What the head of a snapshot says of the rest.
#[derive(Serialize, Deserialize)]
pub(super) struct About {
    pub plugins: Vec<Plugin>,
}

#[derive(Serialize, Deserialize)]
pub(in crate::registry) struct Plugin {
    pub marketplace: String,
    pub name: String,
    pub files: Files,
}

/// Where a plugin's files are. (Earlier versions said it in another way, and not who gave them: what they left in
/// a cache cannot be read, and is made again.)
#[derive(Serialize, Deserialize)]
pub(in crate::registry) enum Files {
    /// In the part of that name, which says who gave them.
    Part(Digest),
    /// Clients fetch them themselves, and it has no part.
    Linked(Given),
}

impl Plugin {
    pub fn part(&self) -> Option<&Digest> {
        match &self.files {
            Files::Part(digest) => Some(digest),
            Files::Linked(_) => None,
        }
    }
}

const UNREADABLE: Error = Error::Defect("what was just put into the git cache cannot be read");

impl Registry {
    /// The snapshot of a user's view. `None`: their view is another one by now.
    pub(super) fn snapshot_of(&self, user: &str, glance: &Glance) -> Result<Option<Arc<Held>>> {
        if let Some(held) = self.snapshot_at_hand(&glance.digest) {
            return Ok(Some(held));
        }
        let view = self.view_of(user)?;
        if view.view.digest != glance.digest {
            return Ok(None);
        }
        match self.make_snapshot(&view) {
            Ok(held) => Ok(Some(held)),
            // Two syncs may have passed since, and what the view was made from is gone. Then it is not
            // the view any more either.
            Err(error) if self.view_of(user)?.is_from_where(&view) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// A snapshot that is in memory or in the cache, and whole.
    pub(super) fn snapshot_at_hand(&self, view: &Digest) -> Option<Arc<Held>> {
        if let Some(held) = self.channel.held(view) {
            return Some(held);
        }
        let held = self.read_snapshot(&self.git_cache().ok()?, view, |_| true)?;
        Some(self.hold(held))
    }

    fn hold(&self, held: Held) -> Arc<Held> {
        let held = Arc::new(held);
        self.channel.keep_tip(held.view, held.snapshot.tip());
        self.channel.keep_held(Arc::clone(&held));
        held
    }

    /// A snapshot that is in the cache, and whole, if `wanted` by what its head says. Then it is in use.
    pub(super) fn read_snapshot(
        &self,
        cache: &Cache,
        view: &Digest,
        wanted: impl FnOnce(&[Plugin]) -> bool,
    ) -> Option<Held> {
        let (head, about) = self.head_at_hand(cache, view)?;
        if !wanted(&about.plugins) {
            return None;
        }
        let part = |digest: &Digest| self.part_at_hand(cache, digest);
        let parts: Vec<_> = about.plugins.iter().filter_map(Plugin::part).map(part).collect::<Option<_>>()?;
        held(*view, about, head, parts)
    }

    /// The head of a snapshot, if it is in the cache, and whole. Then it is in use.
    pub(super) fn head_at_hand(&self, cache: &Cache, view: &Digest) -> Option<(Arc<Part>, About)> {
        cache.has_view(view).then(|| self.read_part(&cache.view(view))).flatten()
    }

    /// A plugin's part, if it is in the cache, and whole. Then it is in use.
    fn part_at_hand(&self, cache: &Cache, plugin: &Digest) -> Option<(Arc<Part>, Given)> {
        cache.has_part(plugin).then(|| self.read_part(&cache.part(plugin))).flatten()
    }

    /// A part, with what its maker wrote beside it. What of it is damaged, or says something else than is written
    /// there now, is removed, to be made again.
    fn read_part<T: DeserializeOwned>(&self, path: &Path) -> Option<(Arc<Part>, T)> {
        let words = |part: &Part| serde_json::from_slice(part.about()).ok();
        if let Some(part) = self.channel.part(path) {
            let words = words(&part)?;
            return Some((part, words));
        }
        // Until it is known to be in use, nobody may remove what is being opened.
        let _awaited = self.awaited.hold([path.to_owned()]);
        match Part::open(path) {
            Ok(part) => {
                let Some(words) = words(&part) else {
                    remove(path);
                    return None;
                };
                let part = Arc::new(part);
                self.channel.keep_part(path, &part);
                Some((part, words))
            }
            Err(PartError::Io(_)) => None,
            Err(PartError::Damaged(_)) => {
                remove(path);
                None
            }
        }
    }

    fn make_snapshot(&self, view: &UserView) -> Result<Arc<Held>> {
        let cache = self.git_cache()?;
        let path = cache.view(&view.view.digest);
        let here = view.view.plugins.iter().filter(|plugin| !plugin.linked);
        // Parts are made first and opened afterwards.
        let _awaited =
            cache.awaits(here.clone().map(|plugin| cache.part(&plugin.digest)).chain([path.clone()]));
        let parts = self.parts_for_git(&cache, view).inspect_err(distrust_after)?;
        let folders: Vec<_> = here
            .zip(&parts)
            .map(|(plugin, (part, _))| (format!("plugins/{}", plugin.prefixed_name), part.root()))
            .collect();
        let told = |plugin: &Served| Plugin {
            marketplace: plugin.slug.to_string(),
            name: plugin.plugin.to_string(),
            files: if plugin.linked {
                Files::Linked(Given::linked(plugin))
            } else {
                Files::Part(plugin.digest)
            },
        };
        let plugins = view.view.plugins.iter().map(told).collect();
        let about = About { plugins };
        let words = serde_json::to_vec(&about).map_err(|_| Error::Defect("a view that is no JSON"))?;
        save(&cache, &path, |out| {
            let files = [(catalog::PATH, view.view.catalog.as_slice())];
            let message = format!("View {}", view.view.digest);
            let tip = write_head(out, &files, &folders, &message).map_err(|error| unwritten(&path, error))?;
            Ok((tip, words))
        })?;
        let (head, about) = self.read_part(&path).ok_or(UNREADABLE)?;
        let held = self.hold(held(view.view.digest, about, head, parts).ok_or(UNREADABLE)?);
        // It is there; that others could not be tidied away is no reason to withhold it.
        let _ = cache.prune(&self.settings.cache, IN_USE, &|path| self.channel.is_used(path));
        Ok(held)
    }

    /// The parts of a view's plugins, in their order. Each is read once, here: those that were there, and
    /// those that had to be made.
    fn parts_for_git(&self, cache: &Cache, view: &UserView) -> Result<Vec<(Arc<Part>, Given)>> {
        let plugins: Vec<&Served> = view.view.plugins.iter().filter(|plugin| !plugin.linked).collect();
        let there: Vec<_> = plugins.iter().map(|plugin| self.part_at_hand(cache, &plugin.digest)).collect();
        let missing = plugins.iter().copied().zip(&there).filter(|(_, part)| part.is_none());
        self.make_parts_for_git(cache, view, missing.map(|(plugin, _)| plugin))?;
        let read = |(plugin, part): (&Served, Option<_>)| {
            part.or_else(|| self.read_part(&cache.part(&plugin.digest))).ok_or(UNREADABLE)
        };
        plugins.into_iter().zip(there).map(read).collect()
    }

    /// Makes parts, on all processors.
    fn make_parts_for_git<'v>(
        &self,
        cache: &Cache,
        view: &UserView,
        plugins: impl Iterator<Item = &'v Served>,
    ) -> Result<()> {
        let (supplies, jobs) = self.contents(&view.commits, plugins)?;
        let given = given(view, &supplies, &jobs);
        let with_packs = |supply: Supply| (Packs::map(&supply.folder), supply);
        let supplies: Vec<_> = supplies.into_iter().map(with_packs).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut copiers: HashMap<usize, Copier> = HashMap::new();
                    let job = || {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        Some((jobs.get(number)?, given.get(number)?))
                    };
                    while let Some((job, given)) = job() {
                        if let Err(error) = make_part(cache, &supplies, job, given, &mut copiers) {
                            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                            // The others need not go on.
                            next.store(jobs.len(), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

fn held(view: Digest, about: About, head: Arc<Part>, parts: Vec<(Arc<Part>, Given)>) -> Option<Held> {
    let (parts, given): (Vec<_>, _) = parts.into_iter().unzip();
    let snapshot = Snapshot::new(std::iter::once(head).chain(parts).collect())?;
    Some(Held { view, plugins: about.plugins, given, snapshot, asked: AtomicU64::new(0) })
}

/// Who gave what each of the parts will be made of.
fn given(view: &UserView, supplies: &[Supply], jobs: &[Contents<'_>]) -> Vec<Given> {
    let witness = |(number, supply): (usize, &Supply)| {
        let own = jobs.iter().any(|job| job.supply == number && job.plugin.vendored.is_none());
        Witness::of(supply, view.commits.get(&supply.slug).filter(|_| own))
    };
    let witnesses: Vec<Witness> = supplies.iter().enumerate().map(witness).collect();
    jobs.iter().map(|job| Given::here(job.plugin, &witnesses[job.supply])).collect()
}

fn make_part(
    cache: &Cache,
    supplies: &[(Packs, Supply)],
    job: &Contents<'_>,
    given: &Given,
    copiers: &mut HashMap<usize, Copier>,
) -> Result<()> {
    let (packs, supply) = &supplies[job.supply];
    let copier =
        copiers.entry(job.supply).or_insert_with(|| Copier::new(packs.clone(), supply.repository.reader()));
    let path = cache.part(&job.plugin.digest);
    let words = serde_json::to_vec(given).map_err(|_| Error::Defect("who gave a plugin is no JSON"))?;
    save(cache, &path, |out| {
        let files = job.files.iter();
        let files = files.map(|file| (file.path.as_str(), file.executable, &file.bytes));
        let tree = write_folder(out, copier, files).map_err(|error| match error {
            WriteError::Read(source) => supply.damaged(source),
            other => unwritten(&path, other),
        })?;
        Ok((tree, words))
    })
}

/// Writes a part: it appears under its path when it is complete. `write` says its root and what else is
/// to be said of it.
fn save(
    cache: &Cache,
    path: &Path,
    write: impl FnOnce(&mut PartWriter<BufWriter<&File>>) -> Result<(Oid, Vec<u8>)>,
) -> Result<()> {
    let failed = |error: io::Error| unwritten(path, error.into());
    let file = cache.temporary()?;
    let mut out = PartWriter::new(BufWriter::with_capacity(1 << 18, file.as_file())).map_err(failed)?;
    let (root, about) = write(&mut out)?;
    out.finish(&root, &about).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn unwritten(path: &Path, error: WriteError) -> Error {
    match error {
        WriteError::Write(source) => {
            Error::Io { path: path.to_owned(), doing: "cannot be written", source: bare(source) }
        }
        WriteError::Read(source) => Error::Cached(source),
        WriteError::Path(_) => Error::Defect("a view has a path that git does not take"),
    }
}
