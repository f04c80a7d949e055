//! Plugins that are a folder of a repository with much else in it: of a server that can give a part, that
//! folder is all that is fetched, and what is served of it is the same to the byte.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::feed::{noise, same_files};
use crate::support::remotes::remote_url;
use crate::support::{ADA, Upstream, World, catalog, served, unzipped, zip_file};

/// A repository with plugins in it, and much beside them. Its server filters, or does not.
fn many(world: &World, filters: bool) -> Upstream {
    let many = world.remote("many");
    many.git(&["config", "uploadpack.allowFilter", if filters { "true" } else { "false" }]);
    many.write(".gitattributes", "*.bat eol=crlf\n");
    many.write("big.bin", noise(300_000)).write("docs/manual.md", "not part of it");
    many.plugin("a").plugin("b").plugin("c");
    many.executable("plugins/a/hooks/run.sh", "#!/bin/sh\n").write("plugins/a/run.bat", "echo\n");
    many.link("plugins/a/skills/a/more.md", "../../.claude-plugin/plugin.json");
    many.commit("Publish");
    many
}

fn folder(name: &str) -> Value {
    entry(name, &json!({}))
}

/// A plugin of that name in that folder, with more in its source.
fn entry(name: &str, more: &Value) -> Value {
    let mut source =
        json!({"source": "git-subdir", "url": remote_url("many"), "path": format!("plugins/{name}")});
    source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"name": name, "source": source})
}

fn market(world: &World, plugins: &Value) -> Upstream {
    let upstream = world.upstream("market");
    upstream.catalog(plugins).commit("Publish");
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    upstream
}

fn names(world: &World) -> Vec<String> {
    served(&catalog(&world.bundle(ADA))).into_iter().map(str::to_owned).collect()
}

/// The one repository in the store.
fn repository(world: &World) -> PathBuf {
    let store = world.data().join("marketplaces/store");
    let mut all: Vec<_> = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// Whether what is called so in the upstream is in the store.
fn has(world: &World, upstream: &Upstream, name: &str) -> bool {
    let id = upstream.git(&["rev-parse", name]);
    let mut git = Command::new("git");
    git.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", world.home());
    git.args(["-c", "safe.directory=*", "--git-dir"]).arg(repository(world)).args(["cat-file", "-e", &id]);
    git.stderr(std::process::Stdio::null()).status().unwrap().success()
}

fn weight(world: &World) -> u64 {
    let packs = fs::read_dir(repository(world).join("objects/pack")).unwrap();
    packs.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn what_is_served_of_a_part_is_what_is_served_of_the_whole() {
    let plugins = json!([folder("a"), folder("b")]);
    let (part, whole) = (World::new(), World::new());
    let upstream = many(&part, true);
    many(&whole, false);
    for world in [&part, &whole] {
        market(world, &plugins);
        assert_eq!(names(world), ["a", "b"]);
        assert_eq!(zip_file(&world.bundle(ADA), "plugins/market-a/run.bat"), b"echo\r\n");
    }
    assert_eq!(part.bundle(ADA), whole.bundle(ADA));
    assert_eq!(part.listed("a")["digest"], whole.listed("a")["digest"]);
    let beside = ["HEAD", "HEAD:big.bin", "HEAD:docs/manual.md", "HEAD:plugins/c"];
    for name in beside {
        assert!(!has(&part, &upstream, name), "{name}");
        assert!(has(&whole, &upstream, name), "{name}");
    }
    for name in ["HEAD:plugins/a", "HEAD:plugins/b/skills/b/SKILL.md", "HEAD:.gitattributes"] {
        assert!(has(&part, &upstream, name), "{name}");
    }
    assert!(weight(&part) < 30_000 && weight(&whole) > 300_000);

    // As git, too.
    let bearer = part.bearer(ADA);
    let server = part.serve(&[]);
    let clone = part.git(&server, &bearer).clone("clone", &[]);
    same_files(&clone, &unzipped(&part.bundle(ADA)));
}

#[test]
fn a_folder_that_is_wanted_later_comes_beside_the_others() {
    let world = World::new();
    let upstream = many(&world, true);
    let market = market(&world, &json!([folder("a")]));
    assert!(!has(&world, &upstream, "HEAD:plugins/b"));
    let a = world.listed("a");

    market.catalog(&json!([folder("a"), folder("b"), folder("no")])).commit("More");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(names(&world), ["a", "b"]);
    assert_eq!(world.listed("a"), a);
    assert!(has(&world, &upstream, "HEAD:plugins/b") && !has(&world, &upstream, "HEAD:plugins/c"));
    let reason = world.listed("no")["reason"].as_str().unwrap().to_owned();
    let expected = "the folder `./plugins/no` cannot be served: it does not exist";
    assert!(reason.starts_with(expected), "{reason}");

    // Somebody wants all of it.
    let all = json!({"name": "all", "source": {"source": "url", "url": remote_url("many")}});
    market.catalog(&json!([folder("a"), folder("b"), all])).commit("All of it");
    let before = world.listed("b");
    world.agnes(&["marketplace", "sync"]);
    assert!(has(&world, &upstream, "HEAD:big.bin"));
    assert_eq!(world.listed("b"), before);
    assert_eq!(names(&world), ["a", "all", "b"]);
}

#[test]
fn who_wants_all_of_it_has_it_fetched_once_for_all() {
    let world = World::new();
    let upstream = many(&world, true);
    let all = json!({"name": "all", "source": {"source": "url", "url": remote_url("many")}});
    market(&world, &json!([folder("a"), folder("b"), all]));
    assert_eq!(names(&world), ["a", "all", "b"]);
    assert!(has(&world, &upstream, "HEAD"));
    assert!(!repository(&world).join("narrowed").exists());
    assert_eq!(fs::read_dir(repository(&world).join("objects/pack")).unwrap().count(), 2);
}

#[test]
fn two_hundred_folders_are_one_fetch() {
    let world = World::new();
    let many = many(&world, true);
    let plugins: Vec<String> = (0..200).map(|n| format!("p{n:03}")).collect();
    for name in &plugins {
        many.plugin(name);
    }
    many.commit("Publish");
    market(&world, &plugins.iter().map(|name| folder(name)).collect());
    assert_eq!(names(&world).len(), 200);
    assert!(!has(&world, &many, "HEAD:plugins/a"));
    let count = |part: &str| fs::read_dir(repository(&world).join(part)).unwrap().count();
    assert_eq!((count("objects/pack"), count("refs/agnes"), count("narrowed")), (2, 1, 1));
}

/// Nobody but the store knows that there is another commit.
#[test]
fn the_upstreams_own_commit_is_what_everybody_sees() {
    let world = World::new();
    let upstream = many(&world, true);
    let tip = upstream.git(&["rev-parse", "HEAD"]);
    market(&world, &json!([folder("a"), entry("b", &json!({"sha": tip}))]));
    let tree = upstream.git(&["rev-parse", "HEAD:plugins/a"]);
    let shown = world.json(&["plugin", "show", "market/a"]);
    assert_eq!(
        (&shown["origin"]["commit"], &shown["origin"]["tree"]),
        (&json!(tip), &json!(tree)),
        "{shown}"
    );

    let (bundle, told) = (world.path("bundle.zip"), world.path(".agnes-provenance.json"));
    let (zip, beside) = (bundle.to_str().unwrap(), told.to_str().unwrap());
    world.agnes(&["build-zip", "--user", ADA, "-o", zip, "--provenance", beside]);
    let provenance: Value = serde_json::from_slice(&fs::read(&told).unwrap()).unwrap();
    let source = &provenance["plugins"][0]["source"];
    assert_eq!((&source["commit"], &source["tree"]), (&json!(tip), &json!(tree)));
    assert!(!has(&world, &upstream, "HEAD"));

    // Held against what is in the store, and against a clone of the upstream, which knows this commit alone.
    let clone = format!("{}={}", remote_url("many"), upstream.folder().display());
    for more in [&[][..], &["--source", &clone]] {
        let here = world.json(&[&["verify", zip], more].concat());
        assert_eq!(here["holds"], true, "{here:#}");
        let plugins = here["plugins"].as_array().unwrap();
        assert!(plugins.iter().all(|plugin| plugin["upstream_checked"] == true), "{here:#}");
    }
    // The store's word is not an upstream's.
    let store = format!("{}={}", remote_url("many"), repository(&world).display());
    let said = world.run(&["verify", zip, "--source", &store]);
    assert_eq!(said.code, Some(10));
    assert!(said.text().contains(&format!("does not have the commit {tip}")), "{}", said.text());
    // And it is looked at.
    upstream.write("plugins/a/hooks/run.sh", "#!/bin/sh\nevil\n");
    let other = upstream.commit("Other");
    fs::write(&told, fs::read_to_string(&told).unwrap().replace(&tip, &other)).unwrap();
    assert_eq!(world.run(&["verify", zip, "--source", &clone]).code, Some(10));
}

/// Everything below `marketplaces/` can be fetched again, also what nobody asks an upstream about any more.
#[test]
fn what_is_gone_from_the_disk_is_fetched_again() {
    let world = World::new();
    let upstream = many(&world, true);
    let first = upstream.git(&["rev-parse", "HEAD"]);
    let pinned = entry("b", &json!({"sha": first}));
    market(&world, &json!([folder("a"), pinned]));
    let before = world.bundle(ADA);
    let store = world.data().join("marketplaces/store");
    for _ in 0..2 {
        fs::remove_dir_all(&store).unwrap();
        let said = world.run(&["doctor", "--json"]).text();
        assert!(said.contains("repository-damaged"), "{said}");
        world.agnes(&["marketplace", "sync"]);
        assert_eq!(world.bundle(ADA), before);
    }
    assert!(!has(&world, &upstream, "HEAD:big.bin"));

    // What is served is not what the upstream has by now, and is fetched again all the same: in one go.
    world.agnes(&["marketplace", "edit", "market", "--hold"]);
    upstream.write("plugins/a/run.bat", "echo 2\n").commit("Later");
    fs::remove_dir_all(&store).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.bundle(ADA), before);
    let folders = fs::read_to_string(repository(&world).join("narrowed").join(&first)).unwrap();
    assert!(folders.ends_with("\nplugins/a\nplugins/b\n"), "{folders}");
    assert!(!has(&world, &upstream, "HEAD:big.bin"));

    // A disk that rots.
    for pack in fs::read_dir(repository(&world).join("objects/pack")).unwrap() {
        let path = pack.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    fs::remove_dir_all(world.data().join("marketplaces/zip-cache")).unwrap();
    let said = world.run(&["doctor", "--json"]).text();
    assert!(said.contains("repository-damaged"), "{said}");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.bundle(ADA), before);
}

#[test]
fn what_fails_is_kept_and_says_the_upstreams_commit() {
    let world = World::new();
    let upstream = many(&world, true);
    let first = upstream.git(&["rev-parse", "HEAD"]);
    market(&world, &json!([folder("a")]));
    let before = world.bundle(ADA);
    upstream.write("plugins/a/run.bat", "echo 2\n").commit("Later");
    // What the newest commit has is lost over there: neither a part nor the whole can be had.
    let blob = upstream.git(&["rev-parse", "HEAD:plugins/a/run.bat"]);
    let loose = upstream.folder().join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    let bytes = fs::read(&loose).unwrap();
    fs::remove_file(&loose).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.bundle(ADA), before, "not a byte of it differs");
    let note = world.listed("a")["notes"][0]["message"].as_str().unwrap().to_owned();
    let kept = format!("what was fetched before is served on (commit {first})");
    assert!(note.starts_with("it could not be fetched: ") && note.ends_with(&kept), "{note}");

    fs::write(&loose, bytes).unwrap();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(world.listed("a")["notes"].to_string(), "[]", "it is over");
    assert_eq!(zip_file(&world.bundle(ADA), "plugins/market-a/run.bat"), b"echo 2\r\n");
}

#[test]
fn a_tag_that_moved_is_reported_with_the_upstreams_commits() {
    let world = World::new();
    let upstream = many(&world, true);
    upstream.git(&["tag", "-a", "v1", "-m", "v1"]);
    let first = upstream.git(&["rev-parse", "HEAD"]);
    market(&world, &json!([entry("a", &json!({"ref": "v1"}))]));
    let second = upstream.write("plugins/a/run.bat", "echo 2\n").commit("Later");
    upstream.git(&["tag", "-f", "v1"]);
    world.agnes(&["marketplace", "sync"]);
    let told = format!("the tag `v1` moved from {first} to {second}");
    assert_eq!(world.listed("a")["notes"][0]["message"], told);
}

/// What states need stays when the store is tidied, and what nobody needs goes.
#[test]
fn states_can_be_gone_back_to() {
    let world = World::new();
    let upstream = many(&world, true);
    market(&world, &json!([folder("a"), folder("b")]));
    fs::write(world.data().join("agnes.toml"), "[sync]\nkeep_states = 3\n").unwrap();
    let mut bundles = vec![world.bundle(ADA)];
    for n in 0..14 {
        upstream.write("plugins/a/run.bat", format!("echo {n}\n"));
        upstream.write("big.bin", noise(300_000 + n)).commit("Later");
        world.agnes(&["marketplace", "sync"]);
        bundles.push(world.bundle(ADA));
    }
    let repository = repository(&world);
    let count = |part: &str| fs::read_dir(repository.join(part)).unwrap().count();
    assert!(count("objects/pack") <= 2 * 9 && count("refs/agnes") < 14, "it was tidied");
    assert_eq!(count("refs/agnes"), count("narrowed"));
    assert!(weight(&world) < 60_000);
    let history = world.json(&["marketplace", "history", "market"]);
    let states = history.as_array().unwrap();
    assert!(states.iter().all(|state| state["whole"] == true), "{history:#}");
    let oldest = states.last().unwrap()["state"].as_str().unwrap();
    world.agnes(&["marketplace", "rollback", "market", oldest]);
    let back = bundles.iter().position(|bundle| *bundle == world.bundle(ADA)).unwrap();
    assert_eq!(back, 15 - states.len());
    let shown = world.agnes(&["marketplace", "diff", "market"]);
    assert!(shown.contains("run.bat"), "{shown}");
}
