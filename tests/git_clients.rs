//! Clients that are not the machine's `git`: each clones the same commit, whole, and fetches a change.

use crate::support::clients::{Client, gits};
use crate::support::feed::{Feed, SKILL};
use crate::support::git::VERSIONS;
use crate::support::server::argument;
use crate::support::{World, loud};

const CHANGED: &str = "---\nname: x\ndescription: Changed\n---\n\nDo it otherwise.\n";

#[test]
fn other_clients_clone_the_same_and_fetch_a_change() {
    let clients = Client::all("other_clients_clone_the_same_and_fetch_a_change");
    let feed = Feed::new();
    let (git, unchanged) = (feed.git(), std::fs::read(feed.upstream.folder().join(SKILL)).unwrap());
    let unchanged = String::from_utf8(unchanged).unwrap();
    for client in &clients {
        let expected = feed.world.identity(&git.clone("expected", &[]));
        for depth in [0, 1] {
            let clone = feed.world.path(&format!("{} {depth}", client.name));
            client.get(&feed.world, &git.url, &feed.ada, &clone, depth);
            assert_eq!(feed.world.identity(&clone), expected, "{}", client.name);
            git.sound(&clone);
            feed.is_the_zip(&clone);
            // What is there already is fetched again without harm.
            client.get(&feed.world, &git.url, &feed.ada, &clone, depth);
            git.sound(&clone);
        }
        feed.change(SKILL, CHANGED);
        let tip = feed.server.tip(&feed.ada);
        for depth in [0, 1] {
            let clone = feed.world.path(&format!("{} {depth}", client.name));
            client.get(&feed.world, &git.url, &feed.ada, &clone, depth);
            let fetched = feed.world.look(&clone, &["rev-parse", "refs/remotes/origin/main"]);
            assert_eq!(fetched, tip, "{} {depth}", client.name);
            git.sound(&clone);
        }
        feed.change(SKILL, &unchanged);
    }
    feed.server.had_no_trouble();
}

/// All that is tried with the `git` that is found first (`tests/git/`), tried with the others of the machine too.
#[test]
fn every_other_git_of_the_machine_passes_the_same_tests() {
    let world = World::new();
    let mut gits = gits(&world).into_iter();
    let (first, _) = gits.next().unwrap();
    if gits.len() == 0 {
        loud(&format!("the git channel is tested with one git, {first}: this machine has no other"));
    }
    for (version, program) in gits {
        loud(&format!(
            "the git channel is tested with {first}, and once more with {version}, {}",
            program.display()
        ));
        let folder = program.parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap();
        let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).unwrap();
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let output = again.args(["git::", "--test-threads=2"]).env("PATH", path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains(" 0 passed"), "{version}: {said}{wrong}");
    }
}

/// If the machine has more than one `git`, each of them, in every version of the protocol.
#[test]
fn every_git_of_the_machine_clones_the_same() {
    let feed = Feed::new();
    let expected = feed.world.identity(&feed.git().clone("expected", &[]));
    for (name, program) in gits(&feed.world) {
        for version in VERSIONS {
            let clone = feed.world.path(&format!("{name} {version}"));
            let git = feed.git().speaking(version).by(&program);
            git.run(feed.world.home(), &["clone", "-q", "--depth=1", &git.url, argument(&clone)]);
            assert_eq!(feed.world.identity(&clone), expected, "{name}");
            feed.change(SKILL, CHANGED);
            git.run(&clone, &["fetch", "-q", "origin"]);
            git.run(&clone, &["reset", "-q", "--hard", "FETCH_HEAD"]);
            git.sound(&clone);
            feed.is_the_zip(&clone);
            feed.change(SKILL, "---\nname: x\ndescription: The skill of x\n---\n\nDo what x does.\n");
        }
    }
}
