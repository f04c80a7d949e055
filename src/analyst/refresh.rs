//! `agnes refresh`: what a session's beginning or cron runs. Nothing new costs one conditional request.

use std::time::Duration;

use serde::Serialize;

use super::claude::{Claude, Installed};
use super::compare::Differences;
use super::credentials::{self, Credential};
use super::error::{Kind, Result, Snag};
use super::ledger::Ledger;
use super::place::Place;
use super::setup::roomless;
use super::state::{Policy, Setup, State};
use super::{files, folder, leftovers, server};
use crate::client::{Call, ServerUrl};
use crate::wire::views::Info;

/// For the question whether there is anything new where somebody waits for their session.
pub const GLANCE: Duration = Duration::from_secs(3);

/// For the same where somebody waits for the answer, or nobody does.
pub const LOOK: Duration = Duration::from_secs(20);

/// What was done about one server's plugins.
#[derive(Debug, Default, Serialize)]
pub struct Refreshed {
    pub server: String,
    /// Names of plugins.
    pub updated: Vec<String>,
    pub installed: Vec<String>,
    pub uninstalled: Vec<String>,
    /// What is not granted any more and does not load, and that the client's next session removes: it would take
    /// another plugin of that name for it.
    pub left: Vec<String>,
    /// What could not be done, and why. It is tried again.
    pub failed: Vec<String>,
}

/// Whether there is anything new.
#[derive(Debug)]
pub enum News {
    None,
    /// Something that was not brought here yet.
    Some,
    /// The server cannot be asked; all stays as it is.
    Away(Snag),
}

/// Asks the server whether what was last brought here is still what it has.
///
/// # Errors
/// When the server does not know the token, or there is none; when whoever answers is not shown to be the server.
pub fn news(place: &Place, server: &ServerUrl, setup: &Setup, within: Duration) -> Result<News> {
    let credential = credential(place, server)?;
    let Some(etag) = setup.etag.as_deref().filter(|_| setup.complete) else { return Ok(News::Some) };
    let asked = Call::new(http::Method::HEAD, &["marketplace.zip"]).unless(Some(etag));
    let changed = server::client(&credential, Some(within))
        .and_then(|client| client.changed(asked).map_err(Snag::from));
    match changed {
        Ok(None) => Ok(News::None),
        Ok(Some(_)) => Ok(News::Some),
        Err(snag) if snag.kind == Kind::Away => Ok(News::Away(snag)),
        Err(snag) => Err(snag),
    }
}

/// What there would be to do.
///
/// # Errors
/// As [`apply`].
pub fn differences(place: &Place, server: &ServerUrl, setup: &Setup) -> Result<Differences> {
    let info = server::info(&credential(place, server)?)?;
    let claude = Claude::find(place)?;
    let mut found = Differences::between(&info, &claude.installed(&setup.project)?);
    found.absent.retain(|name| is_wanted(setup, name));
    Ok(found)
}

/// Brings everything up to date. Nothing, if another agnes is at it.
///
/// # Errors
/// When nothing could be done at all.
pub fn apply(place: &Place, server: &ServerUrl) -> Result<Option<Refreshed>> {
    applied(place, server).map_err(|snag| roomless(place, snag))
}

fn applied(place: &Place, server: &ServerUrl) -> Result<Option<Refreshed>> {
    let Some(_turn) = files::turn(&place.turn(), Duration::ZERO)? else { return Ok(None) };
    // Read with the lock: what was read without it may be old.
    let mut state = State::read(place)?;
    let Some(setup) = state.servers.get(server.base()).cloned() else { return Ok(None) };
    let credential = credential(place, server)?;
    let info = server::info(&credential)?;
    let claude = Claude::find(place)?;
    let ledger = Ledger::of(place);
    leftovers::remove(place, &setup);
    folder::bring(place, &credential, &setup)?;
    let updated = claude.update_marketplace(&setup.project, &setup.marketplace);
    updated.map_err(|snag| {
        if setup.complete { snag } else { snag.hinted("it was not set up to its end: agnes setup") }
    })?;
    let installed = claude.installed(&setup.project)?;
    let mut done = Refreshed { server: server.to_string(), ..Refreshed::default() };
    let lacking = bring(place, &claude, &setup, &info, &installed, &mut done);
    let mut setup = setup;
    // What failed is to be tried again.
    setup.known = info
        .plugins
        .iter()
        .map(|plugin| plugin.name.clone())
        .filter(|name| !lacking.contains(name))
        .collect();
    setup.etag = done.failed.is_empty().then_some(info.etag);
    setup.ledger.leave(place, &ledger);
    state.servers.insert(server.to_string(), setup);
    state.write(place)?;
    Ok(Some(done))
}

/// Says which plugins could not be installed.
fn bring(
    place: &Place,
    claude: &Claude,
    setup: &Setup,
    info: &Info,
    installed: &[Installed],
    done: &mut Refreshed,
) -> Vec<String> {
    let found = Differences::between(info, installed);
    let scope_of = |id: &str| {
        let there = installed.iter().find(|one| one.id == id).and_then(|one| one.scope.clone());
        there.unwrap_or_else(|| setup.scope.word().to_owned())
    };
    // Without a version to compare, the client has to see for itself.
    let ours = |name: &str| installed.iter().any(|one| one.of(&setup.marketplace) == Some(name));
    let unversioned = info.plugins.iter().filter(|plugin| plugin.version.is_none() && ours(&plugin.name));
    let outdated = found.outdated.iter().cloned().chain(unversioned.map(|plugin| plugin.name.clone()));
    let mut work: Vec<(String, Work)> = outdated.map(|name| (name, Work::Update)).collect();
    work.extend(found.revoked.into_iter().map(|name| (name, Work::Uninstall)));
    let wanted = found.absent.into_iter().filter(|name| is_wanted(setup, name));
    work.extend(wanted.map(|name| (name, Work::Install)));
    let mut lacking = Vec::new();
    for (name, what) in work {
        let id = format!("{name}@{}", setup.marketplace);
        let outcome = match what {
            Work::Update => claude.update(&setup.project, &id, &scope_of(&id)).map(|()| true),
            Work::Uninstall => claude.uninstall(place, &setup.project, &id, &scope_of(&id), installed),
            Work::Install => claude.install(&setup.project, &id, setup.scope).map(|()| true),
        };
        match (outcome, what) {
            (Err(snag), what) => {
                done.failed.push(format!("{name}: {}", snag.causes.join("; ")));
                if matches!(what, Work::Install) {
                    lacking.push(name);
                }
            }
            (Ok(false), _) => done.left.push(name),
            (Ok(true), Work::Update) => done.updated.push(name),
            (Ok(true), Work::Uninstall) => done.uninstalled.push(name),
            (Ok(true), Work::Install) => done.installed.push(name),
        }
    }
    lacking
}

#[derive(Clone, Copy)]
enum Work {
    Update,
    Uninstall,
    Install,
}

/// Whether a plugin that is not installed is to be: one that was never offered before. One that was, somebody
/// has uninstalled.
fn is_wanted(setup: &Setup, name: &str) -> bool {
    setup.plugins == Policy::All && (!setup.known.contains(name) || !setup.complete)
}

fn credential(place: &Place, server: &ServerUrl) -> Result<Credential> {
    credentials::of(place, server)?.ok_or_else(|| {
        Snag::new(Kind::Missing, format!("there is no token for `{server}` here"))
            .hinted(format!("agnes login --server {server}"))
    })
}
