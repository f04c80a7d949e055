//! `GET /api/marketplaces/{id}/diff`

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::diff::{PluginDiff, Text};

/// The query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Compare {
    /// A commit that is held, or how its id begins. Default: the one that was served before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The same. Default: the one that is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of this plugin alone, at greater length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Show each file as text, not only what runs code.
    #[serde(default)]
    pub everything: bool,
}

/// What would change for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MarketplaceDiff {
    /// The marketplace's slug.
    pub id: String,
    /// `null`: nothing was there before.
    pub from: Option<Commit>,
    pub to: Commit,
    /// Those that differ, by name.
    pub plugins: Vec<Affected>,
    /// How the catalog's list of former names differs.
    pub renames: Option<Text>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Commit {
    pub id: String,
    /// By its committer's clock.
    pub committed_at: String,
}

/// A plugin that differs, and who has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Affected {
    #[serde(flatten)]
    pub diff: PluginDiff,
    /// The groups that it is granted to.
    pub groups: Vec<String>,
    /// How many people are in them.
    pub users: u64,
    /// Nobody gets it, whatever was granted.
    pub disabled: bool,
}
