//! What is here already, and is not served because of what is said of hosts now.
//!
//! Whoever is denied is asked for nothing; that is decided before somebody is asked ([`super::terms`]). What they gave
//! before is here: kept while its server is away, served on hold, in an earlier state, or asked for by a commit that
//! need not be fetched again. Who gave it is remembered with it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::lfs;
use super::terms::{is_same_place, refusal_of};
use crate::domain::note::quoted;
use crate::domain::plugin::remote::Vendored;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::host::Hosts;
use crate::git::{self, Lineage};
use crate::registry::Registry;
use crate::registry::marketplaces::origin::Origin;

/// What is known of those who gave what is here, looked up once: a catalog may list one folder twenty thousand times.
#[derive(Default)]
pub(in crate::registry) struct Lineages {
    known: RefCell<HashMap<PathBuf, Rc<Lineage>>>,
    refusals: RefCell<HashMap<(String, Oid), Option<String>>>,
}

impl Lineages {
    pub(in crate::registry) fn of(&self, folder: &Path) -> Rc<Lineage> {
        let mut known = self.known.borrow_mut();
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
    pub(in crate::registry) fn refusal_of_place(
        &self,
        lineages: &Lineages,
        hosts: &Hosts,
        home: &str,
        place: &Vendored,
    ) -> Option<String> {
        if hosts.0.is_empty() {
            return None;
        }
        let mut refusals = lineages.refusals.borrow_mut();
        let refusal = refusals.entry((place.url.clone(), place.commit)).or_insert_with(|| {
            let of_place = || self.refusal_of_address(hosts, home, &place.url);
            let lineage = lineages.of(&self.folder.vendored(&place.url));
            let of_parts = || {
                let why = refusal_of_givers(&lineage.givers(&place.commit), hosts, &place.url)?;
                Some(format!("of what was fetched for it, {why}"))
            };
            of_place().or_else(of_parts).or_else(|| lfs::refusal(&lineage, place, hosts))
        });
        refusal.clone()
    }

    /// Why nothing is served of what is kept in the store from that address. `home` is the marketplace's.
    pub(super) fn refusal_of_address(&self, hosts: &Hosts, home: &str, url: &str) -> Option<String> {
        // The operator's own registry is not asked about.
        let own = self.settings.sync.npm_registry.as_deref().map(Origin::of);
        let is_own = url.ends_with("#npm") && own == Some(Origin::of(url));
        refusal_of(hosts, &Origin::of(home), url).filter(|_| !is_own)
    }
}

/// Forgets a commit that somebody gave who is denied by now, so that it is asked for anew.
pub(super) fn forget_if_denied(hosts: &Hosts, folder: &Path, commit: &Oid, url: &str) -> bool {
    // Mostly nothing is said of any host, and then nobody need be asked.
    !hosts.0.is_empty()
        && git::forget_if(folder, commit, |givers| refusal_of_givers(givers, hosts, url).is_some())
}
