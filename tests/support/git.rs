//! The machine's `git` as a client of a server's repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::{Server, argument};
use super::{Ran, World};

/// What a client can be told to speak by `protocol.version`.
pub const VERSIONS: [u8; 3] = [0, 1, 2];

pub struct Git<'w> {
    world: &'w World,
    /// Without credentials: those are in a header, which is in the environment, and on no command line.
    pub url: String,
    bearer: String,
    version: u8,
    program: PathBuf,
}

impl World {
    /// A client of that server, for whoever has that token (`Bearer …`).
    pub fn git(&self, server: &Server, bearer: &str) -> Git<'_> {
        let url = format!("{}/marketplace.git", server.url());
        Git { world: self, url, bearer: bearer.to_owned(), version: 2, program: "git".into() }
    }

    /// `git` in a folder, without a server: to look at what came.
    #[track_caller]
    pub fn look(&self, folder: &Path, args: &[&str]) -> String {
        let ran = Ran::from(self.command("git").arg("-C").arg(folder).args(args).output().unwrap());
        assert_eq!(ran.code, Some(0), "git {args:?}: {}", ran.stderr);
        ran.text().trim().to_owned()
    }

    /// `COMMIT TREE` of what a clone has.
    #[track_caller]
    pub fn identity(&self, clone: &Path) -> String {
        self.look(clone, &["rev-parse", "HEAD", "HEAD^{tree}"]).replace('\n', " ")
    }

    /// The ids of all objects that are in a clone, sorted.
    #[track_caller]
    pub fn objects(&self, clone: &Path) -> Vec<String> {
        let args = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"];
        let mut ids: Vec<String> = self.look(clone, &args).lines().map(str::to_owned).collect();
        ids.sort();
        ids
    }

    /// The ids of all objects in a pack, which has to be whole and to lean on nothing outside it.
    #[track_caller]
    pub fn objects_of_pack(&self, pack: &[u8]) -> Vec<String> {
        let folder = tempfile::tempdir_in(self.home()).unwrap();
        self.look(folder.path(), &["init", "-q", "--bare"]);
        let file = folder.path().join("one.pack");
        std::fs::write(&file, pack).unwrap();
        self.look(folder.path(), &["index-pack", "--strict", argument(&file)]);
        let listed = self.look(folder.path(), &["verify-pack", "-v", argument(&file)]);
        let ids = listed.lines().filter_map(|line| line.split_once(' ').filter(|(id, _)| id.len() == 40));
        let mut ids: Vec<String> = ids.map(|(id, _)| id.to_owned()).collect();
        ids.sort();
        ids
    }
}

impl Git<'_> {
    #[must_use]
    pub fn speaking(&self, version: u8) -> Self {
        let Self { world, url, bearer, program, .. } = self;
        Self { world, url: url.clone(), bearer: bearer.clone(), version, program: program.clone() }
    }

    /// By another `git`.
    #[must_use]
    pub fn by(self, program: &Path) -> Self {
        Self { program: program.to_owned(), ..self }
    }

    /// With more configuration, as `name=value`.
    pub fn command_with(&self, settings: &[(&str, &str)], args: &[&str]) -> Command {
        let version = self.version.to_string();
        let header = format!("Authorization: {}", self.bearer);
        let mut all = vec![("protocol.version", version.as_str()), ("gc.auto", "0")];
        if !self.bearer.is_empty() {
            all.push(("http.extraHeader", &header));
        }
        all.extend(settings);
        let mut command = self.world.command(&self.program);
        command.args(args).env("GIT_CONFIG_COUNT", all.len().to_string());
        for (number, (name, value)) in all.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command
    }

    pub fn tried(&self, folder: &Path, args: &[&str]) -> Ran {
        self.tried_with(&[], folder, args)
    }

    pub fn tried_with(&self, settings: &[(&str, &str)], folder: &Path, args: &[&str]) -> Ran {
        Ran::from(self.command_with(settings, args).current_dir(folder).output().unwrap())
    }

    /// Runs `git` in a folder, which has to succeed, and returns its stdout.
    #[track_caller]
    pub fn run(&self, folder: &Path, args: &[&str]) -> String {
        self.run_with(&[], folder, args)
    }

    #[track_caller]
    pub fn run_with(&self, settings: &[(&str, &str)], folder: &Path, args: &[&str]) -> String {
        let ran = self.tried_with(settings, folder, args);
        assert_eq!(ran.code, Some(0), "v{} git {args:?}: {}", self.version, ran.stderr);
        ran.text().trim().to_owned()
    }

    /// Runs `git` in a folder, which has to fail, and returns its stderr.
    #[track_caller]
    pub fn refused(&self, folder: &Path, args: &[&str]) -> String {
        let ran = self.tried(folder, args);
        assert_ne!(ran.code, Some(0), "v{} git {args:?} succeeded: {}", self.version, ran.text());
        ran.stderr
    }

    /// A new clone of that name, in which `git fsck --strict` finds nothing.
    #[track_caller]
    pub fn clone(&self, name: &str, args: &[&str]) -> PathBuf {
        self.clone_with(&[], name, args)
    }

    #[track_caller]
    pub fn clone_with(&self, settings: &[(&str, &str)], name: &str, args: &[&str]) -> PathBuf {
        let path = self.world.path(name);
        let _ = std::fs::remove_dir_all(&path);
        let all = [&["clone", "-q"], args, &[self.url.as_str(), argument(&path)]].concat();
        self.run_with(settings, self.world.home(), &all);
        self.sound(&path);
        path
    }

    #[track_caller]
    pub fn sound(&self, clone: &Path) {
        let checked = self.tried(clone, &["fsck", "--strict", "--no-dangling"]);
        // That there is no branch yet is told as a notice.
        let wrong: Vec<&str> = checked.stderr.lines().filter(|line| !line.starts_with("notice: ")).collect();
        assert!(checked.code == Some(0) && wrong.is_empty(), "fsck in {}: {wrong:#?}", clone.display());
    }
}
