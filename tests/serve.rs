//! `agnes serve`, as a process: where it listens, what it says, how it ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Server, argument, until};
use crate::support::{World, have};

#[test]
fn it_says_where_it_listens_and_serves_until_told_to_stop() {
    let world = World::with_people();
    let server = world.serve(&[]);
    assert_eq!(server.get("/healthz", &[]).text(), "ok\n");
    assert_eq!(server.get("/readyz", &[]).text(), "ready\n");
    let users = server.ask_socket("GET", "/api/users", &[], b"");
    assert_eq!((users.status, users.json().as_array().unwrap().len()), (200, 2));
    let socket = server.socket.clone();
    assert_eq!(server.stop(), Some(0));
    assert!(!socket.exists(), "the socket outlived its server");
    assert_eq!(world.json(&["user", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn what_is_asked_over_the_socket_is_done_by_the_one_who_asks() {
    let world = World::new();
    let server = world.serve(&[]);
    let ada = json!({"email": "ada@example.com"}).to_string();
    assert_eq!(server.ask_socket("POST", "/api/users", &[], ada.as_bytes()).status, 201);
    let audit = server.ask_socket("GET", "/api/audit", &[], b"").json();
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    assert_eq!(audit[0]["actor"], me.trim());
}

#[test]
fn without_json_stdout_has_addresses_and_nothing_else() {
    let world = World::new();
    let mut command =
        world.agnes_command(&["serve", "--listen", "127.0.0.1:0", "[::1]:0", "--listen", "127.0.0.1:0"]);
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut text = String::new();
    let mut byte = [0];
    while text.lines().count() < 3 || !text.ends_with('\n') {
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{text}");
        text.push(byte[0].into());
    }
    let places: Vec<_> = text.lines().map(|line| line.rsplit_once(':').unwrap().0).collect();
    assert_eq!(places, ["http://127.0.0.1", "http://[::1]", "http://127.0.0.1"]);
    assert!(!text.contains(":0\n"), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn one_that_was_killed_leaves_nothing_in_the_way() {
    let world = World::new();
    let mut server = world.serve(&[]);
    server.signal("KILL");
    assert_eq!(server.ended(), None);
    assert!(server.socket.exists());
    let again = world.serve(&[]);
    assert_eq!(again.socket, server.socket);
    assert_eq!(again.ask_socket("GET", "/api/users", &[], b"").status, 200);
}

#[test]
fn what_is_wrong_is_said_before_anybody_is_served() {
    let world = World::new();
    let refused = |code, args: &[&str], what: &str| {
        let said = world.refused(code, &[&["serve"], args].concat());
        assert!(said.contains(what), "{said}");
    };
    refused(2, &["--listen", "localhost"], "`localhost` is not an address with a port");
    refused(2, &["--sync-at", "25:00"], "`25:00` is not a time of day");
    refused(2, &["--tls-cert", "cert.pem"], "`serve.tls_key`: it is missing");
    refused(1, &["--tls-cert", "no.pem", "--tls-key", "no.pem"], "`no.pem` cannot be used for TLS");

    let server = world.serve(&["--lock-wait", "0"]);
    refused(7, &["--lock-wait", "0", "--listen", "127.0.0.1:0"], "the registry is in use by");
    let other = World::new();
    let taken = server.address().to_string();
    let said = other.refused(1, &["serve", "--listen", &taken]);
    assert!(said.contains(&format!("cannot listen on {taken}")) && said.contains("hint: "), "{said}");
    drop(server);

    let socket = world.data().join("state/agnes.sock");
    let _ = fs::remove_file(&socket);
    fs::write(&socket, "precious").unwrap();
    refused(1, &["--listen", "127.0.0.1:0"], "something else is there, which is no socket");
}

/// Reads what a server sends, slowly, and says how much that was.
fn read_slowly(mut stream: impl std::io::Read, pause: Duration) -> usize {
    let (mut total, mut buffer) = (0, vec![0; 1 << 20]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return total,
            Ok(read) => total += read,
        }
        std::thread::sleep(pause);
    }
}

#[test]
fn transfers_end_before_the_server_does() {
    let world = World::new();
    let size = world.large_bundle();
    let mut server = world.serve(&[]);
    let mut stream = server.connect_socket();
    stream.write_all(World::LARGE_REQUEST).unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    server.signal("TERM");
    server.logged("stopping");
    assert!(std::net::TcpStream::connect(server.address()).is_err(), "it still lets people in");
    let read = read_slowly(stream, Duration::from_millis(20));
    assert!(read + 1000 > size, "{read} of {size}");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn whoever_does_not_read_does_not_keep_the_server_alive() {
    let world = World::new();
    world.large_bundle();
    let mut server = world.serve(&["--drain", "1"]);
    let mut stream = server.connect_socket();
    stream.write_all(World::LARGE_REQUEST).unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    // Somebody who is connected and wants nothing does not count at all.
    let _idle = server.connect();
    server.signal("INT");
    assert_eq!(server.ended(), Some(0));
    assert!(server.log().contains("transfers are cut off"), "{}", server.log());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let world = World::new();
    world.large_bundle();
    let mut server = world.serve(&["--drain", "600"]);
    let mut stream = server.connect_socket();
    stream.write_all(World::LARGE_REQUEST).unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    server.signal("TERM");
    server.logged("stopping");
    server.signal("TERM");
    assert_eq!(server.ended(), Some(1));
    assert!(!server.socket.exists());
}

#[test]
fn the_log_is_lines_of_json_that_name_each_request() {
    let world = World::new();
    let server = world.serve(&["--log-format", "json"]);
    let answer = server.get("/healthz?x=1", &[]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let user = json!({"email": "ada@example.com"}).to_string();
    server.ask_socket("POST", "/api/users", &[], user.as_bytes());
    let log = server.logged("\"path\":\"/api/users\"");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["id"] == id.as_str()).unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["status"], &line["bytes"], &line["peer"], &line["caller"]),
        (&json!("GET"), &json!("/healthz"), &json!(200), &json!(3), &json!("127.0.0.1"), &json!("-"))
    );
    assert!(line["ms"].as_f64().is_some());
    let line = lines.iter().find(|line| line["path"] == "/api/users").unwrap();
    assert_eq!((&line["status"], &line["peer"]), (&json!(201), &json!("socket")));
    assert_ne!(line["caller"], "-");
}

/// A key and a certificate for 127.0.0.1.
fn write_pair(world: &World) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(world.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(world.path("cert.pem"), made.cert.pem()).unwrap();
}

fn serve_tls(world: &World, flags: &[&str]) -> Server {
    let (cert, key) = (world.path("cert.pem"), world.path("key.pem"));
    world.serve(&[&["--tls-cert", argument(&cert), "--tls-key", argument(&key)], flags].concat())
}

/// What `curl` gets, with the certificate of now as the only one it trusts: version and body.
fn curl(world: &World, server: &Server, args: &[&str]) -> Option<String> {
    let mut curl = world.command("curl");
    curl.args(["-s", "--max-time", "20", "--cacert"]).arg(world.path("cert.pem"));
    let output =
        curl.args(["-w", "%{http_version}"]).args(args).arg(format!("{}/healthz", server.url())).output();
    let output = output.unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn https_speaks_both_versions_and_takes_a_new_certificate_while_serving() {
    if !have(["curl"], "https_speaks_both_versions_and_takes_a_new_certificate_while_serving") {
        return;
    }
    let world = World::new();
    write_pair(&world);
    let server = serve_tls(&world, &[]);
    assert!(server.url().starts_with("https://"));
    assert_eq!(curl(&world, &server, &["--http2"]).unwrap(), "ok\n2");
    assert_eq!(curl(&world, &server, &["--http1.1"]).unwrap(), "ok\n1.1");

    // Renewed, as by a cron job: noticed without being told.
    write_pair(&world);
    server.logged("the TLS certificate was read again");
    assert_eq!(curl(&world, &server, &["--http2"]).unwrap(), "ok\n2");

    // Broken: noticed, and the one before goes on being used.
    let good = fs::read(world.path("cert.pem")).unwrap();
    fs::write(world.path("cert.pem"), "not a certificate").unwrap();
    server.signal("HUP");
    server.logged("the TLS certificate cannot be renewed");
    fs::write(world.path("cert.pem"), good).unwrap();
    assert_eq!(curl(&world, &server, &[]).unwrap(), "ok\n2");
}

#[test]
fn systemd_hears_when_it_is_ready_and_when_it_stops() {
    let world = World::new();
    let path = world.path("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut command = world.agnes_command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    let server = Server::begin(&world, command);
    let mut heard = Vec::new();
    let mut hear = |what: &str| loop {
        let mut buffer = [0; 500];
        let read = systemd.recv(&mut buffer).unwrap();
        heard.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
        if heard.last().unwrap().starts_with(what) {
            break;
        }
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    server.signal("HUP");
    hear("RELOADING=1\nMONOTONIC_USEC=");
    hear("READY=1");
    server.signal("TERM");
    hear("STOPPING=1");
}

/// What systemd does for a socket unit, in python.
const ACTIVATE: &str = "
import os, socket, sys
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen()
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
";

#[test]
fn a_socket_that_systemd_hands_over_takes_the_place_of_addresses() {
    if !have(["python3"], "a_socket_that_systemd_hands_over_takes_the_place_of_addresses") {
        return;
    }
    let world = World::new();
    let mut command = world.command("python3");
    command.args(["-c", ACTIVATE, env!("CARGO_BIN_EXE_agnes"), "serve", "--json", "--listen", "192.0.2.1:9"]);
    command.env("LD_LIBRARY_PATH", std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default());
    let server = Server::begin(&world, command);
    assert_eq!(server.urls.len(), 1);
    assert_eq!(server.get("/healthz", &[]).status, 200);
}

#[test]
fn syncs_are_counted_and_joined() {
    let (world, _upstream) = World::with_tools();
    let server = world.serve(&[]);
    assert!(server.metric("agnes_last_successful_sync_seconds{marketplace=\"tools\"}") > 1e9);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let answer = server.ask_socket("POST", "/api/marketplaces/tools/sync", &[], b"");
                assert_eq!(answer.status, 200, "{}", answer.text());
            });
        }
    });
    let synced = server.metric("agnes_syncs_total{marketplace=\"tools\",outcome=\"success\"}");
    assert!((1.0..20.0).contains(&synced), "{synced} syncs for 20 who asked at once");
}

#[test]
fn a_sync_that_is_under_way_does_not_hold_up_the_end() {
    let world = World::new();
    // An upstream that accepts connections and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tools.git", silent.local_addr().unwrap());
    world.agnes(&["marketplace", "add", &url, "--slug", "tools"]);
    let mut server = world.serve(&["--drain", "20"]);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| server.ask_socket("POST", "/api/marketplaces/tools/sync", &[], b""));
        let _upstream = silent.accept().unwrap();
        server.signal("TERM");
        let answer = asked.join().unwrap();
        assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("cancelled")));
    });
    let began = std::time::Instant::now();
    assert_eq!(server.ended(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_client_that_goes_away_in_the_middle_leaves_nothing_behind() {
    let world = World::new();
    world.large_bundle();
    let server = world.serve(&[]);
    // Once to the end, so that all files that stay open are.
    let mut stream = server.connect_socket();
    stream.write_all(World::LARGE_REQUEST).unwrap();
    read_slowly(stream, Duration::ZERO);
    let files = server.open_files();
    for _ in 0..20 {
        let mut stream = server.connect_socket();
        stream.write_all(World::LARGE_REQUEST).unwrap();
        stream.read_exact(&mut [0; 1000]).unwrap();
    }
    // The one that asks is in flight itself.
    until("the last request to end", || (server.metric("agnes_requests_in_flight ") <= 1.0).then_some(()));
    until("files to be closed", || (server.open_files() <= files).then_some(()));
    assert!(server.metric("agnes_answers_cut_off_total") >= 20.0);
    assert!(server.log().contains("cut off"));
}
