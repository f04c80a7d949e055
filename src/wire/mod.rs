//! The API's words: one struct for each request and answer. What the API answers is what `--json`
//! prints and what tests expect.
//!
//! Times are RFC 3339 in UTC, to the second. Fields that are `null` have no value; requests refuse
//! fields that they do not know.

pub mod audit;
pub mod diff;
pub mod doctor;
pub mod grants;
pub mod hosts;
pub mod marketplaces;
pub mod people;
pub mod plugins;
pub mod problem;
pub mod sync;
pub mod tokens;
pub mod upkeep;
pub mod verify;
pub mod views;

pub use problem::Problem;

/// Which agnes answers, said with every answer of the API, so that another version knows what it talks to.
pub const VERSION_HEADER: &str = "agnes-version";

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
