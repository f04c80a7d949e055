//! What one user gets.

use std::collections::{BTreeSet, HashMap};

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
        let granted = Granted::to(&store, &groups)?;
        let rows = store.marketplaces()?;
        let mut plugins = store.offers(&granted.marketplaces())?;
        drop(store);
        plugins.retain(|row| granted.has(row));
        // The order of a view: marketplaces as they were registered, plugins by name.
        let place: HashMap<&str, usize> =
            rows.iter().enumerate().map(|(i, row)| (row.id.as_str(), i)).collect();
        plugins.sort_by(|a, b| {
            let key = |row: &OfferRow| place.get(row.marketplace_id.as_str()).copied();
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
        let through = plugins.iter().map(|row| (resource(row), granted.through(row))).collect();
        let marketplaces: HashMap<String, MarketplaceRow> =
            rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let offers = plugins.into_iter().filter_map(|row| offer(row, &marketplaces)).collect();
        let renames = marketplaces
            .values()
            .filter_map(|row| Some((row.id.parse().ok()?, serde_json::from_str(&row.renames).ok()?)))
            .collect();
        let view = View::assemble(&self.settings.feed, offers, &renames);
        Ok(UserView { user, groups, view, marketplaces, through, generated_at: self.now() })
    }
}

/// Resource → the groups that have it, of one user's groups.
struct Granted(HashMap<String, Vec<String>>);

impl Granted {
    fn to(store: &Store, groups: &[GroupRow]) -> Result<Self> {
        let mut granted: HashMap<String, Vec<String>> = HashMap::new();
        for grant in store.grants()? {
            if groups.iter().any(|group| group.id == grant.group_id) {
                granted.entry(grant.resource).or_default().push(grant.group_name);
            }
        }
        Ok(Self(granted))
    }

    fn marketplaces(&self) -> Vec<&str> {
        let slugs: BTreeSet<&str> =
            self.0.keys().filter_map(|resource| resource.split_once('/')).map(|(slug, _)| slug).collect();
        slugs.into_iter().collect()
    }

    fn has(&self, row: &OfferRow) -> bool {
        self.0.contains_key(&resource(row)) || self.0.contains_key(&format!("{}/*", row.marketplace_id))
    }

    fn through(&self, row: &OfferRow) -> Vec<String> {
        let all = format!("{}/*", row.marketplace_id);
        let groups = [self.0.get(&resource(row)), self.0.get(&all)];
        let names: BTreeSet<&String> = groups.into_iter().flatten().flatten().collect();
        names.into_iter().cloned().collect()
    }
}

fn resource(row: &OfferRow) -> String {
    format!("{}/{}", row.marketplace_id, row.name)
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
