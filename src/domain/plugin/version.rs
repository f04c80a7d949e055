//! The version that the feed gives a plugin.
//!
//! Claude Code delivers an update when the version *string* differs, so the string has to differ
//! whenever the plugin does, and only then, whether or not its author remembered.

use crate::domain::digest::Digest;

/// Where the version strings of a marketplace's plugins come from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Versions {
    /// `<upstream version>+<8 hex of the content digest>`: every change is delivered.
    #[default]
    Content,
    /// The upstream's own string, and none where it has none.
    Upstream,
}

impl Versions {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Upstream => "upstream",
        }
    }
}

/// `+` begins the build metadata of a semantic version (<https://semver.org>, item 10) and may stand
/// there once: where the upstream has some already, ours is appended with a dot.
#[must_use]
pub fn served(mode: Versions, upstream: Option<&str>, content: &Digest) -> Option<String> {
    match mode {
        Versions::Upstream => upstream.map(str::to_owned),
        Versions::Content => {
            let base = upstream.unwrap_or("0.0.0");
            let joint = if base.contains('+') { '.' } else { '+' };
            Some(format!("{base}{joint}{}", content.short()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_the_content() {
        let digest = Digest::of(b"");
        let version = |upstream| served(Versions::Content, upstream, &digest).unwrap();
        assert_eq!(version(Some("1.2.0")), "1.2.0+e3b0c442");
        assert_eq!(version(Some("1.2.0+build.5")), "1.2.0+build.5.e3b0c442");
        assert_eq!(version(None), "0.0.0+e3b0c442");
        assert_eq!(served(Versions::Upstream, Some("1.2.0"), &digest).unwrap(), "1.2.0");
        assert_eq!(served(Versions::Upstream, None, &digest), None);
    }
}
