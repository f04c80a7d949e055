//! What git has of a repository, as far as rules look at it.

pub mod attributes;
pub mod lfs;
pub mod links;
pub mod oid;
pub mod path;
pub mod submodule;
pub mod tree;
pub mod variables;
pub mod watched;

#[cfg(test)]
pub(super) mod testing;
