//! What a curator publishes, and what can be served of it.
//!
//! A [`catalog`] lists entries. [`reading`] finds what each means at one commit: where its files are ([`source`],
//! [`remote`]), which they are ([`content`], [`skills`]), what they say of themselves ([`manifest`], [`fields`]), what a
//! client would find in them ([`components`]), and what is wrong with them ([`complaints`], [`dependencies`]).

pub mod behaviour;
pub mod catalog;
pub mod complaints;
pub mod components;
pub mod content;
pub mod dependencies;
pub mod diff;
pub mod fields;
pub mod manifest;
pub mod names;
pub mod npm;
pub mod packed;
pub mod portable;
pub mod reading;
pub mod remote;
pub mod skills;
pub mod source;
pub mod version;
