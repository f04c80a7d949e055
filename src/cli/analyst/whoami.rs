//! `agnes whoami`

use std::fmt::Write as _;

use serde_json::json;

use super::asking::known;
use super::here::place;
use crate::analyst::claude::Claude;
use crate::analyst::compare::Differences;
use crate::analyst::server;
use crate::analyst::state::State;
use crate::cli::args::Global;
use crate::cli::exit::Failure;
use crate::cli::said::Said;
use crate::cli::table::{Table, facts};

pub(in crate::cli) fn run(global: &Global) -> Result<Said, Failure> {
    let place = place()?;
    let credential = known(&place, global)?;
    let info = server::info(&credential)?;
    // Who one is can be told without a client, too.
    let state = State::read(&place)?;
    let setup = state.servers.get(credential.server.base());
    let folder = setup.map_or(&place.home, |setup| &setup.project);
    let installed = Claude::find(&place).and_then(|claude| claude.installed(folder));
    let differences = installed.as_ref().ok().map(|installed| Differences::between(&info, installed));
    let json = json!({
        "server": credential.server.to_string(),
        "email": info.email,
        "groups": info.groups,
        "marketplace_name": info.marketplace_name,
        "etag": info.etag,
        "plugins": info.plugins,
        "left_out": info.left_out,
        "differences": differences,
    });
    let mut text = facts(&[
        ("server", Some(credential.server.to_string())),
        ("user", Some(info.email.clone())),
        ("groups", Some(info.groups.join(", "))),
        ("marketplace", Some(info.marketplace_name.clone())),
        ("granted", Some(info.plugin_count.to_string())),
    ]);
    let mut table = Table::new(&["PLUGIN", "GRANTED", "INSTALLED"]);
    let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
    let here = installed.as_ref().map(Vec::as_slice).unwrap_or_default();
    let ours = |name: &str| here.iter().find(|one| one.of(&info.marketplace_name) == Some(name));
    for plugin in &info.plugins {
        let there = match ours(&plugin.name) {
            None if installed.is_err() => "?".to_owned(),
            None => "-".to_owned(),
            Some(one) if one.enabled == Some(false) => format!("{} (disabled)", version(&one.version)),
            Some(one) => version(&one.version),
        };
        table.row([&plugin.name, &version(&plugin.version), &there]);
    }
    for name in differences.iter().flat_map(|found| &found.revoked) {
        let there = ours(name).map(|one| version(&one.version)).unwrap_or_default();
        table.row([name.as_str(), "-", &there]);
    }
    if !table.is_empty() {
        let _ = write!(text, "\n{}", table.text());
    }
    let mut said = Said::answer(&json, text);
    match (&installed, differences) {
        (Err(why), _) => said = said.talking(format!("What is installed cannot be told: {why}")),
        (Ok(_), Some(found)) if !found.outdated.is_empty() || !found.revoked.is_empty() => {
            said = said.talking("Something differs. To bring it up to date: agnes refresh");
        }
        _ => {}
    }
    Ok(said)
}
