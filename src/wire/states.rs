//! `/api/marketplaces/{id}/states`, `/approve` and `/rollback`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a state is between upstream and people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Fetched after the one that is served.
    Pending,
    Served,
    /// Fetched before the one that is served.
    Earlier,
}

/// What a marketplace was at one time: its commit, and those of its plugins that lie elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct State {
    /// Names it, where its commit does not: `s12`.
    pub state: String,
    pub commit: String,
    /// By its committer's clock.
    pub committed_at: String,
    pub fetched_at: String,
    pub standing: Standing,
    pub plugin_count: u64,
    /// Plugins of it that lie elsewhere.
    pub remote_count: u64,
    /// Whether all that it needs is still here.
    pub whole: bool,
}

/// `POST /api/marketplaces/{id}/approve`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// A commit, how its id begins, or a state. Default: what was fetched last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// `POST /api/marketplaces/{id}/rollback`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// A commit, how its id begins, or a state.
    pub commit: String,
}

/// What is served from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Served {
    /// The marketplace's slug.
    pub id: String,
    pub state: String,
    pub commit: String,
    /// What was served until now.
    pub before: Option<String>,
    /// Whether syncs serve nothing new from now on.
    pub hold: bool,
    /// Whether the rollback is why.
    pub hold_is_new: bool,
    /// Whether the upstream still had it at the last sync.
    pub is_newest: bool,
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
}
