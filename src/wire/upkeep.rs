//! `/api/backup` and `/api/prune`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Header of a backup's answer: `1` if the tokens of private upstreams are in it, else `0`.
pub const TOKENS_HEADER: &str = "agnes-tokens";

/// A backup that was written to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    pub path: String,
    pub bytes: u64,
    /// Whether the tokens of private upstreams are in it.
    pub with_tokens: bool,
}

/// What is to be removed from the caches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Prune {
    /// All of it, and not only what exceeds `cache.max_bytes` and `cache.max_days`.
    pub all: bool,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pruned {
    pub files: u64,
    pub bytes: u64,
}
