//! Paths inside a repository.

use std::fmt;

/// A relative path without `.`, `..`, empty or backslashed segments. The root has no segments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RepoPath(Vec<String>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    #[error("it is absolute")]
    Absolute,
    #[error("it contains `..`")]
    Parent,
    #[error("it contains a backslash or a control character")]
    Character,
}

impl RepoPath {
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads `dir/sub`, `./dir/sub/` and `./`.
    ///
    /// # Errors
    /// When the path could mean something outside the folder it is relative to.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        if text.starts_with('/') {
            return Err(BadPath::Absolute);
        }
        if text.chars().any(|c| c == '\\' || c.is_control()) {
            return Err(BadPath::Character);
        }
        let mut segments = Vec::new();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => return Err(BadPath::Parent),
                segment => segments.push(segment.to_owned()),
            }
        }
        Ok(Self(segments))
    }

    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(self.0.iter().chain(&below.0).cloned().collect())
    }

    /// Whether `self` is `other` or lies in it.
    #[must_use]
    pub fn is_in(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// `a/b`, and nothing for the root.
    #[must_use]
    pub fn to_key(&self) -> String {
        self.0.join("/")
    }
}

/// As Claude Code writes sources: `./a/b`, and `./` for the root.
impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "./{}", self.to_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises() {
        for (text, shown) in [("./", "./"), ("", "./"), (".", "./"), ("./a//b/./c/", "./a/b/c"), ("a", "./a")]
        {
            assert_eq!(RepoPath::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn refuses_what_could_leave() {
        assert_eq!(RepoPath::parse("/etc"), Err(BadPath::Absolute));
        assert_eq!(RepoPath::parse("a/../b"), Err(BadPath::Parent));
        assert_eq!(RepoPath::parse("..\\x"), Err(BadPath::Character));
        assert_eq!(RepoPath::parse("a\0"), Err(BadPath::Character));
    }
}
