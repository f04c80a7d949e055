//! What went wrong, as RFC 9457 has it (`application/problem+json`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub const CONTENT_TYPE: &str = "application/problem+json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem; `about:blank` where `code` says it all.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The status, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a sentence.
    pub detail: String,
    /// A stable word for scripts, such as `marketplace-not-found`.
    pub code: String,
    /// What to do next; where possible a command to paste.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hint: Option<String>,
    /// What lies behind it, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

#[must_use]
pub fn about_blank() -> String {
    "about:blank".into()
}
