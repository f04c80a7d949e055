//! Who gave what is in the git cache. It is written beside it: a view that somebody was told of is there after its
//! plugins' entries are gone or lead elsewhere, and then nothing else tells where its files are from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::denied::refusal_of_givers;
use super::lfs::{ALL, Filled};
use super::terms::address_of;
use crate::domain::feed::view::Served;
use crate::domain::plugin::source::Source;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::host::Hosts;
use crate::git::Lineage;
use crate::registry::Registry;
use crate::registry::supplies::Supply;

/// Who was asked for what is served of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::registry) struct Given {
    /// The address of its repository or file; of one that clients fetch themselves, the one that they are told.
    /// `None`: it is in its marketplace's own repository, or there is no such address.
    url: Option<String>,
    /// Who else was asked for it or for a part of it, as `https://host:port`.
    others: BTreeSet<String>,
}

/// What one repository tells of that.
pub(in crate::registry) struct Witness {
    lineage: Lineage,
    /// What was made of the marketplace's own commit.
    own: Option<Filled>,
}

impl Witness {
    /// `commit` is the one that the marketplace is at, if it is the marketplace's own repository.
    pub(in crate::registry) fn of(supply: &Supply, commit: Option<&Oid>) -> Self {
        let own = commit.map(|commit| Filled::again_of(&supply.folder, *commit));
        Self { lineage: Lineage::of(&supply.folder), own }
    }
}

impl Given {
    /// Of a plugin that clients fetch themselves.
    pub(in crate::registry) fn linked(plugin: &Served) -> Self {
        let url = match Source::read(plugin.entry.get("source"), &plugin.plugin, None) {
            Source::Remote(remote) => address_of(&remote).map(str::to_owned),
            Source::Local(_) | Source::Refused(_) => None,
        };
        Self { url, others: BTreeSet::new() }
    }

    /// Of one whose files are in that repository.
    pub(in crate::registry) fn here(plugin: &Served, witness: &Witness) -> Self {
        let Some(place) = &plugin.vendored else {
            let own = witness.own.as_ref();
            let others = own.into_iter().flat_map(|own| own.givers(plugin.plugin.as_str())).cloned();
            return Self { url: None, others: others.collect() };
        };
        let mut others = witness.lineage.givers(&place.commit);
        if let Some(filled) = Filled::of_made(&witness.lineage, place.commit) {
            others.extend(filled.givers(ALL).cloned());
        }
        Self { url: Some(place.url.clone()), others }
    }
}

impl Registry {
    /// Whether one of those who gave it is denied now. `home` is the marketplace's address.
    pub(in crate::registry) fn is_denied(&self, hosts: &Hosts, home: &str, given: &Given) -> bool {
        let denied = |url: &String| self.refusal_of_address(hosts, home, url).is_some();
        let from = given.url.as_deref().unwrap_or(home);
        given.url.as_ref().is_some_and(denied) || refusal_of_givers(&given.others, hosts, from).is_some()
    }
}
