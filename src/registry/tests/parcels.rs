//! Archives that a catalog points to, from a web server on the loopback interface.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::archive::fixture::{FILE, PROGRAM, zip_of};
use crate::archive::unpack::unpack;
use crate::domain::digest::Digest;
use crate::domain::upstream::host::Rule;
use crate::git::server::{Reply, Server};
use crate::registry::Settings;
use crate::registry::marketplaces::hosts::EditHost;
use crate::registry::testing::{Fixture, new, operator};
use crate::store::plugins::PluginRow;

pub(super) const ADA: &str = "ada@example.com";

/// A server with what a test puts into it, and a registry that may fetch from there.
pub(super) struct Shop {
    pub server: Server,
    pub fixture: Fixture,
    shelf: Arc<Mutex<HashMap<String, Reply>>>,
}

impl Shop {
    pub fn new() -> Self {
        Self::with(|_, _| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings, &Server)) -> Self {
        let shelf: Arc<Mutex<HashMap<String, Reply>>> = Arc::default();
        let shown = Arc::clone(&shelf);
        let server = Server::https(move |request| {
            let found = shown.lock().unwrap().get(&request.target).cloned();
            let reply = found.unwrap_or_else(|| Reply::new(404, "text/plain", "nothing"));
            let mark = reply.headers.iter().find(|(name, _)| name == "ETag").map(|(_, mark)| mark.as_str());
            if mark.is_some() && mark == request.header("if-none-match") {
                return Reply::new(304, "text/plain", "");
            }
            reply
        });
        let mut settings = Settings::default();
        settings.sync.ca_bundle = Some(server.ca.clone());
        settings.sync.outbound = "127.0.0.0/8 ::1".parse().unwrap();
        settings.sync.idle_timeout = Duration::from_millis(400);
        change(&mut settings, &server);
        Self { fixture: Fixture::with(settings), server, shelf }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    pub fn put(&self, path: &str, reply: Reply) {
        self.shelf.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// What it was asked for since the last time.
    pub fn asked(&self, since: usize) -> Vec<String> {
        self.server.seen().iter().skip(since).map(|request| request.target.clone()).collect()
    }

    /// Publishes a marketplace of these plugins and syncs it.
    pub fn publish(&self, plugins: &Value) {
        let manifest = json!({"name": "market", "owner": {"name": "x"}, "plugins": plugins}).to_string();
        let url = self.fixture.publish("market", &[(".claude-plugin/marketplace.json", &manifest)]);
        if self.fixture.registry.marketplace(&operator(), "market").is_err() {
            self.fixture.registry.add_marketplace(&operator(), new("market", &url)).unwrap();
            self.fixture.admit(ADA, "A", &["market/*"]);
        }
        self.sync();
    }

    pub fn sync(&self) {
        self.fixture.sync("market").unwrap();
    }

    pub fn plugin(&self, name: &str) -> PluginRow {
        let all = self.fixture.registry.plugins(&operator(), Some("market")).unwrap();
        all.into_iter().map(|listed| listed.row).find(|row| row.name == name).unwrap()
    }

    #[track_caller]
    pub fn reason(&self, name: &str) -> String {
        let row = self.plugin(name);
        assert_eq!(row.digest, None, "{name} is served");
        row.reason.unwrap()
    }

    /// What Ada gets, unpacked.
    pub fn bundle(&self) -> TempDir {
        let bundle = self.fixture.registry.bundle(&operator(), ADA).unwrap();
        let folder = tempfile::tempdir().unwrap();
        unpack(fs::File::open(bundle.path).unwrap(), folder.path()).unwrap();
        folder
    }

    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let bundle = self.bundle();
        fs::read_to_string(bundle.path().join("plugins").join(path)).unwrap()
    }
}

pub(super) fn file(bytes: &[u8]) -> Reply {
    Reply::new(200, "application/octet-stream", bytes)
}

fn archive(shop: &Shop, path: &str, sha256: &str) -> Value {
    json!({"source": "archive", "url": shop.url(path), "sha256": sha256})
}

fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).to_string()
}

fn plugin_zip(words: &[u8]) -> Vec<u8> {
    zip_of(&[
        ("tool-1.0/skills/s/SKILL.md", FILE, words),
        ("tool-1.0/bin/run.sh", PROGRAM, b"#!/bin/sh\n"),
        ("__MACOSX/tool-1.0/._x", FILE, b"clutter"),
    ])
}

#[test]
fn an_archive_is_downloaded_once_and_served_like_any_plugin() {
    let shop = Shop::with(|settings, _| settings.sync.keep_states = 1);
    let zip = plugin_zip(b"---\nname: s\n---\nfirst\n");
    shop.put("/tool.zip?token=t", file(&zip));
    let source = archive(&shop, "/tool.zip?token=t", &digest(&zip));
    shop.publish(&json!([{"name": "tool", "source": source}, {"name": "again", "source": source}]));
    assert_eq!(shop.asked(0), ["/tool.zip?token=t"], "two plugins of one archive");

    let bundle = shop.bundle();
    let folder = bundle.path().join("plugins/market-tool");
    assert!(fs::read_to_string(folder.join("skills/s/SKILL.md")).unwrap().ends_with("first\n"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(folder.join("bin/run.sh")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o111, 0o111);
    assert!(!bundle.path().join("plugins/market-tool/__MACOSX").exists());
    let row = shop.plugin("tool");
    assert_eq!((row.reason, row.notes.as_str()), (None, "[]"));
    // What stands behind the `?` may be a secret, and is not repeated.
    assert_eq!(row.origin.url, Some(format!("{}#sha256={}", shop.url("/tool.zip"), digest(&zip))));

    // What is named by its digest needs no request, also not in another marketplace or after a restart.
    shop.sync();
    shop.publish(&json!([{"name": "tool", "source": source}, {"name": "third", "source": source}]));
    assert_eq!(shop.asked(1), [""; 0]);
    assert!(shop.read("market-third/skills/s/SKILL.md").ends_with("first\n"));

    // When nobody needs it any more, it goes: after the state of before, which somebody may be building from.
    shop.publish(&json!([]));
    shop.publish(&json!([{"name": "gone", "source": "./nowhere"}]));
    assert_eq!(fs::read_dir(shop.fixture.registry.folder().store()).unwrap().count(), 0);
}

#[test]
fn the_same_archive_is_the_same_commit_wherever_it_is_unpacked() {
    let zip = plugin_zip(b"words");
    let row = || {
        let shop = Shop::new();
        shop.put("/tool.zip", file(&zip));
        shop.publish(&json!([{"name": "tool", "source": archive(&shop, "/tool.zip", &digest(&zip))}]));
        let row = shop.plugin("tool");
        (row.digest.unwrap(), row.origin.tree.unwrap())
    };
    assert_eq!(row(), row());
}

#[test]
fn an_archive_that_fails_leaves_what_was_served() {
    let shop = Shop::new();
    let (first, second) = (plugin_zip(b"first"), plugin_zip(b"second"));
    shop.put("/1.zip", file(&first));
    shop.publish(&json!([{"name": "tool", "source": archive(&shop, "/1.zip", &digest(&first))}]));
    assert_eq!(shop.read("market-tool/skills/s/SKILL.md"), "first");

    // The file is another one than the curator looked at.
    shop.put("/2.zip", file(&first));
    shop.publish(&json!([{"name": "tool", "source": archive(&shop, "/2.zip", &digest(&second))}]));
    assert_eq!(shop.read("market-tool/skills/s/SKILL.md"), "first");
    let row = shop.plugin("tool");
    assert!(row.notes.contains("remote-failed") && row.notes.contains(&digest(&first)), "{}", row.notes);

    // It is tried again at each sync, though the marketplace has nothing new.
    shop.put("/2.zip", file(&second));
    shop.sync();
    assert_eq!(shop.read("market-tool/skills/s/SKILL.md"), "second");
    assert_eq!(shop.plugin("tool").notes, "[]");
}

#[test]
fn a_store_that_is_damaged_is_mended_by_the_next_sync() {
    let shop = Shop::new();
    let zip = plugin_zip(b"words");
    shop.put("/1.zip", file(&zip));
    shop.publish(&json!([{"name": "tool", "source": archive(&shop, "/1.zip", &digest(&zip))}]));
    let place = shop.plugin("tool").origin.url.unwrap();
    fs::remove_dir_all(shop.fixture.registry.folder().vendored(&place).join("objects")).unwrap();
    shop.fixture.registry.bundle(&operator(), ADA).map(drop).unwrap_err();
    shop.publish(
        &json!([{"name": "tool", "description": "d", "source": archive(&shop, "/1.zip", &digest(&zip))}]),
    );
    assert_eq!(shop.read("market-tool/skills/s/SKILL.md"), "words");
}

#[test]
fn a_host_that_is_denied_is_not_asked_for_an_archive() {
    let shop = Shop::new();
    let zip = plugin_zip(b"words");
    for path in ["/tool.zip", "/tool.zip?token=t"] {
        shop.put(path, file(&zip));
    }
    let deny = EditHost { rule: Some(Some(Rule::Deny)), ssh: None, token: None };
    shop.fixture.registry.edit_host(&operator(), "localhost", &deny).unwrap();
    shop.publish(&json!([
        {"name": "plain", "source": archive(&shop, "/tool.zip", &digest(&zip))},
        {"name": "query", "source": archive(&shop, "/tool.zip?token=t", &digest(&zip))},
    ]));
    for name in ["plain", "query"] {
        let reason = shop.reason(name);
        assert!(reason.contains("denied"), "{reason}");
    }
    assert_eq!(shop.asked(0), [""; 0]);
}

/// Whoever writes a catalog, or has the server that it names, wants this machine to do harm or to work
/// without end. Each is told by its plugin, and by nothing else.
#[test]
fn what_a_server_can_do_costs_its_own_plugin_alone() {
    let shop = Shop::with(|settings, _| {
        settings.sync.total_timeout = Duration::from_secs(2);
        settings.limits.max_fetch_bytes = 1 << 20;
    });
    let good = plugin_zip(b"words");
    let sha = digest(&good);
    let mut hang = file(&good);
    hang.hang = true;
    let mut drip = file(&good);
    drip.drip = Some(Duration::from_millis(50));
    let mut cut = file(&good);
    cut.cut = Some(20);
    let bomb = zip_of(&[("a", FILE, &vec![0; 1 << 20])]);
    let outside = zip_of(&[("../../a", FILE, b"x")]);
    let empty = zip_of(&[]);
    let large = vec![7; (1 << 20) + 1];
    let replies = [
        ("away", Reply::new(404, "text/html", "no"), &sha, "there is no such file"),
        ("forbidden", Reply::new(403, "text/html", "no"), &sha, "forbids"),
        ("broken", Reply::new(500, "text/html", "no"), &sha, "500"),
        ("plain", Reply::redirect(302, "http://example.com/a.zip"), &sha, "it leaves https"),
        ("inside", Reply::redirect(302, "https://10.0.0.1/a.zip"), &sha, "not allowed"),
        ("metadata", Reply::redirect(307, "https://169.254.169.254/latest"), &sha, "not allowed"),
        ("file", Reply::redirect(302, "file:///etc/passwd"), &sha, "it leaves https"),
        ("circle", Reply::redirect(302, "/circle"), &sha, "redirects more than"),
        ("hang", hang, &sha, "took "),
        ("drip", drip, &sha, "took "),
        ("cut", cut, &sha, "cannot reach"),
        ("large", file(&large), &digest(&large), "more than 1048576 bytes"),
        ("other", file(b"other"), &sha, "has the SHA-256"),
        ("bomb", file(&bomb), &digest(&bomb), "times its size"),
        ("outside", file(&outside), &digest(&outside), "leads out of it"),
        ("empty", file(&empty), &digest(&empty), "no file in it"),
        ("html", file(b"<html>"), &digest(b"<html>"), "damaged"),
    ];
    let mut plugins = vec![json!({"name": "fine", "source": archive(&shop, "/fine", &sha)})];
    shop.put("/fine", file(&good));
    for (name, reply, sha, _) in &replies {
        shop.put(&format!("/{name}"), reply.clone());
        plugins.push(json!({"name": name, "source": archive(&shop, &format!("/{name}"), sha)}));
    }
    for (name, url) in
        [("private", "https://10.0.0.1/a.zip"), ("credentials", "https://u:secret@x.example/a.zip")]
    {
        plugins.push(json!({"name": name, "source": {"source": "archive", "url": url, "sha256": sha}}));
    }
    shop.publish(&Value::Array(plugins));
    for (name, .., why) in &replies {
        let reason = shop.reason(name);
        assert!(reason.contains(why), "{name}: {reason}");
    }
    assert!(shop.reason("private").contains("not allowed"));
    assert!(shop.reason("credentials").contains("credentials"));
    assert_eq!(shop.read("market-fine/skills/s/SKILL.md"), "words");
    // Nothing is left of what failed, and nobody was told anything about us.
    let left = fs::read_dir(shop.fixture.registry.folder().store()).unwrap().count();
    assert_eq!(left, 1);
    assert!(shop.server.seen().iter().all(|request| request.header("authorization").is_none()));
}
