//! What is here already, and is not served because of what is said of hosts now.
//!
//! Whoever is denied is asked for nothing; that is decided before somebody is asked ([`super::terms`]). What they gave
//! before is here: kept while its server is away, served on hold, in an earlier state, or asked for by a commit that
//! need not be fetched again. Who gave it is remembered with it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use super::lfs::{self, Filled};
use super::terms::{is_same_place, refusal, refusal_of};
use crate::domain::access::caller::Caller;
use crate::domain::note::quoted;
use crate::domain::plugin::remote::Vendored;
use crate::domain::plugin::source::Source;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::host::Hosts;
use crate::git::{self, Lineage};
use crate::registry::marketplaces::origin::Origin;
use crate::registry::marketplaces::upstreams::{MADE, made_commit};
use crate::registry::sync::step::Known;
use crate::registry::{Registry, Result};
use crate::store::marketplaces::PluginFacts;
use crate::store::plugins::{OriginRow, PluginRow};

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

    /// Takes out what is denied by now and cannot be read again. The rest stays as it is.
    pub(in crate::registry) fn withdraw(
        &self,
        caller: &Caller,
        known: &Known,
        before: &[PluginRow],
    ) -> Result<()> {
        let (row, hosts, lineages) = (&known.row, self.hosts()?, Lineages::default());
        let filled = made_commit(row).map(|made| Filled::again_of(&self.folder.repository(&row.id), made));
        let home = Origin::of(&row.url);
        let of_source = |plugin: &PluginRow| match source_of(plugin)? {
            Source::Remote(remote) => refusal(&hosts, &home, &remote),
            Source::Local(_) | Source::Refused(_) => None,
        };
        let of_origin = |plugin: &PluginRow| match plugin.origin.vendored() {
            Some(place) => self.refusal_of_place(&lineages, &hosts, &row.url, &place),
            None => filled.as_ref()?.refusal(&plugin.name, &hosts, &row.url),
        };
        let why = |plugin: &PluginRow| of_source(plugin).or_else(|| of_origin(plugin));
        let served = before.iter().filter(|plugin| plugin.digest.is_some());
        let out: Vec<PluginRow> = served
            .filter_map(|plugin| {
                let (reason, origin) = (Some(why(plugin)?), OriginRow::default());
                Some(PluginRow { digest: None, reason, origin, notes: "[]".to_owned(), ..plugin.clone() })
            })
            .collect();
        if out.is_empty() {
            return Ok(());
        }
        let facts = PluginFacts { not_served: row.facts.not_served + out.len() as u64, ..row.facts };
        // By no rules: whoever can read it again does.
        let rules = made_commit(row).map_or_else(String::new, |made| format!("{MADE}{made}"));
        self.store().transaction(|store| {
            known.unmoved(store)?;
            store.put_plugins(&out, self.now())?;
            store.set_facts(&row.id, facts)?;
            store.set_rules(&row.id, &rules)?;
            self.record(store, caller, "marketplace.withdraw", &row.id, row.last_commit_sha.as_deref())
        })
    }
}

/// Where its entry says that a plugin lies.
fn source_of(plugin: &PluginRow) -> Option<Source> {
    let spec: Value = serde_json::from_str(&plugin.source_spec).ok()?;
    Some(Source::read(Some(&spec), &plugin.name.parse().ok()?, None))
}

/// Forgets a commit that somebody gave who is denied by now, so that it is asked for anew.
pub(super) fn forget_if_denied(hosts: &Hosts, folder: &Path, commit: &Oid, url: &str) -> bool {
    // Mostly nothing is said of any host, and then nobody need be asked.
    !hosts.0.is_empty()
        && git::forget_if(folder, commit, |givers| refusal_of_givers(givers, hosts, url).is_some())
}
