//! A marketplace on this machine whose plugins lie on web servers of this machine.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::web::Server;
use super::{ADA, Ran, Upstream, World, catalog, served};

pub struct Field {
    pub world: World,
    pub market: Upstream,
    /// What every command needs to reach the servers, and what a test sets besides.
    pub environment: Vec<(&'static str, String)>,
}

impl Field {
    /// Those servers' certificates are trusted, and this machine's own network is allowed.
    pub fn new(servers: &[&Server]) -> Self {
        let world = World::new();
        let ca = world.path("ca.pem");
        let pem: Vec<u8> = servers.iter().flat_map(|server| fs::read(&server.ca).unwrap()).collect();
        fs::write(&ca, pem).unwrap();
        let environment = vec![
            ("AGNES_SYNC_CA_BUNDLE", ca.display().to_string()),
            ("AGNES_SYNC_ALLOW_NETWORKS", "127.0.0.1 ::1".to_owned()),
        ];
        let market = world.upstream("market");
        Self { world, market, environment }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Registers the marketplace with these plugins, syncs it, and grants Ada all of it.
    #[track_caller]
    pub fn open(&self, plugins: &Value) -> Ran {
        self.market.catalog(plugins).commit("Publish");
        self.world.agnes(&["marketplace", "add", &self.market.url(), "--slug", "market"]);
        let ran = self.run(&["marketplace", "sync"]);
        self.world.user(ADA, &["market/*"]);
        ran
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.agnes_command(args);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    pub fn sync(&self) -> Ran {
        self.run(&["marketplace", "sync"])
    }

    /// What Ada gets.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        served(&catalog(&self.world.bundle(ADA))).into_iter().map(str::to_owned).collect()
    }

    /// What `plugin list --json` says of one.
    #[track_caller]
    pub fn listed(&self, name: &str) -> Value {
        self.world.listed(name)
    }

    /// Why it is not served.
    #[track_caller]
    pub fn reason(&self, name: &str) -> String {
        let listed = self.listed(name);
        listed["reason"].as_str().unwrap_or_else(|| panic!("{listed}")).to_owned()
    }
}

impl World {
    /// What `plugin list --json` says of one.
    #[track_caller]
    pub fn listed(&self, name: &str) -> Value {
        let all = self.json(&["plugin", "list"]);
        all.as_array().unwrap().iter().find(|plugin| plugin["name"] == name).cloned().unwrap()
    }
}
