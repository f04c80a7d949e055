//! What the upstreams' commits have otherwise than a provenance says.

use std::collections::BTreeSet;

use crate::domain::feed::provenance::{Listing, Plugin};
use crate::domain::limits::Limits;
use crate::domain::note::quoted;
use crate::domain::plugin::behaviour;
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::content::{self, Content, Unservable};
use crate::domain::plugin::reading::{Elsewhere, Reading, ReadingError};
use crate::domain::plugin::remote::Remote;
use crate::domain::plugin::source::Source;
use crate::domain::repository::links::Repo;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::ReadError;
use crate::git::Reader;

/// What does not hold, or that a repository is damaged.
type Wrong = Result<Vec<String>, ReadError>;

/// A plugin in its marketplace's own repository.
pub(super) fn of_marketplace(plugin: &Plugin, reader: &Reader) -> Wrong {
    let root = reader.commit_tree(&plugin.source.commit)?;
    listed(plugin, reader, root, |reading, entry, wrong| {
        if plugin.linked {
            return Ok(());
        }
        let Source::Local(path) = &entry.source else {
            wrong.push("its entry says that it is in another repository".into());
            return Ok(());
        };
        if path.to_key() != plugin.source.path {
            wrong.push(format!("its entry says that it is in {}", quoted(&path.to_string())));
        }
        same_tree(plugin, reading.tree(path)?, wrong);
        if reading.neighbours(entry)? != plugin.neighbours() {
            wrong.push("what it depends on goes by other names in its marketplace".into());
        }
        same_files(plugin, reading.content(entry), wrong)
    })
}

/// A plugin in another repository, of which `commit` has its folder as the upstream's commit does; its entry
/// is looked at if the marketplace is here.
pub(super) fn of_store(
    plugin: &Plugin,
    reader: &Reader,
    commit: &Oid,
    market: Option<(&Listing, &Reader)>,
) -> Wrong {
    let mut wrong = Vec::new();
    let repo = Repo::new(reader, reader.commit_tree(commit)?, &limits());
    let path = RepoPath::parse(&plugin.source.path).unwrap_or_default();
    same_tree(plugin, content::folder(&repo, &path).ok().map(|found| found.id), &mut wrong);
    if !plugin.neighbours.is_empty() {
        wrong.push("it cannot have neighbours: it lies in a repository of its own".into());
    }
    let elsewhere = Elsewhere { repo, path };
    same_files(plugin, elsewhere.content(&limits()), &mut wrong)?;
    if let Some((listing, reader)) = market {
        let root = reader.commit_tree(&listing.commit)?;
        wrong.extend(listed(plugin, reader, root, |_, entry, wrong| {
            let same = match &entry.source {
                Source::Remote(Remote::Git(git)) => {
                    git.url == plugin.source.url && git.path.to_key() == plugin.source.path
                }
                Source::Remote(_) => true,
                Source::Local(_) | Source::Refused(_) => false,
            };
            if !same {
                wrong.push("its entry says that it is somewhere else".into());
            }
            Ok(())
        })?);
    }
    Ok(wrong)
}

/// The same limits wherever it is checked; but room for those whose registry has larger ones.
fn limits() -> Limits {
    let usual = Limits::default();
    Limits {
        max_files: usual.max_files * 20,
        max_file_bytes: u64::MAX,
        max_plugin_bytes: u64::MAX,
        max_plugins: usual.max_plugins * 20,
        ..usual
    }
}

/// Looks at the plugin's entry, and at what more there is to look at.
fn listed(
    plugin: &Plugin,
    reader: &Reader,
    root: Oid,
    more: impl FnOnce(&Reading<'_>, &Entry, &mut Vec<String>) -> Result<(), ReadError>,
) -> Wrong {
    let reading = match Reading::open(reader, root, limits()) {
        Ok(reading) => reading,
        Err(ReadingError::Damaged(error)) => return Err(error),
        Err(why) => return Ok(vec![format!("its marketplace cannot be read: {why}")]),
    };
    let entry = plugin.original_name.parse().ok().and_then(|name| reading.entry(&name));
    let Some(entry) = entry else { return Ok(vec!["its marketplace does not list it".into()]) };
    let mut wrong = Vec::new();
    let says = if plugin.linked { behaviour::linked(&entry.fields) } else { behaviour::of(&entry.fields) };
    if says != plugin.behaviour {
        wrong.push("its entry says something else of it than is listed".into());
    }
    if plugin.marketplace_name.is_some() && plugin.marketplace_name != reading.catalog.name {
        wrong.push("its marketplace has another name".into());
    }
    more(&reading, entry, &mut wrong)?;
    Ok(wrong)
}

fn same_tree(plugin: &Plugin, tree: Option<Oid>, wrong: &mut Vec<String>) {
    match (tree, plugin.source.tree) {
        (None, _) => wrong.push(format!("its commit has no folder {}", quoted(&plugin.source.path))),
        (Some(there), Some(listed)) if there != listed => {
            wrong.push(format!("its folder is the tree {there} in its commit, and not {listed}"));
        }
        _ => {}
    }
}

/// The upstream's files are those that are listed: not one more, and not one less.
fn same_files(
    plugin: &Plugin,
    content: Result<Content, Unservable>,
    wrong: &mut Vec<String>,
) -> Result<(), ReadError> {
    let content = match content {
        Ok(content) => content,
        Err(Unservable::Read(error)) => return Err(error),
        Err(why) => {
            wrong.push(why.to_string());
            return Ok(());
        }
    };
    let listed = plugin.upstream();
    let paths: BTreeSet<&String> = listed.keys().chain(content.files.keys()).collect();
    for path in paths {
        let said = match (listed.get(path), content.files.get(path)) {
            (Some(one), Some(other)) if (one.blob, one.executable) == (other.blob, other.executable) => {
                continue;
            }
            (Some(_), _) => "its commit does not have it so",
            (None, _) => "its commit has it, and it is not listed",
        };
        wrong.push(format!("{}: {said}", quoted(path)));
    }
    if plugin.crlf() != content.crlf {
        wrong.push("its commit gives other files CRLF than are listed".into());
    }
    if plugin.skills_listed != content.skills_listed {
        wrong.push("its entry restricts its skills otherwise than is listed".into());
    }
    Ok(())
}
