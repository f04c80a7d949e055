//! Nouns and rules as plain values. Nothing here opens a file, asks the time or waits.

pub mod oid;
pub mod secret;
pub mod tree;
pub mod watch;
