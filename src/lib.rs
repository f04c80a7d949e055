//! Agnes: one Claude Code marketplace per person, made of many.
//!
//! The house has floors, and each floor uses only the floors below it (`tests/house.rs` holds
//! every `use` line against this table):
//!
//! | floor | room | what lives there |
//! |---|---|---|
//! | 0 | [`domain`] | nouns and rules as plain values |
//! | 1 | [`wire`] | verbs: requests, answers, progress, problems |
//! | 2 | [`store`], [`git`], [`archive`] | hands: the only rooms that say `duckdb`, `gix`, `zip` |
//! | 3 | [`registry`] | mind: use cases, each asks permission in its first line |
//! | 4 | [`http`], [`client`] | mouths: the API and those who call it |
//! | 4 | [`analyst`] | the laptop: what `agnes setup` does there |
//! | 5 | [`cli`] | voice: the only room that prints |

#[cfg(not(unix))]
compile_error!("agnes is for Linux and macOS: analysts on Windows do without it, see docs/analysts.md");

pub mod analyst;
pub mod archive;
pub mod cli;
pub mod client;
pub mod domain;
pub mod git;
pub mod http;
pub mod registry;
pub mod store;
pub mod wire;
