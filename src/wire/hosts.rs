//! `/api/hosts`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::marketplaces::Token;
use crate::domain::upstream::host::Rule;

/// A host that plugins may be fetched from, or may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Host {
    /// A name, or `name:port`.
    pub host: String,
    /// `null`: there is nothing but a token.
    pub rule: Option<Rule>,
    /// It may be reached over ssh, too.
    pub ssh: bool,
    pub has_token: bool,
}

/// `PATCH /api/hosts/{host}`: what is absent stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditHost {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// Only in the operator's shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssh: Option<bool>,
    /// An empty text forgets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}
