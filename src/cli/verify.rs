//! `agnes verify`

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::args::{Global, VerifyArgs};
use super::config;
use super::exit::{Exit, Failure};
use super::said::{Said, count, line};
use super::table::Table;
use crate::archive::ArchiveError;
use crate::domain::feed::provenance::BESIDE;
use crate::domain::upstream::slug::Slug;
use crate::registry::Error;
use crate::registry::folder::DataFolder;
use crate::registry::verify::{self, Sources, Verified};
use crate::wire::verify as wire;

pub(super) fn run(args: &VerifyArgs, global: &Global) -> Result<Said, Failure> {
    let beside = || args.bundle.parent().unwrap_or(Path::new("")).join(BESIDE);
    let provenance = args.provenance.clone().unwrap_or_else(beside);
    // Checking needs no data folder; where there is one, it has what was fetched.
    let folder = match config::load(global) {
        Err(failure) if global.data_dir.is_some() || global.config.is_some() => return Err(failure),
        config => config.ok().map(|config| DataFolder::new(config.data_dir)),
    };
    let fetched = |slug: &Slug, url: &str| {
        let folders =
            folder.iter().flat_map(|folder| [folder.repository(slug.as_str()), folder.vendored(url)]);
        folders.collect()
    };
    let sources = Sources { given: &args.source, fetched: &fetched };
    let verified = verify::verify(&args.bundle, &provenance, &sources).map_err(|error| failure(&error))?;
    let told = told(verified);
    let text = text(&told);
    let exit = if told.holds { Exit::Done } else { Exit::Tampered };
    Ok(Said::answer(&told, text).exiting(exit))
}

fn told(verified: Verified) -> wire::Verified {
    let holds = verified.holds();
    let plugins = verified.provenance.plugins.into_iter().zip(verified.plugins).map(|(plugin, found)| {
        wire::VerifiedPlugin {
            name: plugin.name,
            version: plugin.version,
            marketplace_slug: plugin.marketplace_slug,
            original_name: plugin.original_name,
            files: plugin.files.len() as u64,
            source: plugin.source,
            upstream_checked: found.upstream_checked,
            faults: found.faults,
        }
    });
    wire::Verified {
        holds,
        view: verified.provenance.view.to_string(),
        plugins: plugins.collect(),
        faults: verified.faults,
    }
}

fn text(told: &wire::Verified) -> String {
    let mut out = format!("view {}\n", told.view);
    let mut table = Table::new(&["PLUGIN", "VERSION", "FILES", "BUNDLE", "UPSTREAM", "FROM"]);
    for plugin in &told.plugins {
        let bundle = if plugin.faults.is_empty() { "holds" } else { "DOES NOT HOLD" };
        let upstream = if !plugin.upstream_checked {
            "not here"
        } else if plugin.faults.is_empty() {
            "the same"
        } else {
            "see below"
        };
        let source = &plugin.source;
        let path = if source.path.is_empty() { String::new() } else { format!(" {}", source.path) };
        let commit = source.commit.to_string();
        let from = format!("{} {}{path}", source.url, commit.get(..12).unwrap_or_default());
        table.row([
            plugin.name.as_str(),
            plugin.version.as_deref().unwrap_or("-"),
            &plugin.files.to_string(),
            bundle,
            upstream,
            &from,
        ]);
    }
    if !table.is_empty() {
        let _ = write!(out, "\n{}", table.text());
    }
    let of_plugins = told
        .plugins
        .iter()
        .flat_map(|plugin| plugin.faults.iter().map(move |why| (plugin.name.as_str(), why)));
    let faults: Vec<_> = told.faults.iter().map(|why| ("", why)).chain(of_plugins).collect();
    if !faults.is_empty() {
        out.push('\n');
    }
    for (plugin, why) in &faults {
        let place = if plugin.is_empty() { String::new() } else { format!("{plugin}: ") };
        let _ = writeln!(out, "{}", line(&format!("{place}{why}")));
    }
    let checked = told.plugins.iter().filter(|plugin| plugin.upstream_checked).count();
    let _ = writeln!(
        out,
        "\n{}; {} of {} held against their commits.",
        if told.holds { "Everything that was checked is so" } else { "It is NOT what it should be" },
        checked,
        count(told.plugins.len() as u64, "plugin")
    );
    out
}

fn failure(error: &Error) -> Failure {
    let exit = match error {
        // Not a ZIP that agnes made.
        Error::Archive(ArchiveError::Damaged { .. }) => Exit::Tampered,
        Error::Archive(ArchiveError::Io { source, .. }) | Error::Io { source, .. }
            if source.kind() == io::ErrorKind::NotFound =>
        {
            Exit::NotFound
        }
        Error::Invalid { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    let hint = match error {
        Error::Invalid { hint, .. } => hint.clone(),
        Error::Io { .. } if exit == Exit::NotFound => {
            Some("agnes verify FILE --provenance FILE, as `agnes build-zip --provenance` wrote it".into())
        }
        _ => None,
    };
    Failure { hint, ..Failure::new(exit, error.to_string()) }
}
