//! `/api/grants`

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    pub group: String,
    /// `slug/plugin`, or `slug/*`.
    pub resource: String,
    pub granted_at: String,
    pub granted_by: String,
    /// How many plugins it stands for at present.
    pub plugins: u64,
}

/// `POST` and `DELETE /api/grants`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// An id or a name.
    pub group: String,
    pub resources: Vec<String>,
}

/// What granting or revoking did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Granted {
    pub group: String,
    pub resources: Vec<GrantedResource>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantedResource {
    pub resource: String,
    /// Whether the group has it now.
    pub granted: bool,
    /// Whether that is new.
    pub changed: bool,
}

/// The query of `GET /api/grants`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GrantFilter {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Grants of any group that this user is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Grants that include this plugin (`slug/plugin`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
}
