//! Where everything that a user gets comes from.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::domain::access::caller::{Caller, Right};
use crate::domain::digest::Digest;
use crate::domain::feed::provenance::{FORMAT, ListedFile, Listing, Origin, Plugin, Provenance};
use crate::domain::feed::served::{self, Bytes, Naming, ServedFiles};
use crate::domain::feed::view::Served;
use crate::domain::plugin::behaviour;
use crate::domain::plugin::content::{self, Content, File};
use crate::domain::plugin::dependencies::{Neighbour, Neighbours};
use crate::domain::plugin::fields;
use crate::domain::plugin::manifest;
use crate::domain::plugin::reading::Reading;
use crate::domain::plugin::remote::Vendored;
use crate::domain::plugin::source::Source;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Objects as _, ReadError};
use crate::domain::time::rfc3339;
use crate::git::{Lineage, Reader};
use crate::registry::contents::{Around, naming, servable};
use crate::registry::marketplaces::upstreams::{served_commit, upstream_commit};
use crate::registry::supplies::Supply;
use crate::registry::views::UserView;
use crate::registry::{Error, Registry, Result};
use crate::store::marketplaces::MarketplaceRow;
use crate::store::plugins::PluginRow;

impl Registry {
    /// The provenance of any user's bundle, for whoever administers. `user` is an id or an address.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn provenance(&self, caller: &Caller, user: &str) -> Result<Provenance> {
        caller.may(Right::Administer)?;
        self.provenance_of(user.trim())
    }

    /// The provenance of the caller's own bundle.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn my_provenance(&self, caller: &Caller) -> Result<Provenance> {
        self.provenance_of(caller.own_id()?)
    }

    fn provenance_of(&self, user: &str) -> Result<Provenance> {
        let view = self.view_of(user)?;
        self.provenance_of_view(&view).or_else(|error| {
            // As for a bundle: what the view was made from may be gone, and then it is not the view any more.
            let now = self.view_of(user)?;
            if now.commits == view.commits { Err(error) } else { self.provenance_of_view(&now) }
        })
    }

    fn provenance_of_view(&self, view: &UserView) -> Result<Provenance> {
        let mut by_market: BTreeMap<&str, Vec<(usize, &Served)>> = BTreeMap::new();
        for (i, plugin) in view.view.plugins.iter().enumerate() {
            by_market.entry(plugin.slug.as_str()).or_default().push((i, plugin));
        }
        let mut found: Vec<Option<Plugin>> = vec![None; view.view.plugins.len()];
        for (slug, plugins) in by_market {
            let changed = |why: &str| Error::out_of_step(slug, format!("`{slug}` {why}"));
            let (market, rows) = {
                let store = self.store();
                let market = store.marketplace(slug)?.ok_or_else(|| changed("was removed meanwhile"))?;
                (market, store.plugins(Some(slug))?)
            };
            let rows: HashMap<&str, &PluginRow> = rows.iter().map(|row| (row.name.as_str(), row)).collect();
            let commit = view.commits.get(slug).ok_or_else(|| changed("was never synced"))?;
            // Its catalog is what upstream has, whatever was made of that.
            let at_upstream = upstream_commit(&market).filter(|_| served_commit(&market) == Some(*commit));
            let at_upstream = at_upstream.unwrap_or(*commit);
            let supply = self.supply(slug)?;
            let reader = supply.repository.reader();
            let reading = supply.reading_at(&reader, commit, self.settings.limits)?;
            for (i, plugin) in plugins {
                let row = rows.get(plugin.plugin.as_str()).ok_or_else(|| changed("was synced meanwhile"))?;
                let traced = match &plugin.vendored {
                    None if plugin.linked => Traced::linked(&market, at_upstream),
                    None => {
                        let commit = if row.origin.commit.is_some() { commit } else { &at_upstream };
                        self.traced_here(&reading, &reader, &supply, &market, commit, plugin)?
                    }
                    Some(vendored) => self.traced_elsewhere(vendored, plugin)?,
                };
                found[i] = Some(traced.told(plugin, &market, at_upstream, row).ok_or_else(|| {
                    let why = format!("`{slug}/{}` was synced meanwhile", plugin.plugin);
                    Error::out_of_step(slug, why)
                })?);
            }
        }
        let plugins = found.into_iter().flatten().collect();
        Ok(Provenance { format: FORMAT.into(), view: view.view.digest, plugins })
    }

    /// A plugin in its marketplace's own repository.
    fn traced_here(
        &self,
        reading: &Reading<'_>,
        reader: &Reader,
        supply: &Supply,
        market: &MarketplaceRow,
        commit: &Oid,
        plugin: &Served,
    ) -> Result<Traced> {
        let slug = plugin.slug.as_str();
        let damaged = |source: ReadError| supply.damaged(source);
        let entry = reading.entry(&plugin.plugin).ok_or_else(|| {
            Error::out_of_step(slug, format!("`{slug}/{}`: it is not in its commit any more", plugin.plugin))
        })?;
        let content = servable(reading.content(entry), plugin, supply)?;
        let path = match &entry.source {
            Source::Local(path) => path.clone(),
            Source::Remote(_) | Source::Refused(_) => RepoPath::root(),
        };
        let tree = reading.tree(&path).map_err(damaged)?;
        let neighbours = reading.neighbours(entry).map_err(damaged)?;
        let marketplace = reading.catalog.name.clone();
        let around = Around { marketplace: marketplace.as_deref(), neighbours: &neighbours };
        let files = self.traced_files(&content, naming(plugin, around), reader).map_err(damaged)?;
        let from = Vendored { url: market.url.clone(), path, commit: *commit };
        Ok(Traced { from, source: None, tree, content, files, neighbours, marketplace })
    }

    /// A plugin in another repository.
    fn traced_elsewhere(&self, vendored: &Vendored, plugin: &Served) -> Result<Traced> {
        let supply = self.vendored_supply(plugin.slug.as_str(), &vendored.url)?;
        let damaged = |source: ReadError| supply.damaged(source);
        let reader = supply.repository.reader();
        let elsewhere = supply.elsewhere(&reader, vendored, &self.settings.limits).map_err(damaged)?;
        let content = servable(elsewhere.content(&self.settings.limits), plugin, &supply)?;
        let tree = content::folder(&elsewhere.repo, &elsewhere.path).ok().map(|found| found.id);
        let neighbours = Neighbours::new();
        let around = Around { marketplace: None, neighbours: &neighbours };
        let files = self.traced_files(&content, naming(plugin, around), &reader).map_err(damaged)?;
        let (from, source) = (vendored.clone(), Some(Lineage::of(&supply.folder).source(&vendored.commit)));
        Ok(Traced { from, source, tree, content, files, neighbours, marketplace: None })
    }

    fn traced_files(
        &self,
        content: &Content,
        naming: Naming<'_>,
        reader: &Reader,
    ) -> std::result::Result<Vec<ListedFile>, ReadError> {
        let largest = self.settings.limits.max_manifest_bytes;
        let read = |file: &File| {
            if file.size <= largest { reader.blob(&file.blob).map(Some) } else { Ok(None) }
        };
        listed(content, served::files(content, naming, read)?, read)
    }
}

/// What a plugin's repository tells.
struct Traced {
    from: Vendored,
    /// The upstream's own commit, where that is not the one at which its marketplace lists it.
    source: Option<Oid>,
    tree: Option<Oid>,
    content: Content,
    files: Vec<ListedFile>,
    neighbours: Neighbours,
    marketplace: Option<String>,
}

impl Traced {
    /// Only its entry is somewhere.
    fn linked(market: &MarketplaceRow, commit: Oid) -> Self {
        let from = Vendored { url: market.url.clone(), path: RepoPath::root(), commit };
        let (content, neighbours) = (Content::default(), Neighbours::new());
        Self { from, source: None, tree: None, content, files: Vec::new(), neighbours, marketplace: None }
    }

    /// With what the rows tell. `None`: they are of another moment.
    fn told(self, plugin: &Served, market: &MarketplaceRow, listed: Oid, row: &PluginRow) -> Option<Plugin> {
        let Self { from, source, tree, content, files, neighbours, marketplace } = self;
        let Ok(Value::Object(mut entry)) = serde_json::from_str(&row.raw) else { return None };
        fields::clean(&mut entry);
        let behaviour = if plugin.linked { behaviour::linked(&entry) } else { behaviour::of(&entry) };
        let digest = row.digest.as_deref()?.parse().ok()?;
        let fetched_at = row.origin.fetched_at.or(market.last_synced_at);
        // Also where there are no neighbours: in a manifest that was not looked into for them, names get it.
        let name_prefix = plugin.name_prefix.clone();
        let made_of = Some(source.unwrap_or(listed)).filter(|own| *own != from.commit);
        let source = Origin {
            url: from.url,
            path: from.path.to_key(),
            commit: from.commit,
            tree,
            fetched_at: fetched_at.map(rfc3339),
        };
        let listed_in =
            plugin.vendored.is_some().then(|| Listing { url: market.url.clone(), commit: listed });
        let told = Plugin {
            name: plugin.name.clone(),
            version: plugin.version.clone(),
            prefixed_name: plugin.prefixed_name.clone(),
            marketplace_slug: plugin.slug.to_string(),
            original_name: plugin.plugin.to_string(),
            source,
            listed_in,
            made_of,
            digest,
            behaviour,
            linked: plugin.linked,
            name_prefix,
            marketplace_name: marketplace.filter(|_| !neighbours.is_empty()),
            neighbours: written(neighbours),
            skills_listed: content.skills_listed,
            files,
        };
        (told.worked_out_digest() == digest).then_some(told)
    }
}

fn written(neighbours: Neighbours) -> BTreeMap<String, Option<String>> {
    let name = |known| match known {
        Neighbour::Known(name) => Some(name),
        Neighbour::Unknown => None,
    };
    neighbours.into_iter().map(|(wanted, known)| (wanted, name(known))).collect()
}

/// The upstream's files, and what is served. With the bytes of those from which something else is made, but
/// where line endings alone are others, which can be put back.
fn listed(
    content: &Content,
    served: ServedFiles,
    read: impl Fn(&File) -> std::result::Result<Option<Vec<u8>>, ReadError>,
) -> std::result::Result<Vec<ListedFile>, ReadError> {
    let mut files = BTreeMap::new();
    for (path, file) in &content.files {
        let crlf = content.crlf.contains(path);
        let mut listed = ListedFile {
            path: path.clone(),
            executable: file.executable,
            blob: Some(file.blob),
            crlf,
            left_out: true,
            ..ListedFile::default()
        };
        if crlf || manifest::PLACES.contains(&path.as_str()) {
            let bytes = read(file)?.filter(|bytes| !crlf || bytes.windows(2).any(|two| two == b"\r\n"));
            listed = bytes.into_iter().fold(listed, ListedFile::with_upstream);
        }
        files.insert(path.clone(), listed);
    }
    for (path, file) in served {
        let listed =
            files.entry(path.clone()).or_insert_with(|| ListedFile { path, ..ListedFile::default() });
        listed.executable = file.executable;
        listed.left_out = false;
        if let Bytes::Made(bytes) = &file.bytes {
            listed.made = Some(Digest::of(bytes));
        }
    }
    Ok(files.into_values().collect())
}
