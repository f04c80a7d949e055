//! Nouns and rules as plain values. Nothing here opens a file, asks the time or waits.
//!
//! | | |
//! |---|---|
//! | [`upstream`] | where something comes from, and what is said of where that is |
//! | [`repository`] | what git has there: names of objects, paths, trees, attributes |
//! | [`plugin`] | what a curator publishes: catalogs, manifests, and what of them can be served |
//! | [`access`] | who asks, and what they may have |
//! | [`feed`] | what somebody gets |
//!
//! The way of a plugin through this room: a [`plugin::catalog`] lists entries; [`plugin::reading`] finds what each
//! of them means at one commit; a [`feed::view`] gives the granted ones their names in the feed; [`feed::served`]
//! writes those names into their files.

pub mod access;
pub mod digest;
pub mod feed;
pub mod hex;
pub mod limits;
pub mod note;
pub mod percent;
pub mod plugin;
pub mod repository;
pub mod shell;
pub mod time;
pub mod unfinished;
pub mod upstream;
pub mod watch;

/// What the whole program's tests say when a program is missing, for those of the rooms.
#[cfg(test)]
#[path = "../../tests/support/loud.rs"]
pub(crate) mod loud;
