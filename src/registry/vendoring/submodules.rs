//! Fetching the submodules of plugins that lie elsewhere.
//!
//! They are fetched into the repository that they are submodules of, on the terms of everything that a
//! stranger points to. One that those terms forbid, or that is beyond the limits, is left out, and the
//! plugin's notes say so; one that merely cannot be fetched now makes its plugin fail, as it does in the
//! client, so that what was served before is served on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Outcome;
use super::denied::forget_if_denied;
use super::terms::Errand;
use crate::domain::digest::Digest;
use crate::domain::note::quoted;
use crate::domain::plugin::remote::FAILED;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::submodule::address;
use crate::domain::watch::Watch;
use crate::git::made::MadeOf;
use crate::git::submodules::{TERMS, join, joined, submodules};
use crate::git::{self, FetchError, Pin, Upstream};
use crate::registry::Registry;

/// Submodules of submodules, and of those, are fetched; theirs are not.
const DEEPEST: usize = 3;

/// Of one plugin's repository, all together.
const MOST: usize = 64;

/// Whose submodules are fetched.
struct Ground<'a> {
    errand: &'a Errand<'a>,
    folder: &'a Path,
    terms: &'a str,
    watch: &'a dyn Watch,
    /// Bytes of packs, of all of them together.
    received: Arc<AtomicU64>,
}

impl Registry {
    /// The commit in which the submodules of another are folders; that one itself, if it has none.
    pub(super) fn with_submodules(
        &self,
        errand: &Errand<'_>,
        url: &str,
        commit: &Oid,
        watch: &dyn Watch,
    ) -> Outcome {
        let folder = &self.folder.vendored(url);
        let terms = &Digest::of(errand.hosts.line().as_bytes()).short();
        if let Some(made) = joined(folder, commit, terms) {
            return Ok(made);
        }
        // Who points to a submodule is not the curator, and what is here is here for all marketplaces: so the
        // token of one marketplace is not for submodules.
        let errand = &Errand { token: None, ..*errand };
        let ground = &Ground { errand, folder, terms, watch, received: Arc::default() };
        self.join_submodules(ground, url, commit, 0, &mut Vec::new())
    }

    fn join_submodules(
        &self,
        ground: &Ground<'_>,
        url: &str,
        commit: &Oid,
        depth: usize,
        fetched: &mut Vec<Oid>,
    ) -> Outcome {
        if depth == DEEPEST {
            return Ok(*commit);
        }
        let found = submodules(ground.folder, commit);
        let mut with = Vec::new();
        for submodule in found.map_err(|error| format!("its submodules cannot be read: {error}"))? {
            let Some(address) = address(url, &submodule.url) else { continue };
            let terms = self.further_terms(ground.errand, url, &address);
            let Ok((token, mut options)) = terms else { continue };
            if fetched.len() == MOST {
                break;
            }
            fetched.push(submodule.commit);
            let before = ground.received.load(Ordering::Relaxed);
            options.max_pack_bytes = options.max_pack_bytes.saturating_sub(before);
            options.received = Arc::clone(&ground.received);
            forget_if_denied(ground.errand.hosts, ground.folder, &submodule.commit, &address);
            let pin = Pin::Ref(submodule.commit.to_string());
            let upstream = Upstream { url: &address, pin: &pin, token: token.as_ref() };
            git::fetch(ground.folder, &upstream, &options, ground.watch).map_err(|error| {
                let why = match error {
                    FetchError::TooLarge { .. } => format!(
                        "with the others it has more than {} bytes (`limits.max_fetch_bytes`)",
                        self.settings.limits.max_fetch_bytes
                    ),
                    error => error.to_string(),
                };
                format!("{FAILED}: its submodule {}: {why}", quoted(&submodule.path.to_key()))
            })?;
            let made = self.join_submodules(ground, &address, &submodule.commit, depth + 1, fetched)?;
            with.push((submodule.path, made));
        }
        if with.is_empty() {
            return Ok(*commit);
        }
        let failed = |error: git::made::MakeError| format!("its submodules cannot be put in place: {error}");
        let of = (depth == 0).then_some(MadeOf { commit, fetched, terms: ground.terms, kind: TERMS });
        join(ground.folder, commit, &with, of).map_err(failed)
    }
}
