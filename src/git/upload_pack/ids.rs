//! Lists of object ids, as requests give them.

use std::collections::HashSet;

use super::Refusal;
use crate::domain::repository::oid::Oid;

/// So many ids of one sort (`want`, `have`, `shallow`) may be in a request: as many as git's own
/// server has room for.
pub const MOST_IDS: usize = 200_000;

/// Distinct ids, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Ids {
    list: Vec<Oid>,
    // Keyed at random: whoever chooses the ids does not choose where they collide.
    seen: HashSet<Oid>,
    lines: usize,
}

impl Ids {
    /// `sort` is what the line began with.
    pub(super) fn add(&mut self, id: Oid, sort: &str) -> Result<(), Refusal> {
        self.lines += 1;
        if self.lines > MOST_IDS {
            return Err(Refusal::new(format!(
                "upload-pack: more than {MOST_IDS} lines of '{sort}' in one request"
            )));
        }
        if self.seen.insert(id) {
            self.list.push(id);
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Oid> {
        self.list
    }
}

/// 40 hexadecimal digits, and nothing else.
pub(super) fn read(hex: &[u8]) -> Option<Oid> {
    std::str::from_utf8(hex).ok()?.parse().ok()
}
