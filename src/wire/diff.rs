//! `GET /api/marketplaces/{id}/diff`

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::states::Standing;
use crate::domain::plugin::diff::{PluginDiff, Text};

/// The query.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Compare {
    /// A commit, how its id begins, or a state. Default: what is served; if that is what was fetched last, what
    /// was fetched before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The same. Default: what was fetched last.
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
    /// Names it where its commit does not: `s12`.
    pub state: String,
    pub standing: Standing,
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
