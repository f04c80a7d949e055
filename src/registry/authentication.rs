//! Who holds a token. Doors ask here; nothing inside a request says who is asking.

use super::Registry;
use crate::domain::caller::Caller;
use crate::domain::secret::Secret;

/// Why a token opens nothing. Outside it is always the same 401; logs and metrics tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Not something we ever made: wrong beginning, wrong length, wrong checksum.
    Malformed,
    /// Well made, and nobody's: never ours, or its user is gone.
    Unknown,
    Expired,
    Revoked,
}

impl Registry {
    /// The caller whose token that is: a user's personal access token, or the scheduler's.
    ///
    /// # Errors
    /// When it is nobody's, or not any more.
    pub fn authenticate(&self, _presented: &Secret) -> Result<Caller, Denied> {
        Err(Denied::Unknown)
    }
}
