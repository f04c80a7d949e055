//! Addresses that a stranger may send us to, and those that they may not.
//!
//! Whoever registers a marketplace over https decides what this machine connects to. What it must not
//! be made to reach is what only this machine can: itself, its neighbours, the metadata service of its
//! cloud. So what may be reached is what is public, by the registries of special-purpose addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>; RFC 6890), and what the operator allows.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::domain::note::quoted;

/// Not public, of IPv4: first address, bits of prefix.
const NOT_PUBLIC_4: [([u8; 4], u8); 17] = [
    ([0, 0, 0, 0], 8),        // "this network": many systems take 0.0.0.0 for themselves
    ([10, 0, 0, 0], 8),       // private (RFC 1918)
    ([100, 64, 0, 0], 10),    // behind a carrier's NAT (RFC 6598); Alibaba's metadata at 100.100.100.200
    ([127, 0, 0, 0], 8),      // this machine
    ([168, 63, 129, 16], 32), // public by number; Azure answers there to its own machines
    ([169, 254, 0, 0], 16),   // link-local; the metadata of most clouds at 169.254.169.254
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // 6to4 relays
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved
    ([255, 255, 255, 255], 32),
];

/// Not public, of IPv6's global unicast addresses.
const NOT_PUBLIC_6: [([u16; 3], u8); 4] = [
    ([0x2001, 0, 0], 23),     // protocol assignments: Teredo, benchmarks, ORCHID
    ([0x2001, 0xdb8, 0], 32), // documentation
    ([0x2002, 0, 0], 16),     // 6to4: leads to whatever IPv4 address is in it
    ([0x3fff, 0, 0], 20),     // documentation
];

/// Whether an address is one of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match embedded(address) {
        IpAddr::V4(address) => {
            !NOT_PUBLIC_4.iter().any(|(first, bits)| Network::new((*first).into(), *bits).has(address.into()))
        }
        // Only these were ever given out (2000::/3). That leaves out ::, ::1, fc00::/7, fe80::/10,
        // ff00::/8, the old site-local and IPv4-compatible ones, and what somebody may yet think of.
        IpAddr::V6(address) => {
            let global = Network::new(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0).into(), 3);
            let special = |([a, b, c], bits): &([u16; 3], u8)| {
                Network::new(Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0).into(), *bits).has(address.into())
            };
            global.has(address.into()) && !NOT_PUBLIC_6.iter().any(special)
        }
    }
}

/// The IPv4 address that an IPv6 address stands for, where whoever connects to the one reaches the
/// other: IPv4-mapped (`::ffff:0:0/96`) and NAT64 (`64:ff9b::/96`, RFC 6052), by which a network without
/// IPv4 reaches the rest of the world.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    match six.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => address,
    }
}

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    fn new(first: IpAddr, bits: u8) -> Self {
        Self { first, bits }
    }

    /// Whether an address is in it, whichever way it is written.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.has(address) || self.has(embedded(address))
    }

    fn has(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differ = first.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a network: something like `10.20.0.0/16`, `192.168.7.5` or `fd00:1::/48` is needed", quoted(.0))]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    /// An address, or one with `/` and how many bits of it count.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let refuse = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| refuse())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse().map_err(|_| refuse())?
            }
            Some(_) => return Err(refuse()),
            None => most,
        };
        if bits > most { Err(refuse()) } else { Ok(Self::new(first, bits)) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// Where marketplaces that were registered over https may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbound {
    /// Networks that are not public and allowed all the same.
    pub networks: Vec<Network>,
}

impl Outbound {
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.networks.iter().any(|network| network.contains(address))
    }
}

impl FromStr for Outbound {
    type Err = NotANetwork;

    /// Networks with spaces or commas between them.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let words = text.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty());
        Ok(Self { networks: words.map(str::parse).collect::<Result<_, _>>()? })
    }
}

/// Whether a host's name is one that every system takes for itself (RFC 6761), without asking anybody.
#[must_use]
pub fn names_this_machine(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn public_addresses_are_public() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "140.82.121.4",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001:80b::200e",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(address(text)), "{text}");
        }
    }

    /// Each of these is a way to a service that trusts whoever can reach it.
    #[test]
    fn addresses_that_are_not_public_are_not() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert!(!is_public(address(text)), "{text}");
        }
    }

    #[test]
    fn networks_are_as_wide_as_they_say() {
        let outbound: Outbound = "10.20.0.0/16, 192.168.7.5 fd00:1::/48".parse().unwrap();
        for (text, allowed) in [
            ("10.20.0.1", true),
            ("10.21.0.0", false),
            ("::ffff:10.20.255.255", true),
            ("64:ff9b::10.20.1.1", true),
            ("192.168.7.5", true),
            ("192.168.7.4", false),
            ("fd00:1::1", true),
            ("fd00:2::1", false),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(outbound.allows(address(text)), allowed, "{text}");
        }
        let all: Outbound = "0.0.0.0/0 ::/0".parse().unwrap();
        assert!(["127.0.0.1", "::1", "fe80::1"].iter().all(|text| all.allows(address(text))));
        assert_eq!("".parse(), Ok(Outbound::default()));
        for text in
            ["10.0.0.0/33", "::/129", "10.0.0", "example.com", "10.0.0.0/", "10.0.0.0/+8", "/8", "1::/256"]
        {
            assert!(text.parse::<Outbound>().is_err(), "{text}");
        }
        assert_eq!(all.networks[1].to_string(), "::/0");
    }

    #[test]
    fn this_machine_has_names() {
        assert!(["localhost", "LOCALHOST.", "a.localhost"].iter().all(|name| names_this_machine(name)));
        assert!(!["localhost.example", "mylocalhost", ""].iter().any(|name| names_this_machine(name)));
    }
}
