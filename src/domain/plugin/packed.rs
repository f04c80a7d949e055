//! What came as one file and not as a repository: where in it the plugin is, and what it says of itself.

use serde_json::Value;

use super::content::Files;
use super::fields::{DEFAULT_FOLDERS, Object};
use crate::domain::note::{Note, quoted};

/// What macOS puts into ZIP files beside what it was told to.
const CLUTTER: [&str; 2] = ["__MACOSX", ".DS_Store"];

/// The folder of a manifest.
const MANIFESTS: &str = ".claude-plugin";

/// Files that tell the client which dependencies to install beside a plugin.
const LOCKS: [&str; 4] = ["bun.lock", "bun.lockb", "npm-shrinkwrap.json", "package-lock.json"];

/// Scripts that npm runs when it installs a package from a registry.
const SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// Takes away the one folder that everything may be wrapped in, by the rule of the client: a lone folder
/// at the top is a wrapper, unless it is one that plugins have themselves.
pub fn unwrap<T>(files: &mut Vec<(String, T)>) {
    let top = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    files.retain(|(path, _)| !CLUTTER.contains(&top(path).as_str()));
    let Some(first) = files.first().map(|(path, _)| top(path)) else { return };
    let wrapper = format!("{first}/");
    if first == MANIFESTS || files.iter().any(|(path, _)| !path.starts_with(&wrapper)) {
        return;
    }
    let manifests = format!("{wrapper}{MANIFESTS}/");
    let is_of_plugin = first == "hooks" || DEFAULT_FOLDERS.iter().any(|(_, folder)| *folder == first);
    if !is_of_plugin || files.iter().any(|(path, _)| path.starts_with(&manifests)) {
        strip(files);
    }
}

/// Takes away the first part of each path, whatever it is, as npm does. A file at the top has no place.
pub fn strip<T>(files: &mut Vec<(String, T)>) {
    files.retain_mut(|(path, _)| match path.split_once('/') {
        Some((_, rest)) => {
            *path = rest.to_owned();
            true
        }
        None => false,
    });
}

/// What a package's own manifest asks for that is not done here: to run something, and to bring others along.
#[must_use]
pub fn package_notes(package: &Object, files: &Files) -> Vec<Note> {
    let fields = |name: &str| package.get(name).and_then(Value::as_object);
    let mut notes = Vec::new();
    let scripts = fields("scripts");
    if let Some(script) = SCRIPTS.iter().find(|name| scripts.is_some_and(|all| all.contains_key(**name))) {
        notes.push(Note::new(
            "npm-scripts",
            format!(
                "its package has a script `{script}` to be run when it is installed: it is never run, neither here \
                 nor by Claude Code"
            ),
        ));
    }
    let first = fields("dependencies").and_then(|all| all.keys().next());
    if let Some(first) = first.filter(|_| LOCKS.iter().all(|name| !files.contains_key(*name))) {
        notes.push(Note::new(
            "npm-dependencies",
            format!(
                "its package depends on others, {} for one: without a lockfile in it they are installed neither here \
                 nor by Claude Code",
                quoted(first)
            ),
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unwrapped(paths: &[&str]) -> Vec<String> {
        let mut files: Vec<_> = paths.iter().map(|path| ((*path).to_owned(), ())).collect();
        unwrap(&mut files);
        files.into_iter().map(|(path, ())| path).collect()
    }

    #[test]
    fn a_wrapper_is_taken_away_and_a_folder_of_the_plugin_is_not() {
        assert_eq!(unwrapped(&["tool-1.0/a", "tool-1.0/skills/b"]), ["a", "skills/b"]);
        assert_eq!(unwrapped(&["tool/a", "__MACOSX/tool/._a", ".DS_Store"]), ["a"]);
        assert_eq!(unwrapped(&["skills/a/SKILL.md"]), ["skills/a/SKILL.md"]);
        assert_eq!(unwrapped(&["hooks/hooks.json"]), ["hooks/hooks.json"]);
        assert_eq!(unwrapped(&[".claude-plugin/plugin.json"]), [".claude-plugin/plugin.json"]);
        assert_eq!(
            unwrapped(&["skills/.claude-plugin/plugin.json", "skills/a"]),
            [".claude-plugin/plugin.json", "a"]
        );
        assert_eq!(unwrapped(&["a/b", "c"]), ["a/b", "c"]);
        assert_eq!(unwrapped(&["a/b/c"]), ["b/c"], "one wrapper, and not two");
        assert!(unwrapped(&["__MACOSX/x"]).is_empty() && unwrapped(&[]).is_empty());
    }

    #[test]
    fn the_first_part_goes_whatever_it_is() {
        let mut files =
            vec![("package/a".to_owned(), ()), ("other/b/c".to_owned(), ()), ("d".to_owned(), ())];
        strip(&mut files);
        assert_eq!(files, [("a".to_owned(), ()), ("b/c".to_owned(), ())]);
    }

    #[test]
    fn what_is_not_run_and_not_installed_is_told() {
        let codes = |package: &Value| -> Vec<String> {
            let notes = package_notes(package.as_object().unwrap(), &Files::new());
            notes.into_iter().map(|note| note.code).collect()
        };
        assert!(codes(&json!({"scripts": {"test": "x"}, "dependencies": {}})).is_empty());
        assert_eq!(codes(&json!({"scripts": {"postinstall": "x"}})), ["npm-scripts"]);
        assert_eq!(codes(&json!({"dependencies": {"left": "1"}})), ["npm-dependencies"]);
        assert!(codes(&json!({"scripts": 7, "dependencies": ["x"]})).is_empty());
    }
}
