//! Claude Code's settings.json, which is its user's: looked at before anything is done, and changed by the
//! hook alone.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::{Kind, Result, Snag};

/// The settings, if there are any and they can be changed.
///
/// # Errors
/// When they are no JSON object, or cannot be read or written.
pub(super) fn usable(path: &Path) -> Result<Option<Map<String, Value>>> {
    let shown = path.display();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            // A link that leads nowhere would be written through by some, and replaced by others.
            if fs::symlink_metadata(path).is_ok() {
                return Err(Snag::new(
                    Kind::Conflict,
                    format!("`{shown}` is a symbolic link that leads nowhere"),
                )
                .hinted("make the file that it should lead to, with {} in it, or remove the link"));
            }
            return Ok(None);
        }
        Err(why) => return Err(Snag::file(path, "read", &why)),
    };
    if fs::metadata(path).is_ok_and(|facts| facts.permissions().readonly()) {
        return Err(Snag::new(
            Kind::Conflict,
            format!("`{shown}` is read-only, and Claude Code keeps its plugins there"),
        )
        .hinted("make it writable (chmod u+w), or ask whoever manages it"));
    }
    if text.trim().is_empty() {
        return Ok(Some(Map::new()));
    }
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(settings)) => Ok(Some(settings)),
        Ok(_) => Err(Snag::new(Kind::Conflict, format!("`{shown}` is JSON, but not an object"))
            .hinted("put it right: Claude Code cannot use it as it is, and nothing was changed")),
        Err(why) => {
            let at = format!("line {}, column {}", why.line(), why.column());
            Err(Snag::new(Kind::Conflict, format!("`{shown}` is not JSON ({at})"))
                .hinted("put it right there: Claude Code cannot use it as it is, and nothing was changed"))
        }
    }
}
