//! Plugins that a plugin wants beside it, under the names that they have in the feed.
//!
//! Seen in Claude Code 2.1.197 and 2.1.332. An item of `dependencies` is `name`, `name@marketplace`, or an object
//! with `name` and perhaps `marketplace` and `version`. It means an *entry's* name; without a marketplace the
//! one that the plugin itself came from. A dependency that is not installed, or whose version is out of the
//! range, keeps the plugin from loading. Plugins that want each other, or themselves, load.
//!
//! In the feed all plugins come from one marketplace and are called as their manifests say, perhaps behind a
//! prefix. So a dependency on a neighbour is written under the name that the neighbour has there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::Object;

/// The fields with such lists. The second is known to new clients only.
pub const FIELDS: [&str; 2] = ["dependencies", "optionalDependencies"];

/// Neighbours that one plugin may want.
pub const MOST: usize = 1_000;

/// Neighbours that are wanted: as the curator calls each → as the feed does without the prefix.
pub type Neighbours = BTreeMap<String, Neighbour>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Neighbour {
    /// The entry's manifest name.
    Known(String),
    /// The marketplace has no such entry.
    Unknown,
}

/// The entries of this marketplace that an object wants, as it calls them. `own` is the marketplace's name.
pub fn wanted<'a>(object: &'a Object, own: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    items(object).filter_map(parts).filter(move |(_, from)| is_own(*from, own)).map(|(name, _)| name)
}

/// The plugins of other marketplaces that an object wants: name and marketplace.
pub fn wanted_elsewhere<'a>(
    object: &'a Object,
    own: Option<&'a str>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let parts = items(object).filter_map(parts).filter(move |(_, from)| !is_own(*from, own));
    parts.filter_map(|(name, from)| Some((name, from?)))
}

/// Writes the feed's names, still without a prefix. A dependency on what the marketplace does not have names the
/// marketplace: it must not be taken for somebody else's plugin of that name.
pub fn rename(object: &mut Object, own: Option<&str>, neighbours: &Neighbours) {
    each(object, |name, from| {
        if !is_own(from, own) {
            return None;
        }
        match (neighbours.get(name)?, own) {
            (Neighbour::Known(name), _) => Some((name.clone(), None)),
            (Neighbour::Unknown, own) => Some((name.to_owned(), Some(own?.to_owned()))),
        }
    });
}

/// Puts the prefix of a marketplace's names before those of neighbours.
pub fn prefix(object: &mut Object, prefix: &str) {
    each(object, |name, from| from.is_none().then(|| (format!("{prefix}{name}"), None)));
}

/// Writes another name and marketplace where there is one.
fn each(object: &mut Object, other: impl Fn(&str, Option<&str>) -> Option<(String, Option<String>)>) {
    for field in FIELDS {
        let Some(Value::Array(list)) = object.get_mut(field) else { continue };
        for item in list {
            let Some((name, from)) = parts(item).and_then(|(name, from)| other(name, from)) else { continue };
            match item {
                Value::Object(object) => {
                    object.insert("name".into(), name.into());
                    match from {
                        Some(from) => drop(object.insert("marketplace".into(), from.into())),
                        None => drop(object.shift_remove("marketplace")),
                    }
                }
                item => *item = from.map_or_else(|| name.clone(), |from| format!("{name}@{from}")).into(),
            }
        }
    }
}

fn items(object: &Object) -> impl Iterator<Item = &Value> {
    FIELDS.iter().filter_map(|field| object.get(*field)?.as_array()).flatten()
}

/// Name and marketplace. An old spelling, `name@marketplace@^1.0`, has a range behind it, which clients pass
/// over.
fn parts(item: &Value) -> Option<(&str, Option<&str>)> {
    match item {
        Value::String(text) => {
            let text = text.split("@^").next().unwrap_or(text);
            Some(text.split_once('@').map_or((text, None), |(name, from)| (name, Some(from))))
        }
        Value::Object(object) => {
            let text = |field: &str| object.get(field).and_then(Value::as_str);
            Some((text("name")?, text("marketplace")))
        }
        _ => None,
    }
}

fn is_own(from: Option<&str>, own: Option<&str>) -> bool {
    from.is_none() || from == own
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(dependencies: &Value) -> Object {
        let Value::Object(object) = json!({"name": "x", "dependencies": dependencies}) else { panic!() };
        object
    }

    fn renamed(dependencies: &Value, before: Option<&str>) -> Value {
        let neighbours = [
            ("a".to_owned(), Neighbour::Known("a".into())),
            ("b".to_owned(), Neighbour::Known("bee".into())),
            ("gone".to_owned(), Neighbour::Unknown),
        ];
        let mut object = object(dependencies);
        rename(&mut object, Some("m"), &neighbours.into());
        if let Some(before) = before {
            prefix(&mut object, before);
        }
        object["dependencies"].clone()
    }

    #[test]
    fn neighbours_are_called_as_in_the_feed() {
        let all = json!(["a", "b", "b@m", {"name": "b", "version": "^1", "marketplace": "m"}, "b@m@^1.0"]);
        let bee = json!({"name": "bee", "version": "^1"});
        assert_eq!(renamed(&all, None), json!(["a", "bee", "bee", bee, "bee"]));
        assert_eq!(renamed(&json!(["a", "b"]), Some("p-")), json!(["p-a", "p-bee"]));
    }

    #[test]
    fn what_the_marketplace_does_not_have_cannot_be_anothers() {
        let gone = json!(["gone", {"name": "gone"}]);
        assert_eq!(
            renamed(&gone, Some("p-")),
            json!(["gone@m", {"name": "gone", "marketplace": "m"}]),
            "a plugin `gone` of another marketplace would satisfy it"
        );
    }

    #[test]
    fn other_marketplaces_stay_and_are_told_apart() {
        let other = json!(["b@other", {"name": "a", "marketplace": "other"}, 7, {"version": "1"}]);
        assert_eq!(renamed(&other, Some("p-")), other);
        let object = object(&json!(["a", "b@m", "c@other"]));
        assert_eq!(wanted(&object, Some("m")).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(wanted_elsewhere(&object, Some("m")).collect::<Vec<_>>(), [("c", "other")]);
    }
}
