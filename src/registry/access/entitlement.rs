//! What one person has at one moment.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::{Access, Group, Held, Known, Listed, Market, Person};
use crate::domain::digest::Digest;
use crate::domain::feed::provenance::Origin;
use crate::domain::feed::view::{self, Face, Feed, Glance, Offer, Renames, Served, View};
use crate::domain::plugin::fields::Object;
use crate::domain::plugin::remote::is_linked;
use crate::domain::repository::oid::Oid;
use crate::domain::time::rfc3339;
use crate::domain::upstream::host::is_refusal;
use crate::domain::upstream::slug::Slug;
use crate::store::accounts::EVERYONE;

/// Where a plugin's files come from, and the digest that names them.
#[derive(Debug, Clone)]
pub struct Source {
    pub origin: Origin,
    pub digest: Digest,
}

/// A person, their groups, and what those were granted.
pub(in crate::registry) struct Entitlement<'a> {
    person: &'a Person,
    /// The two that always exist first, then by name.
    groups: Vec<&'a Group>,
    /// As they were registered.
    shares: Vec<Share<'a>>,
}

/// What somebody has of one marketplace.
struct Share<'a> {
    market: &'a Market,
    /// What each of their groups has of it.
    held: Vec<(&'a Group, &'a Held)>,
    /// All of it together, by name.
    listed: Vec<&'a Listed>,
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
        let mut shares: Vec<Share<'_>> = held
            .into_iter()
            .filter_map(|(slug, held)| self.markets.get(slug).map(|market| market.share(held)))
            .collect();
        shares.sort_by_key(|share| share.market.order);
        Some(Entitlement { person, groups, shares })
    }
}

impl Market {
    /// Whether what is listed under that name is not served because of what is said of hosts.
    fn denies(&self, plugin: &str) -> bool {
        self.offers.get(plugin).and_then(|listed| listed.row.reason.as_deref()).is_some_and(is_refusal)
    }

    fn share<'a>(&'a self, held: Vec<(&'a Group, &'a Held)>) -> Share<'a> {
        Share { market: self, listed: self.listed_to(&held), held }
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
        let offers = self.listed().filter_map(|(market, listed)| listed.offer(market)).collect();
        View::assemble(feed, offers, &self.renames())
    }

    /// The plugin of that view which is in that folder.
    pub fn plugin_in(&self, folder: &str) -> Option<Served> {
        let known = self.known();
        let faces: Vec<&Face> = known.iter().map(|(_, _, (face, _))| face).collect();
        let (market, listed, _) = known.get(view::in_folder(&faces, folder)?)?;
        listed.offer(market)?.served(folder.to_owned()).filter(|plugin| !plugin.linked)
    }

    /// The same view, by name only: most of it is known already.
    pub fn glance(&self, feed: &Feed) -> Glance {
        let known = self.known();
        let faces: Vec<&Face> = known.iter().map(|(_, _, (face, _))| face).collect();
        Glance::of(feed, &faces, &self.renames(), |i, folder| {
            let (market, listed, (face, digest)) = &known[i];
            if face.folder == folder { *digest } else { listed.served(market, folder) }
        })
    }

    /// What was found out about each of them, in order.
    fn known(&self) -> Vec<(&Market, &Listed, &Known)> {
        let listed = self.listed();
        listed.filter_map(|(market, listed)| Some((market, listed, listed.known(market)?))).collect()
    }

    fn listed(&self) -> impl Iterator<Item = (&Market, &Listed)> {
        self.shares.iter().flat_map(|share| share.listed.iter().map(|listed| (share.market, *listed)))
    }

    fn renames(&self) -> HashMap<Slug, Renames> {
        let markets = self.shares.iter().map(|share| share.market);
        let some = markets.filter(|market| !market.renames.is_empty());
        some.filter_map(|market| Some((market.slug.parse().ok()?, market.renames.as_ref().clone()))).collect()
    }

    /// Whether the person may have that as it was before, be it listed at present or not: it was granted to them,
    /// nobody disabled it, and it is not kept from everybody, which it is when its host is denied. Where it was
    /// from before, the entry of now does not tell: that is written beside it.
    pub fn grants(&self, slug: &str, plugin: &str) -> bool {
        let of_slug = self.shares.iter().filter(|share| *share.market.slug == *slug);
        let enabled = of_slug.filter(|share| !share.market.disabled.contains_key(plugin));
        let allowed = enabled.filter(|share| !share.market.denies(plugin));
        allowed.flat_map(|share| &share.held).any(|(_, held)| held.has(plugin))
    }

    /// The address of a marketplace of which something was granted.
    pub fn home(&self, slug: &str) -> Option<&str> {
        self.shares.iter().find(|share| *share.market.slug == *slug).map(|share| share.market.url.as_str())
    }

    /// The commits that the marketplaces of the view are at, by slug.
    pub fn commits(&self) -> HashMap<String, Oid> {
        let markets = self.shares.iter().map(|share| share.market);
        markets.filter_map(|market| Some((market.slug.to_string(), market.commit?))).collect()
    }

    /// For each plugin (`slug/name`) where its files come from, and the digest of them.
    pub fn origins(&self) -> HashMap<String, Source> {
        let all = self.listed().filter_map(|(market, listed)| {
            let row = &listed.row;
            let commit = match &row.origin_commit {
                Some(commit) => commit.parse().ok()?,
                None => market.upstream?,
            };
            let origin = Origin {
                url: row.origin_url.as_ref().unwrap_or(&market.url).clone(),
                path: row.origin_path.clone().unwrap_or_default(),
                commit,
                tree: row.origin_tree.as_deref().and_then(|tree| tree.parse().ok()),
                fetched_at: row.fetched_at.map(rfc3339),
            };
            let digest = row.digest.as_deref()?.parse().ok()?;
            Some((format!("{}/{}", market.slug, row.name), Source { origin, digest }))
        });
        all.collect()
    }

    /// For each plugin (`slug/name`), the groups through which the person has it.
    pub fn through(&self) -> HashMap<String, Vec<String>> {
        let mut through = HashMap::new();
        for Share { market, held, listed } in &self.shares {
            for Listed { row, .. } in listed {
                let having = held.iter().filter(|(_, held)| held.has(&row.name));
                let names: BTreeSet<String> = having.map(|(group, _)| group.name.to_string()).collect();
                through.insert(format!("{}/{}", market.slug, row.name), names.into_iter().collect());
            }
        }
        through
    }
}

impl Listed {
    fn offer(&self, market: &Market) -> Option<Offer> {
        let row = &self.row;
        let entry = match serde_json::from_str(&row.entry) {
            Ok(Value::Object(entry)) => entry,
            _ => Object::new(),
        };
        Some(Offer {
            linked: row.digest.is_some() && is_linked(&entry, row.origin_url.is_some()),
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
            disabled: self.disabled.as_deref().map(str::to_owned),
            vendored: row.vendored(),
        })
    }

    fn known(&self, market: &Market) -> Option<&Known> {
        let find_out = || {
            let offer = self.offer(market)?;
            let face = offer.face();
            let digest = offer.served(face.folder.clone()).map(|served| served.digest);
            Some((face, digest))
        };
        self.known.get_or_init(find_out).as_ref()
    }

    fn served(&self, market: &Market, folder: &str) -> Option<Digest> {
        self.offer(market)?.served(folder.to_owned()).map(|served| served.digest)
    }
}
