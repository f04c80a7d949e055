//! What of a plugin runs code on people's machines: found generously. What is told too much costs a
//! reader a glance; what is told too little, perhaps everything.
//!
//! Where Claude Code runs something: <https://code.claude.com/docs/en/plugins-reference>, and for what a
//! skill or command runs before the model sees it,
//! <https://code.claude.com/docs/en/skills#inject-dynamic-context>.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::text::{self, LARGEST, Room};
use super::{Code, CodeDiff, Side, change};
use crate::domain::plugin::components::documents_of;
use crate::domain::plugin::content::File;
use crate::domain::plugin::fields::Object;
use crate::domain::plugin::manifest;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::ReadError;

/// Fields of a manifest or an entry, what they make run, and the file that is looked into without being
/// named.
const FIELDS: [(&str, Code, &str); 6] = [
    ("hooks", Code::Hook, "hooks/hooks.json"),
    ("mcpServers", Code::McpServer, ".mcp.json"),
    ("lspServers", Code::LspServer, ".lsp.json"),
    ("monitors", Code::Monitor, "monitors/monitors.json"),
    ("experimental", Code::Monitor, ""),
    ("settings", Code::Setting, "settings.json"),
];

/// Files of these names are taken for such a file wherever they lie: other agents have them elsewhere.
const NAMES: [(&str, Code); 5] = [
    ("hooks.json", Code::Hook),
    (".mcp.json", Code::McpServer),
    (".lsp.json", Code::LspServer),
    ("monitors.json", Code::Monitor),
    ("settings.json", Code::Setting),
];

/// Ends of names that interpreters, linkers and systems go by.
const ENDS: [&str; 47] = [
    "sh", "bash", "zsh", "fish", "ksh", "csh", "py", "pyw", "pyc", "pyz", "pth", "js", "mjs", "cjs", "jsx",
    "ts", "mts", "cts", "tsx", "node", "rb", "pl", "pm", "php", "lua", "tcl", "awk", "r", "jl", "go", "rs",
    "java", "jar", "class", "ps1", "psm1", "bat", "cmd", "vbs", "exe", "com", "dll", "so", "dylib", "wasm",
    "mcpb", "dxt",
];

/// Files that tools obey which are run in their folder.
const OBEYED: [&str; 9] = [
    "package.json",
    "package-lock.json",
    "pyproject.toml",
    "setup.cfg",
    "requirements.txt",
    "makefile",
    "justfile",
    ".envrc",
    ".npmrc",
];

/// What is said of one side of what runs.
pub(super) struct Runs {
    /// Kind and place → what stands there, over several lines.
    settings: BTreeMap<(Code, String), String>,
    /// What may be a path in one of the commands: paths, and names of files.
    named: HashSet<String>,
    /// Skills, commands and agents.
    documents: BTreeSet<String>,
}

/// A file of one side, where it is there.
type Seen<'a> = (Option<&'a Side<'a>>, Option<&'a File>, Option<&'a Runs>);

/// Whether a field of an entry is told as something that runs.
pub(super) fn is_told(field: &str, value: &Value) -> bool {
    FIELDS.iter().any(|(name, ..)| *name == field) || (field == "commands" && value.is_object())
}

impl Runs {
    pub(super) fn of(side: &Side<'_>) -> Result<Self, ReadError> {
        let manifest = manifest_of(side)?;
        let entry = &side.plugin.raw;
        let mut runs = Self {
            settings: BTreeMap::new(),
            named: HashSet::new(),
            documents: documents_of(&side.content, manifest.as_ref(), entry),
        };
        let mut files: BTreeMap<String, Code> = BTreeMap::new();
        for (place, object) in [("plugin.json", manifest.as_ref()), ("the entry", Some(entry))] {
            for (field, value) in object.into_iter().flatten().filter(|(field, value)| is_told(field, value))
            {
                let kind =
                    FIELDS.iter().find(|(name, ..)| name == field).map_or(Code::Shell, |(_, kind, _)| *kind);
                runs.note(kind, format!("`{field}` of {place}"), value);
                files.extend(paths_in(value).map(|path| (path, kind)));
            }
        }
        for path in side.content.files.keys() {
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            let usual = FIELDS.iter().find(|(_, _, usual)| usual == path).map(|(_, kind, _)| *kind);
            let known =
                usual.or_else(|| NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind));
            if let Some(kind) = known {
                files.entry(path.clone()).or_insert(kind);
            }
        }
        for (path, kind) in files {
            let Some(file) = side.content.files.get(&path).filter(|file| file.size <= LARGEST) else {
                continue;
            };
            let bytes = side.objects.blob(&file.blob)?;
            match serde_json::from_slice::<Value>(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)) {
                // Over several lines, however it was written: a line of thousands of characters is not read.
                Ok(value) => runs.note(kind, path, &value),
                Err(_) => {
                    runs.settings.insert((kind, path), String::from_utf8_lossy(&bytes).into_owned());
                }
            }
        }
        Ok(runs)
    }

    fn note(&mut self, kind: Code, place: String, value: &Value) {
        each_text(value, &mut |text| self.named.extend(words(text)));
        self.settings.insert((kind, place), format!("{value:#}\n"));
    }
}

/// Hooks, servers and the like that are not as they were.
pub(super) fn settings(
    before: Option<&Runs>,
    after: Option<&Runs>,
    found: &mut Vec<CodeDiff>,
    room: &mut Room,
) {
    let none = BTreeMap::new();
    let [before, after] = [before, after].map(|runs| runs.map_or(&none, |runs| &runs.settings));
    let all: BTreeSet<&(Code, String)> = before.keys().chain(after.keys()).collect();
    for key in all {
        let (old, new) = (before.get(key), after.get(key));
        if old == new {
            continue;
        }
        let (kind, place) = key.clone();
        let bytes = |text: Option<&String>| text.map_or(&[][..], |text| text.as_bytes()).to_vec();
        // Where it is gone from a plugin that goes on, a reader wants to know what is gone.
        let text = text::compare(&bytes(old), &bytes(new), room);
        found.push(CodeDiff { kinds: vec![kind], place, change: change(old, new), text: Some(text) });
    }
}

/// The ways in which a file may come to be run, before or now.
pub(super) fn kinds(path: &str, before: Seen<'_>, after: Seen<'_>) -> Result<Vec<Code>, ReadError> {
    let mut kinds = BTreeSet::new();
    let name = path.rsplit('/').next().unwrap_or(path);
    let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    if ENDS.contains(&end.as_str()) || OBEYED.contains(&name.to_ascii_lowercase().as_str()) {
        kinds.insert(Code::Script);
    }
    for (side, file, runs) in [before, after] {
        let (Some(side), Some(file), Some(runs)) = (side, file, runs) else { continue };
        if file.executable {
            kinds.insert(Code::Executable);
        }
        if runs.named.contains(path) || runs.named.contains(name) {
            kinds.insert(Code::Named);
        }
        if file.size <= LARGEST {
            let bytes = side.objects.blob(&file.blob)?;
            if bytes.starts_with(b"#!") || is_program(&bytes) {
                kinds.insert(Code::Script);
            }
            if runs.documents.contains(path) && has_shell(&String::from_utf8_lossy(&bytes)) {
                kinds.insert(Code::Shell);
            }
        }
    }
    Ok(kinds.into_iter().collect())
}

fn is_program(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 6] =
        [b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\0asm"];
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// Whether a skill, command or agent runs something by itself, or may without asking.
fn has_shell(text: &str) -> bool {
    const FIELDS: [&str; 8] = [
        "hooks",
        "allowed-tools",
        "allowedtools",
        "tools",
        "mcpservers",
        "permissionmode",
        "shell",
        "statusline",
    ];
    if text.contains("!`") || text.contains("```!") {
        return true;
    }
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next().is_none_or(|line| line.trim_end() != "---") {
        return false;
    }
    let front = lines.take_while(|line| line.trim_end() != "---");
    let mut in_tools = false;
    front.into_iter().any(|line| {
        let line = line.to_ascii_lowercase();
        if let Some((field, _)) = line.split_once(':').filter(|_| !line.starts_with([' ', '\t', '-', '#'])) {
            let field = field.trim_matches([' ', '"', '\'']);
            in_tools = matches!(field, "allowed-tools" | "allowedtools" | "tools");
            if FIELDS.contains(&field) && !in_tools {
                return true;
            }
        }
        in_tools
            && (line.contains("bash")
                || line.contains("powershell")
                || line.contains('*')
                || line.contains("mcp__"))
    })
}

fn manifest_of(side: &Side<'_>) -> Result<Option<Object>, ReadError> {
    match side.content.files.get(manifest::CLAUDE) {
        Some(file) if file.size <= LARGEST => Ok(manifest::parse(&side.objects.blob(&file.blob)?).ok()),
        _ => Ok(None),
    }
}

/// Paths to files that a field gives in place of what it would say.
fn paths_in(value: &Value) -> impl Iterator<Item = String> + use<> {
    let mut found = Vec::new();
    let mut add = |value: &Value| {
        if let Some(Ok(path)) = value.as_str().map(RepoPath::parse) {
            found.push(path.to_key());
        }
    };
    match value {
        Value::Array(list) => list.iter().for_each(add),
        Value::Object(fields) => fields.values().for_each(add),
        other => add(other),
    }
    found.into_iter()
}

fn each_text(value: &Value, tell: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => tell(text),
        Value::Array(list) => list.iter().for_each(|value| each_text(value, tell)),
        Value::Object(fields) => fields.values().for_each(|value| each_text(value, tell)),
        _ => {}
    }
}

/// What may be a path in a command: `"${CLAUDE_PLUGIN_ROOT}/bin/x" --y` has `bin/x`; and its last part, for
/// commands that change the folder before.
fn words(text: &str) -> impl Iterator<Item = String> {
    let part = |c: char| c.is_alphanumeric() || "._-/+@~".contains(c);
    let words = text.split(move |c| !part(c)).map(|word| word.trim_start_matches(['.', '/']));
    let named = words.flat_map(|word| [Some(word), word.rsplit_once('/').map(|(_, name)| name)]);
    named.flatten().filter(|word| !word.is_empty()).map(str::to_owned)
}
