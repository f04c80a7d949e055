//! Rows of `users`, `user_groups` and `user_group_members`.

use std::collections::{HashMap, HashSet};

use duckdb::{Row, params};

use super::changes::Change;
use super::{Store, StoreError};

/// The ids of the two groups that always exist.
pub const ADMIN: &str = "admin";
pub const EVERYONE: &str = "everyone";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    pub id: String,
    pub email: String,
    pub name: Option<String>,
    pub created_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub is_system: bool,
    pub created_at: i64,
    pub created_by: String,
}

const USER: &str = "u.id, u.email, u.name, u.created_at";
const GROUP: &str = "g.id, g.name, g.description, g.is_system, g.created_at, g.created_by";

fn user(row: &Row<'_>) -> duckdb::Result<UserRow> {
    Ok(UserRow { id: row.get(0)?, email: row.get(1)?, name: row.get(2)?, created_at: row.get(3)? })
}

fn group(row: &Row<'_>) -> duckdb::Result<GroupRow> {
    Ok(GroupRow {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        is_system: row.get(3)?,
        created_at: row.get(4)?,
        created_by: row.get(5)?,
    })
}

impl Store {
    /// By address.
    ///
    /// # Errors
    /// What the database says.
    pub fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        self.rows(&format!("SELECT {USER} FROM users u ORDER BY u.email"), [], user)
    }

    /// By id or address.
    ///
    /// # Errors
    /// What the database says.
    pub fn user(&self, key: &str) -> Result<Option<UserRow>, StoreError> {
        self.row(&format!("SELECT {USER} FROM users u WHERE u.id = ?1 OR u.email = lower(?1)"), [key], user)
    }

    /// # Errors
    /// What the database says.
    pub fn add_user(&self, row: &UserRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO users VALUES (?, ?, ?, make_timestamp(?::BIGINT))",
            params![row.id, row.email, row.name, row.created_at],
        )?;
        self.note(|| Change::User { id: row.id.clone(), email: row.email.clone() });
        Ok(())
    }

    /// With memberships and tokens.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_user(&self, id: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM user_group_members WHERE user_id = ?", [id])?;
        self.execute("DELETE FROM personal_access_tokens WHERE user_id = ?", [id])?;
        self.execute("DELETE FROM users WHERE id = ?", [id])?;
        self.note(|| Change::UserRemoved { id: id.to_owned() });
        Ok(())
    }

    /// By name, the two that always exist first.
    ///
    /// # Errors
    /// What the database says.
    pub fn groups(&self) -> Result<Vec<GroupRow>, StoreError> {
        self.rows(&format!("SELECT {GROUP} FROM user_groups g ORDER BY NOT g.is_system, g.name"), [], group)
    }

    /// By id or name, whatever its case.
    ///
    /// # Errors
    /// What the database says.
    pub fn group(&self, key: &str) -> Result<Option<GroupRow>, StoreError> {
        self.row(
            &format!("SELECT {GROUP} FROM user_groups g WHERE g.id = ?1 OR lower(g.name) = lower(?1) ORDER BY g.id = ?1 DESC"),
            [key],
            group,
        )
    }

    /// # Errors
    /// What the database says.
    pub fn add_group(&self, row: &GroupRow) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO user_groups VALUES (?, ?, ?, ?, make_timestamp(?::BIGINT), ?)",
            params![row.id, row.name, row.description, row.is_system, row.created_at, row.created_by],
        )?;
        self.note(|| Change::Group { id: row.id.clone(), name: row.name.clone(), is_system: row.is_system });
        Ok(())
    }

    /// With memberships and grants.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_group(&self, id: &str) -> Result<(), StoreError> {
        self.execute("DELETE FROM user_group_members WHERE group_id = ?", [id])?;
        self.execute("DELETE FROM resource_grants WHERE group_id = ?", [id])?;
        self.execute("DELETE FROM user_groups WHERE id = ?", [id])?;
        self.note(|| Change::GroupRemoved { id: id.to_owned() });
        Ok(())
    }

    /// Whether that is new.
    ///
    /// # Errors
    /// What the database says.
    pub fn join(&self, user: &str, group: &str, at: i64, by: &str) -> Result<bool, StoreError> {
        let added = self.execute(
            "INSERT INTO user_group_members VALUES (?, ?, make_timestamp(?::BIGINT), ?) ON CONFLICT DO NOTHING",
            params![user, group, at, by],
        )?;
        if added > 0 {
            self.note(|| Change::Joined { user: user.to_owned(), group: group.to_owned() });
        }
        Ok(added > 0)
    }

    /// Whether that changed something.
    ///
    /// # Errors
    /// What the database says.
    pub fn leave(&self, user: &str, group: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM user_group_members WHERE user_id = ? AND group_id = ?";
        let removed = self.execute(sql, [user, group])? > 0;
        if removed {
            self.note(|| Change::Left { user: user.to_owned(), group: group.to_owned() });
        }
        Ok(removed)
    }

    /// Whoever is in a group, by address. Everybody is in Everyone.
    ///
    /// # Errors
    /// What the database says.
    pub fn members(&self, group: &str) -> Result<Vec<UserRow>, StoreError> {
        self.rows(
            &format!(
                "SELECT {USER} FROM users u WHERE ?1 = 'everyone' OR u.id IN \
                 (SELECT user_id FROM user_group_members WHERE group_id = ?1) ORDER BY u.email"
            ),
            [group],
            user,
        )
    }

    /// User id → ids of the groups that they were put into.
    ///
    /// # Errors
    /// What the database says.
    pub fn memberships(&self) -> Result<HashMap<String, HashSet<String>>, StoreError> {
        let pairs: Vec<(String, String)> =
            self.rows("SELECT user_id, group_id FROM user_group_members", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let mut all: HashMap<String, HashSet<String>> = HashMap::new();
        for (user, group) in pairs {
            all.entry(user).or_default().insert(group);
        }
        Ok(all)
    }

    /// Tells each membership: user id, group id.
    ///
    /// # Errors
    /// What the database says.
    pub fn each_membership(&self, mut tell: impl FnMut(&str, &str)) -> Result<(), StoreError> {
        self.each("SELECT user_id, group_id FROM user_group_members", [], |row| {
            tell(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            Ok(())
        })
    }

    /// The groups that a user is in, Everyone among them.
    ///
    /// # Errors
    /// What the database says.
    pub fn groups_of(&self, user: &str) -> Result<Vec<GroupRow>, StoreError> {
        // Sorted here: see `marketplaces`.
        let mut groups = self.rows(
            &format!(
                "SELECT {GROUP} FROM user_groups g WHERE g.id = 'everyone' OR g.id IN \
                 (SELECT group_id FROM user_group_members WHERE user_id = ?)"
            ),
            [user],
            group,
        )?;
        groups.sort_by(|a, b| (!a.is_system, &a.name).cmp(&(!b.is_system, &b.name)));
        Ok(groups)
    }

    /// Group id and how many members it has, for those that have any.
    ///
    /// # Errors
    /// What the database says.
    pub fn member_counts(&self) -> Result<Vec<(String, i64)>, StoreError> {
        self.rows(
            "SELECT group_id, count(*) FROM user_group_members GROUP BY group_id \
             UNION ALL SELECT 'everyone', count(*) FROM users",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
