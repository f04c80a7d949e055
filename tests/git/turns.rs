//! What changes between one request of a client and its next.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::feed::{Feed, SKILL};
use crate::support::git::VERSIONS;
use crate::support::packets::{fetch, pack, says};
use crate::support::{ADA, GRACE};

fn text(what: &str) -> String {
    format!("---\nname: x\ndescription: {what}\n---\n\nDo it.\n")
}

/// A sync between `ls-refs` and `fetch`: the client gets what it was told of.
#[test]
fn a_clone_that_began_before_a_sync_is_finished() {
    let feed = Feed::new();
    for version in VERSIONS {
        let tip = feed.server.tip(&feed.ada);
        assert_eq!(feed.server.refs(&feed.ada, version).status, 200);
        let before =
            pack(&feed.server.upload_pack(&feed.ada, version, &fetch(version, &[&tip], &[]))).unwrap();
        for number in 0..3 {
            feed.change(SKILL, &text(&format!("{number} in {version}")));
            assert_ne!(feed.server.tip(&feed.ada), tip);
        }
        let after =
            pack(&feed.server.upload_pack(&feed.ada, version, &fetch(version, &[&tip], &[]))).unwrap();
        assert!(after == before, "v{version}");
        assert!(feed.world.objects_of_pack(&after).contains(&tip));
    }
}

/// The same with a revocation: what is not Ada's any more is not given to her, whatever she was told; nor
/// what is in it and nowhere else. What the two views share stays hers.
#[test]
fn a_clone_that_began_before_a_revocation_is_refused() {
    let feed = Feed::with(&["tools/x", "tools/y"]);
    let clone = feed.git().clone("clone", &[]);
    let tip = feed.world.look(&clone, &["rev-parse", "HEAD"]);
    let of = |path: &str| feed.world.look(&clone, &["rev-parse", &format!("HEAD:plugins/{path}")]);
    let (theirs, mine) = ([of("tools-y"), of("tools-y/noise.bin"), of("tools-y/skills")], of("tools-x"));
    let group = format!("group of {ADA}");
    feed.world.agnes(&["revoke", &group, "tools/y"]);
    for version in VERSIONS {
        for gone in theirs.iter().chain([&tip]) {
            let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &[gone], &[]));
            says(&answer, &format!("upload-pack: not our ref {gone}"));
        }
        let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &[&mine], &[]));
        assert!(feed.world.objects_of_pack(&pack(&answer).unwrap()).contains(&mine));
        // Who has the old one is sent the difference all the same: they were given it when it was theirs.
        let git = feed.git().speaking(version);
        let told = git.refused(&clone, &["fetch", "origin", &tip, "--refetch"]);
        assert!(told.contains(&format!("not our ref {tip}")), "{told}");
        git.run(&clone, &["fetch", "-q", "origin"]);
        git.sound(&clone);
    }
    // Granted again, it is the same commit, and hers.
    feed.world.agnes(&["grant", &group, "tools/y"]);
    assert_eq!(feed.server.tip(&feed.ada), tip);
    for version in VERSIONS {
        let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &[&tip], &[]));
        assert!(pack(&answer).is_some(), "{}", answer.text());
    }
}

/// The marketplace is removed, or the user is.
#[test]
fn what_is_removed_is_gone_at_once() {
    let feed = Feed::with(&["tools/x"]);
    let tip = feed.server.tip(&feed.ada);
    feed.world.agnes(&["marketplace", "remove", "tools"]);
    for version in VERSIONS {
        let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &[&tip], &[]));
        says(&answer, &format!("upload-pack: not our ref {tip}"));
    }
    let empty = feed.git().clone("empty", &[]);
    assert!(!empty.join("plugins").exists());
    feed.world.agnes(&["user", "remove", ADA]);
    assert_eq!(feed.server.refs(&feed.ada, 2).status, 401);
    assert_eq!(feed.server.upload_pack(&feed.ada, 2, &fetch(2, &[&tip], &[])).status, 401);
}

/// What one user was told is nothing that another may ask for, even when it was theirs too the moment before.
#[test]
fn what_one_was_told_another_was_not() {
    let feed = Feed::with(&["tools/x"]);
    feed.world.user(GRACE, &["tools/y"]);
    let grace = feed.world.bearer(GRACE);
    let (of_ada, of_grace) = (feed.server.tip(&feed.ada), feed.server.tip(&grace));
    for version in VERSIONS {
        for (bearer, tip) in [(&feed.ada, &of_grace), (&grace, &of_ada)] {
            let answer = feed.server.upload_pack(bearer, version, &fetch(version, &[tip], &[]));
            says(&answer, &format!("upload-pack: not our ref {tip}"));
        }
    }
}

/// Clones while the upstream changes and is synced without a pause: each of them is one of the views, whole.
#[test]
fn clones_beside_syncs_are_always_whole() {
    let feed = Feed::new();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (feed, done) = (&feed, &done);
        scope.spawn(move || {
            for number in 0..12 {
                feed.change(SKILL, &text(&number.to_string()));
            }
            done.store(true, Ordering::Relaxed);
        });
        for worker in 0..2_u8 {
            scope.spawn(move || {
                let git = feed.git().speaking(worker * 2);
                let kept = git.clone(&format!("kept {worker}"), &[]);
                while !done.load(Ordering::Relaxed) {
                    git.clone(&format!("new {worker}"), &["--depth=1"]);
                    git.run(&kept, &["fetch", "-q", "origin"]);
                    git.run(&kept, &["reset", "-q", "--hard", "FETCH_HEAD"]);
                    git.sound(&kept);
                }
            });
        }
    });
    feed.is_the_zip(&feed.git().clone("last", &[]));
    feed.server.had_no_trouble();
}
