//! What would change if one commit were served and not another: plugins, their files, and above all
//! what of them runs on people's machines.

mod runs;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::content::{Content, File};
use super::fields::Object;
use super::reading::Plugin;
use super::remote::Vendored;
use crate::domain::repository::tree::{Objects, ReadError};
use runs::Runs;

pub use text::{Room, Text};

/// A plugin as it is at one commit.
pub struct Side<'a> {
    pub plugin: &'a Plugin,
    /// Empty where nothing can be served.
    pub content: Content,
    /// Where its files are read from.
    pub objects: &'a dyn Objects,
    /// Where they are, if not in the marketplace's own repository.
    pub origin: Option<&'a Vendored>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    Added,
    Removed,
    Changed,
}

/// What makes something of a plugin run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    Hook,
    McpServer,
    LspServer,
    /// A program that runs as long as a session does.
    Monitor,
    /// What the plugin sets in the client, such as a status line that runs a program.
    Setting,
    /// A skill, command or agent that runs a shell without asking, or says that it may.
    Shell,
    /// A file that one of those names.
    Named,
    /// A file with its exec bit.
    Executable,
    /// A file that an interpreter or a linker would take: by its first bytes, or the end of its name.
    Script,
}

/// How one plugin differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginDiff {
    pub name: String,
    pub change: Change,
    pub before: Option<Facts>,
    pub after: Option<Facts>,
    /// What runs code and is not as it was.
    pub code: Vec<CodeDiff>,
    /// What else its entry in the catalog says now; also from where it is taken.
    pub entry: Option<Text>,
    pub files: Vec<FileDiff>,
    /// Files that differ and are not listed, for there are too many.
    pub files_left_out: u64,
}

/// A plugin at one commit, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// The name in its manifest.
    pub name: String,
    /// The upstream's own version.
    pub version: Option<String>,
    /// SHA-256 of what is served.
    pub digest: Option<String>,
    /// Where it is taken from, if not from the marketplace's own repository.
    pub origin: Option<Origin>,
    /// Why nothing can be served.
    pub reason: Option<String>,
    pub files: u64,
    pub bytes: u64,
}

/// Another repository than the marketplace's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Origin {
    pub url: String,
    /// The plugin's folder in it; empty: all of it.
    pub path: String,
    pub commit: String,
}

/// Something that runs code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeDiff {
    /// Each way in which it may come to be run.
    pub kinds: Vec<Code>,
    /// A file below the plugin's folder; or a field, and what it is a field of.
    pub place: String,
    pub change: Change,
    /// `None` where it is gone.
    pub text: Option<Text>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileDiff {
    pub path: String,
    pub change: Change,
    pub before: Option<FileFacts>,
    pub after: Option<FileFacts>,
    /// Only if everything was asked for, and where it is not told already what runs.
    pub text: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileFacts {
    /// In bytes.
    pub size: u64,
    pub executable: bool,
}

/// Files that are listed of one plugin.
const MOST_FILES: usize = 5_000;

/// Whether there is anything to tell of a plugin that is there both times.
#[must_use]
pub fn differs(before: &Plugin, after: &Plugin) -> bool {
    let told = |plugin: &Plugin| {
        (
            plugin.digest,
            plugin.version.clone(),
            plugin.manifest_name.clone(),
            plugin.reason.clone(),
            plugin.raw.clone(),
        )
    };
    told(before) != told(after)
}

/// How a plugin differs, of which there is at least one side. `everything`: not only what runs code is
/// shown as text.
///
/// # Errors
/// When a file cannot be read.
pub fn plugin(
    before: Option<&Side<'_>>,
    after: Option<&Side<'_>>,
    everything: bool,
    room: &mut Room,
) -> Result<Option<PluginDiff>, ReadError> {
    let Some(name) = after.or(before).map(|side| side.plugin.name.to_string()) else { return Ok(None) };
    let mut diff = PluginDiff {
        name,
        change: change(before, after),
        before: before.map(Facts::of),
        after: after.map(Facts::of),
        code: Vec::new(),
        entry: entry(before, after, room),
        files: Vec::new(),
        files_left_out: 0,
    };
    let runs = (before.map(Runs::of).transpose()?, after.map(Runs::of).transpose()?);
    runs::settings(runs.0.as_ref(), runs.1.as_ref(), &mut diff.code, room);
    let told: BTreeSet<String> = diff.code.iter().map(|code| code.place.clone()).collect();
    let mut others = Vec::new();
    for path in paths(before, after) {
        let (old, new) = (file(before, path), file(after, path));
        if same(old, new) {
            continue;
        }
        let kinds = runs::kinds(path, (before, old, runs.0.as_ref()), (after, new, runs.1.as_ref()))?;
        let change = change(old, new);
        let mut shown = told.contains(path);
        if !kinds.is_empty() && !shown {
            let text = match (before.zip(old), after.zip(new)) {
                (_, None) => None,
                (old, Some(new)) => Some(compared(old, new, room)?),
            };
            diff.code.push(CodeDiff { kinds, place: path.to_owned(), change, text });
            shown = true;
        }
        if diff.files.len() == MOST_FILES {
            diff.files_left_out += 1;
            continue;
        }
        if everything && !shown && new.is_some() {
            others.push(diff.files.len());
        }
        let (before, after) = (old.map(FileFacts::of), new.map(FileFacts::of));
        diff.files.push(FileDiff { path: path.to_owned(), change, before, after, text: None });
    }
    // Last, so that there is room for what runs.
    for i in others {
        let listed = &mut diff.files[i];
        let (old, new) = (file(before, &listed.path), file(after, &listed.path));
        if let Some(new) = after.zip(new) {
            listed.text = Some(compared(before.zip(old), new, room)?);
        }
    }
    diff.code.sort_by(|a, b| (a.kinds.first(), &a.place).cmp(&(b.kinds.first(), &b.place)));
    Ok(Some(diff))
}

/// How two values of JSON differ, written over several lines. `None`: they do not.
pub fn values(before: Option<&Value>, after: Option<&Value>, room: &mut Room) -> Option<Text> {
    let written = |value: Option<&Value>| value.map_or_else(String::new, |value| format!("{value:#}\n"));
    let (before, after) = (written(before), written(after));
    (before != after).then(|| text::compare(before.as_bytes(), after.as_bytes(), room))
}

/// What the entry says besides what runs code. What was not there has no entry that could differ.
fn entry(before: Option<&Side<'_>>, after: Option<&Side<'_>>, room: &mut Room) -> Option<Text> {
    let rest = |side: &Side<'_>| {
        let fields = side.plugin.raw.iter().filter(|(field, value)| !runs::is_told(field, value));
        Value::Object(fields.map(|(field, value)| (field.clone(), value.clone())).collect::<Object>())
    };
    let (before, after) = before.zip(after)?;
    values(Some(&rest(before)), Some(&rest(after)), room)
}

fn paths<'s>(before: Option<&'s Side<'_>>, after: Option<&'s Side<'_>>) -> BTreeSet<&'s str> {
    [before, after]
        .into_iter()
        .flatten()
        .flat_map(|side| side.content.files.keys())
        .map(String::as_str)
        .collect()
}

fn file<'s>(side: Option<&'s Side<'_>>, path: &str) -> Option<&'s File> {
    side.and_then(|side| side.content.files.get(path))
}

fn same(old: Option<&File>, new: Option<&File>) -> bool {
    let told = |file: &File| (file.blob, file.executable);
    old.map(told) == new.map(told)
}

fn change<T>(before: Option<T>, after: Option<T>) -> Change {
    match (before, after) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        _ => Change::Changed,
    }
}

fn compared(
    old: Option<(&Side<'_>, &File)>,
    new: (&Side<'_>, &File),
    room: &mut Room,
) -> Result<Text, ReadError> {
    let size = |file: &File| file.size;
    let (before, after) = (old.map_or(0, |(_, file)| size(file)), size(new.1));
    if before.max(after) > text::LARGEST {
        return Ok(text::too_large(before, after));
    }
    let before = old.map_or_else(|| Ok(Vec::new()), |(side, file)| side.objects.blob(&file.blob))?;
    let after = new.0.objects.blob(&new.1.blob)?;
    let mut text = text::compare(&before, &after, room);
    if text.unified.is_none() && text.omitted.is_none() {
        text.omitted = Some("its bytes are what they were".to_owned());
    }
    Ok(text)
}

impl Facts {
    fn of(side: &Side<'_>) -> Self {
        let plugin = side.plugin;
        Self {
            name: plugin.manifest_name.clone(),
            version: plugin.version.clone(),
            digest: plugin.digest.map(|digest| digest.to_string()),
            origin: side.origin.map(|place| Origin {
                url: place.url.clone(),
                path: place.path.to_key(),
                commit: place.commit.to_string(),
            }),
            reason: plugin.reason.clone(),
            files: plugin.files,
            bytes: plugin.bytes,
        }
    }
}

impl FileFacts {
    fn of(file: &File) -> Self {
        Self { size: file.size, executable: file.executable }
    }
}
