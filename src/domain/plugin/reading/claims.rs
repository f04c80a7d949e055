//! What belongs to whom where plugins of one repository lie inside each other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Reading;
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::fields::{self, Object, PATHS};
use crate::domain::plugin::names::PluginName;
use crate::domain::plugin::skills;
use crate::domain::plugin::source::Source;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::{Kind, ReadError};

/// A place that an entry claims for itself, with no symlink left in it.
pub(super) struct Claim {
    entry: PluginName,
    place: RepoPath,
}

/// Places of one plugin. A catalog has room for a million of them, and there may be as many claims.
struct Places<'a> {
    all: BTreeSet<&'a RepoPath>,
    /// Those that lie in no other one.
    outermost: BTreeSet<&'a RepoPath>,
}

impl<'a> Places<'a> {
    fn new(places: impl Iterator<Item = &'a RepoPath>) -> Self {
        let all: BTreeSet<&RepoPath> = places.collect();
        let mut outermost = BTreeSet::new();
        // What lies in a folder comes right behind it.
        for path in &all {
            if outermost.last().is_none_or(|last: &&RepoPath| !path.is_in(last)) {
                outermost.insert(*path);
            }
        }
        Self { all, outermost }
    }

    /// Whether one of them lies in that place, is it, or holds it.
    fn touch(&self, place: &RepoPath) -> bool {
        self.all.range::<RepoPath, _>(place..).next().is_some_and(|next| next.is_in(place))
            || self
                .outermost
                .range::<RepoPath, _>(..=place)
                .next_back()
                .is_some_and(|before| place.is_in(before))
    }
}

impl Reading<'_> {
    /// The places inside `root` that other entries claim and this one does not.
    pub(super) fn foreign(
        &self,
        entry: &Entry,
        root: &RepoPath,
        own: Option<&Object>,
    ) -> Result<BTreeSet<RepoPath>, ReadError> {
        let mut mine: BTreeSet<RepoPath> = component_paths(&entry.fields).collect();
        mine.extend(own.into_iter().flat_map(component_paths));
        mine.extend(self.default_folders(entry, root, own));
        let mut places = BTreeSet::new();
        for path in &mine {
            let path = root.join(path);
            places.extend(self.place(&path)?);
            places.insert(path);
        }
        // Whose folder it is does not make everything in it theirs.
        let places = Places::new(places.iter().filter(|path| *path != root));
        let claims = if let Some(claims) = self.claims.get() {
            claims
        } else {
            let claims = self.claim()?;
            self.claims.get_or_init(|| claims)
        };
        let foreign = claims
            .iter()
            .filter(|claim| claim.entry != entry.name && claim.place != *root && claim.place.is_in(root))
            .filter(|claim| !places.touch(&claim.place));
        Ok(foreign.map(|claim| claim.place.clone()).collect())
    }

    /// The folders that Claude Code looks into without being told. What it loads from there is part of
    /// the plugin, whoever else lists it.
    fn default_folders(&self, entry: &Entry, root: &RepoPath, own: Option<&Object>) -> Vec<RepoPath> {
        let is_there = |path: &RepoPath| {
            let path = root.join(path);
            let segments = path.segments().iter().map(String::as_bytes);
            self.repo.locate(&[], segments).is_ok_and(|found| found.kind == Kind::Tree)
        };
        let listed = matches!(&entry.source, Source::Local(source) if source.is_root())
            && skills::restriction(&entry.fields, is_there).is_some();
        let replaced = |field: &str| match field {
            "skills" => listed,
            field => own.is_some_and(|own| own.contains_key(field)),
        };
        let folders = fields::DEFAULT_FOLDERS.iter().filter(|(field, _)| !replaced(field));
        folders.filter_map(|(_, folder)| RepoPath::parse(folder).ok()).collect()
    }

    /// What the entries claim of the repository: each its folder, or, if that is everything, the
    /// components that it lists. A symlink that leads there is claimed with it.
    fn claim(&self) -> Result<Vec<Claim>, ReadError> {
        let mut claims = Vec::new();
        for entry in &self.catalog.entries {
            let places: BTreeSet<RepoPath> = match &entry.source {
                Source::Local(source) if source.is_root() => {
                    component_paths(&entry.fields).filter(|path| !path.is_root()).collect()
                }
                Source::Local(source) => BTreeSet::from([source.clone()]),
                Source::Remote(_) | Source::Refused(_) => BTreeSet::new(),
            };
            for named in places {
                let real = self.place(&named)?.filter(|real| *real != named);
                for place in real.into_iter().chain([named]) {
                    claims.push(Claim { entry: entry.name.clone(), place });
                }
            }
        }
        Ok(claims)
    }
}

fn component_paths(object: &Object) -> impl Iterator<Item = RepoPath> {
    let values = PATHS.iter().filter_map(|field| object.get(*field));
    let texts = values.flat_map(|value| match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    });
    texts.filter_map(|text| RepoPath::parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_touch_what_they_hold_and_what_holds_them() {
        let paths = ["a", "a/b", "a/b2/c", "d/e", "d/e/f/g"].map(|text| RepoPath::parse(text).unwrap());
        let places = Places::new(paths.iter());
        for (place, touched) in [
            ("a", true),
            ("a/c", true),
            ("a/b/x/y", true),
            ("d", true),
            ("d/e/f", true),
            ("d/e/z", true),
            ("d/f", false),
            ("a2", false),
            ("c", false),
            ("z", false),
        ] {
            assert_eq!(places.touch(&RepoPath::parse(place).unwrap()), touched, "{place}");
        }
    }
}
