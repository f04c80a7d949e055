//! `git-cache/` deleted, cut off and spoilt; servers that are stopped and killed. What is served stays the
//! same, or the client notices and has it the next time.

use std::fs;
use std::path::PathBuf;

use crate::support::feed::{Feed, SKILL};
use crate::support::git::Git;
use crate::support::server::argument;

/// Whether a clone arrives, whole; if it does not, that the client noticed.
fn arrives(feed: &Feed, git: &Git<'_>) -> bool {
    let clone = feed.world.path("attempt");
    let _ = fs::remove_dir_all(&clone);
    let ran = git.tried(feed.world.home(), &["clone", "-q", "--depth=1", &git.url, argument(&clone)]);
    if ran.code == Some(0) {
        git.sound(&clone);
        feed.is_the_zip(&clone);
    } else {
        assert!(!clone.exists(), "{}", ran.stderr);
    }
    ran.code == Some(0)
}

/// Files of the git channel's cache, in order.
fn cached(feed: &Feed) -> Vec<PathBuf> {
    let root = feed.world.data().join("marketplaces/git-cache");
    let mut found = Vec::new();
    for folder in ["parts", "views", "users"] {
        let Ok(listed) = fs::read_dir(root.join(folder)) else { continue };
        found.extend(listed.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    }
    found.sort();
    found
}

type Harm = fn(&PathBuf);

/// Each file of the cache in turn, harmed in each of these ways.
const HARMS: [(&str, Harm); 5] = [
    ("deleted", |path| fs::remove_file(path).unwrap()),
    ("cut to nothing", |path| fs::write(path, b"").unwrap()),
    ("cut in the middle", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("with a bit flipped", |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle] ^= 0x10;
        fs::write(path, bytes).unwrap();
    }),
    ("overwritten", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, vec![0xa5; bytes.len()]).unwrap();
    }),
];

/// Harmed while no server runs: the next one sees it, and makes again what is harmed. No client notices.
#[test]
fn what_is_harmed_while_nobody_serves_is_made_again() {
    let mut feed = Feed::new();
    let expected = feed.server.tip(&feed.ada);
    assert!(arrives(&feed, &feed.git()));
    for (what, harm) in HARMS {
        feed.server.signal("TERM");
        assert_eq!(feed.server.ended(), Some(0));
        let files = cached(&feed);
        assert!(files.len() >= 4, "{files:?}");
        files.iter().for_each(harm);
        feed.server = feed.world.serve(&["--log-format", "json"]);
        let git = feed.git();
        assert!(arrives(&feed, &git), "all files were {what}: {}", feed.server.log());
        assert_eq!(feed.server.tip(&feed.ada), expected, "{what}");
    }
    // One at a time, too.
    for (what, harm) in HARMS {
        for file in cached(&feed) {
            feed.server.signal("KILL");
            feed.server.ended();
            harm(&file);
            feed.server = feed.world.serve(&["--log-format", "json"]);
            assert!(arrives(&feed, &feed.git()), "{} was {what}", file.display());
        }
    }
}

/// Harmed under a server that has it open and knows its checksum. The client that meets it may fail, but it
/// never takes what is wrong; and the one after it is served.
#[test]
fn what_is_harmed_while_it_is_served_is_made_again() {
    let feed = Feed::new();
    let git = feed.git();
    assert!(arrives(&feed, &git) && arrives(&feed, &git));
    for (what, harm) in HARMS {
        for file in cached(&feed) {
            if file.exists() {
                harm(&file);
            }
            let first = arrives(&feed, &git);
            assert!(first || arrives(&feed, &git), "{} was {what}, and stays so", file.display());
        }
    }
}

/// All of it removed by hand, under a running server, again and again: at worst one clone fails.
#[test]
fn all_of_the_cache_may_be_deleted_by_hand() {
    let feed = Feed::new();
    let git = feed.git();
    let tip = feed.server.tip(&feed.ada);
    let clone = git.clone("clone", &[]);
    for _ in 0..3 {
        remove_cache(&feed);
        assert!(arrives(&feed, &git) || arrives(&feed, &git), "{}", feed.server.log());
        assert_eq!(feed.server.tip(&feed.ada), tip);
        remove_cache(&feed);
        feed.change(
            SKILL,
            &format!("---\nname: x\ndescription: {:?}\n---\n\nDo it.\n", std::time::Instant::now()),
        );
        git.run(&clone, &["fetch", "-q", "origin"]);
        git.sound(&clone);
        feed.change(SKILL, "---\nname: x\ndescription: The skill of x\n---\n\nDo what x does.\n");
    }
}

/// A server that ends between two requests of one client, by itself or by `kill -9`: the next one knows what
/// the client was told, and the clone it has.
#[test]
fn a_server_that_comes_back_knows_its_clients() {
    let mut feed = Feed::new();
    let clone = feed.git().clone("clone", &[]);
    for signal in ["TERM", "KILL"] {
        for _ in 0..3 {
            feed.change(
                SKILL,
                &format!("---\nname: x\ndescription: {:?}\n---\n\nDo it.\n", std::time::Instant::now()),
            );
            let tip = feed.server.tip(&feed.ada);
            feed.server.signal(signal);
            feed.server.ended();
            feed.server = feed.world.serve(&["--log-format", "json"]);
            let git = feed.git();
            let before = feed.world.objects(&clone).len();
            git.run(&clone, &["fetch", "-q", &git.url, &tip]);
            let came = feed.world.objects(&clone).len() - before;
            assert!((5..20).contains(&came), "{came} objects");
            git.sound(&clone);
        }
    }
    assert_eq!(feed.world.litter(), Vec::<String>::new());
}

/// As `rm -r` does it. A server that is just at work there may put a file into a folder that was just emptied, and then
/// it takes another go.
fn remove_cache(feed: &Feed) {
    let cache = feed.world.data().join("marketplaces/git-cache");
    let again = |why: &std::io::Error| why.kind() == std::io::ErrorKind::DirectoryNotEmpty;
    let gone = (0..100).any(|_| match fs::remove_dir_all(&cache) {
        Err(why) if again(&why) => false,
        other => other.map(|()| true).unwrap(),
    });
    assert!(gone, "{}", cache.display());
}

/// `kill -9` while clones are under way: no client takes half a repository for a whole one, and what the
/// server was writing does not harm the next.
#[test]
fn a_server_killed_while_it_serves_leaves_nothing_wrong() {
    let mut feed = Feed::new();
    let tip = feed.server.tip(&feed.ada);
    for round in 0..6_u64 {
        if round % 2 == 0 {
            remove_cache(&feed);
        }
        std::thread::scope(|scope| {
            for number in 0..3 {
                let git = feed.git();
                let path = feed.world.path(&format!("victim {number}"));
                scope.spawn(move || {
                    let _ = fs::remove_dir_all(&path);
                    let clone =
                        git.command_with(&[], &["clone", "-q", &git.url, argument(&path)]).output().unwrap();
                    if clone.status.success() {
                        git.sound(&path);
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(20 + 40 * round));
            feed.server.signal("KILL");
        });
        feed.server.ended();
        feed.server = feed.world.serve(&["--log-format", "json"]);
        assert!(arrives(&feed, &feed.git()));
        assert_eq!(feed.server.tip(&feed.ada), tip);
    }
}
