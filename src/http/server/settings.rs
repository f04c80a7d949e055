//! What the operator can set about serving.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::http::room;
use crate::registry::bundles::archives::Base;

#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: Vec<SocketAddr>,
    pub tls: Option<TlsFiles>,
    /// The address by which analysts know this server.
    pub public_url: Option<Base>,
    /// PEM file of the authority that signed the certificate that analysts see, if no system knows it.
    pub ca_cert: Option<PathBuf>,
    /// When everything is synced, in UTC.
    pub sync_at: Vec<TimeOfDay>,
    /// Proxies whose word about where a request comes from is taken.
    pub trusted_proxies: Vec<Network>,
    /// Whether anybody may read `/metrics`.
    pub public_metrics: bool,
    /// How long transfers may take to end when the server goes down.
    pub drain: Duration,
    pub limits: Limits,
    /// Tells this process's request ids from another's.
    pub instance: u32,
}

/// Files in PEM format.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, and those between it and the authority's.
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// What a stranger may make the server hold, and for how long.
#[derive(Debug, Clone)]
pub struct Limits {
    pub connections: usize,
    /// From one address (IPv6: from one /64). Trusted proxies may have as many as there are.
    pub connections_each: usize,
    /// For the TLS handshake, and for a connection's first request to arrive.
    pub header_timeout: Duration,
    /// Between requests.
    pub keep_alive: Duration,
    /// Bytes that the bodies of all requests may have together, without small ones.
    pub bodies: usize,
    /// For a request's body, from its beginning to its end.
    pub body_timeout: Duration,
    /// For a client that does not take what it asked for.
    pub stall_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            tls: None,
            public_url: None,
            ca_cert: None,
            sync_at: Vec::new(),
            trusted_proxies: Vec::new(),
            public_metrics: false,
            drain: Duration::from_secs(30),
            limits: Limits::default(),
            instance: 0,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_each: 1_024,
            header_timeout: Duration::from_secs(15),
            keep_alive: Duration::from_secs(75),
            bodies: room::BYTES,
            body_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
        }
    }
}

/// A minute of the day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    minutes: u16,
}

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;
/// Microseconds in a day. UTC as computers count it has no leap seconds.
const DAY: i64 = 24 * 60 * MINUTE;

impl TimeOfDay {
    /// The first such moment after `now`, both in microseconds since 1970.
    #[must_use]
    pub fn after(self, now: i64) -> i64 {
        let today = now - now.rem_euclid(DAY) + i64::from(self.minutes) * MINUTE;
        if today > now { today } else { today + DAY }
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str, below: u16| {
            let fits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|number| fits && *number < below)
        };
        text.split_once(':')
            .and_then(|(hours, minutes)| Some((number(hours, 24)?, number(minutes, 60)?)))
            .map(|(hours, minutes)| Self { minutes: hours * 60 + minutes })
            .ok_or_else(|| format!("`{text}` is not a time of day such as 03:00"))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// An address, or all that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(mine), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(mine) & mask == u32::from(other) & mask
            }
            (IpAddr::V6(mine), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(mine) & mask == u128::from(other) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither an address nor a network such as 10.0.0.0/8");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
            None => most,
        };
        Ok(Self { address, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        let time: TimeOfDay = "03:05".parse().unwrap();
        assert_eq!(time.to_string(), "03:05");
        // 2026-01-01 00:00 UTC
        let midnight = 1_767_225_600_000_000;
        let three = midnight + 185 * MINUTE;
        assert_eq!(time.after(midnight), three);
        assert_eq!(time.after(three - 1), three);
        assert_eq!(time.after(three), three + DAY);
        assert_eq!(time.after(midnight + DAY - 1), three + DAY);
        for wrong in ["", "3:00", "24:00", "03:60", "03:5", "03-05", "+3:00", "03:05:00"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks() {
        let within = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(within("10.0.0.0/8", "10.255.0.1") && !within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("127.0.0.1", "127.0.0.1") && !within("127.0.0.1", "127.0.0.2"));
        assert!(within("0.0.0.0/0", "9.9.9.9") && !within("0.0.0.0/0", "::1"));
        assert!(within("10.0.0.0/8", "::ffff:10.1.2.3"), "an IPv4 address as a double-stack socket has it");
        assert!(within("fd00::/8", "fd12::1") && within("::/0", "fe80::1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "host", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
