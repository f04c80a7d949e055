//! Plugins whose repositories have others in them: served with what is in those, as the client clones them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::remotes::remote_url;
use crate::support::{ADA, Upstream, World, catalog, files, served};

/// Puts a commit of another repository into a repository, as `git submodule add` does.
fn put(upstream: &Upstream, path: &str, url: &str, commit: &str) {
    let listing = upstream.folder().join(".gitmodules");
    let before = fs::read_to_string(&listing).unwrap_or_default();
    fs::write(listing, format!("{before}[submodule \"{path}\"]\n\tpath = {path}\n\turl = {url}\n")).unwrap();
    fs::create_dir_all(upstream.folder().join(path)).unwrap();
    upstream.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
}

fn skill(name: &str, words: &str) -> String {
    format!("---\nname: {name}\ndescription: d\n---\n{words}\n")
}

/// A plugin that takes its skills from one repository, which takes its words from another.
fn nested(world: &World) -> Upstream {
    let words = world.remote("words");
    let deep = words.write("words.txt", "deep").executable("run.sh", "#!/bin/sh\n").commit("Words");
    let skills = world.remote("skills");
    skills.write("s/SKILL.md", skill("s", "first"));
    put(&skills, "s/words", "../words.git", &deep);
    let middle = skills.commit("Skills");
    let tool = world.remote("tool");
    tool.write(".claude-plugin/plugin.json", json!({"name": "tool", "version": "1.0.0"}).to_string());
    tool.write("skills.md", "sorts between a folder and a submodule");
    put(&tool, "skills", &remote_url("skills"), &middle);
    tool.commit("Tool");
    tool
}

fn register(world: &World, plugins: &Value) -> Upstream {
    let upstream = world.upstream("market");
    upstream.catalog(plugins).commit("Publish");
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    upstream
}

fn listed(world: &World, name: &str) -> Value {
    let all = world.json(&["plugin", "list"]);
    all.as_array().unwrap().iter().find(|plugin| plugin["name"] == name).cloned().unwrap()
}

fn names(world: &World) -> Vec<String> {
    served(&catalog(&world.bundle(ADA))).into_iter().map(str::to_owned).collect()
}

/// Files below a folder, without what git keeps for itself and without the manifest, which is written anew.
fn contents(folder: &Path) -> Vec<(String, bool, Vec<u8>)> {
    let all = files(folder).into_iter().filter(|(path, _)| {
        !path.split('/').any(|part| part.starts_with(".git")) && path != ".claude-plugin/plugin.json"
    });
    all.map(|(path, (executable, bytes))| (path, executable, bytes)).collect()
}

fn tool(world: &World, as_: &str) -> Vec<(String, bool, Vec<u8>)> {
    contents(&world.unpacked(ADA, as_).join("plugins/market-tool"))
}

fn source(kind: &str) -> Value {
    match kind {
        "url" => json!([{"name": "tool", "source": {"source": "url", "url": remote_url("tool")}}]),
        _ => {
            json!([{"name": "tool", "source": {"source": "git-subdir", "url": remote_url("tool"), "path": "./"}}])
        }
    }
}

#[test]
fn what_is_served_is_what_the_client_clones() {
    let world = World::new();
    let upstream = nested(&world);
    register(&world, &source("url"));
    let clone = world.path("clone");
    let args = ["clone", "-q", "--depth", "1", "--recurse-submodules", "--shallow-submodules"];
    let status = world.command("git").args(args).arg(remote_url("tool")).arg(&clone).status().unwrap();
    assert!(status.success());
    let cloned = contents(&clone);
    assert!(cloned.iter().any(|(path, executable, _)| path == "skills/s/words/run.sh" && *executable));
    assert_eq!(tool(&world, "first"), cloned);
    assert_eq!(listed(&world, "tool")["notes"].to_string(), "[]");

    // All of it is here: what changed asks for nothing but itself.
    let away = |to: &str, from: &str| {
        for name in ["skills", "words"] {
            let path = |end: &str| world.path(&format!("upstreams/{name}{end}"));
            fs::rename(path(from), path(to)).unwrap();
        }
    };
    away(".away", ".git");
    upstream.write("more.md", "more").commit("More");
    world.agnes(&["marketplace", "sync"]);
    let more = tool(&world, "more");
    assert_eq!(more.len(), cloned.len() + 1);
    assert_eq!(listed(&world, "tool")["notes"].to_string(), "[]");

    // What cannot be had now is served as it was.
    away(".git", ".away");
    let skills = world.remote("skills");
    let newer = skills.write("s/SKILL.md", skill("s", "second")).commit("Newer");
    upstream.git(&["update-index", "--cacheinfo", &format!("160000,{newer},skills")]);
    upstream.commit("Newer skills");
    away(".away", ".git");
    world.agnes(&["marketplace", "sync"]);
    let notes = listed(&world, "tool")["notes"].to_string();
    assert!(notes.contains("remote-failed") && notes.contains("its submodule `skills`"), "{notes}");
    assert_eq!(tool(&world, "kept"), more);
    away(".git", ".away");
    world.agnes(&["marketplace", "sync"]);
    let served = tool(&world, "newer");
    assert!(served.iter().any(|(_, _, bytes)| bytes.ends_with(b"second\n")));
    assert_eq!(listed(&world, "tool")["notes"].to_string(), "[]");

    // The same again from nothing is the same to the byte.
    let digest = listed(&world, "tool")["digest"].clone();
    fs::remove_dir_all(world.data().join("marketplaces/store")).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(listed(&world, "tool")["digest"], digest);
    assert_eq!(tool(&world, "anew"), served);
}

#[test]
fn the_store_keeps_them_when_it_is_tidied() {
    let world = World::new();
    let upstream = nested(&world);
    register(&world, &source("url"));
    // Each state that can be gone back to keeps what it needs.
    fs::write(world.data().join("agnes.toml"), "[sync]\nkeep_states = 1\n").unwrap();
    let mut expected = tool(&world, "before");
    // More packs than are left as they are.
    for n in 0..12 {
        upstream.write("more.md", format!("{n}")).commit("More");
        world.agnes(&["marketplace", "sync"]);
    }
    expected.push(("more.md".into(), false, b"11".to_vec()));
    expected.sort();
    assert_eq!(tool(&world, "after"), expected);
    let store = world.data().join("marketplaces/store");
    let repository = fs::read_dir(store).unwrap().next().unwrap().unwrap().path();
    let packs = fs::read_dir(repository.join("objects/pack")).unwrap().count();
    assert!(packs <= 2 * 9, "{packs} files of packs");
    // Those that are not needed any more are forgotten with the rest.
    let made = fs::read_dir(repository.join("joined")).unwrap().count() / 2;
    assert!(made < 12, "{made} commits are remembered");
    for name in ["skills", "words"] {
        fs::remove_dir_all(world.path(&format!("upstreams/{name}.git/.git/objects"))).unwrap();
    }
    upstream.write("more.md", "once more").commit("More");
    world.agnes(&["marketplace", "sync"]);
    let (path, executable, _) = expected.remove(0);
    assert_eq!((path.as_str(), executable), ("more.md", false), "{expected:?}");
    expected.insert(0, (path, executable, b"once more".to_vec()));
    assert_eq!(tool(&world, "kept"), expected);
    let output = world.command("git").arg("-C").arg(&repository).args(["fsck", "--strict"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_the_client_does_not_bring_along_is_not_brought_along() {
    let world = World::new();
    nested(&world);
    let upstream = register(&world, &source("git-subdir"));
    assert!(tool(&world, "folder").iter().all(|(path, ..)| !path.starts_with("skills/")));
    assert!(listed(&world, "tool")["notes"].to_string().contains("a submodule"));

    // Both kinds of one repository are two things.
    let mut both = source("git-subdir").as_array().unwrap().clone();
    both.push(json!({"name": "whole", "source": {"source": "url", "url": remote_url("tool")}}));
    upstream.catalog(&Value::Array(both)).commit("Both");
    world.agnes(&["marketplace", "sync"]);
    let digest = |name: &str| {
        let shown = world.json(&["plugin", "show", &format!("market/{name}")]);
        shown["digest"].as_str().unwrap().to_owned()
    };
    assert_ne!(digest("tool"), digest("whole"));

    // The marketplace's own submodules are none of its plugins' files: the client clones it without.
    let commit = world.remote("inner").write("skills/s/SKILL.md", skill("s", "x")).commit("Inner");
    upstream.plugin("local").catalog(&json!([{"name": "local", "source": "./plugins/local"}]));
    put(&upstream, "plugins/local/inner", &remote_url("inner"), &commit);
    upstream.commit("A local one");
    world.agnes(&["marketplace", "sync"]);
    assert!(listed(&world, "local")["notes"].to_string().contains("a submodule"));
}

#[test]
fn they_can_be_left_out_by_a_setting() {
    let world = World::new();
    nested(&world);
    fs::create_dir_all(world.data()).unwrap();
    fs::write(world.data().join("agnes.toml"), "[sync]\nsubmodules = false\n").unwrap();
    register(&world, &source("url"));
    assert!(tool(&world, "without").iter().all(|(path, ..)| !path.starts_with("skills/")));
    assert!(listed(&world, "tool")["notes"].to_string().contains("a submodule"));

    // The setting counts at the next sync, though no upstream has anything new.
    fs::write(world.data().join("agnes.toml"), "[sync]\nsubmodules = true\n").unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert!(tool(&world, "with").iter().any(|(path, ..)| path == "skills/s/SKILL.md"));
}

#[test]
fn a_host_that_is_denied_takes_its_submodules_along() {
    let world = World::new();
    let commit = world.remote("skills").write("s/SKILL.md", skill("s", "first")).commit("Skills");
    let upstream = world.remote("tool");
    upstream.write("README.md", "a tool");
    put(&upstream, "skills", "https://github.com/acme/skills.git", &commit);
    let pinned = upstream.commit("Tool");
    let source = json!({"source": "url", "url": remote_url("tool"), "sha": pinned});
    register(&world, &json!([{"name": "tool", "source": source}]));
    let with = tool(&world, "with");
    assert_eq!(with.len(), 2);

    world.agnes(&["host", "deny", "github.com"]);
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(tool(&world, "denied").len(), 1);
    assert!(listed(&world, "tool")["notes"].to_string().contains("a submodule"));

    world.agnes(&["host", "forget", "github.com"]);
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(tool(&world, "again"), with);
}

/// What is served on without being fetched anew is no way around what is said of hosts.
#[test]
fn what_a_denied_host_gave_is_not_served_on_either() {
    let world = World::new();
    let commit = world.remote("skills").write("s/SKILL.md", skill("s", "first")).commit("Skills");
    let upstream = world.remote("tool");
    upstream.write("README.md", "a tool");
    put(&upstream, "skills", "https://github.com/acme/skills.git", &commit);
    upstream.commit("Tool");
    let market = register(&world, &source("url"));
    let with = tool(&world, "with");
    assert_eq!(with.len(), 2);
    let denied = || {
        assert!(names(&world).is_empty());
        let reason = listed(&world, "tool")["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("of what was fetched for it") && reason.contains("github.com"), "{reason}");
    };

    // On hold.
    world.agnes(&["marketplace", "edit", "market", "--hold"]);
    world.agnes(&["host", "deny", "github.com"]);
    world.agnes(&["marketplace", "sync"]);
    denied();
    // Whatever else is lost with it.
    fs::remove_dir_all(world.data().join("marketplaces/store")).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert!(names(&world).is_empty());

    // It is made again, the very same.
    world.agnes(&["host", "forget", "github.com"]);
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(tool(&world, "again"), with);
    // Also where it is lost and a rule is new that has nothing to do with it.
    fs::remove_dir_all(world.data().join("marketplaces/store")).unwrap();
    world.agnes(&["host", "deny", "nobody.example"]);
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(tool(&world, "once more"), with);

    // The marketplace itself is away.
    world.agnes(&["marketplace", "edit", "market", "--no-hold"]);
    world.agnes(&["marketplace", "sync"]);
    fs::rename(market.folder(), world.path("elsewhere")).unwrap();
    assert!(!world.run(&["marketplace", "sync"]).stderr.is_empty());
    assert_eq!(tool(&world, "away"), with);
    world.agnes(&["host", "deny", "github.com"]);
    assert_ne!(world.run(&["marketplace", "sync"]).code, Some(0));
    denied();
    world.agnes(&["host", "forget", "github.com"]);
    fs::rename(world.path("elsewhere"), market.folder()).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(tool(&world, "back"), with);

    // The plugin's own host is.
    fs::rename(upstream.folder(), world.path("elsewhere")).unwrap();
    world.agnes(&["host", "deny", "github.com"]);
    world.agnes(&["marketplace", "sync"]);
    denied();
}

/// Whoever has a plugin's repository wants ours to fetch from where they cannot reach, or without end.
#[test]
fn a_submodule_cannot_point_to_this_machine_or_run_anything() {
    let world = World::new();
    let secret = world.upstream("secret");
    let commit = secret.write("skills/s/SKILL.md", skill("s", "Nobody's business")).commit("Secret");
    let inside = secret.folder().display().to_string();
    let tool = world.remote("tool");
    tool.write(".claude-plugin/plugin.json", json!({"name": "tool"}).to_string());
    let left_out = [
        inside.clone(),
        format!("file://{inside}"),
        "http://git.example/secret".into(),
        "git@127.0.0.1:secret.git".into(),
        "ext::sh -c 'touch /tmp/pwned'".into(),
        "--upload-pack=touch /tmp/pwned".into(),
        "../../../../secret".into(),
        "https://me:password@git.example/secret".into(),
    ];
    for (n, url) in left_out.iter().enumerate() {
        put(&tool, &format!("m{n}"), url, &commit);
    }
    tool.commit("Publish");
    let upstream = register(&world, &source("url"));
    let all = contents(&world.unpacked(ADA, "all").join("plugins/market-tool"));
    assert!(all.is_empty(), "{all:?}");
    assert!(listed(&world, "tool")["notes"].to_string().contains("a submodule"));

    // What is fetched is fetched on the terms of everything that strangers point to. A path or a name in
    // the listing is nothing that is written to.
    for (n, url) in ["https://127.0.0.1:1/a.git", "https://169.254.169.254/a.git", "https://[::1]:1/a.git"]
        .iter()
        .enumerate()
    {
        let name = format!("inside{n}");
        let remote = world.remote(&name);
        remote.write("a.md", "x");
        put(&remote, "sub", url, &commit);
        remote.commit("Publish");
        let entry = json!([{"name": name, "source": {"source": "url", "url": remote_url(&name)}}]);
        upstream.catalog(&entry).commit("Another");
        world.agnes(&["marketplace", "sync"]);
        assert!(names(&world).is_empty());
        let reason = listed(&world, &name)["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("its submodule `sub`") && reason.contains("not allowed"), "{reason}");
    }
    let odd = world.remote("odd");
    odd.write("a.md", "x").write(
        ".gitmodules",
        "[submodule \"../../x\"]\n\tpath = ../../x\n\turl = https://git.example/x\n[submodule \"y\"]\n\tpath = \
         .git/hooks\n\turl = https://git.example/x\n[submodule \"z\"]\n\tpath = a.md\n\turl = https://git.example/x\n",
    );
    odd.commit("Publish");
    upstream
        .catalog(&json!([{"name": "odd", "source": {"source": "url", "url": remote_url("odd")}}]))
        .commit("Odd");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(names(&world), ["odd"]);
}
