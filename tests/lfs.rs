//! Plugins with files that git LFS keeps elsewhere: served with their contents, as a checkout has them where git-lfs is
//! installed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::field::Field;
use crate::support::lfs::{LfsServer, is_batch, pointer};
use crate::support::remotes::remote_url;
use crate::support::web::Reply;
use crate::support::{ADA, Upstream, World, files, find, unzipped};

const BIG: &[u8] = b"\0many bytes\r\nas they are\n";

fn notes(world: &World, name: &str) -> String {
    world.listed(name)["notes"].to_string()
}

/// What Ada has of a file of the marketplace `market`.
#[track_caller]
fn served(world: &World, path: &str) -> Vec<u8> {
    let path = format!("plugins/market-{path}");
    unzipped(&world.bundle(ADA)).remove(&path).unwrap_or_else(|| panic!("no {path}")).1
}

fn commit_of(world: &World) -> String {
    let shown = world.json(&["marketplace", "show", "market"]);
    shown["last_commit_sha"].as_str().unwrap().to_owned()
}

/// A marketplace on a web server, with two plugins, one of which has a file that git LFS keeps.
fn own() -> (World, LfsServer, Upstream, Field) {
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let upstream = ground.upstream("market");
    upstream.plugins(&["tool", "plain"]).track("*.bin");
    upstream.executable("plugins/tool/big.bin", lfs.put(BIG)).commit("Publish");
    let field = Field::new(&[&lfs.server]);
    let url = format!("{}/market/.git", lfs.server.url);
    field.world.agnes(&["marketplace", "add", &url, "--slug", "market"]);
    field.world.user(ADA, &["market/*"]);
    (ground, lfs, upstream, field)
}

/// A plugin on a web server that a marketplace of this machine lists, whole and a folder of it.
fn elsewhere() -> (World, LfsServer, Upstream, Field) {
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let upstream = ground.upstream("tool");
    upstream.track("*.bin").write("README.md", "a tool").write("inner/big.bin", lfs.put(BIG));
    upstream.write("other/more.bin", lfs.put(b"more")).commit("Publish");
    let field = Field::new(&[&lfs.server]);
    (ground, lfs, upstream, field)
}

fn entries(lfs: &LfsServer) -> Value {
    let url = format!("{}/tool/.git", lfs.server.url);
    json!([
        {"name": "whole", "source": {"source": "url", "url": url}},
        {"name": "inner", "source": {"source": "git-subdir", "url": url, "path": "inner"}},
    ])
}

#[test]
fn a_marketplace_is_served_with_what_git_lfs_keeps() {
    let (_ground, lfs, upstream, field) = own();
    let ran = field.sync();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let bundle = unzipped(&field.world.bundle(ADA));
    assert_eq!(bundle["plugins/market-tool/big.bin"], (true, BIG.to_vec()));
    assert_eq!(notes(&field.world, "tool"), "[]");
    assert_eq!((lfs.asked().len(), lfs.given().len()), (1, 1));
    assert_eq!(lfs.given()[0].header("x-lfs"), Some("yes"));
    // The upstream's commit is what people see, and where its plugins come from that are as they were committed.
    let head = upstream.git(&["rev-parse", "HEAD"]);
    assert_eq!(commit_of(&field.world), head);
    let commit = |name: &str| {
        let shown = field.world.json(&["plugin", "show", &format!("market/{name}")]);
        shown["origin"]["commit"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned()
    };
    assert_eq!(commit("plain"), head);
    assert_ne!(commit("tool"), head);

    // Nothing is new: nobody is asked.
    field.sync();
    assert_eq!(lfs.asked().len(), 1);
    // What is here is not fetched again, wherever it lies by now.
    upstream.git(&["mv", "plugins/tool/big.bin", "plugins/tool/moved.bin"]);
    upstream.write("plugins/tool/new.bin", lfs.put(b"new")).commit("Another");
    field.sync();
    assert_eq!(served(&field.world, "tool/moved.bin"), BIG);
    assert_eq!(served(&field.world, "tool/new.bin"), b"new");
    assert_eq!((lfs.asked().len(), lfs.given().len()), (2, 2));
    // A file that is one no more, and a pointer that nobody marked: both are what was committed.
    upstream.write(".gitattributes", "new.bin filter=lfs\n").commit("Less");
    field.sync();
    assert_eq!(served(&field.world, "tool/moved.bin"), pointer(BIG).into_bytes());
    assert_eq!(served(&field.world, "tool/new.bin"), b"new");
    assert_eq!(notes(&field.world, "tool"), "[]");
}

#[test]
fn a_plugin_that_lies_elsewhere_is_served_with_what_git_lfs_keeps() {
    let (_ground, lfs, upstream, field) = elsewhere();
    let ran = field.open(&entries(&lfs));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(served(&field.world, "whole/inner/big.bin"), BIG);
    assert_eq!(served(&field.world, "whole/other/more.bin"), b"more");
    assert_eq!(served(&field.world, "inner/big.bin"), BIG);
    assert_eq!((notes(&field.world, "whole"), notes(&field.world, "inner")), ("[]".into(), "[]".into()));
    let asked = lfs.asked().len();
    assert!(asked <= 2, "{asked}");
    field.sync();
    assert_eq!((lfs.asked().len(), lfs.given().len()), (asked, 2));

    // The same again from nothing is the same.
    let digest = |name: &str| field.listed(name)["digest"].clone();
    let before = [digest("whole"), digest("inner")];
    fs::remove_dir_all(field.world.data().join("marketplaces/store")).unwrap();
    field.sync();
    assert_eq!([digest("whole"), digest("inner")], before);
    assert_eq!(served(&field.world, "inner/big.bin"), BIG);

    // More packs than are left as they are, and what is served is still here; what was is not all kept.
    fs::write(field.world.data().join("agnes.toml"), "[sync]\nkeep_states = 1\n").unwrap();
    let given = lfs.given().len();
    for n in 0..12 {
        upstream.write("README.md", format!("{n}")).commit("More");
        assert_eq!(field.sync().code, Some(0));
    }
    assert_eq!(lfs.given().len(), given, "objects are fetched once");
    assert_eq!(served(&field.world, "whole/inner/big.bin"), BIG);
    let store = field.world.data().join("marketplaces/store");
    let repository = fs::read_dir(store).unwrap().next().unwrap().unwrap().path();
    let packs = fs::read_dir(repository.join("objects/pack")).unwrap().count();
    assert!(packs <= 2 * 9, "{packs} files of packs");
    let git =
        field.world.command("git").arg("-C").arg(&repository).args(["fsck", "--strict"]).output().unwrap();
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
}

#[test]
fn a_repository_on_this_machine_has_its_objects_beside_it() {
    let world = World::new();
    let upstream = world.upstream("market");
    upstream
        .plugins(&["tool"])
        .track("*.bin")
        .write("plugins/tool/big.bin", upstream.keep(BIG))
        .commit("Publish");
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);
    assert_eq!(served(&world, "tool/big.bin"), BIG);
    assert_eq!(notes(&world, "tool"), "[]");

    // What is not there is told, and may come later.
    upstream.write("plugins/tool/late.bin", pointer(b"late")).commit("Too early");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(served(&world, "tool/late.bin"), pointer(b"late").into_bytes());
    assert_eq!(served(&world, "tool/big.bin"), BIG);
    let told = notes(&world, "tool");
    assert!(
        told.contains("lfs-pointer") && told.contains("`late.bin` for one: its repository does not have it"),
        "{told}"
    );
    upstream.keep(b"late");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(served(&world, "tool/late.bin"), b"late");
    assert_eq!(notes(&world, "tool"), "[]");
    upstream.forget_objects();
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(served(&world, "tool/late.bin"), b"late");

    // So it is for what an operator's own configuration leads to this machine.
    let tool = world.remote("other");
    tool.track("*.bin").write("far.bin", tool.keep(b"far")).commit("Publish");
    let entry = json!([{"name": "other", "source": {"source": "url", "url": remote_url("other")}}]);
    upstream.catalog(&entry).commit("Another");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(served(&world, "other/far.bin"), b"far");
}

#[test]
fn a_server_that_is_away_takes_nothing_from_what_is_served() {
    let (_ground, lfs, upstream, field) = elsewhere();
    field.open(&entries(&lfs));
    let away = || lfs.instead(|request| is_batch(request).then(|| Reply::new(503, "text/plain", "later")));
    away();
    upstream.write("inner/big.bin", lfs.put(b"second")).write("inner/new.md", "new").commit("Second");
    let ran = field.sync();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(served(&field.world, "inner/big.bin"), BIG);
    assert!(!unzipped(&field.world.bundle(ADA)).contains_key("plugins/market-inner/new.md"));
    let told = notes(&field.world, "inner");
    assert!(told.contains("remote-failed") && told.contains("`big.bin`") && told.contains("503"), "{told}");
    // The commit is the same, and it is tried again.
    lfs.as_usual();
    field.sync();
    assert_eq!(served(&field.world, "inner/big.bin"), b"second");
    assert_eq!(notes(&field.world, "inner"), "[]");

    // What was never served with its contents is served with pointers until then.
    let (_ground, lfs, _upstream, field) = elsewhere();
    lfs.instead(|request| is_batch(request).then(|| Reply::new(503, "text/plain", "later")));
    field.open(&entries(&lfs));
    assert_eq!(served(&field.world, "inner/big.bin"), pointer(BIG).into_bytes());
    let told = notes(&field.world, "inner");
    assert!(told.contains("lfs-pointer") && told.contains("503"), "{told}");
    lfs.as_usual();
    field.sync();
    assert_eq!(served(&field.world, "inner/big.bin"), BIG);
}

#[test]
fn a_marketplace_stays_what_it_is_while_its_server_is_away() {
    let (_ground, lfs, upstream, field) = own();
    field.sync();
    let before = commit_of(&field.world);
    lfs.instead(|request| is_batch(request).then(|| Reply::new(502, "text/plain", "later")));
    upstream.write("plugins/tool/big.bin", lfs.put(b"second")).commit("Second");
    let ran = field.sync();
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("`big.bin`, which git LFS keeps") && ran.stderr.contains("502"), "{ran:?}");
    assert_eq!((served(&field.world, "tool/big.bin"), commit_of(&field.world)), (BIG.to_vec(), before));
    // Another plugin's new pointer is no reason either: a marketplace is at one commit.
    lfs.as_usual();
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(served(&field.world, "tool/big.bin"), b"second");

    // Lost with the disk, it comes again.
    fs::remove_dir_all(field.world.data().join("marketplaces/market")).unwrap();
    assert_eq!(field.sync().code, Some(0));
    fs::remove_dir_all(field.world.data().join("marketplaces/zip-cache")).unwrap();
    assert_eq!(served(&field.world, "tool/big.bin"), b"second");
    let doctor = field.run(&["doctor", "--json"]).text();
    assert!(!doctor.contains("repository-damaged"), "{doctor}");
}

#[test]
fn what_a_server_does_not_have_may_come_later() {
    let (_ground, lfs, upstream, field) = own();
    upstream.write("plugins/plain/late.bin", pointer(b"late")).commit("Too early");
    field.sync();
    let told = notes(&field.world, "plain");
    assert!(told.contains("lfs-pointer") && told.contains("its server does not have it"), "{told}");
    assert_eq!(served(&field.world, "plain/late.bin"), pointer(b"late").into_bytes());
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);
    let (commit, tool) = (commit_of(&field.world), field.listed("tool")["digest"].clone());
    field.sync();
    assert_eq!(commit_of(&field.world), commit);
    lfs.put(b"late");
    field.sync();
    assert_eq!(served(&field.world, "plain/late.bin"), b"late");
    assert_eq!((notes(&field.world, "plain"), commit_of(&field.world)), ("[]".into(), commit));
    assert_eq!(field.listed("tool")["digest"], tool);
    let asked = lfs.asked().len();
    field.sync();
    assert_eq!(lfs.asked().len(), asked, "there is nothing left to ask for");
}

#[test]
fn holds_and_rollbacks_serve_what_was_served() {
    let (_ground, lfs, upstream, field) = own();
    field.sync();
    let first = commit_of(&field.world);
    field.world.agnes(&["marketplace", "edit", "market", "--hold"]);
    let second = upstream.write("plugins/tool/big.bin", lfs.put(b"second")).commit("Second");
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);
    let diff = field.world.agnes(&["marketplace", "diff", "market"]);
    assert!(diff.contains("big.bin") && !diff.contains("git-lfs.github.com"), "{diff}");
    field.world.agnes(&["marketplace", "approve", "market"]);
    assert_eq!((served(&field.world, "tool/big.bin"), commit_of(&field.world)), (b"second".to_vec(), second));
    // Nobody is asked for it.
    let seen = lfs.server.seen().len();
    field.world.agnes(&["marketplace", "rollback", "market", &first]);
    fs::remove_dir_all(field.world.data().join("marketplaces/zip-cache")).unwrap();
    assert_eq!((served(&field.world, "tool/big.bin"), commit_of(&field.world)), (BIG.to_vec(), first));
    assert_eq!(lfs.server.seen().len(), seen);
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);

    // What was served is made again if it is lost while it is on hold.
    fs::remove_dir_all(field.world.data().join("marketplaces/market")).unwrap();
    fs::remove_dir_all(field.world.data().join("marketplaces/zip-cache")).unwrap();
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);
}

#[test]
fn a_bundle_with_objects_is_verified() {
    let holds = |world: &World| {
        let (zip, from) = (world.path("v.zip"), world.path("v.json"));
        let (zip, from) = (zip.to_str().unwrap(), from.to_str().unwrap());
        world.agnes(&["build-zip", "--user", ADA, "-o", zip, "--provenance", from]);
        let told = world.json(&["verify", zip, "--provenance", from]);
        let plugins = told["plugins"].as_array().unwrap();
        assert!(plugins.iter().all(|plugin| plugin["faults"] == json!([])), "{told:#}");
        assert!(plugins.iter().all(|plugin| plugin["upstream_checked"] == true), "{told:#}");
    };
    let (_ground, _lfs, upstream, field) = own();
    field.sync();
    holds(&field.world);
    // A clone has the pointers alone: of that plugin nothing can be said then, and nothing is wrong.
    let (zip, path) = (field.world.path("v.zip"), field.world.path("v.json"));
    let from: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let of = |told: &Value, name: &str| {
        let plugins = told["plugins"].as_array().unwrap();
        plugins.iter().find(|plugin| plugin["original_name"] == *name).unwrap().clone()
    };
    let tool = of(&from, "tool");
    assert_eq!(tool["made_of"], *commit_of(&field.world));
    assert_eq!(of(&from, "plain").get("made_of"), None);
    let named = format!("{}={}", tool["source"]["url"].as_str().unwrap(), upstream.folder().display());
    let zip = ["verify", zip.to_str().unwrap(), "--provenance", path.to_str().unwrap(), "--source", &named];
    let told = field.world.json(&zip);
    for (name, checked) in [("tool", false), ("plain", true)] {
        let plugin = of(&told, name);
        assert_eq!(
            (&plugin["faults"], &plugin["upstream_checked"]),
            (&json!([]), &json!(checked)),
            "{told:#}"
        );
    }
    let (_ground, lfs, _upstream, field) = elsewhere();
    field.open(&entries(&lfs));
    holds(&field.world);
}

#[test]
fn it_can_be_left_out_by_a_setting() {
    let (_ground, lfs, _upstream, field) = own();
    let without = Field { environment: field.environment.clone(), ..field }.with("AGNES_SYNC_LFS", "false");
    without.sync();
    assert_eq!(served(&without.world, "tool/big.bin"), pointer(BIG).into_bytes());
    assert!(notes(&without.world, "tool").contains("lfs-pointer"));
    assert!(lfs.asked().is_empty());
    // Changed, it counts at the next sync.
    let field = without.with("AGNES_SYNC_LFS", "true");
    field.sync();
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);
}

#[test]
fn objects_are_asked_for_by_the_hundred() {
    let (_ground, lfs, upstream, field) = elsewhere();
    for n in 0..205 {
        upstream.write(&format!("inner/{n}.bin"), lfs.put(format!("object {n}").as_bytes()));
    }
    upstream.commit("Many");
    let url = format!("{}/tool/.git", lfs.server.url);
    let source = json!({"source": "git-subdir", "url": url, "path": "inner"});
    field.open(&json!([{"name": "inner", "source": source}]));
    assert_eq!(served(&field.world, "inner/204.bin"), b"object 204");
    assert_eq!(notes(&field.world, "inner"), "[]");
    let counts = lfs.asked().into_iter().map(|request| {
        let question: Value = serde_json::from_slice(&request.body).unwrap();
        question["objects"].as_array().unwrap().len()
    });
    assert_eq!(counts.collect::<Vec<_>>(), [100, 100, 6]);
}

/// Of a server that can give a part, one folder is all that is fetched; what git LFS keeps of it is, too.
#[test]
fn a_folder_that_is_fetched_alone_is_served_with_its_objects() {
    let (_ground, lfs, upstream, field) = elsewhere();
    upstream.git(&["config", "uploadpack.allowFilter", "true"]);
    let other = LfsServer::of(&field.world.path("nowhere"));
    let field = Field::new(&[&lfs.server, &other.server]);
    upstream.write(".lfsconfig", format!("[lfs]\n\turl = {}/info/lfs\n", other.server.url));
    upstream.write("inner/big.bin", other.put(b"told where")).commit("Told where");
    upstream.git(&["tag", "v1"]);
    let url = format!("{}/tool/.git", lfs.server.url);
    let folder = |name: &str| json!({"name": name, "source": {"source": "git-subdir", "url": url, "path": name, "ref": "v1"}});
    field.open(&json!([folder("inner")]));
    assert_eq!(served(&field.world, "inner/big.bin"), b"told where");
    assert_eq!(notes(&field.world, "inner"), "[]");
    assert_eq!((lfs.asked().len(), other.asked().len()), (0, 1));
    // Another folder of it beside that one is no other commit, and nothing is asked for twice.
    other.put(b"more");
    field.market.catalog(&json!([folder("inner"), folder("other")])).commit("Both");
    field.sync();
    assert_eq!(served(&field.world, "inner/big.bin"), b"told where");
    assert_eq!(served(&field.world, "other/more.bin"), b"more");
    assert_eq!((notes(&field.world, "inner"), notes(&field.world, "other")), ("[]".into(), "[]".into()));
    assert_eq!(other.given().len(), 2);

    // It is kept, and so is what it was made of.
    fs::write(field.world.data().join("agnes.toml"), "[sync]\nkeep_states = 1\n").unwrap();
    let branch =
        |name: &str| json!({"name": name, "source": {"source": "git-subdir", "url": url, "path": name}});
    field.market.catalog(&json!([branch("inner"), branch("other")])).commit("Follow");
    for n in 0..12 {
        upstream.write("inner/README.md", format!("{n}")).commit("More");
        assert_eq!(field.sync().code, Some(0));
    }
    fs::remove_dir_all(field.world.data().join("marketplaces/zip-cache")).unwrap();
    assert_eq!(served(&field.world, "inner/big.bin"), b"told where");
    assert_eq!(served(&field.world, "inner/README.md"), b"11");
    assert_eq!((other.given().len(), notes(&field.world, "inner")), (2, "[]".into()));
    let seen = lfs.server.seen().len();
    field.sync();
    let asked = lfs.server.seen().len() - seen;
    assert!(asked <= 4, "a sync with nothing new asks what is new, and for no folder again: {asked}");
}

/// Whichever else is wanted of it, whether its server can give a part or not, and whatever was here before: a folder
/// with its objects is one commit.
#[test]
fn a_folder_with_its_objects_is_the_same_however_it_came() {
    let commit_of = |filters: bool, names: &[&str]| {
        let (_ground, lfs, upstream, field) = elsewhere();
        if filters {
            upstream.git(&["config", "uploadpack.allowFilter", "true"]);
        }
        let url = format!("{}/tool/.git", lfs.server.url);
        let entry = |name: &&str| match *name {
            "whole" => json!({"name": "whole", "source": {"source": "url", "url": url}}),
            name => json!({"name": name, "source": {"source": "git-subdir", "url": url, "path": name}}),
        };
        field.open(&Value::Array(names.iter().map(entry).collect()));
        assert_eq!(served(&field.world, "inner/big.bin"), BIG);
        let shown = field.world.json(&["plugin", "show", "market/inner"]);
        shown["origin"]["commit"].as_str().unwrap().to_owned()
    };
    let commit = commit_of(true, &["inner"]);
    for (filters, names) in [
        (false, &["inner"][..]),
        (true, &["inner", "other"]),
        (true, &["inner", "whole"]),
        (false, &["whole", "inner"]),
    ] {
        assert_eq!(commit_of(filters, names), commit, "{filters} {names:?}");
    }
}

/// What is pinned to one commit, on hold, and lost: it is the same again, and nothing waits.
#[test]
fn a_folder_that_was_lost_on_hold_is_the_same_again() {
    let (_ground, lfs, upstream, field) = elsewhere();
    upstream.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("{}/tool/.git", lfs.server.url);
    let folder =
        |name: &str| json!({"name": name, "source": {"source": "git-subdir", "url": url, "path": name}});
    field.open(&json!([folder("inner")]));
    field.market.catalog(&json!([folder("inner"), folder("other")])).commit("Both");
    field.sync();
    assert_eq!(served(&field.world, "inner/big.bin"), BIG);
    field.world.agnes(&["marketplace", "edit", "market", "--hold"]);
    fs::remove_dir_all(field.world.data().join("marketplaces/store")).unwrap();
    fs::remove_dir_all(field.world.data().join("marketplaces/zip-cache")).unwrap();
    upstream.git(&["config", "uploadpack.allowFilter", "false"]);
    let ran = field.sync();
    assert!(ran.code == Some(0) && !ran.text().contains("approve"), "{ran:?}");
    assert_eq!(served(&field.world, "inner/big.bin"), BIG);
    let states = field.world.json(&["marketplace", "history", "market"]);
    assert_eq!(states.as_array().unwrap().len(), 2, "{states:#}");
}

/// The same repository by another road: what could not be had by the one may be had by the other.
#[test]
fn another_road_to_the_same_repository_is_tried() {
    let (_ground, lfs, upstream, field) = own();
    // An ssh that leads there, whatever it is asked for. Its own path has no space in it.
    let (folder, there) = (tempfile::tempdir().unwrap(), upstream.folder().display().to_string());
    let ssh = folder.path().join("ssh.sh");
    fs::write(&ssh, format!("#!/bin/sh\nexec git-upload-pack '{there}'\n")).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let config = field.world.path(".gitconfig");
    let text = fs::read_to_string(&config).unwrap_or_default()
        + &format!("[core]\n\tsshCommand = {}\n", ssh.display());
    fs::write(&config, text).unwrap();
    let edit = |url: &str| field.world.agnes(&["marketplace", "edit", "market", "--url", url]);
    edit("ssh://git@127.0.0.1/market.git");
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(served(&field.world, "tool/big.bin"), pointer(BIG).into_bytes());
    assert!(notes(&field.world, "tool").contains("over ssh"), "{}", notes(&field.world, "tool"));
    edit(&format!("{}/market/.git", lfs.server.url));
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);
}

/// A pointer on a disk that rots, when the next ones are looked for.
#[test]
fn a_pointer_that_is_damaged_is_fetched_anew() {
    let (_ground, lfs, upstream, field) = own();
    field.sync();
    let blob = upstream.git(&["rev-parse", "HEAD:plugins/tool/big.bin"]);
    let packs = field.world.data().join("marketplaces/market/objects/pack");
    for index in fs::read_dir(packs).unwrap().map(|entry| entry.unwrap().path()) {
        if index.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        let shown = field.world.command("git").args(["verify-pack", "-v"]).arg(&index).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let Some(line) = shown.lines().find(|line| line.starts_with(&blob)) else { continue };
        let numbers: Vec<usize> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let (pack, end) = (index.with_extension("pack"), numbers[2] + numbers[1]);
        let mut bytes = fs::read(&pack).unwrap();
        bytes[end - 20..end].fill(0);
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
    upstream.write("plugins/tool/more.bin", lfs.put(b"more")).commit("More");
    let ran = field.sync();
    assert!(ran.code != Some(0) && ran.stderr.contains("pointers cannot be read"), "{ran:?}");
    let ran = field.sync();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(served(&field.world, "tool/big.bin"), BIG);
    assert_eq!(served(&field.world, "tool/more.bin"), b"more");
}

#[test]
fn a_tag_did_not_move_because_an_object_came() {
    let (_ground, lfs, upstream, field) = elsewhere();
    upstream.write("inner/late.bin", pointer(b"late")).commit("Release");
    upstream.git(&["tag", "v1"]);
    let url = format!("{}/tool/.git", lfs.server.url);
    field.open(&json!([{"name": "inner", "source": {"source": "git-subdir", "url": url, "path": "inner", "ref": "v1"}}]));
    assert!(notes(&field.world, "inner").contains("lfs-pointer"));
    lfs.put(b"late");
    field.sync();
    assert_eq!(served(&field.world, "inner/late.bin"), b"late");
    assert_eq!(notes(&field.world, "inner"), "[]");
}

/// The oracle: what a checkout has where git-lfs is installed.
#[test]
fn what_is_served_is_what_git_lfs_checks_out() {
    if find("git-lfs", "what_is_served_is_what_git_lfs_checks_out").is_none() {
        return;
    }
    let world = World::new();
    let upstream = world.upstream("market");
    let git = |folder: &Path, args: &[&str]| {
        let output = world.command("git").arg("-C").arg(folder).args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(world.home(), &["lfs", "install", "--skip-repo"]);
    upstream.plugins(&["tool"]);
    upstream.write(
        ".gitattributes",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n*.txt filter=lfs eol=crlf\n*.bat eol=crlf\n[attr]big filter=lfs\n*.dat big\n",
    );
    upstream.write("plugins/tool/inner/.gitattributes", "raw.bin !filter\n*.one filter=lfs -text\n");
    for (path, contents) in [
        ("plugins/tool/big.bin", BIG),
        ("plugins/tool/a b.bin", b"spaces"),
        ("plugins/tool/empty.bin", b""),
        ("plugins/tool/text.txt", b"one\ntwo\n"),
        ("plugins/tool/run.bat", b"one\ntwo\n"),
        ("plugins/tool/some.dat", b"by a word"),
        ("plugins/tool/inner/raw.bin", b"as it is"),
        ("plugins/tool/inner/x.one", b"deeper"),
        ("shared/lib.bin", b"shared"),
    ] {
        upstream.write(path, contents);
    }
    upstream
        .executable("plugins/tool/run.bin", "#!/bin/sh\n")
        .link("plugins/tool/lib.bin", "../../shared/lib.bin");
    upstream.commit("Publish");
    // A pointer that nobody marked stays one.
    upstream.write("plugins/tool/pointer.md", pointer(BIG)).commit("A pointer to read");
    let pointers = upstream.git(&["grep", "-l", "git-lfs.github.com", "HEAD"]);
    assert!(pointers.contains("big.bin") && pointers.contains("lib.bin"), "git-lfs was at work: {pointers}");
    world.register("market", &upstream);
    world.user(ADA, &["market/*"]);

    let clone = world.path("clone");
    git(world.home(), &["clone", "-q", &upstream.url(), clone.to_str().unwrap()]);
    let ours = files(&world.unpacked(ADA, "ours").join("plugins/market-tool"));
    let mut seen = 0;
    for (path, (executable, bytes)) in &ours {
        let there = clone.join("plugins/tool").join(path);
        if path != ".claude-plugin/plugin.json" {
            assert_eq!(
                String::from_utf8_lossy(bytes),
                String::from_utf8_lossy(&fs::read(&there).unwrap()),
                "{path}"
            );
            seen += 1;
        }
        let mode = fs::metadata(&there).unwrap().permissions().mode();
        assert_eq!(mode & 0o111 != 0, *executable, "{path}");
    }
    assert!(seen >= 12, "{seen}");
    assert_eq!(notes(&world, "tool"), "[]");
}
