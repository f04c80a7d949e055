//! Five real marketplaces' shapes, as repositories to fetch from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{World, have, loud};

/// Where `make_corpus.py` is, if not in `../shared/corpus` beside the project.
const ELSEWHERE: &str = "AGNES_TEST_CORPUS";

pub struct Corpus {
    folder: PathBuf,
}

impl Corpus {
    /// Writes the repositories into this world, each with so many revisions on top. `None`, said
    /// loudly, where the corpus is not there; but whoever names a folder means it.
    pub fn make(world: &World, revisions: u32, test: &str) -> Option<Self> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
        let named = std::env::var_os(ELSEWHERE).map(PathBuf::from);
        let script = named.as_ref().unwrap_or(&beside).join("make_corpus.py");
        if !script.is_file() {
            let why = format!("there is no `{}`, and {ELSEWHERE} names no folder", script.display());
            assert!(named.is_none(), "there is no `{}` where {ELSEWHERE} says", script.display());
            loud(&format!("SKIPPED {test}: {why}"));
            return None;
        }
        if !have(["python3"], test) {
            return None;
        }
        let folder = world.path("corpus");
        let made = world
            .command("python3")
            .arg(&script)
            .arg(&folder)
            .args(["--revisions", &revisions.to_string()])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(Self { folder })
    }

    pub fn repository(&self, slug: &str) -> PathBuf {
        self.folder.join(format!("{slug}.git"))
    }

    pub fn url(&self, slug: &str) -> String {
        format!("file://{}", self.repository(slug).display())
    }

    /// Runs `git` in one of the repositories, which has to succeed.
    #[track_caller]
    pub fn git(&self, slug: &str, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(self.repository(slug)).args(args).stdin(Stdio::null());
        let output = command.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Path → (mode, id) of everything in a commit.
    pub fn tree(&self, slug: &str, commit: &str) -> BTreeMap<String, (String, String)> {
        let listed = self.git(slug, &["ls-tree", "-r", "-z", commit]);
        let lines = listed.split_terminator('\0').map(|line| {
            let (facts, path) = line.split_once('\t').unwrap();
            let facts: Vec<&str> = facts.split(' ').collect();
            (path.to_owned(), (facts[0].to_owned(), facts[2].to_owned()))
        });
        lines.collect()
    }
}
