//! Filters of partial clones.
#![no_main]

use agnes_fuzz::git::upload_pack::{Filter, ObjectKind};

libfuzzer_sys::fuzz_target!(|spec: &str| {
    match Filter::parse(spec) {
        Ok(filter) => {
            assert!(!filter.is_empty(), "a filter that filters nothing");
            // Not that it matters which: it must not fail, at any depth.
            let _ = filter.keeps(ObjectKind::Blob, u64::MAX, || u64::MAX);
        }
        Err(refusal) => agnes_fuzz::refused(&refusal),
    }
});
