//! What writes changed of who may see what, told to whoever keeps that in memory.
//!
//! The very functions that write the rows note it here, so that no use case can forget to. What a
//! transaction noted is gone when it is rolled back.

use super::Store;
use super::offers::OfferRow;
use super::tokens::TokenRow;

/// One row's worth of change. Where a row has many columns, its name: it is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A user was added or changed.
    User {
        id: String,
        email: String,
    },
    /// With memberships and tokens.
    UserRemoved {
        id: String,
    },
    Group {
        id: String,
        name: String,
        is_system: bool,
    },
    /// With memberships and grants.
    GroupRemoved {
        id: String,
    },
    Joined {
        user: String,
        group: String,
    },
    Left {
        user: String,
        group: String,
    },
    Granted {
        group: String,
        resource: String,
    },
    Revoked {
        group: String,
        resource: String,
    },
    /// A marketplace was added, edited or synced: its own row, not its plugins'.
    Marketplace {
        id: String,
    },
    /// With plugins, the grants that name them, and what was disabled of it.
    MarketplaceRemoved {
        id: String,
    },
    /// A token was made or revoked.
    Token(Box<TokenRow>),
    TokenForgotten {
        hash: String,
    },
    Plugin(Box<OfferRow>),
    PluginRemoved {
        marketplace: String,
        name: String,
    },
    /// Nobody gets it, be it there or not; or nobody gets it for another reason than before.
    Disabled {
        marketplace: String,
        name: String,
        reason: Option<String>,
    },
    Enabled {
        marketplace: String,
        name: String,
    },
}

impl Store {
    /// From now on changes are noted.
    pub fn note_changes(&self) {
        self.changes.borrow_mut().get_or_insert_default();
    }

    /// What was noted since this was last asked.
    #[must_use]
    pub fn take_changes(&self) -> Vec<Change> {
        self.changes.borrow_mut().as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(super) fn note(&self, change: impl FnOnce() -> Change) {
        if let Some(noted) = self.changes.borrow_mut().as_mut() {
            noted.push(change());
        }
    }
}
