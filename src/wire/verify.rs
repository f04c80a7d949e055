//! What `agnes verify --json` prints. No request answers it: a bundle is checked where it is.

use serde::{Deserialize, Serialize};

use crate::domain::feed::provenance::Origin;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whether everything that could be checked is so.
    pub holds: bool,
    /// The view digest that the bundle and its provenance say.
    pub view: String,
    /// What does not hold of the bundle as a whole.
    pub faults: Vec<String>,
    pub plugins: Vec<VerifiedPlugin>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedPlugin {
    pub name: String,
    pub version: Option<String>,
    pub marketplace_slug: String,
    pub original_name: String,
    pub source: Origin,
    pub files: u64,
    /// Whether a repository was there that has the commit, and the plugin was held against that too.
    pub upstream_checked: bool,
    pub faults: Vec<String>,
}
