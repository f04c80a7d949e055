//! Whole exchanges: whatever is understood is answered by the rules.
#![no_main]

use agnes_fuzz::domain::repository::oid::Oid;
use agnes_fuzz::git::upload_pack::{Protocol, Request};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    for protocol in [Protocol::V0, Protocol::V2] {
        match agnes_fuzz::read(protocol, body) {
            Some(Request::Fetch(fetch)) => agnes_fuzz::answered(protocol, &fetch),
            Some(Request::LsRefs(asked)) => {
                let answer = asked.answer(&Oid([0; 20]));
                let packets = agnes_fuzz::packets(&answer);
                assert!(packets.len() <= 3 && packets.last() == Some(&agnes_fuzz::Packet::Flush));
            }
            Some(Request::Nothing | Request::BundleUri) | None => {}
        }
    }
});
