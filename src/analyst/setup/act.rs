//! Doing it, and asking the client what came of it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::check::plugins;
use super::deliver::deliver;
use super::{Checked, Choice, Outcome};
use crate::analyst::compare::Differences;
use crate::analyst::error::{Kind, MAKE_ROOM, Result, Snag};
use crate::analyst::place::Place;
use crate::analyst::state::{Before, Setup, State};
use crate::analyst::undo::vacate;
use crate::analyst::{Tell, credentials, files, hook, leftovers};

/// How long whoever is at it already may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does what the plan says.
///
/// # Errors
/// What could not be done. What was done is noted, and can be taken back or gone on with.
pub fn carry_out(place: &Place, found: &Checked, choice: &Choice, tell: Tell) -> Result<Outcome> {
    let done = carried_out(place, found, choice, tell);
    // Where nothing could even be noted, there is nothing that could be taken back later.
    if done.is_err() && State::read(place).is_ok_and(|state| state.servers.is_empty()) {
        let _ = vacate(place, &found.absent);
        found.withdraw(place);
    }
    done.map_err(|snag| roomless(place, snag))
}

/// What to do, where the reason for it all is that there is no room.
pub(in crate::analyst) fn roomless(place: &Place, snag: Snag) -> Snag {
    if files::is_full(&place.home) { snag.hinted(MAKE_ROOM) } else { snag }
}

fn carried_out(place: &Place, found: &Checked, choice: &Choice, tell: Tell) -> Result<Outcome> {
    let _turn = turn(place)?;
    let mut state = State::read(place)?;
    let base = found.wishes.credential.server.to_string();
    let mut setup = match state.servers.get(&base) {
        Some(there) if there.scope != found.scope || there.project != found.project => {
            return Err(Snag::new(
                Kind::Conflict,
                format!(
                    "it was set up in the {} scope, in `{}`",
                    there.scope.word(),
                    there.project.display()
                ),
            )
            .hinted("take that back first: agnes setup --undo"));
        }
        Some(there) => there.clone(),
        None => begun(place, found)?,
    };
    leftovers::remove(place, &setup);
    setup.plugins = choice.policy();
    setup.pending = found.missing(choice);
    setup.complete = false;
    let mut note = |setup: &Setup| {
        state.servers.insert(base.clone(), setup.clone());
        state.write(place)
    };
    note(&setup)?;
    credentials::keep(place, &found.wishes.credential)?;
    let anew = deliver(place, found, &mut setup, &mut note, tell)?;
    let failed = install(place, found, &setup, anew, tell)?;
    let outcome = verified(place, found, &setup, failed)?;
    // What failed is to be tried again.
    setup.pending.retain(|name| outcome.differences.absent.contains(name));
    let names = found.info.plugins.iter().map(|plugin| plugin.name.clone());
    setup.known = names.filter(|name| !setup.pending.contains(name)).collect();
    setup.etag = outcome.failed.is_empty().then(|| found.info.etag.clone());
    setup.complete = true;
    // One that is there already may call a program that has moved since.
    if found.wishes.hook || setup.hook.is_some() {
        let path = place.hook_settings(setup.scope, &setup.project);
        setup.hook = Some(path.clone());
        note(&setup)?;
        hook::add(place, &path)?;
    }
    setup.ledger.leave(place, &found.ledger);
    note(&setup)?;
    Ok(outcome)
}

pub(in crate::analyst) fn turn(place: &Place) -> Result<files::Turn> {
    files::turn(&place.turn(), PATIENCE)?.ok_or_else(|| {
        Snag::new(Kind::Conflict, "another agnes is changing what is installed here")
            .hinted("try again when it is done")
    })
}

/// The note of how everything is before the first change.
fn begun(place: &Place, found: &Checked) -> Result<Setup> {
    let scope = found.scope;
    let claude = place.claude.join("plugins");
    let settings = place.settings(scope, &found.project);
    let hook = Some(place.hook_settings(scope, &found.project)).filter(|path| *path != settings);
    let written = [
        place.git_config.clone(),
        settings,
        claude.join("known_marketplaces.json"),
        claude.join("installed_plugins.json"),
    ];
    let name = &found.info.marketplace_name;
    Ok(Setup {
        marketplace: name.clone(),
        channel: found.channel(),
        chosen: found.asked().is_some(),
        scope,
        plugins: crate::analyst::state::Policy::None,
        project: found.project.clone(),
        folder: None,
        adopted: found.registered.is_some(),
        installed_before: found.installed.iter().map(|one| one.id.clone()).collect(),
        known: BTreeSet::new(),
        pending: BTreeSet::new(),
        etag: None,
        git: std::collections::BTreeMap::new(),
        before: written.iter().chain(&hook).map(|path| Before::of(path)).collect::<Result<_>>()?,
        ledger: found.ledger.clone(),
        absent: found.absent.clone(),
        hook: None,
        complete: false,
    })
}

/// Installs what is still to be. One that fails does not keep the others from being installed.
fn install(place: &Place, found: &Checked, setup: &Setup, anew: bool, tell: Tell) -> Result<Vec<String>> {
    let there = if anew { BTreeSet::new() } else { found.there() };
    let granted = found.info.plugins.iter().map(|plugin| &plugin.name);
    let missing: Vec<&String> =
        granted.filter(|name| setup.pending.contains(*name) && !there.contains(*name)).collect();
    let mut failed = Vec::new();
    for (i, name) in missing.iter().enumerate() {
        tell(&format!("Installing {name} ({} of {})", i + 1, missing.len()));
        let id = format!("{name}@{}", setup.marketplace);
        if let Err(snag) = found.claude.install(&found.project, &id, setup.scope) {
            failed.push(format!("{name}: {}", snag.causes.join("; ")));
        }
    }
    if !missing.is_empty() && failed.len() == missing.len() {
        let mut snag = Snag::failed(format!("none of {} could be installed", plugins(missing.len())));
        snag.causes = failed;
        return Err(snag.hinted("agnes setup --undo takes back what was done"));
    }
    if anew {
        return Ok(failed);
    }
    // Those that were there already may be old, or not granted any more.
    let differences = Differences::between(&found.info, &found.installed);
    for name in differences.outdated {
        tell(&format!("Updating {name}"));
        let id = format!("{name}@{}", setup.marketplace);
        if let Err(snag) = found.claude.update(&found.project, &id, setup.scope.word()) {
            failed.push(format!("{name}: {}", snag.causes.join("; ")));
        }
    }
    for name in differences.revoked {
        tell(&format!("Uninstalling {name}"));
        let id = format!("{name}@{}", setup.marketplace);
        let scope = setup.scope.word();
        if let Err(snag) = found.claude.uninstall(place, &found.project, &id, scope, &found.installed) {
            failed.push(format!("{name}: {}", snag.causes.join("; ")));
        }
    }
    Ok(failed)
}

/// What the client says that it has now. That it did as it was told is not enough.
fn verified(place: &Place, found: &Checked, setup: &Setup, mut failed: Vec<String>) -> Result<Outcome> {
    let name = &setup.marketplace;
    let (marketplaces, installed) = found.claude.lists(&found.project)?;
    let registered = marketplaces.iter().find(|one| one.name == *name);
    if !registered.is_some_and(|one| found.is_ours_by(place, one, setup.channel)) {
        return Err(Snag::failed(format!(
            "Claude Code says that it has the marketplace `{name}` now, and does not list it"
        ))
        .hinted("see what it has, and run the same command again: claude plugin marketplace list"));
    }
    let ours: Vec<String> = installed.iter().filter_map(|one| one.of(name)).map(str::to_owned).collect();
    let differences = Differences::between(&found.info, &installed);
    let wanted = differences.absent.iter().filter(|name| setup.pending.contains(*name));
    let unlisted = wanted.map(|name| (name, "Claude Code does not list it"));
    let stale = differences.outdated.iter().map(|name| (name, "Claude Code still lists another version"));
    for (name, why) in unlisted.chain(stale) {
        // Unless it is known why.
        if !failed.iter().any(|line| line.starts_with(&format!("{name}: "))) {
            failed.push(format!("{name}: {why}"));
        }
    }
    Ok(Outcome {
        server: found.wishes.credential.server.to_string(),
        email: found.info.email.clone(),
        marketplace: name.clone(),
        channel: setup.channel,
        installed: ours,
        differences,
        failed,
    })
}
