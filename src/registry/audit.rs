//! Who did what, which, when.

use crate::domain::access::caller::{Caller, Right};
use crate::registry::{Registry, Result};
use crate::store::Store;
use crate::store::audit::AuditRow;

pub use crate::store::audit::Acts;

impl Registry {
    /// The latest acts, latest first.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn audit(&self, caller: &Caller, most: u32) -> Result<Vec<AuditRow>> {
        self.audit_of(caller, most, &Acts::default())
    }

    /// The latest of certain acts, latest first.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn audit_of(&self, caller: &Caller, most: u32, of: &Acts) -> Result<Vec<AuditRow>> {
        caller.may(Right::Administer)?;
        Ok(self.store().audit(i64::from(most), of)?)
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
