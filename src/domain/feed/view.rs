//! What one caller gets: an ordered list of plugins under names that do not collide, the catalog
//! that lists them, and the digest that names it all.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use crate::domain::digest::{Digest, Fields};
use crate::domain::plugin::dependencies;
use crate::domain::plugin::fields::Object;
use crate::domain::plugin::manifest::written;
use crate::domain::plugin::names::{PluginName, collision_suffix, is_client_name, prefixed_name};
use crate::domain::plugin::remote::Vendored;
use crate::domain::plugin::version::{self, Versions};
use crate::domain::upstream::slug::Slug;

/// The feed's own name and owner, which stand at the top of every catalog.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Feed {
    /// The marketplace's name: unique on each analyst's machine.
    pub name: String,
    pub owner_name: String,
    pub owner_email: Option<String>,
    pub description: String,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            name: "agnes".into(),
            owner_name: "Agnes".into(),
            owner_email: None,
            description: "The plugins that you were granted, from all marketplaces of your organisation"
                .into(),
        }
    }
}

/// A granted plugin, as the last sync left it. Offers come in order: marketplaces as they were
/// registered, plugins by name.
#[derive(Debug, Clone)]
pub struct Offer {
    pub slug: Slug,
    pub plugin: PluginName,
    pub manifest_name: String,
    /// What the administrator put before the names of this marketplace's plugins.
    pub name_prefix: Option<String>,
    pub versions: Versions,
    pub version: Option<String>,
    pub strict: bool,
    pub entry: Object,
    /// `None`: nothing can be served, and `reason` says why.
    pub digest: Option<Digest>,
    pub reason: Option<String>,
    /// The sentence that says that an administrator disabled it, if so: then nobody gets it.
    pub disabled: Option<String>,
    /// Where its files are, if not in its marketplace's commit.
    pub vendored: Option<Vendored>,
    /// Nothing of it is here: clients fetch it themselves, from the source in `entry`.
    pub linked: bool,
}

/// A plugin in a view.
#[derive(Debug, Clone)]
pub struct Served {
    pub slug: Slug,
    pub plugin: PluginName,
    /// Its name in the feed: entry name and `plugin.json` name.
    pub name: String,
    /// Its folder in the feed, below `plugins/`.
    pub prefixed_name: String,
    pub version: Option<String>,
    pub strict: bool,
    /// What the administrator put before its name, and puts before its former names.
    pub name_prefix: Option<String>,
    /// The entry in the catalog.
    pub entry: Object,
    /// Names its folder with everything in it.
    pub digest: Digest,
    /// Where its files are, if not in its marketplace's commit.
    pub vendored: Option<Vendored>,
    /// It has no folder: clients fetch it themselves, from the source in `entry`.
    pub linked: bool,
}

/// A plugin that was granted and is not in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub slug: Slug,
    pub plugin: PluginName,
    pub why: Why,
    /// The same in a sentence.
    pub reason: String,
}

/// Why a granted plugin is not in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// An administrator disabled it, for everybody.
    Disabled,
    /// The last sync found nothing that could be served.
    NoContent,
    /// Another plugin of the view has its name and comes first.
    SameName,
    /// The client would not accept its name.
    BadName,
}

#[derive(Debug, Clone)]
pub struct View {
    pub plugins: Vec<Served>,
    pub left_out: Vec<LeftOut>,
    /// The bytes of the feed's `.claude-plugin/marketplace.json`.
    pub catalog: Vec<u8>,
    /// Same digest, same bytes, in both channels.
    pub digest: Digest,
}

/// Old name → new name, of one marketplace.
pub type Renames = BTreeMap<String, String>;

/// The least that names a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    pub digest: Digest,
    /// How many there are.
    pub plugins: u64,
}

/// As much of an offer as decides whether it is in a view, and under which names.
#[derive(Debug, Clone)]
pub struct Face {
    pub slug: Slug,
    pub plugin: PluginName,
    /// Its name in the feed.
    pub name: String,
    pub name_prefix: Option<String>,
    /// Its folder, unless another plugin has that.
    pub folder: String,
    /// Why it is not served, whatever else is in the view; the same in a sentence.
    pub unserved: Option<(Why, String)>,
}

/// Where the plugins of a view go: the offer's place in the list, and its folder.
type Arranged = Vec<(usize, String)>;

impl View {
    #[must_use]
    pub fn assemble(feed: &Feed, offers: Vec<Offer>, renames: &HashMap<Slug, Renames>) -> Self {
        let faces: Vec<Face> = offers.iter().map(Offer::face).collect();
        let faces: Vec<&Face> = faces.iter().collect();
        let (arranged, left_out) = arrange(&faces);
        let carried = carried(arranged.iter().map(|(i, _)| faces[*i]), renames);
        let mut offers: Vec<_> = offers.into_iter().map(Some).collect();
        let plugins: Vec<Served> = arranged
            .into_iter()
            .filter_map(|(i, folder)| offers[i].take().and_then(|offer| offer.served(folder)))
            .collect();
        let catalog = catalog(feed, plugins.iter().map(|plugin| &plugin.entry), &carried);
        let digest = digest(feed, &carried, plugins.iter().map(|plugin| plugin.digest));
        Self { plugins, left_out, catalog, digest }
    }
}

impl Glance {
    /// What [`View::assemble`] would come to. `served` says what an offer, by its place in the list,
    /// would be served as from a folder: [`Served::digest`].
    #[must_use]
    pub fn of(
        feed: &Feed,
        faces: &[&Face],
        renames: &HashMap<Slug, Renames>,
        served: impl Fn(usize, &str) -> Option<Digest>,
    ) -> Self {
        let (arranged, _) = arrange(faces);
        let carried = carried(arranged.iter().map(|(i, _)| faces[*i]), renames);
        let digests: Vec<Digest> = arranged.iter().filter_map(|(i, folder)| served(*i, folder)).collect();
        let plugins = digests.len() as u64;
        Self { digest: digest(feed, &carried, digests.into_iter()), plugins }
    }
}

impl Offer {
    #[must_use]
    pub fn face(&self) -> Face {
        let unserved = match (&self.disabled, self.digest) {
            (Some(sentence), _) => Some((Why::Disabled, sentence.clone())),
            (None, Some(_)) => None,
            (None, None) => {
                let reason = self.reason.clone().unwrap_or_else(|| "it has no content".into());
                Some((Why::NoContent, reason))
            }
        };
        Face {
            slug: self.slug.clone(),
            plugin: self.plugin.clone(),
            name: format!("{}{}", self.name_prefix.as_deref().unwrap_or_default(), self.manifest_name),
            name_prefix: self.name_prefix.clone(),
            folder: prefixed_name(&self.slug, &self.plugin),
            unserved,
        }
    }

    /// The plugin as it is in a view, in that folder. `None`: it has no content, or is disabled.
    #[must_use]
    pub fn served(self, folder: String) -> Option<Served> {
        let content = self.digest.filter(|_| self.disabled.is_none())?;
        let name = self.face().name;
        Some(served(self, name, folder, content))
    }
}

/// Which of the offers, by its place in the list, is served from that folder.
#[must_use]
pub fn in_folder(faces: &[&Face], folder: &str) -> Option<usize> {
    arrange(faces).0.into_iter().find(|(_, taken)| taken == folder).map(|(i, _)| i)
}

impl Served {
    /// Names the plugin's own archive: the same files at other paths. Never a view's digest, nor the part's.
    #[must_use]
    pub fn archive_digest(&self) -> Digest {
        Fields::new("agnes plugin archive 1").field(self.digest.as_bytes()).finish()
    }
}

/// Which of the offers are in a view, and why the others are not.
fn arrange(faces: &[&Face]) -> (Arranged, Vec<LeftOut>) {
    let mut arranged = Arranged::new();
    let mut left_out = Vec::new();
    let mut names: HashMap<&str, &Face> = HashMap::new();
    let mut folders: HashSet<String> = HashSet::new();
    for (i, face) in faces.iter().enumerate() {
        let name = face.name.as_str();
        let (why, reason) = match (&face.unserved, names.get(name)) {
            (Some(unserved), _) => unserved.clone(),
            (None, Some(first)) => {
                let reason = format!(
                    "`{}/{}` has the same name (`{name}`) and comes first; Claude Code would load only one",
                    first.slug, first.plugin
                );
                (Why::SameName, reason)
            }
            (None, None) if !is_client_name(name) => {
                (Why::BadName, format!("Claude Code accepts no plugin called `{name}`"))
            }
            (None, None) => {
                names.insert(name, face);
                arranged.push((i, free_folder(face, &mut folders)));
                continue;
            }
        };
        left_out.push(LeftOut { slug: face.slug.clone(), plugin: face.plugin.clone(), why, reason });
    }
    (arranged, left_out)
}

/// The plugin's folder. Some file systems ignore case, so folders differ in more than that.
fn free_folder(face: &Face, taken: &mut HashSet<String>) -> String {
    let mut folder = face.folder.clone();
    if taken.contains(&folder.to_ascii_lowercase()) {
        folder.push_str(&collision_suffix(&face.slug, &face.plugin));
    }
    // A name made to look like another's suffixed one changes nothing: it is asked for again.
    while !taken.insert(folder.to_ascii_lowercase()) {
        folder.push('_');
    }
    folder
}

fn served(offer: Offer, name: String, prefixed_name: String, content: Digest) -> Served {
    // Of what the client fetches itself, nobody here knows what it will be: its version is the upstream's.
    let version = if offer.linked {
        offer.version.clone()
    } else {
        version::served(offer.versions, offer.version.as_deref(), &content)
    };
    let own = offer.entry.get("source").filter(|_| offer.linked).cloned();
    let mut entry = Object::new();
    entry.insert("name".into(), name.clone().into());
    entry.insert("source".into(), own.unwrap_or_else(|| format!("./plugins/{prefixed_name}").into()));
    if let Some(version) = &version {
        entry.insert("version".into(), version.clone().into());
    }
    entry.extend(
        offer.entry.into_iter().filter(|(field, _)| !["name", "source", "version"].contains(&field.as_str())),
    );
    if let Some(prefix) = &offer.name_prefix {
        dependencies::prefix(&mut entry, prefix);
    }
    let digest = served_digest(&content, &prefixed_name, &entry);
    Served {
        slug: offer.slug,
        plugin: offer.plugin,
        name,
        prefixed_name,
        version,
        strict: offer.strict,
        name_prefix: offer.name_prefix,
        entry,
        digest,
        vendored: offer.vendored,
        linked: offer.linked,
    }
}

/// Names a plugin's folder with everything in it, and what the catalog says of it.
#[must_use]
pub fn served_digest(content: &Digest, prefixed_name: &str, entry: &Object) -> Digest {
    Fields::new("agnes served plugin 1")
        .field(content.as_bytes())
        .field(prefixed_name)
        .field(compact(entry))
        .finish()
}

/// The upstreams' renames that lead to a plugin of this view, in the feed's names; and, where names
/// have a prefix, the names without it: whoever installed the plugin before the administrator gave
/// the prefix keeps it.
fn carried<'a>(plugins: impl Iterator<Item = &'a Face> + Clone, renames: &HashMap<Slug, Renames>) -> Renames {
    let mut carried = Renames::new();
    // The usual case, for which a list of all names would be made for nothing.
    if renames.is_empty() && plugins.clone().all(|plugin| plugin.name_prefix.is_none()) {
        return carried;
    }
    let taken: HashSet<&str> = plugins.clone().map(|plugin| plugin.name.as_str()).collect();
    for plugin in plugins {
        let bare = plugin.name_prefix.as_deref().and_then(|prefix| plugin.name.strip_prefix(prefix));
        if let Some(bare) = bare.filter(|bare| !taken.contains(bare) && is_client_name(bare)) {
            carried.entry(bare.to_owned()).or_insert_with(|| plugin.name.clone());
        }
        let Some(renames) = renames.get(&plugin.slug) else { continue };
        for old in renames.keys().filter(|old| leads_to(renames, old, plugin.plugin.as_str())) {
            let old = format!("{}{old}", plugin.name_prefix.as_deref().unwrap_or_default());
            if !taken.contains(old.as_str()) {
                carried.entry(old).or_insert_with(|| plugin.name.clone());
            }
        }
    }
    carried
}

fn leads_to(renames: &Renames, old: &str, wanted: &str) -> bool {
    let mut name = old;
    for _ in 0..=renames.len() {
        match renames.get(name) {
            Some(next) if next == wanted => return true,
            Some(next) => name = next,
            None => return false,
        }
    }
    false
}

/// The bytes of the catalog with these entries.
#[must_use]
pub fn catalog<'a>(feed: &Feed, entries: impl Iterator<Item = &'a Object>, renames: &Renames) -> Vec<u8> {
    written(&Catalog {
        name: &feed.name,
        owner: Owner { name: &feed.owner_name, email: feed.owner_email.as_deref() },
        metadata: Metadata { description: &feed.description },
        force_remove_deleted_plugins: true,
        renames,
        plugins: entries.collect(),
    })
}

/// As it is written: in this order, and without a copy of the entries, of which there may be thousands.
#[derive(serde::Serialize)]
struct Catalog<'a> {
    name: &'a str,
    owner: Owner<'a>,
    metadata: Metadata<'a>,
    #[serde(rename = "forceRemoveDeletedPlugins")]
    force_remove_deleted_plugins: bool,
    #[serde(skip_serializing_if = "Renames::is_empty")]
    renames: &'a Renames,
    plugins: Vec<&'a Object>,
}

#[derive(serde::Serialize)]
struct Owner<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct Metadata<'a> {
    description: &'a str,
}

/// JSON without spaces. Keys are texts and numbers finite, so there is nothing that it could not say.
fn compact(object: &Object) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

/// Names all that the catalog is written from, rather than its bytes: so it can be told without writing
/// it. What the catalog says of a plugin is in the plugin's own digest.
#[must_use]
pub fn digest(feed: &Feed, renames: &Renames, plugins: impl Iterator<Item = Digest>) -> Digest {
    let header = json!({"feed": feed, "renames": renames});
    let mut fields = Fields::new("agnes view 2").field(header.to_string());
    for plugin in plugins {
        fields.add(plugin.as_bytes());
    }
    fields.finish()
}
