//! `agnes marketplace sync`, as cron runs it, beside a server that many people ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::load::try_ask;
use crate::support::server::{Server, until};
use crate::support::{ADA, Ran, Upstream, World, catalog, sha256, unzipped, zip_file};

const SYNCS: usize = 100;

/// The upstream moves on before every so many syncs.
const EACH: usize = 4;

/// One revision says its number in the catalog, and in a file of each of its plugins.
fn publish(upstream: &Upstream, revision: usize) {
    let plugins = ["one", "two"].map(|name| {
        upstream.write(&format!("plugins/{name}/revision.txt"), format!("revision {revision}"));
        json!({"name": name, "source": format!("./plugins/{name}"), "description": format!("revision {revision}")})
    });
    upstream.catalog(&plugins.into_iter().collect());
    upstream.commit(&format!("Revision {revision}"));
}

/// The revision that a bundle is of; there must be but one.
#[track_caller]
fn revision(zip: &[u8]) -> String {
    assert!(unzipped(zip).len() > 4, "every entry of it can be read");
    let entries = catalog(zip)["plugins"].clone();
    let mut said: BTreeSet<String> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["description"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    for name in ["one", "two"] {
        let path = format!("plugins/tools-{name}/revision.txt");
        said.insert(String::from_utf8(zip_file(zip, &path)).unwrap());
    }
    assert_eq!(said.len(), 1, "a mixture: {said:?}");
    said.pop_first().unwrap()
}

/// What the crowd got, until it was told to go.
#[derive(Default)]
struct Crowd {
    over: AtomicBool,
    /// Tag → the revision that came with it, and the hash of the bytes.
    seen: Mutex<BTreeMap<String, (String, String)>>,
    whole: AtomicU64,
    unchanged: AtomicU64,
    others: AtomicU64,
}

impl Crowd {
    fn download(&self, server: &Server, token: &str, conditional: bool) {
        let mut last = String::from("\"none\"");
        while !self.over.load(Ordering::Relaxed) {
            let both = [("authorization", token), ("if-none-match", last.as_str())];
            let headers = if conditional { &both[..] } else { &both[..1] };
            let answer = try_ask(server.address(), "GET", "/marketplace.zip", headers, b"").unwrap();
            let tag = answer.header("etag").unwrap_or_else(|| panic!("{}", answer.text())).to_owned();
            if answer.status == 304 {
                assert_eq!(tag, last);
                self.unchanged.fetch_add(1, Ordering::Relaxed);
            } else {
                assert_eq!(answer.status, 200);
                assert_eq!(answer.header("content-length").unwrap(), answer.body.len().to_string());
                let got = (revision(&answer.body), sha256(&answer.body));
                let before = self.seen.lock().unwrap().insert(tag.clone(), got.clone());
                assert!(before.is_none_or(|before| before == got), "two bundles under {tag}");
                self.whole.fetch_add(1, Ordering::Relaxed);
            }
            last = tag;
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    fn look(&self, server: &Server, token: &str, path: &str) {
        while !self.over.load(Ordering::Relaxed) {
            let headers = [("authorization", token)];
            let answer = try_ask(server.address(), "GET", path, &headers, b"").unwrap();
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let found: Value = answer.json();
            let plugins = found["plugins"].as_array().or_else(|| found.as_array()).unwrap();
            let said: BTreeSet<String> =
                plugins.iter().map(|plugin| plugin["description"].to_string()).collect();
            assert_eq!((plugins.len(), said.len()), (2, 1), "{path}: a mixture: {said:?}");
            self.others.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(3));
        }
    }
}

/// As cron does it: nothing is said unless something is wrong.
#[track_caller]
fn quietly(ran: &Ran) {
    assert_eq!(
        (ran.code, ran.text().as_str(), ran.stderr.as_str()),
        (Some(0), "", ""),
        "cron would have mailed that"
    );
}

#[test]
fn a_hundred_syncs_of_crons_beside_a_busy_server_disturb_nobody() {
    let world = World::new();
    let upstream = world.upstream("tools");
    upstream.plugins(&["one", "two"]);
    publish(&upstream, 0);
    world.register("tools", &upstream);
    world.user(ADA, &["tools/*"]);
    let (token, admin) = (world.bearer(ADA), world.admin("admin@example.com"));
    let server = world.serve(&["--log-format", "json"]);
    let sync = || Ran::from(world.agnes_command(&["marketplace", "sync", "--quiet"]).output().unwrap());
    let etag = || {
        let headers = [("authorization", token.as_str())];
        let info = server.get("/marketplace/info", &headers).json();
        (format!("\"{}\"", info["etag"].as_str().unwrap()), info["plugins"][0]["description"].clone())
    };
    let crowd = Crowd::default();
    let mut published = BTreeMap::from([etag()]);
    let (mut files, mut memory) = (0, 0);
    std::thread::scope(|scope| {
        let (crowd, server) = (&crowd, &server);
        let (token, admin) = (token.as_str(), admin.as_str());
        for conditional in [true, false, true] {
            scope.spawn(move || crowd.download(server, token, conditional));
        }
        scope.spawn(move || crowd.look(server, token, "/marketplace/info"));
        scope.spawn(move || crowd.look(server, admin, "/api/plugins"));
        // However this ends, the crowd has to go.
        let _over = Over(&crowd.over);
        let mut done = 0;
        while done < SYNCS {
            if done % EACH == 0 {
                publish(&upstream, done + 1);
            }
            if done % 7 == 0 {
                let other = scope.spawn(sync);
                quietly(&sync());
                quietly(&other.join().unwrap());
                done += 2;
            } else {
                quietly(&sync());
                done += 1;
            }
            published.extend([etag()]);
            if done < SYNCS / 4 {
                (files, memory) = (server.open_but_bundles(), server.memory());
            }
        }
    });
    until("all to have gone", || server.is_at_rest().then_some(()));

    let seen = crowd.seen.lock().unwrap();
    for (tag, (revision, _)) in seen.iter() {
        assert_eq!(published.get(tag), Some(&json!(revision)), "{tag} was never published");
    }
    let [whole, unchanged, others] =
        [&crowd.whole, &crowd.unchanged, &crowd.others].map(|count| count.load(Ordering::Relaxed));
    let enough = whole > 50 && unchanged > 50 && others > 50 && seen.len() > SYNCS / EACH / 2;
    assert!(enough, "{whole} downloads of {} bundles, {unchanged} × 304, {others} others", seen.len());
    server.had_no_trouble();
    assert_eq!(world.litter(), Vec::<String>::new());
    // Those who were connected when it was counted may be gone, and nothing came on top.
    assert!(server.open_but_bundles() <= files + 4, "{files} open files became {:?}", server.open());
    let grown = server.memory().saturating_sub(memory);
    assert!(grown < 64 << 10, "{memory} KiB of memory grew by {grown}");
    eprintln!("{whole} downloads, {unchanged} × 304, {others} others; {memory} KiB + {grown} KiB");
}

/// Tells the crowd to go, even if the one who would have told it fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
