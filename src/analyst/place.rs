//! Where things are on this machine. All of it comes in from outside: nothing here asks the environment.

use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub struct Place {
    /// The user's home.
    pub home: PathBuf,
    /// Agnes' own folder, below the platform's for configuration.
    pub config: PathBuf,
    /// Whether that is another than the platform's, so that programs that are called by others have to be
    /// told.
    pub config_is_chosen: bool,
    /// Claude Code's folder: `CLAUDE_CONFIG_DIR`, else `~/.claude`.
    pub claude: PathBuf,
    /// The file that `git config --global` writes: `GIT_CONFIG_GLOBAL`, else `~/.gitconfig`, else git's own
    /// below `XDG_CONFIG_HOME`.
    pub git_config: PathBuf,
    /// This program.
    pub agnes: PathBuf,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// The folder that the command was started in.
    pub here: PathBuf,
}

impl Place {
    pub(super) fn credentials(&self) -> PathBuf {
        self.config.join("credentials.json")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.config.join("setup.json")
    }

    /// Held by whoever changes what is installed.
    pub(super) fn turn(&self) -> PathBuf {
        self.config.join("setup.lock")
    }

    /// The folder for a clone or for what a ZIP holds, unless another was asked for.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.home.join("agnes-marketplace")
    }

    /// The settings of Claude Code in that scope.
    pub(super) fn settings(&self, scope: super::state::Scope, project: &Path) -> PathBuf {
        match scope {
            super::state::Scope::User => self.claude.join("settings.json"),
            super::state::Scope::Project => project.join(".claude").join("settings.json"),
        }
    }
}
