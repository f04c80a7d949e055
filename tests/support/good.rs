//! A marketplace that is well, whose bundle is remembered, for tests in which it falls ill.

use std::fs;

use serde_json::Value;

use super::{Ran, Upstream, World};

pub const ADA: &str = "ada@example.com";

/// Two plugins, `alpha` and `beta`, synced; one user who has both, and what they got.
pub struct Good {
    pub world: World,
    pub upstream: Upstream,
    pub before: Vec<u8>,
}

impl Good {
    pub fn new() -> Self {
        let world = World::new();
        let upstream = world.upstream("up");
        Self::plugins(&upstream);
        upstream.commit("Publish");
        world.register("up", &upstream);
        world.user(ADA, &["up/alpha", "up/beta"]);
        let before = world.bundle(ADA);
        Self { world, upstream, before }
    }

    fn plugins(upstream: &Upstream) {
        upstream.plugins(&["alpha", "beta"]);
        upstream.executable("plugins/beta/hooks/run.sh", "#!/bin/sh\necho beta\n");
    }

    /// The bundle, built from what was fetched and from nothing that was built before.
    #[track_caller]
    pub fn rebuilt(&self) -> Vec<u8> {
        fs::remove_dir_all(self.world.data().join("marketplaces/zip-cache")).ok();
        self.world.bundle(ADA)
    }

    /// What was served before builds as before, byte by byte.
    #[track_caller]
    pub fn still_builds(&self) {
        assert_eq!(self.rebuilt(), self.before, "the bundle changed");
    }

    /// `agnes marketplace sync`, with these variables. Outcomes go to stdout and errors to stderr: here
    /// both are together.
    pub fn sync(&self, variables: &[(&str, &str)]) -> Ran {
        let mut command = self.world.agnes_command(&["marketplace", "sync"]);
        command.envs(variables.iter().copied());
        let mut ran = Ran::from(command.output().unwrap());
        ran.stderr = ran.text() + &ran.stderr;
        ran
    }

    /// The sync fails and says so in these words; the state is told by `show` and `doctor`, and what was
    /// there before is what is served.
    #[track_caller]
    pub fn fails(&self, words: &[&str]) -> String {
        self.fails_with(&[], words)
    }

    #[track_caller]
    pub fn fails_with(&self, variables: &[(&str, &str)], words: &[&str]) -> String {
        let ran = self.sync(variables);
        assert_eq!(ran.code, Some(6), "{}\n{}", ran.text(), ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{word:?} is not in\n{}", ran.stderr);
        }
        harmless(&ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        self.still_builds();

        let error = self.shown()["last_error"].as_str().unwrap().to_owned();
        assert!(ran.stderr.contains(&format!("error: up: {error}\n")), "{error}\n{}", ran.stderr);
        let doctor = self.world.run(&["doctor"]);
        assert_eq!(doctor.code, Some(8), "{}", doctor.text());
        assert!(
            doctor.text().contains(&format!("the last sync of `up` failed: {error}")),
            "{}",
            doctor.text()
        );
        ran.stderr
    }

    /// The next sync after the upstream was mended is a good one, and nobody speaks of the failure.
    #[track_caller]
    pub fn recovers(&self) {
        let ran = self.sync(&[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(self.shown()["last_error"], Value::Null);
        self.world.agnes(&["doctor"]);
        self.still_builds();
    }

    pub fn shown(&self) -> Value {
        self.world.json(&["marketplace", "show", "up"])
    }

    #[track_caller]
    pub fn edit(&self, args: &[&str]) {
        self.world.agnes(&[&["marketplace", "edit", "up"], args].concat());
    }

    /// Adds an entry `gamma` with this source, and commits.
    pub fn gamma(&self, source: &Value) {
        let entries = serde_json::json!([
            {"name": "alpha", "source": "./plugins/alpha"},
            {"name": "beta", "source": "./plugins/beta"},
            {"name": "gamma", "source": source},
        ]);
        self.upstream.catalog(&entries).commit("Add gamma");
    }

    /// Puts a tree at `plugins/gamma`, and lists it.
    pub fn gamma_tree(&self, tree: &str) {
        self.gamma(&"./plugins/gamma".into());
        self.upstream.graft("plugins/gamma", "040000", tree);
    }

    /// The sync succeeds, `gamma` is not served for a reason with these words, and the others are
    /// what they were.
    #[track_caller]
    pub fn gamma_is_not_served(&self, variables: &[(&str, &str)], words: &[&str]) {
        let ran = self.sync(variables);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stderr.contains("1 of 3 not served"), "{}", ran.stderr);
        let list = self.world.agnes(&["plugin", "list"]);
        let line = list.lines().find(|line| line.starts_with("up/gamma")).unwrap().to_owned();
        for word in ["no: "].iter().chain(words) {
            assert!(line.contains(word), "{word:?} is not in {line}");
        }
        harmless(&list);
        self.still_builds();
        let doctor = self.world.agnes(&["doctor"]);
        assert!(doctor.contains("1 plugin of `up` cannot be served, `gamma` for one"), "{doctor}");
    }

    /// The sync succeeds, `gamma` is served with notes that have these words, and the others are what
    /// they were. Returns gamma's files as `name → exec bit and contents`.
    #[track_caller]
    pub fn gamma_is_served(&self, notes: &[&str]) -> std::collections::BTreeMap<String, (bool, Vec<u8>)> {
        let ran = self.sync(&[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let shown = self.world.json(&["plugin", "show", "up/gamma"]);
        let told: Vec<&str> =
            shown["notes"].as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap()).collect();
        for words in notes {
            assert!(told.iter().any(|note| note.contains(words)), "{words:?} is not in {told:#?}");
        }
        assert_eq!(told.len(), notes.len(), "{told:#?}");
        harmless(&self.world.agnes(&["plugin", "show", "up/gamma"]));
        self.still_builds();

        // Everybody may have gamma as well.
        self.world.agnes(&["grant", "Everyone", "up/gamma"]);
        let folder = self.world.path("unpacked");
        fs::remove_dir_all(&folder).ok();
        self.world.unpacked(ADA, "unpacked");
        self.world.agnes(&["revoke", "Everyone", "up/gamma"]);
        super::files(&folder.join("plugins/up-gamma"))
    }
}

/// No character that a terminal would obey, or that hides or reorders what is read.
#[track_caller]
pub fn harmless(text: &str) {
    let bad = text.chars().find(|c| *c != '\n' && agnes::domain::note::is_deceptive(*c));
    assert!(bad.is_none(), "{bad:?} in {text:?}");
}
