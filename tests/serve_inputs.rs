//! What the issue lists as bad input, over the wire of a live server: the right status, a problem that
//! helps, and nothing changed. The router's own tests (`src/http/strict/tests.rs`) try every route.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::server::{Answer, Server, parse, until};
use crate::support::web::{self, Reply};
use crate::support::{ADA, GRACE, World};

/// Reads one answer of a connection that stays open.
fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let length = parse(&bytes).header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    parse(&[bytes, body].concat())
}

/// One request on a connection that stays open.
fn ask(stream: &mut TcpStream, path: &str, token: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    answer(stream)
}

/// Tokens that are wrong in every way that there is get the same answer, byte for byte, so that nobody
/// learns which stolen ones are worth keeping. The good one, from the same address, still works.
#[test]
fn tokens_that_are_wrong_in_any_way_get_the_same_answer() {
    let world = World::new();
    for email in [ADA, GRACE] {
        world.user(email, &[]);
    }
    let (good, of_grace) = (world.bearer(ADA), world.bearer(GRACE));
    let soon = world.command("date").args(["-u", "-d", "+2 seconds", "+%FT%TZ"]).output().unwrap();
    let soon = String::from_utf8(soon.stdout).unwrap();
    let made = Instant::now();
    let expired = world.agnes(&["token", "create", "--user", ADA, "--expires", soon.trim(), "--quiet"]);
    let revoked = world.json(&["token", "create", "--user", ADA]);
    world.agnes(&["token", "revoke", revoked["id"].as_str().unwrap()]);
    let foreign = {
        let elsewhere = World::new();
        elsewhere.user(ADA, &[]);
        elsewhere.bearer(ADA)
    };
    let server = world.serve(&[]);
    assert_eq!(server.get("/marketplace/info", &[("authorization", &of_grace)]).json()["email"], GRACE);
    world.agnes(&["user", "remove", GRACE]);
    std::thread::sleep(Duration::from_secs(3).saturating_sub(made.elapsed()));
    let mut mistyped = good.clone().into_bytes();
    mistyped[30] = if mistyped[30] == b'x' { b'y' } else { b'x' };
    let attempts = [
        ("expired", format!("Bearer {}", expired.trim())),
        ("revoked", format!("Bearer {}", revoked["token"].as_str().unwrap())),
        ("of another server", foreign),
        ("of a user who was removed", of_grace),
        ("mistyped", String::from_utf8(mistyped).unwrap()),
        ("cut off", good[..good.len() - 1].to_owned()),
        ("half", good[..good.len() / 2].to_owned()),
        ("with something behind it", format!("{good}x")),
        ("twice", format!("{good},{good}")),
        ("in the wrong scheme", good.replace("Bearer", "Token")),
        ("as an id", format!("Bearer {}", revoked["id"].as_str().unwrap())),
    ];
    let plain = server.get("/marketplace.zip", &[]);
    assert_eq!((plain.status, plain.header("www-authenticate")), (401, Some("Basic realm=\"agnes\"")));
    let names = |answer: &Answer| answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    for (what, token) in &attempts {
        let answer = server.get("/marketplace.zip", &[("authorization", token)]);
        assert_eq!((answer.status, answer.text()), (401, plain.text()), "{what}");
        assert_eq!(names(&answer), names(&plain), "{what}");
    }
    assert_eq!(server.get("/marketplace.zip", &[("authorization", &good)]).status, 200);
}

/// Somebody whose connection is open and whose token was good a moment ago: everything is looked at anew
/// with each request, on the connection too.
#[test]
fn a_connection_that_was_let_in_is_asked_again_each_time() {
    let (world, _upstream) = World::with_tools();
    world.user(ADA, &["tools/*"]);
    let admin = world.admin("admin@example.com");
    let token = world.bearer(ADA);
    let server = world.serve(&[]);
    let mut stream = server.connect();
    let mut status = |path: &str, token: &str| ask(&mut stream, path, token).status;
    assert_eq!((status("/marketplace/info", &token), status("/api/users", &token)), (200, 403));
    assert_eq!(status("/api/users", &admin), 200);
    world.agnes(&["group", "leave", "Admin", "admin@example.com"]);
    assert_eq!(status("/api/users", &admin), 403);
    world.agnes(&["revoke", &format!("group of {ADA}"), "tools/*"]);
    assert_eq!(ask(&mut server.connect(), "/marketplace/info", &token).json()["plugin_count"], 0);
    world.agnes(&["user", "remove", ADA]);
    assert_eq!(status("/marketplace/info", &token), 401);
    // Another Ada comes: what the first one had is not hers.
    world.agnes(&["user", "add", ADA]);
    assert_eq!(status("/marketplace/info", &token), 401);
}

/// Ids with NUL, slashes, percent signs and steps upwards, as they are on the wire, where no library has
/// tidied them up.
#[test]
fn ids_come_as_they_were_sent() {
    let world = World::new();
    world.user(ADA, &[]);
    let admin = world.admin("admin@example.com");
    let server = world.serve(&["--log-format", "json"]);
    let headers = [("authorization", admin.as_str())];
    let before = world.json(&["audit"]);
    let table = [
        ("/api/users/%00", 400),
        ("/api/users/ada%00@example.com", 400),
        ("/api/users/ada@example.com%00", 400),
        ("/api/users/%ff%fe", 400),
        ("/api/users/a%0d%0ax-injected:%20yes", 400),
        ("/api/users/ada%2f..%2fadmin@example.com", 404),
        ("/api/groups/..%2f..%2fstate", 404),
        ("/api/groups/%2e%2e", 404),
        ("/api/groups/../users", 404),
        ("/api/groups/%252e%252e", 404),
        ("/api/marketplaces/git-cache", 404),
        ("/api/marketplaces/..%2fstate/sync", 404),
        ("/api//users", 404),
        ("//api/users", 404),
        ("/api/users/", 404),
        ("http://other.example/api/users/nobody@example.com", 404),
    ];
    for (path, status) in table {
        let method = if path.ends_with("/sync") { "POST" } else { "DELETE" };
        for method in [method, "GET"] {
            let answer = server.ask(method, path, &headers, b"");
            let expected = answer.status == status || (answer.status == 405 && method == "GET");
            assert!(expected, "{method} {path}: {} {}", answer.status, answer.text());
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
            assert!(answer.header("x-injected").is_none() && !answer.json()["detail"].is_null());
        }
    }
    // Not even as bytes that no URL may have.
    for path in ["/api/users/\0", "/api/users/\u{7f}", "/api/users/a b", "/api/users/é\r\nx: y"] {
        let answer = server.ask("GET", path, &headers, b"");
        assert!((400..=404).contains(&answer.status), "{path:?}: {}", answer.status);
    }
    assert_eq!(world.json(&["audit"]), before);
    server.had_no_trouble();
}

/// An administrator's token in the wrong hands, from afar: registering what is inside, and an upstream that
/// leads there afterwards. The one inside hears nothing.
#[test]
fn nobody_is_led_inside_by_an_address_or_a_redirect() {
    let world = World::new();
    let admin = world.admin("admin@example.com");
    let headers = [("authorization", admin.as_str())];
    let victim = web::Server::https(|_| Reply::new(200, "text/plain", "the machine's own credentials"));
    // The same server by an address that is not allowed.
    let inside = victim.url.replace("localhost", "127.0.0.2");
    let to = inside.clone();
    let front = web::Server::https(move |request| {
        Reply::redirect(302, &format!("{to}/x/info/refs?{}", request.target.split('?').nth(1).unwrap_or("")))
    });
    let mut command = world.agnes_command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.env("AGNES_SYNC_CA_BUNDLE", &front.ca).env("AGNES_SYNC_ALLOW_NETWORKS", "127.0.0.1/32 ::1");
    let server = Server::begin(&world, command);
    let register = |url: &str| {
        let body = json!({"url": url, "slug": "tools"}).to_string();
        server.ask("POST", "/api/marketplaces", &headers, body.as_bytes())
    };
    for url in [
        inside.as_str(),
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/x",
        "https://2852039166/x",
        "https://10.0.0.1/x",
        "https://[fd00::1]/x",
        "http://git.example/x",
        "ssh://git@git.example/x",
        "file:///etc",
        "/etc",
        "https://me:hunter2@git.example/x",
    ] {
        let answer = register(url);
        assert_eq!(answer.status, 422, "{url}: {}", answer.text());
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
    assert_eq!(register(&format!("{}/x", front.url)).status, 201);
    let synced = server.ask("POST", "/api/marketplaces/tools/sync", &headers, b"");
    assert_eq!(
        (synced.status, synced.json()["code"].as_str()),
        (502, Some("upstream-address-refused")),
        "{}",
        synced.text()
    );
    assert!(!front.seen().is_empty() && victim.seen().is_empty(), "{:?}", victim.seen());
    assert!(!server.ask("GET", "/api/marketplaces/tools", &headers, b"").text().contains("credentials"));
}

/// Bodies that are no answer to what was asked: too large, cut off, of the wrong type, with a field twice or
/// one that is not known. Over TCP, from somebody who may.
#[test]
fn bodies_that_are_wrong_are_told_what_is() {
    let world = World::new();
    let admin = world.admin("admin@example.com");
    let server = world.serve(&["--log-format", "json"]);
    let before = world.json(&["audit"]);
    let large = format!("{{\"email\": \"{}@example.com\"}}", "x".repeat(5 << 20));
    let deep = format!("{{\"email\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let table = [
        (large.as_str(), 413, "4 MiB"),
        ("{\"email\": \"x@example.com\"", 400, "EOF"),
        ("{\"email\": 7}", 422, "line 1 column 11"),
        ("{\"email\": null}", 422, "expected a string"),
        ("[]", 422, ""),
        ("\"x@example.com\"", 422, ""),
        ("{\"email\": \"a@example.com\", \"email\": \"b@example.com\"}", 422, "email"),
        ("{\"email\": \"a@example.com\", \"isAdmin\": true}", 422, "isAdmin"),
        ("{\"email\": \"a\\u0000@example.com\"}", 422, "e-mail"),
        ("{\"email\": \"a\u{202e}@example.com\"}", 422, "e-mail"),
        ("email=a@example.com", 400, ""),
        (deep.as_str(), 422, "expected a string"),
    ];
    for (body, status, told) in table {
        let shown = &body[..body.len().min(80)];
        let headers = [("authorization", admin.as_str()), ("content-type", "application/json")];
        let answer = server.ask("POST", "/api/users", &headers, body.as_bytes());
        let right = answer.status == status || (status == 422 && answer.status == 400);
        assert!(right, "{shown}: {} {}", answer.status, answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
        assert!(answer.text().contains(told) && answer.body.len() < 1000, "{shown}: {}", answer.text());
    }
    // Announced and cut off: whoever hangs up in the middle has asked for nothing.
    let mut stream = server.connect();
    let head = format!("POST /api/users HTTP/1.1\r\nhost: x\r\nauthorization: {admin}\r\n");
    let body = "content-length: 40\r\n\r\n{\"email\": \"a@example.com\"}";
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    drop(stream);
    until("it to be gone", || server.is_at_rest().then_some(()));
    assert_eq!(world.json(&["audit"]), before);
    server.had_no_trouble();
}
