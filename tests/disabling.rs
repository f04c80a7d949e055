//! A plugin that is taken out for everybody: what a running server says from the next request on, by each of
//! its doors, also to those who have it already.

use crate::support::feed::Feed;
use crate::support::git::VERSIONS;
use crate::support::packets::{fetch, says};
use crate::support::{ADA, GRACE, World, zip_names};

/// Ada has the plugin in a clone, and knows the ids of everything in it; a lazy clone of hers is still without
/// the files. Then it is disabled. Nothing of it comes any more, by no door and by no id.
#[test]
fn from_the_next_request_on_nobody_gets_it_by_any_door() {
    let feed = Feed::new();
    let get = |path: &str| feed.server.get(path, &[("authorization", &feed.ada)]);
    let before = get("/marketplace.zip");
    let tag = before.header("etag").unwrap();
    assert_eq!(get("/marketplace/plugins/tools-x.zip").status, 200);
    let clone = feed.git().clone("before", &[]);
    let lazy = feed.git().clone("lazy", &["--filter=blob:none", "--no-checkout"]);
    let of = |what: &str| feed.world.look(&clone, &["rev-parse", what]);
    let secrets = [
        ("commit", of("HEAD")),
        ("root", of("HEAD^{tree}")),
        ("folder", of("HEAD:plugins/tools-x")),
        ("skill", of("HEAD:plugins/tools-x/skills/x/SKILL.md")),
        ("script", of("HEAD:plugins/tools-x/hooks/run.sh")),
        ("manifest", of("HEAD:plugins/tools-x/.claude-plugin/plugin.json")),
    ];

    feed.world.agnes(&["plugin", "disable", "tools/x", "--reason", "It phones home"]);
    assert!(feed.server.log().contains("/plugins/x/disable"), "it went through the running server");

    let after = feed.server.get("/marketplace.zip", &[("authorization", &feed.ada), ("if-none-match", tag)]);
    assert_eq!(after.status, 200, "what she has is not what she gets");
    let names = zip_names(&after.body);
    assert!(names.iter().any(|name| name.starts_with("plugins/tools-y/")));
    assert!(!names.iter().any(|name| name.starts_with("plugins/tools-x/")), "{names:?}");
    assert_eq!(get("/marketplace/plugins/tools-x.zip").status, 404);
    assert_eq!(get("/marketplace/plugins/tools-y.zip").status, 200);
    let hosted = get("/marketplace.json").text();
    assert!(hosted.contains("tools-y") && !hosted.contains("tools-x"), "{hosted}");
    let left = get("/marketplace/info").json()["left_out"].clone();
    let told = "an administrator disabled it for everybody: It phones home";
    assert_eq!((left[0]["code"].as_str(), left[0]["reason"].as_str()), (Some("disabled"), Some(told)));

    let now = feed.server.tip(&feed.ada);
    for version in VERSIONS {
        for (what, id) in &secrets {
            for wants in [&[id.as_str()][..], &[now.as_str(), id], &[id, &now]] {
                let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, wants, &[]));
                says(&answer, &format!("upload-pack: not our ref {id}"));
                assert!(!answer.body.windows(4).any(|four| four == b"PACK"), "v{version} {what}");
            }
        }
    }
    let refused = feed.git().refused(&lazy, &["cat-file", "-p", &secrets[4].1]);
    assert!(refused.contains("not our ref"), "{refused}");
    let fresh = feed.git().clone("after", &[]);
    feed.is_the_zip(&fresh);
    feed.git().run(&clone, &["fetch", "-q", "origin", "HEAD"]);
    assert_eq!(feed.world.look(&clone, &["rev-parse", "FETCH_HEAD"]), now);

    feed.world.agnes(&["plugin", "enable", "tools/x"]);
    let again = get("/marketplace.zip");
    assert_eq!(again.header("etag"), Some(tag));
    assert!(again.body == before.body);
    feed.git().run(&lazy, &["cat-file", "-p", &secrets[4].1]);
}

/// The curator takes the plugin out of the list, and puts it back with something else in it; the server is
/// started anew in between.
#[test]
fn no_sync_and_no_restart_brings_it_back() {
    let Feed { server, upstream, world, .. } = Feed::new();
    world.user(GRACE, &["tools/x"]);
    world.agnes(&["plugin", "disable", "tools/x"]);
    let nobody_has_it = |world: &World| {
        for email in [ADA, GRACE] {
            let names = zip_names(&world.bundle(email));
            assert!(!names.iter().any(|name| name.starts_with("plugins/tools-x/")), "{email}: {names:?}");
        }
    };
    nobody_has_it(&world);
    upstream.plugins(&["y"]).commit("Without x");
    world.agnes(&["marketplace", "sync"]);
    nobody_has_it(&world);
    let doctor = world.agnes(&["doctor"]);
    assert!(doctor.contains("`tools/x` is disabled, and no plugin at present"), "{doctor}");
    assert_eq!(server.stop(), Some(0));
    upstream.plugins(&["x", "y"]).write("plugins/x/more.txt", "More.\n").commit("With x");
    world.agnes(&["marketplace", "sync"]);
    nobody_has_it(&world);
    let server = world.serve(&[]);
    nobody_has_it(&world);
    let listed = world.json(&["plugin", "list"]);
    let x = listed.as_array().unwrap().iter().find(|one| one["name"] == "x").unwrap().clone();
    assert_eq!((x["served"].as_bool(), x["disabled"]["by"].as_str()), (Some(false), Some("tester")));
    assert!(world.agnes(&["audit", "--what", "plugin"]).contains("plugin.disable"));
    drop(server);
}
