//! What one caller gets: an ordered list of plugins under names that do not collide, the catalog
//! that lists them, and the digest that names it all.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::digest::{Digest, Fields};
use super::fields::Object;
use super::manifest::written;
use super::names::{PluginName, collision_suffix, is_client_name, prefixed_name};
use super::slug::Slug;
use super::version::{self, Versions};

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
    /// Why there is nothing to serve, if that is so.
    pub reason: Option<String>,
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
        let catalog = catalog(feed, &plugins, &carried);
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
        let none = || Some(self.reason.clone().unwrap_or_else(|| "it has no content".into()));
        Face {
            slug: self.slug.clone(),
            plugin: self.plugin.clone(),
            name: format!("{}{}", self.name_prefix.as_deref().unwrap_or_default(), self.manifest_name),
            name_prefix: self.name_prefix.clone(),
            folder: prefixed_name(&self.slug, &self.plugin),
            reason: if self.digest.is_some() { None } else { none() },
        }
    }

    /// The plugin as it is in a view, in that folder. `None`: it has no content.
    #[must_use]
    pub fn served(self, folder: String) -> Option<Served> {
        let content = self.digest?;
        let name = self.face().name;
        Some(served(self, name, folder, content))
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
        let (why, reason) = match (&face.reason, names.get(name)) {
            (Some(reason), _) => (Why::NoContent, reason.clone()),
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
    let version = version::served(offer.versions, offer.version.as_deref(), &content);
    let mut entry = Object::new();
    entry.insert("name".into(), name.clone().into());
    entry.insert("source".into(), format!("./plugins/{prefixed_name}").into());
    if let Some(version) = &version {
        entry.insert("version".into(), version.clone().into());
    }
    entry.extend(
        offer.entry.into_iter().filter(|(field, _)| !["name", "source", "version"].contains(&field.as_str())),
    );
    let digest = Fields::new("agnes served plugin 1")
        .field(content.as_bytes())
        .field(&prefixed_name)
        .field(Value::Object(entry.clone()).to_string())
        .finish();
    let (slug, plugin, name_prefix, strict) = (offer.slug, offer.plugin, offer.name_prefix, offer.strict);
    Served { slug, plugin, name, prefixed_name, version, strict, name_prefix, entry, digest }
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

fn catalog(feed: &Feed, plugins: &[Served], renames: &Renames) -> Vec<u8> {
    let mut owner = json!({"name": feed.owner_name});
    if let Some(email) = &feed.owner_email {
        owner["email"] = email.as_str().into();
    }
    let mut catalog = json!({
        "name": feed.name,
        "owner": owner,
        "metadata": {"description": feed.description},
        "forceRemoveDeletedPlugins": true,
    });
    if !renames.is_empty() {
        catalog["renames"] = json!(renames);
    }
    catalog["plugins"] = plugins.iter().map(|plugin| Value::Object(plugin.entry.clone())).collect();
    written(&catalog)
}

/// Names all that the catalog is written from, rather than its bytes: so it can be told without writing
/// it. What the catalog says of a plugin is in the plugin's own digest.
fn digest(feed: &Feed, renames: &Renames, plugins: impl Iterator<Item = Digest>) -> Digest {
    let header = json!({"feed": feed, "renames": renames});
    let mut fields = Fields::new("agnes view 2").field(header.to_string());
    for plugin in plugins {
        fields.add(plugin.as_bytes());
    }
    fields.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(slug: &str, plugin: &str) -> Offer {
        Offer {
            slug: slug.parse().unwrap(),
            plugin: plugin.parse().unwrap(),
            manifest_name: plugin.to_owned(),
            name_prefix: None,
            versions: Versions::Content,
            version: Some("1.0.0".into()),
            strict: true,
            entry: Object::new(),
            digest: Some(Digest::of(plugin.as_bytes())),
            reason: None,
        }
    }

    fn view(offers: &[Offer]) -> View {
        let view = View::assemble(&Feed::default(), offers.to_vec(), &HashMap::new());
        // Whatever the test is about: a glance names the same view.
        let faces: Vec<Face> = offers.iter().map(Offer::face).collect();
        let served =
            |i: usize, folder: &str| offers[i].clone().served(folder.to_owned()).map(|served| served.digest);
        let glance = Glance::of(&Feed::default(), &faces.iter().collect::<Vec<_>>(), &HashMap::new(), served);
        assert_eq!(glance, Glance { digest: view.digest, plugins: view.plugins.len() as u64 });
        view
    }

    #[test]
    fn no_grants_make_a_valid_empty_catalog() {
        let catalog: Value = serde_json::from_slice(&view(&[]).catalog).unwrap();
        assert_eq!(catalog["plugins"], json!([]));
        assert_eq!(catalog["name"], "agnes");
        assert_eq!(catalog["owner"], json!({"name": "Agnes"}));
    }

    #[test]
    fn of_two_plugins_of_one_name_the_first_is_served_and_the_other_reported() {
        let view = view(&[offer("a", "x"), offer("b", "x")]);
        assert_eq!(view.plugins.len(), 1);
        assert_eq!(view.left_out[0].slug.as_str(), "b");
        assert!(view.left_out[0].reason.contains("`a/x`"), "{}", view.left_out[0].reason);
    }

    #[test]
    fn a_prefix_lets_both_be_installed() {
        let second = Offer { name_prefix: Some("b-".into()), ..offer("b", "x") };
        let names: Vec<_> = view(&[offer("a", "x"), second]).plugins.into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["x", "b-x"]);
    }

    #[test]
    fn a_prefix_given_later_moves_those_who_have_the_plugin() {
        let prefixed = |slug: &str, name: &str| Offer { name_prefix: Some("b-".into()), ..offer(slug, name) };
        let renames = |offers: Vec<Offer>| {
            let catalog: Value = serde_json::from_slice(&view(&offers).catalog).unwrap();
            catalog["renames"].clone()
        };
        assert_eq!(renames(vec![prefixed("b", "x")]), json!({"x": "b-x"}));
        assert_eq!(
            renames(vec![offer("a", "x"), prefixed("b", "x")]),
            Value::Null,
            "`x` is another plugin's"
        );
    }

    #[test]
    fn two_pairs_that_spell_one_folder_get_two() {
        let view = view(&[offer("a", "b-c"), Offer { manifest_name: "other".into(), ..offer("a-b", "c") }]);
        let folders: Vec<_> = view.plugins.iter().map(|p| p.prefixed_name.as_str()).collect();
        assert_eq!(folders, ["a-b-c", "a-b-c-4e84717d"]);
    }

    #[test]
    fn folders_differ_in_more_than_case() {
        let view = view(&[offer("a", "Tool"), offer("a", "tool")]);
        assert_eq!(view.plugins[0].prefixed_name, "a-Tool");
        assert!(view.plugins[1].prefixed_name.starts_with("a-tool-"));
    }

    #[test]
    fn entries_keep_their_fields_and_get_our_name_source_and_version() {
        let Value::Object(entry) =
            json!({"category": "x", "name": "?", "version": "?", "tags": ["y"], "source": "?"})
        else {
            panic!()
        };
        let view = view(&[Offer { entry, ..offer("a", "x") }]);
        let catalog: Value = serde_json::from_slice(&view.catalog).unwrap();
        assert_eq!(
            catalog["plugins"][0],
            json!({"name": "x", "source": "./plugins/a-x", "version": "1.0.0+2d711642", "category": "x", "tags": ["y"]})
        );
    }

    #[test]
    fn a_change_of_the_catalog_alone_changes_the_digest() {
        let Value::Object(entry) = json!({"description": "new"}) else { panic!() };
        assert_ne!(view(&[offer("a", "x")]).digest, view(&[Offer { entry, ..offer("a", "x") }]).digest);
        let feed = Feed { owner_name: "Data team".into(), ..Feed::default() };
        assert_ne!(
            view(&[offer("a", "x")]).digest,
            View::assemble(&feed, vec![offer("a", "x")], &HashMap::new()).digest
        );
    }

    #[test]
    fn renames_follow_to_what_is_served_and_no_further() {
        let renames: Renames =
            [("old", "mid"), ("mid", "x"), ("gone", "nowhere"), ("p", "q"), ("q", "p"), ("y", "x")]
                .iter()
                .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()))
                .collect();
        let renames = HashMap::from([("a".parse().unwrap(), renames)]);
        let view = View::assemble(&Feed::default(), vec![offer("a", "x"), offer("a", "y")], &renames);
        let catalog: Value = serde_json::from_slice(&view.catalog).unwrap();
        assert_eq!(catalog["renames"], json!({"mid": "x", "old": "x"}));
        // Under a prefix the feed called it by another name before, too.
        let prefixed = vec![Offer { name_prefix: Some("a-".into()), ..offer("a", "x") }];
        let catalog: Value =
            serde_json::from_slice(&View::assemble(&Feed::default(), prefixed, &renames).catalog).unwrap();
        assert_eq!(catalog["renames"], json!({"a-mid": "a-x", "a-old": "a-x", "a-y": "a-x", "x": "a-x"}));
    }
}
