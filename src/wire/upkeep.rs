//! `/api/backup`.

use serde::{Deserialize, Serialize};

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
