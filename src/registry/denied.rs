//! What is here already, and is not served because of what is said of hosts now.
//!
//! Whoever is denied is asked for nothing; that is decided before somebody is asked ([`super::terms`]). What they gave
//! before is here: kept while its server is away, served on hold, in an earlier state, or asked for by a commit that
//! need not be fetched again. Who gave it is remembered with it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::origin::Origin;
use super::terms::{is_same_place, refusal_of};
use super::{Registry, lfs};
use crate::domain::note::quoted;
use crate::domain::plugin::remote::Vendored;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::host::Hosts;
use crate::git::{self, Lineage};

/// What was made of what, read once for each repository.
#[derive(Default)]
pub(super) struct Lineages(RefCell<HashMap<PathBuf, Rc<Lineage>>>);

impl Lineages {
    pub(super) fn of(&self, folder: &Path) -> Rc<Lineage> {
        let mut known = self.0.borrow_mut();
        let lineage = known.entry(folder.to_owned()).or_insert_with(|| Rc::new(Lineage::of(folder)));
        Rc::clone(lineage)
    }
}

/// Why nothing is served of what was asked for there, by what is said of hosts now. `url` is the address of the
/// repository that it belongs to: about that itself, others ask.
pub(super) fn refusal_of_givers<'a>(
    givers: impl IntoIterator<Item = &'a String>,
    hosts: &Hosts,
    url: &str,
) -> Option<String> {
    if hosts.0.is_empty() {
        return None;
    }
    let mut others = givers.into_iter().filter(|giver| !is_same_place(giver, url));
    others.find_map(|giver| match git::place_of(giver) {
        Ok(place) => hosts.refusal(&place, false),
        Err(_) => Some(format!("nobody can tell the host {}", quoted(giver))),
    })
}

impl Registry {
    /// Why nothing is served of what was fetched before: it is from a host that is denied by now, or something in it is.
    /// `home` is the marketplace's address.
    pub(super) fn refusal_of_place(
        &self,
        lineages: &Lineages,
        hosts: &Hosts,
        home: &str,
        place: &Vendored,
    ) -> Option<String> {
        if hosts.0.is_empty() {
            return None;
        }
        // The operator's own registry is not asked about.
        let own = self.settings.sync.npm_registry.as_deref();
        let is_own = own.is_some_and(|own| Origin::of(own) == Origin::of(&place.url));
        let of_place = || refusal_of(hosts, &Origin::of(home), &place.url).filter(|_| !is_own);
        let lineage = lineages.of(&self.folder.vendored(&place.url));
        let of_parts = || {
            let why = refusal_of_givers(&lineage.givers(&place.commit), hosts, &place.url)?;
            Some(format!("of what was fetched for it, {why}"))
        };
        of_place().or_else(of_parts).or_else(|| lfs::refusal(&lineage, place, hosts))
    }
}

/// Forgets a commit that somebody gave who is denied by now, so that it is asked for anew.
pub(super) fn forget_if_denied(hosts: &Hosts, folder: &Path, commit: &Oid, url: &str) -> bool {
    let is_denied = refusal_of_givers(&git::givers(folder, commit), hosts, url).is_some();
    if is_denied {
        git::forget(folder, commit);
    }
    is_denied
}
