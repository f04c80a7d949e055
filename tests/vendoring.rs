//! Plugins that lie in other repositories than their marketplace: fetched with it, and served like all
//! others.

use std::fs;

use serde_json::{Value, json};

use crate::support::remotes::remote_url;
use crate::support::{ADA, Upstream, World, catalog, served, zip_file, zip_names};

/// A repository that is one plugin.
fn plugin_repository(world: &World, name: &str, words: &str) -> (Upstream, String) {
    let remote = world.remote(name);
    let commit = write_plugin(&remote, name, words);
    (remote, commit)
}

fn write_plugin(remote: &Upstream, name: &str, words: &str) -> String {
    remote.write(".claude-plugin/plugin.json", json!({"name": name, "version": "1.0.0"}).to_string());
    remote.write(
        &format!("skills/{name}/SKILL.md"),
        format!("---\nname: {name}\ndescription: d\n---\n{words}\n"),
    );
    remote.commit(words)
}

fn market(world: &World, plugins: &Value) -> Upstream {
    let upstream = world.upstream("market");
    upstream.catalog(plugins).commit("Publish");
    upstream
}

fn names(world: &World) -> Vec<String> {
    served(&catalog(&world.bundle(ADA))).into_iter().map(str::to_owned).collect()
}

fn skill(world: &World, plugin: &str) -> String {
    let path = format!("plugins/market-{plugin}/skills/{plugin}/SKILL.md");
    String::from_utf8(zip_file(&world.bundle(ADA), &path)).unwrap()
}

#[test]
fn each_kind_of_git_source_is_fetched_and_served_from_its_own_commit() {
    let world = World::new();
    let (tools, _) = plugin_repository(&world, "follows", "first");
    let (pinned, commit) = plugin_repository(&world, "pinned", "first");
    write_plugin(&pinned, "pinned", "later");
    let (tagged, _) = plugin_repository(&world, "tagged", "first");
    tagged.git(&["tag", "-a", "v1", "-m", "v1"]);
    write_plugin(&tagged, "tagged", "later");
    let many = world.remote("many");
    many.plugin("sub").write("plugins/other/README.md", "not part of it").commit("Publish");

    let upstream = market(
        &world,
        &json!([
            {"name": "follows", "source": {"source": "url", "url": remote_url("follows")}},
            {"name": "pinned", "source": {"source": "url", "url": remote_url("pinned"), "sha": commit}},
            {"name": "tagged", "source": {"source": "github", "repo": "acme/tagged", "ref": "v1"}},
            {"name": "sub", "source": {"source": "git-subdir", "url": remote_url("many"), "path": "plugins/sub"}},
            {"name": "local", "source": "./plugins/local"},
        ]),
    );
    upstream.plugin("local").commit("And a local one");
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);

    assert_eq!(names(&world), ["follows", "local", "pinned", "sub", "tagged"]);
    for (plugin, words) in [("follows", "first"), ("pinned", "first"), ("tagged", "first")] {
        assert!(skill(&world, plugin).ends_with(&format!("{words}\n")), "{plugin}");
    }
    let bundle = world.bundle(ADA);
    assert!(zip_names(&bundle).iter().all(|name| !name.contains("not part") && !name.contains("README")));
    let manifest: Value =
        serde_json::from_slice(&zip_file(&bundle, "plugins/market-pinned/.claude-plugin/plugin.json"))
            .unwrap();
    assert!(manifest["version"].as_str().unwrap().starts_with("1.0.0+"), "{manifest}");

    // What follows a branch moves with it, though the marketplace has nothing new; the others stay.
    write_plugin(&tools, "follows", "second");
    let said = world.agnes(&["marketplace", "sync"]);
    assert!(skill(&world, "follows").ends_with("second\n"), "{said}");
    assert!(skill(&world, "pinned").ends_with("first\n"));
    assert!(skill(&world, "tagged").ends_with("first\n"));
}

#[test]
fn what_cannot_be_fetched_is_served_on_as_it_was_and_says_why() {
    let world = World::new();
    let (_remote, _) = plugin_repository(&world, "tool", "first");
    let upstream =
        market(&world, &json!([{"name": "tool", "source": {"source": "url", "url": remote_url("tool")}}]));
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    let before = world.bundle(ADA);

    fs::rename(world.path("upstreams/tool.git"), world.path("upstreams/away")).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.bundle(ADA), before, "not a byte of it differs");
    let notes = world.listed("tool")["notes"].to_string();
    assert!(notes.contains("remote-failed") && notes.contains("served on"), "{notes}");

    // One that was never there is listed with its reason, and costs the others nothing.
    upstream
        .catalog(&json!([
            {"name": "tool", "source": {"source": "url", "url": remote_url("tool")}},
            {"name": "never", "source": {"source": "url", "url": remote_url("never")}},
        ]))
        .commit("One more");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(names(&world), ["tool"]);
    let reason = world.listed("never")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("could not be fetched"), "{reason}");

    fs::rename(world.path("upstreams/away"), world.path("upstreams/tool.git")).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.listed("tool")["notes"].to_string(), "[]", "it is over");
}

#[test]
fn two_hundred_plugins_of_one_repository_are_one_fetch_and_what_nobody_needs_goes() {
    let world = World::new();
    let many = world.remote("many");
    let plugins: Vec<String> = (0..200).map(|n| format!("p{n:03}")).collect();
    for name in &plugins {
        many.plugin(name);
    }
    many.commit("Publish");
    let entry = |name: &String| json!({"name": name, "source": {"source": "git-subdir", "url": remote_url("many"), "path": format!("plugins/{name}")}});
    let upstream = market(&world, &plugins.iter().map(entry).collect());
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    assert_eq!(names(&world).len(), 200);
    let store = world.data().join("marketplaces/store");
    let repositories = || fs::read_dir(&store).unwrap().count();
    assert_eq!(repositories(), 1);
    let packs = fs::read_dir(&store).unwrap().next().unwrap().unwrap().path().join("objects/pack");
    assert_eq!(fs::read_dir(packs).unwrap().count(), 2, "one pack and its index");

    // Each state that can be gone back to keeps what it needs, too.
    fs::write(world.data().join("agnes.toml"), "[sync]\nkeep_states = 1\n").unwrap();
    upstream.catalog(&json!([])).commit("None is left");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(repositories(), 1, "somebody may be building from it");
    upstream.plugins(&["local"]).commit("Something else");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(repositories(), 0);
}

#[test]
fn a_marketplace_can_leave_its_remote_plugins_out() {
    let world = World::new();
    plugin_repository(&world, "tool", "first");
    let upstream =
        market(&world, &json!([{"name": "tool", "source": {"source": "url", "url": remote_url("tool")}}]));
    world.agnes(&["marketplace", "add", &upstream.url(), "--slug", "market", "--remote", "skip"]);
    world.agnes(&["marketplace", "sync"]);
    world.user(ADA, &["market/*"]);
    assert!(names(&world).is_empty());
    let reason = world.listed("tool")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("skipped"), "{reason}");

    world.agnes(&["marketplace", "edit", "market", "--remote", "vendor"]);
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(names(&world), ["tool"]);
}

/// A catalog is a stranger's. What it says of where a plugin lies must not reach what the internet cannot.
#[test]
fn a_catalog_cannot_point_to_this_machine_or_its_network() {
    let world = World::new();
    let secret = world.upstream("secret");
    secret.plugin("tool").commit("Nobody's business");
    let inside = secret.folder().display().to_string();
    let sources = [
        json!({"source": "url", "url": format!("file://{inside}")}),
        json!({"source": "url", "url": inside}),
        json!({"source": "git-subdir", "url": format!("file://{inside}"), "path": "plugins/tool"}),
        json!({"source": "url", "url": "http://git.example/a.git"}),
        json!({"source": "url", "url": "https://127.0.0.1:1/a.git"}),
        json!({"source": "url", "url": "https://localhost:1/a.git"}),
        json!({"source": "url", "url": "https://169.254.169.254/latest.git"}),
        json!({"source": "url", "url": "https://[::1]:1/a.git"}),
        json!({"source": "url", "url": "https://2130706433:1/a.git"}),
        json!({"source": "url", "url": "ssh://git@127.0.0.1/a.git"}),
        json!({"source": "url", "url": "git@127.0.0.1:a.git"}),
        json!({"source": "git-subdir", "url": remote_url("x"), "path": "../secret"}),
        json!({"source": "command", "command": "id"}),
    ];
    let entries: Vec<Value> = sources
        .iter()
        .enumerate()
        .map(|(i, source)| json!({"name": format!("p{i}"), "source": source}))
        .collect();
    let upstream = market(&world, &Value::Array(entries));
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    assert!(names(&world).is_empty());
    for (i, source) in sources.iter().enumerate() {
        let plugin = world.listed(&format!("p{i}"));
        let reason = plugin["reason"].as_str().unwrap_or_else(|| panic!("{source}: {plugin}"));
        assert!(
            reason.contains("its source") || reason.contains("could not be fetched"),
            "{source}: {reason}"
        );
    }
    assert!(!world.data().join("marketplaces/store").join("secret").exists());
}

/// A branch is there to move. A tag that moves is news, for whoever relied on it.
#[test]
fn a_tag_that_moved_is_reported() {
    let world = World::new();
    let (tool, first) = plugin_repository(&world, "tool", "first");
    tool.git(&["tag", "v1"]);
    let source = |reference: &str| json!({"source": "url", "url": remote_url("tool"), "ref": reference});
    let upstream = market(
        &world,
        &json!([{"name": "tagged", "source": source("v1")}, {"name": "following", "source": source("main")}]),
    );
    world.register("market", &upstream);
    let second = write_plugin(&tool, "tool", "second");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.listed("tagged")["notes"], json!([]));

    tool.git(&["tag", "-f", "v1"]);
    for _ in 0..2 {
        world.agnes(&["marketplace", "sync"]);
        let notes = world.listed("tagged")["notes"].clone();
        assert_eq!(notes[0]["code"], "ref-moved", "{notes}");
        let told = format!("the tag `v1` moved from {first} to {second}");
        assert_eq!(notes[0]["message"], told);
        assert_eq!(world.listed("following")["notes"], json!([]));
    }
    // An entry that asks for something else is about something else.
    let upstream_now = json!([{"name": "tagged", "source": source("main")}]);
    upstream.catalog(&upstream_now).commit("Follow");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.listed("tagged")["notes"], json!([]));
}

/// Everything below `marketplaces/` can be fetched again: also what nobody asks an upstream about any more,
/// because its commit is pinned.
#[test]
fn what_is_gone_from_the_disk_is_fetched_again() {
    let world = World::new();
    let (_tool, commit) = plugin_repository(&world, "tool", "first");
    let source = json!({"source": "url", "url": remote_url("tool"), "sha": commit});
    let upstream = market(&world, &json!([{"name": "tool", "source": source}]));
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    let before = world.bundle(ADA);
    let store = world.data().join("marketplaces/store");
    for gone in [store.clone(), world.data().join("marketplaces")] {
        fs::remove_dir_all(&gone).unwrap();
        let said = world.run(&["doctor", "--json"]).text();
        assert!(said.contains("repository-damaged"), "{said}");
        world.agnes(&["marketplace", "sync"]);
        assert_eq!(world.bundle(ADA), before);
    }
    world.agnes(&["marketplace", "remove", "market"]);
    assert_eq!(fs::read_dir(&store).unwrap().count(), 0, "nobody needs it any more");
}

/// For clients that can reach it themselves, an entry is passed on with the source that it has.
#[test]
fn a_marketplace_can_leave_the_fetching_to_its_clients() {
    let world = World::new();
    let upstream = market(
        &world,
        &json!([
            {"name": "far", "version": "7", "source": {"source": "github", "repo": "acme/far", "ref": "v1"}},
            {"name": "run", "source": {"source": "command", "command": "id"}},
            {"name": "local", "source": "./plugins/local"},
        ]),
    );
    upstream.plugin("local").commit("And a local one");
    world.agnes(&[
        "marketplace",
        "add",
        &upstream.url(),
        "--slug",
        "market",
        "--remote",
        "link",
        "--name-prefix",
        "m-",
    ]);
    world.agnes(&["marketplace", "sync"]);
    world.user(ADA, &["market/*"]);
    assert!(world.listed("run")["reason"].as_str().unwrap().contains("nothing of an upstream is ever run"));

    let bundle = world.bundle(ADA);
    let catalog = catalog(&bundle);
    assert_eq!(served(&catalog), ["m-far", "m-local"]);
    let source = json!({"source": "github", "repo": "acme/far", "ref": "v1"});
    assert_eq!(catalog["plugins"][0], json!({"name": "m-far", "source": source, "version": "7"}));
    assert!(zip_names(&bundle).iter().all(|name| !name.contains("far")), "there are no files of it");
    assert!(!world.data().join("marketplaces/store").exists(), "nothing was fetched");
    let shown = world.json(&["plugin", "show", "market/far"]);
    assert_eq!(shown["file_list"], json!([]));

    let bearer = world.bearer(ADA);
    let server = world.serve(&[]);
    let get = |path: &str| server.get(path, &[("authorization", &bearer)]);
    let info = get("/marketplace/info").json();
    assert_eq!((&info["plugins"][0]["source"], &info["plugins"][0]["version"]), (&source, &json!("7")));
    let hosted = get("/marketplace.json").json();
    assert_eq!(hosted["plugins"][0]["source"], source);
    assert_eq!(hosted["plugins"][1]["source"]["source"], "git-subdir");
    assert_eq!(get("/marketplace/plugins/market-far.zip").status, 404);
    assert_eq!(get("/marketplace/plugins/market-local.zip").status, 200);
    let clone = world.git(&server, &bearer).clone("clone", &[]);
    crate::support::feed::same_files(&clone, &crate::support::unzipped(&bundle));
    let etag = world.etag(ADA);
    // Another source is another plugin, for whoever has it.
    upstream
        .catalog(&json!([
            {"name": "far", "source": {"source": "github", "repo": "acme/far", "ref": "v2"}},
            {"name": "local", "source": "./plugins/local"},
        ]))
        .commit("Move on");
    world.agnes(&["marketplace", "sync"]);
    assert_ne!(world.etag(ADA), etag);
    let again = world.git(&server, &bearer).clone("again", &[]);
    crate::support::feed::same_files(&again, &crate::support::unzipped(&world.bundle(ADA)));
}
