//! Who is asked, and whom they lead on to: what came is remembered with that, so that it can be told later what a
//! host gave which is denied by then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// In one conversation no more hosts are asked.
const MOST: usize = 8;

/// Everybody who is asked in a conversation, as `https://host:port`.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<Mutex<BTreeSet<String>>>);

impl Asked {
    /// Where a conversation begins, by its address.
    pub fn begin(&self, url: &str) {
        self.add(giver(url));
    }

    /// False: there are too many already.
    pub(super) fn lead_on(&self, host: &str, port: u16) -> bool {
        self.add(format!("https://{host}:{port}"))
    }

    /// Those who were asked before, for something that need not be sent again.
    pub fn also(&self, hosts: &BTreeSet<String>) {
        for host in hosts {
            self.add(host.clone());
        }
    }

    fn add(&self, host: String) -> bool {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = hosts.len() < MOST || hosts.contains(&host);
        fits.then(|| hosts.insert(host)).is_some()
    }

    #[must_use]
    pub fn hosts(&self) -> BTreeSet<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Scheme, host and port of an address, as they are written.
#[must_use]
pub fn giver(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
            format!("{scheme}://{host}")
        }
        // `user@host:path`.
        None => format!("ssh://{}", url.split(':').next().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_the_host_is_kept_and_no_secret() {
        assert_eq!(giver("https://a.example:8443/x/y?z"), "https://a.example:8443");
        assert_eq!(giver("https://a.example?signature=s"), "https://a.example");
        assert_eq!(giver("https://a.example#x"), "https://a.example");
        assert_eq!(giver("ssh://git@a.example/x"), "ssh://git@a.example");
        assert_eq!(giver("git@a.example:x/y"), "ssh://git@a.example");
    }

    /// A server may lead each of ten thousand objects to a host of its own.
    #[test]
    fn nobody_leads_to_many() {
        let asked = Asked::default();
        asked.begin("https://git.example:8443/x/info/lfs");
        assert!(asked.lead_on("cdn.example", 443) && asked.lead_on("cdn.example", 443));
        let told: Vec<_> = asked.hosts().into_iter().collect();
        assert_eq!(told, ["https://cdn.example:443", "https://git.example:8443"]);
        let more = (0..1_000).filter(|n| asked.lead_on(&format!("h{n}.example"), 443)).count();
        assert_eq!(more, MOST - 2);
        assert!(asked.lead_on("cdn.example", 443));
    }
}
