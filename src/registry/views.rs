//! What one user gets.

use std::collections::HashMap;

use serde_json::Value;

use super::marketplaces::versions_of;
use super::users::user_row;
use super::{Registry, Result};
use crate::domain::caller::{Caller, Right};
use crate::domain::view::{Offer, View};
use crate::store::Store;
use crate::store::accounts::{GroupRow, UserRow};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::offers::OfferRow;

/// A user's view, and what is needed to build it: all of one moment.
#[derive(Debug)]
pub struct UserView {
    pub user: UserRow,
    pub groups: Vec<GroupRow>,
    pub view: View,
    /// By slug, at the commits that the view was made from.
    pub(super) marketplaces: HashMap<String, MarketplaceRow>,
    /// For each plugin (`slug/name`), the groups through which the user has it.
    pub through: HashMap<String, Vec<String>>,
    pub generated_at: i64,
}

impl Registry {
    /// # Errors
    /// See [`super::Error`].
    pub fn view(&self, caller: &Caller, user: &str) -> Result<UserView> {
        caller.may(Right::Administer)?;
        // One lock over all of the reads: a sync that ends in between must not show in half of them.
        let store = self.store();
        let user = user_row(&store, user)?;
        let groups = store.groups_of(&user.id)?;
        let plugins = store.granted_plugins(&user.id)?;
        let through = through(&store, &groups, &plugins)?;
        let marketplaces: HashMap<String, MarketplaceRow> =
            store.marketplaces()?.into_iter().map(|row| (row.id.clone(), row)).collect();
        drop(store);
        let offers = plugins.into_iter().filter_map(|row| offer(row, &marketplaces)).collect();
        let renames = marketplaces
            .values()
            .filter_map(|row| Some((row.id.parse().ok()?, serde_json::from_str(&row.renames).ok()?)))
            .collect();
        let view = View::assemble(&self.settings.feed, offers, &renames);
        Ok(UserView { user, groups, view, marketplaces, through, generated_at: self.now() })
    }
}

fn through(store: &Store, groups: &[GroupRow], plugins: &[OfferRow]) -> Result<HashMap<String, Vec<String>>> {
    let grants = store.grants()?;
    let mut by_resource: HashMap<&str, Vec<&str>> = HashMap::new();
    for grant in &grants {
        if groups.iter().any(|group| group.id == grant.group_id) {
            by_resource.entry(&grant.resource).or_default().push(&grant.group_name);
        }
    }
    let named =
        |resource: &str| by_resource.get(resource).into_iter().flatten().map(|name| (*name).to_owned());
    Ok(plugins
        .iter()
        .map(|row| {
            let plugin = format!("{}/{}", row.marketplace_id, row.name);
            let all = format!("{}/*", row.marketplace_id);
            let mut through: Vec<String> = named(&plugin).chain(named(&all)).collect();
            through.sort();
            through.dedup();
            (plugin, through)
        })
        .collect())
}

fn offer(row: OfferRow, marketplaces: &HashMap<String, MarketplaceRow>) -> Option<Offer> {
    let market = marketplaces.get(&row.marketplace_id)?;
    let entry = match serde_json::from_str(&row.entry) {
        Ok(Value::Object(entry)) => entry,
        _ => crate::domain::fields::Object::new(),
    };
    Some(Offer {
        slug: row.marketplace_id.parse().ok()?,
        plugin: row.name.parse().ok()?,
        manifest_name: row.manifest_name,
        name_prefix: market.name_prefix.clone(),
        versions: versions_of(market),
        version: row.version,
        strict: row.strict,
        entry,
        digest: row.digest.and_then(|digest| digest.parse().ok()),
        reason: row.reason,
    })
}
