//! kill -9 while a fetch or a compaction runs, at any moment: what was here stays readable, and the
//! next fetch finds nothing in its way.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::watch::Unwatched;
use crate::git::fixture::World;
use crate::git::{FetchOptions, Pin, Upstream, compact, fetch, fetch_folders, stand_in};

const REPO: &str = "AGNES_TEST_REPO";
const URL: &str = "AGNES_TEST_URL";
const KEEP: &str = "AGNES_TEST_KEEP";
/// Set: one folder is fetched, and not all.
const FOLDER: &str = "AGNES_TEST_FOLDER";

fn folder() -> RepoPath {
    RepoPath::parse("n").unwrap()
}

/// Not a test: what the process that is killed does.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn victim() {
    let (Some(repo), Ok(url)) = (std::env::var_os(REPO).map(PathBuf::from), std::env::var(URL)) else {
        return;
    };
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let served = std::env::var(KEEP).unwrap().parse().unwrap();
    let fetched = if std::env::var_os(FOLDER).is_some() {
        let brought = fetch_folders(&repo, &upstream, &[folder()], &FetchOptions::default(), &Unwatched);
        stand_in(&repo, &brought.unwrap().commit, &folder())
    } else {
        fetch(&repo, &upstream, &FetchOptions::default(), &Unwatched).unwrap().commit
    };
    compact(&repo, &[fetched, served]).unwrap();
}

/// Something new of some size.
fn publish(world: &World, n: u32) -> Oid {
    for file in 0..40 {
        world.write(&format!("n/{file}.txt"), format!("{n} {file}\n").repeat(300));
    }
    world.write("only.txt", n.to_string());
    world.commit(&n.to_string())
}

/// Has a process fetch all, or a folder, and kills it.
fn kill_one(world: &World, held: &Oid, folder: Option<&str>, after_micros: u32) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "git::fetch::tests::killed::victim", "--ignored"])
        .envs(folder.map(|folder| (FOLDER, folder)))
        .env(REPO, world.repo())
        .env(URL, world.url())
        .env(KEEP, held.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_micros(u64::from(after_micros)));
    victim.kill().unwrap();
    victim.wait().unwrap();
}

#[test]
fn a_killed_fetch_leaves_everything_as_it_was() {
    let world = World::new();
    let mut held = world.fetch(&Pin::Default).unwrap().commit;
    for n in 0..30_u32 {
        let tip = publish(&world, n);
        kill_one(&world, &held, None, n * 1_700 % 45_000);
        // What is served is still whole.
        assert!(crate::git::reach::check(&world.reader(), &held).is_ok(), "round {n}");
        if n.is_multiple_of(3) {
            assert_eq!(world.fetch(&Pin::Default).unwrap().commit, tip);
            world.fsck();
            held = tip;
        }
    }
    let tip = world.id("HEAD");
    assert_eq!(world.fetch(&Pin::Default).unwrap().commit, tip);
    world.same_as_upstream(&tip);
    world.fsck();
    let left: Vec<_> = std::fs::read_dir(world.repo().join("objects")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_killed_fetch_of_a_folder_leaves_everything_as_it_was() {
    let world = World::new();
    world.up(&["config", "uploadpack.allowFilter", "true"]);
    world.write("n/0.txt", "0\n");
    world.commit("a folder");
    let url = world.url();
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let fetch = || {
        let brought =
            fetch_folders(&world.repo(), &upstream, &[folder()], &FetchOptions::default(), &Unwatched);
        let commit = brought.unwrap().commit;
        (commit, stand_in(&world.repo(), &commit, &folder()))
    };
    let (_, mut held) = fetch();
    for n in 0..24_u32 {
        let tip = publish(&world, n);
        kill_one(&world, &held, Some("n"), n * 4_300 % 90_000);
        assert!(crate::git::reach::check(&world.reader(), &held).is_ok(), "round {n}");
        if n.is_multiple_of(3) {
            let (commit, made) = fetch();
            assert_eq!(commit, tip);
            assert!(made != tip && crate::git::verify(&world.repo(), &made).is_ok());
            world.fsck();
            held = made;
        }
    }
    let left: Vec<_> = std::fs::read_dir(world.repo().join("objects")).unwrap().flatten().collect();
    assert!(fetch().1 != world.id("HEAD"));
    assert!(left.len() <= 2, "{left:?}");
    assert!(!world.reader().has(&world.id("HEAD:only.txt")));
}
