//! A client asks for objects.

use super::filter::Filters;
use super::ids::{self, Ids};
use super::number::unsigned;
use super::{Band, Filter, Refusal};
use crate::domain::repository::oid::Oid;

/// What a client wants, and what it has.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Distinct, in the order given. Whether they are the caller's to have is not decided here. Empty: the client only
    /// wants to know which of its `haves` are known, and gets no pack.
    pub wants: Vec<Oid>,
    /// Commits that the client says it has, distinct, in the order given.
    pub haves: Vec<Oid>,
    /// Commits whose parents the client lacks, distinct, in the order given.
    pub shallow: Vec<Oid>,
    pub filter: Filter,
    /// One of `deepen`, `deepen-since` and `deepen-not` was given.
    pub(super) deepen: bool,
    pub(super) dialect: Dialect,
}

/// What the answer's form depends on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    V0 {
        acks: Acks,
        /// The pack may follow a `ready` at once.
        no_done: bool,
        band: Band,
        end: End,
    },
    V2 {
        done: bool,
        /// Nothing but acknowledgments until the client is done.
        wait: bool,
    },
}

/// How often and how well v0 says what it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acks {
    One,
    /// `multi_ack`
    Many,
    /// `multi_ack_detailed`
    Detailed,
}

/// With what a request of v0 ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// After the wants: the client first wants to hear what becomes shallow.
    Wants,
    /// After some haves: more may come.
    Haves,
    Done,
}

/// The lines that all versions have in common, as they are read.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) wants: Ids,
    pub(super) haves: Ids,
    pub(super) shallow: Ids,
    pub(super) filters: Filters,
    deepen: Option<Deepen>,
}

/// How a client says how much history it wants: it may be one or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deepen {
    /// `deepen`
    ByDepth,
    /// `deepen-since`, `deepen-not`
    ByLimit,
}

impl Lines {
    /// Reads a `shallow` or `deepen` line. False: it is none of these.
    pub(super) fn depth(&mut self, line: &[u8]) -> Result<bool, Refusal> {
        let whole = || String::from_utf8_lossy(line);
        let positive =
            |text: &[u8]| std::str::from_utf8(text).ok().and_then(unsigned).is_some_and(|number| number > 0);
        if let Some(hex) = line.strip_prefix(b"shallow ") {
            let id =
                ids::read(hex).ok_or_else(|| Refusal::new(format!("invalid shallow line: {}", whole())))?;
            self.shallow.add(id, "shallow")?;
        } else if let Some(depth) = line.strip_prefix(b"deepen ") {
            if !positive(depth) {
                return Err(Refusal::new(format!("Invalid deepen: {}", whole())));
            }
            self.deepen(Deepen::ByDepth)?;
        } else if let Some(time) = line.strip_prefix(b"deepen-since ") {
            if !positive(time) {
                return Err(Refusal::new(format!("Invalid deepen-since: {}", whole())));
            }
            self.deepen(Deepen::ByLimit)?;
        } else if line.starts_with(b"deepen-not ") {
            self.deepen(Deepen::ByLimit)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn deepen(&mut self, how: Deepen) -> Result<(), Refusal> {
        if self.deepen.replace(how).is_some_and(|before| before != how) {
            return Err(Refusal::new(
                "git upload-pack: deepen and deepen-since (or deepen-not) cannot be used together",
            ));
        }
        Ok(())
    }

    pub(super) fn into_fetch(self, dialect: Dialect) -> Fetch {
        Fetch {
            wants: self.wants.into_list(),
            haves: self.haves.into_list(),
            shallow: self.shallow.into_list(),
            filter: self.filters.into_filter(),
            deepen: self.deepen.is_some(),
            dialect,
        }
    }
}
