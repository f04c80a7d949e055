//! Doing it, and asking the client what came of it.

use std::path::PathBuf;
use std::time::Duration;

use super::check::plugins;
use super::{Checked, Choice, Outcome};
use crate::analyst::compare::Differences;
use crate::analyst::error::{Kind, Result, Snag};
use crate::analyst::place::Place;
use crate::analyst::state::{Before, Channel, Setup, State, digest};
use crate::analyst::undo::ungit;
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
    let absent = absent(place, found);
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
        None => begun(place, found, absent)?,
    };
    setup.plugins = choice.policy();
    setup.complete = false;
    let note = |state: &mut State, setup: &Setup| {
        state.servers.insert(base.clone(), setup.clone());
        state.write(place)
    };
    note(&mut state, &setup)?;
    credentials::keep(place, &found.wishes.credential)?;
    deliver(place, found, &mut setup, &mut |setup| note(&mut state, setup), tell)?;
    let failed = install(place, found, choice, &setup, tell)?;
    let outcome = verified(found, &setup, failed)?;
    setup.known = found.info.plugins.iter().map(|plugin| plugin.name.clone()).collect();
    setup.etag = outcome.failed.is_empty().then(|| found.info.etag.clone());
    setup.complete = true;
    if found.wishes.hook {
        let path = place.settings(setup.scope, &setup.project);
        setup.hook = Some(path.clone());
        note(&mut state, &setup)?;
        hook::add(place, &path)?;
    }
    for before in &mut setup.before {
        before.left = digest(&before.path);
    }
    note(&mut state, &setup)?;
    Ok(outcome)
}

pub(in crate::analyst) fn turn(place: &Place) -> Result<files::Turn> {
    files::turn(&place.turn(), PATIENCE)?.ok_or_else(|| {
        Snag::new(Kind::Conflict, "another agnes is changing what is installed here")
            .hinted("try again when it is done")
    })
}

/// Folders that there will be, and are not yet.
fn absent(place: &Place, found: &Checked) -> Vec<PathBuf> {
    let above = place.config.parent().unwrap_or(&place.config).to_owned();
    let claude = place.claude.join("plugins");
    let cache = claude.join("cache");
    let made = [above, cache.join(&found.info.marketplace_name), cache, claude.join("marketplaces"), claude];
    made.into_iter().filter(|path| !path.exists()).collect()
}

/// The note of how everything is before the first change.
fn begun(place: &Place, found: &Checked, absent: Vec<PathBuf>) -> Result<Setup> {
    let scope = found.wishes.scope;
    let claude = place.claude.join("plugins");
    let written = [
        place.git_config.clone(),
        place.settings(scope, &found.project),
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
        before: written.iter().map(|path| Before::of(path)).collect::<Result<_>>()?,
        absent,
        hook: None,
        complete: false,
    })
}

/// Makes Claude Code have the marketplace, by the way that was asked for, or the first that works.
fn deliver(place: &Place, found: &Checked, setup: &mut Setup, note: Note, tell: Tell) -> Result<()> {
    let name = setup.marketplace.clone();
    setup.channel = found.channel();
    // One of ours that came by another way.
    if found.registered.is_some() && !found.is_registered(place, setup.channel) {
        found.claude.remove(&found.project, &name)?;
    }
    if setup.channel != Channel::Git {
        return by_folder(place, found, setup, note);
    }
    tell_git(place, found, setup, note)?;
    let address = git::repository(&found.wishes.credential.server);
    let added = if found.is_registered(place, Channel::Git) {
        found.claude.update_marketplace(&found.project, &name)
    } else {
        found.claude.add(&found.project, &address, setup.scope)
    };
    let Err(snag) = added else { return Ok(()) };
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
    by_folder(place, found, setup, note)
}

fn tell_git(place: &Place, found: &Checked, setup: &mut Setup, note: Note) -> Result<()> {
    let credential = &found.wishes.credential;
    for setting in git::settings(place, &credential.server, credential.ca.as_deref()) {
        let before = found.git.values(place, &setting.key)?;
        if before != setting.values {
            setup.git.entry(setting.key.clone()).or_insert(before);
            note(setup)?;
            found.git.set(place, &setting.key, &setting.values)?;
        }
    }
    Ok(())
}

fn by_folder(place: &Place, found: &Checked, setup: &mut Setup, note: Note) -> Result<()> {
    let path = setup.folder.get_or_insert_with(|| place.folder()).clone();
    folder::bring(place, &found.wishes.credential, setup)?;
    // Only what we made is ours to remove.
    note(setup)?;
    if found.is_registered(place, setup.channel) {
        return found.claude.update_marketplace(&found.project, &setup.marketplace);
    }
    found.claude.add(&found.project, &path.display().to_string(), setup.scope)
}

/// Installs what is missing. One that fails does not keep the others from being installed.
fn install(
    place: &Place,
    found: &Checked,
    choice: &Choice,
    setup: &Setup,
    tell: Tell,
) -> Result<Vec<String>> {
    let missing = found.missing(place, choice);
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
    // Those that were there already may be old.
    let differences = Differences::between(&found.info, &found.installed);
    for name in differences.outdated {
        tell(&format!("Updating {name}"));
        let id = format!("{name}@{}", setup.marketplace);
        if let Err(snag) = found.claude.update(&found.project, &id, setup.scope.word()) {
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
