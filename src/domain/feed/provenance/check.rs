//! Holding a bundle against its provenance: nothing but the two is needed.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize as _;
use serde_json::Value;

use super::{ListedFile, Plugin, Provenance};
use crate::domain::digest::Digest;
use crate::domain::feed::served::{self, Bytes, Naming};
use crate::domain::feed::view::{self, Feed, Renames};
use crate::domain::note::quoted;
use crate::domain::plugin::behaviour;
use crate::domain::plugin::catalog;
use crate::domain::plugin::content::Content;
use crate::domain::plugin::dependencies;
use crate::domain::plugin::fields::Object;
use crate::domain::plugin::manifest;
use crate::domain::repository::oid::Oid;

/// Where the catalog is.
pub const CATALOG: &str = catalog::PATH;

/// A bundle that came from somewhere.
#[derive(Debug, Default)]
pub struct Received {
    /// By path.
    pub files: BTreeMap<String, Found>,
    pub catalog: Vec<u8>,
}

/// What is known of a file in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub executable: bool,
    /// The git id that its bytes have.
    pub blob: Oid,
    pub sha256: Digest,
    /// The bytes, where they are looked into.
    pub bytes: Option<Vec<u8>>,
}

/// What does not hold: of the bundle as a whole, and of each plugin, in the provenance's order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub bundle: Vec<String>,
    pub plugins: Vec<Vec<String>>,
}

/// Gives the git id that bytes have; `None`, if they were made to have another file's.
pub type BlobId<'a> = &'a dyn Fn(&[u8]) -> Option<Oid>;

const OTHERWISE: &str = "the catalog says something else of it than its entry does";

/// More faults of one kind say nothing more.
const MOST: usize = 20;

/// Holds every file of the bundle, and every digest, against the provenance. `blob` gives the git id that bytes
/// have.
#[must_use]
pub fn check(provenance: &Provenance, received: &Received, blob: BlobId<'_>) -> Faults {
    let mut faults = Faults::default();
    let catalog = Catalog::parse(&received.catalog).map_err(|why| faults.bundle.push(why)).ok();
    let mut owners: HashMap<&str, usize> = HashMap::new();
    for (i, plugin) in provenance.plugins.iter().enumerate() {
        let mut wrong = Vec::new();
        if owners.insert(&plugin.prefixed_name, i).is_some() {
            wrong.push(format!("the folder {} is listed twice", quoted(&plugin.prefixed_name)));
        }
        let entry = catalog.as_ref().and_then(|catalog| catalog.entries.get(i));
        of_plugin(plugin, received, entry, blob, &mut wrong);
        faults.plugins.push(wrong);
    }
    unlisted(provenance, received, &owners, &mut faults);
    if let Some(catalog) = &catalog {
        of_view(provenance, received, catalog, &mut faults.bundle);
    }
    faults.bundle.truncate(MOST);
    for wrong in &mut faults.plugins {
        wrong.truncate(MOST);
    }
    faults
}

fn of_plugin(
    plugin: &Plugin,
    received: &Received,
    entry: Option<&Object>,
    blob: BlobId<'_>,
    wrong: &mut Vec<String>,
) {
    let mut before: Option<&str> = None;
    for file in &plugin.files {
        if before.is_some_and(|before| before >= file.path.as_str()) {
            wrong.push(format!("{} is listed twice, or not in its place", quoted(&file.path)));
        }
        before = Some(&file.path);
        let place = format!("plugins/{}/{}", plugin.prefixed_name, file.path);
        let found = received.files.get(&place);
        if let Err(why) = of_file(file, found, blob) {
            wrong.push(format!("{}: {why}", quoted(&file.path)));
        }
    }
    if plugin.worked_out_digest() != plugin.digest {
        wrong.push(format!("its files do not have the digest that is listed, sha256:{}", plugin.digest));
    }
    let Some(entry) = entry else {
        wrong.push("the catalog does not have it in its place".into());
        return;
    };
    let text = |field: &str| entry.get(field).and_then(Value::as_str);
    let source = format!("./plugins/{}", plugin.prefixed_name);
    for (field, wanted) in [
        ("name", Some(plugin.name.as_str())),
        ("source", Some(&source)),
        ("version", plugin.version.as_deref()),
    ] {
        if field == "source" && plugin.linked {
            continue;
        }
        if text(field) != wanted {
            let (is, wanted) = (text(field).unwrap_or("nothing"), wanted.unwrap_or("nothing"));
            wrong.push(format!("its {field} is {} in the catalog, and {} here", quoted(is), quoted(wanted)));
        }
    }
    if plugin.linked {
        if !plugin.files.is_empty() {
            wrong.push("it is linked, and cannot have files".into());
        }
        let mut says = plugin.behaviour.clone();
        if let Some(prefix) = &plugin.name_prefix {
            dependencies::prefix(&mut says, prefix);
        }
        let leads = behaviour::linked(entry).get("source") == says.get("source");
        if !leads || behaviour::of(&says) != behaviour::of(entry) {
            wrong.push(OTHERWISE.into());
        }
    } else {
        wrong.extend(made_otherwise(plugin, entry, received, blob));
    }
}

fn of_file(file: &ListedFile, found: Option<&Found>, blob: BlobId<'_>) -> Result<(), String> {
    if let Some(bytes) = file.upstream() {
        let is = blob(&bytes);
        if is.is_none() || is != file.blob {
            return Err("what is given as the upstream's file is another".into());
        }
    }
    if file.left_out {
        return match found {
            Some(_) => Err("it is in the bundle, and listed as left out".into()),
            None if is_manifest(file) && file.made.is_none() => Ok(()),
            None => Err("only a manifest may be left out".into()),
        };
    }
    let found = found.ok_or("it is not in the bundle")?;
    if found.executable != file.executable {
        let said = |executable| if executable { "executable" } else { "not executable" };
        return Err(format!("it is {}, and should be {}", said(found.executable), said(file.executable)));
    }
    match (file.made, file.blob) {
        (Some(_), _) if !is_manifest(file) && !file.crlf => Err("only a manifest may be written anew".into()),
        (Some(made), _) if made != found.sha256 => {
            Err(format!("its bytes have the SHA-256 {}, and not {made}", found.sha256))
        }
        (Some(_), _) => Ok(()),
        (None, Some(listed)) if listed == found.blob => Ok(()),
        (None, Some(listed)) => Err(format!("its bytes are the blob {}, and not {listed}", found.blob)),
        (None, None) => Err("nothing is said of where it comes from".into()),
    }
}

fn is_manifest(file: &ListedFile) -> bool {
    manifest::PLACES.contains(&file.path.as_str())
}

/// Files that we make, made again from the upstream's.
fn made_otherwise(plugin: &Plugin, entry: &Object, received: &Received, blob: BlobId<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut files = plugin.upstream();
    let mut texts: HashMap<Oid, Vec<u8>> = HashMap::new();
    for file in plugin.files.iter().filter(|file| is_manifest(file) || file.crlf) {
        let Some(id) = file.blob else { continue };
        let place = format!("plugins/{}/{}", plugin.prefixed_name, file.path);
        let served = || received.files.get(&place)?.bytes.clone();
        // Line endings can be put back, unless the file had both.
        let back = || served().map(|bytes| with_lf(&bytes)).filter(|bytes| blob(bytes) == Some(id));
        match file.upstream().or_else(|| if file.crlf { back() } else { None }) {
            Some(bytes) => {
                if let Some(file) = files.get_mut(&file.path) {
                    file.size = bytes.len() as u64;
                }
                texts.insert(id, bytes);
            }
            None => wrong.push(format!("{}: the upstream's own bytes are not given", quoted(&file.path))),
        }
    }
    let content =
        Content { files, crlf: plugin.crlf(), skills_listed: plugin.skills_listed, ..Content::default() };
    let neighbours = plugin.neighbours();
    let mut says = plugin.behaviour.clone();
    manifest::drop_missing_paths(&mut says, &content);
    dependencies::rename(&mut says, plugin.marketplace_name.as_deref(), &neighbours);
    if let Some(prefix) = &plugin.name_prefix {
        dependencies::prefix(&mut says, prefix);
    }
    if behaviour::of(&says) != behaviour::of(entry) {
        wrong.push(OTHERWISE.into());
    }
    let naming = Naming {
        name: &plugin.name,
        version: plugin.version.as_deref(),
        strict: entry.get("strict").and_then(Value::as_bool).unwrap_or(true),
        entry,
        prefix: plugin.name_prefix.as_deref(),
        marketplace: plugin.marketplace_name.as_deref(),
        neighbours: &neighbours,
    };
    let Ok(served) = served::files(&content, naming, |file| Ok(texts.get(&file.blob).cloned())) else {
        return wrong;
    };
    for file in &plugin.files {
        let right = match served.get(&file.path).map(|file| &file.bytes) {
            Some(Bytes::Made(bytes)) => file.made == Some(Digest::of(bytes)) && !file.left_out,
            Some(Bytes::Blob(_)) => file.made.is_none() && !file.left_out,
            None => file.left_out,
        };
        if !right {
            wrong.push(format!("{}: it is not what agnes makes of the upstream's", quoted(&file.path)));
        }
    }
    let listed: HashSet<&str> = plugin.files.iter().map(|file| file.path.as_str()).collect();
    let unlisted = served.keys().filter(|path| !listed.contains(path.as_str()));
    wrong.extend(unlisted.map(|path| format!("{}: it should be there", quoted(path))));
    wrong
}

fn with_lf(bytes: &[u8]) -> Vec<u8> {
    let next = |i: usize| bytes.get(i + 1) == Some(&b'\n');
    bytes.iter().enumerate().filter(|(i, byte)| **byte != b'\r' || !next(*i)).map(|(_, byte)| *byte).collect()
}

/// Files that no plugin lists.
fn unlisted(
    provenance: &Provenance,
    received: &Received,
    owners: &HashMap<&str, usize>,
    faults: &mut Faults,
) {
    let listed: Vec<HashSet<&str>> = provenance
        .plugins
        .iter()
        .map(|plugin| plugin.files.iter().map(|file| file.path.as_str()).collect())
        .collect();
    for path in received.files.keys().filter(|path| *path != CATALOG) {
        let inner = path.strip_prefix("plugins/").and_then(|inner| inner.split_once('/'));
        let owner = inner.and_then(|(folder, inner)| Some((*owners.get(folder)?, inner)));
        match owner {
            None => faults.bundle.push(format!("{}: it is no plugin's", quoted(path))),
            Some((i, inner)) => {
                if !listed[i].contains(inner) {
                    faults.plugins[i].push(format!("{}: it is in the bundle, and not listed", quoted(inner)));
                }
            }
        }
    }
}

fn of_view(provenance: &Provenance, received: &Received, catalog: &Catalog, wrong: &mut Vec<String>) {
    if catalog.entries.len() != provenance.plugins.len() {
        wrong.push(format!(
            "the catalog has {} plugins, and the provenance {}",
            catalog.entries.len(),
            provenance.plugins.len()
        ));
    }
    let again = view::catalog(&catalog.feed, catalog.entries.iter(), &catalog.renames);
    if again != received.catalog {
        wrong.push(format!("`{CATALOG}` is not written as agnes writes it"));
    }
    let plugins = provenance.plugins.iter().zip(&catalog.entries);
    let served =
        plugins.map(|(plugin, entry)| view::served_digest(&plugin.digest, &plugin.prefixed_name, entry));
    let view = view::digest(&catalog.feed, &catalog.renames, served);
    if view != provenance.view {
        wrong.push(format!("all of it has the view digest {view}, and not {}", provenance.view));
    }
}

/// The catalog, taken apart as it was put together.
struct Catalog {
    feed: Feed,
    renames: Renames,
    entries: Vec<Object>,
}

impl Catalog {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let refuse = |why: &str| format!("`{CATALOG}` {why}");
        let object = manifest::parse(bytes).map_err(|why| refuse(&format!("cannot be read: {why}")))?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let inner = |outer: &str, field: &str| text(object.get(outer).and_then(|outer| outer.get(field)));
        let feed = Feed {
            name: text(object.get("name")).ok_or_else(|| refuse("has no name"))?,
            owner_name: inner("owner", "name").ok_or_else(|| refuse("has no owner"))?,
            owner_email: inner("owner", "email"),
            description: inner("metadata", "description").ok_or_else(|| refuse("has no description"))?,
        };
        let renames = match object.get("renames") {
            None => Renames::new(),
            Some(renames) => Renames::deserialize(renames).map_err(|_| refuse("has unusable `renames`"))?,
        };
        let list = object.get("plugins").and_then(Value::as_array).ok_or_else(|| refuse("has no plugins"))?;
        let entries = list.iter().map(|entry| entry.as_object().cloned()).collect::<Option<_>>();
        Ok(Self { feed, renames, entries: entries.ok_or_else(|| refuse("has an entry that is none"))? })
    }
}
