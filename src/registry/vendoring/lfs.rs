//! Fetching what git LFS keeps elsewhere, for the files of plugins that are served.
//!
//! It is fetched on the terms of everything that a stranger points to: a repository says where its objects are,
//! and whoever is asked there says where each of them is. What cannot be had leaves its pointer, as it was
//! committed, and the plugin's notes say why; what merely cannot be had now is asked for again by the next
//! sync.

mod fetching;
mod pointers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::pointers::{Use, Uses};
use super::denied::refusal_of_givers;
use super::quiet::Quiet;
use super::terms::Errand;
use crate::domain::access::secret::Secret;
use crate::domain::digest::Digest;
use crate::domain::note::{Note, quoted};
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::content::{Content, Unservable};
use crate::domain::plugin::reading::{Elsewhere, Reading};
use crate::domain::plugin::remote::{self, FAILED};
use crate::domain::plugin::source::Source;
use crate::domain::repository::lfs::{self, Lacking, Pointer};
use crate::domain::repository::links::Repo;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Objects as _, ReadError};
use crate::domain::upstream::host::Hosts;
use crate::domain::watch::Watch;
use crate::git::fetch::lfs::Spool;
use crate::git::fetch::redacted;
use crate::git::lfs::{
    Base, Missing, NONE, Place, Record, TERMS, fill, known, recall, recall_made, remember, speaks_of_it,
};
use crate::git::{self, FetchError, Lineage, Reader, Repository};
use crate::registry::sync::finding::{json, notes_of};
use crate::registry::{Error, Registry, Result};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::plugins::PluginRow;

/// What a plugin is called in the record of a folder, all of which it is.
pub(in crate::registry) const ALL: &str = "";

/// Whose objects are fetched.
struct Ground<'a> {
    errand: &'a Errand<'a>,
    /// The repository's address.
    url: &'a str,
    folder: &'a Path,
    commit: &'a Oid,
    /// The one that is read for it, if not all of it is here.
    stand_in: Oid,
    /// All that is wanted of it.
    part: &'a RepoPath,
    /// What of it is looked at.
    what: &'a str,
    watch: &'a dyn Watch,
}

/// Adds the pointers of plugins, each by what it is called in the record.
type Contents<'a> = &'a dyn Fn(&Reader, Oid, &mut Uses<'_>) -> std::result::Result<(), ReadError>;

/// A commit with the objects that could be had.
#[derive(Debug, Clone)]
pub(in crate::registry) struct Filled {
    /// The one to be read: that one itself, if nothing is in its place.
    pub commit: Oid,
    record: Record,
}

impl Filled {
    /// What was made and served before.
    pub(in crate::registry) fn again_of(folder: &Path, commit: Oid) -> Self {
        Self { commit, record: recall_made(folder, &commit).unwrap_or_default() }
    }

    /// The same for one that lies elsewhere, if some of it is not as it was committed.
    pub(super) fn of_made(lineage: &Lineage, commit: Oid) -> Option<Self> {
        Some(Self { commit, record: lineage.record(&commit)? })
    }

    fn missing(&self, plugin: &str) -> impl Iterator<Item = &Missing> {
        self.record.missing.iter().filter(move |missing| missing.plugin == plugin)
    }

    /// Whether some of a plugin's files are not those that were committed.
    pub(in crate::registry) fn is_in(&self, plugin: &str) -> bool {
        self.record.plugins.contains_key(plugin)
    }

    /// Who was asked for a plugin's objects, as `https://host:port`.
    pub(super) fn givers(&self, plugin: &str) -> impl Iterator<Item = &String> {
        let objects = self.record.plugins.get(plugin).into_iter().flatten();
        objects.filter_map(|oid| self.record.from.get(oid)).flatten()
    }

    /// Why a plugin is not served as it is here, by what is said of hosts now. `url` is its repository's address: about
    /// that it was asked when the plugin's own source was.
    pub(in crate::registry) fn refusal(&self, plugin: &str, hosts: &Hosts, url: &str) -> Option<String> {
        let why = refusal_of_givers(self.givers(plugin), hosts, url)?;
        Some(format!("of what git LFS keeps of it, {why}"))
    }

    /// Whether anything of a plugin is what it is only for now.
    pub(in crate::registry) fn again(&self, plugin: &str) -> bool {
        self.missing(plugin).any(|missing| !missing.settled)
    }

    /// Why objects of a plugin cannot be had, if it is that their server has trouble of its own.
    pub(in crate::registry) fn away(&self, plugin: &str) -> Option<String> {
        let missing = self.missing(plugin).find(|missing| missing.away)?;
        Some(format!("the contents of {}, which git LFS keeps: {}", quoted(&missing.path), missing.why))
    }

    /// Whether what is said of hosts may have to do with it.
    pub(in crate::registry) fn concerns_hosts(&self) -> bool {
        !self.record.plugins.is_empty() || !self.record.missing.is_empty()
    }

    /// Adds to what is noted of a plugin's pointers why they are still there.
    pub(in crate::registry) fn explain(&self, plugin: &str, notes: &mut [Note]) {
        if let Some(missing) = self.missing(plugin).next()
            && let Some(note) = notes.iter_mut().find(|note| note.code == lfs::NOTE)
        {
            let path = quoted(&missing.path);
            let of = if note.message.contains(&path) { String::new() } else { format!(": {path}") };
            note.message = format!("{}{of}: {}", note.message, missing.why);
        }
    }
}

/// The same for one that lies elsewhere, as it was found before.
pub(super) fn refusal(lineage: &Lineage, place: &remote::Vendored, hosts: &Hosts) -> Option<String> {
    Filled::of_made(lineage, place.commit)?.refusal(ALL, hosts, &place.url)
}

/// Whether a plugin is served with all that git LFS keeps of it, and could be served on as it is.
pub(in crate::registry) fn would_lose(row: &PluginRow) -> bool {
    row.origin.vendored().is_some() && has_all_objects(row)
}

/// Whether a plugin is served with all that git LFS keeps of it.
fn has_all_objects(row: &PluginRow) -> bool {
    row.digest.is_some() && notes_of(row).iter().all(|note| note.code != lfs::NOTE)
}

impl Registry {
    /// The commit in which the pointers of a plugin that lies elsewhere are what they stand for.
    pub(super) fn with_objects(
        &self,
        errand: &Errand<'_>,
        url: &str,
        commit: &Oid,
        path: &RepoPath,
        watch: &dyn Watch,
    ) -> std::result::Result<Filled, String> {
        let limits = self.settings.limits;
        let contents = |reader: &Reader, root: Oid, uses: &mut Uses<'_>| {
            let elsewhere = Elsewhere { repo: Repo::new(reader, root, &limits), path: path.clone() };
            some(elsewhere.content(&limits))?.map_or(Ok(()), |content| uses.add(ALL, &content))
        };
        let folder = &self.folder.vendored(url);
        let what = &format!("folder {}", path.to_key());
        let stand_in = git::stand_in(folder, commit, path);
        let part = path;
        self.fill(&Ground { errand, url, folder, commit, stand_in, part, what, watch }, &contents)
            .map_err(|why| format!("{FAILED}: {why}"))
    }

    /// The same for the plugins in a marketplace's own repository.
    ///
    /// # Errors
    /// When one that is served with its contents would have to be served with pointers, because a server is
    /// away.
    pub(in crate::registry) fn with_own_objects(
        &self,
        row: &MarketplaceRow,
        commit: &Oid,
        token: Option<&Secret>,
        reading: &Reading<'_>,
        before: &[PluginRow],
        watch: &dyn Watch,
    ) -> Result<Filled> {
        let errand = &Errand { row, token, hosts: &self.hosts()? };
        let folder = &self.folder.repository(&row.id);
        let quiet = Quiet::new(watch, self.settings.sync.total_timeout);
        let contents = |_: &Reader, _: Oid, uses: &mut Uses<'_>| {
            // There may be as many as a catalog can list, each of them with as many files as a plugin can have.
            let is_local = |entry: &&Entry| matches!(entry.source, Source::Local(_));
            for entry in reading.catalog.entries.iter().filter(is_local) {
                if quiet.cancelled() {
                    break;
                }
                let content = match some(reading.content(entry)) {
                    // What stops half-way is not damaged.
                    Err(_) if quiet.cancelled() => break,
                    content => content?,
                };
                if let Some(content) = content {
                    uses.add(entry.name.as_str(), &content)?;
                }
            }
            Ok(())
        };
        let (stand_in, what, part) = (*commit, "marketplace", &RepoPath::root());
        let ground = Ground { errand, url: &row.url, folder, commit, stand_in, part, what, watch: &quiet };
        let failed = |reason: String| {
            if watch.cancelled() {
                return Error::Cancelled;
            }
            let source = FetchError::Other { url: redacted(&row.url), reason };
            Error::Fetch { slug: row.id.clone(), source }
        };
        let filled = self.fill(&ground, &contents).map_err(failed)?;
        if watch.cancelled() {
            return Err(Error::Cancelled);
        }
        // Servers are seldom away, and to read the notes of all plugins takes a while.
        let loses = |row: &PluginRow| filled.away(&row.name).filter(|_| has_all_objects(row));
        let mut own = before.iter().filter(|row| row.origin.url.is_none());
        match own.find_map(|row| Some((&row.name, loses(row)?))) {
            Some((name, why)) => Err(failed(format!("of its plugin {}, {why}", quoted(name)))),
            None => Ok(filled),
        }
    }

    fn fill(&self, ground: &Ground<'_>, contents: Contents<'_>) -> std::result::Result<Filled, String> {
        let commit = ground.commit;
        if !self.settings.sync.lfs {
            return Ok(Filled { commit: *commit, record: Record::default() });
        }
        let limits = &self.settings.limits;
        // What came from a host that is denied by now is nothing to go on with.
        let hosts = format!("{TERMS}{}-", Digest::of(ground.errand.hosts.line().as_bytes()).short());
        // Most commits have nothing of it, in whichever folder.
        let read = &ground.stand_in;
        if recall(ground.folder, read, NONE).is_some() {
            return Ok(Filled { commit: *commit, record: Record::default() });
        }
        // Who may be asked depends on where the repository is; and a marketplace may move.
        let rest = Digest::of(json(&(limits, ground.what, ground.url)).as_bytes()).to_string();
        let terms = &format!("{hosts}{}", &rest[..32]);
        let before = recall(ground.folder, commit, terms);
        // Everybody knows a commit by its own name, unless something is in it that is not its own.
        let filled = |made: Oid, record: Record| {
            let commit = if record.objects.is_empty() { *commit } else { made };
            Filled { commit, record }
        };
        if let Some((made, record)) = before.as_ref().filter(|(_, record)| !record.again()) {
            return Ok(filled(*made, record.clone()));
        }
        let unreadable = |error: ReadError| {
            git::distrust(ground.folder);
            format!("its LFS pointers cannot be read, and the next sync fetches it anew: {error}")
        };
        let unwritable = |error: git::made::MakeError| format!("what git LFS keeps of it: {error}");
        let opened = Repository::open(ground.folder).map_err(|error| error.to_string())?;
        let reader = opened.reader();
        let root = reader.commit_tree(read).map_err(unreadable)?;
        let mut record = Record::default();
        if !speaks_of_it(&reader, root).map_err(unreadable)? {
            remember(ground.folder, read, NONE, read, &[], &record).map_err(unwritable)?;
            return Ok(Filled { commit: *commit, record });
        }
        let mut uses = Uses::new(&reader, limits);
        contents(&reader, root, &mut uses).map_err(unreadable)?;
        if ground.watch.cancelled() {
            return Err("to look for its LFS pointers took longer than `sync.total_timeout`".to_owned());
        }
        let uses = uses.finish(&mut record.missing);

        let Record { objects: mut here, mut from, .. } = known(ground.folder, &hosts);
        // Nor is what came from where nothing may come from for this repository.
        here.retain(|oid, blob| {
            let denied =
                refusal_of_givers(from.get(oid).into_iter().flatten(), ground.errand.hosts, ground.url);
            denied.is_none() && reader.has(blob)
        });
        from.retain(|oid, _| here.contains_key(oid));
        let wanted: BTreeSet<Pointer> = uses.iter().map(|one| one.pointer).collect();
        let is_here = |pointer: &Pointer| {
            let blob = here.get(&pointer.oid.to_string());
            // Who names another size is told by its server what comes of that, as if it were not here.
            blob.is_some_and(|blob| reader.size(blob).is_ok_and(|size| size == pointer.size))
        };
        let wanted: Vec<_> = wanted.into_iter().filter(|pointer| !is_here(pointer)).collect();
        let mut spool = Spool::new(ground.folder).map_err(|error| unwritable(error.into()))?;
        let trouble =
            self.fetch_objects(ground, &reader, root, &wanted, &mut spool, &mut from).map_err(unreadable)?;

        let mut places: Vec<Place> = Vec::new();
        for Use { place, pointer, by } in uses {
            if let Some((Lacking { why, away }, settled)) = trouble.get(&pointer) {
                for (plugin, path) in by {
                    let (plugin, why) = (plugin.to_string(), why.clone());
                    record.missing.push(Missing { plugin, path, why, away: *away, settled: *settled });
                }
                continue;
            }
            for (plugin, _) in by {
                record.plugins.entry(plugin.to_string()).or_default().insert(pointer.oid.to_string());
            }
            places.push((place, pointer.oid));
        }
        telling(&mut record.missing);
        places.sort();
        let names = places.iter().map(|(_, oid)| oid.to_string());
        let all_here =
            names.map(|oid| Some((oid.clone(), *here.get(&oid)?))).collect::<Option<BTreeMap<_, _>>>();
        let made = match &before {
            _ if places.is_empty() => *read,
            // Nothing came since.
            Some((made, before)) if Some(&before.objects) == all_here.as_ref() => {
                record.objects.clone_from(&before.objects);
                *made
            }
            _ => {
                let base = Base { commit, stand_in: read, folder: ground.part };
                let made = fill(ground.folder, &base, &places, &here, &mut spool).map_err(unwritable)?;
                record.objects = made.1;
                made.0
            }
        };
        from.retain(|oid, _| record.objects.contains_key(oid));
        record.from = from;
        if before.as_ref() != Some(&(made, record.clone())) {
            remember(ground.folder, commit, terms, &made, &[*read], &record).map_err(unwritable)?;
        }
        Ok(filled(made, record))
    }
}

/// Leaves of each plugin's those that something is told of: the first, and the first of those of a kind.
fn telling(missing: &mut Vec<Missing>) {
    missing.sort_by(|a, b| (&a.plugin, &a.path).cmp(&(&b.plugin, &b.path)));
    let (mut of, mut told) = (String::new(), BTreeSet::new());
    missing.retain(|one| {
        if one.plugin != of {
            (of, told) = (one.plugin.clone(), BTreeSet::new());
        }
        let is_first = told.is_empty();
        let kinds = [(0, true), (1, one.away), (2, !one.settled)];
        let new = kinds.iter().filter(|(kind, is_it)| *is_it && told.insert(*kind)).count();
        is_first || new > 0
    });
}

/// Of a plugin that cannot be served nothing is fetched.
fn some(
    content: std::result::Result<Content, Unservable>,
) -> std::result::Result<Option<Content>, ReadError> {
    match content {
        Ok(content) => Ok(Some(content)),
        Err(Unservable::Read(error)) => Err(error),
        Err(_) => Ok(None),
    }
}
