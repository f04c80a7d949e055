//! `agnes setup`: look, say what there is to do, do it, and look again.
//!
//! Each step finds what is there and makes it what it should be, so that running it again converges, also
//! after a run that stopped half-way: the note for taking it back is written before the first change.

mod act;
mod check;
mod deliver;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::claude::{Claude, Installed, Marketplace};
use super::compare::Differences;
use super::credentials::Credential;
use super::git::Git;
use super::ledger::Ledger;
use super::state::{Channel, Policy, Scope, Setup};
use crate::wire::views::Info;
pub use act::carry_out;
pub(super) use act::{roomless, turn};
pub use check::check;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Wishes {
    pub credential: Credential,
    /// `None`: as it was set up before.
    pub scope: Option<Scope>,
    pub channel: By,
    /// Whether every session is to begin with a look at what is new.
    pub hook: bool,
}

/// By which way the plugins are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// As they came before.
    AsBefore,
    /// The first that works.
    First,
    This(Channel),
}

/// Which plugins to install.
#[derive(Debug, Clone)]
pub enum Choice {
    All,
    None,
    These(BTreeSet<String>),
}

impl Choice {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::These(names) => names.contains(name),
        }
    }

    fn policy(&self) -> Policy {
        match self {
            Self::All => Policy::All,
            Self::None | Self::These(_) => Policy::None,
        }
    }
}

/// What was found before anything was changed.
#[derive(Debug)]
pub struct Checked {
    pub wishes: Wishes,
    pub info: Info,
    pub git: Git,
    pub git_version: String,
    pub claude: Claude,
    pub claude_version: String,
    pub scope: Scope,
    /// The folder in which Claude Code is run.
    pub project: PathBuf,
    /// The marketplace of that name in Claude Code, if there is one.
    pub registered: Option<Marketplace>,
    pub installed: Vec<Installed>,
    /// What was set up for that server before.
    pub(super) noted: Option<Setup>,
    /// How it was before the client was asked anything.
    pub(super) ledger: Ledger,
    /// Folders that were not there then.
    pub(super) absent: Vec<PathBuf>,
}

/// How it came out, asked of the client.
#[derive(Debug, Serialize)]
pub struct Outcome {
    pub server: String,
    pub email: String,
    pub marketplace: String,
    pub channel: Channel,
    pub installed: Vec<String>,
    pub differences: Differences,
    /// What could not be installed, and why.
    pub failed: Vec<String>,
}
