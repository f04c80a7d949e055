//! Where a marketplace comes from: its address, and which of its commits; hosts and networks, and the short name
//! that it has here.

pub mod host;
pub mod network;
pub mod slug;

use std::fmt;
use std::str::FromStr;

use super::note::quoted;
use crate::domain::repository::oid::Oid;

/// The address of a git repository: `https://`, `http://`, `ssh://`, `git@host:path`, `file://` or a
/// plain absolute path. It holds no credentials: those are kept elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamUrl(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("the address is empty")]
    Empty,
    #[error("the address {} has white space or invisible characters in it", quoted(.0))]
    Character(String),
    #[error(
        "the address of `{0}` carries a password or token; give it with --token-prompt, --token-stdin or --token-env instead"
    )]
    Credentials(String),
    #[error("{} is neither a URL (`https://…`, `ssh://…`, `file://…`) nor an absolute path", quoted(.0))]
    Unknown(String),
    #[error("{} has a `?` or `#` in it, which no repository's address has", quoted(.0))]
    Query(String),
    #[error("{} names a host: a `file://` address has three slashes and none", quoted(.0))]
    FileHost(String),
    #[error("the scheme `{0}` is not one that git marketplaces are fetched with: https, http, ssh, file")]
    Scheme(String),
}

impl UpstreamUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a place on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0.starts_with('/') || self.0.starts_with("file://")
    }
}

impl FromStr for UpstreamUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if text.is_empty() {
            return Err(BadUrl::Empty);
        }
        // A path may have spaces in it, but nothing that hides.
        let local = text.starts_with('/') || text.starts_with("file://");
        if text.chars().any(|c| super::note::is_deceptive(c) || (c.is_whitespace() && !local)) {
            return Err(BadUrl::Character(redacted(text)));
        }
        if text.starts_with('-') {
            return Err(BadUrl::Unknown(text.to_owned()));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            return match scheme {
                "https" | "http" | "ssh" if host.is_empty() || host.starts_with('-') => {
                    Err(BadUrl::Unknown(redacted(text)))
                }
                "https" | "http" if !user.is_empty() => Err(BadUrl::Credentials(host.to_owned())),
                // Not repeated: tokens are put there.
                "https" | "http" if rest.contains(['?', '#']) => {
                    let end = rest.find(['?', '#']).unwrap_or(rest.len());
                    Err(BadUrl::Query(format!("{scheme}://{}…", &rest[..end])))
                }
                "file" if !matches!(authority, "" | "localhost") => Err(BadUrl::FileHost(text.to_owned())),
                "ssh" if user.contains(':') || user.starts_with('-') => {
                    Err(BadUrl::Credentials(host.to_owned()))
                }
                "https" | "http" | "ssh" | "file" => Ok(Self(text.to_owned())),
                other => Err(BadUrl::Scheme(other.to_owned())),
            };
        }
        let scp_like = text.split_once(':').is_some_and(|(host, path)| {
            !path.is_empty() && host.contains('@') && !host.contains('/') && !path.contains("::")
        });
        if text.starts_with('/') || scp_like {
            return Ok(Self(text.to_owned()));
        }
        // `user:password@host:path` is nothing that ssh knows, and it has a password in it all the same.
        match text.split('/').next().and_then(|start| start.rsplit_once('@')) {
            Some((user, host)) if user.contains(':') => {
                Err(BadUrl::Credentials(host.split(':').next().unwrap_or_default().to_owned()))
            }
            _ => Err(BadUrl::Unknown(redacted(text))),
        }
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text without what stands before an `@` in its authority.
#[must_use]
pub fn redacted(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            match rest[..end].rfind('@') {
                Some(at) => format!("{scheme}://***@{}", &rest[at + 1..]),
                None => url.to_owned(),
            }
        }
        None => url.to_owned(),
    }
}

/// Which commit of an upstream is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Pin {
    /// The tip of whatever its `HEAD` names.
    #[default]
    Default,
    /// The tip of a branch.
    Branch(String),
    /// A tag.
    Tag(String),
    /// One commit, for ever.
    Commit(Oid),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    #[error(
        "a marketplace follows a branch or is pinned to a ref, not both: branch `{branch}`, ref `{reference}`"
    )]
    Both { branch: String, reference: String },
    #[error("{} is not a name that git gives to branches and tags", quoted(.0))]
    Name(String),
}

impl Pin {
    /// # Errors
    /// When both are given, or one is no name.
    pub fn new(branch: Option<&str>, reference: Option<&str>) -> Result<Self, BadPin> {
        let name = |text: &str| {
            if is_ref_name(text) { Ok(text.to_owned()) } else { Err(BadPin::Name(text.to_owned())) }
        };
        match (branch, reference) {
            (Some(branch), Some(reference)) => {
                Err(BadPin::Both { branch: branch.to_owned(), reference: reference.to_owned() })
            }
            (Some(branch), None) => name(branch).map(Self::Branch),
            (None, Some(reference)) => match reference.parse() {
                Ok(id) => Ok(Self::Commit(id)),
                Err(_) => name(reference.strip_prefix("refs/tags/").unwrap_or(reference)).map(Self::Tag),
            },
            (None, None) => Ok(Self::Default),
        }
    }
}

/// The rules of `git check-ref-format`, one level allowed.
fn is_ref_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text != "@"
        && !text.starts_with(['/', '-'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && !text.chars().any(|c| c.is_control() || super::note::is_deceptive(c) || " ~^:?*[\\".contains(c))
        && text.split('/').all(|part| !part.starts_with('.') && part.strip_suffix(".lock").is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in [
            "https://git.example/a/b.git",
            "http://127.0.0.1:8080/x.git",
            "ssh://git@git.example/x.git",
            "git@git.example:team/x.git",
            "file:///srv/git/x.git",
            "/srv/my git/x.git",
        ] {
            assert!(text.parse::<UpstreamUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "x",
            "./x",
            "ftp://x/y",
            "https://",
            "ext::sh -c true",
            "--upload-pack=x",
            "ssh://-oProxyCommand=x/y",
            "https://a b/c",
            "https://a/b?c",
            "https://a/b#c",
            "file://host/x",
            "C:\\x",
        ] {
            assert!(text.parse::<UpstreamUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "https://user:hunter2@git.example/x.git",
            "https://hunter2@git.example/x",
            "ssh://git:hunter2@git.example/x",
            "git:hunter2@git.example:x",
        ] {
            let error = text.parse::<UpstreamUrl>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert!(matches!(error, BadUrl::Credentials(_)));
        }
        assert!(!redacted("https://user:hunter2@git.example/x").contains("hunter2"));
        let error = "https://git.example/x?private_token=hunter2".parse::<UpstreamUrl>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn pins() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(Pin::new(None, None), Ok(Pin::Default));
        assert_eq!(Pin::new(Some("main"), None), Ok(Pin::Branch("main".into())));
        assert_eq!(Pin::new(None, Some("v1.0")), Ok(Pin::Tag("v1.0".into())));
        assert_eq!(Pin::new(None, Some(id)), Ok(Pin::Commit(id.parse().unwrap())));
        assert!(matches!(Pin::new(Some("main"), Some("v1")), Err(BadPin::Both { .. })));
        for text in ["", "-x", "a..b", "a b", "a:b", "/a", "a/", ".a", "a.lock", "@", "a@{1}", "a\u{7}"] {
            assert!(Pin::new(Some(text), None).is_err(), "{text}");
        }
    }
}
