//! Who may have what.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::groups::group_row;
use super::users::user_row;
use crate::domain::access::caller::{Caller, Right};
use crate::domain::access::resource::Resource;
use crate::domain::shell::{word, words};
use crate::registry::{Error, Registry, Result};
use crate::store::Store;
use crate::store::accounts::GroupRow;
use crate::store::grants::GrantRow;

/// A group, as far as a grant needs to know it.
pub(in crate::registry) struct Named {
    pub id: String,
    pub name: String,
}

impl From<GroupRow> for Named {
    fn from(row: GroupRow) -> Self {
        Self { id: row.id, name: row.name }
    }
}

/// A grant, and how many plugins it stands for at present.
#[derive(Debug, Clone)]
pub struct Grant {
    pub row: GrantRow,
    pub plugins: u64,
}

/// Which grants to list.
#[derive(Debug, Default)]
pub struct Filter {
    pub group: Option<String>,
    pub user: Option<String>,
    pub plugin: Option<String>,
}

/// What granting or revoking did.
#[derive(Debug, Clone)]
pub struct Granted {
    pub group: String,
    pub resources: Vec<GrantedResource>,
}

#[derive(Debug, Clone)]
pub struct GrantedResource {
    pub resource: String,
    pub granted: bool,
    pub changed: bool,
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn grants(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Grant>> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let group = filter.group.as_deref().map(|key| group_row(&store, key)).transpose()?;
        let of_user = match &filter.user {
            None => None,
            Some(key) => {
                let groups = store.groups_of(&user_row(&store, key)?.id)?;
                Some(groups.into_iter().map(|group| group.id).collect::<HashSet<_>>())
            }
        };
        let plugin =
            filter.plugin.as_deref().map(str::parse::<Resource>).transpose().map_err(Error::invalid)?;
        let mut counts: HashMap<String, u64> = HashMap::new();
        for (slug, name) in store.plugin_names()? {
            *counts.entry(format!("{slug}/*")).or_default() += 1;
            counts.insert(format!("{slug}/{name}"), 1);
        }
        let rows = store.grants()?.into_iter();
        let wanted = rows.filter(|row| {
            group.as_ref().is_none_or(|group| group.id == row.group_id)
                && of_user.as_ref().is_none_or(|groups| groups.contains(&row.group_id))
                && plugin.as_ref().is_none_or(|plugin| {
                    row.resource == plugin.to_string() || row.resource == plugin.whole().to_string()
                })
        });
        let found: Vec<_> = wanted
            .map(|row| Grant { plugins: counts.get(&row.resource).copied().unwrap_or_default(), row })
            .collect();
        // Grants of a plugin that is gone are listed; that there are none is said only of one that is.
        if let (true, Some(plugin)) = (found.is_empty(), &plugin) {
            check_exists(&store, plugin)?;
        }
        Ok(found)
    }

    /// # Errors
    /// See [`Error`].
    pub fn grant(&self, caller: &Caller, group: &str, resources: &[String]) -> Result<Granted> {
        caller.may(Right::Administer)?;
        self.change_grants(caller, group, resources, true)
    }

    /// # Errors
    /// See [`Error`].
    pub fn revoke(&self, caller: &Caller, group: &str, resources: &[String]) -> Result<Granted> {
        caller.may(Right::Administer)?;
        self.change_grants(caller, group, resources, false)
    }

    /// All of the resources, or none.
    fn change_grants(
        &self,
        caller: &Caller,
        group: &str,
        resources: &[String],
        grant: bool,
    ) -> Result<Granted> {
        if resources.is_empty() {
            return Err(Error::invalid(
                "name at least one resource: `marketplace/plugin` or `marketplace/*`",
            ));
        }
        self.store().transaction(|store| {
            // While the store is held, memory says what the database says, and need not be asked for rows
            // among hundreds of thousands.
            let access = self.access_if_held();
            let known = |resource: &Resource| access.as_ref().is_some_and(|access| access.lists(resource));
            let group = match access.as_ref().and_then(|access| access.group_named(group)) {
                Some(named) => named,
                None => Named::from(group_row(store, group)?),
            };
            let mut done = Vec::new();
            for text in resources {
                let resource: Resource = text.trim().parse().map_err(Error::invalid)?;
                let resource_id = resource.to_string();
                let changed = if grant {
                    if !known(&resource) {
                        check_exists(store, &resource)?;
                    }
                    store.grant(&group.id, &resource_id, self.now(), caller.name())?
                } else {
                    store.revoke(&group.id, &resource_id)?
                };
                if !grant && !changed {
                    why_not_revoked(store, &group.id, &group.name, &resource)?;
                    // Nobody should believe that access ended which goes on under the right name.
                    check_exists(store, &resource)?;
                }
                if changed {
                    let action = if grant { "grant.add" } else { "grant.remove" };
                    self.record(store, caller, action, &resource_id, Some(&group.name))?;
                }
                done.push(GrantedResource { resource: resource_id, granted: grant, changed });
            }
            Ok(Granted { group: group.name, resources: done })
        })
    }
}

/// Naming something that is not there is almost always a slip of the keyboard.
fn check_exists(store: &Store, resource: &Resource) -> Result<()> {
    let slug = resource.slug.as_str();
    if store.marketplace(slug)?.is_none() {
        let known = store.marketplaces()?.into_iter().map(|row| row.id).collect();
        return Err(Error::NotFound { what: "marketplace", name: slug.to_owned(), known });
    }
    let Some(plugin) = &resource.plugin else { return Ok(()) };
    if store.plugin(slug, plugin.as_str())?.is_some() {
        return Ok(());
    }
    let known: Vec<String> =
        store.plugins(Some(slug))?.into_iter().map(|row| format!("{slug}/{}", row.name)).collect();
    if known.is_empty() {
        return Err(Error::Conflict {
            message: format!("no plugins of `{slug}` are known yet, so `{resource}` cannot be granted"),
            hint: Some(format!("agnes marketplace sync {slug}")),
        });
    }
    Err(Error::NotFound { what: "plugin", name: resource.to_string(), known })
}

/// Revoking one plugin from a group that has the whole marketplace would change nothing: better to
/// say so than to let somebody believe it did.
fn why_not_revoked(store: &Store, group_id: &str, group: &str, resource: &Resource) -> Result<()> {
    let all = resource.whole().to_string();
    let Some(plugin) = &resource.plugin else { return Ok(()) };
    if !store.grants()?.iter().any(|row| row.group_id == group_id && row.resource == all) {
        return Ok(());
    }
    let names = store.plugin_names()?.into_iter();
    let mut others: Vec<String> = names
        .filter(|(slug, name)| slug == resource.slug.as_str() && name != plugin.as_str())
        .map(|(slug, name)| format!("{slug}/{name}"))
        .collect();
    others.sort();
    let mut hint = format!("agnes revoke {} {}", word(group), word(&all));
    if !others.is_empty() {
        let _ = write!(hint, " && agnes grant {} {}", word(group), words(others));
    }
    Err(Error::Conflict {
        message: format!("`{group}` has `{resource}` through the grant `{all}`"),
        hint: Some(hint),
    })
}
