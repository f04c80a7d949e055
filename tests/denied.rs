//! A host is denied after it gave something. What is here already is asked for by nobody, so there are many ways for
//! it to be served on: none of them is open.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::field::Field;
use crate::support::git::VERSIONS;
use crate::support::packets::{fetch, says};
use crate::support::remotes::remote_url;
use crate::support::server::Server as Serving;
use crate::support::web::{Reply, Server, http_backend};
use crate::support::{ADA, Ran, Upstream, World, sha256};

/// A server with repositories, one that leads to it, and another that has the same.
struct Places {
    ground: World,
    evil: Server,
    short: Server,
    other: Server,
    /// The one that leads on does so no more, and answers itself.
    stays: Arc<AtomicBool>,
}

impl Places {
    fn new() -> Self {
        let ground = World::new();
        let root = || ground.path("upstreams");
        let (for_evil, for_short, for_other) = (root(), root(), root());
        let evil = Server::https(move |request| http_backend(&for_evil, request));
        let (to, stays) = (evil.url.replace("localhost", "127.0.0.1"), Arc::new(AtomicBool::new(false)));
        let says = Arc::clone(&stays);
        let short = Server::https(move |request| {
            if says.load(Ordering::Relaxed) {
                http_backend(&for_short, request)
            } else {
                Reply::redirect(302, &format!("{to}{}", request.target))
            }
        });
        let other = Server::https(move |request| http_backend(&for_other, request));
        Self { ground, evil, short, other, stays }
    }

    fn field(&self) -> Field {
        Field::new(&[&self.evil, &self.short, &self.other])
    }

    fn tool(&self) -> Upstream {
        let tool = self.ground.upstream("tool");
        tool.write(".claude-plugin/plugin.json", json!({"name": "tool", "version": "1.0.0"}).to_string());
        tool.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        tool.commit("Tool");
        tool
    }

    /// As rules name it. The others are called `localhost`.
    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.evil.port)
    }
}

fn at(server: &Server) -> String {
    format!("{}/tool", server.url)
}

fn source(url: &str) -> Value {
    json!([{"name": "tool", "source": {"source": "url", "url": url}}])
}

#[track_caller]
fn well(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[track_caller]
fn denied(field: &Field) {
    assert!(field.names().is_empty(), "{}", field.listed("tool"));
    assert!(field.reason("tool").contains("denied"), "{}", field.reason("tool"));
}

/// A curator points away from a host before it is denied, to where there is nothing: so what was there is kept.
#[test]
fn what_is_kept_is_judged_by_where_it_came_from() {
    let places = Places::new();
    let (field, _tool) = (places.field(), places.tool());
    let evil = at(&places.evil).replace("localhost", "127.0.0.1");
    well(&field.open(&source(&evil)));
    field.market.catalog(&source(&format!("{}/nothing", places.other.url))).commit("Away");
    well(&field.sync());
    assert_eq!(field.names(), ["tool"], "it is kept");
    well(&field.run(&["host", "deny", &places.host()]));
    well(&field.sync());
    denied(&field);

    // What was served on hold is no other.
    well(&field.run(&["host", "forget", &places.host()]));
    field.market.catalog(&source(&evil)).commit("Back");
    well(&field.sync());
    field.market.catalog(&source(&format!("{}/nothing", places.other.url))).commit("Away again");
    well(&field.sync());
    well(&field.run(&["marketplace", "edit", "market", "--hold"]));
    assert_eq!(field.names(), ["tool"]);
    well(&field.run(&["host", "deny", &places.host()]));
    well(&field.sync());
    denied(&field);
}

/// A pinned commit that is here is not asked for again.
#[test]
fn whoever_was_led_to_a_host_has_it_from_there() {
    for pinned in [true, false] {
        let places = Places::new();
        let (field, tool) = (places.field(), places.tool());
        let mut plugins = source(&at(&places.short));
        if pinned {
            plugins[0]["source"]["sha"] = tool.git(&["rev-parse", "HEAD"]).into();
        }
        well(&field.open(&plugins));
        assert_eq!(field.names(), ["tool"]);
        well(&field.run(&["host", "deny", "nobody.example"]));
        well(&field.sync());
        assert_eq!(field.names(), ["tool"]);
        well(&field.run(&["host", "deny", &places.host()]));
        let asked = places.evil.seen().len();
        well(&field.sync());
        denied(&field);
        assert_eq!(places.evil.seen().len(), asked);
        // From elsewhere it may come.
        places.stays.store(true, Ordering::Relaxed);
        well(&field.sync());
        assert_eq!(field.names(), ["tool"], "{}", field.listed("tool"));
        well(&field.run(&["marketplace", "edit", "market", "--hold"]));
        well(&field.run(&["host", "deny", "somebody.example"]));
        well(&field.sync());
        assert_eq!(field.names(), ["tool"]);
    }
}

#[test]
fn so_has_whoever_was_led_there_for_a_submodule() {
    let places = Places::new();
    let (field, tool) = (places.field(), places.tool());
    let inner = places.ground.upstream("inner");
    inner.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let commit = inner.write("s/SKILL.md", "---\nname: s\ndescription: d\n---\n").commit("Inner");
    let listing = format!("[submodule \"skills\"]\n\tpath = skills\n\turl = {}/inner\n", places.short.url);
    tool.write(".gitmodules", listing);
    fs::create_dir_all(tool.folder().join("skills")).unwrap();
    tool.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},skills")]);
    tool.commit("With a submodule");
    well(&field.open(&source(&at(&places.other))));
    let files = || field.listed("tool")["files"].clone();
    assert_eq!((field.names(), files()), (vec!["tool".to_owned()], json!(2)));
    well(&field.run(&["host", "deny", &places.host()]));
    well(&field.sync());
    denied(&field);
    // A new commit of the plugin has the same submodule.
    tool.write("README.md", "more").commit("More");
    well(&field.sync());
    denied(&field);
    places.stays.store(true, Ordering::Relaxed);
    well(&field.sync());
    assert_eq!((field.names(), files()), (vec!["tool".to_owned()], json!(3)));
}

/// Whatever keeps a marketplace from being read does not keep a host from being denied.
#[test]
fn a_sync_that_fails_withdraws_what_is_denied_all_the_same() {
    type Breaks = fn(&Field);
    let ways: [(Breaks, &str); 3] = [
        (
            |field| drop(field.market.write(".claude-plugin/marketplace.json", "{").commit("Broken")),
            "is not JSON",
        ),
        (|field| fs::rename(field.market.folder(), field.world.path("away")).unwrap(), "upstreams/market"),
        (
            |field| {
                let fresh = ["symbolic-ref", "HEAD", "refs/heads/nowhere"];
                field.market.git(&fresh);
            },
            "branch",
        ),
    ];
    for (breaks, what) in ways {
        let places = Places::new();
        let (field, _tool) = (places.field(), places.tool());
        well(&field.open(&source(&at(&places.evil).replace("localhost", "127.0.0.1"))));
        breaks(&field);
        assert_ne!(field.sync().code, Some(0), "{what}");
        assert_eq!(field.names(), ["tool"], "{what}");
        well(&field.run(&["host", "deny", &places.host()]));
        assert_ne!(field.sync().code, Some(0), "{what}");
        denied(&field);
        // It says why it failed, and not what became of the rest.
        let shown = field.world.json(&["marketplace", "show", "market"]);
        assert!(shown["last_error"].as_str().unwrap().contains(what), "{shown}");
    }
}

/// A marketplace that was away for one sync, when rules had changed.
#[test]
fn what_was_read_again_without_its_upstream_is_asked_about_later() {
    let places = Places::new();
    let (field, tool) = (places.field(), places.tool());
    let pinned = |commit: &str| {
        let mut plugins = source(&at(&places.short));
        plugins[0]["source"]["sha"] = commit.into();
        plugins
    };
    places.stays.store(true, Ordering::Relaxed);
    let first = tool.git(&["rev-parse", "HEAD"]);
    well(&field.open(&pinned(&first)));
    let second = tool.write("README.md", "second").commit("Second");
    let away = places.ground.path("away");
    fs::rename(tool.folder(), &away).unwrap();
    field.market.catalog(&pinned(&second)).commit("The second");
    well(&field.sync());
    assert!(field.listed("tool").to_string().contains("served on"));
    let market = field.world.path("market away");
    fs::rename(field.market.folder(), &market).unwrap();
    well(&field.run(&["host", "deny", "nobody.example"]));
    assert_ne!(field.sync().code, Some(0));
    fs::rename(&market, field.market.folder()).unwrap();
    fs::rename(&away, tool.folder()).unwrap();
    well(&field.sync());
    let shown = field.world.json(&["plugin", "show", "market/tool"]);
    assert!(shown.to_string().contains(&second), "{shown}");
    // And then it is settled: nobody is asked any more.
    let asked = places.short.seen().len();
    well(&field.sync());
    well(&field.sync());
    assert_eq!(places.short.seen().len(), asked);
}

/// What was downloaded is not downloaded again.
#[test]
fn a_file_has_whoever_led_to_it_too() {
    let ground = World::new();
    let tool = ground.upstream("tool");
    tool.write(".claude-plugin/plugin.json", json!({"name": "tool", "version": "1.0.0"}).to_string());
    tool.commit("Tool");
    let zip = tool.git_command(&["archive", "--format=zip", "HEAD"]).output().unwrap().stdout;
    let (file, again) = (zip.clone(), zip.clone());
    let evil = Server::https(move |_| Reply::new(200, "application/zip", file.clone()));
    let (to, stays) = (evil.url.replace("localhost", "127.0.0.1"), Arc::new(AtomicBool::new(false)));
    let says = Arc::clone(&stays);
    let short = Server::https(move |_| {
        if says.load(Ordering::Relaxed) {
            Reply::new(200, "application/zip", again.clone())
        } else {
            Reply::redirect(302, &format!("{to}/tool.zip"))
        }
    });
    let field = Field::new(&[&evil, &short]);
    let url = format!("{}/tool.zip", short.url);
    let source = json!({"source": "archive", "url": url, "sha256": sha256(&zip)});
    well(&field.open(&json!([{"name": "tool", "source": source}])));
    assert_eq!(field.names(), ["tool"], "{}", field.listed("tool"));
    // Whoever was stopped before it was written down who gave it begins anew.
    let store = field.world.data().join("marketplaces/store");
    for repository in fs::read_dir(store).unwrap() {
        fs::remove_dir_all(repository.unwrap().path().join("givers")).unwrap();
    }
    well(&field.run(&["host", "deny", "nobody.example"]));
    well(&field.sync());
    assert_eq!((evil.seen().len(), field.names()), (2, vec!["tool".to_owned()]));
    well(&field.sync());
    assert_eq!(evil.seen().len(), 2);
    well(&field.run(&["host", "deny", &format!("127.0.0.1:{}", evil.port)]));
    well(&field.sync());
    denied(&field);
    assert_eq!(evil.seen().len(), 2);
    stays.store(true, Ordering::Relaxed);
    well(&field.sync());
    assert_eq!(field.names(), ["tool"], "{}", field.listed("tool"));
}

/// Who was told of a view may fetch it for a while, whatever is served by then: but nothing that is denied.
#[test]
fn nobody_fetches_it_by_an_older_view() {
    let world = World::new();
    let tool = world.remote("tool");
    tool.write("skills/s/SKILL.md", "---\nname: s\ndescription: d\n---\nsecret\n").commit("Tool");
    let market = world.upstream("market");
    market.plugin("plain");
    let plain = json!({"name": "plain", "source": "./plugins/plain"});
    let other = json!({"name": "tool", "source": {"source": "url", "url": remote_url("tool")}});
    market.catalog(&json!([plain, other])).commit("Publish");
    world.register("market", &market);
    world.user(ADA, &["market/*"]);
    let (ada, server) = (world.bearer(ADA), world.serve(&[]));
    let clone = world.git(&server, &ada).clone("before", &[]);
    let of = |what: &str| world.look(&clone, &["rev-parse", what]);
    let file = of("HEAD:plugins/market-tool/skills/s/SKILL.md");
    let old = [of("HEAD"), of("HEAD^{tree}"), file];
    let ask = |version: u8, id: &String| server.upload_pack(&ada, version, &fetch(version, &[id], &[]));

    // That something else changes is no reason.
    market.write("plugins/plain/more.md", "more").commit("More");
    world.agnes(&["marketplace", "sync"]);
    for id in &old {
        assert!(ask(2, id).body.windows(4).any(|four| four == b"PACK"), "{id}");
    }
    world.agnes(&["host", "deny", "git.example"]);
    world.agnes(&["marketplace", "sync"]);
    for version in VERSIONS {
        for id in &old {
            let answer = ask(version, id);
            says(&answer, &format!("upload-pack: not our ref {id}"));
            assert!(!answer.body.windows(4).any(|four| four == b"PACK"), "v{version} {id}");
        }
    }
}

/// Attack: a curator takes the entry out, or has it lead elsewhere, before the host is denied. Then no entry tells any
/// more where the files of an older view are from; and somebody has written down its commit and the ids in it.
#[test]
fn nobody_fetches_it_by_an_older_view_whose_entry_is_gone_or_leads_elsewhere() {
    for elsewhere in [false, true] {
        let places = Places::new();
        let (field, tool) = (places.field(), places.tool());
        let skill = "skills/s/SKILL.md";
        tool.write(skill, "---\nname: s\ndescription: d\n---\nsecret\n").commit("Secret");
        let other = places.ground.upstream("other");
        other.write(".claude-plugin/plugin.json", json!({"name": "tool", "version": "2.0.0"}).to_string());
        other.commit("Other");
        field.market.plugin("plain");
        let plain = json!({"name": "plain", "source": "./plugins/plain"});
        // It is not asked itself, and leads to the one that is denied then.
        let evil = &source(&at(&places.short))[0];
        well(&field.open(&json!([plain, evil])));
        let world = &field.world;
        let serve = field.command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        let (ada, server) = (world.bearer(ADA), Serving::begin(world, serve));
        let clone = world.git(&server, &ada).clone("before", &[]);
        let of = |what: &str| world.look(&clone, &["rev-parse", what]);
        let plain_file = of("HEAD:plugins/market-plain/skills/plain/SKILL.md");
        let old = [of("HEAD"), of("HEAD^{tree}"), of(&format!("HEAD:plugins/market-tool/{skill}"))];
        let ask = |version: u8, id: &String| server.upload_pack(&ada, version, &fetch(version, &[id], &[]));

        let now = if elsewhere {
            json!([plain, source(&format!("{}/other", places.other.url))[0]])
        } else {
            json!([plain])
        };
        field.market.catalog(&now).commit("Away");
        well(&field.sync());
        for id in &old {
            assert!(ask(2, id).body.windows(4).any(|four| four == b"PACK"), "{id}");
        }
        well(&field.run(&["host", "deny", &places.host()]));
        for synced in [false, true] {
            for version in VERSIONS {
                for id in &old {
                    let answer = ask(version, id);
                    says(&answer, &format!("upload-pack: not our ref {id}"));
                    assert!(!answer.body.windows(4).any(|four| four == b"PACK"), "v{version} {id} {synced}");
                }
            }
            well(&field.sync());
        }
        assert!(ask(2, &plain_file).body.windows(4).any(|four| four == b"PACK"));
        // Whoever takes that back has it all again.
        well(&field.run(&["host", "forget", &places.host()]));
        assert!(ask(2, &old[0]).body.windows(4).any(|four| four == b"PACK"));
    }
}

/// The marketplace's own repository is gone with a disk, and its upstream is away: nothing of it can be read.
#[test]
fn what_cannot_be_read_again_is_withdrawn_all_the_same() {
    for edit in [&["--no-hold"][..], &["--hold"], &["--remote", "link"]] {
        let places = Places::new();
        let (field, _tool) = (places.field(), places.tool());
        let upstream = places.ground.upstream("other");
        upstream
            .write(".claude-plugin/plugin.json", json!({"name": "other", "version": "1.0.0"}).to_string());
        upstream.commit("Other");
        let other = format!("{}/other", places.other.url);
        let other = json!({"name": "other", "source": {"source": "url", "url": other}});
        let evil = at(&places.evil).replace("localhost", "127.0.0.1");
        let evil = json!({"name": "tool", "source": {"source": "url", "url": evil}});
        well(&field.open(&json!([other, evil])));
        field.world.agnes(&[&["marketplace", "edit", "market"], edit].concat());
        well(&field.sync());
        assert_eq!(field.names(), ["other", "tool"]);
        fs::rename(field.market.folder(), field.world.path("away")).unwrap();
        let refs = field.world.data().join("marketplaces/market/refs/agnes");
        fs::rename(&refs, field.world.path("refs")).unwrap();
        well(&field.run(&["host", "deny", &places.host()]));
        let acts =
            || field.world.json(&["audit", "--what", "marketplace.withdraw"]).as_array().unwrap().len();
        for _ in 0..3 {
            assert_ne!(field.sync().code, Some(0));
            assert_eq!(field.names(), ["other"]);
            assert!(field.reason("tool").contains("denied"), "{}", field.reason("tool"));
            assert_eq!(acts(), 1, "what is done is not done again");
        }
        fs::rename(field.world.path("away"), field.market.folder()).unwrap();
        fs::rename(field.world.path("refs"), &refs).unwrap();
        well(&field.run(&["host", "forget", &places.host()]));
        well(&field.sync());
        assert_eq!(field.names(), ["other", "tool"], "{edit:?}");
    }
}

/// What is served on hold is lost, and its upstream has forgotten it: what is new waits all the same.
#[test]
fn what_cannot_be_mended_does_not_keep_back_what_is_new() {
    let places = Places::new();
    let (field, tool) = (places.field(), places.tool());
    well(&field.open(&source(&at(&places.other))));
    well(&field.run(&["marketplace", "edit", "market", "--hold"]));
    fs::remove_dir_all(field.world.data().join("marketplaces/store")).unwrap();
    fs::remove_dir_all(tool.folder().join(".git")).unwrap();
    tool.git(&["init", "-q"]);
    tool.write("README.md", "another history").commit("Anew");
    well(&field.run(&["host", "deny", "nobody.example"]));
    let ran = field.sync();
    assert!(field.reason("tool").contains("fetched"), "{ran:?} {}", field.reason("tool"));
    let states = field.world.json(&["marketplace", "history", "market"]);
    assert_eq!(states.as_array().unwrap().len(), 2, "{states:#}");
    well(&field.run(&["marketplace", "approve", "market"]));
    assert_eq!(field.names(), ["tool"]);

    // So it is for the marketplace's own.
    fs::remove_dir_all(field.world.data().join("marketplaces/market")).unwrap();
    fs::remove_dir_all(field.market.folder().join(".git")).unwrap();
    field.market.git(&["init", "-q"]);
    field.market.write("README.md", "another history").commit("Anew");
    let ran = field.sync();
    assert!(ran.code != Some(0), "{ran:?}");
    let states = field.world.json(&["marketplace", "history", "market"]);
    assert_eq!(states.as_array().unwrap().len(), 3, "{states:#}");
    well(&field.run(&["marketplace", "approve", "market"]));
    well(&field.sync());
    assert_eq!(field.names(), ["tool"]);
}
