//! How often an address may come with tokens that open nothing.
//!
//! Only failures count, and whoever has a good token is let in however many failures came from where
//! they are: behind one address there may be a whole company, and one laptop with an old token. A
//! request without any token does not count either: git and browsers always begin with one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::crowd::same_party;

/// Failures that may come at once.
const BURST: f64 = 20.0;

/// How long until one more may.
const REFILL: Duration = Duration::from_secs(3);

/// Addresses that are remembered. Whoever comes when all are taken shares one count with all the
/// others who do.
const MOST: usize = 10_000;

/// How often those are looked for that can be forgotten.
const TIDY: Duration = Duration::from_secs(1);

pub(super) struct Throttle {
    inside: Mutex<Inside>,
}

struct Inside {
    buckets: HashMap<IpAddr, Bucket>,
    others: Bucket,
    tidied: Instant,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn refilled(self, now: Instant) -> f64 {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        (self.left + seconds / REFILL.as_secs_f64()).min(BURST)
    }

    /// Takes one, or says how long until there is one again.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let left = self.refilled(now);
        *self = Self { left, at: now };
        if left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(REFILL.mul_f64(1.0 - left))
    }
}

impl Throttle {
    pub fn new(now: Instant) -> Self {
        let others = Bucket { left: BURST, at: now };
        Self { inside: Mutex::new(Inside { buckets: HashMap::new(), others, tidied: now }) }
    }

    /// Counts a failure. An error says for how long this address is to stay away.
    pub fn failed(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let from = same_party(from);
        if !inside.buckets.contains_key(&from) && inside.buckets.len() >= MOST {
            inside.tidy(now, TIDY);
            if inside.buckets.len() >= MOST {
                return inside.others.take(now);
            }
        }
        inside.buckets.entry(from).or_insert(Bucket { left: BURST, at: now }).take(now)
    }

    /// Forgets whoever has not failed for long.
    pub fn tidy(&self, now: Instant) {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).tidy(now, Duration::ZERO);
    }
}

impl Inside {
    fn tidy(&mut self, now: Instant, at_most_every: Duration) {
        if now.saturating_duration_since(self.tidied) >= at_most_every {
            self.tidied = now;
            self.buckets.retain(|_, bucket| bucket.refilled(now) < BURST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + last).into())
    }

    #[test]
    fn after_a_burst_one_at_a_time() {
        let begin = Instant::now();
        let throttle = Throttle::new(begin);
        for _ in 0..20 {
            throttle.failed(address(1), begin).unwrap();
        }
        let wait = throttle.failed(address(1), begin).unwrap_err();
        assert!(wait > Duration::from_secs(2) && wait <= REFILL, "{wait:?}");
        throttle.failed(address(2), begin).expect("another address has its own count");
        throttle.failed(address(1), begin + REFILL).unwrap();
        throttle.failed(address(1), begin + REFILL).unwrap_err();
        for _ in 0..20 {
            throttle.failed(address(1), begin + REFILL * 100).unwrap();
        }
        throttle.failed(address(1), begin + REFILL * 100).unwrap_err();
    }

    #[test]
    fn neighbours_in_ipv6_count_as_one() {
        let begin = Instant::now();
        let throttle = Throttle::new(begin);
        let neighbour = |last: u16| format!("2001:db8::{last:x}").parse::<IpAddr>().unwrap();
        let failures = (0..100).filter(|last| throttle.failed(neighbour(*last), begin).is_err()).count();
        assert_eq!(failures, 80);
    }

    #[test]
    fn an_attacker_with_many_addresses_fills_no_memory() {
        let begin = Instant::now();
        let throttle = Throttle::new(begin);
        let many = u32::try_from(MOST).unwrap() * 3;
        let refused = (0..many).filter(|last| throttle.failed(address(*last), begin).is_err()).count();
        assert_eq!(throttle.inside.lock().unwrap().buckets.len(), MOST);
        assert!(refused > MOST, "those who are too many share one count: {refused}");
        throttle.tidy(begin + REFILL * 2);
        assert_eq!(throttle.inside.lock().unwrap().buckets.len(), 0);
    }
}
