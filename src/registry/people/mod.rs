//! Who there is, what they may have, and how they prove who they are.

pub mod authentication;
pub mod grants;
pub mod groups;
pub mod tokens;
pub mod users;
