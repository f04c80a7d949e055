//! Where marketplaces may be fetched from, by whom their addresses came.
//!
//! The operator's shell may register anything: whoever has it can reach the same from there. What came
//! over https is https, and leads to public addresses or those that `sync.allow_networks` names. The row
//! remembers which of the two it is, and every fetch looks at what it connects to: a name can lead
//! elsewhere tomorrow, and a redirect leads where its server likes.

use std::sync::Arc;

use super::origin::Origin;
use crate::domain::access::caller::Caller;
use crate::domain::shell::word;
use crate::domain::upstream::UpstreamUrl;
use crate::domain::upstream::network::{Outbound, names_this_machine};
use crate::git::{self, AllowAddress};
use crate::registry::{Error, Registry, Result};

/// Variables that name a proxy. See curl(1).
const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Whether what comes through this door may be fetched from public addresses only. Refuses what may not
/// be registered at all, and what would be refused by every fetch; names are looked up when fetching.
///
/// # Errors
/// When the address may not be registered from where the caller is.
pub(super) fn check_door(caller: &Caller, url: &UpstreamUrl, outbound: &Outbound) -> Result<bool> {
    match caller {
        Caller::Operator { .. } => return Ok(false),
        Caller::User { .. } | Caller::Scheduler if url.as_str().starts_with("https://") => {}
        Caller::User { .. } | Caller::Scheduler => {
            return Err(Error::Invalid {
                message: format!("`{url}` cannot be registered from afar: only https:// addresses can"),
                hint: Some("register it on the server itself, in the operator's shell".into()),
            });
        }
    }
    let (host, literal) = git::host_of(url.as_str()).map_err(Error::invalid)?;
    let refused = match literal {
        Some(address) => !outbound.allows(address),
        None => names_this_machine(&host) && outbound.networks.is_empty(),
    };
    if !refused {
        return Ok(true);
    }
    let spelt = match literal {
        Some(address) if address.to_string() != host.trim_matches(['[', ']']) => format!(" ({address})"),
        _ => String::new(),
    };
    Err(Error::Invalid {
        message: format!(
            "`{url}` cannot be registered from afar: `{host}`{spelt} is not an address of the public internet"
        ),
        hint: Some(format!(
            "register it in the operator's shell on the server (agnes marketplace add {}), or allow its \
             network there with `sync.allow_networks`",
            word(url.as_str())
        )),
    })
}

impl Registry {
    /// What a marketplace that is fetched from public addresses only may connect to.
    pub(in crate::registry) fn allow_address(&self) -> AllowAddress {
        let outbound = self.settings.sync.outbound.clone();
        Arc::new(move |address| outbound.allows(address))
    }

    /// The hosts of the proxies that the operator has set. They are the operator's own, wherever they are.
    pub(in crate::registry) fn proxies(&self) -> Vec<String> {
        let set = PROXIES.iter().filter_map(|name| (self.world.variable)(name));
        let hosts = set.filter(|text| !text.trim().is_empty()).filter_map(|text| {
            let text = text.trim();
            let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
            let url = url.split_once("://").map(|(_, rest)| format!("http://{rest}"))?;
            match Origin::of(&url) {
                Origin::Web { host, .. } => Some(host.trim_matches(['[', ']']).to_owned()),
                Origin::Ssh | Origin::Local => None,
            }
        });
        hosts.collect()
    }
}
