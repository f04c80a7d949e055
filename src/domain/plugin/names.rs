//! Names of plugins: what the curator called them, and what the feed calls them.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::domain::hex;
use crate::domain::upstream::slug::Slug;

/// The name of an entry in an upstream's manifest: one path segment of `[A-Za-z0-9._-]`.
///
/// It becomes a folder on other people's machines, so what no file system should be asked to hold
/// (`.git`, the device names of Windows) is refused here, once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginName(String);

/// Longer names leave no room for the rest of a path in a file system's 255 bytes a segment.
const LONGEST: usize = 128;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error(
        "`{}` is not a plugin name: one path segment of letters, digits, `.`, `_` and `-`",
        .0.escape_debug()
    )]
    Shape(String),
    #[error("the plugin name `{}…` is longer than {LONGEST} characters", .0.chars().take(40).collect::<String>().escape_debug())]
    Long(String),
    #[error("`{0}` cannot be a plugin name: no checkout can hold a folder called that")]
    Reserved(String),
}

impl PluginName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text == "." || text == ".." || !text.chars().all(good) {
            return Err(BadName::Shape(text.to_owned()));
        }
        if text.len() > LONGEST {
            return Err(BadName::Long(text.to_owned()));
        }
        if text.eq_ignore_ascii_case(".git") || is_device_name(text) {
            return Err(BadName::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for PluginName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<PluginName> for String {
    fn from(name: PluginName) -> Self {
        name.0
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether Windows would open a device instead of a file of this name (with any extension).
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>
#[must_use]
pub fn is_device_name(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or(text).to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" => true,
        _ => {
            stem.len() == 4
                && (stem.starts_with("COM") || stem.starts_with("LPT"))
                && matches!(stem.as_bytes()[3], b'1'..=b'9')
        }
    }
}

/// Whether Claude Code accepts this as the name of an entry: `[A-Za-z0-9][-A-Za-z0-9._]*`.
#[must_use]
pub fn is_client_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.parse::<PluginName>().is_ok()
}

/// Whether Claude Code accepts this as the name of a marketplace, and it is not one of those that
/// it keeps for itself or treats as an imitation of an official one.
///
/// # Errors
/// With the reason, as a sentence.
pub fn check_marketplace_name(name: &str) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    let refuse = |why: &str| Err(format!("`{}` cannot name a marketplace: {why}", name.escape_debug()));
    if !is_client_name(name) {
        return refuse("letters, digits, `.`, `_` and `-`, beginning with a letter or digit");
    }
    if name.contains("..") {
        return refuse("it has `..` in it");
    }
    if KEPT_BY_THE_CLIENT.contains(&lower.as_str()) {
        return refuse("Claude Code keeps that name for itself");
    }
    let official = ["official", "marketplace", "plugins"];
    let theirs = ["claude", "anthropic"];
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let imitates = theirs.iter().any(|whose| {
        (lower.contains("official") && lower.contains(whose))
            || (lower.starts_with(&format!("{whose}-")) && official.iter().any(|word| lower.contains(word)))
            || official.iter().any(|word| letters.starts_with(&format!("{whose}{word}")))
    });
    if imitates {
        return refuse("Claude Code refuses names that look like an official marketplace's");
    }
    Ok(())
}

/// Whether a plugin's name passes as one of Anthropic's own. Claude Code loads such a plugin from any
/// marketplace, but `claude plugin validate` (2.1.329) fails a whole marketplace for it.
#[must_use]
pub fn passes_as_official(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    ["claude-", "anthropic-", "anthropics-", "cc-plugin-"].iter().any(|start| name.starts_with(start))
        || ["claude", "anthropic", "anthropics"].contains(&name.as_str())
        || ["claude", "anthropic"].iter().any(|whose| {
            letters.contains(&format!("official{whose}")) || letters.contains(&format!("{whose}official"))
        })
}

const KEPT_BY_THE_CLIENT: [&str; 19] = [
    "claude-plugin-test",
    "inline",
    "builtin",
    "skills-dir",
    "synced",
    "claude-code-marketplace",
    "claude-code-plugins",
    "claude-plugins-official",
    "anthropic-marketplace",
    "anthropic-plugins",
    "agent-skills",
    "anthropic-agent-skills",
    "life-sciences",
    "knowledge-work-plugins",
    "claude-for-legal",
    "claude-for-financial-services",
    "financial-services-plugins",
    "claude-community",
    "claude-plugins-community",
];

/// The folder of a plugin in the feed, before anybody else's folder is considered.
#[must_use]
pub fn prefixed_name(slug: &Slug, plugin: &PluginName) -> String {
    format!("{slug}-{plugin}")
}

/// What is appended to a prefixed name that an earlier plugin of the same view spells as well
/// (`a` + `b-c`, `a-b` + `c`). It depends on the plugin alone, so it never changes.
#[must_use]
pub fn collision_suffix(slug: &Slug, plugin: &PluginName) -> String {
    let digest = Sha256::digest(format!("{slug}/{plugin}"));
    format!("-{}", hex::digits(&digest[..4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_one_path_segment() {
        for text in ["", ".", "..", "../x", "a/b", "a\\b", "a b", "a\u{7}", "a\u{202e}b", "é", "a\0", "~"] {
            assert!(matches!(text.parse::<PluginName>(), Err(BadName::Shape(_))), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_a_checkout_cannot_hold() {
        for text in [".git", ".GIT", "CON", "con", "nul.txt", "COM1", "lpt9.x"] {
            assert!(matches!(text.parse::<PluginName>(), Err(BadName::Reserved(_))), "{text:?}");
        }
        for text in ["CONSOLE", "com0", "com10", "gitignore", ".github"] {
            assert!(text.parse::<PluginName>().is_ok(), "{text:?}");
        }
        assert!(matches!("x".repeat(300).parse::<PluginName>(), Err(BadName::Long(_))));
    }

    #[test]
    fn messages_do_not_carry_control_characters() {
        let message = "a\u{1b}[31m\u{202e}".parse::<PluginName>().unwrap_err().to_string();
        assert!(message.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{message}");
    }

    #[test]
    fn marketplace_names_follow_the_client() {
        for name in ["agnes", "acme-plugins", "data.team_2"] {
            assert_eq!(check_marketplace_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "-a",
            "inline",
            "agent-skills",
            "my-official-claude",
            "claude-plugins-x",
            "a..b",
            "claudeplugins",
            "claude.marketplace",
            "claude-plugin-test",
            "anthropic-marketplace-2",
            "ünï",
        ] {
            assert!(check_marketplace_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn plugin_names_that_pass_as_official() {
        for name in ["claude-api", "Claude", "anthropics-x", "cc-plugin-x", "my-official-claude"] {
            assert!(passes_as_official(name), "{name}");
        }
        for name in ["claudette", "my-claude-tools", "official-tools"] {
            assert!(!passes_as_official(name), "{name}");
        }
    }

    #[test]
    fn suffixes_tell_apart_what_spells_the_same() {
        let slug = |text: &str| text.parse::<Slug>().unwrap();
        let name = |text: &str| text.parse::<PluginName>().unwrap();
        assert_eq!(prefixed_name(&slug("a"), &name("b-c")), prefixed_name(&slug("a-b"), &name("c")));
        assert_ne!(collision_suffix(&slug("a"), &name("b-c")), collision_suffix(&slug("a-b"), &name("c")));
        assert_eq!(collision_suffix(&slug("a-b"), &name("c")), "-4e84717d");
    }
}
