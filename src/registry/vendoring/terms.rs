//! On which terms something is fetched that a catalog points to, or that is pointed to by what a catalog
//! points to: from which hosts and addresses, and with which token.

use std::sync::Arc;

use crate::domain::access::secret::Secret;
use crate::domain::plugin::remote::{FAILED, Remote};
use crate::domain::upstream::host::{Hosts, Place, Road};
use crate::git::{self, AllowHost, FetchOptions};
use crate::registry::Registry;
use crate::registry::marketplaces::origin::Origin;
use crate::store::marketplaces::MarketplaceRow;

/// On whose behalf something is fetched, and by what rules.
pub(in crate::registry) struct Errand<'a> {
    pub row: &'a MarketplaceRow,
    pub token: Option<&'a Secret>,
    pub hosts: &'a Arc<Hosts>,
}

/// Why nothing may come from where a source is, if that is so.
pub(in crate::registry) fn refusal(hosts: &Hosts, home: &Origin, remote: &Remote) -> Option<String> {
    refusal_of(hosts, home, address_of(remote)?)
}

/// Where a source says that it is, if it says so.
pub(super) fn address_of(remote: &Remote) -> Option<&str> {
    match remote {
        Remote::Git(git) => Some(&git.url),
        Remote::Archive(archive) => Some(&archive.url),
        Remote::Npm(npm) => npm.registry.as_deref(),
        Remote::Command => None,
    }
}

/// The same for the address of a repository, of a file, or of what is kept in the store.
pub(super) fn refusal_of(hosts: &Hosts, home: &Origin, url: &str) -> Option<String> {
    // No repository's address has a `?`; a file's may, and is where it is all the same.
    let url = url.split(['?', '#']).next()?;
    // What is no address is refused when it is fetched.
    let place = git::place_of(url).ok()?;
    hosts.refusal(&place, is_home(home, url))
}

/// Whether an address leads to where the marketplace itself is.
fn is_home(home: &Origin, url: &str) -> bool {
    matches!(home, Origin::Web { .. }) && Origin::of(url) == *home
}

/// Whether two addresses lead to one host, by the same road.
pub(super) fn is_same_place(one: &str, other: &str) -> bool {
    match Origin::of(one) {
        web @ Origin::Web { .. } => web == Origin::of(other),
        // All that go over ssh are of one origin, since no token goes there.
        Origin::Ssh | Origin::Local => match (git::place_of(one), git::place_of(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        },
    }
}

impl Registry {
    /// On which terms something is fetched that a catalog points to. The catalog is a stranger's: what it
    /// points to has to be on the public internet, and is sent the token that its host was given, if any; but
    /// for the very host that the marketplace is registered at. Whether its host is denied is asked before, by
    /// [`refusal`] or [`Self::further_terms`].
    pub(in crate::registry) fn remote_terms(
        &self,
        errand: &Errand<'_>,
        url: &str,
    ) -> std::result::Result<(Option<Secret>, FetchOptions), String> {
        let Errand { row, token, hosts } = *errand;
        let place = git::place_of(url).map_err(|why| format!("{FAILED}: {why}"))?;
        let mut options = self.options_of(errand);
        let of_host = match hosts.token_of(&place) {
            None => None,
            Some(variable) => match self.token(variable) {
                Ok(Some(token)) => Some(token),
                Ok(None) => {
                    return Err(format!(
                        "{FAILED}: the token of `{}` is gone (agnes host token {} --token-prompt)",
                        place.host, place.host
                    ));
                }
                Err(why) => return Err(format!("{FAILED}: {why}")),
            },
        };
        if is_home(&Origin::of(&row.url), url) {
            return Ok((token.cloned().or(of_host), options));
        }
        match place.road {
            Road::Https => {}
            // It was allowed in the operator's shell, by name.
            Road::Ssh => return Ok((None, options)),
            Road::Http => {
                return Err(format!("{FAILED}: `{url}` is not https, and not where the marketplace is"));
            }
        }
        options.allow_address = Some(self.allow_address());
        options.proxies = self.proxies();
        Ok((of_host, options))
    }

    fn options_of(&self, errand: &Errand<'_>) -> FetchOptions {
        let rules = Arc::clone(errand.hosts);
        let allow_host: AllowHost = Arc::new(move |host, port| {
            let place = Place { road: Road::Https, host: host.to_owned(), port };
            rules.refusal(&place, false).is_none()
        });
        FetchOptions { allow_host: Some(allow_host), ..self.fetch_options(errand.row) }
    }

    /// The same for what `by` points to, which the catalog points to. Who is on one host cannot have us fetch
    /// from another with the token that we have for that.
    pub(in crate::registry) fn further_terms(
        &self,
        errand: &Errand<'_>,
        by: &str,
        url: &str,
    ) -> std::result::Result<(Option<Secret>, FetchOptions), String> {
        if is_same_place(by, url) {
            return self.remote_terms(errand, url);
        }
        let place = git::place_of(url).map_err(|why| format!("{FAILED}: {why}"))?;
        if place.road != Road::Https {
            return Err(format!("{FAILED}: `{url}` is not https"));
        }
        if let Some(why) = errand.hosts.refusal(&place, false) {
            return Err(why);
        }
        let (allow_address, proxies) = (Some(self.allow_address()), self.proxies());
        Ok((None, FetchOptions { allow_address, proxies, ..self.options_of(errand) }))
    }
}
