//! An upstream's `.claude-plugin/marketplace.json`.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::fields::{self, Object};
use super::names::PluginName;
use super::source::{Source, kind_of};
use crate::domain::limits::Limits;
use crate::domain::note::{self, Note, quoted};

/// Where a marketplace keeps it.
pub const PATH: &str = ".claude-plugin/marketplace.json";

/// What an upstream offers.
#[derive(Debug)]
pub struct Catalog {
    pub name: Option<String>,
    pub description: Option<String>,
    /// Old entry name to new entry name.
    pub renames: BTreeMap<String, String>,
    pub entries: Vec<Entry>,
    /// What is wrong with the manifest as a whole, and entries too broken to have a name.
    pub notes: Vec<Note>,
}

/// One plugin of the list.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: PluginName,
    pub source: Source,
    /// As the curator wrote it.
    pub raw: Object,
    /// `raw` without what clients would choke on.
    pub fields: Object,
    pub notes: Vec<Note>,
}

impl Entry {
    /// Whether the plugin's own `plugin.json` is what counts (the default), or this entry.
    #[must_use]
    pub fn strict(&self) -> bool {
        self.fields.get("strict").and_then(Value::as_bool).unwrap_or(true)
    }

    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    #[error("the repository has no `{PATH}` at this commit, so it is no marketplace")]
    Missing,
    #[error("a folder on the way to `{PATH}` has more than {0} entries (see `limits.max_files`)")]
    Crowded(usize),
    #[error("`{PATH}` has {size} bytes; the limit is {limit} (`limits.max_manifest_bytes`)")]
    TooLarge { size: u64, limit: u64 },
    #[error("`{PATH}` is not UTF-8")]
    NotUtf8,
    #[error("`{PATH}` is not JSON: {0}")]
    NotJson(String),
    #[error("`{PATH}` holds {0}, not an object")]
    NotAnObject(&'static str),
    #[error("`{PATH}` has no `plugins`; a marketplace without any says `\"plugins\": []`")]
    NoPlugins,
    #[error("`plugins` in `{PATH}` is {0}, not a list")]
    PluginsNotAList(&'static str),
    #[error("`{PATH}` lists {count} plugins; the limit is {limit} (`limits.max_plugins`)")]
    TooMany { count: usize, limit: u64 },
}

impl Catalog {
    /// Reads a manifest. Entries that cannot be used are left out and noted; only a manifest that
    /// says nothing usable at all is an error.
    ///
    /// # Errors
    /// See [`CatalogError`].
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, CatalogError> {
        let mut notes = Vec::new();
        let text = std::str::from_utf8(bytes).map_err(|_| CatalogError::NotUtf8)?;
        let text = match text.strip_prefix('\u{feff}') {
            None => text,
            Some(rest) => {
                notes.push(Note::new(
                    "byte-order-mark",
                    format!("`{PATH}` begins with a byte-order mark, which older clients refuse"),
                ));
                rest
            }
        };
        let value: Value =
            serde_json::from_str(text).map_err(|why| CatalogError::NotJson(why.to_string()))?;
        let Value::Object(object) = value else {
            return Err(CatalogError::NotAnObject(kind_of(&value)));
        };
        let list = match object.get("plugins") {
            None => return Err(CatalogError::NoPlugins),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(CatalogError::PluginsNotAList(kind_of(other))),
        };
        if list.len() as u64 > limits.max_plugins {
            return Err(CatalogError::TooMany { count: list.len(), limit: limits.max_plugins });
        }
        let metadata = object.get("metadata");
        let within = |field: &str| metadata.and_then(|metadata| metadata.get(field)).and_then(Value::as_str);
        let entries = entries(list, within("pluginRoot"), &mut notes);
        Ok(Self {
            name: object.get("name").and_then(Value::as_str).map(str::to_owned),
            description: object
                .get("description")
                .and_then(Value::as_str)
                .or_else(|| within("description"))
                .map(str::to_owned),
            renames: renames(object.get("renames"), &mut notes),
            entries,
            notes,
        })
    }
}

fn entries(list: &[Value], plugin_root: Option<&str>, notes: &mut Vec<Note>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for (i, value) in list.iter().enumerate() {
        let place = i + 1;
        let Value::Object(raw) = value else {
            notes.push(Note::new(
                "entry-unusable",
                format!("plugin {place} of the list is {}, not an object", kind_of(value)),
            ));
            continue;
        };
        let name = match raw.get("name") {
            Some(Value::String(text)) => text.parse::<PluginName>().map_err(|why| why.to_string()),
            Some(other) => Err(format!("its name is {}, not a string", kind_of(other))),
            None => Err("it has no name".to_owned()),
        };
        let name = match name {
            Ok(name) => name,
            Err(why) => {
                notes.push(Note::new(
                    "entry-unusable",
                    format!("plugin {place} of the list is left out: {why}"),
                ));
                continue;
            }
        };
        if !seen.insert(name.clone()) {
            notes.push(Note::new(
                "entry-duplicate",
                format!("plugin {place} of the list is left out: the name `{name}` stands earlier, and the first wins"),
            ));
            continue;
        }
        let source = Source::read(raw.get("source"), &name, plugin_root);
        let mut fields = raw.clone();
        let notes = fields::clean(&mut fields);
        entries.push(Entry { name, source, raw: raw.clone(), fields, notes });
    }
    entries
}

fn renames(value: Option<&Value>, notes: &mut Vec<Note>) -> BTreeMap<String, String> {
    let mut renames = BTreeMap::new();
    match value {
        None => {}
        Some(Value::Object(object)) => {
            // `null` says that a plugin is gone for good, and there is nothing to carry.
            for (old, new) in object.iter().filter(|(_, new)| !new.is_null()) {
                if let (Ok(_), Some(new)) = (old.parse::<PluginName>(), new.as_str()) {
                    renames.insert(old.clone(), new.to_owned());
                } else {
                    note::add(notes, "rename-unusable", || {
                        format!("the rename of {} is left out: both names must be plugin names", quoted(old))
                    });
                }
            }
        }
        Some(other) => {
            notes.push(Note::new(
                "rename-unusable",
                format!("`renames` is {}, not an object", kind_of(other)),
            ));
        }
    }
    renames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Catalog, CatalogError> {
        Catalog::parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn reads_entries_in_order() {
        let catalog = parse(
            r#"{"name": "m", "metadata": {"pluginRoot": "./p"}, "renames": {"old": "b", "gone": null},
                "plugins": [{"name": "b", "source": "b"}, {"name": "a"}]}"#,
        )
        .unwrap();
        let sources: Vec<_> = catalog.entries.iter().map(|e| (e.name.as_str(), e.source.clone())).collect();
        let local = |text| Source::Local(crate::domain::repository::path::RepoPath::parse(text).unwrap());
        assert_eq!(sources, [("b", local("p/b")), ("a", local("plugins/a"))]);
        assert_eq!(catalog.renames["old"], "b");
        assert!(catalog.notes.is_empty());
    }

    #[test]
    fn a_manifest_that_says_nothing_is_an_error() {
        assert!(matches!(parse("{").unwrap_err(), CatalogError::NotJson(_)));
        assert_eq!(parse("[]").unwrap_err(), CatalogError::NotAnObject("a list"));
        assert_eq!(parse("{}").unwrap_err(), CatalogError::NoPlugins);
        assert_eq!(parse(r#"{"plugins": {}}"#).unwrap_err(), CatalogError::PluginsNotAList("an object"));
        assert_eq!(Catalog::parse(b"\xff", &Limits::default()).unwrap_err(), CatalogError::NotUtf8);
        let limits = Limits { max_plugins: 1, ..Limits::default() };
        let two = br#"{"plugins": [{"name": "a"}, {"name": "b"}]}"#;
        assert_eq!(Catalog::parse(two, &limits).unwrap_err(), CatalogError::TooMany { count: 2, limit: 1 });
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let deep = format!(r#"{{"plugins": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(parse(&deep).unwrap_err(), CatalogError::NotJson(_)));
    }

    #[test]
    fn broken_entries_are_noted_and_the_others_stay() {
        let catalog = parse(
            r#"{"plugins": [7, {}, {"name": 1}, {"name": "../x"}, {"name": "a/b"}, {"name": ".git"},
                {"name": "CON"}, {"name": "a\u202eb"}, {"name": "ok"}, {"name": "ok"}]}"#,
        )
        .unwrap();
        assert_eq!(catalog.entries.len(), 1);
        assert_eq!(catalog.notes.len(), 9);
        assert_eq!(catalog.notes[8].code, "entry-duplicate");
    }

    /// A catalog has room for a million renames, and they are in no limit of ours.
    #[test]
    fn bad_renames_are_twenty_notes() {
        let renames: serde_json::Map<_, _> = (0..1000).map(|i| (format!("a/{i}"), "b".into())).collect();
        let catalog = parse(&serde_json::json!({"plugins": [], "renames": renames}).to_string()).unwrap();
        assert_eq!((catalog.notes.len(), catalog.renames.len()), (21, 0));
        assert_eq!(catalog.notes[20].message, "and more of these");
    }

    #[test]
    fn a_byte_order_mark_is_noted() {
        let catalog = parse("\u{feff}{\"plugins\": []}").unwrap();
        assert_eq!(catalog.notes[0].code, "byte-order-mark");
    }
}
