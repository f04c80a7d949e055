//! The optional fields of entries and of `plugin.json`, and which types clients accept for them.
//!
//! Some clients refuse a whole catalog for one field of a wrong type, so what is wrong is left out
//! of what we serve and reported. Claude Code 2.1.197 and 2.1.329 refuse the one entry, and a plugin
//! whose `plugin.json` has such a field cannot be installed (the newer forgives the fields that only
//! describe). Fields that nobody knows are kept. What is wrong deeper inside (a hook of an unknown
//! event, a server without a command) stays as it is: the plugin fares as it does upstream.

use serde_json::{Map, Value};

use super::complaints;
use super::names::is_client_name;
use super::source::kind_of;
use crate::domain::note::{Note, quoted};

pub type Object = Map<String, Value>;

/// Removes optional fields of a wrong type, and says which.
pub fn clean(object: &mut Object) -> Vec<Note> {
    let mut notes = Vec::new();
    object.retain(|field, value| match complaint(field, value) {
        None => true,
        Some(why) => {
            let said = complaints::said(&complaints::of_field(field, value));
            let message = format!("the field {} is left out: {why}{said}", quoted(field));
            notes.push(Note::new("field-left-out", message));
            false
        }
    });
    notes
}

fn complaint(field: &str, value: &Value) -> Option<String> {
    let is_path_or_paths = || value.is_string() || is_strings(value);
    let wanted = match field {
        "name" | "source" => return None,
        _ if value.is_null() => return Some("it is null".into()),
        "description" | "displayName" | "version" | "repository" | "license" | "category" | "$schema"
        | "headersHelper" | "types" => (value.is_string(), "a string"),
        "homepage" => (value.as_str().is_some_and(is_url), "a URL"),
        "author" => (is_person(value), "an object with a `name`"),
        "keywords" | "tags" => (is_strings(value), "a list of strings"),
        "strict" | "defaultEnabled" => (value.is_boolean(), "a boolean"),
        "skills" | "agents" | "outputStyles" | "themes" | "workflows" => {
            (is_path_or_paths(), "a path or a list of paths")
        }
        "commands" => (is_path_or_paths() || value.is_object(), "a path, a list of paths or an object"),
        "hooks" | "mcpServers" | "lspServers" => {
            (value.is_string() || value.is_array() || value.is_object(), "a path, a list or an object")
        }
        "monitors" => (value.is_string() || value.is_array(), "a path or a list"),
        "dependencies" | "optionalDependencies" => (is_dependencies(value), "a list of plugin names"),
        "channels" => (value.is_array(), "a list"),
        "settings" | "userConfig" => (value.is_object(), "an object"),
        "headers" => (is_strings_by_name(value), "an object of strings"),
        _ => return None,
    };
    let (right, wanted) = wanted;
    (!right).then(|| match value {
        Value::String(text) => format!("{} is not {wanted}", quoted(text)),
        _ => format!("it is {}, not {wanted}", kind_of(value)),
    })
}

fn is_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

fn is_person(value: &Value) -> bool {
    value.as_object().is_some_and(|person| {
        person.get("name").and_then(Value::as_str).is_some_and(|name| !name.is_empty())
            && ["email", "url"].iter().all(|field| person.get(*field).is_none_or(Value::is_string))
    })
}

fn is_strings_by_name(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.values().all(Value::is_string))
}

/// `name`, `name@marketplace`, or an object that has them.
fn is_dependencies(value: &Value) -> bool {
    value.as_array().is_some_and(|list| {
        list.iter().all(|item| match item {
            Value::String(text) => {
                // An old spelling appends a range, which clients cut off.
                let text = text.split("@^").next().unwrap_or(text);
                let (name, marketplace) = text.split_once('@').unwrap_or((text, "any"));
                is_client_name(name) && is_client_name(marketplace)
            }
            Value::Object(object) => {
                let is_name =
                    |field: &str| object.get(field).and_then(Value::as_str).is_some_and(is_client_name);
                is_name("name") && (!object.contains_key("marketplace") || is_name("marketplace"))
            }
            _ => false,
        })
    })
}

/// What `new URL(text)` takes (<https://url.spec.whatwg.org/#url-parsing>), a little less.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let strange = text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c));
    if !is_scheme || strange || rest.is_empty() {
        return false;
    }
    if !["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web)) {
        return true;
    }
    let Some(rest) = rest.strip_prefix("//") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host, ""),
    };
    !host.is_empty() && (port.is_empty() || port.parse::<u16>().is_ok())
}

/// The fields that only describe a plugin. Changing one of them changes the catalog, and is no
/// reason to deliver the plugin again.
pub const DESCRIPTIVE: [&str; 14] = [
    "name",
    "source",
    "version",
    "description",
    "displayName",
    "author",
    "homepage",
    "repository",
    "license",
    "keywords",
    "category",
    "tags",
    "relevance",
    "$schema",
];

/// Those of them that a `plugin.json` may say as well.
pub const ABOUT: [&str; 7] =
    ["description", "displayName", "author", "homepage", "repository", "license", "keywords"];

/// Whether an entry says more than where the plugin is and what it is about, so that it is a manifest
/// of its own. Claude Code then reads some of its fields (`mcpServers`, `userConfig`, …) only if there
/// is no `plugin.json`, and lets `hooks` replace `hooks/hooks.json` only if there is none.
#[must_use]
pub fn is_manifest(entry: &Object) -> bool {
    entry.keys().any(|field| field != "strict" && !DESCRIPTIVE.contains(&field.as_str()))
}

/// The fields whose values are paths, or may be, to a plugin's components.
pub const PATHS: [&str; 10] = [
    "commands",
    "agents",
    "skills",
    "hooks",
    "mcpServers",
    "lspServers",
    "outputStyles",
    "themes",
    "workflows",
    "monitors",
];

/// Fields, and the folders that are looked into where `plugin.json` does not have them.
pub const DEFAULT_FOLDERS: [(&str, &str); 6] = [
    ("commands", "commands"),
    ("agents", "agents"),
    ("skills", "skills"),
    ("outputStyles", "output-styles"),
    ("themes", "themes"),
    ("workflows", "workflows"),
];

/// The fields that Claude Code takes for a second manifest when an entry is `strict: false` and there
/// is a `plugin.json` too. It refuses such a plugin. (`mcpServers` and `lspServers` do not count.)
pub const CONFLICTING: [&str; 6] = ["commands", "agents", "skills", "hooks", "outputStyles", "themes"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cleaned(value: Value) -> (Value, usize) {
        let Value::Object(mut object) = value else { panic!() };
        let notes = clean(&mut object);
        (Value::Object(object), notes.len())
    }

    #[test]
    fn right_and_unknown_fields_stay() {
        let entry = json!({
            "name": "x", "source": "./x", "description": "d", "author": {"name": "A", "email": "a@b"},
            "homepage": "https://x.example/y", "keywords": ["a"], "tags": [], "strict": false,
            "skills": ["./skills/a"], "hooks": {}, "mcpServers": "./.mcp.json", "whatever": {"deep": [1]},
            "displayName": "X", "defaultEnabled": false, "themes": [], "monitors": [], "userConfig": {},
            "dependencies": ["a", "b@m", "c@m@^1.0", {"name": "d", "version": "^1"}], "metadata": 3, "experimental": [],
        });
        assert_eq!(cleaned(entry.clone()), (entry, 0));
    }

    #[test]
    fn wrong_types_go_and_are_reported() {
        let wrong = json!({
            "name": "x", "author": "Jane", "homepage": "not a url", "description": null, "version": 2,
            "tags": "a", "keywords": [1], "strict": "yes", "skills": 3, "hooks": false, "license": {},
        });
        assert_eq!(cleaned(wrong), (json!({"name": "x"}), 10));
        let wrong = json!({
            "author": {"name": ""}, "displayName": 1, "defaultEnabled": "yes", "dependencies": ["a b"],
            "themes": 3, "workflows": {}, "monitors": {}, "settings": [], "userConfig": [], "channels": "x",
            "headers": {"a": 1}, "$schema": {}, "commands": [1],
        });
        assert_eq!(cleaned(wrong), (json!({}), 13));
    }

    #[test]
    fn urls_as_the_client_reads_them() {
        for text in
            ["https://x.example", "http://x:80/a?b#c", "https://[::1]:8080/", "foo:bar", "mailto:a@b.example"]
        {
            assert!(is_url(text), "{text}");
        }
        for text in [
            "",
            "nope",
            "x.example/a",
            "https://",
            "https:x",
            "https://a b",
            "https://x:99999/",
            ":x",
            "1a:x",
        ] {
            assert!(!is_url(text), "{text}");
        }
    }

    #[test]
    fn an_entry_that_only_describes_is_no_manifest() {
        let object = |value: Value| if let Value::Object(object) = value { object } else { panic!() };
        assert!(!is_manifest(&object(json!({"name": "x", "description": "d", "tags": [], "strict": true}))));
        assert!(is_manifest(&object(json!({"name": "x", "mcpServers": {}}))));
    }
}
