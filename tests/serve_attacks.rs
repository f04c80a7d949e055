//! What strangers try on a server. Each test says what was tried, and shows it failing.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::server::{Server, parse, until};
use crate::support::{World, have, loud};

/// A server whose patience is over after a second.
fn impatient(world: &World, flags: &[&str]) -> Server {
    let args = [&["serve", "--json", "--listen", "127.0.0.1:0"], flags].concat();
    let mut command = world.agnes_command(&args);
    for name in ["HEADER_TIMEOUT", "KEEP_ALIVE", "BODY_TIMEOUT", "STALL_TIMEOUT"] {
        command.env(format!("AGNES_SERVE_{name}"), "1");
    }
    command.env("AGNES_SERVE_MAX_CONNECTIONS", "200");
    Server::begin(world, command)
}

/// Everything until the server closes; `None` if it does not within a time.
fn rest(mut stream: &TcpStream, time: Duration) -> Option<Vec<u8>> {
    let (began, mut bytes) = (Instant::now(), Vec::new());
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    while began.elapsed() < time {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => return Some(bytes),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(_) => return Some(bytes),
        }
    }
    None
}

/// Slowloris: a header line now and then, for ever, on many connections. Each byte would reset a timer
/// that waits for bytes; ours waits for a request.
#[test]
fn headers_that_never_end_do_not_hold_a_connection() {
    let world = World::new();
    let server = impatient(&world, &[]);
    let streams: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    for mut stream in &streams {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
    }
    let began = Instant::now();
    let mut open = streams.len();
    while open > 0 {
        assert!(began.elapsed() < Duration::from_secs(15), "{open} are still open");
        std::thread::sleep(Duration::from_millis(200));
        open = streams
            .iter()
            .filter(|stream| {
                let mut stream: &TcpStream = stream;
                stream.write_all(b"x-slow: y\r\n").is_ok() && rest(stream, Duration::from_millis(1)).is_none()
            })
            .count();
        assert_eq!(server.get("/healthz", &[]).status, 200);
    }
}

/// The same within a kept-alive connection, within TLS's first bytes, and with HTTP/2's preface.
#[test]
fn whoever_connects_and_says_nothing_useful_is_sent_away() {
    let world = World::new();
    let server = impatient(&world, &[]);
    let beginnings: [&[u8]; 6] = [
        b"",
        b"G",
        b"PRI * HTTP/2.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        // With settings, and a ping.
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x08\x06\0\0\0\0\x0012345678",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
    ];
    for beginning in beginnings {
        let mut stream = server.connect();
        stream.write_all(beginning).unwrap();
        let heard = rest(&stream, Duration::from_secs(10));
        assert!(heard.is_some(), "{:?} is still open", String::from_utf8_lossy(beginning));
    }
}

/// All places taken by connections that are being answered: whoever comes then is told so.
#[test]
fn one_address_does_not_get_more_than_its_share() {
    let world = World::new();
    world.large_bundle();
    let mut command = world.agnes_command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.env("AGNES_SERVE_MAX_CONNECTIONS_PER_ADDRESS", "5");
    let server = Server::begin(&world, command);
    let files = server.open_files();
    let idle: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
    assert_eq!(server.get("/healthz", &[]).status, 200);
    until("those who are too many to go", || (server.open_files() <= files + 7).then_some(()));
    drop(idle);
}

/// A body that is announced and never comes. Over the network nobody waits for it, since nobody
/// knows yet who sends it; over the socket, for as long as is allowed.
#[test]
fn bodies_that_never_come_are_not_waited_for() {
    let world = World::new();
    let server = impatient(&world, &[]);
    let head = b"POST /api/users HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{\"email\"";
    let mut stream = server.connect();
    stream.write_all(head).unwrap();
    let began = Instant::now();
    assert_eq!(parse(&rest(&stream, Duration::from_secs(10)).unwrap()).status, 401);
    assert!(began.elapsed() < Duration::from_secs(5));

    let mut stream = server.connect_socket();
    stream.write_all(head).unwrap();
    for byte in b": \"a@b.example\"" {
        std::thread::sleep(Duration::from_millis(100));
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
    }
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let answer = parse(&bytes);
    assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), (408, "body-timeout"));
    let broken = b"POST /api/users HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let mut stream = server.connect_socket();
    stream.write_all(broken).unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let answer = parse(&bytes);
    assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), (400, "body-unreadable"));
}

/// Somebody asks for something large and does not read it, so that it stays in memory.
#[test]
fn whoever_does_not_read_is_dropped() {
    let world = World::new();
    world.large_bundle();
    let server = impatient(&world, &[]);
    let mut streams: Vec<_> = (0..10).map(|_| server.connect_socket()).collect();
    for stream in &mut streams {
        stream.write_all(World::LARGE_REQUEST).unwrap();
    }
    until("requests to be under way", || (server.metric("agnes_requests_in_flight ") >= 11.0).then_some(()));
    until("requests to be dropped", || (server.metric("agnes_requests_in_flight ") <= 1.0).then_some(()));
    assert!(server.metric("agnes_answers_cut_off_total") >= 10.0);
}

/// A request that a proxy and the server would cut at different places, so that its second half
/// becomes somebody else's request. Whatever the server makes of it, it answers once and closes.
#[test]
fn a_request_in_a_request_is_not_heard() {
    let world = World::new();
    let server = world.serve(&[]);
    let inner = "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n";
    let outer = |headers: &str, body: &str| {
        format!("POST /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n{body}{inner}")
    };
    let attempts = [
        outer("content-length: 3\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
        outer("transfer-encoding: chunked\r\ncontent-length: 5\r\n", "0\r\n\r\n"),
        outer("content-length: 0\r\ncontent-length: 40\r\n", ""),
        outer("content-length: 0, 40\r\n", ""),
        outer("content-length: +0\r\n", ""),
        outer("content-length: -1\r\n", ""),
        outer("content-length: 99999999999999999999\r\n", ""),
        outer("transfer-encoding: xchunked\r\n", "0\r\n\r\n"),
        outer("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"),
        outer("transfer-encoding : chunked\r\n", "0\r\n\r\n"),
        outer("transfer-encoding:\u{b}chunked\r\n", "0\r\n\r\n"),
        outer("x: y\r\n transfer-encoding: chunked\r\n", ""),
        outer("x: y\rtransfer-encoding: chunked\r\n", ""),
        outer("x: y\0z\r\n", ""),
        format!("GET /healthz HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{inner}"),
    ];
    for attempt in attempts {
        let mut stream = server.connect();
        stream.write_all(attempt.as_bytes()).unwrap();
        let heard = rest(&stream, Duration::from_secs(10)).unwrap_or_else(|| panic!("still open: {attempt}"));
        let heard = String::from_utf8_lossy(&heard).into_owned();
        assert!(heard.matches("HTTP/1.").count() <= 1, "{attempt}\n---\n{heard}");
        assert!(!heard.contains("ready\n"), "{attempt}\n---\n{heard}");
    }
}

/// Things that are no HTTP at all, and HTTP that is too much.
#[test]
fn nonsense_costs_the_server_nothing() {
    let world = World::new();
    let server = impatient(&world, &[]);
    let attempts: [Vec<u8>; 8] = [
        vec![0; 1000],
        vec![b'A'; 1 << 20],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 17)).into_bytes(),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(1 << 20)).into_bytes(),
        format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(5_000)).into_bytes(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET http://[::1 HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
    ];
    for attempt in attempts {
        let mut stream = server.connect();
        // It may be told off before it has said everything.
        let _ = stream.write_all(&attempt);
        let heard = rest(&stream, Duration::from_secs(10)).expect("still open");
        if !heard.is_empty() {
            let status = parse(&heard).status;
            assert!((400..500).contains(&status) || status == 505, "{status}");
        }
    }
    assert_eq!(server.get("/healthz", &[]).status, 200);
    assert!(!server.log().contains("defect"), "{}", server.log());
}

/// Tokens wherever somebody may put them, with everything logged that there is to log. Libraries log
/// headers when they are let.
#[test]
fn no_log_at_any_level_has_a_token() {
    if !have(["curl"], "no_log_at_any_level_has_a_token") {
        return;
    }
    let world = World::new();
    world.user("ada@example.com", &[]);
    let good = world.agnes(&["token", "create", "--user", "ada@example.com"]);
    let good = good.trim();
    let server = world.serve(&["--log-level", "trace"]);
    let token = "agnes_pat_S3cretS3cretS3cret";
    let basic = "eDphZ25lc19wYXRfUzNjcmV0UzNjcmV0UzNjcmV0";
    for (name, value) in [
        ("authorization", format!("Bearer {token}")),
        ("authorization", format!("Basic {basic}")),
        ("authorization", token.to_owned()),
        ("cookie", format!("token={token}")),
        ("x-token", token.to_owned()),
        ("x-forwarded-for", token.to_owned()),
        ("user-agent", token.to_owned()),
    ] {
        server.get("/api/users", &[(name, &value)]);
        server.ask_socket("GET", "/api/users", &[(name, &value)], b"");
    }
    server.get(&format!("/api/users?token={token}"), &[]);
    server.get(&format!("/{token}/marketplace.zip"), &[]);
    server.ask_socket("GET", &format!("/api/{token}"), &[], b"");
    let body = format!("{{\"url\": \"https://git.example/x.git\", \"token\": \"{token}\"}}");
    server.ask_socket("POST", "/api/marketplaces", &[], body.as_bytes());
    let broken = format!("{{\"token\": \"{token}");
    server.ask_socket("POST", "/api/marketplaces", &[], broken.as_bytes());
    for version in ["--http2-prior-knowledge", "--http1.1"] {
        for (token, status) in [(token, "401"), (good, "403")] {
            let mut curl = world.command("curl");
            curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", version]);
            curl.args(["-H", &format!("authorization: Bearer {token}")]);
            let output = curl.arg(format!("{}/api/users", server.url())).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), status);
        }
    }
    server.get("/healthz?the-last-one", &[]);
    let log = server.logged("/healthz");
    assert!(!log.contains("S3cret") && !log.contains(&basic[..20]), "{log}");
    assert!(!log.contains("token=") && !log.contains(&good[..20]), "{log}");
    assert!(log.contains("caller=ada@example.com"), "{log}");
}

/// Somebody else who has a shell on the machine. The folder keeps them out; here it was left open by
/// mistake, and the socket too.
#[test]
fn another_user_of_the_machine_is_not_the_operator() {
    if !have(["curl"], "another_user_of_the_machine_is_not_the_operator") {
        return;
    }
    let world = World::new();
    let server = world.serve(&[]);
    let open = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let probe = world.command("setpriv").args(["--reuid=65534", "--clear-groups", "true"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        return loud(
            "SKIPPED another_user_of_the_machine_is_not_the_operator: only root can be somebody else",
        );
    }
    open(world.home(), 0o755);
    open(&world.data(), 0o755);
    open(&world.data().join("state"), 0o755);
    open(&server.socket, 0o666);
    let mut curl = world.command("setpriv");
    curl.args(["--reuid=65534", "--clear-groups", "curl", "-s", "-w", "%{http_code}", "--unix-socket"]);
    let output = curl.arg(&server.socket).arg("http://agnes/api/users").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("for the user who runs the server") && said.ends_with("403"), "{said}");
    server.logged("user 65534 is neither the server's own user");
    assert_eq!(server.ask_socket("GET", "/api/users", &[], b"").status, 200);
}
