//! States of a marketplace: what was fetched, what of it is served, and serving another.
//!
//! A state is a commit, and the commits of the plugins that lie elsewhere at that time. To serve one is to
//! read it again, by the rules of now, and to replace the rows: what a sync does after it fetched.

mod audience;
pub mod diff;

use std::collections::BTreeSet;

use crate::domain::access::caller::{Caller, Right};
use crate::domain::note::quoted;
use crate::domain::repository::oid::Oid;
use crate::git;
use crate::registry::marketplaces::row_of;
use crate::registry::supplies::distrust_after;
use crate::registry::sync::finding::Found;
use crate::registry::sync::step::{Act, Known};
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::marketplaces::MarketplaceRow;

// What the mouths see of the rows: they know the registry, and no hand.
pub use crate::store::states::StateRow;

/// Where a state is between upstream and people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Fetched after what is served.
    Pending,
    Served,
    /// Fetched before what is served.
    Earlier,
}

#[derive(Debug)]
pub struct State {
    pub row: StateRow,
    pub standing: Standing,
    /// Whether all that it needs is known to be here.
    pub whole: bool,
}

/// What serving another state came to.
#[derive(Debug)]
pub struct Served {
    pub id: String,
    pub state: StateRow,
    /// The commit that was served until now.
    pub before: Option<String>,
    pub hold: bool,
    /// Whether it was not on hold until now.
    pub hold_is_new: bool,
    /// Whether it is what was fetched last.
    pub is_newest: bool,
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
}

/// Everything about a marketplace's states, of one moment.
struct Shelf {
    known: Known,
    /// The newest first.
    states: Vec<StateRow>,
}

impl Registry {
    /// What was fetched of a marketplace and is kept, the latest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn history(&self, caller: &Caller, marketplace: &str) -> Result<Vec<State>> {
        caller.may(Right::Administer)?;
        let Shelf { known, states } = self.shelf(marketplace)?;
        let served = known.row.state;
        let told = |row: StateRow| State { standing: standing(&row, served), whole: self.is_here(&row), row };
        Ok(states.into_iter().map(told).collect())
    }

    /// Serves what was fetched and waits: the latest, or the state that is named.
    ///
    /// # Errors
    /// See [`Error`]. What is served stays as it was.
    pub fn approve(&self, caller: &Caller, marketplace: &str, commit: Option<&str>) -> Result<Served> {
        caller.may(Right::Administer)?;
        let shelf = self.shelf(marketplace)?;
        let row = &shelf.known.row;
        let Some(newest) = shelf.states.first() else {
            let message = format!("nothing was fetched of `{}` yet, so there is nothing to approve", row.id);
            return Err(Error::out_of_step(&row.id, message));
        };
        let target = commit.map_or(Ok(newest), |text| find(&row.id, &shelf.states, text))?;
        if shelf.served().is_some_and(|served| served.same(target)) {
            let what = if commit.is_some() { "that" } else { "what was fetched last" };
            return Err(Error::Conflict {
                message: format!("{what} is what `{}` serves already (commit {})", row.id, target.commit),
                hint: Some(format!("agnes marketplace history {}", row.id)),
            });
        }
        if !row.hold && target.id != newest.id {
            return Err(Error::Conflict {
                message: format!(
                    "`{}` is not on hold, so the next sync would serve what was fetched last",
                    row.id
                ),
                hint: Some(format!(
                    "agnes marketplace edit {0} --hold, or: agnes marketplace rollback {0} {1}",
                    row.id, target.commit
                )),
            });
        }
        self.serve(caller, &shelf, target, "marketplace.approve", row.hold)
    }

    /// Serves an earlier state again, and puts the marketplace on hold: or the next sync would undo it.
    ///
    /// # Errors
    /// See [`Error`]. What is served stays as it was.
    pub fn rollback(&self, caller: &Caller, marketplace: &str, commit: &str) -> Result<Served> {
        caller.may(Right::Administer)?;
        let shelf = self.shelf(marketplace)?;
        let row = &shelf.known.row;
        let target = find(&row.id, &shelf.states, commit)?;
        let refuse = |why: &str, hint: String| {
            let message = format!("`{}` cannot be rolled back to commit {}: {why}", row.id, target.commit);
            Err(Error::Conflict { message, hint: Some(hint) })
        };
        match standing(target, row.state) {
            Standing::Served => {
                refuse("it is what is served", format!("agnes marketplace history {}", row.id))
            }
            Standing::Pending => {
                let approve = format!("agnes marketplace approve {} {}", row.id, target.commit);
                refuse("it was fetched after what is served, and waits to be approved", approve)
            }
            Standing::Earlier => self.serve(caller, &shelf, target, "marketplace.rollback", true),
        }
    }

    fn serve(
        &self,
        caller: &Caller,
        shelf: &Shelf,
        target: &StateRow,
        action: &str,
        hold: bool,
    ) -> Result<Served> {
        let row = &shelf.known.row;
        self.check_whole(row, target).inspect_err(distrust_after)?;
        let of_hosts = self.rules_of_hosts()?;
        let before = self.store().plugins(Some(&row.id))?;
        let found = self.read_state(row, target, &before).inspect_err(distrust_after)?;
        let act = Act { action, looked: false, state: Some(target.id), hold };
        let rules = self.rules_of(row, &found, &of_hosts);
        let changes = self.write_down(caller, &shelf.known, &rules, &found, &act)?;
        let (added, updated, removed) = changes.counts();
        Ok(Served {
            id: row.id.clone(),
            state: target.clone(),
            before: row.last_commit_sha.clone(),
            hold,
            hold_is_new: hold && !row.hold,
            is_newest: shelf.states.first().is_some_and(|newest| newest.id == target.id),
            added,
            updated,
            removed,
        })
    }

    /// Reads all that a state needs, before anybody gets it. It is old, and disks rot.
    fn check_whole(&self, row: &MarketplaceRow, state: &StateRow) -> Result<()> {
        let own = self.folder.repository(&row.id);
        let others = state.origins.values();
        let others = others.map(|place| (self.folder.vendored(&place.url), self.stand_in(place)));
        let commit: Oid = state.commit.parse().map_err(Error::invalid)?;
        let of_own = std::iter::once(commit).chain(state.made).map(|commit| (own.clone(), commit));
        let all: BTreeSet<_> = others.chain(of_own).collect();
        for (folder, commit) in all {
            git::verify(&folder, &commit).map_err(|source| Error::Damaged {
                slug: row.id.clone(),
                folder,
                source,
            })?;
        }
        Ok(())
    }

    pub(super) fn is_here(&self, state: &StateRow) -> bool {
        let own = self.folder.repository(&state.marketplace_id);
        state.commit.parse().is_ok_and(|commit| git::holds(&own, &commit))
            && state.made.is_none_or(|made| git::holds(&own, &made))
            && state.origins.values().all(|place| self.is_whole(place))
    }

    fn shelf(&self, marketplace: &str) -> Result<Shelf> {
        let store = self.store();
        let id = row_of(&store, marketplace)?.id;
        Ok(Shelf { states: store.states(Some(&id))?, known: Known::one(&store, &id)? })
    }
}

/// In the transaction of the act that writes or needs it.
impl Registry {
    /// The number of the state that was found, written down if it is new. One that is named has to be there
    /// still.
    pub(super) fn note_state(
        &self,
        store: &Store,
        row: &MarketplaceRow,
        found: &Found,
        named: Option<i64>,
    ) -> Result<i64> {
        let states = store.states(Some(&row.id))?;
        let state = found.state(&row.id, self.now());
        match named {
            Some(id) if states.iter().any(|state| state.id == id) => Ok(id),
            Some(_) => Err(not_held(&row.id, &states, &state.commit)),
            None => match states.first() {
                Some(newest) if newest.same(&state) => Ok(newest.id),
                _ => Ok(store.add_state(&state)?),
            },
        }
    }

    /// Forgets all but the latest states, and the one that is served.
    pub(super) fn forget_old_states(
        &self,
        store: &Store,
        marketplace: &str,
        served: Option<i64>,
    ) -> Result<()> {
        let states = store.states(Some(marketplace))?.into_iter().map(|state| state.id);
        let old = states.skip(self.settings.sync.keep_states.max(1)).filter(|id| Some(*id) != served);
        Ok(store.forget_states(&old.collect::<Vec<_>>())?)
    }
}

impl Shelf {
    fn served(&self) -> Option<&StateRow> {
        self.states.iter().find(|state| Some(state.id) == self.known.row.state)
    }
}

pub(super) fn standing(state: &StateRow, served: Option<i64>) -> Standing {
    match served {
        Some(served) if state.id == served => Standing::Served,
        Some(served) if state.id < served => Standing::Earlier,
        _ => Standing::Pending,
    }
}

/// The state of that number (`s12`), or the latest of the commit whose id begins like that.
pub(super) fn find<'s>(slug: &str, states: &'s [StateRow], text: &str) -> Result<&'s StateRow> {
    let text = text.trim().to_ascii_lowercase();
    let number = text.strip_prefix('s').and_then(|number| number.parse::<i64>().ok());
    if let Some(state) = states.iter().find(|state| Some(state.id) == number) {
        return Ok(state);
    }
    // Fewer digits are a slip rather than an id.
    let fits = |state: &&StateRow| (4..=40).contains(&text.len()) && state.commit.starts_with(&text);
    let Some(first) = states.iter().find(fits) else { return Err(not_held(slug, states, &text)) };
    if let Some(other) = states.iter().filter(fits).find(|state| state.commit != first.commit) {
        return Err(Error::Conflict {
            message: format!(
                "{} is the beginning of several commits: `{}` and `{}`",
                quoted(&text),
                first.commit,
                other.commit
            ),
            hint: Some(format!("agnes marketplace history {slug}")),
        });
    }
    Ok(first)
}

fn not_held(slug: &str, states: &[StateRow], commit: &str) -> Error {
    let mut held: Vec<String> = Vec::new();
    for state in states {
        let short = format!("`{}`", state.commit.get(..12).unwrap_or(&state.commit));
        if !held.contains(&short) {
            held.push(short);
        }
    }
    let commit = quoted(commit).trim_matches('`').to_owned();
    Error::NotHeld { slug: slug.to_owned(), commit, held: held.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: i64, commit: &str) -> StateRow {
        StateRow {
            id,
            marketplace_id: "m".into(),
            commit: commit.into(),
            made: None,
            committed_at: 0,
            fetched_at: 0,
            plugins: 0,
            remote: 0,
            origins: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_state_is_found_by_number_and_by_the_beginning_of_its_commit() {
        let states = [state(9, "abcd11"), state(5, "abcd22"), state(3, "abcd11"), state(2, "5e5e")];
        let found = |text: &str| find("m", &states, text).map(|state| state.id);
        assert_eq!([found("s5").unwrap(), found(" S3 ").unwrap(), found("abcd2").unwrap()], [5, 3, 5]);
        // The latest of those that have the same commit.
        assert_eq!([found("abcd1").unwrap(), found("ABCD11").unwrap(), found("5e5e").unwrap()], [9, 9, 2]);
        let error = found("abcd").unwrap_err();
        assert_eq!(error.to_string(), "`abcd` is the beginning of several commits: `abcd11` and `abcd22`");
        for text in ["", "abc", "s", "s4", "s-9", "dcba", "abcd11e"] {
            let error = found(text).unwrap_err().to_string();
            assert!(error.ends_with("; there is `abcd11`, `abcd22`, `5e5e`"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_newer_waits_and_what_is_older_is_earlier() {
        let of = |served| [4, 5, 6].map(|id| standing(&state(id, "x"), served));
        assert_eq!(of(Some(5)), [Standing::Earlier, Standing::Served, Standing::Pending]);
        assert_eq!(of(None), [Standing::Pending; 3]);
    }
}
