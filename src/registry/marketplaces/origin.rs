//! Whom a stored token is for.
//!
//! A token is sent to the host of the address that was registered, and to nobody else. So when an
//! address is changed, the token may stay only if the new one leads to the same place.

use crate::registry::{Error, Result};

/// Where an address leads, as far as credentials are concerned.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::registry) enum Origin {
    /// http or https: its host and, unless it is the scheme's own, its port. Tokens go over https
    /// only, so that an address becomes https from http is no reason to ask for another one.
    Web { host: String, port: Option<String> },
    /// ssh, in either spelling. No token is sent there.
    Ssh,
    /// A folder of this machine. No token is sent there.
    Local,
}

impl Origin {
    /// Of an address that was accepted as one. Compares texts: whatever is written in an unusual way
    /// counts as another place, never as the same.
    pub(in crate::registry) fn of(url: &str) -> Self {
        match url.split_once("://") {
            Some((scheme @ ("https" | "http"), rest)) => {
                let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
                let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                // An IPv6 address has colons of its own, in brackets.
                let after = authority.rfind(']').map_or(0, |end| end + 1);
                let (host, port) = match authority[after..].rsplit_once(':') {
                    Some((_, port)) => (&authority[..authority.len() - port.len() - 1], Some(port)),
                    None => (authority, None),
                };
                let usual = if scheme == "https" { "443" } else { "80" };
                let port = port.filter(|port| !port.is_empty() && *port != usual).map(str::to_owned);
                Self::Web { host: host.to_ascii_lowercase(), port }
            }
            _ if url.starts_with('/') || url.starts_with("file://") => Self::Local,
            _ => Self::Ssh,
        }
    }

    /// Whoever gives a token for ssh believes that it will let us in.
    pub(super) fn refuse_useless_token(&self) -> Result<()> {
        match self {
            Self::Web { .. } | Self::Local => Ok(()),
            Self::Ssh => Err(Error::Conflict {
                message: "a token is not sent over ssh, which lets in whoever has a key".to_owned(),
                hint: Some(
                    "register its https:// address, or give no token and a key without a passphrase to the user who runs agnes"
                        .to_owned(),
                ),
            }),
        }
    }

    /// The host of a web address with its port, for messages.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Web { host, port: None } => host.clone(),
            Self::Web { host, port: Some(port) } => format!("{host}:{port}"),
            Self::Ssh => "ssh".to_owned(),
            Self::Local => "this machine".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_however_it_is_spelt() {
        let same = [
            ("https://git.example/a.git", "https://git.example/b.git"),
            ("https://git.example/a", "https://GIT.example:443/a"),
            ("http://git.example/a", "https://git.example/a"),
            ("http://git.example:80/a", "https://git.example:443/a"),
            ("https://[2001:db8::1]:443/a", "https://[2001:db8::1]/a"),
            ("git@git.example:team/a", "ssh://git@git.example:22/team/a"),
            ("/srv/git/a", "file:///srv/git/b"),
        ];
        for (a, b) in same {
            assert_eq!(Origin::of(a), Origin::of(b), "{a} {b}");
        }
    }

    #[test]
    fn another_host_port_or_road_is_another_place() {
        let differ = [
            ("https://git.example/a", "https://git.example.evil/a"),
            ("https://git.example/a", "https://git.example:8443/a"),
            ("https://git.example:80/a", "https://git.example/a"),
            ("https://git.example/a", r"https://evil.example\@git.example/a"),
            ("https://git.example/a", "https://evil.example/git.example"),
            ("https://git.example/a", "https://evil.example?https://git.example/a"),
            ("https://git.example/a", "git@git.example:a"),
            ("https://git.example/a", "/git.example/a"),
            ("https://[2001:db8::1]/a", "https://[2001:db8::2]/a"),
        ];
        for (a, b) in differ {
            assert_ne!(Origin::of(a), Origin::of(b), "{a} {b}");
        }
    }

    #[test]
    fn messages_name_the_host() {
        assert_eq!(Origin::of("https://Git.example:8443/a/b").shown(), "git.example:8443");
    }
}
