//! Requests of protocols v0 and v1, which are read alike.
#![no_main]

use agnes_fuzz::git::upload_pack::Protocol;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    assert_eq!(agnes_fuzz::read(Protocol::V0, body), agnes_fuzz::read(Protocol::V1, body));
});
