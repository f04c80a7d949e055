//! A curator's repository, made with the real `git`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::World;

/// A working tree and what is committed of it. Commits have fixed times: same files, same ids.
pub struct Upstream {
    folder: PathBuf,
    home: PathBuf,
}

impl Upstream {
    pub fn new(world: &World, name: &str) -> Self {
        let folder = world.path("upstreams").join(name);
        fs::create_dir_all(&folder).unwrap();
        let upstream = Self { folder, home: world.home().to_owned() };
        upstream.git(&["init", "-q", "-b", "main"]);
        upstream
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.folder.display())
    }

    pub fn git_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(&self.folder)
            .args(["-c", "core.autocrlf=false", "-c", "protocol.file.allow=always"])
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "Curator")
                .env(format!("GIT_{who}_EMAIL"), "curator@example.com")
                .env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
        }
        command
    }

    /// Runs `git`, which has to succeed.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let output = self.git_command(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs `git` with something on its stdin.
    #[track_caller]
    pub fn git_fed(&self, args: &[&str], input: &[u8]) -> String {
        let mut child = self
            .git_command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    pub fn executable(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        self.write(path, contents);
        fs::set_permissions(self.folder.join(path), fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    pub fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    /// Writes the manifest, with these plugins.
    pub fn catalog(&self, plugins: &Value) -> &Self {
        let catalog = json!({"name": "upstream", "owner": {"name": "Curator"}, "plugins": plugins});
        self.write(".claude-plugin/marketplace.json", format!("{catalog:#}\n"))
    }

    /// A plugin with a manifest and one skill.
    pub fn plugin(&self, name: &str) -> &Self {
        let manifest = json!({"name": name, "version": "1.0.0", "description": format!("What {name} does")});
        self.write(&format!("plugins/{name}/.claude-plugin/plugin.json"), format!("{manifest:#}\n"));
        self.write(
            &format!("plugins/{name}/skills/{name}/SKILL.md"),
            format!("---\nname: {name}\ndescription: The skill of {name}\n---\n\nDo what {name} does.\n"),
        )
    }

    /// Plugins of these names, and a manifest that lists them.
    pub fn plugins(&self, names: &[&str]) -> &Self {
        for name in names {
            self.plugin(name);
        }
        let entries = names.iter().map(|name| json!({"name": name, "source": format!("./plugins/{name}")}));
        self.catalog(&entries.collect())
    }

    /// Copies a folder into the working tree, symlinks as symlinks.
    pub fn copy(&self, from: &Path) -> &Self {
        let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(&self.folder).status().unwrap();
        assert!(status.success());
        self
    }

    /// Commits everything there is, and returns the commit's id.
    #[track_caller]
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A", "-f"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}
