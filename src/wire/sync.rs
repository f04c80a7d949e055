//! `POST /api/marketplaces/{id}/sync` and `/api/marketplaces/sync-all`
//!
//! Asked for as `application/x-ndjson`, both answer with one [`Event`] a line while they work, and
//! exactly one last word.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;
use crate::domain::watch::Phase;

pub const NDJSON: &str = "application/x-ndjson";

/// What to sync.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncRequest {
    /// Slugs; none means all.
    #[serde(default)]
    pub only: Vec<String>,
    /// How many at the same time.
    #[serde(default)]
    pub jobs: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The first successful sync.
    Clone,
    Update,
}

/// One marketplace is in step with its upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Synced {
    pub id: String,
    pub name: String,
    pub action: Action,
    pub commit: String,
    /// Where it was fetched to.
    pub path: String,
    pub plugin_count: u64,
    /// Whether anything is different from before.
    pub changed: bool,
    pub added: u64,
    pub updated: u64,
    pub removed: u64,
    /// Plugins that are listed and cannot be served.
    pub not_served: u64,
    /// Remarks about the manifest and the plugins.
    pub notes: u64,
    /// Other repositories from which something new came for its plugins.
    #[serde(default)]
    pub remote_received: u64,
    /// Other repositories that could not be fetched. What was fetched of them before is served on.
    #[serde(default)]
    pub remote_failed: u64,
    /// How long it took.
    pub seconds: f64,
}

/// One marketplace is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SyncError {
    pub id: String,
    pub error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SyncAll {
    pub synced: Vec<Synced>,
    pub errors: Vec<SyncError>,
    /// How long all of it took.
    pub seconds: f64,
}

/// A line of a streamed answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Nothing new, and the work goes on: said after ten seconds of silence.
    Alive,
    Progress {
        id: String,
        phase: Phase,
        done: u64,
        total: Option<u64>,
    },
    Synced {
        result: Synced,
    },
    Failed {
        result: SyncError,
    },
    /// The last word of a sync of several.
    Done {
        result: SyncAll,
    },
    /// The last word of work that did not come to a result.
    Problem {
        problem: Problem,
    },
}
