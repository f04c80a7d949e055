//! `agnes refresh`

use std::process::{Command, Stdio};

use serde_json::json;

use super::asking::named;
use super::here::place;
use crate::analyst::compare::Differences;
use crate::analyst::refresh::{GLANCE, LOOK, News, Refreshed, apply, differences, news};
use crate::analyst::state::State;
use crate::analyst::{Kind, Place, Snag};
use crate::cli::args::{Global, RefreshArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::said::{Said, line};
use crate::client::ServerUrl;

pub(in crate::cli) fn run(args: &RefreshArgs, global: &Global) -> Result<Said, Failure> {
    let place = place()?;
    let state = State::read(&place)?;
    let mut servers = Vec::new();
    if let Some(server) = named(global)? {
        state.one(Some(&server))?;
        servers.push(server);
    } else {
        servers.extend(state.servers.keys().filter_map(|name| name.parse::<ServerUrl>().ok()));
    }
    if servers.is_empty() {
        // Whoever took everything back may have left the hook in a project.
        state.one(None)?;
    }
    let within = if args.background { GLANCE } else { LOOK };
    let (mut said, mut done, mut failed) = (Said::nothing(), Vec::new(), None);
    for server in servers {
        let (_, setup) = state.one(Some(&server))?;
        match news(&place, &server, setup, within) {
            Ok(News::None) => said = said.talking(format!("Nothing is new at {server}.")),
            Ok(News::Away(snag)) => said = stays(said, &snag),
            Ok(News::Some) if args.check => match differences(&place, &server, setup) {
                Ok(found) => said = outlook(said, &server, &found),
                Err(snag) if snag.kind == Kind::Away => said = stays(said, &snag),
                Err(snag) => failed = Some(snag),
            },
            Ok(News::Some) if args.background => failed = beside(&place, &server).err().or(failed),
            Ok(News::Some) => match apply(&place, &server) {
                Ok(Some(one)) => {
                    said = told(said, &one);
                    done.push(one);
                }
                Ok(None) => said = said.talking("Another agnes is at it."),
                Err(snag) if snag.kind == Kind::Away => said = stays(said, &snag),
                Err(snag) => failed = Some(snag),
            },
            // A session is not told of each hotel's network that answers in place of the server: whoever asks by hand,
            // or has cron ask, is.
            Err(snag) if args.background && snag.kind == Kind::Stranger => {}
            Err(snag) => failed = Some(snag),
        }
    }
    match failed {
        // The others were seen to all the same.
        Some(snag) => Err(snag.into()),
        None => Ok(Said { json: Some(json!(done)), ..said }),
    }
}

fn outlook(mut said: Said, server: &ServerUrl, found: &Differences) -> Said {
    let work =
        [("To update", &found.outdated), ("To install", &found.absent), ("To uninstall", &found.revoked)];
    for (what, names) in work {
        if !names.is_empty() {
            said = said.talking(line(&format!("{what}: {}", names.join(", "))));
        }
    }
    said.talking(format!("There is something new at {server}.")).exiting(Exit::Outdated)
}

/// The server is away, which is no error. By hand, one learns why.
fn stays(said: Said, snag: &Snag) -> Said {
    let why =
        std::iter::once(snag.to_string()).chain(snag.causes.iter().cloned()).collect::<Vec<_>>().join("; ");
    said.talking(line(&format!("{why}: everything stays as it is.")))
}

fn told(mut said: Said, one: &Refreshed) -> Said {
    let work = [("Updated", &one.updated), ("Installed", &one.installed), ("Uninstalled", &one.uninstalled)];
    for (what, names) in work {
        if !names.is_empty() {
            said = said.talking(line(&format!("{what}: {}", names.join(", "))));
        }
    }
    if !one.left.is_empty() {
        let names = one.left.join(", ");
        said = said.talking(line(&format!("Left to Claude Code's next session, which removes it: {names}")));
    }
    for failed in &one.failed {
        said = said.talking(line(&format!("Not done: {failed}"))).exiting(Exit::Failed);
    }
    said
}

/// In a process of its own, which the session that begins does not wait for.
fn beside(place: &Place, server: &ServerUrl) -> Result<(), Snag> {
    let mut command = Command::new(&place.agnes);
    command.args(["refresh", "--quiet", "--server", server.base()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir(&place.home);
    // Claude Code ends what its hooks have begun.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
        .spawn()
        .map(|_| ())
        .map_err(|why| Snag::failed(format!("`{}` cannot be run: {why}", place.agnes.display())))
}
