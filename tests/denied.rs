//! A host is denied after it gave something. What is here already is asked for by nobody, so there are many ways for
//! it to be served on: none of them is open.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::field::Field;
use crate::support::web::{Reply, Server, http_backend};
use crate::support::{Ran, Upstream, World};

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
            "not valid JSON",
        ),
        (|field| fs::rename(field.market.folder(), field.world.path("away")).unwrap(), "away"),
        (
            |field| {
                let fresh = ["symbolic-ref", "HEAD", "refs/heads/nowhere"];
                field.market.git(&fresh);
            },
            "HEAD",
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
        assert!(!shown["last_error"].is_null(), "{shown}");
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
