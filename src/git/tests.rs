//! Compacting and writing, judged by git.

use std::fs;

use super::fixture::{World, fsck, git};
use super::{Pin, Repository, compact, write_repository};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::Objects;

fn synced(world: &World, times: usize) -> Vec<Oid> {
    let sync = |n: usize| {
        world.write("folder/b.txt", format!("{n}\n").repeat(500));
        world.write(&format!("new/{n}.txt"), format!("{n}\n"));
        let id = world.commit(&n.to_string());
        world.fetch(&Pin::Default).unwrap();
        id
    };
    (0..times).map(sync).collect()
}

#[test]
fn many_packs_become_one_and_readers_do_not_notice() {
    let world = World::new();
    let ids = synced(&world, 10);
    assert_eq!(world.packs(), 10);
    let (last, before) = (ids[9], ids[8]);

    let repository = Repository::open(&world.repo()).unwrap();
    let (reader, late) = (repository.reader(), repository.reader());
    let tree = reader.commit_tree(&ids[0]).unwrap();

    let done = compact(&world.repo(), &[last, before]).unwrap();
    assert!(done.rewritten && done.packs_before == 10 && done.freed > 0);
    assert_eq!(world.packs(), 1);
    world.fsck();
    world.same_as_upstream(&last);
    world.same_as_upstream(&before);
    assert!(!world.reader().has(&tree), "what is not kept is gone");

    // Readers from before: one that had read, and one that had not.
    assert!(reader.tree(&tree).is_ok() || reader.commit_tree(&last).is_ok());
    for reader in [reader, late, repository.reader()] {
        let tree = reader.commit_tree(&last).unwrap();
        for entry in reader.tree(&tree).unwrap() {
            assert!(reader.has(&entry.id));
        }
    }

    assert!(!compact(&world.repo(), &[last]).unwrap().rewritten, "one pack is not made one");
    // Fetching goes on from there.
    synced(&world, 1);
    world.fsck();
}

#[test]
fn few_packs_are_left_alone_unless_they_are_mostly_garbage() {
    let world = World::new();
    for n in 0..50 {
        world.write(&format!("new/same-{n}.txt"), n.to_string());
    }
    let ids = synced(&world, 3);
    assert!(!compact(&world.repo(), &[ids[2]]).unwrap().rewritten);
    world.up(&["rm", "-q", "-r", "new", "folder"]);
    let small = world.commit("little is left");
    world.fetch(&Pin::Default).unwrap();
    assert!(compact(&world.repo(), &[small]).unwrap().rewritten);
    world.fsck();
    world.same_as_upstream(&small);
}

#[test]
fn a_commit_that_is_not_here_whole_is_not_compacted_away() {
    let world = World::new();
    let ids = synced(&world, 10);
    assert!(compact(&world.repo(), &[Oid([7; 20])]).is_err());
    world.same_as_upstream(&ids[9]);
    assert_eq!(world.packs(), 10);
}

#[test]
fn a_written_repository_is_gits_and_always_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files = vec![
        ("a.txt".to_owned(), false, b"one\n".to_vec()),
        ("bin/run".to_owned(), true, b"#!/bin/sh\n".to_vec()),
        // Sorted as `a/`, after `a.txt`.
        ("a/b.txt".to_owned(), false, b"two\n".to_vec()),
    ];
    let write =
        |name: &str| write_repository(&folder.path().join(name), &files, "First", 1_700_000_000).unwrap();
    let (one, two) = (write("one"), write("two"));
    assert_eq!(one, two);
    assert_eq!(one.to_string(), "b2abd699bc056c928903ee2e99ce79834bb0e1b0");
    let path = folder.path().join("one");
    let next = write_repository(&path, &files[..1], "Second", 1_700_000_100).unwrap();
    fsck(&path, folder.path());
    let run = |args: &[&str]| {
        let output = git(folder.path(), &[&["-C", path.to_str().unwrap()], args].concat());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(run(&["rev-parse", "main", "main~"]), format!("{next}\n{one}"));
    assert_eq!(
        run(&["ls-tree", "-r", "--format=%(objectmode) %(path)", &one.to_string()]),
        "100644 a.txt\n100644 a/b.txt\n100755 bin/run"
    );

    for bad in ["", "/a", "a//b", "../a", "a/./b", ".git/config", "x/.GIT/y", "a.txt/b", "a\0b"] {
        let files = [("a.txt".to_owned(), false, Vec::new()), (bad.to_owned(), false, Vec::new())];
        assert!(write_repository(&folder.path().join("bad"), &files, "", 0).is_err(), "{bad:?}");
    }
    assert!(fs::read_dir(folder.path().join("bad/refs/heads")).unwrap().next().is_none());
}
