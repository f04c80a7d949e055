//! Fetches by somebody who has a clone already.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::World;
use crate::support::feed::{Feed, SKILL};
use crate::support::git::{Git, VERSIONS};
use crate::support::server::argument;

/// Every option that asks for more or less of a history. There is none to have more of: each of them
/// succeeds, and what is there stays the whole repository.
#[test]
fn every_way_to_deepen_is_understood() {
    let feed = Feed::with(&["tools/x", "tools/y"]);
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let expected = feed.world.identity(&git.clone("clone", &[]));
        let forms: [&[&str]; 6] = [
            &["--depth=1"],
            &["--depth=2147483647"],
            &["--deepen=1"],
            &["--shallow-since=2001-01-01"],
            &["--shallow-since=2030-01-01"],
            &["--update-shallow"],
        ];
        for form in forms {
            for begun in [&[][..], &["--depth=1"]] {
                let clone = git.clone("deepened", begun);
                git.run(&clone, &[&["fetch", "-q"], form, &["origin"]].concat());
                git.sound(&clone);
                assert_eq!(feed.world.identity(&clone), expected, "v{version} {begun:?} {form:?}");
            }
            let fresh = feed.world.path("fresh");
            let _ = fs::remove_dir_all(&fresh);
            git.run(feed.world.home(), &["init", "-q", "-b", "main", argument(&fresh)]);
            git.run(&fresh, &[&["fetch", "-q"], form, &[&git.url, "main:got"]].concat());
            git.run(&fresh, &["checkout", "-q", "got"]);
            feed.is_the_zip(&fresh);
        }
        for form in ["--shallow-since=2001-01-01", "--shallow-exclude=refs/tags/none", "--depth=7"] {
            assert_eq!(feed.world.identity(&git.clone("by form", &[form])), expected, "v{version} {form}");
        }
    }
}

/// A repository that was cut off by another server is made whole by `--unshallow`.
#[test]
fn what_is_shallow_can_be_made_whole() {
    let feed = Feed::with(&["tools/x"]);
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        for form in ["--unshallow", "--deepen=5", "--depth=2147483647"] {
            let clone = git.clone("clone", &[]);
            let tip = feed.world.look(&clone, &["rev-parse", "HEAD"]);
            fs::write(clone.join(".git/shallow"), format!("{tip}\n")).unwrap();
            assert_eq!(feed.world.look(&clone, &["rev-parse", "--is-shallow-repository"]), "true");
            git.run(&clone, &["fetch", "-q", form, "origin"]);
            let shallow = feed.world.look(&clone, &["rev-parse", "--is-shallow-repository"]);
            assert_eq!(shallow, "false", "v{version} {form}");
            git.sound(&clone);
        }
        // Plainly fetched, it is taken as it is.
        let clone = git.clone("clone", &[]);
        let tip = feed.world.look(&clone, &["rev-parse", "HEAD"]);
        fs::write(clone.join(".git/shallow"), format!("{tip}\n")).unwrap();
        git.run(&clone, &["fetch", "-q", "origin"]);
    }
}

/// Fetches, and says how many bytes of packs that took.
#[track_caller]
fn packed(world: &World, git: &Git<'_>, clone: &Path, args: &[&str]) -> u64 {
    let trace = world.path("received.pack");
    let _ = fs::remove_file(&trace);
    let all = [&["fetch", "-q"], args].concat();
    let mut command = git.command_with(&[], &all);
    let output = command.env("GIT_TRACE_PACKFILE", &trace).current_dir(clone).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::metadata(&trace).map_or(0, |facts| facts.len())
}

/// Who has everything is sent nothing.
#[test]
fn nothing_new_costs_nothing() {
    let feed = Feed::new();
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let clone = git.clone("clone", &["--depth=1"]);
        assert_eq!(packed(&feed.world, &git, &clone, &["origin"]), 0);
        let tip = feed.world.look(&clone, &["rev-parse", "HEAD"]);
        assert_eq!(packed(&feed.world, &git, &clone, &["origin", &tip]), 0);
        // One that asks all the same gets a pack with nothing in it.
        assert!(packed(&feed.world, &git, &clone, &["--depth=1", "origin"]) <= 32);
        let said = git.run(&clone, &["pull", "origin", "HEAD"]);
        assert!(said.contains("Already up to date"), "{said}");
    }
}

/// After a change of one file of one plugin: what is received is at most three times what changed,
/// compressed, and 20 kB, although nothing in the new commit says that it follows the old one.
#[test]
fn after_a_change_only_what_changed_is_sent() {
    let feed = Feed::new();
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let clone = git.clone("clone", &["--depth=1"]);
        let before = feed.world.objects(&clone);
        feed.change(SKILL, &format!("---\nname: x\ndescription: In version {version}\n---\n\nDo it.\n"));
        let received = packed(&feed.world, &git, &clone, &["origin"]);
        git.sound(&clone);
        let changed: Vec<String> =
            feed.world.objects(&clone).into_iter().filter(|id| !before.contains(id)).collect();
        let compressed: u64 = changed.iter().map(|id| size_on_disk(&feed.world, &clone, id)).sum();
        assert!(received > 0 && received <= 3 * compressed + 20_000, "{received} bytes for {compressed}");
        // Commit, root, `.claude-plugin`, the catalog, `plugins`; x's folder, two of its manifest and three of
        // its skill.
        assert!((8..=14).contains(&changed.len()), "v{version}: {} objects", changed.len());
        git.run(&clone, &["reset", "-q", "--hard", "FETCH_HEAD"]);
        feed.is_the_zip(&clone);
        // And so does whoever pulls, as documented.
        let puller = git.clone_with(&[("pull.rebase", "true")], "puller", &[]);
        feed.change(SKILL, &format!("---\nname: x\ndescription: Again {version}\n---\n\nDo it.\n"));
        git.run_with(&[("pull.rebase", "true")], &puller, &["pull", "-q"]);
        feed.is_the_zip(&puller);
    }
}

fn size_on_disk(world: &World, clone: &Path, id: &str) -> u64 {
    let loose = clone.join(".git/objects").join(&id[..2]).join(&id[2..]);
    let packed = || {
        let listed = world.look(
            clone,
            &["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objectsize:disk)"],
        );
        let line = listed.lines().find_map(|line| line.strip_prefix(id)).unwrap().trim().to_owned();
        line.parse().unwrap()
    };
    fs::metadata(loose).map_or_else(|_| packed(), |facts| facts.len())
}

/// A client of several views back is sent the difference to now, too.
#[test]
fn a_client_of_long_ago_is_sent_the_difference() {
    let feed = Feed::new();
    let git = feed.git();
    let clone = git.clone("clone", &[]);
    for number in 0..5 {
        feed.change(SKILL, &format!("---\nname: x\ndescription: {number}\n---\n\nDo it.\n"));
        assert_eq!(feed.server.tip(&feed.ada).len(), 40);
    }
    let received = packed(&feed.world, &git, &clone, &["origin"]);
    assert!(received < 60_000, "{received}");
    git.sound(&clone);
}

/// By the id of the commit, from `HEAD`, by its branch's whole name, in a repository of somebody's own.
#[test]
fn what_is_there_can_be_named_in_every_way() {
    let feed = Feed::with(&["tools/x"]);
    let tip = feed.server.tip(&feed.ada);
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        for name in [tip.as_str(), "HEAD", "main", "refs/heads/main", "+refs/heads/*:refs/remotes/a/*"] {
            let fresh = feed.world.path("fresh");
            let _ = fs::remove_dir_all(&fresh);
            git.run(feed.world.home(), &["init", "-q", argument(&fresh)]);
            git.run(&fresh, &["fetch", "-q", &git.url, name]);
            assert_eq!(feed.world.look(&fresh, &["rev-parse", "FETCH_HEAD"]), tip, "v{version} {name}");
            git.sound(&fresh);
        }
        let fresh = feed.world.path("fresh");
        let told = git.refused(&fresh, &["fetch", "-q", &git.url, "refs/heads/other"]);
        assert!(told.contains("couldn't find remote ref"), "{told}");
    }
}

/// `git fetch --negotiate-only` asks which of its commits the server knows, and fetches nothing.
#[test]
fn who_only_negotiates_is_told_what_is_known() {
    let feed = Feed::with(&["tools/x"]);
    let git = feed.git();
    let clone = git.clone("clone", &[]);
    let tip = feed.world.look(&clone, &["rev-parse", "HEAD"]);
    let asked = ["fetch", "--negotiate-only", "--negotiation-tip=HEAD", "origin"];
    assert_eq!(git.run(&clone, &asked), tip);
    git.run(
        &clone,
        &["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "Mine"],
    );
    assert_eq!(git.run(&clone, &asked), tip);
    git.run(&clone, &["checkout", "-q", "--orphan", "unknown"]);
    git.run(
        &clone,
        &["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "Other"],
    );
    assert_eq!(git.run(&clone, &asked), "");
}

/// A client with a history of its own, long enough that it asks in several rounds and compresses what it
/// says.
#[test]
fn a_client_with_a_long_history_of_its_own_gets_there() {
    let feed = Feed::with(&["tools/x"]);
    let own = feed.world.path("own");
    let git = feed.git();
    git.run(feed.world.home(), &["init", "-q", "-b", "mine", argument(&own)]);
    let mut stream = String::new();
    for number in 1..=3000 {
        // Each of its own, so that all of them have to be named.
        let branch =
            if number % 3 == 0 { format!("refs/heads/b{number}") } else { "refs/heads/mine".to_owned() };
        let message = format!("Commit {number}");
        let _ = write!(
            stream,
            "commit {branch}\ncommitter A <a@b.c> {} +0000\ndata {}\n{message}\n",
            1_700_000_000 + number,
            message.len()
        );
    }
    let file = feed.world.path("stream");
    fs::write(&file, stream).unwrap();
    let import = feed
        .world
        .command("git")
        .args(["fast-import", "--quiet"])
        .current_dir(&own)
        .stdin(fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    for version in VERSIONS {
        let git = git.speaking(version);
        for (number, buffer) in ["65536", "1048576"].into_iter().enumerate() {
            let reference = format!("main:refs/from/v{version}-{number}");
            git.run_with(&[("http.postBuffer", buffer)], &own, &["fetch", "-q", &git.url, &reference]);
        }
        git.run(&own, &["for-each-ref", "--format=delete %(refname)", "refs/from"]);
        git.sound(&own);
    }
}

/// Options for the server are taken, as it says they are, and change nothing.
#[test]
fn options_for_the_server_change_nothing() {
    let feed = Feed::with(&["tools/x"]);
    let git = feed.git();
    let before = feed.server.tip(&feed.ada);
    let told = git.run(feed.world.home(), &["ls-remote", "-o", "a=b", "-o", "c", &git.url, "HEAD"]);
    assert_eq!(told, format!("{before}\tHEAD"));
    let clone = git.clone("clone", &["--server-option=a=b"]);
    feed.change(SKILL, "---\nname: x\ndescription: Another text\n---\n\nDo something else.\n");
    let after = feed.server.tip(&feed.ada);
    assert_ne!(after, before);
    git.run(&clone, &["fetch", "-q", "-o", "a=b", "-o", "agent=other", "origin"]);
    assert_eq!(feed.world.look(&clone, &["rev-parse", "FETCH_HEAD"]), after);
    git.sound(&clone);
}
