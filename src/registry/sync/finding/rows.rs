//! What is written of a plugin that was read.

use serde_json::Value;

use crate::domain::note::{Note, quoted};
use crate::domain::plugin::reading::Plugin;
use crate::domain::plugin::remote;
use crate::domain::repository::oid::Oid;
use crate::store::plugins::{OriginRow, PluginRow};

/// A branch is there to move. A tag is not: whoever relies on one believes that it stays. What is said of it
/// stays until it moves again.
pub(super) fn moved(
    tag: Option<&str>,
    plugin: &Plugin,
    place: &remote::Vendored,
    before: Option<&PluginRow>,
    is_other: &dyn Fn(&Oid) -> bool,
) -> Option<Note> {
    const CODE: &str = "ref-moved";
    let before = before.filter(|row| row.source_spec == source_spec(plugin))?;
    let old = before.origin.vendored().filter(|old| old.url == place.url)?;
    if old.commit == place.commit || (tag.is_some() && !is_other(&old.commit)) {
        return notes_of(before).into_iter().find(|note| note.code == CODE);
    }
    let message = format!("the tag {} moved from {} to {}", quoted(tag?), old.commit, place.commit);
    Some(Note::new(CODE, message))
}

pub(in crate::registry) fn notes_of(row: &PluginRow) -> Vec<Note> {
    serde_json::from_str(&row.notes).unwrap_or_default()
}

fn source_spec(plugin: &Plugin) -> String {
    plugin.raw.get("source").cloned().unwrap_or(Value::Null).to_string()
}

pub(super) fn plugin_row(slug: &str, plugin: Plugin, origin: OriginRow) -> PluginRow {
    let text = |field: &str| plugin.entry.get(field).and_then(Value::as_str).map(str::to_owned);
    let author = plugin.entry.get("author").and_then(|author| author.get("name")).and_then(Value::as_str);
    PluginRow {
        marketplace_id: slug.to_owned(),
        description: text("description"),
        author_name: author.map(str::to_owned),
        homepage: text("homepage"),
        category: text("category"),
        source_type: plugin.source.kind().to_owned(),
        source_spec: source_spec(&plugin),
        name: plugin.name.to_string(),
        manifest_name: plugin.manifest_name,
        version: plugin.version,
        raw: Value::Object(plugin.raw).to_string(),
        entry: Value::Object(plugin.entry).to_string(),
        strict: plugin.strict,
        digest: plugin.digest.map(|digest| digest.to_string()),
        reason: plugin.reason,
        files: i64::try_from(plugin.files).unwrap_or(i64::MAX),
        bytes: i64::try_from(plugin.bytes).unwrap_or(i64::MAX),
        notes: json(&plugin.notes),
        origin,
    }
}

/// Texts, lists and maps of texts: there is nothing in them that JSON cannot say.
pub(in crate::registry) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
