//! The user's git: how it gets at the token for one address, and for no other.

use std::path::Path;
use std::time::Duration;

use super::error::{Result, Snag};
use super::place::Place;
use super::programs::{Program, obstacle};
use crate::client::ServerUrl;
use crate::domain::shell::word;

/// An empty value ends the list of helpers that was begun elsewhere: since git 2.9.
const LEAST: [u32; 3] = [2, 9, 0];

/// For what happens on this machine.
pub(super) const BRIEF: Duration = Duration::from_secs(20);

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
    // Of several servers at one host, git says which it means only if it is told to.
    let told_apart = Some(format!("credential.{base}.useHttpPath")).filter(|_| !server.path().is_empty());
    let told_apart = told_apart.map(|key| Setting { key, values: vec!["true".into()] });
    std::iter::once(helpers).chain(told_apart).chain(authority(server, ca)).collect()
}

fn authority(server: &ServerUrl, ca: Option<&Path>) -> Vec<Setting> {
    let base = server.base();
    let file = ca
        .map(|ca| Setting { key: format!("http.{base}/.sslCAInfo"), values: vec![ca.display().to_string()] });
    file.into_iter().collect()
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

/// A path as a word of a POSIX shell.
pub(super) fn quoted(path: &Path) -> String {
    word(&path.display().to_string())
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
            return Err(unusable(&place.git_config, &ran.said()));
        }
        Ok(ended(&ran.stdout))
    }

    /// The values of a key in a clone's own configuration.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn values_in(&self, clone: &Path, key: &str) -> Result<Vec<String>> {
        let asked = [&inside(clone), "config", "--local", "--null", "--get-all", key];
        let ran = self.0.run(clone, &asked, BRIEF)?;
        if !ran.good && !ran.stderr.trim().is_empty() {
            return Err(unusable(&clone.join(".git").join("config"), &ran.said()));
        }
        Ok(ended(&ran.stdout))
    }

    /// Gives keys exactly these values in a clone's own configuration.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(super) fn teach(&self, clone: &Path, settings: &[Setting]) -> Result<()> {
        let (here, path) = (inside(clone), clone.join(".git").join("config"));
        for Setting { key, values } in settings {
            let there = self.values_in(clone, key)?;
            if there == *values {
                continue;
            }
            if !there.is_empty() {
                self.configure(clone, &path, &[&here, "config", "--local", "--unset-all", key])?;
            }
            for value in values {
                self.configure(clone, &path, &[&here, "config", "--local", "--add", key, value])?;
            }
        }
        Ok(())
    }

    /// Gives a key exactly these values in the user's own configuration.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn set(&self, place: &Place, key: &str, values: &[String]) -> Result<()> {
        let there = self.values(place, key)?;
        if there == values { Ok(()) } else { self.change(place, key, &there, values) }
    }

    /// The same where it is known what there is.
    pub(super) fn change(&self, place: &Place, key: &str, there: &[String], values: &[String]) -> Result<()> {
        if !there.is_empty() {
            self.configure(&place.home, &place.git_config, &["config", "--global", "--unset-all", key])?;
        }
        values.iter().try_for_each(|value| {
            self.configure(&place.home, &place.git_config, &["config", "--global", "--add", key, value])
        })
    }

    /// The proxy that git goes through to that server, if its configuration names one.
    pub(super) fn proxy(&self, place: &Place, server: &ServerUrl) -> Option<String> {
        let asked = ["config", "--get-urlmatch", "http.proxy", &repository(server)];
        let ran = self.0.run(&place.home, &asked, BRIEF).ok()?;
        Some(ran.stdout.trim().to_owned()).filter(|proxy| ran.good && !proxy.is_empty())
    }

    fn configure(&self, folder: &Path, file: &Path, args: &[&str]) -> Result<()> {
        let ran = self.0.run(folder, args, BRIEF)?;
        if ran.good { Ok(()) } else { Err(unusable(file, &ran.said())) }
    }

    /// Asks the server for its newest commit, as Claude Code's git will; or, in a clone, as it does there.
    ///
    /// # Errors
    /// What git says.
    pub fn reach(&self, folder: &Path, place: &Place, server: &ServerUrl) -> Result<()> {
        let ran = self.0.run(folder, &["ls-remote", &repository(server), "HEAD"], LONG)?;
        if ran.good { Ok(()) } else { Err(unreached(place, server, ran.said())) }
    }

    /// Whether git gets as far as being asked who it is, before it is told anything.
    ///
    /// # Errors
    /// That it does not trust the server, or that its proxy does not let it through.
    pub(super) fn approach(&self, place: &Place, server: &ServerUrl, ca: Option<&Path>) -> Result<()> {
        if server.is_clear() {
            return Ok(());
        }
        let mut args: Vec<String> = vec!["-c".into(), "credential.helper=".into()];
        for Setting { key, values } in authority(server, ca) {
            args.extend(values.iter().flat_map(|value| ["-c".to_owned(), format!("{key}={value}")]));
        }
        args.extend(["ls-remote".to_owned(), repository(server), "HEAD".into()]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = self.0.run(&place.home, &args, LONG)?;
        let said = ran.said();
        let is_ours = ran.good || !(is_untrusting(&said) || is_proxied(&said));
        if is_ours { Ok(()) } else { Err(unreached(place, server, said)) }
    }
}

fn is_untrusting(said: &[String]) -> bool {
    said.iter().any(|line| line.contains("certificate") || line.contains("SSL"))
}

fn is_proxied(said: &[String]) -> bool {
    said.iter().any(|line| line.to_lowercase().contains("proxy") || line.contains("CONNECT"))
}

fn unreached(place: &Place, server: &ServerUrl, said: Vec<String>) -> Snag {
    let hint = if let Some(file) = place.git_trusts.as_ref().filter(|_| is_untrusting(&said)) {
        format!(
            "git does not trust the server's certificate: GIT_SSL_CAINFO in your environment has it trust `{}` alone, \
             whatever else it is told. Put your organisation's authority into that file too, or take the variable \
             out of your environment",
            file.display()
        )
    } else if is_untrusting(&said) {
        "git does not trust the server's certificate: agnes setup --ca FILE, with the certificate of your \
         organisation's authority (PEM). Ask whoever runs the server for it"
            .to_owned()
    } else if is_proxied(&said) {
        "git goes through a proxy: HTTPS_PROXY in your environment names it, or git config --get-urlmatch \
         http.proxy URL shows it"
            .to_owned()
    } else {
        "git ls-remote with that address shows more; GIT_CURL_VERBOSE would show secrets, so do not send that to \
         anybody"
            .to_owned()
    };
    let snag = Snag::failed(format!("git does not get through to `{}`", repository(server))).hinted(hint);
    said.into_iter().fold(snag, Snag::because)
}

/// That a clone is meant, and nothing else. Git would look for what it is not told in the folders above as well, and
/// a home may be somebody's repository.
pub(super) fn inside(clone: &Path) -> String {
    format!("--git-dir={}", clone.join(".git").display())
}

/// Values that each end with a zero.
fn ended(told: &str) -> Vec<String> {
    let mut values: Vec<String> = told.split('\0').map(str::to_owned).collect();
    values.pop();
    values
}

fn unusable(file: &Path, said: &[String]) -> Snag {
    let path = file.display();
    let hint = obstacle(said)
        .unwrap_or("put it right and make it writable for yourself; then run the same command again");
    let snag = Snag::failed(format!("git's configuration `{path}` cannot be changed")).hinted(hint);
    said.iter().fold(snag, |snag, line| snag.because(line.clone()))
}
