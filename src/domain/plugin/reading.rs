//! Reading a marketplace at one commit: its catalog, and each plugin of it.

mod claims;
mod neighbours;
mod remarks;
#[cfg(test)]
mod tests;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

use claims::Claim;

use super::behaviour::{self, Making};
use super::catalog::{self, Catalog, CatalogError, Entry};
use super::complaints;
use super::content::{self, Content, File, Unservable};
use super::dependencies::{self, Neighbours};
use super::fields::{self, CONFLICTING, Object};
use super::manifest;
use super::names::{PluginName, is_client_name};
use super::skills;
use super::source::Source;
use crate::domain::digest::Digest;
use crate::domain::limits::Limits;
use crate::domain::note::Note;
use crate::domain::repository::links::{Found, Lost, Repo};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Kind, Objects, ReadError};

/// A marketplace's tree and what its catalog says.
pub struct Reading<'a> {
    repo: Repo<'a>,
    limits: Limits,
    pub catalog: Catalog,
    /// Where each entry stands in the catalog.
    places: HashMap<String, usize>,
    /// What neighbours are called, as far as somebody asked: there may be many who want the same.
    names: RefCell<HashMap<usize, String>>,
    claims: OnceCell<Vec<Claim>>,
}

/// The folder of a plugin that lies in another repository than its marketplace.
pub struct Elsewhere<'a> {
    pub repo: Repo<'a>,
    pub path: RepoPath,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("the repository that was fetched is damaged: {0}")]
    Damaged(#[from] ReadError),
}

/// What a sync learns about one plugin.
#[derive(Debug, Clone)]
pub struct Plugin {
    pub name: PluginName,
    /// The name in `plugin.json`, or the entry's.
    pub manifest_name: String,
    /// The version in `plugin.json`, or the entry's.
    pub version: Option<String>,
    pub strict: bool,
    pub source: Source,
    /// The entry as the curator wrote it.
    pub raw: Object,
    /// The entry as it is served, but for name, source and version.
    pub entry: Object,
    /// Names what is served. `None`: nothing is, and `reason` says why.
    pub digest: Option<Digest>,
    pub reason: Option<String>,
    /// The tree of its folder.
    pub tree: Option<Oid>,
    pub files: u64,
    pub bytes: u64,
    pub notes: Vec<Note>,
}

impl Plugin {
    /// What the entry alone tells.
    fn listed(entry: &Entry) -> Self {
        Self {
            name: entry.name.clone(),
            manifest_name: entry.name.to_string(),
            version: manifest::version(&entry.fields).map(str::to_owned),
            strict: entry.strict(),
            source: entry.source.clone(),
            raw: entry.raw.clone(),
            entry: entry.fields.clone(),
            digest: None,
            reason: None,
            tree: None,
            files: 0,
            bytes: 0,
            notes: entry.notes.clone(),
        }
    }

    /// A plugin of which nothing is served, nor looked at.
    #[must_use]
    pub fn refused(entry: &Entry, why: String) -> Self {
        Self { reason: Some(why), ..Self::listed(entry) }
    }

    /// A plugin that clients fetch themselves, from the source that its entry has. Nothing of it is looked
    /// at: its digest names what the entry says.
    #[must_use]
    pub fn linked(entry: &Entry) -> Self {
        let mut plugin = Self::listed(entry);
        if plugin.has_client_name() {
            plugin.digest = Some(behaviour::linked_digest(&behaviour::linked(&entry.fields)));
        }
        plugin
    }

    /// Whether clients accept its name; if not, that becomes the reason.
    fn has_client_name(&mut self) -> bool {
        let accepted = is_client_name(&self.manifest_name);
        if !accepted {
            self.reason = Some(format!(
                "Claude Code accepts no plugin called `{}`: a name begins with a letter or digit",
                self.manifest_name
            ));
        }
        accepted
    }
}

impl Elsewhere<'_> {
    /// What is served of the plugin. It has no neighbours, and no list of skills restricts it: the client
    /// heeds one only where the source is `./`.
    ///
    /// # Errors
    /// When there is no servable content.
    pub fn content(&self, limits: &Limits) -> Result<Content, Unservable> {
        some(Content::collect(&self.repo, &self.path, &BTreeSet::new(), limits)?, &self.path)
    }
}

impl<'a> Reading<'a> {
    /// Reads the catalog of the tree `root`.
    ///
    /// # Errors
    /// When there is no usable catalog in it.
    pub fn open(objects: &'a dyn Objects, root: Oid, limits: Limits) -> Result<Self, ReadingError> {
        let repo = Repo::new(objects, root, &limits);
        let found = match repo.locate(&[], catalog::PATH.split('/').map(str::as_bytes)) {
            Ok(found) if found.kind != Kind::Tree => found,
            Err(Lost::Read(error)) => return Err(error.into()),
            Err(Lost::Crowded(most)) => return Err(CatalogError::Crowded(most).into()),
            Ok(_) | Err(_) => return Err(CatalogError::Missing.into()),
        };
        let (size, limit) = (objects.size(&found.id)?, limits.max_manifest_bytes);
        if size > limit {
            return Err(CatalogError::TooLarge { size, limit }.into());
        }
        let catalog = Catalog::parse(&objects.blob(&found.id)?, &limits)?;
        let places = catalog.entries.iter().enumerate();
        let places = places.map(|(place, entry)| (entry.name.to_string(), place)).collect();
        Ok(Self { repo, limits, catalog, places, names: RefCell::default(), claims: OnceCell::new() })
    }

    #[must_use]
    pub fn entry(&self, name: &PluginName) -> Option<&Entry> {
        self.catalog.entries.get(*self.places.get(name.as_str())?)
    }

    /// What is served of a plugin: [`Content::collect`], less what belongs to its neighbours and,
    /// where a root-source entry lists its skills, less the others. Nothing, if it lies elsewhere.
    ///
    /// # Errors
    /// When the plugin has no servable content.
    pub fn content(&self, entry: &Entry) -> Result<Content, Unservable> {
        let Source::Local(source) = &entry.source else {
            return Ok(Content::default());
        };
        let root = place(&content::folder(&self.repo, source)?);
        let own = self.manifest_in(&root)?;
        let foreign = self.foreign(entry, &root, own.as_ref())?;
        let mut content = Content::collect(&self.repo, source, &foreign, &self.limits)?;
        if root.is_root() {
            // The whole list of plugins, granted or not, is no part of one of them.
            content.files.remove(catalog::PATH);
        }
        if source.is_root() {
            skills::prune_unlisted(&mut content, &entry.fields);
        }
        some(content, source)
    }

    /// Everything there is to know about a plugin. Of one whose source is remote, `elsewhere` is where it
    /// was put.
    ///
    /// # Errors
    /// Only when a repository is damaged: what is wrong with the plugin itself becomes its
    /// `reason` or a note.
    pub fn plugin(&self, entry: &Entry, elsewhere: Option<&Elsewhere<'_>>) -> Result<Plugin, ReadError> {
        let mut plugin = Plugin::listed(entry);
        let found = match (&entry.source, elsewhere) {
            (Source::Refused(why), _) => Err(why.clone()),
            (Source::Local(path), _) => Ok((self.content(entry), &self.repo, path)),
            (Source::Remote(_), Some(elsewhere)) => {
                Ok((elsewhere.content(&self.limits), &elsewhere.repo, &elsewhere.path))
            }
            (Source::Remote(remote), None) => {
                Err(format!("its source is remote (`{}`), and was not fetched", remote.kind()))
            }
        };
        let (content, repo, path) = match found {
            Ok((Ok(content), repo, path)) => (content, repo, path),
            Ok((Err(Unservable::Read(error)), ..)) => return Err(error),
            Ok((Err(why), ..)) => {
                let said = match &why {
                    Unservable::Folder { path, .. } => {
                        complaints::said(&format!("Plugin directory not found at path: {path}"))
                    }
                    _ => String::new(),
                };
                plugin.reason = Some(format!("{why}{said}"));
                return Ok(plugin);
            }
            Err(why) => return Ok(Plugin::refused(entry, why)),
        };
        plugin.notes.extend(content.notes.iter().cloned());
        plugin.notes.extend(manifest::drop_missing_paths(&mut plugin.entry, &content));
        plugin.notes.extend(complaints::deep(&plugin.entry));
        self.read_manifest(repo, &content, &mut plugin)?;
        plugin.notes.extend(self.unusable_hooks(repo, &content)?);
        if !plugin.has_client_name() {
            return Ok(plugin);
        }
        plugin.notes.extend(remarks::official(&plugin.manifest_name));
        plugin.notes.extend(remarks::unfetched_lfs(repo, &content)?);
        plugin.notes.extend(self.of_package(&entry.source, repo, &content)?);
        plugin.tree = content::folder(repo, path).ok().map(|found| found.id);
        let neighbours = self.neighbours(entry)?;
        plugin.notes.extend(self.missing_neighbours(entry, &neighbours)?);
        // A plugin that lies elsewhere is served without a look into this repository, and says what it says.
        let is_here = matches!(entry.source, Source::Local(_));
        let neighbours = if is_here { neighbours } else { Neighbours::new() };
        if neighbours.len() > dependencies::MOST {
            // To serve some of them under the upstream's names would be to serve somebody else's plugins.
            plugin.reason =
                Some(format!("it depends on more than {} plugins of its marketplace", dependencies::MOST));
            return Ok(plugin);
        }
        let marketplace = self.catalog.name.as_deref();
        dependencies::rename(&mut plugin.entry, marketplace, &neighbours);
        plugin.files = content.files.len() as u64;
        plugin.bytes = content.bytes();
        plugin.digest = Some(behaviour::digest(
            &content::digest(&content.files, &content.crlf),
            &behaviour::of(&entry.fields),
            &Making::new(&content.files, marketplace, &neighbours, content.skills_listed, |place| {
                content.files.get(place).is_some_and(|file| file.size > self.limits.max_manifest_bytes)
            }),
        ));
        Ok(plugin)
    }

    fn read_manifest(
        &self,
        repo: &Repo<'_>,
        content: &Content,
        plugin: &mut Plugin,
    ) -> Result<(), ReadError> {
        for place in manifest::PLACES {
            let Some(file) = content.files.get(place) else { continue };
            let parsed = match self.small(repo, file)? {
                Some(bytes) => manifest::parse(&bytes),
                None => Err(format!(
                    "it has {} bytes; the limit is {} (`limits.max_manifest_bytes`)",
                    file.size, self.limits.max_manifest_bytes
                )),
            };
            let mut object = match parsed {
                Ok(object) => object,
                Err(why) => {
                    let instead =
                        if place == manifest::CLAUDE { "; the entry is served as the manifest" } else { "" };
                    let message = format!("`{place}` is not used: {why}{instead}");
                    plugin.notes.push(Note::new("manifest-unusable", message));
                    continue;
                }
            };
            if place != manifest::CLAUDE {
                continue;
            }
            if !plugin.strict && CONFLICTING.iter().any(|field| plugin.entry.contains_key(*field)) {
                plugin.notes.push(Note::new(
                    "conflicting-manifests",
                    format!(
                        "the entry says `strict: false` and lists components, and there is a plugin.json too: \
                         Claude Code does not load such a plugin; its curator should take out one of the two{}",
                        complaints::said("conflicting manifests: both plugin.json and marketplace entry specify components")
                    ),
                ));
            }
            if let Some(name) = manifest::name(&object) {
                name.clone_into(&mut plugin.manifest_name);
            } else {
                let said = complaints::of_name(object.get("name"));
                let said = said.map_or_else(String::new, |words| complaints::said(&words));
                let message =
                    format!("`{place}` has no name that Claude Code accepts; the entry's is used{said}");
                plugin.notes.push(Note::new("manifest-name", message));
            }
            if let Some(version) = manifest::version(&object) {
                plugin.version = Some(version.to_owned());
            }
            let mut found = fields::clean(&mut object);
            found.extend(manifest::drop_missing_paths(&mut object, content));
            found.extend(complaints::deep(&object));
            for note in &mut found {
                note.message = format!("`{place}`: {}", note.message);
            }
            plugin.notes.extend(found);
        }
        Ok(())
    }

    /// The bytes of a manifest, unless it is larger than manifests may be.
    fn small(&self, repo: &Repo<'_>, file: &File) -> Result<Option<Vec<u8>>, ReadError> {
        if file.size > self.limits.max_manifest_bytes {
            return Ok(None);
        }
        repo.objects().blob(&file.blob).map(Some)
    }

    fn manifest_in(&self, folder: &RepoPath) -> Result<Option<Object>, ReadError> {
        let path = folder.segments().iter().map(String::as_str).chain(manifest::CLAUDE.split('/'));
        let bytes = match self.repo.locate(&[], path.map(str::as_bytes)) {
            Ok(found) if found.kind != Kind::Tree => {
                let size = self.repo.objects().size(&found.id)?;
                self.small(&self.repo, &File { executable: false, blob: found.id, size })?
            }
            Err(Lost::Read(error)) => return Err(error),
            _ => None,
        };
        Ok(bytes.and_then(|bytes| manifest::parse(&bytes).ok()))
    }

    /// The tree of a folder, if it is there.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn tree(&self, path: &RepoPath) -> Result<Option<Oid>, ReadError> {
        match content::folder(&self.repo, path) {
            Ok(found) => Ok(Some(found.id)),
            Err(Unservable::Read(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Where a path leads, if anywhere.
    fn place(&self, path: &RepoPath) -> Result<Option<RepoPath>, ReadError> {
        match self.repo.locate(&[], path.segments().iter().map(String::as_bytes)) {
            Ok(found) => Ok(Some(place(&found))),
            Err(Lost::Read(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// Without a file there is no folder in the feed, and the client finds nothing to install.
fn some(content: Content, source: &RepoPath) -> Result<Content, Unservable> {
    if content.files.is_empty() { Err(Unservable::Empty(source.clone())) } else { Ok(content) }
}

/// What was found has no symlinks, and no names that a path could not have.
fn place(found: &Found) -> RepoPath {
    let names: Vec<_> = found.path.iter().map(|name| String::from_utf8_lossy(name)).collect();
    RepoPath::parse(&names.join("/")).unwrap_or_default()
}
