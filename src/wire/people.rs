//! `/api/users`, `/api/groups` and `/api/groups/{id}/members`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: Option<String>,
    pub created_at: String,
    /// Names of the groups that they are in.
    pub groups: Vec<String>,
}

/// `POST /api/users`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    pub email: String,
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    /// One of the two that always exist.
    pub is_system: bool,
    pub created_at: String,
    pub member_count: u64,
}

/// `GET /api/groups/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupDetail {
    #[serde(flatten)]
    pub group: Group,
    /// Their e-mail addresses.
    pub members: Vec<String>,
    pub grants: Vec<String>,
}

/// `POST /api/groups`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
}

/// `POST /api/groups/{id}/members`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// An id or an e-mail address.
    pub user: String,
}

/// What adding to a group or taking from it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    pub user: String,
    pub group: String,
    /// Whether the user is in the group now.
    pub member: bool,
    /// Whether that is new.
    pub changed: bool,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub removed: String,
}
