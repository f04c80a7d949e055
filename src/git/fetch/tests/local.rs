//! Fetches over `file://`: what they bring, and what they say when they cannot.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::domain::repository::tree::{Kind, Objects};
use crate::domain::watch::{Phase, Unwatched, Watch};
use crate::git::fixture::World;
use crate::git::{FetchError, FetchOptions, Pin, Upstream, fetch};

fn branch(name: &str) -> Pin {
    Pin::Branch(name.into())
}

fn reference(name: &str) -> Pin {
    Pin::Ref(name.into())
}

#[test]
fn a_first_fetch_brings_the_default_branch() {
    let world = World::new();
    world.write("run.sh", "#!/bin/sh\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(world.upstream().join("run.sh"), executable).unwrap();
    std::os::unix::fs::symlink("a.txt", world.upstream().join("link")).unwrap();
    let tip = world.commit("second");

    let fetched = world.fetch(&Pin::Default).unwrap();
    assert_eq!((fetched.commit, fetched.committed_at, fetched.received), (tip, 1_700_000_001, true));
    assert_eq!(fetched.tree, world.id("HEAD^{tree}"));
    world.fsck();
    world.same_as_upstream(&tip);
    let kinds: Vec<_> =
        world.reader().tree(&fetched.tree).unwrap().into_iter().map(|e| (e.name, e.kind)).collect();
    let expected: [(&[u8], Kind); 4] = [
        (b"a.txt", Kind::File),
        (b"folder", Kind::Tree),
        (b"link", Kind::Symlink),
        (b"run.sh", Kind::Executable),
    ];
    assert_eq!(kinds, expected.map(|(name, kind)| (name.to_vec(), kind)));
    // Depth 1: the parent is not here.
    assert!(!world.reader().has(&world.id("HEAD~")));
}

#[test]
fn nothing_new_receives_nothing() {
    let world = World::new();
    let first = world.fetch(&Pin::Default).unwrap();
    let again = world.fetch(&Pin::Default).unwrap();
    assert!(first.received && !again.received);
    assert_eq!(
        (first.commit, first.tree, first.committed_at),
        (again.commit, again.tree, again.committed_at)
    );
    assert_eq!(world.packs(), 1);
}

#[test]
fn a_change_brings_only_what_changed_and_keeps_what_was() {
    let world = World::new();
    world.write(
        "big.bin",
        (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>(),
    );
    let old = world.commit("big");
    world.fetch(&Pin::Default).unwrap();
    let before = crate::git::fixture::all_bytes(&world.repo().join("objects")).len();

    world.write("folder/b.txt", "changed\n");
    let new = world.commit("small");
    assert_eq!(world.fetch(&Pin::Default).unwrap().commit, new);
    let grown = crate::git::fixture::all_bytes(&world.repo().join("objects")).len() - before;
    assert!(grown < 20_000, "{grown} bytes for a change of one line");
    world.fsck();
    world.same_as_upstream(&old);
    world.same_as_upstream(&new);
}

#[test]
fn a_rewritten_history_is_followed() {
    let world = World::new();
    let old = world.fetch(&Pin::Default).unwrap().commit;
    world.write("a.txt", "rewritten\n");
    world.up(&["commit", "-q", "-a", "--amend", "-m", "other"]);
    let new = world.fetch(&Pin::Default).unwrap();
    assert!(new.received && new.commit == world.id("HEAD") && new.commit != old);
    world.fsck();

    // Unrelated altogether.
    world.up(&["checkout", "-q", "--orphan", "fresh"]);
    world.commit("root");
    world.up(&["branch", "-M", "fresh", "main"]);
    assert_eq!(world.fetch(&branch("main")).unwrap().commit, world.id("HEAD"));
    world.fsck();

    // And back to what was here before.
    world.up(&["reset", "-q", "--hard", &old.to_string()]);
    let back = world.fetch(&Pin::Default).unwrap();
    assert_eq!((back.commit, back.received), (old, false));
}

#[test]
fn pins_are_followed() {
    let world = World::new();
    let first = world.id("HEAD");
    world.up(&["tag", "light"]);
    world.up(&["tag", "-a", "-m", "annotated", "v1"]);
    world.up(&["tag", "-a", "-m", "a tag of a tag", "v1-again", "v1"]);
    world.up(&["branch", "release/1"]);
    world.write("a.txt", "two\n");
    let second = world.commit("second");

    assert_eq!(world.fetch(&branch("main")).unwrap().commit, second);
    assert_eq!(world.fetch(&branch("release/1")).unwrap().commit, first);
    for tag in ["light", "v1", "v1-again"] {
        assert_eq!(world.fetch(&reference(tag)).unwrap().commit, first, "{tag}");
        fs::remove_dir_all(world.repo()).unwrap();
        let fetched = world.fetch(&reference(tag)).unwrap();
        assert_eq!((fetched.commit, fetched.received), (first, true), "{tag}");
        assert!(!world.fetch(&reference(tag)).unwrap().received);
        world.fsck();
    }
    // A commit that no ref points to directly.
    world.write("a.txt", "three\n");
    world.commit("third");
    let pin = reference(&second.to_string());
    assert!(world.fetch(&pin).unwrap().received);
    // It is here now, so the upstream is not needed any more.
    fs::rename(world.upstream(), world.folder.path().join("gone")).unwrap();
    let fetched = world.fetch(&pin).unwrap();
    assert_eq!((fetched.commit, fetched.received), (second, false));
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let world = World::new();
    world.up(&["branch", "other"]);
    world.up(&["tag", "v1"]);
    world.up(&["tag", "tree", "HEAD^{tree}"]);
    let error = world.fetch(&branch("mian")).unwrap_err();
    assert_eq!(error.to_string(), "there is no branch `mian`; branches are `main`, `other`");
    // A prefix of a name is not the name.
    assert!(matches!(world.fetch(&branch("mai")), Err(FetchError::BranchMissing { .. })));
    let error = world.fetch(&reference("v2")).unwrap_err();
    assert_eq!(error.to_string(), "there is no tag or commit `v2`; tags are `tree`, `v1`");
    let nowhere = "0123456789012345678901234567890123456789";
    let error = world.fetch(&reference(nowhere)).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no tag or commit `{nowhere}`"));
    assert!(matches!(world.fetch(&reference("tree")), Err(FetchError::NotACommit { .. })));

    let none = World::empty();
    assert!(matches!(none.fetch(&Pin::Default), Err(FetchError::RepositoryEmpty { .. })));
    assert!(matches!(none.fetch(&branch("main")), Err(FetchError::RepositoryEmpty { .. })));
    world.up(&["symbolic-ref", "HEAD", "refs/heads/gone"]);
    let error = world.fetch(&Pin::Default).unwrap_err();
    assert_eq!(error.to_string(), "there is no branch `gone`; branches are `main`, `other`");
}

#[test]
fn addresses_that_lead_nowhere_say_so() {
    let world = World::new();
    let fetch_from = |url: &str| {
        fetch(
            &world.repo(),
            &Upstream { url, pin: &Pin::Default, token: None },
            &FetchOptions::default(),
            &Unwatched,
        )
        .unwrap_err()
    };
    assert!(matches!(fetch_from("file:///nowhere/at/all"), FetchError::NotFound { .. }));
    assert!(matches!(fetch_from("/nowhere/at/all"), FetchError::NotFound { .. }));
    let plain = world.folder.path().join("plain");
    fs::create_dir(&plain).unwrap();
    assert!(matches!(fetch_from(plain.to_str().unwrap()), FetchError::NotFound { .. }));
    let sha256 = world.folder.path().join("sha256");
    world.git(&["init", "-q", "--bare", "--object-format=sha256", sha256.to_str().unwrap()]);
    let error = fetch_from(sha256.to_str().unwrap());
    assert!(matches!(&error, FetchError::ObjectFormat { format, .. } if format == "sha256"), "{error}");
}

#[test]
fn plain_paths_and_bare_upstreams_work() {
    let world = World::new();
    let bare = world.folder.path().join("bare dir.git");
    world.git(&["clone", "-q", "--bare", world.upstream().to_str().unwrap(), bare.to_str().unwrap()]);
    let url = bare.to_str().unwrap();
    let upstream = Upstream { url, pin: &Pin::Default, token: None };
    let fetched = fetch(&world.repo(), &upstream, &FetchOptions::default(), &Unwatched).unwrap();
    assert_eq!(fetched.commit, world.id("HEAD"));
}

/// Cancels when it has seen so many reports, and remembers what it saw.
#[derive(Default)]
struct Impatient {
    after: usize,
    seen: AtomicUsize,
    asked: AtomicUsize,
    received: AtomicBool,
}

impl Watch for Impatient {
    fn progress(&self, phase: Phase, _: u64, _: Option<u64>) {
        self.seen.fetch_add(1, Ordering::Relaxed);
        self.received.fetch_or(phase != Phase::Connecting, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) >= self.after
    }
}

#[test]
fn a_cancelled_fetch_changes_nothing_and_can_be_repeated() {
    let world = World::new();
    let old = world.fetch(&Pin::Default).unwrap().commit;
    for n in 0..300 {
        world.write(&format!("many/{n}.txt"), format!("{n}\n").repeat(200));
    }
    let new = world.commit("many");
    let url = world.url();
    let mut cancelled = 0;
    for after in [0, 1, 2, 3, 5, 8, 13, 21] {
        let watch = Impatient { after, ..Impatient::default() };
        let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
        match fetch(&world.repo(), &upstream, &FetchOptions::default(), &watch) {
            Err(error) => {
                assert_eq!(error, FetchError::Cancelled);
                cancelled += 1;
                world.same_as_upstream(&old);
                let litter: Vec<_> = fs::read_dir(world.repo().join("objects")).unwrap().flatten().collect();
                assert_eq!(litter.len(), 1, "only objects/pack is left: {litter:?}");
            }
            Ok(fetched) => assert_eq!(fetched.commit, new),
        }
    }
    assert!(cancelled > 1);
    assert_eq!(world.fetch(&Pin::Default).unwrap().commit, new);
    world.fsck();
}

#[test]
fn what_a_killed_process_left_behind_is_in_nobodys_way() {
    let world = World::new();
    world.fetch(&Pin::Default).unwrap();
    let repo = world.repo();
    for file in [
        "shallow.lock",
        "HEAD.lock",
        "refs/agnes/x.lock",
        "objects/pack/tmp_pack_1",
        "objects/pack/pack-1.pack",
        "objects/pack/.tmpX",
        ".tmpY",
    ] {
        fs::write(repo.join(file), b"half").unwrap();
    }
    fs::create_dir(repo.join("objects/incoming-old")).unwrap();
    fs::write(repo.join("objects/incoming-old/.tmp1"), b"half").unwrap();

    world.write("a.txt", "new\n");
    let tip = world.commit("new");
    assert_eq!(world.fetch(&Pin::Default).unwrap().commit, tip);
    world.fsck();
    let left = String::from_utf8_lossy(&crate::git::fixture::all_bytes(&repo)).into_owned();
    assert!(!left.contains("half") && !left.contains(".lock"));
}

#[test]
fn a_repository_that_was_half_made_or_damaged_is_mended() {
    let world = World::new();
    fs::create_dir_all(world.repo().join("objects")).unwrap();
    fs::create_dir_all(world.repo().join("refs/agnes")).unwrap();
    let tip = world.fetch(&Pin::Default).unwrap().commit;

    // The packs are gone: what the refs promise is not there, so it is fetched again, whole.
    fs::remove_dir_all(world.repo().join("objects/pack")).unwrap();
    fs::create_dir_all(world.repo().join("objects/pack")).unwrap();
    let again = world.fetch(&Pin::Default).unwrap();
    assert_eq!((again.commit, again.received), (tip, true));
    world.same_as_upstream(&tip);

    // The same, and upstream has moved on: a base that is not whole must not leave holes.
    fs::remove_dir_all(world.repo().join("objects/pack")).unwrap();
    world.write("new.txt", "new\n");
    let next = world.commit("next");
    assert_eq!(world.fetch(&Pin::Default).unwrap().commit, next);
    world.same_as_upstream(&next);
    world.fsck();
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let world = World::new();
    let file = world.folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let upstream = Upstream { url: &world.url(), pin: &Pin::Default, token: None };
    let error = fetch(&file.join("repo"), &upstream, &FetchOptions::default(), &Unwatched).unwrap_err();
    assert!(matches!(error, FetchError::NotWritable { .. }), "{error}");
}

#[test]
fn limits_hold_and_are_named() {
    let world = World::new();
    world.write(
        "noise.bin",
        (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>(),
    );
    world.commit("noise");
    let small = FetchOptions { max_pack_bytes: 10_000, ..FetchOptions::default() };
    let error = world.fetch_with(&Pin::Default, &small).unwrap_err();
    assert_eq!(error, FetchError::TooLarge { limit: 10_000 });
    let small = FetchOptions { max_object_bytes: 100_000, ..FetchOptions::default() };
    let error = world.fetch_with(&Pin::Default, &small).unwrap_err();
    assert_eq!(error, FetchError::FileTooLarge { limit: 100_000 });
    assert!(world.fetch(&Pin::Default).is_ok());
}

#[test]
fn two_fetches_of_one_place_take_turns() {
    let world = World::new();
    std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..4).map(|_| scope.spawn(|| world.fetch(&Pin::Default).unwrap())).collect();
        let received = fetches.into_iter().map(|f| f.join().unwrap()).filter(|f| f.received).count();
        assert_eq!(received, 1);
    });
    world.fsck();
}
