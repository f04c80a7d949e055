//! Who asks, and what they may do.
//!
//! A door decides who the caller is (in-process and same-uid socket peers are the operator, https
//! callers whoever their token says); nothing inside a request can.

/// Whoever makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Somebody with a shell on this machine and the right to open the data folder.
    Operator { name: String },
    /// Somebody with a token.
    User { id: String, email: String, admin: bool },
    /// The holder of `SCHEDULER_API_TOKEN`, which may start a sync of everything.
    Scheduler,
}

/// What a use case needs its caller to be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Read and change marketplaces, users, groups and grants.
    Administer,
    /// Sync all marketplaces.
    SyncAll,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this needs a member of the group `Admin`, and {who} is none")]
pub struct Forbidden {
    who: String,
}

/// Somebody asked for what is their own, and is no user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is for users with a token of their own, and `{who}` is none")]
pub struct Nobody {
    who: String,
}

impl Caller {
    /// # Errors
    /// When the caller may not.
    pub fn may(&self, right: Right) -> Result<(), Forbidden> {
        let allowed = match (self, right) {
            (Self::Operator { .. }, _) | (Self::Scheduler, Right::SyncAll) => true,
            (Self::User { admin, .. }, Right::Administer | Right::SyncAll) => *admin,
            (Self::Scheduler, Right::Administer) => false,
        };
        if allowed { Ok(()) } else { Err(Forbidden { who: self.name().to_owned() }) }
    }

    /// The id of the user that the caller is.
    ///
    /// # Errors
    /// For callers that are no user: they have nothing of their own.
    pub fn own_id(&self) -> Result<&str, Nobody> {
        match self {
            Self::User { id, .. } => Ok(id),
            Self::Operator { .. } | Self::Scheduler => Err(Nobody { who: self.name().to_owned() }),
        }
    }

    /// Everybody manages their own tokens, and administrators everybody's. `user` is an id or e-mail
    /// address. The answer does not depend on whether there is such a user.
    ///
    /// # Errors
    /// When the caller may not.
    pub fn may_manage_tokens_of(&self, user: &str) -> Result<(), Forbidden> {
        match self {
            Self::User { id, email, .. } if id == user || email.eq_ignore_ascii_case(user) => Ok(()),
            _ => self.may(Right::Administer),
        }
    }

    /// What the audit log calls them.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Operator { name } => name,
            Self::User { email, .. } => email,
            Self::Scheduler => "scheduler",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights() {
        let user = |admin| Caller::User { id: "1".into(), email: "a@b.example".into(), admin };
        assert!(Caller::Operator { name: "root".into() }.may(Right::Administer).is_ok());
        assert!(user(true).may(Right::Administer).is_ok());
        assert!(user(false).may(Right::Administer).is_err());
        assert!(user(false).may(Right::SyncAll).is_err());
        assert!(Caller::Scheduler.may(Right::SyncAll).is_ok());
        assert!(Caller::Scheduler.may(Right::Administer).is_err());
    }

    #[test]
    fn tokens_are_managed_by_whose_they_are_and_by_administrators() {
        let user = |admin| Caller::User { id: "1".into(), email: "a@b.example".into(), admin };
        for whose in ["1", "a@b.example", "A@B.Example"] {
            assert!(user(false).may_manage_tokens_of(whose).is_ok());
        }
        for whose in ["2", "", "c@b.example", "nobody"] {
            assert!(user(false).may_manage_tokens_of(whose).is_err());
            assert!(user(true).may_manage_tokens_of(whose).is_ok());
            assert!(Caller::Operator { name: "root".into() }.may_manage_tokens_of(whose).is_ok());
            assert!(Caller::Scheduler.may_manage_tokens_of(whose).is_err());
        }
    }
}
