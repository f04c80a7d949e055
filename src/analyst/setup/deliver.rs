//! How Claude Code comes to have the marketplace: by the way that was asked for, or the first that works.
//!
//! What there is stays until the new way has worked: whoever loses the network in between loses nothing else.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::Checked;
use crate::analyst::error::{Result, Snag};
use crate::analyst::place::Place;
use crate::analyst::state::{Before, Channel, Setup};
use crate::analyst::undo::ungit;
use crate::analyst::{Tell, files, folder, git};

/// Writes down how far it has come.
pub(super) type Note<'a> = &'a mut dyn FnMut(&Setup) -> Result<()>;

/// Makes Claude Code have the marketplace. Says whether it was registered anew, so that its plugins are to be
/// installed again.
pub(super) fn deliver(
    place: &Place,
    found: &Checked,
    setup: &mut Setup,
    note: Note,
    tell: Tell,
) -> Result<bool> {
    (setup.channel, setup.chosen) = (found.channel(), found.asked().is_some());
    let done = delivered(place, found, setup, note, tell);
    if done.is_err()
        && let Some(noted) = found.noted.as_ref().filter(|_| found.registered.is_some())
    {
        // What there is came by the way before, and is to be kept up to date by that.
        (setup.channel, setup.chosen) = (noted.channel, noted.chosen);
        // Whoever cannot even write that down is told what failed before.
        let _ = note(setup);
    }
    done
}

fn delivered(place: &Place, found: &Checked, setup: &mut Setup, note: Note, tell: Tell) -> Result<bool> {
    if setup.channel == Channel::Git {
        tell_git(place, found, setup, note)?;
        let snag = match by_git(place, found, setup, note) {
            Err(snag) => snag,
            Ok(anew) => {
                if setup.folder.is_some() {
                    discard(setup)?;
                    note(setup)?;
                }
                return Ok(anew);
            }
        };
        if files::is_full(&place.home) {
            return Err(snag);
        }
        // What keeps git itself from getting through keeps it from cloning as well.
        found.git.reach(&place.home, place, &found.wishes.credential.server)?;
        if found.asked().is_some() {
            return Err(snag);
        }
        // It did work once: what fails now may pass, and does not move anybody to another way.
        if found.is_registered(place, Channel::Git) {
            let hint =
                "try again; if it goes on, have git clone it for Claude Code: agnes setup --channel clone";
            return Err(Snag { hint: snag.hint.or_else(|| Some(hint.into())), ..snag });
        }
        tell(&format!(
            "Claude Code cannot clone the address itself ({snag}): a clone of your own takes its place"
        ));
        snag.causes.iter().for_each(|cause| tell(cause));
        // A clone knows by itself what git was told.
        ungit(place, setup)?;
        setup.git.clear();
        if let Some(before) = git_file(place, setup) {
            // It is what it was, and has nothing of ours.
            before.left = None;
        }
        setup.channel = Channel::Clone;
    }
    let other = found.noted.as_ref().is_some_and(|noted| noted.channel != setup.channel);
    let aside = if other { Aside::put(setup)? } else { None };
    let done = note(setup).and_then(|()| by_folder(place, found, setup, note));
    match (done, aside) {
        (Err(snag), Some(aside)) => {
            aside.back()?;
            Err(snag)
        }
        (done, _) => done,
    }
}

/// Removes the folder of another way. It is ours: only what we made is noted.
fn discard(setup: &mut Setup) -> Result<()> {
    if let Some(folder) = setup.folder.take().filter(|folder| folder.exists()) {
        fs::remove_dir_all(&folder).map_err(|why| Snag::file(&folder, "removed", &why))?;
    }
    Ok(())
}

/// The folder of another way, which is gone once this one has worked.
struct Aside {
    folder: PathBuf,
    beside: TempDir,
}

impl Aside {
    fn put(setup: &Setup) -> Result<Option<Self>> {
        let Some(folder) = setup.folder.clone().filter(|folder| folder.exists()) else { return Ok(None) };
        let failed = |why| Snag::file(&folder, "replaced", &why);
        let beside = files::folder_beside(&folder).map_err(failed)?;
        fs::rename(&folder, beside.path().join("old")).map_err(failed)?;
        Ok(Some(Self { folder, beside }))
    }

    fn back(self) -> Result<()> {
        let failed = |why| Snag::file(&self.folder, "put back", &why);
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(failed)?;
        }
        fs::rename(self.beside.path().join("old"), &self.folder).map_err(failed)
    }
}

fn by_git(place: &Place, found: &Checked, setup: &mut Setup, note: Note) -> Result<bool> {
    if found.is_registered(place, Channel::Git) {
        return found.claude.update_marketplace(&found.project, &setup.marketplace).map(|()| false);
    }
    register(found, setup, &git::repository(&found.wishes.credential.server), note)
}

fn by_folder(place: &Place, found: &Checked, setup: &mut Setup, note: Note) -> Result<bool> {
    if setup.folder.is_none() {
        let path = place.folder();
        // What was not made by us is not replaced, and not removed one day.
        folder::refuse_taken(&path)?;
        setup.folder = Some(path);
        note(setup)?;
    }
    folder::bring(place, &found.wishes.credential, setup)?;
    if found.is_registered(place, setup.channel) {
        return found.claude.update_marketplace(&found.project, &setup.marketplace).map(|()| false);
    }
    register(found, setup, &place.folder().display().to_string(), note)
}

/// Registers the marketplace, in place of the same by another way: clients replace what they have once they have the
/// new one, and plugins stay. Says whether it had to be removed for that, which takes its plugins with it.
fn register(found: &Checked, setup: &mut Setup, source: &str, note: Note) -> Result<bool> {
    let (project, scope) = (&found.project, setup.scope);
    let Err(snag) = found.claude.add(project, source, scope) else { return Ok(false) };
    let Some(registered) = found.registered.as_ref().filter(|_| is_held_to_another(&snag)) else {
        return Err(snag);
    };
    setup.pending.extend(found.there());
    note(setup)?;
    found.claude.remove(project, &setup.marketplace)?;
    if let Err(snag) = found.claude.add(project, source, scope) {
        // The one before is better than none, and is on this machine.
        if found.claude.add(project, &registered.origin(), scope).is_ok() {
            for name in found.there() {
                let _ = found.claude.install(project, &format!("{name}@{}", setup.marketplace), scope);
            }
        }
        return Err(snag);
    }
    Ok(true)
}

/// Whether a client has got the marketplace, and does not take it while its settings name a folder for it: so do new
/// ones (2.1.332).
fn is_held_to_another(snag: &Snag) -> bool {
    snag.causes.iter().any(|cause| cause.contains("extraKnownMarketplaces"))
}

fn git_file<'a>(place: &Place, setup: &'a mut Setup) -> Option<&'a mut Before> {
    setup.before.iter_mut().find(|before| before.path == place.git_config)
}

fn tell_git(place: &Place, found: &Checked, setup: &mut Setup, note: Note) -> Result<()> {
    let credential = &found.wishes.credential;
    let was_untouched = git_file(place, setup).is_some_and(|before| before.is_untouched());
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
    if let Some(before) = git_file(place, setup) {
        before.leave(was_untouched);
        note(setup)?;
    }
    Ok(())
}
