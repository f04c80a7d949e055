//! What makes a plugin behave as it does, and the digest that names it.

use serde_json::Value;

use super::dependencies::{Neighbour, Neighbours};
use super::fields::{DESCRIPTIVE, Object};
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

/// Names a plugin: its files ([`super::content::digest`]), what its entry says, and where neighbours go by another
/// name than is written in its manifests.
#[must_use]
pub fn digest(files: &Digest, behaviour: &Object, neighbours: &Neighbours) -> Digest {
    let mut fields = Fields::new("agnes plugin 1")
        .field(files.as_bytes())
        .field(Value::Object(behaviour.clone()).to_string());
    for (name, known) in neighbours {
        match known {
            Neighbour::Known(known) if known == name => {}
            Neighbour::Known(known) => {
                fields.add(name);
                fields.add(known);
            }
            Neighbour::Unknown => {
                fields.add(name);
                fields.add("");
            }
        }
    }
    fields.finish()
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
