//! Requests of protocol v2.
#![no_main]

use agnes_fuzz::git::upload_pack::Protocol;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let _ = agnes_fuzz::read(Protocol::V2, body);
});
