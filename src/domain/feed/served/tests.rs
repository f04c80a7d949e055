use serde_json::{Value, json};

use super::*;
use crate::domain::limits::Limits;
use crate::domain::plugin::catalog;
use crate::domain::plugin::reading::Reading;
use crate::domain::repository::testing::{Item, Memory, exec, file};
use crate::domain::repository::tree::Objects as _;

/// The files of plugin `x` under the name `y` and version `2+a`, as text; `None` for upstream's own.
fn serve(entry: Value, items: &[(&str, Item)]) -> BTreeMap<String, Option<String>> {
    let Value::Object(mut entry) = entry else { panic!() };
    entry.insert("name".into(), "x".into());
    entry.entry("source").or_insert("./x".into());
    let mut memory = Memory::default();
    let text = json!({"plugins": [entry]}).to_string();
    let mut all = vec![(catalog::PATH, file(&text))];
    all.extend(items.iter().cloned());
    let root = memory.repo(&all);
    let reading = Reading::open(&memory, root, Limits::default()).unwrap();
    let entry = reading.entry(&"x".parse().unwrap()).unwrap();
    let content = reading.content(entry).unwrap();
    let plugin = reading.plugin(entry, None).unwrap();
    let naming = Naming {
        name: "y",
        version: Some("2+a"),
        strict: plugin.strict,
        entry: &plugin.entry,
        prefix: None,
        marketplace: reading.catalog.name.as_deref(),
        neighbours: &reading.neighbours(entry).unwrap(),
    };
    let served = files(&content, naming, |file| memory.blob(&file.blob).map(Some)).unwrap();
    let text = |file: ServedFile| match file.bytes {
        Bytes::Blob(_) => None,
        Bytes::Made(bytes) => Some(String::from_utf8(bytes).unwrap()),
    };
    served.into_iter().map(|(path, file)| (path, text(file))).collect()
}

fn json_at(files: &BTreeMap<String, Option<String>>, path: &str) -> Value {
    serde_json::from_str(files[path].as_deref().unwrap()).unwrap()
}

#[test]
fn manifests_of_all_agents_get_name_and_version() {
    let served = serve(
        json!({}),
        &[
            (
                "x/.claude-plugin/plugin.json",
                file(r#"{"name": "x", "version": "1", "author": "J", "commands": "./gone"}"#),
            ),
            (
                "x/.codex-plugin/plugin.json",
                file(r#"{"description": "d", "name": "other", "commands": "./gone"}"#),
            ),
            ("x/.cursor-plugin/plugin.json", file("broken")),
            ("x/.github/plugin/plugin.json", file("{}")),
            ("x/a", exec("a")),
        ],
    );
    assert_eq!(
        json_at(&served, ".claude-plugin/plugin.json"),
        json!({"name": "y", "version": "2+a", "commands": []})
    );
    assert_eq!(
        json_at(&served, ".codex-plugin/plugin.json"),
        json!({"name": "y", "version": "2+a", "description": "d", "commands": "./gone"})
    );
    assert_eq!(served[".cursor-plugin/plugin.json"], None);
    assert_eq!(json_at(&served, ".github/plugin/plugin.json"), json!({"name": "y", "version": "2+a"}));
    assert!(!served.contains_key(".plugin/plugin.json"));
    assert_eq!(served["a"], None);
}

#[test]
fn an_entry_that_only_describes_gets_a_manifest_made() {
    let served =
        serve(json!({"description": "d", "author": {"name": "A"}, "category": "c"}), &[("x/a", file(""))]);
    assert_eq!(
        json_at(&served, ".claude-plugin/plugin.json"),
        json!({"name": "y", "version": "2+a", "description": "d", "author": {"name": "A"}})
    );
}

/// An entry that says what the plugin consists of, or is `strict: false`, is the manifest. A second
/// one beside it would turn its MCP servers off.
#[test]
fn an_entry_that_is_the_manifest_stays_the_only_one() {
    for entry in [
        json!({"strict": false}),
        json!({"mcpServers": {"s": {"command": "c"}}}),
        json!({"hooks": {}}),
        json!({"strict": false, "lspServers": {}}),
    ] {
        let served = serve(entry.clone(), &[("x/a", file(""))]);
        assert_eq!(served.keys().collect::<Vec<_>>(), ["a"], "{entry}");
    }
}

#[test]
fn strict_false_keeps_a_plugin_json_that_is_there() {
    let served = serve(
        json!({"strict": false}),
        &[("x/.claude-plugin/plugin.json", file(r#"{"name": "x", "license": "MIT"}"#))],
    );
    assert_eq!(
        json_at(&served, ".claude-plugin/plugin.json"),
        json!({"name": "y", "version": "2+a", "license": "MIT"})
    );
}

#[test]
fn a_plugin_json_that_cannot_be_used_is_not_served() {
    let broken = ("x/.claude-plugin/plugin.json", file("{"));
    assert!(serve(json!({"strict": false}), std::slice::from_ref(&broken)).is_empty());
    let served = serve(json!({"description": "d"}), &[broken]);
    assert_eq!(
        json_at(&served, ".claude-plugin/plugin.json"),
        json!({"name": "y", "version": "2+a", "description": "d"})
    );
}

/// A curator puts a file where we would make a folder. A checkout that holds both a file and a folder
/// of one name fails for everybody, so no folder is made.
#[test]
fn a_file_in_the_manifests_place_breaks_nothing() {
    for name in [".claude-plugin", ".Claude-Plugin"] {
        let served = serve(json!({}), &[(&format!("x/{name}"), file("?"))]);
        assert_eq!(served.keys().collect::<Vec<_>>(), [name]);
    }
}

#[test]
fn skills_that_plugin_json_adds_are_not_loaded_where_the_entry_lists_them() {
    let items = [
        (".claude-plugin/plugin.json", file(r#"{"name": "x", "skills": ["./extra"]}"#)),
        ("extra/SKILL.md", file("e")),
        ("skills/a/SKILL.md", file("a")),
    ];
    let served = serve(json!({"source": "./", "skills": ["./skills/a"]}), &items);
    assert_eq!(json_at(&served, ".claude-plugin/plugin.json"), json!({"name": "y", "version": "2+a"}));
    let served = serve(json!({"source": "./"}), &items);
    assert_eq!(json_at(&served, ".claude-plugin/plugin.json")["skills"], json!(["./extra"]));
}

#[test]
fn the_same_plugin_is_written_the_same_way() {
    let items = [("x/.claude-plugin/plugin.json", file(r#"{"name": "x", "b": 1, "a": 2}"#))];
    let served = serve(json!({}), &items);
    assert_eq!(
        served[".claude-plugin/plugin.json"].as_deref(),
        Some("{\n  \"name\": \"y\",\n  \"version\": \"2+a\",\n  \"b\": 1,\n  \"a\": 2\n}\n")
    );
}
