//! People.

use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::people::Email;
use crate::domain::hex;
use crate::domain::note::quoted;
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::accounts::{EVERYONE, GroupRow, UserRow};

#[derive(Debug, Clone)]
pub struct User {
    pub row: UserRow,
    pub groups: Vec<GroupRow>,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn users(&self, caller: &Caller) -> Result<Vec<User>> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let rows = store.users()?;
        let memberships = store.memberships()?;
        let groups = store.groups()?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let mine = memberships.get(&row.id);
                let is_in = |group: &&GroupRow| {
                    group.id == EVERYONE || mine.is_some_and(|ids| ids.contains(&group.id))
                };
                let groups = groups.iter().filter(is_in).cloned().collect();
                User { row, groups }
            })
            .collect())
    }

    /// # Errors
    /// See [`Error`].
    pub fn user(&self, caller: &Caller, key: &str) -> Result<User> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let row = user_row(&store, key)?;
        let groups = store.groups_of(&row.id)?;
        Ok(User { row, groups })
    }

    /// # Errors
    /// See [`Error`].
    pub fn add_user(&self, caller: &Caller, email: &str, name: Option<String>) -> Result<User> {
        caller.may(Right::Administer)?;
        let email: Email = email.trim().parse().map_err(Error::invalid)?;
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let row = UserRow { id: self.new_id()?, email: email.to_string(), name, created_at: self.now() };
        self.store().transaction(|store| {
            if store.user(email.as_str())?.is_some() {
                return Err(Error::Exists { what: "user", name: email.to_string() });
            }
            store.add_user(&row)?;
            self.record(store, caller, "user.add", email.as_str(), None)?;
            let groups = store.groups_of(&row.id)?;
            Ok(User { row, groups })
        })
    }

    /// Removes a user with memberships and tokens.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn remove_user(&self, caller: &Caller, key: &str) -> Result<String> {
        caller.may(Right::Administer)?;
        self.store().transaction(|store| {
            let row = user_row(store, key)?;
            store.remove_user(&row.id)?;
            self.record(store, caller, "user.remove", &row.email, None)?;
            Ok(row.email)
        })
    }

    /// An id that nobody can guess: 16 random bytes, in hexadecimal.
    pub(super) fn new_id(&self) -> Result<String> {
        let mut bytes = [0; 16];
        if !(self.world.random)(&mut bytes) {
            return Err(Error::NoRandomness);
        }
        Ok(hex::digits(&bytes))
    }
}

pub(in crate::registry) fn user_row(store: &Store, key: &str) -> Result<UserRow> {
    match store.user(key.trim())? {
        Some(row) => Ok(row),
        None => Err(Error::NotFound {
            what: "user",
            name: quoted(key).trim_matches('`').to_owned(),
            // Not told: a list of everybody is for whoever asks for it.
            known: Vec::new(),
        }),
    }
}
