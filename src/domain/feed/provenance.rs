//! Where everything in a bundle comes from, and whether a bundle is what that says.
//!
//! A provenance is no signature: whoever can change a bundle can write another one beside it. What it says holds
//! for a bundle ([`check`]) is worth as much as one knows about it from elsewhere: the view digest, which the
//! server tells whose bundle it is, or the commits, which are in the upstreams' own repositories.

mod check;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use check::{BlobId, CATALOG, Faults, Found, Received, check};

use crate::domain::digest::Digest;
use crate::domain::hex;
use crate::domain::plugin::behaviour::{self, Making};
use crate::domain::plugin::content::{self, File, Files};
use crate::domain::plugin::dependencies::{Neighbour, Neighbours};
use crate::domain::plugin::fields::Object;
use crate::domain::repository::oid::Oid;

/// What stands in `format`. Another number is another meaning.
pub const FORMAT: &str = "agnes provenance 1";

/// What it is called when it lies beside a bundle.
pub const BESIDE: &str = ".agnes-provenance.json";

/// The provenance of one bundle. But for `fetched_at` it follows from the commits, and from what is registered under
/// which address, slug and prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// `agnes provenance 1`
    pub format: String,
    /// The view digest: the bundle's `ETag`.
    #[schema(value_type = String)]
    pub view: Digest,
    /// In the order of the catalog.
    pub plugins: Vec<Plugin>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
// In the API's description there is one name for each.
#[schema(as = TracedPlugin)]
pub struct Plugin {
    /// What it is installed as.
    pub name: String,
    pub version: Option<String>,
    /// Its folder, below `plugins/`.
    pub prefixed_name: String,
    pub marketplace_slug: String,
    /// Its name in its own marketplace.
    pub original_name: String,
    pub source: Origin,
    /// Where its entry is, if that is another repository than its files are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed_in: Option<Listing>,
    /// The upstream's commit that the source's `commit` was made of, with what that keeps elsewhere (objects of git LFS, submodules) in its
    /// place. Absent: that is the upstream's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub made_of: Option<Oid>,
    /// SHA-256 of its files and of what its entry says beyond describing it.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// What its entry says beyond describing it; of a linked one with its source and version.
    #[schema(value_type = Object)]
    pub behaviour: Object,
    /// Nothing of it is in the bundle: the client fetches it itself, from the source in the catalog. `source` says
    /// where its entry is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub linked: bool,
    /// What was put before its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<String>,
    /// What its upstream calls its marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketplace_name: Option<String>,
    /// Plugins of its marketplace that it wants beside it, and the manifest name of each; `null` if there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub neighbours: BTreeMap<String, Option<String>>,
    /// Its entry restricts the skills, and those that it does not list were taken out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skills_listed: bool,
    /// In the order of the paths' bytes.
    pub files: Vec<ListedFile>,
}

/// Where a plugin's files were fetched from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PluginOrigin)]
pub struct Origin {
    /// The address of the repository, without credentials.
    pub url: String,
    /// The plugin's folder in it; empty: all of it.
    pub path: String,
    #[schema(value_type = String)]
    pub commit: Oid,
    /// The git tree of that folder in that commit.
    #[schema(value_type = Option<String>)]
    pub tree: Option<Oid>,
    /// When that commit came, or was last seen to be the latest. This alone differs from machine to machine.
    pub fetched_at: Option<String>,
}

/// The marketplace that lists a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// The address of its repository, without credentials.
    pub url: String,
    #[schema(value_type = String)]
    pub commit: Oid,
}

/// A file of a plugin: the upstream's own, made by us, or both: a manifest that was written anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListedFile {
    /// Below the plugin's folder.
    pub path: String,
    pub executable: bool,
    /// The git id of the upstream's file. Absent: the upstream has none there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub blob: Option<Oid>,
    /// SHA-256 of what is served in its place: a manifest, or the file with other line endings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub made: Option<Digest>,
    /// It is served with CRLF where the upstream's file has LF alone, as a checkout would write it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub crlf: bool,
    /// The upstream's own bytes, where something else is served: what was made can be made again from them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// The same in hexadecimal digits, if they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_hex: Option<String>,
    /// What the upstream has there is not served, and nothing in its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
}

impl Provenance {
    /// The document: the same for the same bundle from the same registry.
    #[must_use]
    pub fn written(&self) -> Vec<u8> {
        crate::domain::plugin::manifest::written(self)
    }

    /// # Errors
    /// With what is wrong, as a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Kind {
            format: String,
        }
        let kind: Kind =
            serde_json::from_slice(bytes).map_err(|why| format!("it is no provenance: {why}"))?;
        if kind.format != FORMAT {
            let found = crate::domain::note::quoted(&kind.format);
            return Err(format!("its format is {found}; this agnes knows `{FORMAT}`"));
        }
        serde_json::from_slice(bytes).map_err(|why| format!("it is no provenance: {why}"))
    }
}

impl ListedFile {
    /// The upstream's bytes, if they are here.
    #[must_use]
    pub fn upstream(&self) -> Option<Vec<u8>> {
        match &self.upstream {
            Some(text) => Some(text.clone().into_bytes()),
            None => self.upstream_hex.as_deref().and_then(hex::bytes),
        }
    }

    /// The same with the upstream's bytes.
    #[must_use]
    pub fn with_upstream(mut self, bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => self.upstream = Some(text),
            Err(odd) => self.upstream_hex = Some(hex::digits(odd.as_bytes())),
        }
        self
    }
}

impl Plugin {
    /// The upstream's files, as far as they belong to the plugin.
    #[must_use]
    pub fn upstream(&self) -> Files {
        let files = self.files.iter().filter_map(|file| {
            let blob = file.blob?;
            Some((file.path.clone(), File { executable: file.executable, blob, size: 0 }))
        });
        files.collect()
    }

    /// Those that are served with other line endings.
    #[must_use]
    pub fn crlf(&self) -> BTreeSet<String> {
        self.files.iter().filter(|file| file.crlf).map(|file| file.path.clone()).collect()
    }

    #[must_use]
    pub fn neighbours(&self) -> Neighbours {
        let known = |name: &Option<String>| name.clone().map_or(Neighbour::Unknown, Neighbour::Known);
        self.neighbours.iter().map(|(name, as_there)| (name.clone(), known(as_there))).collect()
    }

    /// What [`Self::digest`] has to be.
    #[must_use]
    pub fn worked_out_digest(&self) -> Digest {
        if self.linked {
            return behaviour::linked_digest(&self.behaviour);
        }
        let (files, neighbours) = (self.upstream(), self.neighbours());
        // Of every manifest that was read, the bytes are here.
        let is_unread = |place: &str| {
            let file = self.files.iter().find(|file| file.path == place);
            file.is_some_and(|file| !file.crlf && file.upstream().is_none())
        };
        let marketplace = self.marketplace_name.as_deref();
        let making = Making::new(&files, marketplace, &neighbours, self.skills_listed, is_unread);
        behaviour::digest(&content::digest(&files, &self.crlf()), &self.behaviour, &making)
    }
}
