//! `agnes refresh`: what a session's beginning or cron runs. Nothing new costs one conditional request.

use std::time::Duration;

use serde::Serialize;

use super::claude::{Claude, Installed};
use super::compare::Differences;
use super::credentials::{self, Credential};
use super::error::{Kind, Result, Snag};
use super::place::Place;
use super::state::{Policy, Setup, State};
use super::{files, folder, server};
use crate::client::{Call, ServerUrl};
use crate::wire::views::Info;

/// For the question whether there is anything new: somebody waits for their session.
const GLANCE: Duration = Duration::from_secs(3);

/// What was done about one server's plugins.
#[derive(Debug, Default, Serialize)]
pub struct Refreshed {
    pub server: String,
    /// Names of plugins.
    pub updated: Vec<String>,
    pub installed: Vec<String>,
    pub uninstalled: Vec<String>,
    /// What could not be done, and why. It is tried again.
    pub failed: Vec<String>,
}

/// Whether there is anything new.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    None,
    /// Something that was not brought here yet.
    Some,
    /// The server cannot be asked; all stays as it is.
    Away(String),
}

/// Asks the server whether what was last brought here is still what it has.
///
/// # Errors
/// When the server does not know the token, or there is none.
pub fn news(place: &Place, server: &ServerUrl, setup: &Setup) -> Result<News> {
    let credential = credential(place, server)?;
    let Some(etag) = setup.etag.as_deref().filter(|_| setup.complete) else { return Ok(News::Some) };
    let asked = Call::new(http::Method::HEAD, &["marketplace.zip"]).unless(Some(etag));
    let changed = server::client(&credential, Some(GLANCE))
        .and_then(|client| client.changed(asked).map_err(Snag::from));
    match changed {
        Ok(None) => Ok(News::None),
        Ok(Some(_)) => Ok(News::Some),
        Err(snag) if snag.kind == Kind::Away => Ok(News::Away(snag.message)),
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
    let Some(_turn) = files::turn(&place.turn(), Duration::ZERO)? else { return Ok(None) };
    // Read with the lock: what was read without it may be old.
    let mut state = State::read(place)?;
    let Some(setup) = state.servers.get(server.base()).cloned() else { return Ok(None) };
    let credential = credential(place, server)?;
    let info = server::info(&credential)?;
    let claude = Claude::find(place)?;
    folder::bring(place, &credential, &setup)?;
    claude.update_marketplace(&setup.project, &setup.marketplace)?;
    let installed = claude.installed(&setup.project)?;
    let mut done = Refreshed { server: server.to_string(), ..Refreshed::default() };
    bring(&claude, &setup, &info, &installed, &mut done);
    let mut setup = setup;
    setup.known = info.plugins.iter().map(|plugin| plugin.name.clone()).collect();
    // What failed is to be tried again.
    setup.etag = done.failed.is_empty().then_some(info.etag);
    state.servers.insert(server.to_string(), setup);
    state.write(place)?;
    Ok(Some(done))
}

fn bring(claude: &Claude, setup: &Setup, info: &Info, installed: &[Installed], done: &mut Refreshed) {
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
    for (name, what) in work {
        let id = format!("{name}@{}", setup.marketplace);
        let outcome = match what {
            Work::Update => claude.update(&setup.project, &id, &scope_of(&id)),
            Work::Uninstall => claude.uninstall(&setup.project, &id, &scope_of(&id)),
            Work::Install => claude.install(&setup.project, &id, setup.scope),
        };
        match (outcome, what) {
            (Err(snag), _) => done.failed.push(format!("{name}: {}", snag.causes.join("; "))),
            (Ok(()), Work::Update) => done.updated.push(name),
            (Ok(()), Work::Uninstall) => done.uninstalled.push(name),
            (Ok(()), Work::Install) => done.installed.push(name),
        }
    }
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
