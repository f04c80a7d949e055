//! What a plugin brings: the components that Claude Code would find in it.
//! <https://code.claude.com/docs/en/plugins-reference>

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::{Content, File};
use super::fields::Object;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::ReadError;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    Skill,
    Agent,
    Command,
    Hook,
    McpServer,
    LspServer,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Component {
    pub kind: ComponentKind,
    /// A skill's, agent's or command's name, a hook's event, a server's key.
    pub name: String,
    /// Where it is said: a file below the plugin's folder, or `(inline)`.
    pub path: String,
    /// From the front matter; for hooks and servers what they run.
    pub description: Option<String>,
}

/// Files larger than this are not looked into for their front matter.
const LARGEST: u64 = 1 << 20;

type Read<'a> = &'a dyn Fn(&File) -> Result<Vec<u8>, ReadError>;

/// Finds the components of a plugin: default folders, what `plugin.json` names and what the entry
/// names.
///
/// # Errors
/// When a file cannot be read.
pub fn find(
    content: &Content,
    manifest: Option<&Object>,
    entry: &Object,
    read: Read<'_>,
) -> Result<Vec<Component>, ReadError> {
    let finder = Finder { content, read };
    let said: Vec<&Object> = manifest.into_iter().chain([entry]).collect();
    let restricted = content.skills_listed;
    let mut found = Vec::new();
    for path in finder.skills(if restricted { &said[said.len() - 1..] } else { &said }) {
        let folder = path.trim_end_matches("SKILL.md").trim_end_matches('/');
        let name = folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("(root)");
        found.push(finder.described(ComponentKind::Skill, name, &path)?);
    }
    for (kind, field) in [(ComponentKind::Agent, "agents"), (ComponentKind::Command, "commands")] {
        for path in finder.documents(manifest, entry, field) {
            let name = path.rsplit('/').next().unwrap_or(&path).trim_end_matches(".md").to_owned();
            found.push(finder.described(kind, &name, &path)?);
        }
    }
    for (kind, field, defaults) in [
        (ComponentKind::Hook, "hooks", &["hooks/hooks.json"][..]),
        (ComponentKind::McpServer, "mcpServers", &[".mcp.json"]),
        (ComponentKind::LspServer, "lspServers", &[".lsp.json"]),
    ] {
        for (path, value) in finder.settings(&said, field, defaults)? {
            let inner = value.get(field).unwrap_or(&value);
            let Some(object) = inner.as_object() else { continue };
            for (name, value) in object {
                let commands = if kind == ComponentKind::Hook {
                    hook_commands(value)
                } else {
                    vec![server_command(value)]
                };
                for command in commands {
                    found.push(Component {
                        kind,
                        name: name.clone(),
                        path: path.clone(),
                        description: command,
                    });
                }
            }
        }
    }
    Ok(found)
}

/// The files of a plugin that are its skills, agents and commands.
#[must_use]
pub fn documents_of(content: &Content, manifest: Option<&Object>, entry: &Object) -> BTreeSet<String> {
    let finder = Finder { content, read: &|_| Ok(Vec::new()) };
    let said: Vec<&Object> = manifest.into_iter().chain([entry]).collect();
    let mut found = finder.skills(&said);
    for field in ["agents", "commands"] {
        found.extend(finder.documents(manifest, entry, field));
    }
    found
}

struct Finder<'a> {
    content: &'a Content,
    read: Read<'a>,
}

impl Finder<'_> {
    fn skills(&self, said: &[&Object]) -> BTreeSet<String> {
        let mut folders = vec!["skills".to_owned()];
        for object in said {
            folders.extend(paths(object, "skills").map(|path| path.to_key()));
        }
        let files = &self.content.files;
        let mut found = BTreeSet::new();
        for folder in folders {
            let own = if folder.is_empty() { "SKILL.md".to_owned() } else { format!("{folder}/SKILL.md") };
            if files.contains_key(&own) {
                found.insert(own);
                continue;
            }
            let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            found.extend(files.keys().filter_map(|path| {
                let (child, rest) = path.strip_prefix(&start)?.split_once('/')?;
                (rest == "SKILL.md").then(|| format!("{start}{child}/SKILL.md"))
            }));
        }
        let default = files.keys().any(|path| path.starts_with("skills/"));
        let lists = said.iter().any(|object| object.contains_key("skills"));
        if files.contains_key("SKILL.md") && !default && !lists {
            found.insert("SKILL.md".to_owned());
        }
        found
    }

    /// Markdown files of the default folder, or of the list in `plugin.json` that replaces it; what
    /// the entry lists comes in addition.
    fn documents(&self, manifest: Option<&Object>, entry: &Object, field: &str) -> BTreeSet<String> {
        let replaced = manifest.filter(|manifest| manifest.contains_key(field));
        let mut roots: Vec<RepoPath> = match replaced {
            Some(manifest) => paths(manifest, field).collect(),
            None => RepoPath::parse(field).into_iter().collect(),
        };
        roots.extend(paths(entry, field));
        let files = self.content.files.keys().filter(|path| path.to_ascii_lowercase().ends_with(".md"));
        files
            .filter(|path| {
                roots.iter().any(|root| {
                    let key = root.to_key();
                    **path == key || path.strip_prefix(&key).is_some_and(|rest| rest.starts_with('/'))
                })
            })
            .cloned()
            .collect()
    }

    /// JSON of the default files, of files that are named, and what is written inline.
    fn settings(
        &self,
        said: &[&Object],
        field: &str,
        defaults: &[&str],
    ) -> Result<Vec<(String, Value)>, ReadError> {
        let mut files: BTreeSet<String> = defaults.iter().map(|path| (*path).to_owned()).collect();
        let mut found = Vec::new();
        for object in said {
            let values = match object.get(field) {
                Some(Value::Array(list)) => list.iter().collect(),
                Some(value) => vec![value],
                None => Vec::new(),
            };
            for value in values {
                match value {
                    Value::String(text) => {
                        files.extend(RepoPath::parse(text).ok().map(|path| path.to_key()));
                    }
                    Value::Object(_) => found.push(("(inline)".to_owned(), value.clone())),
                    _ => {}
                }
            }
        }
        for path in files {
            let Some(file) = self.content.files.get(&path).filter(|file| file.size <= LARGEST) else {
                continue;
            };
            if let Ok(value) = serde_json::from_slice((self.read)(file)?.as_slice()) {
                found.push((path, value));
            }
        }
        Ok(found)
    }

    fn described(&self, kind: ComponentKind, name: &str, path: &str) -> Result<Component, ReadError> {
        let text = match self.content.files.get(path).filter(|file| file.size <= LARGEST) {
            Some(file) => String::from_utf8_lossy(&(self.read)(file)?).into_owned(),
            None => String::new(),
        };
        let name = front_matter(&text, "name").unwrap_or_else(|| name.to_owned());
        Ok(Component { kind, name, path: path.to_owned(), description: front_matter(&text, "description") })
    }
}

fn paths<'a>(object: &'a Object, field: &str) -> impl Iterator<Item = RepoPath> + use<'a> {
    let texts = match object.get(field) {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().filter_map(|text| RepoPath::parse(text).ok())
}

/// `{"matcher": …, "hooks": [{"type": "command", "command": …}]}`, in a list.
fn hook_commands(value: &Value) -> Vec<Option<String>> {
    let groups = value.as_array().into_iter().flatten();
    let hooks = groups.flat_map(|group| group.get("hooks").and_then(Value::as_array).into_iter().flatten());
    let commands: Vec<_> = hooks
        .map(|hook| {
            hook.get("command").or_else(|| hook.get("prompt")).and_then(Value::as_str).map(str::to_owned)
        })
        .collect();
    if commands.is_empty() { vec![None] } else { commands }
}

fn server_command(value: &Value) -> Option<String> {
    let command = value.get("command").or_else(|| value.get("url")).and_then(Value::as_str)?;
    let words = value.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Some([command].into_iter().chain(words).collect::<Vec<_>>().join(" "))
}

/// One scalar of a document's YAML front matter. This is for showing to people, so it reads the
/// ways in which such documents are written (plain, quoted, folded) and not all of YAML.
fn front_matter(text: &str, key: &str) -> Option<String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let mut lines = lines.take_while(|line| line.trim_end() != "---").peekable();
    while let Some(line) = lines.next() {
        let Some(value) = line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':')) else { continue };
        let value = value.trim();
        let mut words = match value {
            ">" | ">-" | "|" | "|-" | ">+" | "|+" => Vec::new(),
            value => vec![value],
        };
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            words.push(more.trim());
        }
        let value = words.join(" ");
        let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        return Some(bare.unwrap_or(&value).trim().to_owned()).filter(|value| !value.is_empty());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str], manifest: Option<Value>, entry: Value) -> Vec<String> {
        let object = |value: Value| if let Value::Object(object) = value { object } else { panic!() };
        let file = File { executable: false, blob: crate::domain::repository::oid::Oid([0; 20]), size: 1 };
        let files = paths.iter().map(|path| ((*path).to_owned(), file)).collect();
        let content = Content { files, ..Content::default() };
        let manifest = manifest.map(object);
        let found = find(&content, manifest.as_ref(), &object(entry), &|_| Ok(Vec::new())).unwrap();
        found.into_iter().map(|component| component.path).collect()
    }

    /// As seen in sessions of 2.1.197 and 2.1.329.
    #[test]
    fn lists_replace_in_plugin_json_and_add_in_the_entry() {
        let paths = ["SKILL.md", "commands/a.md", "extra/b.md", "more/s/SKILL.md", "skills/t/SKILL.md"];
        let list = serde_json::json!({"commands": ["./extra/b.md"], "skills": ["./more"]});
        let none = || serde_json::json!({});
        let skills = ["more/s/SKILL.md", "skills/t/SKILL.md"];
        assert_eq!(names(&paths, None, none()), ["skills/t/SKILL.md", "commands/a.md"]);
        assert_eq!(names(&paths, None, list.clone()), [skills[0], skills[1], "commands/a.md", "extra/b.md"]);
        assert_eq!(names(&paths, Some(list), none()), [skills[0], skills[1], "extra/b.md"]);
        assert_eq!(names(&["SKILL.md", "x/a.md"], None, none()), ["SKILL.md"]);
    }

    #[test]
    fn front_matter_as_people_write_it() {
        let text = "---\nname: x\ndescription: >-\n  one\n  two\nlicense: 'MIT'\n---\nname: not this\n";
        assert_eq!(front_matter(text, "name").as_deref(), Some("x"));
        assert_eq!(front_matter(text, "description").as_deref(), Some("one two"));
        assert_eq!(front_matter(text, "license").as_deref(), Some("MIT"));
        assert_eq!(front_matter(text, "author"), None);
        assert_eq!(front_matter("name: x", "name"), None);
    }
}
