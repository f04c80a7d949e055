//! The only room with a voice: arguments, tables, prompts, progress bars, exit codes.
//!
//! A command is a sentence: an `Args` struct whose doc comments are its help, and one function that
//! makes a request of the API and returns what is to be said. Only [`main`] says it.

mod analyst;
mod args;
mod bundle;
mod config;
mod demo;
mod diff;
mod examples;
mod exit;
mod grants;
mod groups;
mod hosts;
mod man;
mod marketplace;
mod plugin;
mod progress;
mod said;
mod save;
mod secrets;
mod serve;
mod session;
mod states;
mod table;
mod token;
mod upkeep;
mod users;
mod verify;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

pub use args::command;
use args::{Agnes, Command, Global, Marketplace, Plugin};
use exit::{Exit, Failure};
use said::Said;
use session::Session;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let agnes = match Agnes::try_parse() {
        Ok(agnes) => agnes,
        Err(error) => {
            // Help and version are answers; everything else is a mistake of the caller's.
            let told = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else if printed(told) {
                Exit::Done.into()
            } else {
                Exit::Failed.into()
            };
        }
    };
    let global = agnes.global.clone();
    match run(agnes) {
        Ok(said) => say(&said, &global),
        Err(failure) => {
            complain(&failure);
            failure.exit.into()
        }
    }
}

fn run(agnes: Agnes) -> Result<Said, Failure> {
    let global = &agnes.global;
    let session = || Session::open(global);
    match agnes.command {
        Command::Marketplace(command) => match command {
            Marketplace::Add(args) => marketplace::add(&session()?, args),
            Marketplace::Edit(args) => marketplace::edit(&session()?, args),
            Marketplace::List => marketplace::list(&session()?),
            Marketplace::Show { slug } => marketplace::show(&session()?, &slug),
            Marketplace::Sync(args) => marketplace::sync(&session()?, args, global),
            Marketplace::History { slug } => states::history(&session()?, &slug),
            Marketplace::Diff(args) => diff::run(&session()?, &args),
            Marketplace::Approve { slug, commit } => states::approve(&session()?, &slug, commit),
            Marketplace::Rollback { slug, commit } => states::rollback(&session()?, &slug, commit),
            Marketplace::Remove { slug } => marketplace::remove(&session()?, &slug),
        },
        Command::Plugin(command) => match command {
            Plugin::List { marketplace } => plugin::list(&session()?, marketplace.as_deref()),
            Plugin::Show { plugin } => plugin::show(&session()?, &plugin),
            Plugin::Disable { plugin, reason } => plugin::disable(&session()?, &plugin, reason),
            Plugin::Enable { plugin } => plugin::enable(&session()?, &plugin),
        },
        Command::Host(command) => hosts::run(&session()?, command),
        Command::User(command) => users::run(&session()?, command),
        Command::Group(command) => groups::run(&session()?, command),
        Command::Token(command) => token::run(&session()?, command),
        Command::Grant(args) => grants::grant(&session()?, &args),
        Command::Revoke(args) => grants::revoke(&session()?, &args),
        Command::Grants(args) => grants::list(&session()?, &args),
        Command::BuildZip(args) => bundle::build(session, &args, global),
        Command::Verify(args) => verify::run(&args, global),
        Command::Info { user } => bundle::info(&session()?, &user),
        Command::Serve(args) => serve::run(&args, global),
        Command::Setup(args) => analyst::setup(&args, global),
        Command::Refresh(args) => analyst::refresh(&args, global),
        Command::Login(args) => analyst::login(&args, global),
        Command::Logout => analyst::logout(global),
        Command::Whoami => analyst::whoami(global),
        Command::Status => analyst::status(),
        Command::Credential(args) => analyst::credential(&args),
        Command::Audit(args) => upkeep::audit(&session()?, &args),
        Command::Backup { output } => upkeep::backup(&session()?, &output),
        Command::Prune { all } => upkeep::prune(&session()?, all),
        Command::Doctor => upkeep::doctor(&session()?),
        Command::Demo => demo::run(global),
        Command::Config(args::Config::Show) => config::show(global),
        Command::Openapi => Ok(Said::raw(crate::http::openapi::text().into_bytes())),
        Command::Completions { shell } => Ok(man::completions(shell)),
        Command::Man { dir } => man::man(dir.as_deref()),
    }
}

/// Data goes to stdout, talk to stderr. A pipe that was closed is no error: whoever reads had
/// enough.
fn say(said: &Said, global: &Global) -> ExitCode {
    let mut data = Vec::new();
    if global.json {
        if let Some(json) = &said.json {
            data = said::json(json).into_bytes();
        }
    } else if let Some(text) = &said.text {
        data.extend_from_slice(text.as_bytes());
    }
    if let Some(raw) = &said.raw {
        data.extend_from_slice(raw);
    }
    if !global.quiet && !global.json {
        said.talk.iter().for_each(|line| said::talk(line));
    }
    let mut out = io::stdout().lock();
    if !printed(out.write_all(&data).and_then(|()| out.flush())) {
        return Exit::Failed.into();
    }
    said.exit.into()
}

/// Whether what was to be printed was, or nobody wanted it.
fn printed(result: io::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => true,
        Err(error) => {
            said::talk(&format!("error: cannot write to the standard output: {error}"));
            false
        }
    }
}

fn complain(failure: &Failure) {
    let colour =
        io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (red, bold, plain) = if colour { ("\x1b[1;31m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
    said::talk(&format!("{red}error{plain}: {}", said::plain(&failure.message)));
    for cause in &failure.causes {
        said::talk(&format!("{bold}because{plain}: {}", said::plain(cause)));
    }
    if let Some(hint) = &failure.hint {
        said::talk(&format!("{bold}hint{plain}: {}", said::plain(hint)));
    }
}
