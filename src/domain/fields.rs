//! The optional fields of entries and of `plugin.json`, and which types clients accept for them.
//!
//! Some clients refuse a whole catalog for one field of a wrong type, so what is wrong is left out
//! of what we serve and reported. Fields that nobody knows are kept.

use serde_json::{Map, Value};

use super::note::{Note, quoted};
use super::source::kind_of;

pub type Object = Map<String, Value>;

/// Removes optional fields of a wrong type, and says which.
pub fn clean(object: &mut Object) -> Vec<Note> {
    let mut notes = Vec::new();
    object.retain(|field, value| match complaint(field, value) {
        None => true,
        Some(why) => {
            notes
                .push(Note::new("field-left-out", format!("the field {} is left out: {why}", quoted(field))));
            false
        }
    });
    notes
}

fn complaint(field: &str, value: &Value) -> Option<String> {
    let wanted = match field {
        "name" | "source" => return None,
        _ if value.is_null() => return Some("it is null".into()),
        "description" | "version" | "repository" | "license" | "category" => (value.is_string(), "a string"),
        "homepage" => (value.as_str().is_some_and(is_web_address), "an http or https URL"),
        "author" => (is_person(value), "an object with a `name`"),
        "keywords" | "tags" => (is_strings(value), "a list of strings"),
        "strict" => (value.is_boolean(), "a boolean"),
        "skills" | "agents" | "outputStyles" => {
            (value.is_string() || is_strings(value), "a path or a list of paths")
        }
        "commands" => (
            value.is_string() || is_strings(value) || value.is_object(),
            "a path, a list of paths or an object",
        ),
        "hooks" | "mcpServers" | "lspServers" => {
            (value.is_string() || value.is_array() || value.is_object(), "a path, a list or an object")
        }
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
        person.get("name").is_some_and(Value::is_string)
            && ["email", "url"].iter().all(|field| person.get(*field).is_none_or(Value::is_string))
    })
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty()
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
    })
}

/// The fields that only describe a plugin. Changing one of them changes the catalog, and is no
/// reason to deliver the plugin again.
pub const DESCRIPTIVE: [&str; 11] = [
    "name",
    "source",
    "version",
    "description",
    "author",
    "homepage",
    "repository",
    "license",
    "keywords",
    "category",
    "tags",
];

/// The fields whose values are paths, or may be, to a plugin's components.
pub const PATHS: [&str; 7] =
    ["commands", "agents", "skills", "hooks", "mcpServers", "lspServers", "outputStyles"];

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
    }
}
