//! Whether what is here can still be believed.
//!
//! A fetch checks what it receives, once, and remembers which commits are here whole. Disks rot after
//! that. Whoever comes across the damage takes that word back, and the next fetch asks for all of it
//! again.

use std::collections::BTreeSet;
use std::path::Path;

use super::home::Home;
use super::reach;
use super::records::{self, Narrowed};
use super::repository::Repository;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;

/// Reads everything that a commit consists of, and compares it with its name.
///
/// # Errors
/// With the first object that is missing or damaged.
pub fn verify(repo: &Path, commit: &Oid) -> Result<(), ReadError> {
    let repository = Repository::open(repo)
        .map_err(|error| ReadError { id: *commit, reason: format!("is missing: {error}") })?;
    reach::verify(&repository.reader(), commit)
}

/// Whether a commit was fetched whole, and nobody found otherwise since. Looks for a name, and not at what
/// it stands for.
#[must_use]
pub fn holds(repo: &Path, commit: &Oid) -> bool {
    super::home::reference(repo, commit).is_file()
}

/// Takes back that a commit is here whole if that is said of who gave it, so that it is asked for anew. True: it was.
pub fn forget_if(repo: &Path, commit: &Oid, is_denied: impl FnOnce(&BTreeSet<String>) -> bool) -> bool {
    let Some(home) = Home::take(repo, &|| false) else { return false };
    if !is_denied(&records::givers(repo, commit)) {
        return false;
    }
    home.forget(commit);
    if let Some(narrowed) = Narrowed::of(repo, commit) {
        home.forget(&narrowed.made);
    }
    true
}

/// Takes back that anything is here whole. Does nothing while a fetch is at work there, which will
/// see for itself.
pub fn distrust(repo: &Path) {
    if let Some(home) = Home::take(repo, &|| true) {
        for commit in home.commits() {
            home.forget(&commit);
        }
    }
}
