//! Many who ask at once, and what is left of it in a server when they have gone.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::World;
use super::server::{Answer, Server, parse};

impl World {
    /// A header with a new token of that user.
    #[track_caller]
    pub fn bearer(&self, email: &str) -> String {
        format!("Bearer {}", self.agnes(&["token", "create", "--user", email, "--quiet"]).trim())
    }

    /// An administrator, as a header with their token.
    #[track_caller]
    pub fn admin(&self, email: &str) -> String {
        self.agnes(&["user", "add", email]);
        self.agnes(&["group", "join", "Admin", email]);
        self.bearer(email)
    }

    /// Files in the data folder that somebody began and did not finish.
    pub fn litter(&self) -> Vec<String> {
        let half = |name: &str| {
            [".tmp", "tmp_", "incoming-", ".agnes-"].iter().any(|prefix| name.starts_with(prefix))
        };
        let mut found = Vec::new();
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if half(path.file_name().unwrap().to_str().unwrap()) {
                    found.push(path.display().to_string());
                }
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found
    }
}

/// What one request got, or nothing: the server may be gone at any moment.
pub fn try_ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: agnes.example\r\nconnection: close\r\n");
    for (name, value) in headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    if !body.is_empty() {
        head = format!("{head}content-length: {}\r\n", body.len());
    }
    stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).ok()?;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes.windows(4).any(|four| four == b"\r\n\r\n").then(|| parse(&bytes))
}

impl Server {
    /// Files that the process has open, but for bundles: those are kept open on purpose, up to a number.
    pub fn open_but_bundles(&self) -> usize {
        self.open().iter().filter(|path| !path.contains("/zip-cache/bundles/")).count()
    }

    /// Where the process's open files are.
    pub fn open(&self) -> Vec<String> {
        let folder = fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap();
        // One may be closed while the list is read.
        let links = folder.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.map(|path| path.display().to_string()).collect()
    }

    /// Memory that the process has, in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Hundredths of a second of processor time so far.
    pub fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let after_name = stat.rsplit_once(')').unwrap().1;
        after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    /// That nothing is being answered, and nobody connected but the one who looks.
    pub fn is_at_rest(&self) -> bool {
        self.metric("agnes_requests_in_flight ") <= 1.0 && self.metric("agnes_connections ") <= 1.0
    }

    /// That nothing went wrong on the server's side, as far as its log (in JSON) says.
    #[track_caller]
    pub fn had_no_trouble(&self) {
        for line in self.log().lines() {
            let told: serde_json::Value = serde_json::from_str(line).unwrap();
            let level = told["level"].as_str().unwrap_or_default();
            let failed = told["status"].as_u64().is_some_and(|status| status >= 500);
            assert!(!failed && level != "ERROR", "{line}");
            assert!(!line.contains("lock"), "{line}");
        }
    }
}
