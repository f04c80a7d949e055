//! `/api/tokens`

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::marketplaces::Token;

/// A personal access token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessToken {
    /// By which it is revoked. Opens nothing.
    pub id: String,
    /// Whose it is: an e-mail address.
    pub user: String,
    pub name: String,
    pub created_at: String,
    /// `null`: good until it is revoked.
    pub expires_at: Option<String>,
    /// To about a minute.
    pub last_used_at: Option<String>,
    pub revoked_at: Option<String>,
}

/// `POST /api/tokens`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessToken {
    /// An id or an e-mail address. Default: whoever asks.
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    /// `90d`, `12h`, `4w`, a date, or an RFC 3339 time. Default: good until it is revoked.
    #[serde(default)]
    pub expires: Option<String>,
}

/// The one answer that has the token in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedAccessToken {
    pub id: String,
    /// Shown this once.
    pub token: Token,
    pub user: String,
    pub name: String,
    pub created_at: String,
    pub expires_at: Option<String>,
}

/// What was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revoked {
    pub revoked: String,
}
