//! Claude Code's own file about itself, `.claude.json`, and its backups of that: whatever it is asked, it
//! writes there when it runs for the first time, and now and then later.
//!
//! No copy of it is kept, since it may hold secrets of others: only its digest and the names of its fields. So
//! it is put back if what is known leads to those very bytes, and else left alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{Result, Snag};
use super::files;
use super::place::Place;
use super::state::digest;
use crate::domain::digest::Digest;

/// Plugins that somebody uninstalled, which the client does not offer again.
const DECLINED: &str = "declinedPlugins";

/// Fields that only somebody's sessions make: the file is theirs then.
const LIVED_IN: [&str; 4] = ["projects", "numStartups", "oauthAccount", "hasCompletedOnboarding"];

/// How it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The SHA-256 of its bytes; nothing where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    was: Option<String>,
    #[serde(default)]
    fields: BTreeSet<String>,
    #[serde(default)]
    declined: BTreeSet<String>,
    #[serde(default)]
    backups: BTreeSet<PathBuf>,
    /// When the client last tidied its plugins away, as it notes that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    swept: Option<String>,
    /// The SHA-256 of what we left there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<String>,
}

impl Ledger {
    pub(super) fn of(place: &Place) -> Self {
        let now = fields(&place.ledger).unwrap_or_default();
        Self {
            was: digest(&place.ledger),
            declined: declined(&now).map(str::to_owned).collect(),
            fields: now.into_iter().map(|(name, _)| name).collect(),
            backups: backups(place),
            swept: fs::read_to_string(sweep(place)).ok(),
            left: None,
        }
    }

    /// Takes note of what our own work has left there; `before` is how it was before that. What somebody else
    /// changed in between is not ours.
    pub(super) fn leave(&mut self, place: &Place, before: &Self) {
        if self.left.is_none() || self.left == before.was {
            self.left = digest(&place.ledger);
        }
    }

    /// Whether nobody else has used the client since.
    pub(super) fn is_untouched(&self, place: &Place) -> bool {
        self.left.is_none() || self.left == digest(&place.ledger)
    }

    /// Puts it back, as far as that can be told; `untouched` says whether nobody else has changed it.
    pub(super) fn put_back(&self, place: &Place, marketplace: &str, untouched: bool) -> Result<()> {
        let path = &place.ledger;
        if untouched {
            self.unsweep(place)?;
        }
        if digest(path) == self.was {
            self.drop_backups(place, untouched);
            return Ok(());
        }
        let Some(now) = fields(path) else { return Ok(()) };
        let write = |bytes: &[u8]| {
            let like = fs::metadata(path).ok().map(|facts| facts.permissions());
            files::replace(path, bytes, like).map_err(|why| Snag::file(path, "written", &why))
        };
        if self.was.is_none() && untouched && !LIVED_IN.iter().any(|name| now.contains_key(*name)) {
            fs::remove_file(path).map_err(|why| Snag::file(path, "removed", &why))?;
            self.drop_backups(place, true);
            return Ok(());
        }
        // What we had it uninstall was not somebody's decision.
        let ours = format!("@{marketplace}");
        let mut fair = now.clone();
        if let Some(Value::Array(declined)) = fair.get_mut(DECLINED) {
            let mine = |one: &Value| {
                one.as_str().is_some_and(|id| id.ends_with(&ours) && !self.declined.contains(id))
            };
            declined.retain(|one| !mine(one));
        }
        let mut then = fair.clone();
        then.retain(|name, _| self.fields.contains(name));
        let bytes = text(&then);
        if Some(Digest::of(&bytes).to_string()) == self.was {
            write(&bytes)?;
            self.drop_backups(place, untouched);
        } else if fair != now {
            write(&text(&fair))?;
        }
        Ok(())
    }

    fn unsweep(&self, place: &Place) -> Result<()> {
        let path = sweep(place);
        match (&self.swept, fs::read_to_string(&path).ok()) {
            (None, Some(_)) => fs::remove_file(&path).map_err(|why| Snag::file(&path, "removed", &why)),
            (Some(was), Some(now)) if *was != now => {
                let like = fs::metadata(&path).ok().map(|facts| facts.permissions());
                files::replace(&path, was.as_bytes(), like).map_err(|why| Snag::file(&path, "written", &why))
            }
            _ => Ok(()),
        }
    }

    /// Backups that were made meanwhile are of what is not there any more.
    fn drop_backups(&self, place: &Place, untouched: bool) {
        if untouched {
            for made in backups(place).difference(&self.backups) {
                let _ = fs::remove_file(made);
            }
        }
    }
}

fn fields(path: &Path) -> Option<Map<String, Value>> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn declined(fields: &Map<String, Value>) -> impl Iterator<Item = &str> {
    fields.get(DECLINED).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// As the client writes it: indented by two, without a line feed at its end.
fn text(fields: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec_pretty(fields).unwrap_or_default()
}

fn sweep(place: &Place) -> PathBuf {
    place.claude.join("plugins").join(".last_inuse_sweep")
}

fn backups(place: &Place) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(place.claude.join("backups")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
