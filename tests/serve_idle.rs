//! Those who connect and do nothing: a thousand of them, then more than there are places, then more than
//! the system lets the server have files.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use crate::support::server::{Server, until};
use crate::support::{ADA, Ran, World, have};

/// Many connections, of a process of its own: this one may not have as many files open.
struct Crowd {
    child: Child,
    orders: ChildStdin,
    told: BufReader<ChildStdout>,
}

/// Reads lines `MANY ADDRESS`, makes that many connections from that address, and says how many it has.
/// Half of them ask for something once and stay, as `serve.keep_alive` lets them; the others say nothing or
/// half a request, and have `serve.header_timeout`.
const CROWD: &str = r#"
import resource, socket, sys
server, files = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
begun = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"
held = []
for line in sys.stdin:
    many, address = line.split()
    for number in range(int(many)):
        one = socket.socket()
        one.settimeout(30)
        one.bind((address, 0))
        one.connect(server)
        if number % 4 == 1:
            one.sendall(begun)
        elif number % 2 == 0:
            one.sendall(begun + b"\r\n")
            heard = b""
            while not heard.endswith(b"\r\n\r\nok\n"):
                more = one.recv(4096)
                assert more, heard
                heard += more
        held.append(one)
    print(len(held), flush=True)
"#;

impl Crowd {
    /// Nobody yet; `most` is how many will come.
    fn new(world: &World, server: &Server, most: usize) -> Self {
        let (address, files) = (server.address(), most + 64);
        let mut command = world.command("python3");
        command.args(["-c", CROWD, &address.ip().to_string(), &address.port().to_string()]);
        command.arg(files.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (orders, told) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, orders, told }
    }

    /// So many more come from that address. Returns how many there are then.
    #[track_caller]
    fn grow(&mut self, many: usize, from: &str) -> usize {
        writeln!(self.orders, "{many} {from}").unwrap();
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        line.trim().parse().expect("the crowd's own process says on stderr what went wrong")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that may have so many files open. Where the system does not allow that, there is none: the shell
/// says so.
#[track_caller]
fn limited(world: &World, files: &str) -> Server {
    let mut command = world.command("sh");
    let line = "ulimit -n \"$1\" && exec \"$0\" serve --json --listen 127.0.0.1:0 --log-format json";
    command.args(["-c", line, env!("CARGO_BIN_EXE_agnes"), files]);
    Server::begin(world, command)
}

/// Memory that a connection may take which does nothing. Seen: 28 KiB.
const EACH_KIB: u64 = 48;

/// A setting as it is when nobody sets it.
fn usual(world: &World, key: &str) -> usize {
    let shown = world.json(&["config", "show"]);
    let setting = shown.as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
    setting["value"].as_u64().unwrap().try_into().unwrap()
}

/// A thousand connections that do nothing, from one address, and then 1,200 more than the 4,096 that there
/// are places for, from several: of a server with the settings that it comes with, and the files that
/// `examples/systemd` gives it. All the while a new client is served at once. Those who are too many are
/// those who have been idle for longest.
#[test]
fn thousands_of_idle_connections_keep_nobody_out() {
    if !have(["python3"], "thousands_of_idle_connections_keep_nobody_out") {
        return;
    }
    let world = World::with_people();
    let bearer = world.bearer(ADA);
    let (places, each) =
        (usual(&world, "serve.max_connections"), usual(&world, "serve.max_connections_per_address"));
    let unit = include_str!("../examples/systemd/agnes.service");
    let files = unit.lines().find_map(|line| line.strip_prefix("LimitNOFILE=")).unwrap();
    let server = limited(&world, files);
    let served = |name: &str| {
        for _ in 0..10 {
            for path in ["/healthz", "/marketplace/info", "/marketplace.zip"] {
                let began = Instant::now();
                assert_eq!(server.get(path, &[("authorization", &bearer)]).status, 200, "{path}");
                assert!(
                    began.elapsed() < Duration::from_secs(2),
                    "{name}: {path} took {:?}",
                    began.elapsed()
                );
            }
        }
    };
    served("before anybody came");
    let (memory, open) = (server.memory(), server.open_files());
    let held = || server.open_files().saturating_sub(open);
    let bounded = |connections: usize| {
        let grown = server.memory().saturating_sub(memory);
        assert!(grown < connections as u64 * EACH_KIB, "{connections} connections take {grown} KiB");
    };

    let most = places + 1_200;
    let mut crowd = Crowd::new(&world, &server, most);
    assert!(each > 1_000, "a thousand from one address are too many");
    assert_eq!(crowd.grow(1_000, "127.0.0.1"), 1_000);
    assert!(server.metric("agnes_connections ") >= 1_000.0, "{} of a thousand are there", held());
    served("with a thousand");
    bounded(1_000);

    let mut there = 1_000;
    for address in 2.. {
        let more = (most - there).min(1_000);
        if more == 0 {
            break;
        }
        there += more;
        assert_eq!(crowd.grow(more, &format!("127.0.0.{address}")), there);
        served(&format!("with {there}"));
    }
    // No more than there are places for (and a few other files); fewer, if time for a first request ran out.
    assert!((places / 2..places + 64).contains(&held()), "{} of {there} are there", held());
    bounded(places);
    let busy = server.ticks();
    std::thread::sleep(Duration::from_secs(1));
    assert!(server.ticks() - busy < 50, "it is busy with doing nothing");

    drop(crowd);
    until("all to go", || (held() <= 5).then_some(()));
    server.had_no_trouble();
}

/// A thousand connections on which nothing happens, of a server that the system lets have three hundred
/// files. It goes on answering, is not busy with them, and has them all back in the end.
#[test]
fn more_idle_connections_than_files_do_not_use_them_up() {
    if !have(["python3"], "more_idle_connections_than_files_do_not_use_them_up") {
        return;
    }
    let world = World::new();
    let server = limited(&world, "300");
    let files = server.open().len();
    let mut crowd = Crowd::new(&world, &server, 1_000);
    for there in [200, 400, 600, 800, 1_000] {
        assert_eq!(crowd.grow(200, "127.0.0.1"), there);
        let began = Instant::now();
        assert_eq!(server.get("/readyz", &[]).status, 200);
        assert!(began.elapsed() < Duration::from_secs(2), "with {there}: {:?}", began.elapsed());
        assert_eq!(server.ask_socket("GET", "/api/users", &[], b"").status, 200);
    }
    assert!(server.open().len() < 300);
    let busy = server.ticks();
    std::thread::sleep(Duration::from_secs(1));
    assert!(server.ticks() - busy < 50, "it is busy with doing nothing");
    drop(crowd);
    until("all to go", || (server.open().len() <= files + 2).then_some(()));
    let ran = Ran::from(world.agnes_command(&["user", "list"]).output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
