//! What the tests share: a home of their own, upstreams to fetch from, and the program itself.

#![allow(dead_code, reason = "no single test uses everything")]

pub mod authority;
mod claude;
pub mod clients;
mod corpus;
pub mod doors;
pub mod feed;
pub mod field;
pub mod git;
pub mod good;
mod laptop;
pub mod lfs;
pub mod load;
pub mod loaded;
mod loud;
pub mod namespace;
mod odd;
pub mod onlooker;
pub mod packets;
mod people;
pub mod proxy;
pub mod remotes;
pub mod server;
pub mod terminal;
mod unzipped;
mod upstream;
/// A web server on the loopback interface.
#[path = "../../src/git/fetch/tests/server.rs"]
pub mod web;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub use claude::Claude;
pub use corpus::Corpus;
pub use laptop::{Found, Laptop};
pub use loud::{INSTALLED_IN_CI, find, have, loud, skipped};
pub use people::{ADA, GRACE};
pub use unzipped::{entry, served, unzip, unzipped};
pub use upstream::Upstream;

/// A home with a data folder in it, and nothing of the machine's own configuration.
pub struct World {
    home: TempDir,
}

/// What a finished `agnes` left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        let home = tempfile::Builder::new().prefix("agnes test ü").tempdir().unwrap();
        Self { home }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn data(&self) -> PathBuf {
        self.home().join("data")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// A command that sees this home and nothing else.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .env("USER", "tester")
            .env("AGNES_DATA_DIR", self.data())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    pub fn agnes_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_agnes"));
        command.args(args);
        command
    }

    /// Runs `agnes` to its end, however that is.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.agnes_command(args).output().unwrap())
    }

    /// Runs `agnes`, which has to succeed, and returns its stdout.
    #[track_caller]
    pub fn agnes(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "agnes {args:?}: {}", ran.stderr);
        ran.text()
    }

    /// Runs `agnes … --json`, which has to succeed.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.agnes(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("agnes {args:?} --json: {why}\n{text}"))
    }

    /// Runs `agnes`, which has to fail with this code, and returns its stderr.
    #[track_caller]
    pub fn refused(&self, code: i32, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(code), "agnes {args:?}: {}\n{}", ran.text(), ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran.stderr
    }

    /// Registers an upstream under a slug and syncs it.
    #[track_caller]
    pub fn register(&self, slug: &str, upstream: &Upstream) {
        self.agnes(&["marketplace", "add", &upstream.url(), "--slug", slug]);
        self.agnes(&["marketplace", "sync", slug]);
    }

    /// Makes a user in a group of their own which has these grants.
    #[track_caller]
    pub fn user(&self, email: &str, resources: &[&str]) {
        let group = format!("group of {email}");
        self.agnes(&["user", "add", email]);
        self.agnes(&["group", "add", &group]);
        self.agnes(&["group", "join", &group, email]);
        if !resources.is_empty() {
            self.agnes(&[&["grant", &group], resources].concat());
        }
    }

    /// One user's bundle, as bytes.
    #[track_caller]
    pub fn bundle(&self, email: &str) -> Vec<u8> {
        let path = self.path("bundle.zip");
        self.agnes(&["build-zip", "--user", email, "-o", path.to_str().unwrap()]);
        fs::read(&path).unwrap()
    }

    /// One user's bundle, unpacked into a new folder of that name.
    #[track_caller]
    pub fn unpacked(&self, email: &str, name: &str) -> PathBuf {
        let folder = self.path(name);
        unzip(&self.bundle(email), &folder);
        folder
    }

    /// The two example marketplaces, registered as `acme-tools` and `globex-skills`, synced.
    pub fn with_examples() -> Self {
        let world = Self::new();
        world.publish_example_plugins();
        for name in ["acme-tools", "globex-skills"] {
            let upstream = world.upstream(name);
            upstream.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/marketplaces").join(name));
            upstream.commit("Publish");
            world.register(name, &upstream);
        }
        world
    }

    /// The marketplace `tools` with one plugin, `x`; and its upstream.
    pub fn with_tools() -> (Self, Upstream) {
        let world = Self::new();
        let upstream = world.upstream("tools");
        upstream.plugins(&["x"]).commit("Publish");
        world.register("tools", &upstream);
        (world, upstream)
    }

    /// A new, empty upstream repository.
    pub fn upstream(&self, name: &str) -> Upstream {
        Upstream::new(self, name)
    }
}

impl Ran {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Path → (exec bit, contents) of every file below a folder.
pub fn files(folder: &Path) -> std::collections::BTreeMap<String, (bool, Vec<u8>)> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            let facts = fs::symlink_metadata(&path).unwrap();
            if facts.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, (facts.permissions().mode() & 0o111 != 0, fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// Entry names of a ZIP, in its own order.
pub fn zip_names(bytes: &[u8]) -> Vec<String> {
    let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    archive.file_names().map(|name| name.unwrap().into_owned()).collect()
}

/// One file of a ZIP.
#[track_caller]
pub fn zip_file(bytes: &[u8], name: &str) -> Vec<u8> {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut contents = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut contents).unwrap();
    contents
}

/// The catalog of a bundle.
#[track_caller]
pub fn catalog(bytes: &[u8]) -> Value {
    serde_json::from_slice(&zip_file(bytes, ".claude-plugin/marketplace.json")).unwrap()
}

/// Sends a signal by its name (`TERM`). A shell does that by itself; a program for it is not on every machine.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh")
        .args(["-c", "kill -\"$1\" \"$2\"", "sh", name, &pid.to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

pub fn sha256(bytes: &[u8]) -> String {
    agnes::domain::digest::Digest::of(bytes).to_string()
}
