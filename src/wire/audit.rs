//! `/api/audit`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who did what to which, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    pub id: i64,
    pub at: String,
    pub actor: String,
    pub action: String,
    pub resource: String,
    pub detail: Option<String>,
}
