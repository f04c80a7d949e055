//! What runs that were killed have left behind: files and folders that were to take the place of others.

use std::fs;

use super::files;
use super::place::Place;
use super::state::Setup;

/// Removes what there is of that beside everything that was written for this setup. For whoever has the turn: nobody
/// else is writing any of it. (Tokens have a lock of their own: [`credentials`](super::credentials).)
pub(super) fn remove(place: &Place, setup: &Setup) {
    let own = [place.state(), place.ledger.clone()];
    let written = setup.before.iter().map(|before| &before.path).chain(&setup.folder).chain(&own);
    for path in written {
        // Where it is written: a link stays, and what it leads to is changed.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        // What cannot be removed is in nobody's way.
        let _ = files::sweep(&target);
    }
}
