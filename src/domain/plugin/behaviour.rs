//! What makes a plugin behave as it does, and the digest that names it.

use serde_json::{Value, json};

use super::content::Files;
use super::dependencies::{Neighbour, Neighbours};
use super::fields::{DESCRIPTIVE, Object};
use super::manifest;
use crate::domain::digest::{Digest, Fields};

/// What an entry says beyond describing its plugin, with the keys of every object in order. What only describes
/// it is in the catalog, and no reason to deliver the plugin anew.
#[must_use]
pub fn of(entry: &Object) -> Object {
    let mut fields: Vec<_> =
        entry.iter().filter(|(field, _)| !DESCRIPTIVE.contains(&field.as_str())).collect();
    fields.sort_by_key(|(field, _)| *field);
    fields.into_iter().map(|(field, value)| (field.clone(), sorted(value))).collect()
}

/// What the manifests that are served follow from, beside the plugin's files and its entry. Whatever is not in here
/// must not show in them: the digest would stay, and with it what caches and clients have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Making<'a> {
    /// The upstream's name for its marketplace: which of the dependencies are neighbours depends on it.
    marketplace: Option<&'a str>,
    neighbours: &'a Neighbours,
    /// The manifests that are too large to be read, in place of which another may be served.
    unread: Vec<&'static str>,
    /// The list of skills in `plugin.json` is not served.
    skills_listed: bool,
}

impl<'a> Making<'a> {
    /// `is_unread` says whether the manifest in a place is too large to be read.
    #[must_use]
    pub fn new(
        files: &Files,
        marketplace: Option<&'a str>,
        neighbours: &'a Neighbours,
        skills_listed: bool,
        is_unread: impl Fn(&str) -> bool,
    ) -> Self {
        let there = |place: &&str| files.contains_key(*place);
        Self {
            marketplace: marketplace.filter(|_| !neighbours.is_empty()),
            neighbours,
            unread: manifest::PLACES.into_iter().filter(there).filter(|place| is_unread(place)).collect(),
            skills_listed: skills_listed && there(&manifest::CLAUDE),
        }
    }

    fn is_plain(&self) -> bool {
        self.neighbours.is_empty() && self.unread.is_empty() && !self.skills_listed
    }

    fn written(&self) -> Value {
        let known = |known: &Neighbour| match known {
            Neighbour::Known(name) => Value::from(name.as_str()),
            Neighbour::Unknown => Value::Null,
        };
        let neighbours: Object =
            self.neighbours.iter().map(|(name, as_there)| (name.clone(), known(as_there))).collect();
        json!({
            "marketplace": self.marketplace,
            "neighbours": neighbours,
            "unread": self.unread,
            "skills_listed": self.skills_listed,
        })
    }
}

/// Names a plugin: its files ([`super::content::digest`]), what its entry says, and what else there is to say of its
/// manifests. Of most there is nothing.
#[must_use]
pub fn digest(files: &Digest, behaviour: &Object, making: &Making<'_>) -> Digest {
    let said = Value::Object(behaviour.clone()).to_string();
    if making.is_plain() {
        return Fields::new("agnes plugin 1").field(files.as_bytes()).field(said).finish();
    }
    let making = making.written().to_string();
    Fields::new("agnes plugin 2").field(files.as_bytes()).field(said).field(making).finish()
}

/// What a client is told of a plugin that it fetches itself: that is its source and its version, too.
#[must_use]
pub fn linked(entry: &Object) -> Object {
    let mut said = of(entry);
    let told = ["source", "version"].into_iter();
    said.extend(told.filter_map(|field| Some((field.to_owned(), sorted(entry.get(field)?)))));
    said
}

/// Names that.
#[must_use]
pub fn linked_digest(linked: &Object) -> Digest {
    Fields::new("agnes linked plugin 1").field(Value::Object(linked.clone()).to_string()).finish()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut pairs: Vec<_> = object.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            Value::Object(pairs.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
