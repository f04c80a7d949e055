//! What a caller gets besides the whole bundle: one plugin's ZIP, and the catalog to be read from an
//! address.

use std::collections::HashMap;
use std::sync::Arc;

use super::Bundle;
use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::domain::digest::Digest;
use crate::domain::feed::hosted::{self, Unfit};
use crate::domain::feed::view::Served;
use crate::domain::note::quoted;
use crate::domain::repository::oid::Oid;
use crate::registry::access::{Access, Scope};
use crate::registry::people::users::user_row;
use crate::registry::views::Glance;
use crate::registry::{Error, Registry, Result};

// What the mouths hand over.
pub use crate::domain::feed::hosted::{Base, Login};

/// A plugin of somebody's view, and what is needed to build it: all of one moment.
struct Single {
    email: String,
    plugin: Served,
    commits: HashMap<String, Oid>,
}

impl Registry {
    /// The catalog of the caller's own view, with sources that lead to `base` by means of `login`. It is for
    /// the caller alone: the login is in it.
    ///
    /// # Errors
    /// See [`Error`]; also when it is larger than what clients read.
    pub fn my_hosted_catalog(&self, caller: &Caller, base: &Base, login: &Login) -> Result<Secret> {
        caller.own_id()?;
        let view = self.my_view(caller)?.view;
        hosted::catalog(&view, base, login).map_err(|unfit| match unfit {
            Unfit::Unreadable => Error::Defect("a catalog that it wrote is none"),
            Unfit::TooLarge { .. } => Error::Conflict {
                message: unfit.to_string(),
                hint: Some(format!(
                    "add it as a git repository: {base}/marketplace.git, without a slash at the end"
                )),
            },
        })
    }

    /// Names the ZIP of the plugin that the caller has in that folder of the feed: same name, same bytes.
    ///
    /// # Errors
    /// See [`Error`]. A plugin that the caller was not granted is not found, like one that is not there.
    pub fn my_plugin_archive_digest(&self, caller: &Caller, folder: &str) -> Result<Digest> {
        let user = caller.own_id()?;
        Ok(self.single(user, folder)?.plugin.archive_digest())
    }

    /// That ZIP, built if it is not there yet.
    ///
    /// # Errors
    /// As [`Self::my_plugin_archive_digest`].
    pub fn my_plugin_archive(&self, caller: &Caller, folder: &str) -> Result<Bundle> {
        let user = caller.own_id()?;
        let single = self.single(user, folder)?;
        self.archive_of(&single).or_else(|error| {
            // As with a bundle: what it was made from may be gone by now, and then it is another one.
            let now = self.single(user, folder)?;
            let same = (&now.commits, &now.plugin.vendored) == (&single.commits, &single.plugin.vendored);
            if same { Err(error) } else { self.archive_of(&now) }
        })
    }

    /// Looks at the user's own plugins alone, so neither what it says nor how long it takes tells anything
    /// of others.
    fn single(&self, user: &str, folder: &str) -> Result<Single> {
        let access = if let Some(access) = self.access()? {
            access
        } else {
            let store = self.store();
            let row = user_row(&store, user)?;
            Arc::new(Access::load(&store, Scope::User(&row))?)
        };
        let Some(entitlement) = access.entitlement(user) else { return Err(self.nobody(user)) };
        let plugin = entitlement.plugin_in(folder).ok_or_else(|| Error::NotFound {
            what: "plugin",
            name: quoted(folder).trim_matches('`').to_owned(),
            known: Vec::new(),
        })?;
        Ok(Single { email: entitlement.email().to_owned(), plugin, commits: entitlement.commits() })
    }

    fn archive_of(&self, single: &Single) -> Result<Bundle> {
        let Single { email, plugin, commits } = single;
        let glance = Glance { digest: plugin.archive_digest(), plugins: 1 };
        self.cached_or_built(email, glance, |cache, path| self.build_one(cache, plugin, commits, path))
    }
}
