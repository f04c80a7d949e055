//! The real Claude Code client, old and new, takes what we make, and loads what the upstreams meant.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{ADA, Claude, World, catalog, files, served};

/// What `claude plugin details` says of each plugin of the examples, with Globex's under a prefix.
const COMPONENTS: [(&str, &[&str]); 10] = [
    ("code-review", &["Skills (2)  review, review-checklist", "Agents (1)  reviewer", "Hooks (0)"]),
    ("design-system", &["Skills (2)  component, design-tokens", "Agents (0)", "Hooks (0)"]),
    ("guard-rails", &["Skills (0)", "Agents (0)", "Hooks (1)  PreToolUse", "MCP servers (0)"]),
    ("incident-response", &["Skills (2)  blameless-review, incident-commander", "Agents (0)"]),
    ("release-notes", &["Skills (1)  release-notes", "Agents (0)", "Hooks (0)"]),
    ("sql-helpers", &["Skills (2)  explain-query, safe-migrations", "MCP servers (1)  warehouse"]),
    ("ticket-desk", &["Skills (1)  triage", "MCP servers (1)  ticket-desk"]),
    ("globex-code-review", &["Skills (1)  review-notebook", "Agents (0)", "Hooks (0)"]),
    ("globex-meeting-skills", &["Skills (1)  minutes", "Agents (0)", "Hooks (0)"]),
    ("globex-spreadsheet-skills", &["Skills (2)  chart-choice, csv-tidy", "Agents (0)", "Hooks (0)"]),
];

#[test]
fn the_client_validates_adds_installs_and_understands_every_served_plugin() {
    let world = World::with_examples();
    let clients =
        Claude::all(&world, "the_client_validates_adds_installs_and_understands_every_served_plugin");
    world.agnes(&["marketplace", "edit", "globex-skills", "--name-prefix", "globex-"]);
    world.user(ADA, &["acme-tools/*", "globex-skills/*"]);
    let folder = world.unpacked(ADA, "unpacked");
    let catalog = catalog(&world.bundle(ADA));
    let names = served(&catalog);
    assert_eq!(names, COMPONENTS.map(|(name, _)| name));
    for claude in clients {
        let said = claude.plugin(&["validate", folder.to_str().unwrap()]);
        assert!(said.contains("Validation passed") && !said.contains("warning"), "{said}");
        claude.install_all(&folder, "agnes", &names);

        let installed = claude.installed();
        assert_eq!(installed.len(), names.len());
        for (one, entry) in installed.iter().zip(sorted(&catalog)) {
            assert_eq!(one["id"], format!("{}@agnes", entry["name"].as_str().unwrap()));
            assert_eq!(one["version"], entry["version"], "{}", one["id"]);
            assert_eq!(one["enabled"], true);
            // What it copied is what we wrote, exec bits included.
            let ours = folder.join(entry["source"].as_str().unwrap());
            let theirs = files(Path::new(one["installPath"].as_str().unwrap()));
            assert_eq!(files(&ours), theirs, "{}", one["id"]);
        }
        for (name, components) in COMPONENTS {
            let said = claude.plugin(&["details", &format!("{name}@agnes")]);
            for component in components {
                assert!(said.contains(&format!("  {component}")), "`{component}` is not in: {said}");
            }
            let version = crate::support::entry(&catalog, name)["version"].as_str().unwrap();
            assert!(said.starts_with(&format!("{name} {version}\n")), "{said}");
        }
    }
}

/// A catalog's entries as the client lists them.
fn sorted(catalog: &Value) -> Vec<&Value> {
    let mut entries: Vec<&Value> = catalog["plugins"].as_array().unwrap().iter().collect();
    entries.sort_by_key(|entry| entry["name"].as_str().unwrap());
    entries
}

#[test]
fn a_session_loads_from_the_bundle_what_it_loads_from_the_upstream_itself() {
    let world = World::with_examples();
    let test = "a_session_loads_from_the_bundle_what_it_loads_from_the_upstream_itself";
    // Clients that must not know of each other's marketplaces.
    let elsewhere = World::new();
    let (ours, theirs) = (Claude::all(&world, test), Claude::all(&elsewhere, test));
    for claude in &theirs {
        // What lies in another repository, they fetch themselves.
        fs::copy(world.path(".gitconfig"), claude.home().join(".gitconfig")).unwrap();
    }
    for (i, slug) in ["acme-tools", "globex-skills"].into_iter().enumerate() {
        let email = format!("{i}@example.com");
        world.user(&email, &[&format!("{slug}/*")]);
        let folder = world.unpacked(&email, slug);
        let upstream = world.path("upstreams").join(slug);
        let info = world.json(&["info", "--user", &email]);
        let field = |field: &str| -> Vec<String> {
            let plugins = info["plugins"].as_array().unwrap().iter();
            plugins.map(|one| one[field].as_str().unwrap().to_owned()).collect()
        };
        let (names, originals) = (field("name"), field("original_name"));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            ours.install_all(&folder, "agnes", &names.iter().map(String::as_str).collect::<Vec<_>>());
            theirs.install_all(&upstream, slug, &originals.iter().map(String::as_str).collect::<Vec<_>>());
            let (mine, direct) = (loaded(&ours.session()), loaded(&theirs.session()));
            assert!(mine.len() >= names.len(), "{mine:?}");
            assert_eq!(mine, direct, "{slug}");
            ours.plugin(&["marketplace", "remove", "agnes"]);
            theirs.plugin(&["marketplace", "remove", slug]);
        }
    }
}

/// The plugins, and whatever of theirs a session can use.
fn loaded(init: &Value) -> BTreeSet<String> {
    let mut loaded = BTreeSet::new();
    for kind in ["slash_commands", "agents", "skills", "mcp_servers", "plugins"] {
        for one in init[kind].as_array().unwrap() {
            let name = one.as_str().or_else(|| one["name"].as_str()).unwrap();
            // What comes with the client has no plugin before its name.
            if kind == "plugins" || name.contains(':') {
                loaded.insert(format!("{kind}: {name}"));
            }
        }
    }
    loaded
}

#[test]
fn a_marketplace_without_plugins_is_one_that_the_client_takes() {
    let world = World::with_examples();
    world.user(ADA, &[]);
    let folder = world.unpacked(ADA, "empty");
    for claude in Claude::all(&world, "a_marketplace_without_plugins_is_one_that_the_client_takes") {
        claude.plugin(&["validate", folder.to_str().unwrap()]);
        claude.plugin(&["marketplace", "add", folder.to_str().unwrap()]);
        assert_eq!(claude.installed(), Vec::<Value>::new());
    }
}

#[test]
fn a_change_that_no_author_numbered_reaches_the_client_and_only_there_where_it_was_made() {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["still", "moved"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/*"]);
    let folder = world.unpacked(ADA, "feed");
    let test = "a_change_that_no_author_numbered_reaches_the_client_and_only_there_where_it_was_made";
    let clients = Claude::all(&world, test);
    for claude in &clients {
        claude.install_all(&folder, "agnes", &["moved", "still"]);
    }
    // Same version in plugin.json, other content: without us the client would not look twice.
    let skill = "skills/moved/SKILL.md";
    let text = "---\nname: moved\ndescription: Another text\n---\n\nAnother text.\n";
    upstream.write(&format!("plugins/moved/{skill}"), text).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(world.unpacked(ADA, "feed"), folder);
    let expected = catalog(&world.bundle(ADA));
    for claude in &clients {
        let before = claude.installed();
        claude.plugin(&["marketplace", "update", "agnes"]);
        claude.plugin(&["update", "moved@agnes"]);
        claude.plugin(&["update", "still@agnes"]);
        let after = claude.installed();
        let versions = |of: &[Value]| -> Vec<Value> { of.iter().map(|one| one["version"].clone()).collect() };
        assert_eq!(
            json!(versions(&after)),
            json!([expected["plugins"][0]["version"], expected["plugins"][1]["version"]])
        );
        assert_ne!(before[0]["version"], after[0]["version"]);
        assert_eq!(before[1]["version"], after[1]["version"]);
        let path = Path::new(after[0]["installPath"].as_str().unwrap()).join(skill);
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }
}
