//! A plugin's own manifest, `plugin.json`: reading it, and writing the one we serve.

use serde_json::Value;

use super::complaints;
use super::content::Content;
use super::fields::{self, Object, PATHS};
use super::names::is_client_name;
use super::source::kind_of;
use crate::domain::note::{self, Note, quoted};
use crate::domain::repository::path::RepoPath;

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
        Ok(other) => {
            let said = complaints::said("Manifest validation failed: manifest must be an object");
            Err(format!("it holds {}, not an object{said}", kind_of(&other)))
        }
        Err(why) => Err(format!(
            "it is not JSON: {why}{}",
            complaints::said("Manifest parse error: JSON Parse error")
        )),
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

/// Fields that take the place of a default folder, or turn it off when they are an empty list.
const REPLACING: [&str; 7] =
    ["commands", "agents", "skills", "outputStyles", "themes", "workflows", "monitors"];

/// Takes out paths to components that Claude Code would not find, or that it refuses a whole plugin
/// for, and writes `./` where it is forgotten.
///
/// Seen in 2.1.197 and 2.1.329: a path that does not begin with `./`, and an agent, hook or server
/// that is not named as a file of its type, make a plugin impossible to install. A path to nothing
/// is only an error in a list; but it still replaces the default folder, and so does the empty list
/// that is left here. `.` for the root is understood by the newer alone.
pub fn drop_missing_paths(object: &mut Object, content: &Content) -> Vec<Note> {
    let mut notes = Vec::new();
    object.retain(|field, value| {
        let Some(field) = PATHS.into_iter().find(|path| path == field) else { return true };
        let (mut missing, mut refused) = (false, false);
        let mut keep = |text: &mut String, place: &str| {
            let refusal = |text: &str| {
                complaints::said(&complaints::of_path(place, text, endings(field).first().copied()))
            };
            match fate(field, text, content) {
                Fate::Right => return true,
                Fate::Write(better) => {
                    note::add(&mut notes, "component-rewritten", || {
                        let as_what = format!("is served as {}, as Claude Code wants it", quoted(&better));
                        of_path(field, text, &format!("{as_what}{}", refusal(text)))
                    });
                    *text = better;
                    return true;
                }
                Fate::Missing(why) => {
                    missing = true;
                    note::add(&mut notes, "component-missing", || {
                        let said = complaints::of_nothing(field, text);
                        let said = said.map_or_else(String::new, |words| complaints::said(&words));
                        of_path(field, text, &format!("is left out: {why}{said}"))
                    });
                }
                Fate::Refused(why) => {
                    refused = true;
                    note::add(&mut notes, "component-refused", || {
                        of_path(field, text, &format!("is left out: {why}{}", refusal(text)))
                    });
                }
            }
            false
        };
        match value {
            Value::String(text) => {
                if keep(text, field) {
                    return true;
                }
                *value = Value::Array(Vec::new());
            }
            Value::Array(list) => {
                let mut number = 0;
                list.retain_mut(|item| {
                    let place = format!("{field}.{number}");
                    number += 1;
                    if let Value::String(text) = item { keep(text, &place) } else { true }
                });
                if !list.is_empty() {
                    return true;
                }
            }
            _ => return true,
        }
        // Nothing is left of it. The default folder stays off where the client would have left it off.
        !refused && (!missing || REPLACING.contains(&field))
    });
    notes
}

fn of_path(field: &str, path: &str, what: &str) -> String {
    format!("the path {} in {} {what}", quoted(path), quoted(field))
}

enum Fate {
    Right,
    /// Something is there, but the client wants it written like this.
    Write(String),
    /// Nothing is there.
    Missing(String),
    /// The client would refuse the plugin for it.
    Refused(String),
}

/// What a path of that field must end in, if there is something.
fn endings(field: &str) -> &'static [&'static str] {
    match field {
        "agents" => &[".md"],
        "hooks" | "lspServers" | "monitors" => &[".json"],
        "mcpServers" => &[".json", ".mcpb", ".dxt"],
        _ => &[],
    }
}

fn fate(field: &str, text: &str, content: &Content) -> Fate {
    let ending = endings(field);
    if !ending.is_empty() && !ending.iter().any(|ending| text.ends_with(ending)) {
        return Fate::Refused(format!(
            "Claude Code wants a file there that ends in `{}`",
            ending.join("`, `")
        ));
    }
    if field == "mcpServers" && text.contains("://") {
        return Fate::Right;
    }
    let dotted = text.starts_with("./");
    let lost = |why: String| if dotted { Fate::Missing(why) } else { Fate::Refused(why) };
    match RepoPath::parse(text) {
        Err(why) => lost(why.to_string()),
        Ok(path) if !content.has(&path) => lost("there is no such file or folder".to_owned()),
        Ok(_) if dotted => Fate::Right,
        Ok(path) => Fate::Write(path.to_string()),
    }
}

/// The manifest that is served in [`CLAUDE`]'s place: the upstream's with what clients choke on
/// left out.
#[must_use]
pub fn served(mut upstream: Object, name: &str, version: Option<&str>, content: &Content) -> Vec<u8> {
    fields::clean(&mut upstream);
    drop_missing_paths(&mut upstream, content);
    if content.skills_listed {
        // Claude Code passes these over when the entry lists the skills.
        upstream.remove("skills");
    }
    named(upstream, name, version)
}

/// The manifest for a plugin that has none and whose entry only describes it.
#[must_use]
pub fn made(entry: &Object, name: &str, version: Option<&str>) -> Vec<u8> {
    let about = entry.iter().filter(|(field, _)| fields::ABOUT.contains(&field.as_str()));
    named(about.map(|(field, value)| (field.clone(), value.clone())).collect(), name, version)
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
pub fn written(value: &impl serde::Serialize) -> Vec<u8> {
    // Whatever is given is JSON, or made of texts, lists and maps: there is nothing that cannot be said.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::content::File;
    use super::*;
    use crate::domain::repository::oid::Oid;

    fn content(paths: &[&str]) -> Content {
        let file = File { executable: false, blob: Oid([0; 20]), size: 1 };
        Content { files: paths.iter().map(|path| ((*path).to_owned(), file)).collect(), ..Content::default() }
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

    fn repaired(value: Value, content: &Content) -> (Value, Vec<String>) {
        let mut object = object(value);
        let notes = drop_missing_paths(&mut object, content);
        (Value::Object(object), notes.into_iter().map(|note| note.code).collect())
    }

    /// A manifest has room for millions of paths to nothing.
    #[test]
    fn a_thousand_paths_to_nothing_are_twenty_notes() {
        for path in ["x", "./x"] {
            let manifest = json!({"skills": vec![path; 1000], "agents": ["./gone.md"]});
            let (_, codes) = repaired(manifest, &content(&[]));
            assert!((21..=22).contains(&codes.len()), "{path}: {}", codes.len());
        }
    }

    #[test]
    fn paths_to_nothing_are_dropped() {
        let content = content(&["commands/go.md", "agents/a.md", "hooks/hooks.json"]);
        let manifest = json!({
            "commands": ["./commands/go.md", "./commands/gone.md"], "hooks": "./hooks/hooks.json",
            "mcpServers": ["./gone.json", {"inline": {}}], "lspServers": "./gone.json",
        });
        let left = json!({
            "commands": ["./commands/go.md"], "hooks": "./hooks/hooks.json", "mcpServers": [{"inline": {}}],
        });
        assert_eq!(repaired(manifest, &content), (left, vec!["component-missing".to_owned(); 3]));
    }

    #[test]
    fn a_list_of_nothing_still_replaces_the_default_folder() {
        let content = content(&["commands/go.md", "agents/a.md", "skills/s/SKILL.md"]);
        let manifest =
            json!({"commands": "./gone.md", "agents": ["./agents/gone.md", "./../x.md"], "skills": []});
        let left = json!({"commands": [], "agents": [], "skills": []});
        assert_eq!(repaired(manifest, &content), (left, vec!["component-missing".to_owned(); 3]));
    }

    #[test]
    fn what_the_client_refuses_a_plugin_for_is_dropped() {
        let content = content(&["agents/a.md", "agents/b.MD", "hooks/x.txt"]);
        let manifest = json!({
            "agents": ["./agents", "./agents/b.MD"], "hooks": "./hooks/x.txt", "commands": "../../etc/passwd",
            "mcpServers": "https://x.example/server", "monitors": "gone.json", "outputStyles": "/etc",
        });
        assert_eq!(repaired(manifest, &content), (json!({}), vec!["component-refused".to_owned(); 7]));
    }

    #[test]
    fn a_forgotten_dot_is_written() {
        let content = content(&["tools/go.md", "SKILL.md"]);
        let manifest =
            json!({"commands": ["tools/go.md"], "skills": ".", "mcpServers": "https://x.example/a.mcpb"});
        let left =
            json!({"commands": ["./tools/go.md"], "skills": "./", "mcpServers": "https://x.example/a.mcpb"});
        assert_eq!(repaired(manifest, &content), (left, vec!["component-rewritten".to_owned(); 2]));
    }

    #[test]
    fn the_served_manifest_has_our_name_and_version_first() {
        let upstream = object(json!({"description": "d", "author": "Jane", "version": 1, "name": "x"}));
        let text = String::from_utf8(served(upstream, "y", Some("1+a"), &content(&[]))).unwrap();
        assert_eq!(text, "{\n  \"name\": \"y\",\n  \"version\": \"1+a\",\n  \"description\": \"d\"\n}\n");
        let entry = object(json!({"name": "x", "description": "e", "category": "c", "source": "./"}));
        let text = String::from_utf8(made(&entry, "y", None)).unwrap();
        assert_eq!(text, "{\n  \"name\": \"y\",\n  \"description\": \"e\"\n}\n");
    }
}
