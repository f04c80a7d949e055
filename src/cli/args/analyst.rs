//! What can be typed on an analyst's own machine.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::domain::feed::guide::Platform;

#[derive(Debug, Args)]
pub(in crate::cli) struct LoginArgs {
    /// Read the token from the first line of stdin
    #[arg(long)]
    pub token_stdin: bool,
    /// Trust the certificates in this PEM file too: those of your organisation's authority
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(in crate::cli) struct SetupArgs {
    #[command(flatten)]
    pub login: LoginArgs,
    /// In which of Claude Code's settings: for all your work, or for the folder you are in
    /// [default: as it was set up before, else user]
    #[arg(long, value_name = "SCOPE", value_enum)]
    pub scope: Option<Scope>,
    /// Which plugins to install: all that you were granted, now and later, none, or ask for each
    /// [default: as before, else all]
    #[arg(long, value_name = "WHICH", value_enum)]
    pub plugins: Option<Plugins>,
    /// Which way the plugins take: git by Claude Code, a clone or an unpacked ZIP in
    /// ~/agnes-marketplace, or the first of git and clone that works [default: as before, else auto]
    #[arg(long, value_name = "WAY", value_enum)]
    pub channel: Option<Channel>,
    /// Have every session begin with `agnes refresh`, in the background
    #[arg(long)]
    pub hook: bool,
    /// Do not ask whether to go on
    #[arg(long, short)]
    pub yes: bool,
    /// Check everything, say what there is to do, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print what to do by hand, as commands for a shell, for whoever has no agnes. Needs --server
    #[arg(long, conflicts_with_all = ["dry_run", "undo", "hook", "yes"])]
    pub print: bool,
    /// For which platform to print it [default: this one]
    #[arg(long, value_name = "PLATFORM", value_enum, requires = "print")]
    pub platform: Option<GivenPlatform>,
    /// Take back what was set up, the token included
    #[arg(long, conflicts_with_all = ["dry_run", "token_stdin", "ca", "hook", "channel"])]
    pub undo: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Scope {
    User,
    Project,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GivenPlatform {
    Macos,
    Windows,
    Linux,
}

impl From<GivenPlatform> for Platform {
    fn from(given: GivenPlatform) -> Self {
        match given {
            GivenPlatform::Macos => Self::Macos,
            GivenPlatform::Windows => Self::Windows,
            GivenPlatform::Linux => Self::Linux,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Channel {
    Auto,
    Git,
    Clone,
    Zip,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Plugins {
    All,
    None,
    Ask,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RefreshArgs {
    /// Only say whether there is anything new; the exit status is 9 if there is
    #[arg(long)]
    pub check: bool,
    /// Do what there is to do in a process of its own, and do not wait for it
    #[arg(long, conflicts_with = "check")]
    pub background: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CredentialArgs {
    /// get, store or erase; anything else is left unanswered
    #[arg(value_name = "OPERATION")]
    pub operation: String,
}
