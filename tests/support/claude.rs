//! The real Claude Code client, in a home of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{World, skipped};

/// The variable that names the `claude` programs to test with, `:` between them. `make test` sets it.
const PROGRAMS: &str = "AGNES_TEST_CLAUDE";

pub struct Claude {
    program: PathBuf,
    home: PathBuf,
}

impl Claude {
    /// All clients there are, each with a new home in this world. None: says so loudly, and fails in
    /// CI.
    pub fn all(world: &World, test: &str) -> Vec<Self> {
        let programs = std::env::var_os(PROGRAMS).unwrap_or_default();
        let clients: Vec<Self> = std::env::split_paths(&programs)
            .filter(|program| !program.as_os_str().is_empty())
            .enumerate()
            .map(|(i, program)| {
                let home = world.path(&format!("claude {i}"));
                std::fs::create_dir_all(&home).unwrap();
                Self { program, home }
            })
            .collect();
        if clients.is_empty() {
            skipped(
                test,
                &format!("{PROGRAMS} names no Claude Code client; `make test` installs two from npm"),
            );
        }
        clients
    }

    /// The same program with another home.
    pub fn at(self, world: &World, name: &str) -> Self {
        let home = world.path(name);
        std::fs::create_dir_all(&home).unwrap();
        Self { home, ..self }
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("LANG", "C.UTF-8")
            .env("DISABLE_TELEMETRY", "1")
            .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
            .env("DISABLE_AUTOUPDATER", "1")
            .current_dir(&self.home)
            .stdin(Stdio::null());
        command
    }

    /// `claude plugin ARGS…`, however it ends.
    pub fn tried(&self, args: &[&str]) -> Output {
        self.command(&[&["plugin"], args].concat()).output().unwrap()
    }

    /// `claude plugin ARGS…`, which has to succeed.
    #[track_caller]
    pub fn plugin(&self, args: &[&str]) -> String {
        let output = self.tried(args);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} plugin {args:?}: {said}{wrong}", self.program.display());
        said
    }

    /// `claude plugin list --json`, without the plugins that new clients bring along.
    #[track_caller]
    pub fn installed(&self) -> Vec<Value> {
        let mut all: Vec<Value> = serde_json::from_str(&self.plugin(&["list", "--json"])).unwrap();
        all.retain(|one| !one["id"].as_str().unwrap().ends_with("@builtin"));
        all
    }

    /// Adds a folder as a marketplace, and installs all its plugins.
    #[track_caller]
    pub fn install_all(&self, folder: &Path, marketplace: &str, plugins: &[&str]) {
        self.plugin(&["marketplace", "add", folder.to_str().unwrap()]);
        for name in plugins {
            self.plugin(&["install", &format!("{name}@{marketplace}")]);
        }
    }

    /// Adds a marketplace, a folder or an address, and has its plugins enabled at the next session: a second or
    /// two for hundreds of them, where installing takes half a second for each.
    #[track_caller]
    pub fn enable_all(&self, source: &str, marketplace: &str, plugins: &[&str]) {
        self.plugin(&["marketplace", "add", source]);
        let place = self.home.join(".claude/settings.json");
        let mut settings: Value = serde_json::from_slice(&std::fs::read(&place).unwrap()).unwrap();
        let enabled = plugins.iter().map(|name| (format!("{name}@{marketplace}"), Value::Bool(true)));
        settings["enabledPlugins"] = Value::Object(enabled.collect());
        std::fs::write(place, settings.to_string()).unwrap();
    }

    /// What a session says when it begins: which commands, agents, servers and plugins it loaded. It gets no
    /// further, since nobody answers at that address.
    #[track_caller]
    pub fn session(&self) -> Value {
        self.session_in(&self.home)
    }

    /// The same in a folder.
    #[track_caller]
    pub fn session_in(&self, folder: &Path) -> Value {
        let output = self
            .command(&["-p", "hi", "--output-format", "stream-json", "--verbose", "--max-turns", "1"])
            .env("ANTHROPIC_API_KEY", "x")
            .env("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
            .env("CLAUDE_CODE_MAX_RETRIES", "0")
            // What is enabled and not installed yet is installed before anything else.
            .env("CLAUDE_CODE_SYNC_PLUGIN_INSTALL", "1")
            .current_dir(folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // Hooks may have something to say before.
        let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let init = events.into_iter().find(|event| event["subtype"] == "init");
        init.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)))
    }
}
