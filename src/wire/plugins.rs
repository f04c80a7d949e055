//! `/api/plugins` and `/api/marketplaces/{id}/plugins`

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::feed::provenance::Origin;
use crate::domain::note::Note;
use crate::domain::plugin::components::Component;

/// A plugin as its marketplace lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plugin {
    pub marketplace_slug: String,
    pub name: String,
    pub description: Option<String>,
    /// The upstream's own version.
    pub version: Option<String>,
    pub author_name: Option<String>,
    pub homepage: Option<String>,
    pub category: Option<String>,
    /// `relative`, `github`, `url`, `git-subdir`, `npm`, `archive`, `command` or `unusable`.
    pub source_type: String,
    pub source_spec: Value,
    /// Whether those who were granted it get it.
    pub served: bool,
    /// Why not.
    pub reason: Option<String>,
    /// That nobody gets it, whatever was granted, if so.
    pub disabled: Option<Disabled>,
    /// How many files, and bytes, are served.
    pub files: u64,
    pub bytes: u64,
    /// What the sync left out of it or noticed about it.
    pub notes: Vec<Note>,
}

/// `GET /api/marketplaces/{id}/plugins/{name}`
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PluginDetail {
    #[serde(flatten)]
    pub plugin: Plugin,
    /// The name that the feed gives it, where no other plugin takes it first.
    pub served_name: String,
    pub served_version: Option<String>,
    /// The commit of the marketplace that it is served from.
    pub commit: Option<String>,
    /// Where its files come from: the repository, the folder in it, the commit, and when that was fetched.
    pub origin: Option<Origin>,
    /// SHA-256 of what is served.
    pub digest: Option<String>,
    /// The entry as the curator wrote it.
    pub entry: Value,
    /// Its own `plugin.json`, if there is one that can be read.
    pub manifest: Option<Value>,
    pub components: Vec<Component>,
    pub file_list: Vec<PluginFile>,
}

/// That an administrator took a plugin out for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disabled {
    pub at: String,
    pub by: String,
    /// In their words; whoever was granted the plugin is told it.
    pub reason: Option<String>,
}

/// `POST /api/marketplaces/{id}/plugins/{name}/disable`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disable {
    /// One line, for whoever was granted the plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What disabling or enabling a plugin came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Switched {
    pub marketplace_slug: String,
    pub name: String,
    pub disabled: Option<Disabled>,
    /// Whether that is new.
    pub changed: bool,
    /// Whether its marketplace has such a plugin at present. If not, it is disabled should it come.
    pub listed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginFile {
    pub path: String,
    /// In bytes.
    pub size: u64,
    pub executable: bool,
}
