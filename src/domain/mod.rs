//! Nouns and rules as plain values. Nothing here opens a file, asks the time or waits.
//!
//! The way of a plugin through this room: a [`catalog`] lists entries; [`reading`] finds what each
//! of them means at one commit ([`source`], [`links`], [`content`], [`skills`], [`manifest`]); a [`view`] gives
//! the granted ones their names in the feed; [`served`] writes those names into their files.

pub mod attributes;
pub mod behaviour;
pub mod caller;
pub mod catalog;
pub mod complaints;
pub mod components;
pub mod content;
pub mod dependencies;
pub mod diff;
pub mod digest;
pub mod disabling;
pub mod expiry;
pub mod fields;
pub mod guide;
pub mod host;
pub mod hosted;
pub mod lfs;
pub mod limits;
pub mod links;
pub mod manifest;
pub mod names;
pub mod network;
pub mod note;
pub mod npm;
pub mod oid;
pub mod packed;
pub mod path;
pub mod people;
pub mod portable;
pub mod provenance;
pub mod reading;
pub mod remote;
pub mod resource;
pub mod secret;
pub mod served;
pub mod shell;
pub mod skills;
pub mod slug;
pub mod source;
pub mod submodule;
pub mod time;
pub mod token;
pub mod tree;
pub mod upstream;
pub mod version;
pub mod view;
pub mod watch;

/// What the whole program's tests say when a program is missing, for those of the rooms.
#[cfg(test)]
#[path = "../../tests/support/loud.rs"]
pub(crate) mod loud;
#[cfg(test)]
mod testing;
