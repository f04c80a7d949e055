//! Taking everything back.
//!
//! What nobody else has touched since is put back byte for byte. Where somebody has, only what is ours is
//! taken out: theirs stays.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::claude::Claude;
use super::credentials;
use super::error::{Result, Snag};
use super::files;
use super::git::Git;
use super::hook;
use super::leftovers;
use super::place::Place;
use super::setup::turn;
use super::state::{Before, Channel, Setup, State};
use crate::analyst::Tell;
use crate::client::ServerUrl;

#[cfg(test)]
mod tests;

/// Takes back what was set up for that server, its token included.
///
/// # Errors
/// What could not be taken back. It stays noted, so that it can be tried again.
pub fn undo(place: &Place, server: &ServerUrl, setup: &Setup, tell: Tell) -> Result<()> {
    let turn = turn(place)?;
    let mut state = State::read(place)?;
    leftovers::remove(place, setup);
    let untouched = setup.ledger.is_untouched(place);
    unregister(place, setup, tell)?;
    if let Some(folder) = setup.folder.as_ref().filter(|folder| folder.exists()) {
        tell(&format!("Removing {}", folder.display()));
        fs::remove_dir_all(folder).map_err(|why| Snag::file(folder, "removed", &why))?;
    }
    // The hook looks at all servers: whoever has set up another with it goes on having it.
    let mut others = state.servers.iter().filter(|(name, _)| *name != server.base());
    if let Some(path) = &setup.hook
        && !others.any(|(_, other)| other.hook == setup.hook)
    {
        hook::remove(path)?;
    }
    ungit(place, setup)?;
    for before in setup.before.iter().filter(|before| before.path != place.git_config) {
        settle(before)?;
    }
    setup.ledger.put_back(place, &setup.marketplace, untouched)?;
    remove_made(&setup.absent, &setup.marketplace);
    credentials::forget(place, server)?;
    state.servers.remove(server.base());
    state.write(place)?;
    drop(turn);
    vacate(place, &setup.absent)
}

/// Removes our folder, if there is nothing in it that anybody needs.
pub(super) fn vacate(place: &Place, absent: &[PathBuf]) -> Result<()> {
    if !State::read(place)?.servers.is_empty() || !credentials::all(place)?.is_empty() {
        return Ok(());
    }
    for name in ["setup.lock", "credentials.lock"] {
        let _ = fs::remove_file(place.config.join(name));
    }
    // Only if nothing else is in them.
    let _ = fs::remove_dir(&place.config);
    if let Some(above) = place.config.parent().filter(|above| absent.iter().any(|one| one == above)) {
        let _ = fs::remove_dir(above);
    }
    Ok(())
}

fn unregister(place: &Place, setup: &Setup, tell: Tell) -> Result<()> {
    let claude = match Claude::find(place) {
        Ok(claude) => claude,
        Err(_) if !is_registered(place, setup) => return Ok(()),
        Err(snag) => {
            let name = &setup.marketplace;
            return Err(snag
                .because(format!("Claude Code has the marketplace `{name}`, which it has to remove itself"))
                .because("nothing was taken back")
                .hinted(
                    "have `claude` in your PATH, as it was for setup, and run again: agnes setup --undo",
                ));
        }
    };
    let folder = if setup.project.is_dir() { &setup.project } else { &place.home };
    if !claude.marketplaces(folder)?.iter().any(|one| one.name == setup.marketplace) {
        return Ok(());
    }
    if setup.adopted && setup.channel == Channel::Git {
        let installed = claude.installed(folder)?;
        for one in installed.iter().filter(|one| one.of(&setup.marketplace).is_some()) {
            if !setup.installed_before.contains(&one.id) {
                tell(&format!("Uninstalling {}", one.id));
                let scope = one.scope.as_deref().unwrap_or(setup.scope.word());
                if !claude.uninstall(place, folder, &one.id, scope, &installed)? {
                    tell("This Claude Code would uninstall another plugin of that name: it was left");
                }
            }
        }
        return Ok(());
    }
    // Its plugins go with it.
    tell(&format!("Removing the marketplace `{}` from Claude Code", setup.marketplace));
    claude.remove(folder, &setup.marketplace)
}

/// Whether the client's own files have anything of ours, for where it cannot be asked. Names of fields tell: a path
/// or a command may have that word in it, too.
fn is_registered(place: &Place, setup: &Setup) -> bool {
    let kept = setup.adopted && setup.channel == Channel::Git;
    let plugin = format!("@{}", setup.marketplace);
    let is_ours = |field: &str| {
        let is_plugin = field.ends_with(&plugin);
        if kept {
            is_plugin && !setup.installed_before.contains(field)
        } else {
            is_plugin || field == setup.marketplace
        }
    };
    place.lists(&setup.project).iter().any(|path| match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => false,
        // What cannot be understood may have it.
        Ok(text) => serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_or(true, |json| has_field(&json, &is_ours)),
        Err(why) => why.kind() != std::io::ErrorKind::NotFound,
    })
}

fn has_field(value: &Value, is_meant: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| is_meant(name) || has_field(value, is_meant))
        }
        Value::Array(items) => items.iter().any(|item| has_field(item, is_meant)),
        _ => false,
    }
}

/// Takes out of git's configuration what we put there.
pub(super) fn ungit(place: &Place, setup: &Setup) -> Result<()> {
    if setup.git.is_empty() {
        return Ok(());
    }
    let path = &place.git_config;
    let before = setup.before.iter().find(|before| before.path == *path);
    if let Some(before) = before
        && before.left.is_some()
        && before.is_untouched()
        && (before.kept().is_some() || !before.was_there)
    {
        return restore(before);
    }
    if !path.exists() {
        return Ok(());
    }
    let git = Git::find(place).map_err(|snag| {
        snag.because(format!("`{}` has what git was told, and others have changed it since", path.display()))
            .hinted("have `git` in your PATH, as it was for setup, and run again: agnes setup --undo")
    })?;
    for (key, values) in &setup.git {
        git.set(place, key, values)?;
    }
    if let Some(before) = before
        && !before.was_there
        && fs::read_to_string(path).is_ok_and(|text| text.trim().is_empty())
    {
        return restore(before);
    }
    Ok(())
}

/// Puts a file of Claude Code's back as it was, if all that differs is what an empty list leaves behind.
fn settle(before: &Before) -> Result<()> {
    let path = &before.path;
    let Ok(now) = fs::read_to_string(path) else { return Ok(()) };
    if before.was_there && (before.text.is_none() || before.text.as_deref() == Some(now.as_str())) {
        return Ok(());
    }
    let Ok(now) = serde_json::from_str::<Value>(&now) else { return Ok(()) };
    let then = before.text.as_deref().unwrap_or("{}");
    let then = if then.trim().is_empty() { "{}" } else { then };
    let Ok(then) = serde_json::from_str::<Value>(then.trim_start_matches('\u{feff}')) else { return Ok(()) };
    // Installing nothing makes a file that says so, with a number of its format.
    let mut bare = now.clone();
    if !before.was_there
        && let Some(fields) = bare.as_object_mut()
        && path.ends_with("installed_plugins.json")
    {
        fields.remove("version");
    }
    if lean(&bare) == lean(&then) { restore(before) } else { Ok(()) }
}

/// The same without empty objects and lists, and without the order of fields.
fn lean(value: &Value) -> Option<Value> {
    match value {
        Value::Object(fields) => {
            let mut kept: Vec<_> =
                fields.iter().filter_map(|(name, value)| Some((name.clone(), lean(value)?))).collect();
            kept.sort_by(|a, b| a.0.cmp(&b.0));
            (!kept.is_empty()).then(|| Value::Object(kept.into_iter().collect()))
        }
        Value::Array(items) if items.is_empty() => None,
        other => Some(other.clone()),
    }
}

fn restore(before: &Before) -> Result<()> {
    let path = &before.path;
    let Some(bytes) = before.kept() else {
        fs::remove_file(path).map_err(|why| Snag::file(path, "removed", &why))?;
        prune(path, &before.above);
        return Ok(());
    };
    // Through a link, to where the file is.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let like = fs::metadata(&target).ok().map(|facts| facts.permissions());
    files::replace(&target, bytes, like).map_err(|why| Snag::file(path, "restored", &why))
}

/// Removes folders that are empty now, from a file's up to one that was there before.
fn prune(path: &Path, above: &Path) {
    let mut folder = path.parent();
    while let Some(current) = folder.filter(|current| *current != above && current.starts_with(above)) {
        if fs::remove_dir(current).is_err() {
            return;
        }
        folder = current.parent();
    }
}

/// Removes folders that were not there before, if nothing is in them now; and whatever the client leaves in its
/// cache of a marketplace that it does not have any more.
pub(super) fn remove_made(absent: &[PathBuf], marketplace: &str) {
    for folder in absent {
        if folder.ends_with(Path::new("cache").join(marketplace)) {
            let _ = fs::remove_dir_all(folder);
        } else {
            let _ = fs::remove_dir(folder);
        }
    }
}
