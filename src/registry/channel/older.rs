//! What somebody wants of views that they were told of before: between the question for the tip and the clone the
//! view may change, and a clone without its files fetches them later, one by one.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use super::advertised::Advertised;
use super::snapshots::{Files, Held, Plugin};
use crate::domain::digest::Digest;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::host::Hosts;
use crate::registry::access::Entitlement;
use crate::registry::vendoring::given::Given;
use crate::registry::{Registry, Result};

/// By what it is decided whether somebody may still have a view.
struct Rules<'a> {
    entitlement: &'a Entitlement<'a>,
    hosts: &'a Hosts,
    /// The parts of their view of now, which are served to them anyway.
    now: HashSet<&'a Digest>,
}

impl Registry {
    /// For each of those objects a view that has it, of those that the user was told of and may still have; up to the
    /// first that there is none for.
    pub(super) fn in_older_views(
        &self,
        user: &str,
        current: &Held,
        told: &[Advertised],
        wants: &[Oid],
    ) -> Result<Vec<Arc<Held>>> {
        let Some(access) = self.access()? else { return Ok(Vec::new()) };
        let Some(entitlement) = access.entitlement(user) else { return Ok(Vec::new()) };
        let hosts = self.hosts()?;
        let now = current.plugins.iter().filter_map(Plugin::part).collect();
        let rules = Rules { entitlement: &entitlement, hosts: &hosts, now };
        // To look at one may mean to read all of it: each is looked at once, and only if nothing else will do.
        let older: Vec<(&Advertised, OnceCell<Option<Arc<Held>>>)> = told
            .iter()
            .rev()
            .filter(|told| told.view != current.view)
            .map(|told| (told, OnceCell::new()))
            .collect();
        let find = |want: &Oid| {
            // No view has the commit of another.
            let is_tip = older.iter().any(|(told, _)| told.tip == *want);
            let likely = older.iter().filter(|(told, _)| !is_tip || told.tip == *want);
            let mut may_have = likely
                .filter_map(|(told, held)| held.get_or_init(|| self.older_view(&told.view, &rules)).as_ref());
            may_have.find(|held| held.snapshot.has(want)).cloned()
        };
        let found: Vec<Arc<Held>> = wants.iter().map_while(find).collect();
        // Whoever was sent something of it asks for more of it. One that was looked at in vain takes nobody's place.
        for (_, held) in older {
            if let Some(held) = held.into_inner().flatten()
                && found.iter().any(|found| Arc::ptr_eq(found, &held))
            {
                self.channel.keep_held(held);
            }
        }
        Ok(found)
    }

    /// A view, if it is in the cache, and by those rules. What was granted is looked at first, as that is quick.
    fn older_view(&self, view: &Digest, rules: &Rules<'_>) -> Option<Arc<Held>> {
        let granted = |plugins: &[Plugin]| plugins.iter().all(|plugin| self.is_granted(plugin, rules));
        let held = match self.channel.seen(view) {
            Some(held) => granted(&held.plugins).then_some(held),
            None => self.read_snapshot(&self.git_cache().ok()?, view, granted).map(Arc::new),
        }?;
        let mut here = held.plugins.iter().filter(|plugin| plugin.part().is_some()).zip(&held.given);
        let is_now = |plugin: &Plugin| plugin.part().is_some_and(|part| rules.now.contains(part));
        let allowed = here.all(|(plugin, given)| is_now(plugin) || self.is_allowed(plugin, given, rules));
        allowed.then_some(held)
    }

    fn is_granted(&self, plugin: &Plugin, rules: &Rules<'_>) -> bool {
        let granted = rules.entitlement.grants(&plugin.marketplace, &plugin.name);
        granted
            && match &plugin.files {
                Files::Part(_) => true,
                Files::Linked(given) => self.is_allowed(plugin, given, rules),
            }
    }

    fn is_allowed(&self, plugin: &Plugin, given: &Given, rules: &Rules<'_>) -> bool {
        let home = rules.entitlement.home(&plugin.marketplace);
        home.is_some_and(|home| !self.is_denied(rules.hosts, home, given))
    }
}
