//! The user's Claude Code, by its own commands. `claude plugin …` needs no login.

use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Result, Snag};
use super::place::Place;
use super::programs::{Program, numbers};
use super::state::Scope;

/// The oldest that this was tried with.
const LEAST: [u32; 3] = [2, 1, 197];

/// The oldest that was seen to uninstall the plugin that it was told, and not the first of that name.
const TELLS_NAMESAKES_APART: [u32; 3] = [2, 1, 332];

/// Longer than the client itself waits for git.
const WITHIN: Duration = Duration::from_secs(180);

#[derive(Debug, Clone)]
pub struct Claude(Program);

/// A marketplace as the client lists it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marketplace {
    pub name: String,
    pub source: String,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub path: Option<PathBuf>,
    #[serde(default)]
    pub repo: Option<String>,
}

impl Marketplace {
    /// Where it is from, as one says it.
    #[must_use]
    pub fn origin(&self) -> String {
        let path = self.path.as_ref().map(|path| path.display().to_string());
        self.url.clone().or(self.repo.clone()).or(path).unwrap_or_else(|| self.source.clone())
    }
}

/// An installed plugin as the client lists it.
#[derive(Debug, Clone, Deserialize)]
pub struct Installed {
    /// `name@marketplace`
    pub id: String,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub scope: Option<String>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

impl Installed {
    /// Its name, if it is of that marketplace.
    #[must_use]
    pub fn of(&self, marketplace: &str) -> Option<&str> {
        self.id.rsplit_once('@').filter(|(_, from)| *from == marketplace).map(|(name, _)| name)
    }
}

impl Claude {
    /// # Errors
    /// When there is none.
    pub fn find(place: &Place) -> Result<Self> {
        let get = "install Claude Code: npm install -g @anthropic-ai/claude-code (or see https://claude.com/claude-code)";
        Program::find(place, "claude", get).map(Self)
    }

    /// # Errors
    /// When it is too old.
    pub fn version(&self, place: &Place) -> Result<String> {
        const UPDATE: &str = "update it: claude update";
        // To be asked takes it a fifth of a second, most of which is starting.
        match installed_version(self.path()) {
            Some(text) => self.0.new_enough(&text, LEAST, UPDATE),
            None => self.0.version(place, LEAST, UPDATE),
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// # Errors
    /// What the client says.
    pub fn marketplaces(&self, folder: &Path) -> Result<Vec<Marketplace>> {
        self.listed(folder, &["plugin", "marketplace", "list", "--json"])
    }

    /// # Errors
    /// What the client says.
    pub fn installed(&self, folder: &Path) -> Result<Vec<Installed>> {
        self.listed(folder, &["plugin", "list", "--json"])
    }

    /// Both at the same time, since each takes it a second.
    ///
    /// # Errors
    /// What the client says.
    pub fn lists(&self, folder: &Path) -> Result<(Vec<Marketplace>, Vec<Installed>)> {
        std::thread::scope(|scope| {
            let installed = scope.spawn(|| self.installed(folder));
            Ok((self.marketplaces(folder)?, joined(installed)?))
        })
    }

    /// `source` is an address or a folder.
    ///
    /// # Errors
    /// What the client says.
    pub fn add(&self, folder: &Path, source: &str, scope: Scope) -> Result<()> {
        self.plugin(folder, &["marketplace", "add", source, "--scope", scope.word()])
    }

    /// # Errors
    /// What the client says.
    pub fn update_marketplace(&self, folder: &Path, name: &str) -> Result<()> {
        self.plugin(folder, &["marketplace", "update", name])
    }

    /// # Errors
    /// What the client says.
    pub fn remove(&self, folder: &Path, name: &str) -> Result<()> {
        self.plugin(folder, &["marketplace", "remove", name])
    }

    /// # Errors
    /// What the client says.
    pub fn install(&self, folder: &Path, id: &str, scope: Scope) -> Result<()> {
        self.plugin(folder, &["install", id, "--scope", scope.word()])
    }

    /// # Errors
    /// What the client says.
    pub fn update(&self, folder: &Path, id: &str, scope: &str) -> Result<()> {
        self.plugin(folder, &["update", id, "--scope", scope])
    }

    /// Uninstalls a plugin, of which `installed` has to know. Says whether it did: where a plugin of another
    /// marketplace has the same name, old clients would uninstall that one.
    ///
    /// # Errors
    /// What the client says.
    pub fn uninstall(
        &self,
        place: &Place,
        folder: &Path,
        id: &str,
        scope: &str,
        installed: &[Installed],
    ) -> Result<bool> {
        let name = |id: &str| id.rsplit_once('@').map(|(name, _)| name.to_owned());
        let has_namesake = installed.iter().any(|one| one.id != id && name(&one.id) == name(id));
        if has_namesake && numbers(&self.version(place)?) < TELLS_NAMESAKES_APART {
            return Ok(false);
        }
        self.plugin(folder, &["uninstall", id, "--scope", scope]).map(|()| true)
    }

    fn plugin(&self, folder: &Path, args: &[&str]) -> Result<()> {
        self.0.succeed(folder, &[&["plugin"], args].concat(), WITHIN).map(|_| ())
    }

    fn listed<T: DeserializeOwned>(&self, folder: &Path, args: &[&str]) -> Result<Vec<T>> {
        let text = self.0.succeed(folder, args, WITHIN)?;
        // It may have something to say before.
        let json = text.find('[').and_then(|at| text.get(at..)).unwrap_or_default();
        serde_json::from_str(json).map_err(|why| {
            Snag::failed(format!(
                "`claude {}` says something that cannot be understood: {why}",
                args.join(" ")
            ))
            .hinted("is it a Claude Code of another kind? `claude update` gets the newest")
        })
    }
}

pub(super) fn joined<T>(work: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    work.join().unwrap_or_else(|_| Err(Snag::failed("a check stopped short")))
}

/// The version that whoever installed a program wrote down: npm in the package that it is in, Claude Code's own
/// installer as the program's name (`…/versions/2.1.332`).
fn installed_version(path: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
    }
    let program = path.canonicalize().ok()?;
    let mut folders = program.ancestors().skip(1);
    let folder = folders.next()?;
    if folder.file_name().is_some_and(|name| name == "versions") {
        let name = program.file_name()?.to_str()?;
        return Some(name.to_owned()).filter(|name| numbers(name) > [0; 3]);
    }
    // Beside the program, or beside its folder `bin`.
    let package = std::iter::once(folder).chain(folders.next()).find_map(|folder| {
        let text = std::fs::read(folder.join("package.json")).ok()?;
        serde_json::from_slice::<Package>(&text).ok()
    })?;
    Some(package.version).filter(|_| package.name.starts_with("@anthropic-ai/claude-code"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_version_that_was_written_down_need_not_be_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let put = |path: &str, text: &str| {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), text).unwrap();
        };
        // npm: a link in `.bin` to a program in the package.
        put("npm/@anthropic-ai/claude-code/bin/claude.exe", "");
        let named =
            |name: &str| format!(r#"{{"name": "@anthropic-ai/{name}", "version": "2.1.197", "bin": {{}}}}"#);
        put("npm/@anthropic-ai/claude-code/package.json", &named("claude-code"));
        fs::create_dir_all(at("npm/.bin")).unwrap();
        symlink("../@anthropic-ai/claude-code/bin/claude.exe", at("npm/.bin/claude")).unwrap();
        assert_eq!(installed_version(&at("npm/.bin/claude")).as_deref(), Some("2.1.197"));
        // The program of a platform, in a package of its own.
        put("npm/@anthropic-ai/claude-code-linux-x64/claude", "");
        put("npm/@anthropic-ai/claude-code-linux-x64/package.json", &named("claude-code-linux-x64"));
        let program = at("npm/@anthropic-ai/claude-code-linux-x64/claude");
        assert_eq!(installed_version(&program).as_deref(), Some("2.1.197"));
        // Its own installer.
        put("share/claude/versions/2.1.332", "");
        symlink("share/claude/versions/2.1.332", at("claude")).unwrap();
        assert_eq!(installed_version(&at("claude")).as_deref(), Some("2.1.332"));
        // Somebody's wrapper, beside whatever they have there; and nothing at all.
        put("mine/claude", "#!/bin/sh\n");
        put("mine/package.json", &named("claude-code").replace("@anthropic-ai", "@mine"));
        put("share/claude/versions/latest", "");
        for other in ["mine/claude", "share/claude/versions/latest", "nothing"] {
            assert_eq!(installed_version(&at(other)), None, "{other}");
        }
    }
}
