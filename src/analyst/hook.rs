//! The hook that has every session of Claude Code begin with a look at what is new.
//!
//! It is written into settings that are somebody else's: fields stay in their order, and nothing else is
//! touched. What it runs prints nothing, since that would be told to the model.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::error::{Kind, Result, Snag};
use super::place::Place;
use super::{files, git, settings};

/// How our own is known again, whatever the path before it.
const COMMAND: &str = "refresh --quiet --background";

/// For a look; what there is to do is done in the background.
const SECONDS: u64 = 10;

/// What Claude Code runs.
#[must_use]
pub fn command(place: &Place) -> String {
    let chosen = if place.config_is_chosen {
        format!("AGNES_CONFIG_HOME={} ", git::quoted(&place.config))
    } else {
        String::new()
    };
    format!("{chosen}{} {COMMAND}", git::quoted(&place.agnes))
}

/// Writes it, in place of an older one of ours. Says whether anything had to be changed.
///
/// # Errors
/// When the settings are not what can be changed.
pub fn add(place: &Place, path: &Path) -> Result<bool> {
    let mut all = settings::usable(path)?.unwrap_or_default();
    let ours = json!({
        "matcher": "startup|resume",
        "hooks": [{"type": "command", "command": command(place), "timeout": SECONDS}],
    });
    let unusable = |what: &str| {
        Snag::new(
            Kind::Conflict,
            format!("`{}` has {what} of another kind than Claude Code knows", path.display()),
        )
        .hinted("put it right there; nothing was changed")
    };
    let hooks = all.entry("hooks").or_insert_with(|| json!({}));
    let hooks = hooks.as_object_mut().ok_or_else(|| unusable("`hooks`"))?;
    let begins = hooks.entry("SessionStart").or_insert_with(|| json!([]));
    let begins = begins.as_array_mut().ok_or_else(|| unusable("`hooks.SessionStart`"))?;
    if begins.contains(&ours) {
        return Ok(false);
    }
    begins.retain(|one| !is_ours(one));
    begins.push(ours);
    write(path, &all)?;
    Ok(true)
}

/// Takes it out again, and what is empty then. Says whether it was there.
///
/// # Errors
/// When the settings are not what can be changed.
pub fn remove(path: &Path) -> Result<bool> {
    let Some(mut all) = settings::usable(path)? else { return Ok(false) };
    let Some(hooks) = all.get_mut("hooks").and_then(Value::as_object_mut) else { return Ok(false) };
    let Some(begins) = hooks.get_mut("SessionStart").and_then(Value::as_array_mut) else { return Ok(false) };
    let before = begins.len();
    begins.retain(|one| !is_ours(one));
    if begins.len() == before {
        return Ok(false);
    }
    if begins.is_empty() {
        hooks.shift_remove("SessionStart");
    }
    if hooks.is_empty() {
        all.shift_remove("hooks");
    }
    write(path, &all)?;
    Ok(true)
}

/// An entry with nothing but our command in it.
fn is_ours(entry: &Value) -> bool {
    let hooks = entry.get("hooks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ends = |hook: &Value| {
        hook.get("command").and_then(Value::as_str).is_some_and(|text| text.ends_with(COMMAND))
    };
    !hooks.is_empty() && hooks.iter().all(ends)
}

/// As it was indented before, as far as that can be told. A link stays, and what it leads to is changed, as
/// Claude Code does it.
fn write(path: &Path, all: &Map<String, Value>) -> Result<()> {
    let failed = |why: std::io::Error| Snag::file(path, "written", &why);
    let before = fs::read_to_string(path).unwrap_or_default();
    let indent: String = before
        .lines()
        .skip(1)
        .map(|line| line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect::<String>())
        .find(|indent| !indent.is_empty())
        .unwrap_or_else(|| "  ".to_owned());
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(all, &mut serializer).map_err(|why| Snag::failed(why.to_string()))?;
    if before.is_empty() || before.ends_with('\n') {
        bytes.push(b'\n');
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let like = fs::metadata(&target).ok().map(|facts| facts.permissions());
    files::replace(&target, &bytes, like).map_err(failed)
}
