//! Taking a plugin out for everybody, and giving it back.

use super::row_of;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::disabling::Reason;
use crate::domain::note::quoted;
use crate::domain::plugin::names::PluginName;
use crate::registry::{Error, Registry, Result};
use crate::store::Store;

pub use crate::store::disabled::DisabledRow;

/// What disabling or enabling a plugin came to.
#[derive(Debug)]
pub struct Switched {
    pub marketplace: String,
    pub name: String,
    /// Since when and why nobody gets it; `None`: whoever was granted it does.
    pub disabled: Option<DisabledRow>,
    /// Whether that is new.
    pub changed: bool,
    /// Whether its marketplace has such a plugin at present.
    pub listed: bool,
}

impl Registry {
    /// From the next request on nobody gets the plugin, whatever they were granted. It need not be there yet:
    /// somebody may want to be quicker than a curator. To disable it once more with another reason
    /// changes the reason.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn disable_plugin(
        &self,
        caller: &Caller,
        marketplace: &str,
        name: &str,
        reason: Option<&str>,
    ) -> Result<Switched> {
        caller.may(Right::Administer)?;
        let reason = reason.filter(|text| !text.trim().is_empty());
        let reason = reason.map(str::parse::<Reason>).transpose().map_err(Error::invalid)?;
        self.store().transaction(|store| {
            let id = row_of(store, marketplace)?.id;
            let name = checked(store, &id, name)?;
            let listed = is_listed(store, &id, &name)?;
            let switched = |row, changed| Switched {
                marketplace: id.clone(),
                name: name.to_string(),
                disabled: Some(row),
                changed,
                listed,
            };
            let reason = reason.as_ref().map(ToString::to_string);
            match store.disabled_plugin(&id, name.as_str())? {
                Some(row) if reason.is_none() || row.reason == reason => Ok(switched(row, false)),
                _ => {
                    let row = DisabledRow {
                        marketplace_id: id.clone(),
                        name: name.to_string(),
                        at: self.now(),
                        by: caller.name().to_owned(),
                        reason,
                    };
                    store.disable_plugin(&row)?;
                    self.record(
                        store,
                        caller,
                        "plugin.disable",
                        &format!("{id}/{name}"),
                        row.reason.as_deref(),
                    )?;
                    Ok(switched(row, true))
                }
            }
        })
    }

    /// Whoever was granted the plugin gets it again.
    ///
    /// # Errors
    /// See [`Error`]. A plugin that is not disabled must at least be there.
    pub fn enable_plugin(&self, caller: &Caller, marketplace: &str, name: &str) -> Result<Switched> {
        caller.may(Right::Administer)?;
        self.store().transaction(|store| {
            let id = row_of(store, marketplace)?.id;
            let name = checked(store, &id, name)?;
            let listed = is_listed(store, &id, &name)?;
            let changed = store.enable_plugin(&id, name.as_str())?;
            if changed {
                self.record(store, caller, "plugin.enable", &format!("{id}/{name}"), None)?;
            } else if !listed {
                return Err(unlisted(store, &id, name.as_str())?);
            }
            Ok(Switched { marketplace: id, name: name.to_string(), disabled: None, changed, listed })
        })
    }
}

/// A name that no plugin can have is nobody's.
fn checked(store: &Store, marketplace: &str, name: &str) -> Result<PluginName> {
    match name.parse() {
        Ok(name) => Ok(name),
        Err(_) => Err(unlisted(store, marketplace, name)?),
    }
}

fn is_listed(store: &Store, marketplace: &str, name: &PluginName) -> Result<bool> {
    Ok(store.plugin(marketplace, name.as_str())?.is_some())
}

/// The words for a plugin that its marketplace does not have.
pub(super) fn unlisted(store: &Store, marketplace: &str, name: &str) -> Result<Error> {
    let rows = store.plugins(Some(marketplace))?;
    Ok(Error::NotFound {
        what: "plugin",
        name: quoted(&format!("{marketplace}/{name}")).trim_matches('`').to_owned(),
        known: rows.iter().map(|row| format!("{marketplace}/{}", row.name)).collect(),
    })
}
