//! What one person has at one moment.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::{Access, Group, Held, Market, Person};
use crate::domain::fields::Object;
use crate::domain::oid::Oid;
use crate::domain::view::{Feed, Offer, View};
use crate::store::accounts::EVERYONE;
use crate::store::offers::OfferRow;

/// A person, their groups, and what those were granted.
pub(in crate::registry) struct Entitlement<'a> {
    person: &'a Person,
    /// The two that always exist first, then by name.
    groups: Vec<&'a Group>,
    /// As they were registered.
    markets: Vec<(&'a Market, Vec<(&'a Group, &'a Held)>)>,
}

impl Access {
    /// `user` is an id or an address.
    pub fn entitlement(&self, user: &str) -> Option<Entitlement<'_>> {
        let person = self.person(user)?;
        let ids = std::iter::once(EVERYONE).chain(person.groups.iter().map(|id| &**id));
        let mut groups: Vec<&Group> =
            ids.filter_map(|id| self.groups.get(id)).map(|group| &**group).collect();
        groups.sort_by(|a, b| (!a.is_system, &a.name).cmp(&(!b.is_system, &b.name)));
        let mut held: HashMap<&str, Vec<(&Group, &Held)>> = HashMap::new();
        for group in &groups {
            for (slug, what) in &group.grants {
                held.entry(slug).or_default().push((group, what));
            }
        }
        let mut markets: Vec<_> = held
            .into_iter()
            .filter_map(|(slug, held)| self.markets.get(slug).map(|market| (&**market, held)))
            .collect();
        markets.sort_by_key(|(market, _)| market.order);
        Some(Entitlement { person, groups, markets })
    }
}

impl Entitlement<'_> {
    pub fn user_id(&self) -> &str {
        &self.person.id
    }

    pub fn email(&self) -> &str {
        &self.person.email
    }

    /// Names.
    pub fn groups(&self) -> Vec<String> {
        self.groups.iter().map(|group| group.name.to_string()).collect()
    }

    pub fn view(&self, feed: &Feed) -> View {
        let mut offers = Vec::new();
        for (market, held) in &self.markets {
            let held: Vec<&Held> = held.iter().map(|(_, held)| *held).collect();
            offers.extend(market.offers_of(&held).into_iter().filter_map(|row| offer(row, market)));
        }
        let renames = self.markets.iter().filter(|(market, _)| !market.renames.is_empty());
        let renames = renames
            .filter_map(|(market, _)| Some((market.slug.parse().ok()?, market.renames.as_ref().clone())))
            .collect();
        View::assemble(feed, offers, &renames)
    }

    /// The commits that the marketplaces of the view are at, by slug.
    pub fn commits(&self) -> HashMap<String, Oid> {
        self.markets
            .iter()
            .filter_map(|(market, _)| Some((market.slug.to_string(), market.commit?)))
            .collect()
    }

    /// For each plugin (`slug/name`), the groups through which the person has it.
    pub fn through(&self) -> HashMap<String, Vec<String>> {
        let mut through = HashMap::new();
        for (market, by_group) in &self.markets {
            let held: Vec<&Held> = by_group.iter().map(|(_, held)| *held).collect();
            for row in market.offers_of(&held) {
                let having = by_group.iter().filter(|(_, held)| held.has(&row.name));
                let names: BTreeSet<String> = having.map(|(group, _)| group.name.to_string()).collect();
                through.insert(format!("{}/{}", market.slug, row.name), names.into_iter().collect());
            }
        }
        through
    }
}

fn offer(row: &Arc<OfferRow>, market: &Market) -> Option<Offer> {
    let entry = match serde_json::from_str(&row.entry) {
        Ok(Value::Object(entry)) => entry,
        _ => Object::new(),
    };
    Some(Offer {
        slug: row.marketplace_id.parse().ok()?,
        plugin: row.name.parse().ok()?,
        manifest_name: row.manifest_name.clone(),
        name_prefix: market.name_prefix.clone(),
        versions: market.versions,
        version: row.version.clone(),
        strict: row.strict,
        entry,
        digest: row.digest.as_deref().and_then(|digest| digest.parse().ok()),
        reason: row.reason.clone(),
    })
}
