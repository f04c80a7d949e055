//! Objects of a plugin that was not granted, asked for by their ids, by somebody who knows them. Each test says
//! what was tried; the answer is in every case what it is for an id that nobody has, byte for byte.

use std::fs;

use crate::support::feed::{Feed, same_files};
use crate::support::git::VERSIONS;
use crate::support::packets::{FLUSH, command, fetch, lines, pack, packets, says, wanting};
use crate::support::server::{Answer, argument};
use crate::support::{ADA, GRACE, unzipped};

/// Nobody has it.
const NOBODY: &str = "0123456789abcdef0123456789abcdef01234567";

/// Ada may have `x`; Grace has `x` and `y`, and has told Ada every id of it.
struct Story {
    feed: Feed,
    grace: String,
    /// What is of `y` alone, with what it is: blobs, trees, and the commits and roots of Grace's view.
    secrets: Vec<(&'static str, String)>,
    /// A text that is in `y` alone.
    mine: Vec<String>,
}

impl Story {
    fn new() -> Self {
        let feed = Feed::with(&["tools/x"]);
        feed.world.user(GRACE, &["tools/x", "tools/y"]);
        let grace = feed.world.bearer(GRACE);
        let hers = feed.world.git(&feed.server, &grace).clone("grace", &[]);
        let of = |what: &str| feed.world.look(&hers, &["rev-parse", what]);
        let secrets = vec![
            ("commit", of("HEAD")),
            ("root", of("HEAD^{tree}")),
            ("plugins", of("HEAD:plugins")),
            ("catalog", of("HEAD:.claude-plugin/marketplace.json")),
            ("folder", of("HEAD:plugins/tools-y")),
            ("skills", of("HEAD:plugins/tools-y/skills")),
            ("manifest", of("HEAD:plugins/tools-y/.claude-plugin/plugin.json")),
            ("skill", of("HEAD:plugins/tools-y/skills/y/SKILL.md")),
            ("large", of("HEAD:plugins/tools-y/noise.bin")),
            // What was never in any view: of the upstream's own repository.
            ("upstream commit", feed.upstream.git(&["rev-parse", "HEAD"])),
            ("upstream tree", feed.upstream.git(&["rev-parse", "HEAD:plugins"])),
            (
                "upstream manifest",
                feed.upstream.git(&["rev-parse", "HEAD:plugins/y/.claude-plugin/plugin.json"]),
            ),
        ];
        let mine = feed.world.objects(&feed.git().clone("ada", &[]));
        for (what, id) in &secrets {
            assert!(!mine.contains(id), "the {what} is Ada's as well");
        }
        Self { feed, grace, secrets, mine }
    }

    fn ask(&self, version: u8, body: &[u8]) -> Answer {
        self.feed.server.upload_pack(&self.feed.ada, version, body)
    }

    /// Asks about each secret, and about the id that nobody has, and holds the answers against each other.
    #[track_caller]
    fn nothing_is_learnt(&self, version: u8, request: impl Fn(&str) -> Vec<u8>) -> Answer {
        let nobody = self.ask(version, &request(NOBODY));
        for (what, id) in &self.secrets {
            let answer = self.ask(version, &request(id));
            let told = replaced(&answer.body, id, NOBODY);
            assert!(told == nobody.body, "v{version}, the {what}: {}", answer.text());
            let headers = |of: &Answer| -> Vec<_> {
                of.headers
                    .iter()
                    .filter(|(name, _)| name != "date" && name != "x-request-id")
                    .cloned()
                    .collect()
            };
            assert_eq!((answer.status, headers(&answer)), (nobody.status, headers(&nobody)), "the {what}");
        }
        nobody
    }
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut out = bytes.to_vec();
    while let Some(at) = out.windows(from.len()).position(|window| window == from.as_bytes()) {
        out.splice(at..at + from.len(), to.bytes());
    }
    out
}

/// Ada names them as what she wants: alone, behind her own commit, before it, with every filter, with a depth,
/// and with Grace's words.
#[test]
fn wanted_by_id() {
    let story = Story::new();
    let tip = story.feed.server.tip(&story.feed.ada);
    for version in VERSIONS {
        let alone = story.nothing_is_learnt(version, |id| fetch(version, &[id], &[]));
        says(&alone, &format!("upload-pack: not our ref {NOBODY}"));
        for answer in [
            story.nothing_is_learnt(version, |id| fetch(version, &[&tip, id], &[])),
            story.nothing_is_learnt(version, |id| fetch(version, &[id, &tip], &[])),
            story.nothing_is_learnt(version, |id| fetch(version, &[id], &[&tip])),
            story.nothing_is_learnt(version, |id| fetch(version, &[&tip, id], &[id])),
        ] {
            says(&answer, &format!("upload-pack: not our ref {NOBODY}"));
        }
    }
    for more in [
        "deepen 1",
        "deepen-since 1",
        "filter blob:none",
        "filter tree:0",
        "filter object:type=blob",
        "wait-for-done",
        "no-progress",
    ] {
        for done in [&["done"][..], &[]] {
            let request = |id: &str| {
                let want = format!("want {id}");
                command("fetch", &[&[want.as_str(), more][..], done].concat())
            };
            let answer = story.nothing_is_learnt(2, request);
            says(&answer, &format!("upload-pack: not our ref {NOBODY}"));
        }
        for version in [0, 1] {
            let request = |id: &str| {
                let want = format!("want {id} filter no-done multi_ack_detailed side-band-64k");
                [&lines(&[want.as_str(), more]), FLUSH, &lines(&["done"])].concat()
            };
            let answer = story.nothing_is_learnt(version, request);
            assert!(pack(&answer).is_none(), "{}", answer.text());
        }
    }
}

/// Ada names them as what she has. An ACK would say that there is such a commit; a pack from which their
/// objects are left out would say what is in it.
#[test]
fn had_by_id() {
    let story = Story::new();
    let tip = story.feed.server.tip(&story.feed.ada);
    for version in VERSIONS {
        let plain = pack(&story.ask(version, &fetch(version, &[&tip], &[]))).unwrap();
        let answer = story.nothing_is_learnt(version, |id| fetch(version, &[&tip], &[id]));
        assert!(pack(&answer).unwrap() == plain, "v{version}: something was left out");
        assert_eq!(story.feed.world.objects_of_pack(&plain), story.mine);
        assert!(!answer.body.windows(4).any(|four| four == b"ACK "), "v{version}");
        // With what she really has before it, and after it.
        story.nothing_is_learnt(version, |id| fetch(version, &[&tip], &[&tip, id]));
        story.nothing_is_learnt(version, |id| fetch(version, &[&tip], &[id, &tip]));
    }
    // In a round that goes on, and one that only negotiates.
    for more in [&[][..], &["wait-for-done"]] {
        let request = |id: &str| {
            let (want, have) = (format!("want {tip}"), format!("have {id}"));
            command("fetch", &[&[want.as_str(), &have][..], more].concat())
        };
        let answer = story.nothing_is_learnt(2, request);
        let told = packets(&answer.body);
        assert!(told.contains(&&b"NAK\n"[..]) && !told.iter().any(|told| told.starts_with(b"ACK")));
    }
    story.nothing_is_learnt(2, |id| command("fetch", &["wait-for-done".to_owned(), format!("have {id}")]));
    for able in ["multi_ack_detailed no-done side-band-64k", "multi_ack", "side-band", ""] {
        for version in [0, 1] {
            for end in [FLUSH, b"0009done\n"] {
                let request = |id: &str| {
                    [&lines(&[format!("want {tip} {able}")]), FLUSH, &lines(&[format!("have {id}")]), end]
                        .concat()
                };
                story.nothing_is_learnt(version, request);
            }
        }
    }
}

/// Ada says that they are the border of a shallow clone: `unshallow` would say that they exist.
#[test]
fn shallow_by_id() {
    let story = Story::new();
    let tip = story.feed.server.tip(&story.feed.ada);
    for more in
        [&["deepen 1"][..], &["deepen 2147483647"], &["deepen-since 1"], &["deepen-not refs/heads/main"], &[]]
    {
        let request = |id: &str| {
            let said = [format!("want {tip}"), format!("shallow {id}")];
            let said: Vec<&str> =
                said.iter().map(String::as_str).chain(more.iter().copied()).chain(["done"]).collect();
            command("fetch", &said)
        };
        story.nothing_is_learnt(2, request);
        for version in [0, 1] {
            let request = |id: &str| {
                let mut said = vec![format!("want {tip} shallow side-band-64k"), format!("shallow {id}")];
                said.extend(more.iter().map(|&more| more.to_owned()));
                [&lines(&said), FLUSH, b"0009done\n"].concat()
            };
            story.nothing_is_learnt(version, request);
        }
    }
}

/// With the real client: in a partial clone of her own, Ada names them, and git asks for what it lacks. And she
/// puts Grace's objects' names into a tree of her own, as if they had been left out.
#[test]
fn fetched_lazily() {
    let story = Story::new();
    let world = &story.feed.world;
    for version in VERSIONS {
        let git = story.feed.git().speaking(version);
        let clone = git.clone("partial", &["--no-checkout", "--filter=blob:none"]);
        let nobody = git.refused(&clone, &["cat-file", "-p", NOBODY]);
        for (what, id) in &story.secrets {
            let told = git.refused(&clone, &["cat-file", "-p", id]);
            assert_eq!(told.replace(id, NOBODY), nobody, "v{version}, the {what}");
            assert!(told.contains(&format!("not our ref {id}")), "{told}");
            let told = git.refused(&clone, &["fetch", "origin", id]);
            assert!(told.contains(&format!("not our ref {id}")), "{told}");
        }
        let secret = &story.secrets.iter().find(|(what, _)| *what == "skill").unwrap().1;
        git.run(&clone, &["update-index", "--add", "--cacheinfo", &format!("100644,{secret},stolen")]);
        let tree = git.run(&clone, &["write-tree", "--missing-ok"]);
        let told = git.refused(&clone, &["archive", &tree]);
        assert!(told.contains(&format!("not our ref {secret}")), "{told}");
        assert!(!world.objects(&clone).contains(secret));
    }
}

/// By bundle: Ada's has what is Ada's, and Grace's address is the same as hers. By name: refs that there might be,
/// and commands that tell what exists.
#[test]
fn asked_for_by_other_ways() {
    let story = Story::new();
    let (feed, world) = (&story.feed, &story.feed.world);
    for (bearer, expected) in [(&feed.ada, &story.mine), (&story.grace, &world.objects(&world.path("grace")))]
    {
        let answer = feed.server.get("/marketplace.git/main.bundle", &[("authorization", bearer.as_str())]);
        let at = answer.body.windows(4).position(|four| four == b"PACK").unwrap();
        assert_eq!(&world.objects_of_pack(&answer.body[at..]), expected);
    }
    for id in [NOBODY, &story.secrets[0].1] {
        for path in
            [format!("{id}.bundle"), format!("bundles/{id}"), format!("objects/{}/{}", &id[..2], &id[2..])]
        {
            let answer =
                feed.server.get(&format!("/marketplace.git/{path}"), &[("authorization", &feed.ada)]);
            assert_eq!(answer.status, 404, "{path}");
        }
    }
    // A size, or a yes or no, would be enough to learn something.
    let answer =
        story.nothing_is_learnt(2, |id| command("object-info", &["size".to_owned(), format!("oid {id}")]));
    assert!(answer.text().contains("ERR invalid command"), "{}", answer.text());
    for prefix in ["refs/agnes/", "refs/", "", "refs/heads/main/../", "HEAD", "/"] {
        let answer = story.ask(2, &command("ls-refs", &["peel".to_owned(), format!("ref-prefix {prefix}")]));
        let own = feed.server.tip(&feed.ada);
        for told in packets(&answer.body).into_iter().filter(|told| !told.is_empty()) {
            assert!(told.starts_with(own.as_bytes()), "{}", answer.text());
        }
    }
    story.nothing_is_learnt(2, |id| command("fetch", &[format!("want-ref {id}"), "done".to_owned()]));
    story
        .nothing_is_learnt(2, |id| command("fetch", &[format!("filter sparse:oid={id}"), "done".to_owned()]));
    story.nothing_is_learnt(2, |id| {
        command(
            "fetch",
            &[format!("want {}", feed.server.tip(&feed.ada)), format!("deepen-not {id}"), "done".to_owned()],
        )
    });
}

/// A mistake in the bookkeeping of who was told what would be found here: Ada's own file of it, written by
/// somebody who can write there, names Grace's view. What is in that is still not granted to her.
#[test]
fn even_a_forged_memory_opens_nothing() {
    let story = Story::new();
    let users = story.feed.world.data().join("marketplaces/git-cache/users");
    let all: String = fs::read_dir(&users)
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let mut feed = story.feed;
    feed.server.signal("TERM");
    assert_eq!(feed.server.ended(), Some(0));
    for entry in fs::read_dir(&users).unwrap() {
        fs::write(entry.unwrap().path(), &all).unwrap();
    }
    feed.server = feed.world.serve(&["--log-format", "json"]);
    let mine = feed.server.tip(&feed.ada);
    for version in VERSIONS {
        for (what, id) in &story.secrets {
            let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &[id], &[]));
            says(&answer, &format!("upload-pack: not our ref {id}"));
            assert_ne!(&mine, id, "{what}");
        }
    }
}

/// Nobody's group is Ada's business: an administrator who was granted nothing clones nothing, and the
/// scheduler's token does not open the repository.
#[test]
fn who_administers_is_not_who_may_have() {
    let story = Story::new();
    let world = &story.feed.world;
    let admin = world.admin("admin@example.com");
    let clone = world.git(&story.feed.server, &admin).clone("admin", &[]);
    assert!(!clone.join("plugins").exists());
    let secret = &story.secrets[5].1;
    for version in VERSIONS {
        let answer = story.feed.server.upload_pack(&admin, version, &fetch(version, &[secret], &[]));
        says(&answer, &format!("upload-pack: not our ref {secret}"));
    }
}

/// Ada's cached answers are not Grace's: two clients behind one proxy, of which one asks right after the other,
/// on one connection that stays open.
#[test]
fn nothing_is_kept_for_somebody_else() {
    let story = Story::new();
    let feed = &story.feed;
    for (email, bearer) in [(ADA, &feed.ada), (GRACE, &story.grace), (ADA, &feed.ada)] {
        for version in VERSIONS {
            let clone = feed.world.git(&feed.server, bearer).speaking(version).clone("turn", &["--depth=1"]);
            let zip = feed.server.get("/marketplace.zip", &[("authorization", bearer.as_str())]);
            same_files(&clone, &unzipped(&zip.body));
            assert_eq!(clone.join("plugins/tools-y").exists(), email == GRACE);
        }
        let answer = feed.server.refs(bearer, 0);
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("authorization")), "{answer:?}");
        let kept = answer.header("cache-control").unwrap_or_default();
        assert!(kept.contains("no-cache") || kept.contains("no-store"), "{kept}");
    }
    // A want that is refused does not come back as an answer to the next request.
    let secret = &story.secrets[0].1;
    says(&story.ask(0, &wanting(&[secret], &[])), &format!("upload-pack: not our ref {secret}"));
    let path = feed.world.path("after");
    feed.git().run(feed.world.home(), &["clone", "-q", &feed.git().url, argument(&path)]);
}
