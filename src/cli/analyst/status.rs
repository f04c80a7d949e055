//! `agnes status`: everything that a support desk would ask, to be pasted as it is.

use serde_json::{Value, json};

use super::here::place;
use crate::analyst::claude::Claude;
use crate::analyst::compare::Differences;
use crate::analyst::credentials::{self, Credential};
use crate::analyst::error::Result;
use crate::analyst::git::{self, Git};
use crate::analyst::state::{Channel, Setup, State};
use crate::analyst::{Place, Snag, server};
use crate::cli::exit::Failure;
use crate::cli::said::Said;
use crate::cli::table::facts;
use crate::wire::VERSION;

/// Label and value, in the order in which they are shown.
type Facts = Vec<(&'static str, String)>;

pub(in crate::cli) fn run() -> std::result::Result<Said, Failure> {
    let place = place()?;
    let mut found: Facts =
        vec![
            ("agnes", format!("{VERSION} ({})", place.agnes.display())),
            ("platform", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
            ("git", or_why(Git::find(&place).and_then(|git| git.version(&place)))),
            (
                "claude",
                or_why(Claude::find(&place).and_then(|claude| {
                    Ok(format!("{} ({})", claude.version(&place)?, claude.path().display()))
                })),
            ),
            ("git's file", place.git_config.display().to_string()),
            ("our folder", place.config.display().to_string()),
        ];
    let set = place.proxies.join(", ");
    found.push((
        "proxy",
        if set.is_empty() { "none in the environment".to_owned() } else { format!("{set} set") },
    ));
    let credentials = match credentials::all(&place) {
        Ok(all) => all,
        Err(why) => {
            found.push(("credentials", why.to_string()));
            Vec::new()
        }
    };
    if credentials.is_empty() {
        found.push(("server", "none: there is no token here".to_owned()));
    }
    let state = State::read(&place);
    for credential in &credentials {
        about(&place, credential, &state, &mut found);
    }
    match &state {
        Ok(state) => {
            let tokenless =
                |server: &&String| !credentials.iter().any(|one| one.server.base() == server.as_str());
            for server in state.servers.keys().filter(tokenless) {
                found.push(("setup", format!("for {server}, and no token (agnes login --server {server})")));
            }
        }
        Err(why) => found.push(("setup", why.to_string())),
    }
    let json: Vec<Value> =
        found.iter().map(|(label, value)| json!({"what": label, "value": value})).collect();
    let shown: Vec<_> = found.into_iter().map(|(label, value)| (label, Some(value))).collect();
    Ok(Said::answer(&json, facts(&shown))
        .talking("There is no secret in this: it can be sent to whoever helps you."))
}

fn about(place: &Place, credential: &Credential, state: &Result<State>, found: &mut Facts) {
    found.push(("server", credential.server.to_string()));
    let token = if credential.rejected { "kept; the server did not take it last time" } else { "kept" };
    found.push(("token", token.to_owned()));
    if let Some(ca) = &credential.ca {
        let there = if ca.is_file() { "" } else { ", which is not there" };
        found.push(("authority", format!("{}{there}", ca.display())));
    }
    let info = server::info(credential);
    found.push((
        "answer",
        match &info {
            Ok(info) => format!("{}, {} plugins, etag {}", info.email, info.plugin_count, info.etag),
            Err(why) => explained(why),
        },
    ));
    let setup = state.as_ref().ok().and_then(|state| state.servers.get(credential.server.base()));
    if let Ok(git) = Git::find(place) {
        of_git(place, &git, credential, setup, found);
    }
    let Some(setup) = setup else {
        found.push(("setup", "none (agnes setup)".to_owned()));
        return;
    };
    let complete = if setup.complete { "" } else { ", not complete: agnes setup" };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let channel = word(&serde_json::to_value(setup.channel).unwrap_or_default());
    found.push((
        "setup",
        format!("`{}` by {channel}, {} scope{complete}", setup.marketplace, setup.scope.word()),
    ));
    found.push(("hook", setup.hook.as_ref().map_or("none".to_owned(), |path| path.display().to_string())));
    let installed = Claude::find(place).and_then(|claude| claude.installed(&setup.project));
    if let (Ok(info), Ok(installed)) = (&info, &installed) {
        let Differences { outdated, revoked, absent, disabled } = Differences::between(info, installed);
        for (label, names) in [
            ("outdated", outdated),
            ("not granted", revoked),
            ("not installed", absent),
            ("disabled", disabled),
        ] {
            if !names.is_empty() {
                found.push((label, names.join(", ")));
            }
        }
    }
}

/// What git was told, where it was told: in the user's own configuration, or in the clone. A ZIP comes without git.
fn of_git(place: &Place, git: &Git, credential: &Credential, setup: Option<&Setup>, found: &mut Facts) {
    let server = &credential.server;
    let clone = match setup.map(|setup| (setup.channel, &setup.folder)) {
        Some((Channel::Zip, _)) => return,
        Some((Channel::Clone, Some(folder))) if folder.is_dir() => Some(folder),
        _ => None,
    };
    let wanted = git::settings(place, server, credential.ca.as_deref());
    let good = wanted.iter().all(|one| {
        let there = match clone {
            Some(clone) => git.values_in(clone, &one.key),
            None => git.values(place, &one.key),
        };
        there.is_ok_and(|there| there == one.values)
    });
    let knows = if good { "whom to ask for the token" } else { "nothing of it (agnes setup)" };
    found.push(("git knows", knows.to_owned()));
    if let Some(own) = git.own_login(place, server) {
        found.push(("git sends", explained(&own)));
    }
    let reached = git.reach(clone.unwrap_or(&place.home), place, server);
    found.push(("git reaches it", or_why(reached.map(|()| "yes".to_owned()))));
}

fn or_why(result: Result<String>) -> String {
    result.unwrap_or_else(|why| explained(&why))
}

/// All of it in one line: what, why, and what to do.
fn explained(why: &Snag) -> String {
    let parts = std::iter::once(why.to_string()).chain(why.causes.iter().cloned()).chain(why.hint.clone());
    parts.collect::<Vec<_>>().join("; ")
}
