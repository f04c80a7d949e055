//! Who is connected, and who has to go when there are too many.
//!
//! Whoever connects when all places are taken gets the place of whoever has sent no request for
//! longest. So a thousand connections that do nothing keep nobody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::link::Link;

pub(super) struct Crowd {
    most: usize,
    most_each: usize,
    next: AtomicU64,
    inside: Mutex<HashMap<u64, Arc<Link>>>,
}

/// A connection's place, until it is dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    id: u64,
}

impl Crowd {
    pub fn new(most: usize, most_each: usize) -> Self {
        Self { most, most_each, next: AtomicU64::new(0), inside: Mutex::default() }
    }

    pub fn len(&self) -> usize {
        self.inside().len()
    }

    /// A place for a connection; `from` is what counts as its address, if that is to be counted.
    /// `None` when all places are taken by those who are being answered.
    pub fn enter(self: &Arc<Self>, link: &Arc<Link>, from: Option<IpAddr>) -> Option<Place> {
        let mut inside = self.inside();
        if let Some(from) = from.filter(|_| inside.len() >= self.most_each) {
            let same = |other: &&Arc<Link>| other.address().map(same_party) == Some(same_party(from));
            if inside.values().filter(same).count() >= self.most_each {
                evict(&mut inside, &|other| same(&other))?;
            }
        }
        if inside.len() >= self.most {
            evict(&mut inside, &|_| true)?;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        inside.insert(id, Arc::clone(link));
        Some(Place { crowd: Arc::clone(self), id })
    }

    /// Makes room when the system has none left.
    pub fn thin_out(&self) -> bool {
        evict(&mut self.inside(), &|_| true).is_some()
    }

    fn inside(&self) -> MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn evict(inside: &mut HashMap<u64, Arc<Link>>, who: &dyn Fn(&Arc<Link>) -> bool) -> Option<()> {
    let idle = inside
        .iter()
        .filter(|(_, link)| who(link))
        .filter_map(|(id, link)| link.pulse.idle().map(|idle| (idle, *id)));
    let (_, id) = idle.max()?;
    inside.remove(&id)?.pulse.evicted.notify_one();
    Some(())
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.inside().remove(&self.id);
    }
}

/// Addresses that one party can choose freely are one: with IPv6, everybody has a /64.
pub(super) fn same_party(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::link::Peer;
    use super::*;

    fn link(address: &str) -> Arc<Link> {
        Arc::new(Link::new(Peer::Network(format!("{address}:1").parse().unwrap())))
    }

    fn enter(crowd: &Arc<Crowd>, link: &Arc<Link>) -> Option<Place> {
        std::thread::sleep(Duration::from_millis(2));
        crowd.enter(link, link.address())
    }

    #[test]
    fn the_one_that_was_idle_for_longest_makes_room() {
        let crowd = Arc::new(Crowd::new(2, 2));
        let (a, b, c) = (link("10.0.0.1"), link("10.0.0.2"), link("10.0.0.3"));
        let places = [enter(&crowd, &a), enter(&crowd, &b)];
        a.pulse.request_began();
        let third = enter(&crowd, &c).expect("b is idle");
        b.pulse.request_began();
        c.pulse.request_began();
        assert!(enter(&crowd, &link("10.0.0.4")).is_none(), "all are busy");
        assert_eq!(crowd.len(), 2);
        drop((places, third));
        assert_eq!(crowd.len(), 0);
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let crowd = Arc::new(Crowd::new(3, 2));
        let other = link("10.0.0.9");
        let _other = enter(&crowd, &other);
        let greedy: Vec<_> = (0..5).map(|_| link("10.0.0.1")).collect();
        let places: Vec<_> = greedy.iter().map(|link| enter(&crowd, link)).collect();
        assert!(places.iter().all(Option::is_some));
        assert_eq!(crowd.len(), 3);
        assert!(crowd.inside().values().any(|link| Arc::ptr_eq(link, &other)), "the other was thrown out");
    }

    #[test]
    fn a_whole_network_of_ipv6_is_one_party() {
        let party = |address: &str| same_party(address.parse().unwrap());
        assert_eq!(party("2001:db8::1"), party("2001:db8::ffff:1"));
        assert_ne!(party("2001:db8::1"), party("2001:db8:0:1::1"));
        assert_eq!(party("::ffff:10.0.0.1"), party("10.0.0.1"));
    }
}
