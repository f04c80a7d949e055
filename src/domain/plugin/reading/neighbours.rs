//! What a plugin wants beside it.

use std::collections::BTreeSet;

use super::Reading;
use crate::domain::note::{self, Note, quoted};
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::complaints;
use crate::domain::plugin::content::{self, Unservable};
use crate::domain::plugin::dependencies::{self, Neighbour, Neighbours};
use crate::domain::plugin::fields::Object;
use crate::domain::plugin::manifest;
use crate::domain::plugin::source::Source;
use crate::domain::repository::tree::ReadError;

impl Reading<'_> {
    /// The neighbours that a plugin wants beside it, and what they are called. Of too many
    /// ([`dependencies::MOST`]), one more than these.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn neighbours(&self, entry: &Entry) -> Result<Neighbours, ReadError> {
        let own = self.catalog.name.as_deref();
        let manifest = self.own_manifest(entry)?;
        let said = manifest.iter().chain([&entry.fields]);
        let mut neighbours = Neighbours::new();
        for name in said.flat_map(|object| dependencies::wanted(object, own)) {
            if neighbours.len() > dependencies::MOST {
                break;
            }
            // A list has room for the same name a million times.
            if !neighbours.contains_key(name) {
                neighbours.insert(name.to_owned(), self.neighbour(name)?);
            }
        }
        Ok(neighbours)
    }

    fn neighbour(&self, name: &str) -> Result<Neighbour, ReadError> {
        let place = self.places.get(name).copied();
        let Some((place, entry)) = place.and_then(|place| Some((place, self.catalog.entries.get(place)?)))
        else {
            return Ok(Neighbour::Unknown);
        };
        if let Some(known) = self.names.borrow().get(&place) {
            return Ok(Neighbour::Known(known.clone()));
        }
        let manifest = self.own_manifest(entry)?;
        let said = manifest.as_ref().and_then(manifest::name);
        let known = said.unwrap_or(entry.name.as_str()).to_owned();
        self.names.borrow_mut().insert(place, known.clone());
        Ok(Neighbour::Known(known))
    }

    /// What keeps a plugin from loading, since the feed does not have what it wants beside it.
    pub(super) fn missing_neighbours(
        &self,
        entry: &Entry,
        neighbours: &Neighbours,
    ) -> Result<Vec<Note>, ReadError> {
        let own = self.catalog.name.as_deref();
        let unknown = neighbours.iter().filter(|(_, known)| **known == Neighbour::Unknown);
        let unknown = unknown.map(|(name, _)| (name.as_str(), own.unwrap_or("?")));
        let manifest = self.own_manifest(entry)?;
        let said = manifest.iter().chain([&entry.fields]);
        let elsewhere = said.flat_map(|object| dependencies::wanted_elsewhere(object, own));
        let missing: BTreeSet<(&str, &str)> = unknown.chain(elsewhere).collect();
        let mut notes = Vec::new();
        for (name, from) in missing {
            note::add(&mut notes, "dependency-missing", || {
                let said = complaints::said(&format!("Dependency \"{name}@{from}\" is not installed"));
                format!(
                    "it depends on {} of the marketplace {}, which is not in the feed under that name{said}",
                    quoted(name),
                    quoted(from)
                )
            });
        }
        Ok(notes)
    }

    /// The `plugin.json` of an entry whose plugin lies in this repository, if it has a usable one.
    fn own_manifest(&self, entry: &Entry) -> Result<Option<Object>, ReadError> {
        let Source::Local(source) = &entry.source else { return Ok(None) };
        match content::folder(&self.repo, source) {
            Ok(found) => self.manifest_in(&super::place(&found)),
            Err(Unservable::Read(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}
