//! Looking at plugins.

use std::collections::HashMap;

use serde_json::Value;

use super::disabling::{DisabledRow, unlisted};
use super::upstreams::served_commit;
use super::{row_of, versions_of};
use crate::domain::access::caller::{Caller, Right};
use crate::domain::feed::provenance::Origin;
use crate::domain::plugin::components::{self, Component};
use crate::domain::plugin::content::{Content, Unservable};
use crate::domain::plugin::manifest;
use crate::domain::plugin::names::PluginName;
use crate::domain::plugin::remote::is_linked;
use crate::domain::plugin::version;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::{Objects, ReadError};
use crate::domain::time::rfc3339;
use crate::registry::supplies::distrust_after;
use crate::registry::{Error, Registry, Result};

// What the mouths see of the rows: they know the registry, and no hand.
use crate::store::marketplaces::MarketplaceRow;
pub use crate::store::plugins::PluginRow;

/// A plugin as its marketplace lists it.
#[derive(Debug)]
pub struct Listed {
    pub row: PluginRow,
    /// Since when and why nobody gets it, if so.
    pub disabled: Option<DisabledRow>,
}

/// Everything about one plugin.
#[derive(Debug)]
pub struct PluginDetail {
    pub row: PluginRow,
    /// Since when and why nobody gets it, if so.
    pub disabled: Option<DisabledRow>,
    pub served_name: String,
    pub served_version: Option<String>,
    pub commit: Option<String>,
    /// Where the files come from that are served.
    pub origin: Option<Origin>,
    pub manifest: Option<Value>,
    pub components: Vec<Component>,
    pub content: Content,
}

/// `None`: nothing of it is served.
fn origin_of(market: &MarketplaceRow, row: &PluginRow) -> Option<Origin> {
    row.digest.as_ref()?;
    let commit = row.origin.commit.as_ref().or(market.last_commit_sha.as_ref())?;
    Some(Origin {
        url: row.origin.url.as_ref().unwrap_or(&market.url).clone(),
        path: row.origin.path.clone().unwrap_or_default(),
        commit: commit.parse().ok()?,
        tree: row.origin.tree.as_deref().and_then(|tree| tree.parse().ok()),
        fetched_at: row.origin.fetched_at.or(market.last_synced_at).map(rfc3339),
    })
}

impl Registry {
    /// # Errors
    /// See [`Error`].
    pub fn plugins(&self, caller: &Caller, marketplace: Option<&str>) -> Result<Vec<Listed>> {
        caller.may(Right::Administer)?;
        let store = self.store();
        let id = marketplace.map(|slug| row_of(&store, slug)).transpose()?.map(|row| row.id);
        let rows = store.disabled_plugins(id.as_deref())?.into_iter();
        let mut disabled: HashMap<(String, String), DisabledRow> =
            rows.map(|row| ((row.marketplace_id.clone(), row.name.clone()), row)).collect();
        let listed = |row: PluginRow| {
            let disabled = disabled.remove(&(row.marketplace_id.clone(), row.name.clone()));
            Listed { row, disabled }
        };
        Ok(store.plugins(id.as_deref())?.into_iter().map(listed).collect())
    }

    /// # Errors
    /// See [`Error`].
    pub fn plugin(&self, caller: &Caller, marketplace: &str, name: &str) -> Result<PluginDetail> {
        caller.may(Right::Administer)?;
        // One lock over both rows: a sync that ends in between must not show in one of them alone.
        let (market, row, disabled) = {
            let store = self.store();
            let market = row_of(&store, marketplace)?;
            let Some(row) = store.plugin(&market.id, name)? else {
                return Err(unlisted(&store, &market.id, name)?);
            };
            let disabled = store.disabled_plugin(&market.id, name)?;
            (market, row, disabled)
        };
        let digest = row.digest.as_deref().and_then(|digest| digest.parse().ok());
        let served_version =
            digest.and_then(|digest| version::served(versions_of(&market), row.version.as_deref(), &digest));
        let mut detail = PluginDetail {
            served_name: format!(
                "{}{}",
                market.name_prefix.as_deref().unwrap_or_default(),
                row.manifest_name
            ),
            served_version,
            commit: market.last_commit_sha.clone(),
            origin: origin_of(&market, &row),
            manifest: None,
            components: Vec::new(),
            content: Content::default(),
            row,
            disabled,
        };
        let (Some(commit), Some(_)) = (served_commit(&market), digest) else { return Ok(detail) };

        self.look_inside(&mut detail, &market.id, &commit).inspect_err(distrust_after)?;
        Ok(detail)
    }

    /// Adds what the plugin's files tell.
    fn look_inside(&self, detail: &mut PluginDetail, slug: &str, commit: &Oid) -> Result<()> {
        let Some(Value::Object(entry)) = serde_json::from_str(&detail.row.entry).ok() else {
            return Err(Error::Defect("a plugin's entry is no JSON"));
        };
        let place = detail.row.origin.vendored();
        if is_linked(&entry, detail.row.origin.url.is_some()) {
            return Ok(());
        }
        let limits = self.settings.limits;
        let (supply, reader);
        let content = if let Some(place) = place {
            supply = self.vendored_supply(slug, &place.url)?;
            reader = supply.repository.reader();
            let elsewhere = supply.elsewhere(&reader, &place, &limits);
            elsewhere.map_err(|source| supply.damaged(source))?.content(&limits)
        } else {
            supply = self.supply(slug)?;
            reader = supply.repository.reader();
            let reading = supply.reading_at(&reader, commit, limits)?;
            let name: PluginName = detail.row.name.parse().map_err(Error::invalid)?;
            let entry = reading.entry(&name).ok_or_else(|| {
                Error::out_of_step(slug, format!("`{slug}/{name}`: it is not in that commit any more"))
            })?;
            reading.content(entry)
        };
        let damaged = |source: ReadError| supply.damaged(source);
        detail.content = content.map_err(|why| match why {
            Unservable::Read(error) => damaged(error),
            why => Error::out_of_step(slug, format!("`{slug}/{}`: {why}", detail.row.name)),
        })?;
        let manifest = match detail.content.files.get(manifest::CLAUDE) {
            Some(file) if file.size <= limits.max_manifest_bytes => {
                manifest::parse(&reader.blob(&file.blob).map_err(damaged)?).ok()
            }
            _ => None,
        };
        let read = |file: &crate::domain::plugin::content::File| reader.blob(&file.blob);
        detail.components =
            components::find(&detail.content, manifest.as_ref(), &entry, &read).map_err(damaged)?;
        detail.manifest = manifest.map(Value::Object);
        Ok(())
    }
}
