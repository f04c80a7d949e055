//! Upstreams that mean harm, or are merely absurd: none may cost more than the limits say, and none
//! may bring anything down.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::{Reply, Server, http_backend};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::Objects;
use crate::domain::watch::Unwatched;
use crate::git::fixture::World;
use crate::git::{FetchError, FetchOptions, Pin, Repository, Upstream, compact, fetch};

/// Objects written by plumbing, for trees that no working tree could hold.
fn hash_object(world: &World, kind: &str, bytes: &[u8]) -> String {
    let file = world.folder.path().join("object");
    std::fs::write(&file, bytes).unwrap();
    world.up(&["hash-object", "-w", "--literally", "-t", kind, file.to_str().unwrap()])
}

fn commit_tree(world: &World, tree: &str, message: &str) -> Oid {
    let commit = world.up(&["commit-tree", "-m", message, tree]);
    world.up(&["update-ref", "refs/heads/main", &commit]);
    commit.parse().unwrap()
}

fn entry(mode: &str, name: &str, id: &str) -> Vec<u8> {
    let id: Oid = id.parse().unwrap();
    [format!("{mode} {name}\0").as_bytes(), &id.0].concat()
}

#[test]
fn a_tree_nested_thousands_deep_is_only_deep() {
    let world = World::new();
    // Git itself stops at 2,048 by default; other servers do not.
    world.up(&["config", "core.maxTreeDepth", "100000"]);
    let blob = hash_object(&world, "blob", b"at the bottom\n");
    let odb = gix::odb::loose::Store::at(world.upstream().join(".git/objects"), gix::hash::Kind::Sha1);
    let mut tree = hash_object(&world, "tree", &entry("100644", "file", &blob));
    for _ in 0..5_000 {
        use gix::objs::Write;
        tree = odb.write_buf(gix::objs::Kind::Tree, &entry("40000", "d", &tree)).unwrap().to_string();
    }
    let tip = commit_tree(&world, &tree, "deep");
    // A thread with a small stack: whatever recursed would not get far.
    std::thread::scope(|scope| {
        let small = std::thread::Builder::new().stack_size(256 * 1024);
        let work = || {
            assert_eq!(world.fetch(&Pin::Default).unwrap().commit, tip);
            for n in 0..9 {
                commit_tree(&world, &tree, &n.to_string());
                world.fetch(&Pin::Default).unwrap();
            }
            assert!(compact(&world.repo(), &[tip]).unwrap().rewritten);
        };
        small.spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

#[test]
fn a_file_that_is_tiny_packed_and_huge_unpacked_is_refused() {
    let world = World::new();
    world.write("zeros.bin", vec![0; 64 * 1024 * 1024]);
    world.commit("bomb");
    let options = FetchOptions { max_object_bytes: 8 * 1024 * 1024, ..FetchOptions::default() };
    let error = world.fetch_with(&Pin::Default, &options).unwrap_err();
    assert_eq!(error, FetchError::FileTooLarge { limit: 8 * 1024 * 1024 });
}

#[test]
fn an_upstream_that_leaves_objects_out_is_not_believed() {
    let world = World::new();
    world.write("gone.txt", "this file will be missing\n");
    world.commit("whole");
    let root = world.folder.path().to_owned();
    let blob = world.id("HEAD:gone.txt").to_string();
    // Packed by somebody who does not look: the file's blob is not in the pack.
    let objects = world.up(&["rev-list", "--objects", "--no-object-names", "HEAD"]);
    let list: Vec<&str> = objects.lines().filter(|id| *id != blob).collect();
    let names = world.folder.path().join("names");
    std::fs::write(&names, list.join("\n") + "\n").unwrap();
    let script =
        format!("git -C '{}' pack-objects --stdout < '{}'", world.upstream().display(), names.display());
    let pack = std::process::Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
    let server = Server::http(move |request| {
        if request.body.windows(5).any(|five| five == b"want ") {
            let mut body = b"000dpackfile\n".to_vec();
            body.extend(format!("{:04x}\x01", pack.len() + 5).as_bytes());
            body.extend(&pack);
            body.extend(b"0000");
            return Reply::new(200, "application/x-git-upload-pack-result", body);
        }
        http_backend(&root, request)
    });
    let url = format!("{}/upstream/.git", server.url);
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    for _ in 0..2 {
        let error = fetch(&world.repo(), &upstream, &FetchOptions::default(), &Unwatched).unwrap_err();
        assert!(matches!(&error, FetchError::Incomplete { reason } if reason.contains(&blob)), "{error}");
    }
    // Nothing of it was taken for whole, so an honest answer mends it.
    assert!(world.fetch(&Pin::Default).unwrap().received);
    world.same_as_upstream(&world.id("HEAD"));
}

/// Flips bytes of everything a server says. Whatever is made of that, it is an error or the
/// right commit, and it is neither a panic nor a wait without end.
#[test]
fn answers_with_flipped_bytes_bring_nothing_down() {
    let world = World::new();
    for n in 0..20 {
        world.write(&format!("n/{n}.txt"), format!("line {n}\n").repeat(n));
    }
    let tip = world.commit("files");
    let root = world.folder.path().to_owned();
    let turn = std::sync::Arc::new(AtomicUsize::new(0));
    let flips = std::sync::Arc::clone(&turn);
    let server = Server::http(move |request| {
        let mut reply = http_backend(&root, request);
        let turn = flips.load(Ordering::Relaxed);
        let which = if request.method == "GET" {
            0
        } else if request.body.windows(5).any(|w| w == b"want ") {
            2
        } else {
            1
        };
        if turn % 3 == which && !reply.body.is_empty() {
            let at = (turn.wrapping_mul(2_654_435_761) >> 7) % reply.body.len();
            reply.body[at] ^= 1 << (turn % 8);
            if turn.is_multiple_of(5) {
                reply.body.truncate(at);
            }
        }
        reply
    });
    let url = format!("{}/upstream/.git", server.url);
    let options = FetchOptions { idle_timeout: std::time::Duration::from_secs(2), ..FetchOptions::default() };
    let mut failed = 0;
    for n in 0..45 {
        turn.store(n, Ordering::Relaxed);
        let repo = world.folder.path().join("fuzzed");
        std::fs::remove_dir_all(&repo).ok();
        match fetch(&repo, &Upstream { url: &url, pin: &Pin::Default, token: None }, &options, &Unwatched) {
            Ok(fetched) => assert_eq!(fetched.commit, tip),
            Err(error) => {
                failed += 1;
                assert!(!error.to_string().contains("give up"), "flip {n}: {error}");
            }
        }
    }
    assert!(failed > 12, "{failed}");
}

#[test]
fn damage_on_disk_is_an_error_and_not_a_panic() {
    let world = World::new();
    for n in 0..30 {
        world.write(&format!("n/{n}.txt"), format!("line {n}\n").repeat(n * 3));
    }
    let tip = world.commit("files");
    world.fetch(&Pin::Default).unwrap();
    let listed = world.up(&["rev-list", "--objects", "--no-object-names", "HEAD~..HEAD"]);
    let ids: Vec<Oid> = listed.lines().map(|id| id.parse().unwrap()).collect();
    let files: Vec<_> =
        std::fs::read_dir(world.repo().join("objects/pack")).unwrap().flatten().map(|e| e.path()).collect();
    for file in files {
        let good = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        for n in 0..300_usize {
            let mut bad = good.clone();
            let at = (n.wrapping_mul(2_654_435_761) >> 5) % bad.len();
            bad[at] ^= 1 << (n % 8);
            if n.is_multiple_of(7) {
                bad.truncate(at);
            }
            std::fs::write(&file, bad).unwrap();
            let Ok(repository) = Repository::open(&world.repo()) else { continue };
            let reader = repository.reader();
            let _ = reader.commit(&tip);
            for id in &ids {
                let _ = (reader.tree(id), reader.size(id), reader.blob(id), reader.has(id));
            }
        }
        std::fs::write(&file, good).unwrap();
    }
    world.same_as_upstream(&tip);
}
