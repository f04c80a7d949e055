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
    /// Claude Code's own file about itself: `.claude.json` in the home, or in the folder that was chosen.
    pub ledger: PathBuf,
    /// The file that `git config --global` writes: `GIT_CONFIG_GLOBAL`, else `~/.gitconfig`, else git's own
    /// below `XDG_CONFIG_HOME`.
    pub git_config: PathBuf,
    /// This program.
    pub agnes: PathBuf,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// The folder that the command was started in.
    pub here: PathBuf,
    /// `GIT_SSL_CAINFO`: the only authorities that git trusts, whatever its configuration says.
    pub git_trusts: Option<PathBuf>,
    /// The variables that name proxies, or who is reached without.
    pub proxies: Vec<&'static str>,
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

    /// Where Claude Code keeps what it has of marketplaces and plugins.
    pub(super) fn lists(&self, project: &Path) -> [PathBuf; 5] {
        use super::state::Scope::{Project, User};
        let plugins = self.claude.join("plugins");
        [
            plugins.join("known_marketplaces.json"),
            plugins.join("installed_plugins.json"),
            self.settings(User, project),
            self.settings(Project, project),
            self.hook_settings(Project, project),
        ]
    }

    /// The settings of Claude Code in that scope.
    pub(super) fn settings(&self, scope: super::state::Scope, project: &Path) -> PathBuf {
        match scope {
            super::state::Scope::User => self.claude.join("settings.json"),
            super::state::Scope::Project => project.join(".claude").join("settings.json"),
        }
    }

    /// The settings that have the hook: with its path of this very machine it is not for those who share a project's
    /// settings.
    #[must_use]
    pub fn hook_settings(&self, scope: super::state::Scope, project: &Path) -> PathBuf {
        match scope {
            super::state::Scope::User => self.settings(scope, project),
            super::state::Scope::Project => project.join(".claude").join("settings.local.json"),
        }
    }
}
