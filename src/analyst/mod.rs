//! An analyst's own machine: what `agnes setup` and its companions do there.
//!
//! The programs that do the work are the user's own `git` and `claude` ([`programs`]); nothing of theirs is
//! imitated. What is ours on that machine is in one folder ([`place`]): the tokens, each in the one file
//! that it is ever written to ([`credentials`]), and a note of what was set up and how it was before
//! ([`state`]), so that all of it can be taken back ([`undo`]).
//!
//! Nothing here prints or asks: what there is to say goes to a [`Tell`].

pub mod claude;
pub mod compare;
pub mod credentials;
pub mod error;
mod files;
mod folder;
pub mod git;
mod header;
pub mod helper;
pub mod hook;
mod ledger;
mod leftovers;
pub mod place;
pub mod programs;
pub mod refresh;
pub mod server;
mod settings;
pub mod setup;
pub mod state;
#[cfg(test)]
mod tests;
pub mod undo;

pub use error::{Kind, Snag};
pub use place::Place;

/// Where lines for whoever sits there go.
pub type Tell<'a> = &'a dyn Fn(&str);
