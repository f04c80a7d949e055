//! Upstreams for tests, made and judged by the real `git`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::{FetchError, FetchOptions, Fetched, Pin, Reader, Repository, Upstream, fetch};
use crate::domain::repository::oid::Oid;
use crate::domain::watch::Unwatched;

/// `git` that knows no configuration but its own, with a clock that stands still.
pub fn git(home: &Path, args: &[&str]) -> Output {
    Command::new("git")
        .args(["-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always"])
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Author")
        .env("GIT_AUTHOR_EMAIL", "author@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .env("GIT_COMMITTER_NAME", "Committer")
        .env("GIT_COMMITTER_EMAIL", "committer@example.com")
        .env("GIT_COMMITTER_DATE", "1700000001 +0100")
        .output()
        .unwrap()
}

/// An upstream with a working tree, and a place to fetch to.
pub struct World {
    pub folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = Self::empty();
        world.write("a.txt", "one\n");
        world.write("folder/b.txt", "two\n");
        world.commit("first");
        world
    }

    /// An upstream without commits.
    pub fn empty() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        world.git(&["init", "-q", world.upstream().to_str().unwrap()]);
        world
    }

    pub fn upstream(&self) -> PathBuf {
        self.folder.path().join("upstream")
    }

    pub fn repo(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.upstream().display())
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = git(self.folder.path(), args);
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// In the upstream.
    pub fn up(&self, args: &[&str]) -> String {
        let upstream = self.upstream();
        self.git(&[&["-C", upstream.to_str().unwrap()], args].concat())
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.upstream().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn commit(&self, message: &str) -> Oid {
        self.up(&["add", "-A"]);
        self.up(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    pub fn id(&self, name: &str) -> Oid {
        self.up(&["rev-parse", name]).parse().unwrap()
    }

    pub fn fetch(&self, pin: &Pin) -> Result<Fetched, FetchError> {
        self.fetch_with(pin, &FetchOptions::default())
    }

    pub fn fetch_with(&self, pin: &Pin, options: &FetchOptions) -> Result<Fetched, FetchError> {
        fetch(&self.repo(), &Upstream { url: &self.url(), pin, token: None }, options, &Unwatched)
    }

    pub fn reader(&self) -> Reader {
        Repository::open(&self.repo()).unwrap().reader()
    }

    /// What git thinks of what was fetched.
    pub fn fsck(&self) {
        fsck(&self.repo(), self.folder.path());
    }

    /// The files of a commit, read by us and by git, must be the same.
    pub fn same_as_upstream(&self, commit: &Oid) {
        let reader = self.reader();
        let mut ours = Vec::new();
        list(&reader, &reader.commit_tree(commit).unwrap(), "", &mut ours);
        ours.sort();
        let theirs = self.up(&["ls-tree", "-r", "-l", "--full-tree", &commit.to_string()]);
        let mut theirs: Vec<String> = theirs
            .lines()
            .map(|line| {
                let (meta, path) = line.split_once('\t').unwrap();
                let meta: Vec<_> = meta.split_whitespace().collect();
                format!("{path} {} {}", meta[2], meta[3])
            })
            .collect();
        theirs.sort();
        assert_eq!(ours, theirs);
    }

    /// The pack files in the repository.
    pub fn packs(&self) -> usize {
        let packs = std::fs::read_dir(self.repo().join("objects/pack")).unwrap();
        packs.flatten().filter(|entry| entry.path().extension().is_some_and(|e| e == "pack")).count()
    }
}

pub fn fsck(repo: &Path, home: &Path) {
    let output = git(home, &["-C", repo.to_str().unwrap(), "fsck", "--strict", "--full", "--no-dangling"]);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // HEAD names a branch that is not made: the commits are under refs/agnes/.
    let said: Vec<_> = said
        .lines()
        .filter(|line| {
            !line.starts_with("notice:") && !line.contains("Checking") && !line.contains("Verifying")
        })
        .collect();
    assert!(output.status.success() && said.is_empty(), "git fsck: {said:?}");
}

fn list(reader: &Reader, tree: &Oid, prefix: &str, into: &mut Vec<String>) {
    use crate::domain::repository::tree::{Kind, Objects};
    for entry in reader.tree(tree).unwrap() {
        let path = format!("{prefix}{}", String::from_utf8_lossy(&entry.name));
        match entry.kind {
            Kind::Tree => list(reader, &entry.id, &format!("{path}/"), into),
            Kind::Submodule => into.push(format!("{path} {} -", entry.id)),
            _ => {
                let size = reader.size(&entry.id).unwrap();
                assert_eq!(reader.blob(&entry.id).unwrap().len() as u64, size);
                into.push(format!("{path} {} {size}", entry.id));
            }
        }
    }
}

/// Every byte of every file below a folder: for "the secret is nowhere".
pub fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            bytes.extend_from_slice(entry.file_name().as_encoded_bytes());
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                bytes.extend(std::fs::read(entry.path()).unwrap());
            }
        }
    }
    bytes
}
