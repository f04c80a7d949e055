//! A marketplace with something of everything, served: what the tests of the git channel clone.

use std::collections::BTreeMap;
use std::path::Path;

use super::git::Git;
use super::server::Server;
use super::{ADA, Upstream, World, files, unzipped};

pub struct Feed {
    pub server: Server,
    pub ada: String,
    pub upstream: Upstream,
    pub world: World,
}

/// How many files the plugin `many` has, beside its manifest and skill: more than fit into one request of
/// 64 KiB that names each.
pub const MANY: usize = 1500;

/// What the plugin `x` is changed by.
pub const SKILL: &str = "plugins/x/skills/x/SKILL.md";

impl Feed {
    /// The plugins `x` and `y` of the marketplace `tools`, both of them Ada's.
    pub fn new() -> Self {
        Self::with(&["tools/*"])
    }

    /// Only what is granted.
    pub fn with(grants: &[&str]) -> Self {
        Self::made(&["x", "y"], grants)
    }

    /// With a third plugin, `many`.
    pub fn vast() -> Self {
        Self::made(&["x", "y", "many"], &["tools/*"])
    }

    fn made(plugins: &[&str], grants: &[&str]) -> Self {
        let world = World::new();
        let upstream = world.upstream("tools");
        upstream.plugins(plugins);
        upstream.executable("plugins/x/hooks/run.sh", "#!/bin/sh\necho x\n");
        upstream.write("plugins/x/deep/down/there/file.txt", "Deep down.\n");
        upstream.write("plugins/x/deep.txt", "Sorts between `deep` and `deep/`, or so one might think.\n");
        upstream.write("plugins/x/empty", "").write("plugins/x/crlf.txt", "one\r\ntwo\r\n");
        upstream.write("plugins/x/ünï cödé/ø.txt", "Not ASCII.\n").link("plugins/x/link", "deep");
        upstream.write("plugins/y/noise.bin", noise(100_000)).write("plugins/y/same.bin", noise(100_000));
        for number in (0..MANY).filter(|_| plugins.contains(&"many")) {
            upstream
                .write(&format!("plugins/many/{}/{number}.txt", number % 20), format!("Number {number}\n"));
        }
        upstream.commit("Publish");
        world.register("tools", &upstream);
        world.user(ADA, grants);
        let ada = world.bearer(ADA);
        let server = world.serve(&["--log-format", "json"]);
        Self { server, ada, upstream, world }
    }

    /// Ada's client.
    pub fn git(&self) -> Git<'_> {
        self.world.git(&self.server, &self.ada)
    }

    /// Publishes another text of one file, and syncs.
    pub fn change(&self, path: &str, text: &str) {
        self.upstream.write(path, text).commit("Change");
        self.world.agnes(&["marketplace", "sync"]);
    }

    /// That a clone has what the ZIP of the same user has, exec bits included.
    #[track_caller]
    pub fn is_the_zip(&self, clone: &Path) {
        let zip = self.server.get("/marketplace.zip", &[("authorization", &self.ada)]);
        assert_eq!(zip.status, 200);
        same_files(clone, &unzipped(&zip.body));
    }
}

/// That a working tree has these files, and no others.
#[track_caller]
pub fn same_files(clone: &Path, expected: &BTreeMap<String, (bool, Vec<u8>)>) {
    let mut found = files(clone);
    found.retain(|name, _| !name.starts_with(".git/"));
    let names = |of: &BTreeMap<String, (bool, Vec<u8>)>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(expected));
    for (name, file) in expected {
        assert!(found.get(name) == Some(file), "`{name}` differs");
    }
}

/// Bytes that do not compress, the same ones every time.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(length).collect()
}
