//! Who asks, and what they may have: users, groups, what is granted, tokens, and what was taken out for all.

pub mod caller;
pub mod disabling;
pub mod expiry;
pub mod people;
pub mod resource;
pub mod secret;
pub mod token;
