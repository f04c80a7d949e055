//! What becomes of a plugin's manifests, its links and its leftovers.

use serde_json::{Value, json};

use crate::support::{ADA, World, catalog, unzipped};

/// Where the agents look for their manifests.
const PLACES: [&str; 5] = [
    ".claude-plugin/plugin.json",
    ".codex-plugin/plugin.json",
    ".cursor-plugin/plugin.json",
    ".plugin/plugin.json",
    ".github/plugin/plugin.json",
];

#[test]
fn name_and_version_are_the_same_in_the_manifests_of_all_agents() {
    let world = World::new();
    let upstream = world.upstream("up");
    for (i, place) in PLACES.into_iter().enumerate() {
        let manifest =
            json!({"name": format!("name{i}"), "version": format!("{i}.0.0"), "own": i, "license": "MIT"});
        upstream.write(&format!("plugins/tool/{place}"), manifest.to_string());
    }
    upstream.catalog(&json!([{"name": "tool", "source": "./plugins/tool"}])).commit("Publish");
    world.register("up", &upstream);
    world.agnes(&["marketplace", "edit", "up", "--name-prefix", "up-"]);
    world.user(ADA, &["up/tool"]);
    let bundle = world.bundle(ADA);
    let version = catalog(&bundle)["plugins"][0]["version"].clone();
    assert!(version.as_str().unwrap().starts_with("0.0.0+"), "{version}");
    assert_eq!(catalog(&bundle)["plugins"][0]["name"], "up-name0");
    let files = unzipped(&bundle);
    for (i, place) in PLACES.into_iter().enumerate() {
        let manifest: Value = serde_json::from_slice(&files[&format!("plugins/up-tool/{place}")].1).unwrap();
        let expected = json!({"name": "up-name0", "version": version, "own": i, "license": "MIT"});
        assert_eq!(manifest, expected, "{place}");
    }
}

#[test]
fn links_become_what_they_point_to_and_those_that_leave_are_dropped_and_reported() {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["tool"]);
    upstream.write("shared/style.md", "Shared style\n").executable("shared/bin/run", "#!/bin/sh\n");
    upstream.write("shared/bin/data/deep.txt", "deep\n");
    upstream.link("plugins/tool/style.md", "../../shared/style.md");
    upstream.link("plugins/tool/bin", "../../shared/bin");
    upstream.link("plugins/tool/passwd", "/etc/passwd");
    upstream.link("plugins/tool/out", "../../../../../../../../etc/passwd");
    upstream.link("plugins/tool/dangling", "nowhere");
    upstream.link("plugins/tool/loop", "loop");
    upstream.link("plugins/tool/self", ".");
    upstream.commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/tool"]);
    let mut files = unzipped(&world.bundle(ADA));
    let mut of = |path: &str| files.remove(&format!("plugins/up-tool/{path}"));
    assert_eq!(of("style.md"), Some((false, b"Shared style\n".to_vec())));
    assert_eq!(of("bin/run"), Some((true, b"#!/bin/sh\n".to_vec())));
    assert_eq!(of("bin/data/deep.txt"), Some((false, b"deep\n".to_vec())));
    assert!(of(".claude-plugin/plugin.json").is_some() && of("skills/tool/SKILL.md").is_some());
    files.remove(".claude-plugin/marketplace.json");
    assert!(files.is_empty(), "{:?}", files.keys());
    let notes = world.json(&["plugin", "show", "up/tool"])["notes"].to_string();
    for link in ["passwd", "out", "dangling", "loop", "self"] {
        assert!(notes.contains(link), "nothing about `{link}` in {notes}");
    }
}

#[test]
fn what_must_never_be_served_is_not() {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["tool"]);
    upstream
        .write("plugins/tool/.agnes/notes.md", "ours\n")
        .write("plugins/tool/marketplace-metadata.json", "{}")
        .write("plugins/tool/.gitignore", "*.log\n")
        .write("plugins/tool/.hidden/kept", "kept\n");
    let tip = upstream.commit("Publish");
    // A submodule, without anything behind it.
    upstream.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{tip},plugins/tool/vendor")]);
    upstream.git(&["commit", "-q", "-m", "Add a submodule"]);
    world.register("up", &upstream);
    world.user(ADA, &["up/tool"]);
    let files = unzipped(&world.bundle(ADA));
    let names: Vec<&str> = files.keys().filter_map(|path| path.strip_prefix("plugins/up-tool/")).collect();
    assert_eq!(names, [".claude-plugin/plugin.json", ".gitignore", ".hidden/kept", "skills/tool/SKILL.md"]);
}

#[test]
fn only_plugins_whose_content_changed_get_another_version() {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["one", "two"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/*"]);
    let before = catalog(&world.bundle(ADA));
    upstream
        .write("plugins/two/skills/two/SKILL.md", "---\nname: two\ndescription: x\n---\n")
        .commit("Touch two");
    world.agnes(&["marketplace", "sync"]);
    let after = catalog(&world.bundle(ADA));
    assert_eq!(before["plugins"][0], after["plugins"][0]);
    assert_ne!(before["plugins"][1]["version"], after["plugins"][1]["version"]);
}
