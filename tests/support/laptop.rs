//! An analyst's machine: a home of its own, with one of the real clients in its `PATH`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ADA, Claude, Ran, Upstream, World};

pub struct Laptop {
    pub claude: Claude,
    path: OsString,
}

/// What there is at a path: a folder, a link and where it leads, or a file and what is in it.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Found {
    Folder,
    Link(PathBuf),
    File(Vec<u8>),
}

impl World {
    /// The marketplace `up` with three plugins, of which Ada has `still` and `moved`; and its upstream.
    pub fn with_moving() -> (Self, Upstream) {
        let world = Self::new();
        let upstream = world.upstream("up");
        upstream.plugins(&["still", "moved", "later"]).commit("Publish");
        world.register("up", &upstream);
        world.user(ADA, &["up/still", "up/moved"]);
        (world, upstream)
    }

    /// A new token of that user's.
    pub fn token(&self, email: &str) -> String {
        self.agnes(&["token", "create", "--user", email, "--quiet"]).trim().to_owned()
    }
}

impl Laptop {
    /// One for each client that there is.
    pub fn all(world: &World, test: &str) -> Vec<Self> {
        let clients = Claude::all(world, test).into_iter();
        clients
            .map(|claude| {
                let folder = claude.program().parent().unwrap().to_owned();
                let path = std::env::var_os("PATH").unwrap_or_default();
                let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path)));
                Self { claude, path: path.unwrap() }
            })
            .collect()
    }

    /// The one with the newest client, or nothing where there is none to test with.
    pub fn one(world: &World, test: &str) -> Option<Self> {
        Self::all(world, test).pop()
    }

    /// The same client in another home, a new one of that name.
    pub fn at(self, world: &World, name: &str) -> Self {
        Self { claude: self.claude.at(world, name), ..self }
    }

    /// Where its programs are looked for.
    pub fn path(&self) -> std::path::Display<'_> {
        Path::new(&self.path).display()
    }

    pub fn home(&self) -> &Path {
        self.claude.home()
    }

    /// A command in this home, with nothing of the machine around it.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.claude.command(&[]);
        let mut other = Command::new(program);
        other.env_clear().current_dir(self.home()).stdin(Stdio::null());
        for (name, value) in command.stdin(Stdio::null()).get_envs() {
            if let Some(value) = value {
                other.env(name, value);
            }
        }
        other.env("PATH", &self.path).env("GIT_CONFIG_NOSYSTEM", "1").env("USER", "tester");
        other
    }

    /// `agnes ARGS…`, told that on stdin.
    pub fn told(&self, args: &[&str], stdin: &str) -> Ran {
        Self::run(self.command(env!("CARGO_BIN_EXE_agnes")).args(args), stdin)
    }

    pub fn run(command: &mut Command, stdin: &str) -> Ran {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // Whoever does not want it does not read it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        Ran::from(child.wait_with_output().unwrap())
    }

    /// `agnes ARGS…`, which has to succeed.
    #[track_caller]
    pub fn agnes(&self, args: &[&str]) -> Ran {
        self.good(args, "")
    }

    #[track_caller]
    pub fn good(&self, args: &[&str], stdin: &str) -> Ran {
        let ran = self.told(args, stdin);
        assert_eq!(ran.code, Some(0), "agnes {args:?}: {}{}", ran.text(), ran.stderr);
        ran
    }

    /// `agnes ARGS…`, which has to fail like that. Returns what it says.
    #[track_caller]
    pub fn refused(&self, code: i32, args: &[&str], stdin: &str) -> String {
        let ran = self.told(args, stdin);
        assert_eq!(ran.code, Some(code), "agnes {args:?}: {}{}", ran.text(), ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran.stderr
    }

    pub fn config(&self) -> PathBuf {
        self.home().join(".config/agnes")
    }

    /// Everything in the home.
    pub fn everything(&self) -> BTreeMap<String, Found> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.home().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let facts = fs::symlink_metadata(&path).unwrap();
                let what = if facts.is_symlink() {
                    Found::Link(fs::read_link(&path).unwrap())
                } else if facts.is_dir() {
                    folders.push(path.clone());
                    Found::Folder
                } else {
                    Found::File(fs::read(&path).unwrap())
                };
                found.insert(path.strip_prefix(self.home()).unwrap().to_str().unwrap().to_owned(), what);
            }
        }
        found
    }

    /// The files in the home in which that stands.
    pub fn files_with(&self, text: &str) -> Vec<String> {
        let has = |found: &Found| matches!(found, Found::File(bytes) if bytes.windows(text.len()).any(|w| w == text.as_bytes()));
        self.everything().iter().filter(|(_, found)| has(found)).map(|(name, _)| name.clone()).collect()
    }

    /// Names of the plugins that are installed from the marketplace, and their versions.
    pub fn plugins(&self) -> BTreeMap<String, String> {
        let all = self.claude.installed();
        let ours = all.iter().filter_map(|one| {
            let name = one["id"].as_str()?.strip_suffix("@agnes")?;
            Some((name.to_owned(), one["version"].as_str()?.to_owned()))
        });
        ours.collect()
    }
}
