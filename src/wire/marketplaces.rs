//! `/api/marketplaces`

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::access::secret::Secret;
use crate::domain::note::Note;
use crate::domain::plugin::remote::RemoteMode;
use crate::domain::plugin::version::Versions;

/// A registered marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Marketplace {
    /// The slug.
    pub id: String,
    pub name: String,
    pub url: String,
    pub branch: Option<String>,
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    pub description: Option<String>,
    pub registered_by: String,
    pub registered_at: String,
    pub last_synced_at: Option<String>,
    /// The commit that is served.
    pub last_commit_sha: Option<String>,
    /// Why the latest sync failed; what was there before is still served.
    pub last_error: Option<String>,
    pub has_token: bool,
    pub plugin_count: u64,
    pub curator_name: Option<String>,
    pub curator_email: Option<String>,
    /// Stands before the names of its plugins in the feed.
    pub name_prefix: Option<String>,
    pub versions: Versions,
    /// What is done with its plugins that lie in other repositories.
    pub remote: RemoteMode,
    /// Whether syncs serve nothing new, until somebody approves it.
    pub hold: bool,
    /// The commit that was fetched last, if it is not what is served.
    pub pending: Option<String>,
    /// What the latest successful sync noticed about its manifest.
    pub notes: Vec<Note>,
}

/// A token. It is asked with; the only answer that has one is that of `POST /api/tokens`.
// `Debug` shows a dash, and it is zeroed when dropped.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Token(pub Secret);

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What was given instead is not repeated: it is somebody's token all the same.
        let text = String::deserialize(deserializer).map_err(|_| D::Error::custom("a token is a text"))?;
        Ok(Self(Secret::new(text)))
    }
}

/// `POST /api/marketplaces`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMarketplace {
    pub url: String,
    /// Default: made from the URL.
    #[serde(default)]
    pub slug: Option<String>,
    /// Default: the slug.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub branch: Option<String>,
    #[serde(default, rename = "ref")]
    pub reference: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub token: Option<Token>,
    #[serde(default)]
    pub curator_name: Option<String>,
    #[serde(default)]
    pub curator_email: Option<String>,
    #[serde(default)]
    pub name_prefix: Option<String>,
    #[serde(default)]
    pub versions: Option<Versions>,
    #[serde(default)]
    pub remote: Option<RemoteMode>,
    /// Fetch, and serve nothing until somebody approves it.
    #[serde(default)]
    pub hold: Option<bool>,
}

/// `PATCH /api/marketplaces/{id}`: what is absent stays; an empty text clears.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMarketplace {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curator_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curator_email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Versions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
}
