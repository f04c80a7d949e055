//! What Claude Code itself says of what is wrong with a plugin, so that a curator finds the words here that an
//! analyst would find there.
//!
//! Seen in 2.1.197 and 2.1.332 (`plugin validate`, `plugin list --json`, sessions). The words are the newer one's:
//! of paths the older says no more than `skills: Invalid input`. Of the fields that only describe, the newer
//! ignores those that are wrong; the older refuses the plugin for one.

use serde_json::Value;

use super::fields::Object;
use crate::domain::note::{Note, quoted};

/// The end of a note: the client's words, behind ours.
#[must_use]
pub fn said(words: &str) -> String {
    format!(" (Claude Code: {})", quoted(words))
}

/// What is said of a field of a wrong type.
#[must_use]
pub fn of_field(field: &str, value: &Value) -> String {
    let expected = |place: &str, wanted: &str, value: Option<&Value>| {
        format!("{place}: Invalid input: expected {wanted}, received {}", value.map_or("undefined", type_of))
    };
    let wanted = match field {
        "author" => "object",
        "keywords" | "tags" | "dependencies" | "optionalDependencies" | "channels" => "array",
        "settings" | "userConfig" => "record",
        "strict" | "defaultEnabled" => "boolean",
        "skills" | "agents" | "outputStyles" | "themes" | "workflows" | "commands" | "hooks"
        | "mcpServers" | "lspServers" | "monitors" => return format!("{field}: Invalid input"),
        _ => "string",
    };
    match (field, value) {
        ("homepage", Value::String(_)) => "homepage: Invalid URL".into(),
        ("author", Value::Object(author)) => match author.get("name") {
            Some(Value::String(name)) if name.is_empty() => "author.name: Author name cannot be empty".into(),
            Some(Value::String(_)) => {
                let wrong = ["email", "url"]
                    .into_iter()
                    .find(|field| author.get(*field).is_some_and(|value| !value.is_string()));
                wrong.map_or_else(
                    || "author: Invalid input".into(),
                    |field| expected(&format!("author.{field}"), "string", author.get(field)),
                )
            }
            name => expected("author.name", "string", name),
        },
        ("keywords" | "tags", Value::Array(list)) => {
            let wrong = list.iter().enumerate().find(|(_, item)| !item.is_string());
            wrong.map_or_else(
                || format!("{field}: Invalid input"),
                |(i, item)| expected(&format!("{field}.{i}"), "string", Some(item)),
            )
        }
        ("dependencies" | "optionalDependencies", Value::Array(_)) => format!("{field}.0: Invalid input"),
        _ => expected(field, wanted, Some(value)),
    }
}

/// What is said of a path that is not written as the client wants it. `place` is the field, or the field and a
/// number; `ending` what such a path must end in.
#[must_use]
pub fn of_path(place: &str, text: &str, ending: Option<&str>) -> String {
    if place.starts_with("commands") {
        "commands: Invalid input".into()
    } else if text.starts_with("./") {
        ending.map_or_else(
            || format!("{place}: Invalid input"),
            |ending| format!("{place}: Invalid string: must end with \"{ending}\""),
        )
    } else {
        format!("{place}: Invalid string: must start with \"./\"")
    }
}

/// What is said of a path to nothing. Of servers' files nothing is said.
#[must_use]
pub fn of_nothing(field: &str, text: &str) -> Option<String> {
    let component = match field {
        "mcpServers" | "lspServers" => return None,
        "monitors" => {
            return Some(format!("monitors load failed from {text}: ENOENT: no such file or directory"));
        }
        "outputStyles" => "output-styles",
        field => field,
    };
    Some(format!("Path not found: {text} ({component})"))
}

/// What is said of a manifest's name.
#[must_use]
pub fn of_name(name: Option<&Value>) -> Option<String> {
    match name {
        Some(Value::String(name)) if name.contains(' ') => {
            Some("name: Plugin name cannot contain spaces. Use kebab-case (e.g., \"my-plugin\")".into())
        }
        Some(Value::String(_)) => None,
        other => {
            let received = other.map_or("undefined", type_of);
            Some(format!("name: Invalid input: expected string, received {received}"))
        }
    }
}

/// Notes about what is wrong deeper inside a manifest or an entry: the client refuses the plugin for it,
/// wherever it comes from, and nothing is mended here.
#[must_use]
pub fn deep(object: &Object) -> Vec<Note> {
    let mut found = Vec::new();
    for (field, value) in object {
        let list = match value {
            Value::Array(list) if field == "mcpServers" || field == "lspServers" => list.iter().collect(),
            other => vec![other],
        };
        let wrong = match field.as_str() {
            "mcpServers" => list.into_iter().any(|value| servers(value).any(|server| !is_mcp_server(server))),
            "lspServers" => list.into_iter().any(|value| {
                servers(value).any(|server| !server.get("command").is_some_and(Value::is_string))
            }),
            "userConfig" => {
                found.extend(servers(value).find_map(of_option));
                continue;
            }
            "channels" => {
                let servers = value.as_array().into_iter().flatten().map(|channel| channel.get("server"));
                let wrong = servers.enumerate().find(|(_, server)| !server.is_some_and(Value::is_string));
                found.extend(wrong.map(|(i, server)| {
                    let received = server.map_or("undefined", type_of);
                    format!("channels.{i}.server: Invalid input: expected string, received {received}")
                }));
                continue;
            }
            _ => false,
        };
        if wrong {
            found.push(format!("{field}: Invalid input"));
        }
    }
    let refused = |words: String| {
        Note::new("client-refuses", format!("Claude Code refuses the plugin: {}", quoted(&words)))
    };
    found.into_iter().map(refused).collect()
}

/// What is said of a file with hooks, if the client cannot use it.
#[must_use]
pub fn of_hooks(bytes: &[u8]) -> Option<String> {
    match serde_json::from_slice::<Value>(bytes) {
        Err(why) => Some(format!("Hook load failed: JSON Parse error: {why}")),
        Ok(Value::Object(object)) if object.get("hooks").is_some_and(Value::is_object) => None,
        // A newer client's own.
        Ok(Value::Object(object)) if object.contains_key("modules") => None,
        Ok(_) => Some("Hook load failed: hooks.json must have 'hooks' (the hook matchers)".into()),
    }
}

/// The values of an object: servers, or options.
fn servers(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(Object::values)
}

/// Whether there is something to start or to ask.
fn is_mcp_server(server: &Value) -> bool {
    let text = |field: &str| server.get(field).is_some_and(Value::is_string);
    text("command") || text("url") || text("type")
}

fn of_option(option: &Value) -> Option<String> {
    const TYPES: [&str; 5] = ["string", "number", "boolean", "directory", "file"];
    let text = |field: &str| option.get(field).and_then(Value::as_str);
    if !text("type").is_some_and(|kind| TYPES.contains(&kind)) {
        let types = TYPES.map(|kind| format!("\"{kind}\"")).join("|");
        return Some(format!("userConfig: type: Invalid option: expected one of {types}"));
    }
    let missing = ["title", "description"].into_iter().find(|field| text(field).is_none())?;
    Some(format!("userConfig: {missing}: Invalid input: expected string, received undefined"))
}

/// As JavaScript calls it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Word for word what `claude plugin validate` 2.1.332 prints.
    #[test]
    fn fields() {
        for (field, value, words) in [
            ("description", json!(3), "description: Invalid input: expected string, received number"),
            ("homepage", json!("nope"), "homepage: Invalid URL"),
            ("author", json!("Jane"), "author: Invalid input: expected object, received string"),
            ("author", json!({"name": ""}), "author.name: Author name cannot be empty"),
            ("author", json!({}), "author.name: Invalid input: expected string, received undefined"),
            (
                "author",
                json!({"name": "a", "email": 3}),
                "author.email: Invalid input: expected string, received number",
            ),
            ("keywords", json!("a"), "keywords: Invalid input: expected array, received string"),
            ("keywords", json!([1]), "keywords.0: Invalid input: expected string, received number"),
            ("skills", json!(3), "skills: Invalid input"),
            ("dependencies", json!(["a b"]), "dependencies.0: Invalid input"),
            ("settings", json!([]), "settings: Invalid input: expected record, received array"),
            ("version", Value::Null, "version: Invalid input: expected string, received null"),
        ] {
            assert_eq!(of_field(field, &value), words);
        }
    }

    #[test]
    fn paths_and_names() {
        assert_eq!(of_path("skills.0", "a", None), "skills.0: Invalid string: must start with \"./\"");
        assert_eq!(
            of_path("agents", "./agents", Some(".md")),
            "agents: Invalid string: must end with \".md\""
        );
        assert_eq!(of_path("commands.0", "a", None), "commands: Invalid input");
        assert_eq!(of_nothing("outputStyles", "./x").unwrap(), "Path not found: ./x (output-styles)");
        assert_eq!(of_nothing("mcpServers", "./x"), None);
        assert_eq!(of_name(None).unwrap(), "name: Invalid input: expected string, received undefined");
    }

    #[test]
    fn what_is_wrong_inside() {
        let words = |value: Value| {
            let Value::Object(object) = value else { panic!() };
            deep(&object).into_iter().map(|note| note.message).collect::<Vec<_>>()
        };
        let refused = |words: &str| vec![format!("Claude Code refuses the plugin: `{words}`")];
        assert_eq!(words(json!({"mcpServers": {"x": {"args": []}}})), refused("mcpServers: Invalid input"));
        assert_eq!(words(json!({"lspServers": {"x": {}}})), refused("lspServers: Invalid input"));
        let channel = "channels.0.server: Invalid input: expected string, received undefined";
        assert_eq!(words(json!({"channels": [{}]})), refused(channel));
        assert_eq!(words(json!({"userConfig": {"a": {"type": "nope"}}})).len(), 1);
        let right = json!({
            "mcpServers": {"x": {"command": "y"}, "z": {"type": "http", "url": "https://x.example"}},
            "lspServers": "./x.json", "channels": [{"server": "x"}],
            "userConfig": {"a": {"type": "string", "title": "A", "description": "An a"}},
        });
        assert_eq!(words(right), Vec::<String>::new());
    }

    #[test]
    fn hooks() {
        assert_eq!(of_hooks(br#"{"hooks": {}}"#), None);
        assert!(of_hooks(b"nope").unwrap().starts_with("Hook load failed: JSON Parse error: "));
        assert!(of_hooks(br#"{"PreToolUse": []}"#).unwrap().contains("must have 'hooks'"));
    }
}
