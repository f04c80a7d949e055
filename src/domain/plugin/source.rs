//! Where an entry says its plugin lies.

use serde_json::Value;

use super::names::PluginName;
use super::remote::Remote;
use crate::domain::note::quoted;
use crate::domain::repository::path::RepoPath;

/// The `source` of an entry (<https://code.claude.com/docs/en/plugin-marketplaces>).
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A folder of the marketplace's own repository.
    Local(RepoPath),
    /// Somewhere else.
    Remote(Remote),
    /// Nothing the client could load either. With the reason.
    Refused(String),
}

impl Source {
    /// `plugin_root` is the manifest's `metadata.pluginRoot`, which bare sources are relative to.
    #[must_use]
    pub fn read(source: Option<&Value>, name: &PluginName, plugin_root: Option<&str>) -> Self {
        match source {
            None | Some(Value::Null) => Self::local(&format!("plugins/{name}")),
            Some(Value::String(text)) if text.starts_with("./") || text == "." => Self::local(text),
            Some(Value::String(text)) if text.contains("://") => Self::Refused(format!(
                "the source {} is a bare URL; Claude Code wants `{{\"source\": \"url\", \"url\": …}}`",
                quoted(text)
            )),
            Some(Value::String(text)) => match plugin_root {
                Some(root) if !text.starts_with('/') => Self::local(&format!("{root}/{text}")),
                _ => Self::Refused(format!("the source {} does not start with `./`", quoted(text))),
            },
            Some(Value::Object(object)) => match object.get("source").and_then(Value::as_str) {
                Some(kind) => match Remote::read(kind, object) {
                    Ok(remote) => Self::Remote(remote),
                    Err(why) => Self::Refused(why),
                },
                None => Self::Refused(
                    "the source is an object without a `source` field that names its type".into(),
                ),
            },
            Some(other) => {
                Self::Refused(format!("the source is {}, not a path or an object", kind_of(other)))
            }
        }
    }

    fn local(text: &str) -> Self {
        match RepoPath::parse(text) {
            Ok(path) => Self::Local(path),
            Err(why) => Self::Refused(format!("the source {} is refused: {why}", quoted(text))),
        }
    }

    /// The word that the API gives in `source_type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Local(_) => "relative",
            Self::Remote(remote) => remote.kind(),
            Self::Refused(_) => "unusable",
        }
    }
}

/// What a JSON value is, for a sentence.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(source: &Value, root: Option<&str>) -> Source {
        Source::read(Some(source), &"tool".parse().unwrap(), root)
    }

    fn local(text: &str) -> Source {
        Source::Local(RepoPath::parse(text).unwrap())
    }

    #[test]
    fn local_sources() {
        assert_eq!(Source::read(None, &"tool".parse().unwrap(), None), local("plugins/tool"));
        assert_eq!(read(&json!("./"), None), local(""));
        assert_eq!(read(&json!("./a/b/"), Some("./plugins")), local("a/b"));
        assert_eq!(read(&json!("tool"), Some("./plugins")), local("plugins/tool"));
    }

    #[test]
    fn remote_sources() {
        let github = read(&json!({"source": "github", "repo": "a/b"}), None);
        assert!(matches!(&github, Source::Remote(Remote::Git(_))), "{github:?}");
        assert_eq!(github.kind(), "github");
    }

    #[test]
    fn what_no_client_loads_is_refused_with_a_reason() {
        for source in [
            json!("../x"),
            json!("./a/../../b"),
            json!("/etc"),
            json!("plugins/x"),
            json!("https://git.example/x.git"),
            json!("./a\\b"),
            json!({"source": "floppy"}),
            json!({"url": "https://git.example"}),
            json!(7),
            json!(["./a"]),
        ] {
            assert!(matches!(read(&source, None), Source::Refused(_)), "{source}");
        }
        assert!(matches!(read(&json!("../../x"), Some("./plugins")), Source::Refused(_)));
        assert!(matches!(read(&json!("x"), Some("../other")), Source::Refused(_)));
    }
}
