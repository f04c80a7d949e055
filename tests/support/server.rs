//! A live `agnes serve`, with chosen flags, on a port of its own. It dies with its fixture.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{World, signal};

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`, one for each `--listen`.
    pub urls: Vec<String>,
    pub socket: PathBuf,
    log: PathBuf,
}

/// What came back for a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl World {
    /// A server of this world's data folder, ready to answer.
    #[track_caller]
    pub fn serve(&self, flags: &[&str]) -> Server {
        let listen = if flags.contains(&"--listen") { vec![] } else { vec!["--listen", "127.0.0.1:0"] };
        Server::begin(self, self.agnes_command(&[&["serve", "--json"], &listen[..], flags].concat()))
    }
}

impl World {
    /// Asks for the bundle of [`Self::large_bundle`].
    pub const LARGE_REQUEST: &[u8] =
        b"GET /api/users/ada@example.com/marketplace.zip HTTP/1.1\r\nhost: x\r\n\
                                     connection: close\r\n\r\n";

    /// A user whose bundle does not fit into any buffer on its way. Returns its size in bytes.
    pub fn large_bundle(&self) -> usize {
        let upstream = self.upstream("large");
        let mut noise = vec![0; 12 << 20];
        File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
        upstream.plugins(&["large"]).write("plugins/large/noise.bin", noise).commit("Publish");
        self.register("large", &upstream);
        self.user("ada@example.com", &["large/*"]);
        self.bundle("ada@example.com").len()
    }
}

impl Server {
    /// The server that a command starts, which has to begin with `serve --json`.
    #[track_caller]
    pub fn begin(world: &World, mut command: Command) -> Self {
        let log = world.path("server.log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("no server: {}", fs::read_to_string(&log).unwrap_or_default()));
        let urls = told["listening"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().to_owned());
        Self { child, urls: urls.collect(), socket: told["socket"].as_str().unwrap().into(), log }
    }

    pub fn url(&self) -> &str {
        &self.urls[0]
    }

    pub fn address(&self) -> SocketAddr {
        self.url().split_once("://").unwrap().1.parse().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything logged so far, by all servers of this world.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until the log says that, and returns it.
    #[track_caller]
    pub fn logged(&self, what: &str) -> String {
        until(what, || Some(self.log()).filter(|log| log.contains(what)))
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub fn connect_socket(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// `GET` over TCP with these headers.
    #[track_caller]
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers, b"")
    }

    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        exchange(self.connect(), method, path, headers, body)
    }

    /// The same as the operator.
    #[track_caller]
    pub fn ask_socket(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        exchange(self.connect_socket(), method, path, headers, body)
    }

    /// A number out of `/metrics`: the sum of the lines that begin so.
    #[track_caller]
    pub fn metric(&self, beginning: &str) -> f64 {
        let text = self.ask_socket("GET", "/metrics", &[], b"").text();
        let lines = text.lines().filter(|line| line.starts_with(beginning));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Files that the process has open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().count()
    }

    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Waits for its end, and returns its exit status; `None` if a signal ended it.
    #[track_caller]
    pub fn ended(&mut self) -> Option<i32> {
        until("the end of the server", || self.child.try_wait().unwrap()).code()
    }

    /// Tells it to stop, and waits.
    #[track_caller]
    pub fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.ended()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }
}

/// Tries until there is something.
#[track_caller]
pub fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One request of HTTP/1.1 on a connection of its own, spelt out: nothing is added or mended.
#[track_caller]
pub fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: agnes.example\r\nconnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    // A server that refuses early may close before it has read everything.
    let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes)
}

/// What a server wrote until it closed the connection.
#[track_caller]
pub fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let rest = &bytes[end + 4..];
    let body = if chunked { unchunked(rest) } else { rest.to_vec() };
    Answer { status, headers, body }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

/// Where a file of the test's world lies, as an argument.
pub fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}
