//! Where plugins come from, and what becomes of them when they are called by another name: upstream beside Agnes.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::loaded::differences;
use crate::support::web::{Reply, Server};
use crate::support::{Claude, World, have};

const ADDRESS: &str = "analyst@example.com";

/// The package of the test, as a registry has it: its file, and what `npm pack` says of that.
fn packed(world: &World) -> (Vec<u8>, Value) {
    let folder = world.path("package");
    let put = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    // An install script, which the old client runs.
    let script =
        json!({"name": "@acme/minutes", "version": "1.2.0", "scripts": {"postinstall": "echo ran > ran"}});
    put("package.json", &script.to_string());
    put(".claude-plugin/plugin.json", r#"{"name": "minutes", "version": "1.2.0", "description": "d"}"#);
    put("skills/minutes/SKILL.md", "---\nname: minutes\ndescription: d\n---\n\nText.\n");
    put("agents/scribe.md", "---\nname: scribe\ndescription: d\n---\n\nText.\n");
    put("hooks/hooks.json", &crate::support::loaded::hooks("minutes"));
    let mut npm: Command = world.command("npm");
    let output = npm.args(["pack", "--json"]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    (fs::read(folder.join(said[0]["filename"].as_str().unwrap())).unwrap(), said[0].clone())
}

/// What a client loads of an npm package is what it loads of it through Agnes, which runs nothing that came in one.
#[test]
fn a_package_from_npm_loads_as_from_the_registry_itself() {
    let test = "a_package_from_npm_loads_as_from_the_registry_itself";
    if !have(["npm"], test) {
        return;
    }
    let world = World::new();
    let (file, said) = packed(&world);
    let server = Server::https(move |request| {
        if request.target.ends_with(".tgz") {
            return Reply::new(200, "application/octet-stream", file.clone());
        }
        if !request.target.starts_with("/@acme") {
            return Reply::new(404, "application/json", "{}");
        }
        let host = request.header("host").unwrap();
        let tarball = format!("https://{host}/@acme/minutes/-/minutes-1.2.0.tgz");
        let dist = json!({"tarball": tarball, "integrity": said["integrity"], "shasum": said["shasum"]});
        let scripts = json!({"postinstall": "echo ran > ran"});
        let version = json!({"name": "@acme/minutes", "version": "1.2.0", "scripts": scripts, "dist": dist});
        let versions = json!({"1.2.0": version});
        let packument =
            json!({"name": "@acme/minutes", "dist-tags": {"latest": "1.2.0"}, "versions": versions});
        Reply::new(200, "application/json", packument.to_string())
    });
    fs::create_dir_all(world.data()).unwrap();
    let registry = format!("{}/", server.url);
    let ca = server.ca.display();
    let settings = format!(
        "[sync]\nnpm_registry = \"{registry}\"\nca_bundle = \"{ca}\"\nallow_networks = \"127.0.0.0/8 ::1\"\n"
    );
    fs::write(world.data().join("agnes.toml"), settings).unwrap();
    let upstream = world.upstream("up");
    let source = json!({"source": "npm", "package": "@acme/minutes", "version": "1.2.0"});
    upstream.catalog(&json!([{"name": "minutes", "source": source, "description": "d"}])).commit("Publish");
    world.register("up", &upstream);
    world.user(ADDRESS, &["up/*"]);
    let bundle = world.unpacked(ADDRESS, "bundle");
    assert!(!bundle.join("plugins/up-minutes/ran").exists() && !world.home().join("ran").exists());

    let elsewhere = World::new();
    for (ours, theirs) in Claude::all(&world, test).into_iter().zip(Claude::all(&elsewhere, test)) {
        fs::write(theirs.home().join(".npmrc"), format!("registry={registry}\ncafile={ca}\n")).unwrap();
        theirs.install_all(upstream.folder(), "upstream", &["minutes"]);
        ours.install_all(&bundle, "agnes", &["minutes"]);
        let names = BTreeMap::new();
        let mine = ours.loaded("agnes", &["agnes", "upstream"], &names, &["minutes"]);
        let direct = theirs.loaded("upstream", &["agnes", "upstream"], &names, &["minutes"]);
        assert!(mine["minutes"].contains("skill: minutes"), "{mine:#?}");
        assert!(mine["minutes"].contains("a hook that ran"), "{mine:#?}");
        assert!(differences(&direct, &mine).is_empty(), "{:#?}", differences(&direct, &mine));
    }
}

/// Whoever has a plugin by its old name has it by the new one after the next session, from either.
#[test]
fn a_plugin_that_was_renamed_is_followed() {
    let test = "a_plugin_that_was_renamed_is_followed";
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["old", "other"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADDRESS, &["up/*"]);
    let bundle = world.unpacked(ADDRESS, "bundle");
    let elsewhere = World::new();
    let clients: Vec<_> = Claude::all(&world, test).into_iter().zip(Claude::all(&elsewhere, test)).collect();
    for (ours, theirs) in &clients {
        ours.install_all(&bundle, "agnes", &["old", "other"]);
        theirs.install_all(upstream.folder(), "upstream", &["old", "other"]);
    }
    let place = ".claude-plugin/marketplace.json";
    let text = fs::read_to_string(upstream.folder().join(place)).unwrap();
    let mut catalog: Value = serde_json::from_str(&text).unwrap();
    catalog["plugins"].as_array_mut().unwrap().retain(|entry| entry["name"] != "old");
    catalog["renames"] = json!({"old": "new"});
    let entry = json!({"name": "new", "source": "./plugins/new", "description": "d"});
    catalog["plugins"].as_array_mut().unwrap().push(entry);
    upstream.plugin("new").write(place, catalog.to_string()).commit("Rename");
    world.agnes(&["marketplace", "sync"]);
    fs::remove_dir_all(&bundle).unwrap();
    assert_eq!(world.unpacked(ADDRESS, "bundle"), bundle);
    for (ours, theirs) in clients {
        let after = |claude: &Claude, marketplace: &str| {
            claude.plugin(&["marketplace", "update", marketplace]);
            // The one that moves, and the one by which it shows.
            claude.session();
            claude.loaded(marketplace, &["agnes", "upstream"], &BTreeMap::new(), &[])
        };
        let (mine, direct) = (after(&ours, "agnes"), after(&theirs, "upstream"));
        assert!(mine.get("new").is_some_and(|what| what.contains("loaded")), "{mine:#?}");
        assert!(differences(&direct, &mine).is_empty(), "{:#?}", differences(&direct, &mine));
    }
}
