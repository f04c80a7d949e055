//! The note of what was set up: what `refresh` keeps current, and what `--undo` takes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Kind, Result, Snag};
use super::files;
use super::ledger::Ledger;
use super::place::Place;
use crate::client::ServerUrl;
use crate::domain::access::token::PREFIX;
use crate::domain::digest::Digest;

/// Which of Claude Code's settings it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    #[default]
    User,
    Project,
}

impl Scope {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

/// By which way the plugins come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Claude Code clones the address itself.
    Git,
    /// A clone of ours, which Claude Code reads as a folder.
    Clone,
    /// A folder with what the ZIP holds.
    Zip,
}

/// Which plugins are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// All that are granted, and those granted later.
    All,
    /// None by itself.
    None,
}

/// What was set up for one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The marketplace's name in Claude Code.
    pub marketplace: String,
    pub channel: Channel,
    /// Whether that was asked for, so that no other takes its place.
    #[serde(default)]
    pub chosen: bool,
    pub scope: Scope,
    pub plugins: Policy,
    /// The folder in which Claude Code is run: the project's, or the home.
    pub project: PathBuf,
    /// The clone, or what a ZIP holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Whether Claude Code had the marketplace already.
    #[serde(default)]
    pub adopted: bool,
    /// The plugins that were installed before, whoever they are from.
    #[serde(default)]
    pub installed_before: BTreeSet<String>,
    /// The plugins that were offered, without those that could not be installed: one that is not among them is to be.
    #[serde(default)]
    pub known: BTreeSet<String>,
    /// The plugins that are still to be installed, where a run stopped before it had.
    #[serde(default)]
    pub pending: BTreeSet<String>,
    /// What was last brought up to date with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Keys of git's configuration, and what they were before.
    #[serde(default)]
    pub git: BTreeMap<String, Vec<String>>,
    /// Files that others write for us, as they were before.
    #[serde(default)]
    pub before: Vec<Before>,
    /// The client's file about itself.
    #[serde(default)]
    pub(super) ledger: Ledger,
    /// Folders that were not there.
    #[serde(default)]
    pub absent: Vec<PathBuf>,
    /// The settings that have a hook of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<PathBuf>,
    /// Whether it came to its end.
    #[serde(default)]
    pub complete: bool,
}

/// A file as it was before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Before {
    pub path: PathBuf,
    /// `None`: there was no such file, or it is one that must not be copied, or no text.
    pub text: Option<String>,
    /// What is no text (UTF-8), as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Vec<u8>>,
    pub was_there: bool,
    /// The nearest folder above it that there was.
    pub above: PathBuf,
    /// The SHA-256 of what we left there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

impl Before {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let mut above = path;
        while let Some(parent) = above.parent() {
            above = parent;
            if above.is_dir() {
                break;
            }
        }
        let there = match fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => None,
            Err(why) => return Err(Snag::file(path, "read", &why)),
        };
        let was_there = there.is_some();
        // A token has one file to be in, and this is another.
        let copied = there.filter(|bytes| !String::from_utf8_lossy(bytes).contains(PREFIX));
        let (text, bytes) = match copied.map(String::from_utf8) {
            Some(Ok(text)) => (Some(text), None),
            Some(Err(other)) => (None, Some(other.into_bytes())),
            None => (None, None),
        };
        Ok(Self { path: path.to_owned(), text, bytes, was_there, above: above.to_owned(), left: None })
    }

    /// What was in the file, where that was kept.
    pub(super) fn kept(&self) -> Option<&[u8]> {
        self.text.as_ref().map(String::as_bytes).or(self.bytes.as_deref())
    }

    /// Whether there is now what was there before, or what we left there.
    pub(super) fn is_untouched(&self) -> bool {
        let now = digest(&self.path);
        match (&self.left, self.kept()) {
            (Some(left), _) => now.as_ref() == Some(left),
            (None, Some(bytes)) => now == Some(Digest::of(bytes).to_string()),
            (None, None) => !self.was_there && now.is_none(),
        }
    }

    /// Takes note of what we left there. If somebody else had changed it before, what it was once is not to come
    /// back: theirs would be lost.
    pub(super) fn leave(&mut self, was_untouched: bool) {
        if was_untouched {
            self.left = digest(&self.path);
        } else {
            (self.text, self.bytes, self.left) = (None, None, None);
        }
    }
}

/// The digest of a file's contents; nothing where there is none.
pub(super) fn digest(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| Digest::of(&bytes).to_string())
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// By the server's address.
    pub servers: BTreeMap<String, Setup>,
}

impl State {
    /// # Errors
    /// When the file cannot be read, or is none of ours.
    pub fn read(place: &Place) -> Result<Self> {
        let path = place.state();
        let Some(text) = files::read_own(&path)? else { return Ok(Self::default()) };
        serde_json::from_str(&text).map_err(|why| {
            Snag::new(Kind::Conflict, format!("`{}` is not what agnes writes there: {why}", path.display()))
                .hinted("move it away, and run `agnes setup` again. What was there before can then not be restored")
        })
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, place: &Place) -> Result<()> {
        let path = place.state();
        if self.servers.is_empty() {
            return match fs::remove_file(&path) {
                Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
                    Err(Snag::file(&path, "removed", &why))
                }
                _ => Ok(()),
            };
        }
        let text = serde_json::to_string_pretty(self).map_err(|why| Snag::failed(why.to_string()))?;
        files::write_own(&path, (text + "\n").as_bytes())
    }

    /// What was set up for that server, or for the only one there is.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn one(&self, server: Option<&ServerUrl>) -> Result<(ServerUrl, &Setup)> {
        let found = match server {
            Some(server) => self.servers.get_key_value(server.base()),
            None if self.servers.len() > 1 => {
                let all = self.servers.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                return Err(Snag::new(Kind::Usage, format!("there are several servers: {all}"))
                    .hinted("say which: --server URL"));
            }
            None => self.servers.iter().next(),
        };
        let missing = || {
            let message = match server {
                Some(server) => format!("nothing was set up for `{server}`"),
                None => "nothing was set up here".to_owned(),
            };
            Snag::new(Kind::Missing, message).hinted("agnes setup --server https://…")
        };
        let (name, setup) = found.ok_or_else(missing)?;
        Ok((name.parse().map_err(|_| missing())?, setup))
    }
}
