//! Where a request comes from when there is a proxy before us.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

use super::settings::Network;

/// Headers by which a proxy gives itself away.
const MARKS: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// The address that counts: the connection's own; if that is a trusted proxy's, the last one in
/// `X-Forwarded-For` that is none. What stands further left, anybody may have written.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let mut client = peer.to_canonical();
    let is_trusted = |address| trusted.iter().any(|network: &Network| network.contains(address));
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    for hop in lines.iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(',')) {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = parsed(hop.trim()) else { break };
        client = address;
    }
    client
}

/// Whether it came straight from this very machine, as far as can be seen.
pub(super) fn is_local(peer: IpAddr, headers: &HeaderMap) -> bool {
    peer.to_canonical().is_loopback() && !came_by_proxy(headers)
}

/// Whether a proxy gives itself away. (Or somebody poses as one.)
pub(super) fn came_by_proxy(headers: &HeaderMap) -> bool {
    MARKS.iter().any(|mark| headers.contains_key(*mark))
}

/// An address, with or without a port.
fn parsed(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| hop.parse().ok().map(|hop: SocketAddr| hop.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let seen =
            |peer: &str, lines: &[&str]| client(peer.parse().unwrap(), &headers(lines), &trusted).to_string();
        assert_eq!(seen("9.9.9.9", &["1.1.1.1"]), "9.9.9.9", "a stranger's claim counts for nothing");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 1.1.1.1"]), "1.1.1.1", "the left end is the client's own");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "1.1.1.1, 10.0.0.2"]), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1:4711"]), "1.1.1.1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:1.1.1.1"]), "1.1.1.1");
        for nonsense in ["", "unknown", "1.1.1.1.1", ",,,", "1.1.1.1;x"] {
            assert_eq!(seen("10.0.0.1", &[nonsense]), "10.0.0.1", "{nonsense}");
        }
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_proxy_on_this_machine_brings_is_not_local() {
        let peer = "127.0.0.1".parse().unwrap();
        assert!(is_local(peer, &HeaderMap::new()) && !is_local(peer, &headers(&["127.0.0.1"])));
        assert!(!is_local("10.0.0.1".parse().unwrap(), &HeaderMap::new()));
    }
}
