//! `agnes plugin …`

use std::fmt::Write as _;

use http::Method;
use serde_json::Value;

use super::exit::Failure;
use super::said::{Said, count, line, plain, size};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::Call;
use crate::domain::plugin::components::ComponentKind;
use crate::wire::plugins::{Disable, Plugin, PluginDetail, Switched};

pub(super) fn list(session: &Session, marketplace: Option<&str>) -> Result<Said, Failure> {
    let call = match marketplace {
        Some(slug) => Call::get(&["api", "marketplaces", slug, "plugins"]),
        None => Call::get(&["api", "plugins"]),
    };
    let all: Vec<Plugin> = session.client.call(call)?;
    let mut table = Table::new(&["PLUGIN", "VERSION", "FILES", "SIZE", "SERVED"]);
    for one in &all {
        let served = match &one.reason {
            Some(reason) => format!("no: {reason}"),
            None if one.notes.is_empty() => "yes".to_owned(),
            None => format!("yes ({})", count(one.notes.len() as u64, "note")),
        };
        let name = format!("{}/{}", one.marketplace_slug, one.name);
        let version = one.version.as_deref().unwrap_or("-");
        table.row([&name, version, &one.files.to_string(), &size(one.bytes), &served]);
    }
    if table.is_empty() {
        return Ok(
            Said::answer(&all, String::new()).talking("No plugins are known. Next: agnes marketplace sync")
        );
    }
    Ok(Said::answer(&all, table.text()))
}

pub(super) fn show(session: &Session, plugin: &str) -> Result<Said, Failure> {
    let (slug, name) = parts(plugin)?;
    let one: PluginDetail =
        session.client.call(Call::get(&["api", "marketplaces", slug, "plugins", name]))?;
    Ok(Said::answer(&one, text(&one)))
}

pub(super) fn disable(session: &Session, plugin: &str, reason: Option<String>) -> Result<Said, Failure> {
    let (slug, name) = parts(plugin)?;
    let call = Call::new(Method::POST, &["api", "marketplaces", slug, "plugins", name, "disable"]);
    let done: Switched = session.client.call(call.with(&Disable { reason }))?;
    let told = if done.changed { "is disabled: nobody gets it" } else { "was disabled already" };
    let said = Said::done(&done, format!("`{}` {told}.", line(plugin)));
    if done.listed {
        return Ok(said);
    }
    // It may be a slip of the keyboard, and somebody believe that a plugin is out which is not.
    Ok(said.talking(format!(
        "`{}` has no such plugin at present; nobody gets it if it comes. See: agnes plugin list --marketplace {0}",
        done.marketplace_slug
    )))
}

pub(super) fn enable(session: &Session, plugin: &str) -> Result<Said, Failure> {
    let (slug, name) = parts(plugin)?;
    let call = Call::new(Method::POST, &["api", "marketplaces", slug, "plugins", name, "enable"]);
    let done: Switched = session.client.call(call)?;
    let told = match done {
        Switched { changed: false, .. } => "was not disabled",
        Switched { listed: false, .. } => "is not disabled any more",
        _ => "is enabled: whoever was granted it gets it",
    };
    Ok(Said::done(&done, format!("`{}` {told}.", line(plugin))))
}

fn parts(plugin: &str) -> Result<(&str, &str), Failure> {
    plugin.split_once('/').ok_or_else(|| {
        Failure::usage(format!("`{}` is not a plugin: `marketplace/plugin` is needed", line(plugin)))
            .hinted("agnes plugin list")
    })
}

fn text(one: &PluginDetail) -> String {
    let plugin = &one.plugin;
    let source = match &plugin.source_spec {
        Value::String(path) => path.clone(),
        Value::Null => "(default)".to_owned(),
        other => other.to_string(),
    };
    let files: u64 = plugin.files;
    let origin = one.origin.as_ref();
    let place = |path: &str| if path.is_empty() { "./".to_owned() } else { format!("./{path}") };
    let mut out = facts(&[
        ("plugin", Some(format!("{}/{}", plugin.marketplace_slug, plugin.name))),
        ("description", plugin.description.clone()),
        ("author", plugin.author_name.clone()),
        ("homepage", plugin.homepage.clone()),
        ("category", plugin.category.clone()),
        ("version", plugin.version.clone()),
        ("source", Some(format!("{} ({})", source, plugin.source_type))),
        ("commit", one.commit.clone()),
        ("from", origin.map(|origin| format!("{} {}", origin.url, place(&origin.path)))),
        ("its commit", origin.map(|origin| origin.commit.to_string())),
        ("its tree", origin.and_then(|origin| origin.tree).map(|tree| tree.to_string())),
        ("fetched", origin.and_then(|origin| origin.fetched_at.clone())),
        ("served", plugin.reason.as_ref().map(|reason| format!("no: {reason}"))),
        ("disabled", plugin.disabled.as_ref().map(|disabled| format!("{} by {}", disabled.at, disabled.by))),
        ("served as", plugin.served.then(|| one.served_name.clone())),
        ("served version", one.served_version.clone()),
        ("content", one.digest.as_ref().map(|digest| format!("sha256:{digest}"))),
        ("size", plugin.served.then(|| format!("{}, {}", count(files, "file"), size(plugin.bytes)))),
    ]);
    for note in &plugin.notes {
        let _ = writeln!(out, "note: {}", line(&note.message));
    }
    let kinds = [
        (ComponentKind::Skill, "SKILLS"),
        (ComponentKind::Agent, "AGENTS"),
        (ComponentKind::Command, "COMMANDS"),
        (ComponentKind::Hook, "HOOKS"),
        (ComponentKind::McpServer, "MCP SERVERS"),
        (ComponentKind::LspServer, "LSP SERVERS"),
    ];
    for (kind, heading) in kinds {
        let mut table = Table::new(&[heading, "IN", ""]);
        for component in one.components.iter().filter(|component| component.kind == kind) {
            table.row([&component.name, &component.path, component.description.as_deref().unwrap_or("")]);
        }
        if !table.is_empty() {
            let _ = write!(out, "\n{}", table.text());
        }
    }
    if !one.file_list.is_empty() {
        let mut table = Table::new(&["FILES", "SIZE", ""]);
        for file in &one.file_list {
            table.row([
                file.path.as_str(),
                &size(file.size),
                if file.executable { "executable" } else { "" },
            ]);
        }
        let _ = write!(out, "\n{}", table.text());
    }
    let _ = writeln!(out, "\nENTRY\n{}", plain(&format!("{:#}", one.entry)));
    if let Some(manifest) = &one.manifest {
        let _ = writeln!(out, "\nMANIFEST\n{}", plain(&format!("{manifest:#}")));
    }
    out
}
