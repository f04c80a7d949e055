//! Other programs that clone: dulwich, libgit2 (pygit2), isomorphic-git, and every `git` of the machine.

use std::path::{Path, PathBuf};

use super::World;
use super::loud::skipped;

/// The variable that names the folder with `venv/` and `node_modules/`. `make test` sets it.
const FOLDER: &str = "AGNES_TEST_GIT_CLIENTS";

/// What each of them is told to do, by `CLONE_URL`, `CLONE_TO`, `CLONE_DEPTH` and, where nobody else can read
/// it, `CLONE_TOKEN`. A folder that is there already is one to fetch into.
const DULWICH: &str = r#"
import os
from dulwich import porcelain
url, to, token, depth = (os.environ["CLONE_" + name] for name in ("URL", "TO", "TOKEN", "DEPTH"))
who = dict(username="x", password=token)
if os.path.exists(to):
    porcelain.fetch(to, "origin", **who)
else:
    porcelain.clone(url, to, depth=int(depth) or None, **who)
"#;

const PYGIT2: &str = r#"
import os
import pygit2
url, to, token, depth = (os.environ["CLONE_" + name] for name in ("URL", "TO", "TOKEN", "DEPTH"))
who = pygit2.RemoteCallbacks(credentials=pygit2.UserPass("x", token))
if os.path.exists(to):
    pygit2.Repository(to).remotes["origin"].fetch(callbacks=who, depth=int(depth))
else:
    pygit2.clone_repository(url, to, callbacks=who, depth=int(depth))
"#;

const ISOMORPHIC: &str = r#"
const fs = require("fs"), git = require("isomorphic-git"), http = require("isomorphic-git/http/node");
const { CLONE_URL: url, CLONE_TO: dir, CLONE_TOKEN: password, CLONE_DEPTH: depth } = process.env;
const onAuth = () => ({ username: "x", password });
const more = Number(depth) ? { depth: Number(depth) } : {};
const work = fs.existsSync(dir) ? git.fetch : git.clone;
work({ fs, http, dir, url, onAuth, ...more }).catch((why) => { console.error(why); process.exit(1); });
"#;

pub struct Client {
    pub name: &'static str,
    program: PathBuf,
    flag: &'static str,
    script: &'static str,
    modules: PathBuf,
}

impl Client {
    /// All that there are. None: says so loudly, and fails in CI.
    pub fn all(test: &str) -> Vec<Self> {
        let Some(folder) = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) else {
            skipped(test, &format!("{FOLDER} names no folder with other git clients; `make test` makes one"));
            return Vec::new();
        };
        let folder = PathBuf::from(folder);
        let (python, modules) = (folder.join("venv/bin/python"), folder.join("node_modules"));
        assert!(python.exists() && modules.is_dir(), "{FOLDER} is not what `make test` makes");
        [
            ("dulwich", python.clone(), "-c", DULWICH),
            ("pygit2", python, "-c", PYGIT2),
            ("isomorphic-git", "node".into(), "-e", ISOMORPHIC),
        ]
        .map(|(name, program, flag, script)| Self { name, program, flag, script, modules: modules.clone() })
        .into()
    }

    /// Clones, or fetches if there is a clone.
    #[track_caller]
    pub fn get(&self, world: &World, url: &str, bearer: &str, to: &Path, depth: u32) {
        let output = world
            .command(&self.program)
            .args([self.flag, self.script])
            .env("NODE_PATH", &self.modules)
            .env("CLONE_URL", url)
            .env("CLONE_TO", to)
            .env("CLONE_TOKEN", bearer.trim_start_matches("Bearer "))
            .env("CLONE_DEPTH", depth.to_string())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
    }
}

/// Where there may be another `git` than the one that is found first, on the path or not.
const USUAL: [&str; 5] = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin", "/opt/local/bin"];

/// Every `git` of the machine: those on the path, as they come there, and those in the usual places. Each version
/// once.
pub fn gits(world: &World) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path).chain(USUAL.map(PathBuf::from)) {
        let Ok(output) = world.command(folder.join("git")).arg("--version").output() else { continue };
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && found.iter().all(|(known, _)| *known != version) {
            found.push((version, folder.join("git")));
        }
    }
    found
}
