//! What can be typed. The doc comments are the help.

mod analyst;
mod bundle;
mod hosts;
mod people;
mod plugins;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use super::exit;
use super::serve::ServeArgs;
use crate::domain::plugin::remote::RemoteMode;
use crate::domain::plugin::version::Versions;
pub(super) use analyst::{Channel, CredentialArgs, LoginArgs, Plugins, RefreshArgs, Scope, SetupArgs};
pub(super) use bundle::{BuildZipArgs, VerifyArgs};
pub(super) use hosts::Host;
pub(super) use people::{GrantArgs, GrantsArgs, Group, Token, User};
pub(super) use plugins::{DiffArgs, Plugin};

/// One Claude Code marketplace per person, made of many
///
/// Agnes ingests the plugin marketplaces that you register, lets you say which group may have which
/// plugin, and gives each user one marketplace with exactly those.
#[derive(Debug, Parser)]
#[command(name = "agnes", version, after_long_help = exit::TABLE, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Agnes {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Default, Args)]
pub(super) struct Global {
    /// The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR]
    /// [default: the platform's data folder]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub data_dir: Option<PathBuf>,
    /// The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub config: Option<PathBuf>,
    /// Print one JSON document on stdout
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Print nothing but the data that was asked for, and what went wrong
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
    /// How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT]
    /// [default: 5]
    #[arg(long, global = true, value_name = "SECONDS", help_heading = "Everywhere")]
    pub lock_wait: Option<u64>,
    /// Ask this agnes server, not the data folder: https://…, with an access token of a member of
    /// Admin [env: AGNES_SERVER]
    #[arg(long, global = true, value_name = "URL", help_heading = "Everywhere")]
    pub server: Option<String>,
    /// Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub server_ca: Option<PathBuf>,
    /// The access token for --server is the first line of this file, or of stdin if it is `-`
    /// [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub server_token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register marketplaces and keep them in step with their upstreams
    #[command(subcommand)]
    Marketplace(Marketplace),
    /// Look at plugins, and take one out for everybody
    #[command(subcommand)]
    Plugin(Plugin),
    /// Say which hosts plugins may be fetched from that lie in other repositories, and with which token
    #[command(subcommand)]
    Host(Host),
    /// Add, list and remove the people who get a marketplace
    #[command(subcommand)]
    User(User),
    /// Put people into groups: plugins are granted to groups
    #[command(subcommand)]
    Group(Group),
    /// Give people personal access tokens, and take them back
    #[command(subcommand)]
    Token(Token),
    /// Give a group plugins
    ///
    /// Granting what the group has already changes nothing. What is granted must exist; sync its
    /// marketplace first.
    Grant(GrantArgs),
    /// Take plugins from a group
    ///
    /// Takes back grants as they were given: from a group that has `slug/*`, one plugin cannot be
    /// taken alone.
    Revoke(GrantArgs),
    /// List who was granted what
    Grants(GrantsArgs),
    /// Write the ZIP that one user gets
    ///
    /// The same plugins make the same bytes, on any machine. The file appears when it is complete.
    BuildZip(BuildZipArgs),
    /// Check a ZIP against its provenance, and that against the upstreams
    ///
    /// Asks no server. Every file of the ZIP must be one that the provenance lists, with the git id that
    /// the upstream's file has, or a manifest that agnes wrote; and all digests must be those of these
    /// files. Where the data folder, or a repository that is named, has the commit that a plugin was taken
    /// from, that commit must have these very files.
    Verify(VerifyArgs),
    /// Say what one user gets, and why not more
    Info {
        /// An e-mail address or id
        #[arg(long, value_name = "USER")]
        user: String,
    },
    /// Serve the API and everybody's marketplace, until told to stop
    ///
    /// Prints on stdout where it can be reached, one address on a line, and logs to stderr. SIGTERM and
    /// SIGINT let transfers end; a second one does not. Other commands go on working meanwhile.
    Serve(ServeArgs),
    /// Set up Claude Code on this machine for the plugins that a server grants you
    ///
    /// Asks for the server's address and your token if they are not given, checks everything, says what
    /// there is to do, does it, and asks Claude Code what came of it. The token is kept in one file of
    /// agnes', for you alone; git asks agnes for it, for that server alone; Claude Code never sees it.
    /// Running it again brings everything up to date, and what is not said again stays as it was chosen.
    Setup(SetupArgs),
    /// Bring your plugins up to date, if there is anything new
    ///
    /// Asks the server once. Updates what changed, uninstalls what you are not granted any more, and
    /// installs what was granted since, if `agnes setup` was to install all. If the server is away,
    /// everything stays as it is, and that is no failure.
    Refresh(RefreshArgs),
    /// Give agnes your token for a server, in place of one that has expired
    ///
    /// The server has to know it; if it does not, the one before is kept.
    Login(LoginArgs),
    /// Forget your token for a server
    Logout,
    /// Say who you are to a server, what it grants you, and what of that is installed
    Whoami,
    /// Say everything about this machine's setup that somebody who helps would ask
    Status,
    /// Answer git, which asks for tokens (gitcredentials(7))
    ///
    /// `agnes setup` tells git to. It answers for servers that there is a token for, and says nothing of
    /// others. It stores and erases nothing.
    Credential(CredentialArgs),
    /// List who did what, the latest first
    Audit(AuditArgs),
    /// Back up everything that cannot be fetched or made again, also while a server serves
    ///
    /// The file is a ZIP with a folder `state`: unpack it into an empty data folder, and sync. The
    /// tokens of private upstreams are in it, unless it is made from afar: keep it as you keep them.
    Backup {
        /// Where to: a file
        #[arg(long, short, value_name = "FILE", default_value = "agnes-backup.zip")]
        output: PathBuf,
    },
    /// Remove from the caches what nobody needs
    ///
    /// Bundles and repositories that were made for users are kept, up to `cache.max_bytes` and for
    /// `cache.max_days`; a server sees to that by itself. Whatever is removed is made again when
    /// somebody asks for it.
    Prune {
        /// Remove all of it, but for what somebody is just being sent
        #[arg(long)]
        all: bool,
    },
    /// Find what is broken or suspicious in the data folder, and what to do about it
    ///
    /// Changes nothing. The exit status is 8 if something is broken; what is merely suspicious is
    /// listed, and no failure.
    Doctor,
    /// Show what agnes does, with two example marketplaces in a data folder of its own
    ///
    /// The folder is the one of --data-dir, else the usual one with `-demo` after its name. What an
    /// earlier demo left in it is removed; a folder that no demo made is left alone.
    Demo,
    /// Show the settings
    #[command(subcommand)]
    Config(Config),
    /// Print the description of the HTTP API (OpenAPI 3.1)
    Openapi,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write all pages into a folder
    Man {
        /// Write agnes.1 and a page for each command here; the folder is made if need be
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Marketplace {
    /// Register a marketplace; `sync` fetches it
    Add(AddArgs),
    /// Change what was registered
    ///
    /// What is not given stays; an empty text clears. A new address, branch or ref counts from the
    /// next sync on.
    Edit(EditArgs),
    /// List the registered marketplaces
    List,
    /// Show one marketplace
    Show {
        /// Its short name, as `agnes marketplace list` shows it
        slug: String,
    },
    /// Fetch marketplaces and find out what changed
    ///
    /// One that fails keeps serving what it had; the others are synced all the same. The exit
    /// status is then 6.
    Sync(SyncArgs),
    /// List what was fetched of a marketplace and is kept: what is served, what waits, what was before
    ///
    /// Each sync that finds something new leaves a state, and the latest are kept (`sync.keep_states`).
    History {
        /// Which marketplace
        slug: String,
    },
    /// Say what would change for whom between two commits of a marketplace
    ///
    /// Plugins, their files, and above all what runs code on people's machines: hooks, servers,
    /// executables and scripts, skills and commands with a shell.
    Diff(DiffArgs),
    /// Serve what was fetched of a marketplace on hold and waits
    ///
    /// From the next request on. `diff` shows first what would change.
    Approve {
        /// Which marketplace
        slug: String,
        /// A commit, how its id begins, or a state [default: what was fetched last]
        commit: Option<String>,
    },
    /// Serve an earlier state of a marketplace again, and put it on hold
    ///
    /// From the next request on. Without the hold the next sync would undo it; `edit --no-hold` ends it.
    Rollback {
        /// Which marketplace
        slug: String,
        /// A commit, how its id begins, or a state, as `history` lists them
        commit: String,
    },
    /// Forget a marketplace, with its plugins, its token and the grants that name it
    Remove {
        /// Its short name
        slug: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// https://…, ssh://…, git@host:path, file://… or a folder, without credentials
    pub url: String,
    /// A short name: a-z, 0-9, `-`, `_` [default: made from the URL]
    #[arg(long)]
    pub slug: Option<String>,
    /// A name for people [default: the slug]
    #[arg(long)]
    pub name: Option<String>,
    /// Follow this branch [default: the upstream's own]
    #[arg(long, conflicts_with = "reference")]
    pub branch: Option<String>,
    /// Stay at this tag or full commit id
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    #[command(flatten)]
    pub about: About,
    /// Fetch, and serve nothing until `agnes marketplace approve`
    #[arg(long)]
    pub hold: bool,
    #[command(flatten)]
    pub token: TokenArgs,
}

#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// Which marketplace
    pub slug: String,
    /// Another address for the same marketplace
    #[arg(long)]
    pub url: Option<String>,
    /// A name for people
    #[arg(long)]
    pub name: Option<String>,
    /// Follow this branch; empty: the upstream's own
    #[arg(long, conflicts_with = "reference")]
    pub branch: Option<String>,
    /// Stay at this tag or full commit id; empty: follow again
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    #[command(flatten)]
    pub about: About,
    #[command(flatten)]
    pub token: TokenArgs,
    /// Go on fetching, and serve nothing new until `agnes marketplace approve`
    #[arg(long, conflicts_with = "no_hold")]
    pub hold: bool,
    /// Serve what is new with each sync again
    #[arg(long)]
    pub no_hold: bool,
    /// Forget the token
    #[arg(long, conflicts_with_all = ["token_prompt", "token_stdin", "token_env"])]
    pub no_token: bool,
}

/// What is told about a marketplace, and how its plugins appear.
#[derive(Debug, Args)]
pub(super) struct About {
    /// One line about it
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// Who looks after it
    #[arg(long, value_name = "NAME")]
    pub curator_name: Option<String>,
    /// Where they can be reached
    #[arg(long, value_name = "EMAIL")]
    pub curator_email: Option<String>,
    /// Put this before its plugins' names, so that they do not collide with another marketplace's
    #[arg(long, value_name = "PREFIX")]
    pub name_prefix: Option<String>,
    /// Whether versions name the content, so that every change is delivered, or are the upstream's
    /// own [default: content]
    #[arg(long, value_name = "HOW", value_parser = versions)]
    pub versions: Option<Versions>,
    /// What becomes of plugins that lie in other repositories: `vendor` fetches and serves them, `link`
    /// passes their sources on for clients to fetch, `skip` leaves them out [default: vendor]
    #[arg(long, value_name = "HOW", value_parser = remote)]
    pub remote: Option<RemoteMode>,
}

/// Where a token comes from. Never from the command line: everybody on the machine can read that.
#[derive(Debug, Args)]
#[group(multiple = false)]
#[expect(clippy::struct_field_names, reason = "the fields' names are the options'")]
pub(super) struct TokenArgs {
    /// Ask for the token, without showing it
    #[arg(long)]
    pub token_prompt: bool,
    /// Read the token from the first line of stdin
    #[arg(long)]
    pub token_stdin: bool,
    /// Take the token from this environment variable
    #[arg(long, value_name = "VAR")]
    pub token_env: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// Which marketplaces [default: all]
    #[arg(value_name = "SLUG")]
    pub slugs: Vec<String>,
    /// How many at the same time, 1 to 64 [env: AGNES_SYNC_JOBS] [default: 4]
    #[arg(long, value_name = "N", value_parser = jobs)]
    pub jobs: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u32,
    /// By this actor alone, as the list names them
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Of this kind alone: `token.create`, or `token` for all that begin so
    #[arg(long, value_name = "ACTION")]
    pub what: Option<String>,
    /// About this alone: a slug, an e-mail address, a group's name
    #[arg(long, value_name = "RESOURCE")]
    pub which: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Print each setting, its value, and where it came from
    Show,
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=64) => Ok(n),
        _ => Err("a number from 1 to 64 is needed".into()),
    }
}

fn versions(text: &str) -> Result<Versions, String> {
    match text {
        "content" => Ok(Versions::Content),
        "upstream" => Ok(Versions::Upstream),
        _ => Err("`content` or `upstream` is needed".into()),
    }
}

fn remote(text: &str) -> Result<RemoteMode, String> {
    let modes = [RemoteMode::Vendor, RemoteMode::Link, RemoteMode::Skip];
    modes
        .into_iter()
        .find(|mode| mode.as_str() == text)
        .ok_or_else(|| "`vendor`, `link` or `skip` is needed".into())
}

/// The command line as clap knows it, for completions and manual pages.
#[must_use]
pub fn command() -> clap::Command {
    Agnes::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
