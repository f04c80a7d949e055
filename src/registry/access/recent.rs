//! The latest changes, by whom they concern.
//!
//! After each grant, everybody's remembered view has to be found to be still theirs. To compare all that
//! it was made from takes a few hundred looks; that none of the latest changes was of them or of a group
//! of theirs takes one for each change.

use std::collections::VecDeque;

use super::{Person, Word};
use crate::store::accounts::EVERYONE;
use crate::store::changes::Change;

/// Changes that are kept. Who did not ask for longer than that is compared in full.
const KEPT: usize = 64;

#[derive(Clone)]
pub(super) struct Recent {
    /// All changes after this version are here.
    since: u64,
    changes: VecDeque<(u64, Concerns)>,
}

#[derive(Clone)]
enum Concerns {
    /// One person, by id.
    Person(Word),
    /// Who is in a group, by id.
    Group(Word),
    /// That is to be found out.
    Some,
}

impl Recent {
    pub fn since(version: u64) -> Self {
        Self { since: version, changes: VecDeque::new() }
    }

    pub fn note(&mut self, version: u64, change: &Change) {
        let concerns = match change {
            // A token says who somebody is, and not what they have.
            Change::Token(_) | Change::TokenForgotten { .. } => return,
            Change::User { id, .. } | Change::UserRemoved { id } => Concerns::Person(id.as_str().into()),
            Change::Joined { user, .. } | Change::Left { user, .. } => Concerns::Person(user.as_str().into()),
            Change::Group { id, .. } | Change::GroupRemoved { id } => Concerns::Group(id.as_str().into()),
            Change::Granted { group, .. } | Change::Revoked { group, .. } => {
                Concerns::Group(group.as_str().into())
            }
            Change::Marketplace { .. }
            | Change::MarketplaceRemoved { .. }
            | Change::Plugin(_)
            | Change::PluginRemoved { .. }
            | Change::Disabled { .. }
            | Change::Enabled { .. } => Concerns::Some,
        };
        // Of many at once, that there were some says enough.
        if let (Concerns::Some, Some((last, Concerns::Some))) = (&concerns, self.changes.back())
            && *last == version
        {
            return;
        }
        self.changes.push_back((version, concerns));
        if self.changes.len() > KEPT
            && let Some((version, _)) = self.changes.pop_front()
        {
            self.since = version;
        }
    }

    /// Whether nothing that happened after that version concerns the person. `false`: it may.
    pub fn spared(&self, person: &Person, version: u64) -> bool {
        let later = self.changes.iter().rev().take_while(|(at, _)| *at > version);
        self.since <= version
            && later.into_iter().all(|(_, concerns)| match concerns {
                Concerns::Person(id) => *id != person.id,
                Concerns::Group(id) => **id != *EVERYONE && person.groups.binary_search(id).is_err(),
                Concerns::Some => false,
            })
    }
}
