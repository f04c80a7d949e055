//! Upstreams that do not do what they say, or are absurd, when folders are asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::super::server::{Reply, Request, http_backend};
use super::{asks_for_all, between, get, get_with, has_folders, in_part, noise, paths, says, wanted, world};
use crate::domain::repository::oid::Oid;
use crate::git::fixture::{World, all_bytes};
use crate::git::{FetchError, FetchOptions, Pin, stand_in, verify};

/// Whether files are asked for one by one.
fn asks_for_files(request: &Request) -> bool {
    says(request, "want ") && !says(request, "filter ") && !says(request, "deepen ")
}

/// A pack of these objects, as the answer to any question.
fn answer_with(world: &World, ids: &[Oid]) -> Reply {
    let list = world.folder.path().join("list");
    let lines: Vec<_> = ids.iter().map(Oid::to_string).collect();
    std::fs::write(&list, lines.join("\n") + "\n").unwrap();
    let script =
        format!("git -C '{}' pack-objects --stdout < '{}'", world.upstream().display(), list.display());
    let pack = std::process::Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
    let mut body = b"000dpackfile\n".to_vec();
    for part in pack.chunks(65_000) {
        body.extend(format!("{:04x}\x01", part.len() + 5).as_bytes());
        body.extend(part);
    }
    body.extend(b"0000");
    Reply::new(200, "application/x-git-upload-pack-result", body)
}

/// Who says that they filter, and then sends something else, is asked for all of it.
#[test]
fn who_leaves_out_what_was_asked_for_by_its_id_may_give_all_of_it() {
    let world = Arc::new(world());
    let others = [world.id("HEAD:plugins/b/b.txt"), world.id("HEAD:big.bin")];
    let tip = world.id("HEAD");
    for n in 0..5 {
        let upstream = Arc::clone(&world);
        let (_server, url) = between(&world, move |request| {
            asks_for_files(request).then(|| match n {
                0 => answer_with(&upstream, &others),
                1 => answer_with(&upstream, &[]),
                2 => Reply::new(500, "text/plain", "no"),
                3 => Reply::new(200, "application/x-git-upload-pack-result", "0015ERR not our ref"),
                _ => {
                    let mut reply = answer_with(&upstream, &others);
                    let half = reply.body.len() / 2;
                    reply.body[half] ^= 1;
                    reply
                }
            })
        });
        std::fs::remove_dir_all(world.repo()).ok();
        let brought = get(&world, &url, &["plugins/a"]).unwrap();
        assert_eq!((brought.commit, brought.received), (tip, true));
        world.same_as_upstream(&tip);
        world.fsck();
    }
}

#[test]
fn whatever_ends_it_half_way_what_was_here_stays() {
    let world = Arc::new(world());
    let old = get(&world, &world.url(), &["plugins/a"]).unwrap().commit;
    world.write("plugins/a/skills/one/SKILL.md", "changed\n");
    let tip = world.commit("changed");
    let blob = world.id("HEAD:plugins/a/skills/one/SKILL.md");
    let wrong = world.id("HEAD:plugins/b/b.txt");
    let listed = world.up(&["rev-list", "--objects", "--no-object-names", "HEAD"]);
    let but_one: Vec<Oid> = listed.lines().map(|id| id.parse().unwrap()).filter(|id| *id != blob).collect();
    for n in 0..3 {
        let (upstream, but_one) = (Arc::clone(&world), but_one.clone());
        let (_server, url) = between(&world, move |request| match n {
            0 if asks_for_files(request) => Some(answer_with(&upstream, &[wrong])),
            0 if asks_for_all(request) => Some(answer_with(&upstream, &but_one)),
            1 if asks_for_files(request) || asks_for_all(request) => Some(Reply::new(503, "text/plain", "")),
            2 if asks_for_files(request) => Some(Reply { hang: true, ..Reply::new(200, "", "") }),
            _ => None,
        });
        let idle_timeout = std::time::Duration::from_millis(500);
        let options = FetchOptions { idle_timeout, ..FetchOptions::default() };
        let error = get_with(&world, &url, &Pin::Default, &["plugins/a"], &options).unwrap_err().to_string();
        let expected = match n {
            0 => format!("what was received is not complete: object {blob}: is missing"),
            1 => "cannot reach `localhost`: it answered 503 Service Unavailable".to_owned(),
            _ => "`localhost` took too long: 0.5 s without an answer".to_owned(),
        };
        assert_eq!(error, expected);
        assert_eq!(stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]), tip, "there is none");
        has_folders(&world, &old, &["plugins/a"]);
        let left = std::fs::read_dir(world.repo().join("objects")).unwrap().count();
        assert_eq!(left, 1, "only `pack`");
    }
    assert!(get(&world, &world.url(), &["plugins/a"]).unwrap().received);
    has_folders(&world, &tip, &["plugins/a"]);
}

/// What was not asked for is not kept.
#[test]
fn who_sends_everything_at_each_question_fills_no_disk() {
    let world = Arc::new(world());
    let listed = world.up(&["rev-list", "--objects", "--no-object-names", "HEAD"]);
    let all: Vec<Oid> = listed.lines().map(|id| id.parse().unwrap()).collect();
    let upstream = Arc::clone(&world);
    let (_server, url) =
        between(&world, move |request| says(request, "want ").then(|| answer_with(&upstream, &all)));
    let tip = get(&world, &url, &["plugins/a"]).unwrap().commit;
    has_folders(&world, &tip, &["plugins/a"]);
    assert!(in_part(&world, &tip));
    assert!(!world.reader().has(&world.id("HEAD:big.bin")));
    assert!(all_bytes(&world.repo()).len() < 20_000);
}

/// What is below a folder is asked for at once, and not a level after the other for as long as somebody likes.
#[test]
fn who_gives_a_level_at_a_time_is_asked_for_all_of_it() {
    let world = Arc::new(world());
    world.write("plugins/a/1/2/3/4/5/deep.txt", "deep\n");
    let tip = world.commit("deep");
    let upstream = Arc::clone(&world);
    let (server, url) = between(&world, move |request| {
        says(request, "filter blob:none")
            .then(|| answer_with(&upstream, &wanted(std::slice::from_ref(request))))
    });
    assert_eq!(get(&world, &url, &["plugins/a"]).unwrap().commit, tip);
    world.same_as_upstream(&tip);
    assert_eq!(server.seen().iter().filter(|request| says(request, "filter blob:none")).count(), 2);
}

#[test]
fn limits_are_for_all_that_comes_together() {
    let world = world();
    for n in 0..3 {
        world.write(&format!("plugins/a/{n}.bin"), noise(n, 10_000));
    }
    world.commit("larger");
    let (server, url) = between(&world, |_| None);
    let fetch = |options: &FetchOptions| get_with(&world, &url, &Pin::Default, &["plugins/a"], options);
    let limited = FetchOptions { max_pack_bytes: 100_000, ..FetchOptions::default() };
    assert_eq!(fetch(&limited).unwrap_err(), FetchError::TooLarge { limit: 100_000 });
    assert!(!server.seen().iter().any(asks_for_all), "all of it would be too large, too");
    let limited = FetchOptions { max_object_bytes: 30_000, ..FetchOptions::default() };
    assert_eq!(fetch(&limited).unwrap_err(), FetchError::FileTooLarge { limit: 30_000 });
    // What is large elsewhere is nobody's concern.
    let enough =
        FetchOptions { max_pack_bytes: 200_000, max_object_bytes: 50_000, ..FetchOptions::default() };
    assert!(fetch(&enough).unwrap().received);
}

/// Nobody can push something that passes for what we made.
#[test]
fn what_an_upstream_says_that_it_made_is_not_believed() {
    let world = world();
    let tip = world.id("HEAD");
    let made = {
        get(&world, &world.url(), &["plugins/a"]).unwrap();
        stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0])
    };
    let text = crate::git::fixture::git(
        world.folder.path(),
        &["-C", world.repo().to_str().unwrap(), "cat-file", "commit", &made.to_string()],
    );
    let message = String::from_utf8(text.stdout).unwrap();
    let message = message.split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(message, format!("some folders of commit {tip}\n\nplugins/a\n"));
    std::fs::remove_dir_all(world.repo()).unwrap();
    world.write("plugins/a/evil.txt", "evil\n");
    world.commit(&message);
    world.fetch(&Pin::Default).unwrap();
    assert_eq!(stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]), tip, "there is none");
}

/// As for whole fetches: an error or the right commit, and neither a panic nor a wait without end.
#[test]
fn answers_with_flipped_bytes_bring_nothing_down() {
    let world = world();
    let tip = world.id("HEAD");
    let turn = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let is_whole = Arc::new(AtomicBool::new(false));
    let (turns, count, root, whole) =
        (Arc::clone(&turn), Arc::clone(&asked), world.folder.path().to_owned(), Arc::clone(&is_whole));
    let (_server, url) = between(&world, move |request| {
        let mut reply = http_backend(&root, request);
        let (turn, at) = (turns.load(Ordering::Relaxed), count.fetch_add(1, Ordering::Relaxed));
        if asks_for_all(request) {
            whole.store(true, Ordering::Relaxed);
        } else if turn % 6 == at && !reply.body.is_empty() {
            let at = (turn.wrapping_mul(2_654_435_761) >> 7) % reply.body.len();
            reply.body[at] ^= 1 << (turn % 8);
            if turn.is_multiple_of(5) {
                reply.body.truncate(at);
            }
        }
        Some(reply)
    });
    let idle_timeout = std::time::Duration::from_secs(1);
    let options = FetchOptions { idle_timeout, ..FetchOptions::default() };
    let mut fared = [0; 3];
    for n in 0..54 {
        turn.store(n, Ordering::Relaxed);
        asked.store(0, Ordering::Relaxed);
        is_whole.store(false, Ordering::Relaxed);
        std::fs::remove_dir_all(world.repo()).ok();
        match get_with(&world, &url, &Pin::Default, &["plugins/a"], &options) {
            Ok(brought) => {
                assert_eq!(brought.commit, tip);
                has_folders(&world, &tip, &["plugins/a"]);
                fared[usize::from(is_whole.load(Ordering::Relaxed))] += 1;
            }
            Err(error) => {
                assert!(!error.to_string().contains("give up"), "flip {n}: {error}");
                fared[2] += 1;
            }
        }
    }
    assert!(fared.iter().all(|count| *count > 3), "{fared:?}");
}

/// Folders of strangers' making: wide, deep, and many that are one.
#[test]
fn absurd_trees_cost_no_more_than_they_are() {
    let world = world();
    let path = world.folder.path().join("object");
    let hash = |bytes: &[u8]| -> Oid {
        std::fs::write(&path, bytes).unwrap();
        world.up(&["hash-object", "-w", "--literally", "-t", "tree", path.to_str().unwrap()]).parse().unwrap()
    };
    let entry = |name: &str, id: &Oid| [format!("40000 {name}\0").as_bytes(), &id.0].concat();
    // Forty levels of a folder that has the next one twice.
    let mut tree = world.id("HEAD:plugins/b");
    for _ in 0..40 {
        tree = hash(&[entry("a", &tree), entry("b", &tree)].concat());
    }
    // A name twice: whichever is taken, both are here.
    let (one, two) = (world.id("HEAD:plugins/a"), world.id("HEAD:plugins/c"));
    let root = hash(&[entry("bomb", &tree), entry("twice", &one), entry("twice", &two)].concat());
    let commit = world.up(&["commit-tree", "-m", "absurd", &root.to_string()]);
    world.up(&["update-ref", "refs/heads/main", &commit]);
    let tip = get(&world, &world.url(), &["bomb", "twice"]).unwrap().commit;
    assert!(in_part(&world, &tip));
    let made = stand_in(&world.repo(), &tip, &paths(&["bomb"])[0]);
    verify(&world.repo(), &made).unwrap();
    assert_eq!(world.reader().commit_tree(&made).unwrap(), root);
    let deep = vec!["d"; 80].join("/");
    assert_eq!(get(&world, &world.url(), &[&deep]).unwrap().commit, tip);
    assert!(!in_part(&world, &tip), "so deep nobody looks for a folder");
}
