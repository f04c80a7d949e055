//! `/marketplace/info`, and `/api/users/{id}/info` for whoever administers.

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::feed::provenance::Origin;
use crate::domain::feed::view::Why;

/// What one user gets, and why not more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Info {
    pub user_id: String,
    pub email: String,
    pub groups: Vec<String>,
    /// The feed's name in Claude Code.
    pub marketplace_name: String,
    /// The view digest: same etag, same bytes.
    pub etag: String,
    pub plugin_count: u64,
    pub plugins: Vec<ViewPlugin>,
    /// Granted, and not in the feed.
    pub left_out: Vec<LeftOut>,
    pub generated_at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ViewPlugin {
    /// What it is installed as.
    pub name: String,
    /// Its name in its own marketplace.
    pub original_name: String,
    /// Its folder in the feed.
    pub prefixed_name: String,
    pub marketplace_slug: String,
    pub version: Option<String>,
    pub description: Option<String>,
    /// The source that the feed gives.
    pub source: Value,
    /// Where its files come from. `fetched_at` is `null` where they came with the marketplace.
    pub origin: Option<Origin>,
    /// SHA-256 of what is served.
    pub digest: Option<String>,
    /// The groups through which the user has it.
    pub groups: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    pub marketplace_slug: String,
    pub original_name: String,
    pub code: Why,
    pub reason: String,
}

/// A bundle that was written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    pub email: String,
    pub etag: String,
    pub path: String,
    pub bytes: u64,
    pub plugin_count: u64,
    /// How long making and writing it took.
    pub seconds: f64,
}

/// Headers of a bundle's answer that say what it is: the user's address, and how many plugins.
pub const USER_HEADER: &str = "agnes-user";
pub const PLUGINS_HEADER: &str = "agnes-plugins";

/// What a browser or `curl -OJ` saves the bundle as.
pub const DISPOSITION: &str = "attachment; filename=\"agnes-marketplace.zip\"";

/// Beside an answer that never leaves the process: the file whose bytes it streams. Whoever writes them
/// to a file again can let the system copy, without carrying them through the process.
#[derive(Debug, Clone)]
pub struct LocalFile(pub Arc<File>);
