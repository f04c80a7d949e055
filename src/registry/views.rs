//! What one user gets.

use std::collections::HashMap;

use crate::domain::access::caller::{Caller, Right};
use crate::domain::feed::view::View;
use crate::domain::repository::oid::Oid;
use crate::registry::access::{Access, Scope};
use crate::registry::people::users::user_row;
use crate::registry::{Error, Registry, Result};
use crate::store::accounts::UserRow;

pub use crate::domain::feed::view::Glance;
pub use crate::registry::access::Source;

/// A user's view, and what is needed to build it: all of one moment.
#[derive(Debug)]
pub struct UserView {
    pub user_id: String,
    pub email: String,
    /// Names.
    pub groups: Vec<String>,
    pub view: View,
    /// By slug: the commits that the view was made from.
    pub(super) commits: HashMap<String, Oid>,
    /// For each plugin (`slug/name`), the groups through which the user has it.
    pub through: HashMap<String, Vec<String>>,
    /// For each plugin (`slug/name`), where its files come from.
    pub sources: HashMap<String, Source>,
    pub generated_at: i64,
}

/// What a look into the registry's memory shows of a user's view, and at which moment.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// `None`: it has to be worked out.
    pub glance: Option<Glance>,
    /// Counts the changes of the registry.
    pub moment: u64,
}

impl Registry {
    /// The view of any user, for whoever administers. `user` is an id or an address.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn view(&self, caller: &Caller, user: &str) -> Result<UserView> {
        caller.may(Right::Administer)?;
        self.view_of(user.trim())
    }

    /// The caller's own view.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn my_view(&self, caller: &Caller) -> Result<UserView> {
        self.view_of(caller.own_id()?)
    }

    /// The caller's own view if it is known: quick, and without the database.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn my_glance(&self, caller: &Caller) -> Result<Look> {
        let user = caller.own_id()?;
        Ok(match self.access()? {
            Some(access) => Look { glance: access.glance(user), moment: access.version() },
            None => Look { glance: None, moment: 0 },
        })
    }

    /// The caller's own view by name, worked out: what [`Self::my_glance`] knows from then on.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn work_out_glance(&self, caller: &Caller) -> Result<Glance> {
        let user = caller.own_id()?;
        let Some(access) = self.access()? else { return Ok(self.view_of(user)?.glance()) };
        let Some(entitlement) = access.entitlement(user) else { return Err(self.nobody(user)) };
        let glance = entitlement.glance(&self.settings.feed);
        access.remember(user, glance);
        Ok(glance)
    }

    pub(super) fn view_of(&self, user: &str) -> Result<UserView> {
        let Some(access) = self.access()? else {
            let row = user_row(&self.store(), user)?;
            return self.view_of_row(&row);
        };
        let view = self.view_at(&access, user)?;
        access.remember(&view.user_id, view.glance());
        Ok(view)
    }

    /// For a process that lives for one command, and needs no more than what is this user's.
    pub(super) fn view_of_row(&self, user: &UserRow) -> Result<UserView> {
        // One lock over all of the reads: a sync that ends in between must not show in half of them.
        let access = Access::load(&self.store(), Scope::User(user))?;
        self.view_at(&access, &user.id)
    }

    fn view_at(&self, access: &Access, user: &str) -> Result<UserView> {
        let Some(entitlement) = access.entitlement(user) else { return Err(self.nobody(user)) };
        Ok(UserView {
            user_id: entitlement.user_id().to_owned(),
            email: entitlement.email().to_owned(),
            groups: entitlement.groups(),
            view: entitlement.view(&self.settings.feed),
            commits: entitlement.commits(),
            through: entitlement.through(),
            sources: entitlement.origins(),
            generated_at: self.now(),
        })
    }

    /// The words for a user who is not in memory, and so not in the database.
    pub(super) fn nobody(&self, user: &str) -> Error {
        let defect = Error::Defect("a user is in the database and not in memory");
        user_row(&self.store(), user).map_or_else(|error| error, |_| defect)
    }
}

impl UserView {
    #[must_use]
    pub fn glance(&self) -> Glance {
        Glance { digest: self.view.digest, plugins: self.view.plugins.len() as u64 }
    }

    /// Whether the files of both are read from the same commits.
    pub(super) fn is_from_where(&self, other: &Self) -> bool {
        let vendored =
            |view: &View| -> Vec<_> { view.plugins.iter().map(|plugin| plugin.vendored.clone()).collect() };
        self.commits == other.commits && vendored(&self.view) == vendored(&other.view)
    }
}
