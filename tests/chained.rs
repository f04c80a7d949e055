//! One agnes as the upstream of another: the git channel and its one client that is not a `git`, but gix.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::feed::{Feed, SKILL};
use crate::support::server::{argument, exchange};
use crate::support::web::{Reply, Request, Server as Web};
use crate::support::{GRACE, Laptop, Ran, World, unzipped};

const MANIFEST: &str = ".claude-plugin/plugin.json";

/// Whoever has the other agnes as an upstream.
struct Below {
    world: World,
    ca: PathBuf,
}

impl Below {
    fn tried(&self, args: &[&str], stdin: &str) -> Ran {
        Laptop::run(self.world.agnes_command(args).env("AGNES_SYNC_CA_BUNDLE", &self.ca), stdin)
    }

    #[track_caller]
    fn run(&self, args: &[&str], stdin: &str) -> Value {
        let ran = self.tried(&[args, &["--json"]].concat(), stdin);
        assert_eq!(ran.code, Some(0), "agnes {args:?}: {}", ran.stderr);
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    /// One that has registered that address, synced it, and granted all of it.
    fn new(url: &str, token: &str, ca: PathBuf) -> Self {
        let below = Self { world: World::new(), ca };
        below.run(&["marketplace", "add", url, "--slug", "above", "--token-stdin"], token);
        assert_eq!(below.sync()["synced"][0]["changed"], true);
        below.world.user(GRACE, &["above/*"]);
        below
    }

    fn sync(&self) -> Value {
        self.run(&["marketplace", "sync", "above"], "")
    }

    /// The files of all plugins, by the names of the plugins. Which name and version stand in a manifest is
    /// each one's own word.
    fn files(&self) -> BTreeMap<String, (bool, Vec<u8>)> {
        of_plugins(&self.world.bundle(GRACE), "plugins/above-")
    }
}

fn of_plugins(bundle: &[u8], before: &str) -> BTreeMap<String, (bool, Vec<u8>)> {
    let files = unzipped(bundle).into_iter();
    let files = files.filter_map(|(path, file)| Some((path.strip_prefix(before)?.to_owned(), file)));
    files.filter(|(path, _)| !path.ends_with(MANIFEST)).collect()
}

fn above(feed: &Feed) -> BTreeMap<String, (bool, Vec<u8>)> {
    let zip = feed.server.get("/marketplace.zip", &[("authorization", &feed.ada)]);
    of_plugins(&zip.body, "plugins/tools-")
}

/// Passes requests on, and says which version of the protocol is spoken.
fn forward(to: SocketAddr, version: u8, request: &Request) -> Reply {
    let known = ["authorization", "content-type", "content-encoding", "accept"];
    let mut headers: Vec<(&str, &str)> =
        known.iter().filter_map(|name| Some((*name, request.header(name)?))).collect();
    let asked = format!("version={version}");
    headers.push(("git-protocol", &asked));
    let stream = TcpStream::connect(to).unwrap();
    let answer = exchange(stream, &request.method, &request.target, &headers, &request.body);
    let kind = answer.header("content-type").unwrap_or_default();
    let mut reply = Reply::new(answer.status, kind, answer.body.as_slice());
    let challenge = answer.headers.into_iter().find(|(name, _)| name == "www-authenticate");
    reply.headers.extend(challenge);
    reply
}

/// In protocol v0 and v2 (gix 0.90, which asks for v2, does not take an answer in v1): everything arrives as it is; a
/// change comes as what changed, on top of what is there; what was taken back goes; and with a token that was ended,
/// what is there goes on being served.
#[test]
fn an_agnes_follows_another() {
    for version in [0, 2] {
        let feed = Feed::new();
        let (unseen, token) = (feed.server.address(), feed.ada.strip_prefix("Bearer ").unwrap().to_owned());
        let between = Web::https(move |request| forward(unseen, version, request));
        let url = format!("{}/marketplace.git", between.url);
        let below = Below::new(&url, &token, between.ca.clone());
        assert!(below.files() == above(&feed), "v{version}");
        assert!(below.files().contains_key("x/hooks/run.sh"), "{:?}", below.files().keys());

        let asked = between.seen().len();
        let nothing = below.sync();
        assert_eq!(nothing["synced"][0]["changed"], false, "v{version} {nothing}");
        let packs = |since: usize| -> Vec<Request> {
            let seen = between.seen().into_iter().skip(since);
            seen.filter(|request| request.body.windows(5).any(|five| five == b"want ")).collect()
        };
        assert!(packs(asked).is_empty(), "v{version}");

        let asked = between.seen().len();
        feed.change(SKILL, "---\nname: x\ndescription: Changed above\n---\n\nDo it otherwise.\n");
        let synced = below.sync();
        assert_eq!(
            (&synced["synced"][0]["updated"], &synced["synced"][0]["removed"]),
            (&1.into(), &0.into())
        );
        assert!(below.files() == above(&feed), "v{version}");
        // It named the commit that it has, which nothing in the new one says anything of.
        let fetches = packs(asked);
        let says_have = |request: &Request| request.body.windows(5).any(|five| five == b"have ");
        assert!(!fetches.is_empty() && fetches.iter().all(says_have), "v{version} {fetches:?}");

        feed.world.agnes(&["revoke", "group of ada@example.com", "tools/*"]);
        feed.world.agnes(&["grant", "group of ada@example.com", "tools/y"]);
        let synced = below.sync();
        assert_eq!(
            (&synced["synced"][0]["updated"], &synced["synced"][0]["removed"]),
            (&0.into(), &1.into())
        );
        let left = below.files();
        assert!(left == above(&feed), "v{version}");
        assert!(left.keys().all(|path| path.starts_with("y/")) && !left.is_empty());

        feed.world.agnes(&["user", "remove", "ada@example.com"]);
        let refused = below.tried(&["marketplace", "sync", "above"], "");
        assert_ne!(refused.code, Some(0));
        assert!(!refused.stderr.contains(&token) && refused.stderr.contains("token"), "{}", refused.stderr);
        assert!(below.files() == left, "v{version}");
        feed.server.had_no_trouble();
    }
}

/// Over the server's own TLS and HTTP, without anybody in between.
#[test]
fn an_agnes_follows_another_directly() {
    let (world, upstream) = World::with_tools();
    world.user(GRACE, &["tools/*"]);
    let token = world.token(GRACE);
    let (server, ca) = world.serve_privately(&[]);
    let url = format!("{}/marketplace.git", server.url().replace("127.0.0.1", "localhost"));
    let below = Below::new(&url, &token, ca);
    assert_eq!(below.files(), of_plugins(&world.bundle(GRACE), "plugins/tools-"));
    upstream
        .write(SKILL, "---\nname: x\ndescription: Changed above\n---\n\nDo it otherwise.\n")
        .commit("Change");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(below.sync()["synced"][0]["updated"], 1);
    let files = below.files();
    assert_eq!(files, of_plugins(&world.bundle(GRACE), "plugins/tools-"));
    // What arrived is a repository in which git finds nothing wrong.
    let repository = below.world.data().join("marketplaces/above");
    below.world.look(&repository, &["-c", "safe.directory=*", "fsck", "--strict", "--no-dangling"]);
    assert!(argument(&repository).ends_with("above") && files.len() == 1);
}

/// A plugin that is a folder of what another agnes serves: it is asked for that folder, and gives that.
#[test]
fn an_agnes_takes_one_folder_of_another() {
    let feed = Feed::new();
    let (unseen, token) = (feed.server.address(), feed.ada.strip_prefix("Bearer ").unwrap().to_owned());
    let between = Web::https(move |request| forward(unseen, 2, request));
    let world = World::new();
    let run = |args: &[&str], stdin: &str| {
        let mut command = world.agnes_command(args);
        command.env("AGNES_SYNC_CA_BUNDLE", &between.ca).env("AGNES_SYNC_ALLOW_NETWORKS", "127.0.0.0/8");
        let ran = Laptop::run(&mut command, stdin);
        assert_eq!(ran.code, Some(0), "agnes {args:?}: {}", ran.stderr);
    };
    let upstream = world.upstream("below");
    let url = format!("{}/marketplace.git", between.url);
    let source = json!({"source": "git-subdir", "url": url, "path": "plugins/tools-x"});
    upstream.catalog(&json!([{"name": "x", "source": source}])).commit("Publish");
    run(&["marketplace", "add", &upstream.url(), "--slug", "below"], "");
    run(&["host", "token", &format!("localhost:{}", between.port), "--token-stdin"], &token);
    run(&["marketplace", "sync"], "");
    world.user(GRACE, &["below/*"]);
    let files = of_plugins(&world.bundle(GRACE), "plugins/below-");
    let there: BTreeMap<_, _> = above(&feed).into_iter().filter(|(path, _)| path.starts_with("x/")).collect();
    assert!(!files.is_empty() && files == there, "{:?}", files.keys());
    let says = |request: &Request, words: &str| String::from_utf8_lossy(&request.body).contains(words);
    let seen = between.seen();
    assert!(seen.iter().any(|request| says(request, "filter tree:0")));
    assert!(!seen.iter().any(|request| says(request, "deepen 1") && !says(request, "filter ")));
    feed.server.had_no_trouble();
}
