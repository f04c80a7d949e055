//! From a marketplace's row to what the git room needs to fetch it.

use crate::domain::access::secret::Secret;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::Pin;
use crate::git::{self, FetchOptions, UserGit};
use crate::registry::{Error, Registry, Result};
use crate::store::marketplaces::MarketplaceRow;

/// How much larger than `limits.max_file_bytes` a file may be before the whole fetch is refused, in
/// bytes. Also what manifests and the listings of huge folders may take.
const HEADROOM: u64 = 128 << 20;

impl Registry {
    pub(in crate::registry) fn upstream_token(&self, row: &MarketplaceRow) -> Result<Option<Secret>> {
        row.token_env.as_deref().map_or(Ok(None), |variable| self.token(variable))
    }

    pub(in crate::registry) fn fetch_options(&self, row: &MarketplaceRow) -> FetchOptions {
        let settings = &self.settings.sync;
        let variable = &self.world.variable;
        FetchOptions {
            max_pack_bytes: self.settings.limits.max_fetch_bytes,
            // A file that is too large for a plugin should cost that plugin alone, so the fetch, which
            // cannot leave it out, takes somewhat larger ones. What it does not take at all is what would
            // not fit into memory.
            max_object_bytes: self.settings.limits.max_file_bytes.saturating_add(HEADROOM),
            connect_timeout: settings.connect_timeout,
            idle_timeout: settings.idle_timeout,
            total_timeout: settings.total_timeout,
            ca_bundle: settings.ca_bundle.clone(),
            allow_address: row.public_only.then(|| self.allow_address()),
            proxies: if row.public_only { self.proxies() } else { Vec::new() },
            user: UserGit::read(&|name| variable(name).map(Into::into)),
            ..FetchOptions::default()
        }
    }
}

/// What stands in a marketplace's rules before the commit that its own plugins are served from, where that is not
/// its upstream's. Rules say how it was read; and they are written with the rows that were.
pub(in crate::registry) const MADE: &str = " made ";

/// The upstream's commit that a marketplace is at, if it was ever synced.
pub(in crate::registry) fn upstream_commit(row: &MarketplaceRow) -> Option<Oid> {
    row.last_commit_sha.as_deref().and_then(|sha| sha.parse().ok())
}

/// The commit that was made of that, and is read in its place.
pub(in crate::registry) fn made_commit(row: &MarketplaceRow) -> Option<Oid> {
    row.rules.as_deref()?.split_once(MADE)?.1.parse().ok()
}

/// The commit that a marketplace serves, if it was ever synced: where its own plugins' files are read.
pub(in crate::registry) fn served_commit(row: &MarketplaceRow) -> Option<Oid> {
    let upstream = upstream_commit(row)?;
    Some(made_commit(row).unwrap_or(upstream))
}

pub(in crate::registry) fn pin(row: &MarketplaceRow) -> Result<git::Pin> {
    let pin = Pin::new(row.branch.as_deref(), row.reference.as_deref()).map_err(Error::invalid)?;
    Ok(match pin {
        Pin::Default => git::Pin::Default,
        Pin::Branch(name) => git::Pin::Branch(name),
        Pin::Tag(name) => git::Pin::Ref(name),
        Pin::Commit(id) => git::Pin::Ref(id.to_string()),
    })
}
