//! kill -9 while a fetch or a compaction runs, at any moment: what was here stays readable, and the
//! next fetch finds nothing in its way.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::domain::watch::Unwatched;
use crate::git::fixture::World;
use crate::git::{FetchOptions, Pin, Upstream, compact, fetch};

const REPO: &str = "AGNES_TEST_REPO";
const URL: &str = "AGNES_TEST_URL";
const KEEP: &str = "AGNES_TEST_KEEP";

/// Not a test: what the process that is killed does.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn victim() {
    let (Some(repo), Ok(url)) = (std::env::var_os(REPO).map(PathBuf::from), std::env::var(URL)) else {
        return;
    };
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let fetched = fetch(&repo, &upstream, &FetchOptions::default(), &Unwatched).unwrap();
    let served = std::env::var(KEEP).unwrap().parse().unwrap();
    compact(&repo, &[fetched.commit, served]).unwrap();
}

#[test]
fn a_killed_fetch_leaves_everything_as_it_was() {
    let world = World::new();
    let mut held = world.fetch(&Pin::Default).unwrap().commit;
    for n in 0..30_u32 {
        for file in 0..40 {
            world.write(&format!("n/{file}.txt"), format!("{n} {file}\n").repeat(300));
        }
        world.write("only.txt", n.to_string());
        let tip = world.commit(&n.to_string());
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "git::fetch::tests::killed::victim", "--ignored"])
            .env(REPO, world.repo())
            .env(URL, world.url())
            .env(KEEP, held.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(n * 1_700 % 45_000)));
        victim.kill().unwrap();
        victim.wait().unwrap();

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
