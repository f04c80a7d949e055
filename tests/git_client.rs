//! The real Claude Code client, old and new, over the git channel: from the address to the update.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::server::{Server, until};
use crate::support::{ADA, Claude, Upstream, World};

const SKILL: &str = "skills/moved/SKILL.md";
const TEXT: &str = "---\nname: moved\ndescription: Another text\n---\n\nAnother text.\n";

/// Two plugins, granted to Ada one by one.
fn scene() -> (World, Upstream) {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["still", "moved"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/still", "up/moved"]);
    (world, upstream)
}

/// The address as somebody types it who has a token.
fn address(world: &World, server: &Server, path: &str) -> String {
    let bearer = world.bearer(ADA);
    let token = bearer.strip_prefix("Bearer ").unwrap();
    format!("http://x:{token}@{}{path}", server.address())
}

/// What a plugin has installed.
fn installed(claude: &Claude, id: &str) -> Option<(String, PathBuf)> {
    let all = claude.installed();
    let one = all.iter().find(|one| one["id"] == id)?;
    Some((one["version"].as_str()?.to_owned(), PathBuf::from(one["installPath"].as_str()?)))
}

/// Which of the two a session loads. New clients bring plugins of their own.
fn loaded(claude: &Claude) -> Vec<String> {
    let session = claude.session();
    let names = session["plugins"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
    names.filter(|name| ["still", "moved"].contains(name)).map(str::to_owned).collect()
}

fn lives_through_everything(test: &str, path: &str) {
    let (world, upstream) = scene();
    let server = world.serve(&[]);
    let address = address(&world, &server, path);
    let clients = Claude::all(&world, test);
    for claude in &clients {
        claude.plugin(&["marketplace", "add", &address]);
        for name in ["still", "moved"] {
            claude.plugin(&["install", &format!("{name}@agnes")]);
        }
        assert_eq!(loaded(claude), ["still", "moved"], "in the order of installing");
    }

    // A change reaches those who update, and only the plugin that it is in.
    upstream.write(&format!("plugins/moved/{SKILL}"), TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    for claude in &clients {
        let before = ["still@agnes", "moved@agnes"].map(|id| installed(claude, id).unwrap().0);
        claude.plugin(&["marketplace", "update", "agnes"]);
        for name in ["still", "moved"] {
            claude.plugin(&["update", &format!("{name}@agnes")]);
        }
        let (still, _) = installed(claude, "still@agnes").unwrap();
        let (moved, folder) = installed(claude, "moved@agnes").unwrap();
        assert_eq!(still, before[0]);
        assert_ne!(moved, before[1]);
        assert_eq!(fs::read_to_string(folder.join(SKILL)).unwrap(), TEXT);
    }

    // What was taken back is gone from the next session after a refresh.
    world.agnes(&["revoke", ADA_GROUP, "up/moved"]);
    for claude in &clients {
        claude.plugin(&["marketplace", "update", "agnes"]);
        assert_eq!(loaded(claude), ["still"]);
    }

    // Without any grants there is a marketplace, and nothing in it.
    world.agnes(&["revoke", ADA_GROUP, "up/still"]);
    for claude in &clients {
        claude.plugin(&["marketplace", "update", "agnes"]);
        assert_eq!(loaded(claude), Vec::<String>::new());
        let available: Value =
            serde_json::from_str(&claude.plugin(&["list", "--json", "--available"])).unwrap();
        assert_eq!(available["available"], serde_json::json!([]), "{available}");
    }
    world.agnes(&["grant", ADA_GROUP, "up/still"]);
    for claude in &clients {
        claude.plugin(&["marketplace", "update", "agnes"]);
        claude.plugin(&["install", "still@agnes"]);
        assert_eq!(loaded(claude), ["still"]);
    }
    drop(server);
}

/// The group that [`World::user`] makes for Ada.
const ADA_GROUP: &str = "group of ada@example.com";

#[test]
fn the_client_installs_updates_and_loses_plugins_over_git() {
    let test = "the_client_installs_updates_and_loses_plugins_over_git";
    lives_through_everything(test, "/marketplace.git");
}

#[test]
fn the_address_with_a_slash_at_its_end_works_as_well() {
    let test = "the_address_with_a_slash_at_its_end_works_as_well";
    lives_through_everything(test, "/marketplace.git/");
}

#[test]
fn the_address_that_is_cloned_with_a_slash_at_its_end_works_as_well() {
    let test = "the_address_that_is_cloned_with_a_slash_at_its_end_works_as_well";
    lives_through_everything(test, "/_git/marketplace.git/");
}

/// Answers everything with the same status, until it is dropped.
struct Broken {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Broken {
    fn at(address: std::net::SocketAddr, status: &'static str) -> Self {
        let listener = until("the address to be free", || TcpListener::bind(address).ok());
        listener.set_nonblocking(true).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let Ok((mut stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                };
                let _ = stream.set_nonblocking(false);
                let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
                let _ = stream.read(&mut [0; 4096]);
                let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

#[test]
fn a_server_that_is_in_trouble_for_a_while_costs_nobody_their_clone() {
    let (world, upstream) = scene();
    let test = "a_server_that_is_in_trouble_for_a_while_costs_nobody_their_clone";
    let clients = Claude::all(&world, test);
    let server = world.serve(&[]);
    let listen = server.address();
    let url = address(&world, &server, "/marketplace.git");
    for claude in &clients {
        claude.plugin(&["marketplace", "add", &url]);
        claude.plugin(&["install", "still@agnes"]);
    }
    server.stop();
    upstream.write(&format!("plugins/moved/{SKILL}"), TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    for status in ["500 Internal Server Error", "503 Service Unavailable"] {
        let broken = Broken::at(listen, status);
        for claude in &clients {
            let told = claude.tried(&["marketplace", "update", "agnes"]);
            assert!(!told.status.success(), "{status} went unnoticed");
            assert!(clone_of(claude).join("plugins/up-still").is_dir(), "{status}");
            assert_eq!(loaded(claude), ["still"], "{status}");
        }
        drop(broken);
    }
    let server = world.serve(&["--listen", &listen.to_string()]);
    for claude in &clients {
        claude.plugin(&["marketplace", "update", "agnes"]);
        let skill = clone_of(claude).join("plugins/up-moved").join(SKILL);
        assert_eq!(fs::read_to_string(skill).unwrap(), TEXT);
    }
    drop(server);
}

/// Where the client keeps its clone.
fn clone_of(claude: &Claude) -> PathBuf {
    let listed: Value = serde_json::from_str(&claude.plugin(&["marketplace", "list", "--json"])).unwrap();
    let of_ours = listed.as_array().unwrap().iter().find(|one| one["name"] == "agnes").unwrap();
    Path::new(of_ours["installLocation"].as_str().unwrap()).to_owned()
}
