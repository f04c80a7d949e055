//! Same view, same digest, same bytes: whoever builds it, wherever, and however often.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::support::{ADA, GRACE, World, catalog, files, have, sha256, unzipped};

/// The bundles of the demo's two users. They change when the examples, the manifests that we write
/// or the compression change. For people that means: every cached bundle is built anew, and clients
/// fetch once. So let it be on purpose, and say it in CHANGELOG.md.
const GOLDEN: [(&str, &str); 2] = [
    (ADA, "db9dd118f517a3fd98d11d000237f6fdb5a1043b056c901c8567e2a03bd68e7c"),
    (GRACE, "15bc65298f5c854d0fe2b3c76a6b8c94baf36bc8ff35d968e0735f1366e7aa94"),
];

/// Zone, umask, locale: all that a program can catch from where it is started.
const CLIMATES: [(&str, &str, &str); 3] = [
    ("Pacific/Kiritimati", "0077", "C"),
    ("America/Adak", "0000", "tr_TR.UTF-8"),
    ("Asia/Kathmandu", "0027", "de_DE.ISO-8859-1"),
];

fn golden(email: &str) -> &'static str {
    GOLDEN.iter().find(|(known, _)| *known == email).unwrap().1
}

/// `agnes ARGS…` under a zone, a umask and a locale.
fn in_climate(world: &World, (zone, umask, locale): (&str, &str, &str), args: &[&str]) -> Command {
    let mut command = world.command("sh");
    command
        .args(["-c", r#"umask "$1"; shift; exec "$@""#, "sh", umask, env!("CARGO_BIN_EXE_agnes")])
        .args(args)
        .env("TZ", zone)
        .env("LC_ALL", locale)
        .env("LANG", locale);
    command
}

#[test]
fn the_example_users_bundles_have_their_golden_digests() {
    let world = World::with_people();
    for (email, digest) in GOLDEN {
        assert_eq!(sha256(&world.bundle(email)), digest, "{email}");
    }
}

#[test]
fn the_demo_builds_the_golden_bundles_in_every_time_zone_umask_and_locale() {
    for (i, climate) in CLIMATES.into_iter().enumerate() {
        let world = World::new();
        let folder = world.path(&format!("some where {i}"));
        let output = in_climate(&world, climate, &["demo", "--data-dir", folder.to_str().unwrap()])
            .current_dir("/")
            .output()
            .unwrap();
        assert!(output.status.success(), "{climate:?}: {}", String::from_utf8_lossy(&output.stderr));
        for (email, digest) in GOLDEN {
            let zip = folder.join(format!("{}.zip", email.split('@').next().unwrap()));
            assert_eq!(sha256(&fs::read(zip).unwrap()), digest, "{email} in {climate:?}");
        }
    }
}

#[test]
fn one_world_in_two_climates_and_folders_gives_the_same_bytes_cold_and_warm() {
    let world = World::with_people();
    let elsewhere = world.path("else where");
    fs::create_dir(&elsewhere).unwrap();
    for (i, climate) in CLIMATES.into_iter().enumerate() {
        let out = world.path(&format!("{i}.zip"));
        let args = ["build-zip", "--user", ADA, "-o", out.to_str().unwrap()];
        // Cold, then warm, then cold again.
        for what in ["first", "again", "without its bundle", "without any cache"] {
            let cache = world.data().join("marketplaces/zip-cache");
            match what {
                "without its bundle" => fs::remove_dir_all(cache.join("bundles")).unwrap(),
                "without any cache" => fs::remove_dir_all(&cache).unwrap(),
                _ => {}
            }
            let output = in_climate(&world, climate, &args).current_dir(&elsewhere).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(sha256(&fs::read(&out).unwrap()), golden(ADA), "{what} in {climate:?}");
        }
    }
}

#[test]
fn stdout_and_a_file_get_the_same_bytes() {
    let world = World::with_people();
    let piped = world.run(&["build-zip", "--user", GRACE, "-o", "-"]);
    assert_eq!(piped.code, Some(0), "{}", piped.stderr);
    assert_eq!(sha256(&piped.stdout), golden(GRACE));
    assert_eq!(piped.stdout, world.bundle(GRACE));
    // Without -o: a file of the usual name, here.
    world.agnes(&["build-zip", "--user", GRACE]);
    assert_eq!(fs::read(world.path("agnes-marketplace.zip")).unwrap(), piped.stdout);
}

#[test]
fn the_order_of_grants_and_syncs_does_not_show_in_the_bytes() {
    let world = World::with_examples();
    world.agnes(&["user", "add", GRACE]);
    for (group, resource) in [
        ("Everyone", "acme-tools/sql-helpers"),
        ("Z", "globex-skills/spreadsheet-skills"),
        ("A", "globex-skills/*"),
    ] {
        if group != "Everyone" {
            world.agnes(&["group", "add", group]);
            world.agnes(&["group", "join", group, GRACE]);
        }
        world.agnes(&["grant", group, resource]);
        world.agnes(&["marketplace", "sync", "--jobs", "2"]);
    }
    assert_eq!(sha256(&world.bundle(GRACE)), golden(GRACE));
}

#[test]
fn unzip_and_python_find_nothing_wrong_with_a_bundle() {
    if !have(["unzip", "python3"], "unzip_and_python_find_nothing_wrong_with_a_bundle") {
        return;
    }
    let world = World::with_people();
    for email in [ADA, GRACE] {
        let bundle = world.bundle(email);
        let path = world.path("bundle.zip");
        let unzip = world.command("unzip").arg("-tq").arg(&path).output().unwrap();
        assert!(unzip.status.success(), "{}", String::from_utf8_lossy(&unzip.stdout));
        let out = world.path(email);
        let unzip = world.command("unzip").arg("-q").arg(&path).arg("-d").arg(&out).output().unwrap();
        assert!(unzip.status.success(), "{}", String::from_utf8_lossy(&unzip.stderr));
        assert!(files(&out) == unzipped(&bundle), "{email}");
        let python = world.command("python3").arg("-c").arg(ASK_PYTHON).arg(&path).output().unwrap();
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
        let expected: Vec<_> = unzipped(&bundle)
            .into_iter()
            .map(|(name, (executable, contents))| {
                let mode = if executable { "0o100755" } else { "0o100644" };
                json!([name, mode, [1980, 1, 1, 0, 0, 0], contents.len(), sha256(&contents)])
            })
            .collect();
        // `unzipped` sorts by the names' bytes; so must the archive itself.
        let told: Vec<serde_json::Value> = serde_json::from_slice(&python.stdout).unwrap();
        assert_eq!(told, expected, "{email}");
    }
}

/// One line of facts for each file, in the archive's own order.
const ASK_PYTHON: &str = "
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as bundle:
    assert bundle.testzip() is None
    assert not bundle.comment
    assert not any(info.extra or info.comment or info.is_dir() for info in bundle.infolist())
    print(json.dumps([[info.filename, oct(info.external_attr >> 16), list(info.date_time), info.file_size,
                       hashlib.sha256(bundle.read(info)).hexdigest()] for info in bundle.infolist()]))
";

#[test]
fn nothing_changes_nothing() {
    let world = World::with_people();
    let (etag, bundle) = (world.etag(ADA), world.bundle(ADA));
    world.agnes(&["marketplace", "sync"]);
    world.agnes(&["user", "add", "eve@example.com"]);
    world.agnes(&["grant", "Engineering", "acme-tools/code-review"]);
    world.agnes(&["marketplace", "edit", "acme-tools", "--curator-name", "Somebody"]);
    assert_eq!((world.etag(ADA), world.bundle(ADA)), (etag, bundle));
}

#[test]
fn a_commit_that_touches_no_plugin_changes_nothing() {
    let (world, upstream) = one_plugin();
    let (etag, bundle) = (world.etag(ADA), world.bundle(ADA));
    upstream.write("CONTRIBUTING.md", "Be kind.\n").commit("Say how to contribute");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!((world.etag(ADA), world.bundle(ADA)), (etag, bundle));
}

#[test]
fn a_change_of_the_manifest_alone_changes_etag_and_bytes() {
    let (world, upstream) = one_plugin();
    let (etag, bundle) = (world.etag(ADA), world.bundle(ADA));
    upstream
        .catalog(&json!([{"name": "tool", "source": "./plugins/tool", "keywords": ["new"]}]))
        .commit("Add a keyword");
    world.agnes(&["marketplace", "sync"]);
    let new = world.bundle(ADA);
    assert_ne!(world.etag(ADA), etag);
    assert_ne!(new, bundle);
    assert_eq!(catalog(&new)["plugins"][0]["keywords"], json!(["new"]));
    // Back to what it was, back to the same bytes.
    upstream.catalog(&json!([{"name": "tool", "source": "./plugins/tool"}])).commit("Take it away again");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!((world.etag(ADA), world.bundle(ADA)), (etag, bundle));
}

#[test]
fn a_settings_change_that_shows_in_the_feed_changes_the_etag() {
    let (world, _upstream) = one_plugin();
    let mut etags = vec![world.etag(ADA)];
    world.agnes(&["marketplace", "edit", "up", "--name-prefix", "up-"]);
    etags.push(world.etag(ADA));
    assert_eq!(catalog(&world.bundle(ADA))["plugins"][0]["name"], "up-tool");
    world.agnes(&["marketplace", "edit", "up", "--versions", "upstream"]);
    etags.push(world.etag(ADA));
    assert_eq!(catalog(&world.bundle(ADA))["plugins"][0]["version"], "1.0.0");
    for (variable, value) in [
        ("NAME", "other"),
        ("DESCRIPTION", "Other"),
        ("OWNER_NAME", "Other"),
        ("OWNER_EMAIL", "o@example.com"),
    ] {
        let told = world
            .agnes_command(&["info", "--user", ADA, "--json"])
            .env(format!("AGNES_MARKETPLACE_{variable}"), value)
            .output()
            .unwrap();
        let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
        etags.push(told["etag"].as_str().unwrap().to_owned());
    }
    // And back to the beginning.
    world.agnes(&["marketplace", "edit", "up", "--name-prefix", "", "--versions", "content"]);
    assert_eq!(world.etag(ADA), etags[0]);
    let all = etags.len();
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), all, "two settings share an etag");
}

/// A marketplace `up` with one plugin `tool`, which ada has.
fn one_plugin() -> (World, crate::support::Upstream) {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["tool"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/*"]);
    (world, upstream)
}
