//! Who did what, which, when.

use super::{Registry, Result};
use crate::domain::caller::{Caller, Right};
use crate::store::Store;
use crate::store::audit::AuditRow;

impl Registry {
    /// The latest acts, latest first.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub fn audit(&self, caller: &Caller, most: u32) -> Result<Vec<AuditRow>> {
        caller.may(Right::Administer)?;
        Ok(self.store().audit(i64::from(most))?)
    }

    /// Writes a line, in the transaction of the act itself.
    pub(super) fn record(
        &self,
        store: &Store,
        caller: &Caller,
        action: &str,
        resource: &str,
        detail: Option<&str>,
    ) -> Result<()> {
        Ok(store.record(self.now(), caller.name(), action, resource, detail)?)
    }
}
