//! The user's git: how it gets at the token for one address, and for no other.

use std::path::Path;
use std::time::Duration;

use super::error::{Result, Snag};
use super::place::Place;
use super::programs::Program;
use crate::client::ServerUrl;
use crate::domain::shell::word;

/// An empty value ends the list of helpers that was begun elsewhere: since git 2.9.
const LEAST: [u32; 3] = [2, 9, 0];

/// For what happens on this machine.
const BRIEF: Duration = Duration::from_secs(20);

/// For what happens over a network, as Claude Code has it.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// The address of the repository of a server.
#[must_use]
pub fn repository(server: &ServerUrl) -> String {
    format!("{}/marketplace.git", server.base())
}

/// A key of git's configuration, and the values that it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    pub values: Vec<String>,
}

/// What git has to know to reach a server: who knows the token, and which authority to trust. For that
/// address alone.
#[must_use]
pub fn settings(place: &Place, server: &ServerUrl, ca: Option<&Path>) -> Vec<Setting> {
    let base = server.base();
    // The empty value first: no other helper is asked for this address, nor told what is for it.
    let helpers =
        Setting { key: format!("credential.{base}.helper"), values: vec![String::new(), helper(place)] };
    let authority = ca
        .map(|ca| Setting { key: format!("http.{base}/.sslCAInfo"), values: vec![ca.display().to_string()] });
    std::iter::once(helpers).chain(authority).collect()
}

/// How git calls us: by the full path, since the `PATH` that it has may be another, as a word of a shell.
/// (With a `!`, git gives it to a shell as it is.)
fn helper(place: &Place) -> String {
    let chosen = if place.config_is_chosen {
        format!("AGNES_CONFIG_HOME={} ", quoted(&place.config))
    } else {
        String::new()
    };
    format!("!{chosen}{} credential", quoted(&place.agnes))
}

/// Git's shell is a POSIX shell on every platform; where paths have backslashes, it takes slashes too.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) { word(&text.replace('\\', "/")) } else { word(&text) }
}

#[derive(Debug, Clone)]
pub struct Git(pub(super) Program);

impl Git {
    /// # Errors
    /// When there is none.
    pub fn find(place: &Place) -> Result<Self> {
        let get = "install it: https://git-scm.com/downloads (macOS: xcode-select --install)";
        Program::find(place, "git", get).map(Self)
    }

    /// # Errors
    /// When it is too old.
    pub fn version(&self, place: &Place) -> Result<String> {
        self.0.version(place, LEAST, "install a newer git: https://git-scm.com/downloads")
    }

    /// The values of a key in the user's own configuration.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn values(&self, place: &Place, key: &str) -> Result<Vec<String>> {
        let ran = self.0.run(&place.home, &["config", "--global", "--null", "--get-all", key], BRIEF)?;
        // 1: there is no such key, or no such file.
        if !ran.good && !ran.stderr.trim().is_empty() && place.git_config.exists() {
            return Err(unusable(place, &ran.said()));
        }
        let mut values: Vec<String> = ran.stdout.split('\0').map(str::to_owned).collect();
        values.pop();
        Ok(values)
    }

    /// Gives a key exactly these values in the user's own configuration.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn set(&self, place: &Place, key: &str, values: &[String]) -> Result<()> {
        let there = self.values(place, key)?;
        if there == values {
            return Ok(());
        }
        if !there.is_empty() {
            self.configure(place, &["--unset-all", key])?;
        }
        values.iter().try_for_each(|value| self.configure(place, &["--add", key, value]))
    }

    fn configure(&self, place: &Place, args: &[&str]) -> Result<()> {
        let ran = self.0.run(&place.home, &[&["config", "--global"], args].concat(), BRIEF)?;
        if ran.good { Ok(()) } else { Err(unusable(place, &ran.said())) }
    }

    /// Asks the server for its newest commit, as Claude Code's git will.
    ///
    /// # Errors
    /// What git says.
    pub fn reach(&self, place: &Place, server: &ServerUrl) -> Result<()> {
        let ran = self.0.run(&place.home, &["ls-remote", &repository(server), "HEAD"], LONG)?;
        if ran.good {
            return Ok(());
        }
        let said = ran.said();
        let all = said.join("\n");
        let hint = if all.contains("certificate") || all.contains("SSL") {
            "git does not trust the server's certificate: agnes setup --ca FILE, with the certificate of your \
             organisation's authority (PEM). Ask whoever runs the server for it"
        } else if all.contains("proxy") {
            "git has a proxy of its own: git config --get-urlmatch http.proxy URL shows it"
        } else {
            "git ls-remote with that address shows more; GIT_CURL_VERBOSE would show secrets, so do not send that \
             to anybody"
        };
        let snag = Snag::failed(format!("git does not get through to `{}`", repository(server))).hinted(hint);
        Err(said.into_iter().fold(snag, Snag::because))
    }
}

fn unusable(place: &Place, said: &[String]) -> Snag {
    let path = place.git_config.display();
    let snag = Snag::failed(format!("git's configuration `{path}` cannot be changed"))
        .hinted("put it right and make it writable for yourself; then run the same command again");
    said.iter().fold(snag, |snag, line| snag.because(line.clone()))
}
