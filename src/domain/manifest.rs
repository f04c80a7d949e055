//! A plugin's own manifest, `plugin.json`: reading it, and writing the one we serve.

use serde_json::Value;

use super::content::Content;
use super::fields::{self, Object, PATHS};
use super::names::is_client_name;
use super::note::{Note, quoted};
use super::path::RepoPath;
use super::source::kind_of;

/// Claude Code's place.
pub const CLAUDE: &str = ".claude-plugin/plugin.json";

/// Where the manifests of several agents lie. Name and version are the same in all of them.
pub const PLACES: [&str; 5] = [
    CLAUDE,
    ".codex-plugin/plugin.json",
    ".cursor-plugin/plugin.json",
    ".plugin/plugin.json",
    ".github/plugin/plugin.json",
];

/// A version longer than this, or with characters that do not print, is not used: it becomes part
/// of a folder's name on people's machines.
const LONGEST_VERSION: usize = 128;

/// # Errors
/// With what is wrong, as the end of a sentence.
pub fn parse(bytes: &[u8]) -> Result<Object, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(format!("it holds {}, not an object", kind_of(&other))),
        Err(why) => Err(format!("it is not JSON: {why}")),
    }
}

/// The manifest's name, if clients accept it.
#[must_use]
pub fn name(manifest: &Object) -> Option<&str> {
    manifest.get("name").and_then(Value::as_str).filter(|name| is_client_name(name))
}

/// The version in a manifest or an entry, if it can be used.
#[must_use]
pub fn version(object: &Object) -> Option<&str> {
    let text = object.get("version").and_then(Value::as_str).map(str::trim)?;
    let usable =
        !text.is_empty() && text.len() <= LONGEST_VERSION && text.chars().all(|c| c.is_ascii_graphic());
    usable.then_some(text)
}

/// Takes out paths to components that do not exist, which make clients refuse the whole plugin.
pub fn drop_missing_paths(object: &mut Object, content: &Content) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut gone = Vec::new();
    for field in PATHS {
        match object.get_mut(field) {
            Some(Value::String(path)) => {
                if let Some(note) = missing(field, path, content) {
                    notes.push(note);
                    gone.push(field);
                }
            }
            Some(Value::Array(list)) => {
                let before = list.len();
                list.retain(|item| match item.as_str().and_then(|path| missing(field, path, content)) {
                    None => true,
                    Some(note) => {
                        notes.push(note);
                        false
                    }
                });
                if list.is_empty() && before > 0 {
                    gone.push(field);
                }
            }
            _ => {}
        }
    }
    object.retain(|field, _| !gone.contains(&field.as_str()));
    notes
}

fn missing(field: &str, text: &str, content: &Content) -> Option<Note> {
    let why = match RepoPath::parse(text) {
        Err(why) => why.to_string(),
        Ok(_) if !text.starts_with("./") => "it does not start with `./`".to_owned(),
        Ok(path) if field == "agents" && content.has_folder(&path) => {
            "it is a folder, and Claude Code wants files there".to_owned()
        }
        Ok(path) if content.has(&path) => return None,
        Ok(_) => "there is no such file or folder".to_owned(),
    };
    let message = format!("the path {} in {} is left out: {why}", quoted(text), quoted(field));
    Some(Note::new("component-missing", message))
}

/// The manifest that is served in [`CLAUDE`]'s place: the upstream's with what clients choke on
/// left out, or a small one where there is none that can be used.
#[must_use]
pub fn served(
    upstream: Option<Object>,
    name: &str,
    version: Option<&str>,
    description: Option<&str>,
    content: &Content,
) -> Vec<u8> {
    let object = match upstream {
        Some(mut object) => {
            fields::clean(&mut object);
            drop_missing_paths(&mut object, content);
            object
        }
        None => description.map(|text| ("description".to_owned(), Value::from(text))).into_iter().collect(),
    };
    named(object, name, version)
}

/// The same object under the name and version that the feed gives, name and version first.
#[must_use]
pub fn named(object: Object, name: &str, version: Option<&str>) -> Vec<u8> {
    let mut out = Object::new();
    out.insert("name".into(), name.into());
    if let Some(version) = version {
        out.insert("version".into(), version.into());
    }
    out.extend(object.into_iter().filter(|(field, _)| field != "name" && field != "version"));
    written(&Value::Object(out))
}

/// JSON as it stands in files that we serve: two spaces, one newline at the end.
#[must_use]
pub fn written(value: &Value) -> Vec<u8> {
    let mut text = format!("{value:#}").into_bytes();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::content::File;
    use super::super::oid::Oid;
    use super::*;

    fn content(paths: &[&str]) -> Content {
        let file = File { executable: false, blob: Oid([0; 20]), size: 1 };
        Content { files: paths.iter().map(|path| ((*path).to_owned(), file)).collect(), notes: Vec::new() }
    }

    fn object(value: Value) -> Object {
        let Value::Object(object) = value else { panic!() };
        object
    }

    #[test]
    fn names_that_clients_refuse_are_not_used() {
        assert_eq!(name(&object(json!({"name": "ok-1"}))), Some("ok-1"));
        for value in [
            json!({}),
            json!({"name": 3}),
            json!({"name": "../x"}),
            json!({"name": "-x"}),
            json!({"name": "a b"}),
        ] {
            assert_eq!(name(&object(value)), None);
        }
    }

    #[test]
    fn paths_to_nothing_are_dropped() {
        let content = content(&["commands/go.md", "agents/a.md", "hooks/hooks.json"]);
        let mut manifest = object(json!({
            "commands": ["./commands/go.md", "./commands/gone.md"], "agents": "./agents",
            "skills": ["./nowhere"], "hooks": "./hooks/hooks.json", "mcpServers": "../../etc/passwd",
            "lspServers": {"inline": {}},
        }));
        let notes = drop_missing_paths(&mut manifest, &content);
        assert_eq!(
            Value::Object(manifest),
            json!({"commands": ["./commands/go.md"], "hooks": "./hooks/hooks.json", "lspServers": {"inline": {}}})
        );
        assert_eq!(notes.len(), 4);
    }

    #[test]
    fn the_served_manifest_has_our_name_and_version_first() {
        let upstream = object(json!({"description": "d", "author": "Jane", "version": 1, "name": "x"}));
        let text = String::from_utf8(served(Some(upstream), "y", Some("1+a"), None, &content(&[]))).unwrap();
        assert_eq!(text, "{\n  \"name\": \"y\",\n  \"version\": \"1+a\",\n  \"description\": \"d\"\n}\n");
        let text = String::from_utf8(served(None, "y", None, Some("e"), &content(&[]))).unwrap();
        assert_eq!(text, "{\n  \"name\": \"y\",\n  \"description\": \"e\"\n}\n");
    }
}
