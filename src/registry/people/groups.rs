//! Groups and who is in them.

use std::collections::HashMap;

use super::users::user_row;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::people::GroupName;
use crate::domain::note::quoted;
use crate::domain::shell::word;
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::accounts::{EVERYONE, GroupRow};

#[derive(Debug, Clone)]
pub struct Group {
    pub row: GroupRow,
    pub members: u64,
}

#[derive(Debug, Clone)]
pub struct GroupDetail {
    pub group: Group,
    /// Addresses.
    pub members: Vec<String>,
    pub grants: Vec<String>,
}

/// What joining or leaving did.
#[derive(Debug, Clone)]
pub struct Membership {
    pub email: String,
    pub group: String,
    pub member: bool,
    pub changed: bool,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn groups(&self, caller: &Caller) -> Result<Vec<Group>> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let counts: HashMap<String, i64> = store.member_counts()?.into_iter().collect();
        let rows = store.groups()?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let members = counts.get(&row.id).copied().unwrap_or_default();
                Group { row, members: u64::try_from(members).unwrap_or_default() }
            })
            .collect())
    }

    /// # Errors
    /// See [`Error`].
    pub fn group(&self, caller: &Caller, key: &str) -> Result<GroupDetail> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let row = group_row(&store, key)?;
        let members: Vec<String> = store.members(&row.id)?.into_iter().map(|user| user.email).collect();
        let grants = store.grants()?.into_iter().filter(|grant| grant.group_id == row.id);
        Ok(GroupDetail {
            grants: grants.map(|grant| grant.resource).collect(),
            group: Group { members: members.len() as u64, row },
            members,
        })
    }

    /// # Errors
    /// See [`Error`].
    pub fn add_group(&self, caller: &Caller, name: &str, description: Option<String>) -> Result<Group> {
        caller.may(Right::Administer)?;
        let name: GroupName = name.trim().parse().map_err(Error::invalid)?;
        let row = GroupRow {
            id: self.new_id()?,
            name: name.to_string(),
            description: description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            is_system: false,
            created_at: self.now(),
            created_by: caller.name().to_owned(),
        };
        self.store().transaction(|store| {
            if let Some(other) = store.group(name.as_str())? {
                return Err(Error::Exists { what: "group", name: other.name });
            }
            store.add_group(&row)?;
            self.record(store, caller, "group.add", name.as_str(), None)?;
            Ok(Group { row, members: 0 })
        })
    }

    /// Removes a group with its memberships and grants.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn remove_group(&self, caller: &Caller, key: &str) -> Result<String> {
        caller.may(Right::Administer)?;
        self.store().transaction(|store| {
            let row = group_row(store, key)?;
            if row.is_system {
                return Err(Error::Conflict {
                    message: format!("the group `{}` always exists and cannot be removed", row.name),
                    hint: None,
                });
            }
            store.remove_group(&row.id)?;
            self.record(store, caller, "group.remove", &row.name, None)?;
            Ok(row.name)
        })
    }

    /// # Errors
    /// See [`Error`].
    pub fn join(&self, caller: &Caller, group: &str, user: &str) -> Result<Membership> {
        caller.may(Right::Administer)?;
        self.change_membership(caller, group, user, true)
    }

    /// # Errors
    /// See [`Error`].
    pub fn leave(&self, caller: &Caller, group: &str, user: &str) -> Result<Membership> {
        caller.may(Right::Administer)?;
        self.change_membership(caller, group, user, false)
    }

    fn change_membership(
        &self,
        caller: &Caller,
        group: &str,
        user: &str,
        member: bool,
    ) -> Result<Membership> {
        self.store().transaction(|store| {
            let (group, user) = (group_row(store, group)?, user_row(store, user)?);
            let everyone = group.id == EVERYONE;
            if everyone && !member {
                return Err(Error::Conflict {
                    message: format!("nobody can leave `{}`: every user is in it", group.name),
                    hint: Some(format!("agnes user remove {}", word(&user.email))),
                });
            }
            let changed = match member {
                true if everyone => false,
                true => store.join(&user.id, &group.id, self.now(), caller.name())?,
                false => store.leave(&user.id, &group.id)?,
            };
            if changed {
                let action = if member { "group.join" } else { "group.leave" };
                self.record(store, caller, action, &group.name, Some(&user.email))?;
            }
            Ok(Membership { email: user.email, group: group.name, member, changed })
        })
    }
}

pub(super) fn group_row(store: &Store, key: &str) -> Result<GroupRow> {
    match store.group(key.trim())? {
        Some(row) => Ok(row),
        None => Err(Error::NotFound {
            what: "group",
            name: quoted(key).trim_matches('`').to_owned(),
            known: store.groups()?.into_iter().map(|row| row.name).collect(),
        }),
    }
}
