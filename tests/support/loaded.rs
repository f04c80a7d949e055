//! What a client loaded, plugin by plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::Claude;

/// Plugin (as a session calls it) → everything of it that a session has, each as `kind: name`.
pub type Loaded = BTreeMap<String, BTreeSet<String>>;

/// The file below a client's home in which the hooks of [`hooks`] say that they ran.
const RAN: &str = "ran";

/// A `hooks.json` by which a session shows that it has it: one hook that it runs, and one that it only lists.
pub fn hooks(plugin: &str) -> String {
    let run = |what: &str| serde_json::json!({"type": "command", "command": what});
    let says = format!("echo '{plugin} '\"$(basename \"$CLAUDE_PLUGIN_ROOT\")\" >> \"$HOME/{RAN}\"");
    let hooks = serde_json::json!({"hooks": {
        "SessionStart": [{"hooks": [run(&says)]}],
        "PreToolUse": [{"matcher": "Bash", "hooks": [run("true")]}],
    }});
    format!("{hooks:#}\n")
}

impl Claude {
    /// What the next session loads of a marketplace. `details` are those of which the client is asked for
    /// what a session does not list: hooks and language servers.
    ///
    /// `names` has for each entry's name the one by which the session calls the plugin; `alike` are marketplaces
    /// that are not told apart in what the client says.
    #[track_caller]
    pub fn loaded(
        &self,
        marketplace: &str,
        alike: &[&str],
        names: &BTreeMap<String, String>,
        details: &[&str],
    ) -> Loaded {
        let _ = fs::remove_file(self.home().join(RAN));
        let session = self.session();
        let mut loaded = Loaded::new();
        let mut add = |plugin: &str, what: String| loaded.entry(plugin.to_owned()).or_default().insert(what);
        let at = format!("@{marketplace}");
        let texts = |field: &str| {
            let list = session[field].as_array().unwrap_or_else(|| panic!("no {field} in {session:#}"));
            list.iter().map(|one| one.as_str().or_else(|| one["name"].as_str()).unwrap())
        };
        for one in session["plugins"].as_array().unwrap() {
            let name = one["name"].as_str().unwrap();
            if one["source"].as_str().is_some_and(|source| source.ends_with(&at)) {
                add(name, "loaded".into());
                if let Some(version) = one["version"].as_str().and_then(upstreams_own) {
                    add(name, format!("version: {version}"));
                }
            }
        }
        for (field, kind) in [("slash_commands", "command"), ("agents", "agent"), ("skills", "skill")] {
            // What comes with the client has no plugin before its name.
            for (plugin, name) in texts(field).filter_map(|name| name.split_once(':')) {
                add(plugin, format!("{kind}: {name}"));
            }
        }
        for server in texts("mcp_servers").filter_map(|name| name.strip_prefix("plugin:")) {
            let (plugin, name) = server.split_once(':').unwrap();
            add(plugin, format!("MCP server: {name}"));
        }
        for line in fs::read_to_string(self.home().join(RAN)).unwrap_or_default().lines() {
            let (plugin, _) = line.split_once(' ').unwrap();
            add(plugin, "a hook that ran".into());
        }
        // Errors of two kinds: what a session says, and what is only in the list.
        for one in session["plugin_errors"].as_array().into_iter().flatten() {
            let id = one["plugin"].as_str().unwrap();
            if let Some(entry) = id.strip_suffix(&at) {
                let name = names.get(entry).map_or(entry, String::as_str);
                add(name, format!("error: {}", plain(one["message"].as_str().unwrap(), alike)));
            }
        }
        for one in self.installed() {
            let Some(entry) = one["id"].as_str().unwrap().strip_suffix(&at) else { continue };
            let name = names.get(entry).map_or(entry, String::as_str);
            for why in one["errors"].as_array().into_iter().flatten() {
                add(name, format!("error: {}", plain(why.as_str().unwrap(), alike)));
            }
            if let Some(version) = one["version"].as_str().and_then(upstreams_own) {
                add(name, format!("version: {version}"));
            }
        }
        for entry in details {
            let name = names.get(*entry).map_or(*entry, String::as_str);
            for what in self.components(&format!("{entry}{at}")) {
                add(name, what);
            }
        }
        loaded
    }

    /// The inventory that `claude plugin details` prints.
    fn components(&self, id: &str) -> Vec<String> {
        let output = self.tried(&["details", id]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            return vec!["no details".into()];
        }
        let kinds = ["Skills (", "Agents (", "Hooks (", "MCP servers (", "LSP servers ("];
        let lines = said.lines().map(str::trim);
        lines.filter(|line| kinds.iter().any(|kind| line.starts_with(kind))).map(str::to_owned).collect()
    }
}

/// A version without what Agnes appends: the digest of the content. `None`: the author gave none. Then Agnes
/// begins with `0.0.0`, and the client with nothing, `unknown`, or the marketplace's commit.
fn upstreams_own(version: &str) -> Option<&str> {
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if version.is_empty() || version == "unknown" || hex(version, 12) {
        return None;
    }
    let base = version.rsplit_once(['+', '.']).filter(|(_, end)| hex(end, 8)).map(|(base, _)| base);
    match base {
        Some("0.0.0") => None,
        Some(base) => Some(base),
        None => Some(version),
    }
}

/// An error without what differs by place: marketplaces' names, everything that is a path, and the digests in
/// versions.
fn plain(message: &str, alike: &[&str]) -> String {
    let words = alike.iter().fold(message.to_owned(), |text, one| text.replace(&format!("@{one}"), "@M"));
    let word = |word: &str| match word.rsplit_once('+') {
        _ if word.contains("/plugins/") => "PATH".to_owned(),
        Some((base, _)) if upstreams_own(word) == Some(base) => base.to_owned(),
        _ => word.to_owned(),
    };
    words.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What is in one and not in the other: plugin → (only upstream, only through Agnes).
pub fn differences(upstream: &Loaded, agnes: &Loaded) -> BTreeMap<String, (Vec<String>, Vec<String>)> {
    let none = BTreeSet::new();
    let names: BTreeSet<&String> = upstream.keys().chain(agnes.keys()).collect();
    let mut table = BTreeMap::new();
    for name in names {
        let (one, other) = (upstream.get(name).unwrap_or(&none), agnes.get(name).unwrap_or(&none));
        if one != other {
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
            table.insert(name.clone(), (only(one, other), only(other, one)));
        }
    }
    table
}
