//! The files of a view's plugins, as the commits have them that the view was made from.

use std::collections::{BTreeMap, HashMap};

use crate::domain::feed::served::{self, Bytes, Naming};
use crate::domain::feed::view::Served;
use crate::domain::plugin::content::{Content, File, Unservable};
use crate::domain::plugin::dependencies::Neighbours;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::Objects as _;
use crate::git::Reader;
use crate::registry::supplies::Supply;
use crate::registry::{Error, Registry, Result};

/// One plugin of a view with its files, in the order of their paths.
pub(super) struct Contents<'v> {
    pub plugin: &'v Served,
    /// Which of the supplies its files are in.
    pub supply: usize,
    pub files: Vec<ServedFile>,
}

pub(super) struct ServedFile {
    /// Below the plugin's folder.
    pub path: String,
    pub executable: bool,
    /// In bytes.
    pub size: u64,
    pub bytes: Bytes,
}

/// Plugins that are in one repository.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Home<'v> {
    /// Of the marketplace with that slug.
    Marketplace(&'v str),
    /// Of that address; and the first marketplace that has a plugin there.
    Store(&'v str),
}

impl Registry {
    /// Lists the files of some plugins of a view. `commits` are those that its marketplaces are at.
    pub(super) fn contents<'v>(
        &self,
        commits: &HashMap<String, Oid>,
        plugins: impl IntoIterator<Item = &'v Served>,
    ) -> Result<(Vec<Supply>, Vec<Contents<'v>>)> {
        let mut homes: BTreeMap<Home<'_>, Vec<&'v Served>> = BTreeMap::new();
        for plugin in plugins {
            let home = match &plugin.vendored {
                Some(vendored) => Home::Store(&vendored.url),
                None => Home::Marketplace(plugin.slug.as_str()),
            };
            homes.entry(home).or_default().push(plugin);
        }
        let (mut supplies, mut contents) = (Vec::new(), Vec::new());
        for (home, plugins) in homes {
            let slug = plugins.first().map_or("", |plugin| plugin.slug.as_str());
            let (supply, found) = match home {
                Home::Marketplace(slug) => {
                    let supply = self.supply(slug)?;
                    let found = self.of_marketplace(commits, &plugins, &supply)?;
                    (supply, found)
                }
                Home::Store(url) => {
                    let supply = self.vendored_supply(slug, url)?;
                    let found = self.of_store(&plugins, &supply)?;
                    (supply, found)
                }
            };
            let number = supplies.len();
            contents.extend(found.into_iter().map(|(plugin, files)| Contents {
                plugin,
                supply: number,
                files,
            }));
            supplies.push(supply);
        }
        Ok((supplies, contents))
    }

    fn of_marketplace<'v>(
        &self,
        commits: &HashMap<String, Oid>,
        plugins: &[&'v Served],
        supply: &Supply,
    ) -> Result<Vec<(&'v Served, Vec<ServedFile>)>> {
        let (slug, reader) = (&supply.slug, supply.repository.reader());
        let commit = commits.get(slug);
        let commit = commit.ok_or_else(|| Error::out_of_step(slug, format!("`{slug}` was never synced")))?;
        let reading = supply.reading_at(&reader, commit, self.settings.limits)?;
        let of_plugin = |plugin: &&'v Served| {
            let entry = reading.entry(&plugin.plugin).ok_or_else(|| {
                let why = format!("`{slug}/{}`: it is not in commit {commit} any more", plugin.plugin);
                Error::out_of_step(slug, why)
            })?;
            let content = servable(reading.content(entry), plugin, supply)?;
            let neighbours = reading.neighbours(entry).map_err(|source| supply.damaged(source))?;
            let around = Around { marketplace: reading.catalog.name.as_deref(), neighbours: &neighbours };
            let files = self.served_files(plugin, &content, around, supply, &reader)?;
            Ok((*plugin, files))
        };
        plugins.iter().map(of_plugin).collect()
    }

    fn of_store<'v>(
        &self,
        plugins: &[&'v Served],
        supply: &Supply,
    ) -> Result<Vec<(&'v Served, Vec<ServedFile>)>> {
        let reader = supply.repository.reader();
        let mut all = Vec::new();
        for plugin in plugins {
            let Some(place) = &plugin.vendored else { continue };
            let elsewhere = supply
                .elsewhere(&reader, place, &self.settings.limits)
                .map_err(|source| supply.damaged(source))?;
            let content = servable(elsewhere.content(&self.settings.limits), plugin, supply)?;
            let around = Around { marketplace: None, neighbours: &Neighbours::new() };
            all.push((*plugin, self.served_files(plugin, &content, around, supply, &reader)?));
        }
        Ok(all)
    }

    /// The plugin's files under the names that the view gives it.
    fn served_files(
        &self,
        plugin: &Served,
        content: &Content,
        around: Around<'_>,
        supply: &Supply,
        reader: &Reader,
    ) -> Result<Vec<ServedFile>> {
        let naming = naming(plugin, around);
        let read = |file: &File| {
            let small = file.size <= self.settings.limits.max_manifest_bytes;
            if small { reader.blob(&file.blob).map(Some) } else { Ok(None) }
        };
        let files = served::files(content, naming, read).map_err(|source| supply.damaged(source))?;
        let files = files.into_iter().map(|(path, file)| {
            let size = match &file.bytes {
                Bytes::Blob(_) => content.files.get(&path).map_or(0, |file| file.size),
                Bytes::Made(bytes) => bytes.len() as u64,
            };
            ServedFile { path, executable: file.executable, size, bytes: file.bytes }
        });
        Ok(files.collect())
    }
}

/// What a plugin's manifest may name of its marketplace.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub marketplace: Option<&'a str>,
    pub neighbours: &'a Neighbours,
}

pub(super) fn naming<'a>(plugin: &'a Served, around: Around<'a>) -> Naming<'a> {
    Naming {
        name: &plugin.name,
        version: plugin.version.as_deref(),
        strict: plugin.strict,
        entry: &plugin.entry,
        prefix: plugin.name_prefix.as_deref(),
        marketplace: around.marketplace,
        neighbours: around.neighbours,
    }
}

pub(super) fn servable(
    content: std::result::Result<Content, Unservable>,
    plugin: &Served,
    supply: &Supply,
) -> Result<Content> {
    content.map_err(|why| match why {
        Unservable::Read(error) => supply.damaged(error),
        why => {
            let slug = plugin.slug.as_str();
            Error::out_of_step(slug, format!("`{slug}/{}`: {why}", plugin.plugin))
        }
    })
}
