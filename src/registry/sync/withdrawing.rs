//! Taking out what a marketplace on hold serves, where its host is denied by now and it cannot be read again.

use serde_json::Value;

use super::step::Known;
use crate::domain::access::caller::Caller;
use crate::domain::plugin::source::Source;
use crate::registry::marketplaces::origin::Origin;
use crate::registry::marketplaces::upstreams::{MADE, made_commit};
use crate::registry::vendoring::denied::Lineages;
use crate::registry::vendoring::lfs::Filled;
use crate::registry::vendoring::terms::refusal;
use crate::registry::{Registry, Result};
use crate::store::marketplaces::PluginFacts;
use crate::store::plugins::{OriginRow, PluginRow};

impl Registry {
    /// Takes it out. The rest stays as it is.
    pub(super) fn withdraw(&self, caller: &Caller, known: &Known, before: &[PluginRow]) -> Result<()> {
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
