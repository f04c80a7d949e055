//! Views that change while somebody downloads them: whoever began with one gets that one to its end.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::server::{Answer, Server, parse, until};
use crate::support::{ADA, World, have, sha256};

/// A download that began, and has yet to be read.
struct Begun {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Begun {
    /// The first bytes are there: the answer was given.
    fn new(server: &Server, token: &str) -> Self {
        let mut stream = server.connect();
        let head = format!(
            "GET /marketplace.zip HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {token}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut bytes = vec![0; 1000];
        stream.read_exact(&mut bytes).unwrap();
        Self { stream, bytes }
    }

    fn finished(mut self) -> Answer {
        self.stream.read_to_end(&mut self.bytes).unwrap();
        parse(&self.bytes)
    }
}

/// Whatever is taken from somebody in the middle of a download is in that download, and not in the next:
/// after a sync, a revoked grant, a removed plugin, an emptied cache, a removed marketplace, and when the
/// user is gone.
#[test]
fn a_download_ends_as_it_began_and_the_next_one_is_of_now() {
    let world = World::new();
    world.large_bundle();
    let small = world.upstream("small");
    small.plugins(&["x", "y"]).commit("Publish");
    world.register("small", &small);
    world.agnes(&["grant", &format!("group of {ADA}"), "small/*"]);
    let token = world.bearer(ADA);
    let headers = [("authorization", token.as_str())];
    let server = world.serve(&["--log-format", "json"]);
    let large = world.path("upstreams/large");
    let publish = |path: &str, bytes: usize| {
        let mut noise = vec![0; bytes];
        File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
        std::fs::write(large.join(path), noise).unwrap();
        let commit = "git add -A && git -c user.name=C -c user.email=c@example.com commit -qm Another";
        assert!(world.command("sh").current_dir(&large).args(["-c", commit]).status().unwrap().success());
        world.agnes(&["marketplace", "sync", "large"]);
    };
    let group = format!("group of {ADA}");
    let changes: [(&str, &dyn Fn()); 6] = [
        ("a sync", &|| publish("plugins/large/noise.bin", 13 << 20)),
        ("two syncs", &|| {
            publish("plugins/large/more.bin", 1000);
            publish("plugins/large/more.bin", 2000);
        }),
        ("a removed plugin", &|| {
            small.plugins(&["x"]).commit("Without y");
            world.agnes(&["marketplace", "sync", "small"]);
        }),
        ("a revoked grant", &|| {
            world.agnes(&["revoke", &group, "small/*"]);
        }),
        ("a cache that somebody emptied", &|| {
            std::fs::remove_dir_all(world.data().join("marketplaces/zip-cache")).unwrap();
            publish("plugins/large/more.bin", 3000);
        }),
        ("a removed marketplace", &|| {
            world.agnes(&["marketplace", "remove", "large"]);
        }),
    ];
    for (what, change) in changes {
        let old = server.get("/marketplace.zip", &headers);
        assert_eq!(old.status, 200, "{what}");
        let begun = Begun::new(&server, &token);
        change();
        let new = server.get("/marketplace.zip", &headers);
        assert_eq!(new.status, 200, "{what}: {}", new.text());
        assert_ne!(new.header("etag"), old.header("etag"), "after {what}");
        assert_ne!(sha256(&new.body), sha256(&old.body), "after {what}");
        let stale = [headers[0], ("if-none-match", old.header("etag").unwrap())];
        assert_eq!(server.get("/marketplace.zip", &stale).status, 200, "after {what}");
        let begun = begun.finished();
        assert_eq!(begun.header("etag"), old.header("etag"), "{what}");
        assert_eq!(sha256(&begun.body), sha256(&old.body), "{what} in the middle of a download");
    }
    server.had_no_trouble();
}

/// Somebody is removed while they download. What they have begun was theirs; their next request is a
/// stranger's.
#[test]
fn whoever_is_removed_in_the_middle_of_a_download_gets_no_other() {
    let world = World::new();
    let size = world.large_bundle();
    let token = world.bearer(ADA);
    let headers = [("authorization", token.as_str())];
    let server = world.serve(&[]);
    let begun = Begun::new(&server, &token);
    world.agnes(&["user", "remove", ADA]);
    for path in ["/marketplace.zip", "/marketplace/info", "/api/tokens"] {
        assert_eq!(server.get(path, &headers).status, 401, "{path}");
    }
    assert_eq!(begun.finished().body.len(), size);
}

/// Bundles of yesterday that were removed to make room. The server has the files of the last ones open, and
/// an open file goes on taking its room.
#[test]
fn what_was_removed_from_the_cache_gives_its_room_back() {
    let (world, upstream) = World::with_tools();
    world.user(ADA, &["tools/*"]);
    let token = world.bearer(ADA);
    let headers = [("authorization", token.as_str())];
    let mut command = world.agnes_command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.env("AGNES_CACHE_MAX_BYTES", "1");
    let server = Server::begin(&world, command);
    let bundles = world.data().join("marketplaces/zip-cache/bundles");
    for revision in 0..3 {
        assert_eq!(server.get("/marketplace.zip", &headers).status, 200);
        let age = world
            .command("find")
            .arg(&bundles)
            .args(["-exec", "touch", "-d", "yesterday", "{}", "+"])
            .status();
        assert!(age.unwrap().success());
        upstream.write("plugins/x/revision.txt", format!("{revision}")).commit("Another");
        world.agnes(&["marketplace", "sync"]);
    }
    assert_eq!(server.get("/marketplace.zip", &headers).status, 200);
    assert_eq!(std::fs::read_dir(&bundles).unwrap().count(), 1);
    let deleted = || server.open().into_iter().filter(|path| path.ends_with("(deleted)")).collect::<Vec<_>>();
    until("removed files to be closed", || deleted().is_empty().then_some(()));
}

/// Many who leave at any moment: before they are answered, in the middle of the answer, with what was sent
/// still unread (so that the connection is reset), in the middle of a sync, in HTTP/2.
#[test]
fn whoever_leaves_leaves_nothing_open() {
    if !have(["curl"], "whoever_leaves_leaves_nothing_open") {
        return;
    }
    let world = World::new();
    world.large_bundle();
    let (token, admin) = (world.bearer(ADA), world.admin("admin@example.com"));
    let server = world.serve(&["--log-format", "json"]);
    let headers = [("authorization", token.as_str())];
    // Once to the end, so that all files that stay open are.
    assert_eq!(server.get("/marketplace.zip", &headers).status, 200);
    until("the first to have gone", || server.is_at_rest().then_some(()));
    let (files, memory) = (server.open().len(), server.memory());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for turn in 0..30 {
                    let mut stream = server.connect();
                    let (method, path, token) = match turn % 5 {
                        4 => ("POST", "/api/marketplaces/sync-all", &admin),
                        _ => ("GET", "/marketplace.zip", &token),
                    };
                    let head = format!(
                        "{method} {path} HTTP/1.1\r\nhost: x\r\naccept: application/x-ndjson\r\n\
                         authorization: {token}\r\n\r\n"
                    );
                    let sent = if turn % 5 == 0 { head.len() / 2 } else { head.len() };
                    stream.write_all(&head.as_bytes()[..sent]).unwrap();
                    match turn % 5 {
                        0 | 1 => {}
                        2 => drop(stream.read(&mut [0; 1])),
                        _ => drop(stream.read_exact(&mut [0; 200])),
                    }
                }
            });
        }
    });
    let config = world.path("curl");
    std::fs::write(&config, format!("header = \"authorization: {token}\"\n")).unwrap();
    for _ in 0..5 {
        let mut curl = world.command("curl");
        curl.args(["-s", "--http2-prior-knowledge", "--limit-rate", "100k", "--max-time", "0.5", "-o"]);
        curl.args(["/dev/null", "-K"]).arg(&config).arg(format!("{}/marketplace.zip", server.url()));
        assert_eq!(curl.status().unwrap().code(), Some(28), "curl's word for a time that is over");
    }
    until("all to have gone", || server.is_at_rest().then_some(()));
    until("files to be closed", || (server.open().len() <= files).then_some(()));
    assert!(server.metric("agnes_answers_cut_off_total") >= 30.0);
    let grown = server.memory().saturating_sub(memory);
    assert!(grown < 48 << 10, "{memory} KiB of memory grew by {grown}");
    assert_eq!(server.get("/marketplace.zip", &headers).status, 200);
    server.had_no_trouble();
}
