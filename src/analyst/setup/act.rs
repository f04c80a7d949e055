//! Doing it, and asking the client what came of it.

use std::fs;
use std::time::Duration;

use super::check::plugins;
use super::{Checked, Choice, Outcome};
use crate::analyst::compare::Differences;
use crate::analyst::error::{Kind, MAKE_ROOM, Result, Snag};
use crate::analyst::place::Place;
use crate::analyst::state::{Before, Channel, Setup, State};
use crate::analyst::undo::{ungit, vacate};
use crate::analyst::{Tell, credentials, files, folder, git, hook};

/// How long whoever is at it already may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes down how far it has come.
type Note<'a> = &'a mut dyn FnMut(&Setup) -> Result<()>;

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
        Some(there) if there.scope != found.wishes.scope || there.project != found.project => {
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
    setup.plugins = choice.policy();
    setup.complete = false;
    let mut note = |setup: &Setup| {
        state.servers.insert(base.clone(), setup.clone());
        state.write(place)
    };
    note(&setup)?;
    credentials::keep(place, &found.wishes.credential)?;
    let anew = deliver(place, found, &mut setup, &mut note, tell)?;
    let failed = install(place, found, choice, &setup, anew, tell)?;
    let outcome = verified(found, &setup, failed)?;
    setup.known = found.info.plugins.iter().map(|plugin| plugin.name.clone()).collect();
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
    let scope = found.wishes.scope;
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
        scope,
        plugins: crate::analyst::state::Policy::None,
        project: found.project.clone(),
        folder: None,
        adopted: found.registered.is_some(),
        installed_before: found.installed.iter().map(|one| one.id.clone()).collect(),
        known: std::collections::BTreeSet::new(),
        etag: None,
        git: std::collections::BTreeMap::new(),
        before: written.iter().chain(&hook).map(|path| Before::of(path)).collect::<Result<_>>()?,
        ledger: found.ledger.clone(),
        absent: found.absent.clone(),
        hook: None,
        complete: false,
    })
}

/// Makes Claude Code have the marketplace, by the way that was asked for, or the first that works. Says whether
/// it was registered anew, so that its plugins are to be installed again.
fn deliver(place: &Place, found: &Checked, setup: &mut Setup, note: Note, tell: Tell) -> Result<bool> {
    let before = std::mem::replace(&mut setup.channel, found.channel());
    let mut anew = false;
    if setup.channel == Channel::Git {
        clear(place, found, setup.channel, &mut anew)?;
        tell_git(place, found, setup, note)?;
        let Err(snag) = by_git(place, found, setup) else {
            if setup.folder.is_some() {
                discard(setup)?;
                note(setup)?;
            }
            return Ok(anew);
        };
        if files::is_full(&place.home) {
            return Err(snag);
        }
        // What keeps git itself from getting through keeps it from cloning as well.
        found.git.reach(place, &found.wishes.credential.server)?;
        if found.wishes.channel.is_some() {
            return Err(snag);
        }
        tell(&format!(
            "Claude Code cannot clone the address itself ({snag}): a clone of your own takes its place"
        ));
        snag.causes.iter().for_each(|cause| tell(cause));
        // A clone knows by itself what git was told.
        ungit(place, setup)?;
        setup.git.clear();
        setup.channel = Channel::Clone;
    }
    if before != setup.channel {
        discard(setup)?;
    }
    by_folder(place, found, setup, note, &mut anew)?;
    Ok(anew)
}

/// Removes the folder of another way. It is ours: only what we made is noted.
fn discard(setup: &mut Setup) -> Result<()> {
    if let Some(folder) = setup.folder.take().filter(|folder| folder.exists()) {
        fs::remove_dir_all(&folder).map_err(|why| Snag::file(&folder, "removed", &why))?;
    }
    Ok(())
}

/// Removes the marketplace where it came by another way: one of ours, or it would not have come so far.
fn clear(place: &Place, found: &Checked, channel: Channel, anew: &mut bool) -> Result<()> {
    if !*anew && found.registered.is_some() && !found.is_registered(place, channel) {
        found.claude.remove(&found.project, &found.info.marketplace_name)?;
        *anew = true;
    }
    Ok(())
}

fn by_git(place: &Place, found: &Checked, setup: &Setup) -> Result<()> {
    if found.is_registered(place, Channel::Git) {
        return found.claude.update_marketplace(&found.project, &setup.marketplace);
    }
    found.claude.add(&found.project, &git::repository(&found.wishes.credential.server), setup.scope)
}

fn tell_git(place: &Place, found: &Checked, setup: &mut Setup, note: Note) -> Result<()> {
    let credential = &found.wishes.credential;
    let is_it = |before: &&mut Before| before.path == place.git_config;
    let was_untouched = setup.before.iter_mut().find(is_it).is_some_and(|before| before.is_untouched());
    let mut changes = Vec::new();
    for setting in git::settings(place, &credential.server, credential.ca.as_deref()) {
        let before = found.git.values(place, &setting.key)?;
        if before != setting.values {
            setup.git.entry(setting.key.clone()).or_insert_with(|| before.clone());
            changes.push((setting, before));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    // Before the first of them.
    note(setup)?;
    for (setting, before) in &changes {
        found.git.change(place, &setting.key, before, &setting.values)?;
    }
    if let Some(before) = setup.before.iter_mut().find(is_it) {
        before.leave(was_untouched);
        note(setup)?;
    }
    Ok(())
}

fn by_folder(place: &Place, found: &Checked, setup: &mut Setup, note: Note, anew: &mut bool) -> Result<()> {
    if setup.folder.is_none() {
        let path = place.folder();
        // What was not made by us is not replaced, and not removed one day.
        folder::refuse_taken(&path)?;
        setup.folder = Some(path);
        note(setup)?;
    }
    folder::bring(place, &found.wishes.credential, setup)?;
    clear(place, found, setup.channel, anew)?;
    if !*anew && found.is_registered(place, setup.channel) {
        return found.claude.update_marketplace(&found.project, &setup.marketplace);
    }
    found.claude.add(&found.project, &place.folder().display().to_string(), setup.scope)
}

/// Installs what is missing. One that fails does not keep the others from being installed.
fn install(
    place: &Place,
    found: &Checked,
    choice: &Choice,
    setup: &Setup,
    anew: bool,
    tell: Tell,
) -> Result<Vec<String>> {
    let missing = found.missing(choice, anew);
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

fn verified(found: &Checked, setup: &Setup, failed: Vec<String>) -> Result<Outcome> {
    let installed = found.claude.installed(&found.project)?;
    let ours = installed.iter().filter_map(|one| one.of(&setup.marketplace)).map(str::to_owned);
    Ok(Outcome {
        server: found.wishes.credential.server.to_string(),
        email: found.info.email.clone(),
        marketplace: setup.marketplace.clone(),
        channel: setup.channel,
        installed: ours.collect(),
        differences: Differences::between(&found.info, &installed),
        failed,
    })
}
