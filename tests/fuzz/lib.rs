//! The files under test, without the rest of the house, and what must hold of every answer.

#[path = "../../src/domain"]
pub mod domain {
    pub mod hex;
    pub mod percent;
    pub mod repository {
        pub mod oid;
    }
}

#[path = "../../src/git"]
pub mod git {
    mod shown;
    pub mod upload_pack;

    pub(crate) use shown::shown;
}

use std::collections::HashSet;

use domain::repository::oid::Oid;
use git::upload_pack::{Fetch, MOST_IDS, Protocol, Refusal, Request, parse};

/// Whom this caller was served before: half of all ids.
pub fn known(id: &Oid) -> bool {
    id.0[19] & 1 == 1
}

/// Reads a request, and holds what comes out against what every request promises.
pub fn read(protocol: Protocol, body: &[u8]) -> Option<Request> {
    match parse(protocol, body) {
        Ok(request) => {
            if let Request::Fetch(fetch) = &request {
                for ids in [&fetch.wants, &fetch.haves, &fetch.shallow] {
                    assert!(ids.len() <= MOST_IDS);
                    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "an id twice");
                }
            }
            Some(request)
        }
        Err(refusal) => {
            refused(&refusal);
            None
        }
    }
}

/// A refusal is one packet that a client shows and a terminal does not obey.
pub fn refused(refusal: &Refusal) {
    let packet = refusal.packet();
    let [Packet::Line(line)] = packets(&packet)[..] else { panic!("{refusal}") };
    let message = std::str::from_utf8(line).unwrap().strip_prefix("ERR ").unwrap();
    assert!(!message.chars().any(char::is_control) && message.len() < 3_000);
}

/// Answers a fetch, and holds the answer against the rules of the protocol.
pub fn answered(protocol: Protocol, fetch: &Fetch) {
    let reply = fetch.reply(&known);
    let packets = packets(&reply.head);
    let has = |wanted: &[u8]| packets.iter().any(|packet| *packet == Packet::Line(wanted));
    if fetch.wants.is_empty() {
        assert_eq!(reply.pack, None, "a pack that nobody wants");
    }
    for packet in &packets {
        let Packet::Line(line) = packet else { continue };
        if let Some(id) = line.strip_prefix(b"ACK ").and_then(|rest| rest.get(..40)) {
            let id: Oid = std::str::from_utf8(id).unwrap().parse().unwrap();
            assert!(known(&id) && fetch.haves.contains(&id), "{id} is none of the client's business");
        }
        if let Some(id) = line.strip_prefix(b"unshallow ") {
            let id: Oid = std::str::from_utf8(id).unwrap().parse().unwrap();
            assert!(known(&id) && fetch.shallow.contains(&id), "{id} is none of the client's business");
        }
        assert!(!line.starts_with(b"shallow "), "no snapshot lacks parents");
    }
    if protocol == Protocol::V2 {
        assert_eq!(reply.pack.is_some(), packets.last() == Some(&Packet::Line(b"packfile\n")));
        assert_eq!(reply.pack.is_none() && !packets.is_empty(), packets.last() == Some(&Packet::Flush));
        assert!(!has(b"ready\n") || reply.pack.is_some(), "ready, and then no pack");
    } else if reply.pack.is_some() {
        let Some(Packet::Line(last)) = packets.last() else { panic!("a pack out of nowhere") };
        assert!(*last == b"NAK\n" || (last.starts_with(b"ACK ") && last.len() == 45), "{last:?}");
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    Line(&'a [u8]),
    Flush,
    Delim,
}

/// Packets as clients read them: a second reader, so that it does not share the first one's mistakes.
pub fn packets(mut bytes: &[u8]) -> Vec<Packet<'_>> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let digits = std::str::from_utf8(&bytes[..4]).unwrap();
        assert_eq!(digits, digits.to_ascii_lowercase());
        let length = usize::from_str_radix(digits, 16).unwrap();
        packets.push(match length {
            0 => Packet::Flush,
            1 => Packet::Delim,
            5..=65_520 => Packet::Line(&bytes[4..length]),
            _ => panic!("a packet of {length} bytes"),
        });
        bytes = &bytes[length.max(4)..];
    }
    packets
}
