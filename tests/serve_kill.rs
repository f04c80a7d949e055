//! `kill -9` of a server that people administer and download from: what was answered holds.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::load::try_ask;
use crate::support::server::{Answer, Server};
use crate::support::{ADA, World, served, sha256, unzipped};

const ROUNDS: usize = 10;

/// What is so according to the last answer, and what somebody asked for without getting one.
#[derive(Default, Clone, Copy, Debug)]
struct Word {
    is_so: bool,
    unanswered: Option<bool>,
}

impl Word {
    fn agrees(self, found: bool) -> bool {
        found == self.is_so || Some(found) == self.unanswered
    }
}

/// What was said of users, grants and members, by a name for each.
#[derive(Default)]
struct Words {
    last: Mutex<BTreeMap<String, Word>>,
    acts: AtomicU64,
}

/// Asks for one act, and keeps the answer's word. Whether there was an answer.
fn act(words: &Words, name: String, is_so: bool, ask: impl FnOnce() -> Option<Answer>) -> bool {
    words.last.lock().unwrap().entry(name.clone()).or_default().unanswered = Some(is_so);
    let Some(answer) = ask() else { return false };
    assert!((200..300).contains(&answer.status), "{name}: {} {}", answer.status, answer.text());
    words.last.lock().unwrap().insert(name, Word { is_so, unanswered: None });
    words.acts.fetch_add(1, Ordering::Relaxed);
    true
}

struct Administrator<'a> {
    address: SocketAddr,
    token: &'a str,
}

impl Administrator<'_> {
    fn ask(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        try_ask(self.address, method, path, &[("authorization", self.token)], body.as_bytes())
    }

    /// Gives and takes grants of a few plugins that nobody else touches, until there is no answer.
    fn grants(&self, words: &Words, mine: &[&str]) {
        for turn in 0.. {
            let resource = format!("tools/{}", mine[turn % mine.len()]);
            let granted = (turn / mine.len()).is_multiple_of(2);
            let body = json!({"group": "Team", "resources": [resource]});
            let method = if granted { "POST" } else { "DELETE" };
            if !act(words, resource, granted, || self.ask(method, "/api/grants", &body)) {
                return;
            }
        }
    }

    /// Makes users, puts every other one into the group, and removes every third.
    fn users(&self, words: &Words, round: usize) {
        for number in 0.. {
            let email = format!("u{round}-{number}@example.com");
            if !act(words, email.clone(), true, || self.ask("POST", "/api/users", &json!({ "email": email })))
            {
                return;
            }
            if number % 2 == 0 {
                let body = json!({ "user": email });
                let member = format!("Team {email}");
                if !act(words, member, true, || self.ask("POST", "/api/groups/Team/members", &body)) {
                    return;
                }
            } else if number % 3 == 0 {
                let path = format!("/api/users/{email}");
                if !act(words, email, false, || self.ask("DELETE", &path, &Value::Null)) {
                    return;
                }
            }
        }
    }
}

/// Downloads, until there is no answer to the end. What comes whole is whole.
fn download(address: SocketAddr, token: &str, count: &AtomicU64) {
    while let Some(answer) = try_ask(address, "GET", "/marketplace.zip", &[("authorization", token)], b"") {
        assert_eq!(answer.status, 200, "{}", answer.text());
        if answer.header("content-length").unwrap() != answer.body.len().to_string() {
            return;
        }
        unzipped(&answer.body);
        count.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Everything that the words are about, as it is.
fn found(server: &Server) -> BTreeMap<String, bool> {
    let list = |path: &str| server.ask_socket("GET", path, &[], b"").json();
    let mut found = BTreeMap::new();
    for user in list("/api/users").as_array().unwrap() {
        found.insert(user["email"].as_str().unwrap().to_owned(), true);
    }
    for grant in list("/api/grants?group=Team").as_array().unwrap() {
        found.insert(grant["resource"].as_str().unwrap().to_owned(), true);
    }
    for member in list("/api/groups/Team")["members"].as_array().unwrap() {
        found.insert(format!("Team {}", member.as_str().unwrap()), true);
    }
    found
}

#[test]
fn what_was_answered_holds_after_the_server_was_killed() {
    let world = World::new();
    let upstream = world.upstream("tools");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    upstream.plugins(&names);
    upstream.write("plugins/h/noise.bin", vec![7; 1 << 20]).commit("Publish");
    world.register("tools", &upstream);
    world.agnes(&["group", "add", "Team"]);
    world.agnes(&["user", "add", ADA]);
    world.agnes(&["group", "join", "Team", ADA]);
    let (token, admin) = (world.bearer(ADA), world.admin("admin@example.com"));

    let words = Words::default();
    let (downloads, mut slowest) = (AtomicU64::new(0), Duration::ZERO);
    for round in 0..ROUNDS {
        let began = Instant::now();
        let mut server = world.serve(&[]);
        let ready = server.get("/readyz", &[]);
        slowest = slowest.max(began.elapsed());
        assert_eq!(ready.status, 200);
        check(&world, &server, &words, &token, round);
        let address = server.address();
        let administrator = &Administrator { address, token: &admin };
        std::thread::scope(|scope| {
            let (words, downloads, token) = (&words, &downloads, token.as_str());
            scope.spawn(move || administrator.grants(words, &["a", "b", "c"]));
            scope.spawn(move || administrator.grants(words, &["d", "e", "f"]));
            scope.spawn(move || administrator.users(words, round));
            for _ in 0..2 {
                scope.spawn(move || download(address, token, downloads));
            }
            scope.spawn(move || {
                while administrator.ask("POST", "/api/marketplaces/tools/sync", &Value::Null).is_some() {}
            });
            // From its first moments on; not always the same one.
            std::thread::sleep(Duration::from_millis(60 + 47 * round as u64));
            server.signal("KILL");
        });
        assert_eq!(server.ended(), None);
    }
    let server = world.serve(&[]);
    check(&world, &server, &words, &token, ROUNDS);
    drop(server);
    let doctor = world.json(&["doctor"])["findings"].to_string();
    assert!(!doctor.contains("\"broken\""), "{doctor}");
    let [said, whole] = [&words.acts, &downloads].map(|count| count.load(Ordering::Relaxed));
    assert!(said > 50 && whole > 10, "{said} acts, {whole} downloads: that was no load");
    assert!(slowest < Duration::from_secs(10), "ready after {slowest:?}");
    eprintln!("{said} acts, {whole} downloads, ready after at most {slowest:?}");
}

/// Every answered act holds, and bundles are whole and of what was granted.
fn check(world: &World, server: &Server, words: &Words, token: &str, round: usize) {
    let found = found(server);
    let mut words = words.last.lock().unwrap();
    for (name, word) in words.iter_mut() {
        let is_so = found.contains_key(name);
        assert!(word.agrees(is_so), "round {round}: {name}: {word:?}, and found: {is_so}");
        *word = Word { is_so, unanswered: None };
    }
    let headers = [("authorization", token)];
    let answer = server.get("/marketplace.zip", &headers);
    assert_eq!(answer.status, 200);
    unzipped(&answer.body);
    let catalog = crate::support::catalog(&answer.body);
    let granted: Vec<&str> = found.keys().filter_map(|name| name.strip_prefix("tools/")).collect();
    assert_eq!(served(&catalog), granted, "round {round}");
    // What lies in the cache is what would be built now.
    if round % 5 == 4 {
        std::fs::remove_dir_all(world.data().join("marketplaces/zip-cache")).unwrap();
        let again = World::bundle_over(server, ADA);
        assert_eq!(sha256(&again), sha256(&answer.body), "round {round}");
    }
}

impl World {
    /// A user's bundle, as the operator gets it from a server.
    fn bundle_over(server: &Server, email: &str) -> Vec<u8> {
        let answer = server.ask_socket("GET", &format!("/api/users/{email}/marketplace.zip"), &[], b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    }
}
