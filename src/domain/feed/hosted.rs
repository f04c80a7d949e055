//! The catalog as it is read from an address, with no repository around it.
//!
//! There `./plugins/x` means nothing, and the client takes none of the headers with which it got the
//! catalog along to git. So each entry says in full where its folder is, and brings the credentials of
//! whoever asked. Nobody else may be given the answer.

use std::fmt;
use std::net::Ipv6Addr;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::view::View;
use crate::domain::access::secret::Secret;
use crate::domain::percent;
use crate::domain::plugin::fields::{DESCRIPTIVE, Object};

/// The most that Claude Code takes of a catalog, in bytes (read in 2.1.329, not tried).
pub const LARGEST: usize = 5 << 20;

/// The feed's repository, below the server's address.
const REPOSITORY: &str = "marketplace.git";

/// The longest host that there is (RFC 1035, section 2.3.4, as text).
const LONGEST_HOST: usize = 253;

/// A longer user name says nothing, and would be repeated with every entry.
const LONGEST_USER: usize = 128;

/// Which descriptive fields an entry may have: all of them, then fewer and fewer.
const STEPS: [&[&str]; 3] =
    [&DESCRIPTIVE, &["name", "source", "version", "description"], &["name", "source", "version"]];

/// The address by which a caller knows this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    https: bool,
    /// Host, port and path, without a slash at the end.
    rest: String,
}

/// With what a caller came, and comes again for the repository.
#[derive(Debug, Clone)]
pub struct Login {
    user: Secret,
    token: Secret,
}

/// Why there is no such catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the view's own catalog cannot be read")]
    Unreadable,
    #[error(
        "a catalog of {plugins} plugins is larger than the {} MiB that Claude Code reads from an address, even \
         without their descriptions",
        LARGEST >> 20
    )]
    TooLarge { plugins: usize },
}

impl Base {
    /// An address such as `https://agnes.example.com/path`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (https, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://")?),
        };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%/".contains(c);
        let path = path.trim_end_matches('/');
        if !path.chars().all(plain) || path.split('/').any(|piece| matches!(piece, "." | "..")) {
            return None;
        }
        let mut base = Self::of(https, host)?;
        if !path.is_empty() {
            base.rest.push('/');
            base.rest.push_str(path);
        }
        Some(base)
    }

    /// `host` is a host, with a port or without: what stands in a request's `Host`.
    #[must_use]
    pub fn of(https: bool, host: &str) -> Option<Self> {
        is_host(host).then(|| Self { https, rest: host.to_owned() })
    }

    fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The repository's address, with credentials.
    fn repository(&self, login: &Login) -> Zeroizing<String> {
        let (scheme, rest) = (self.scheme(), &self.rest);
        let (user, token) = (encoded(&login.user), encoded(&login.token));
        Zeroizing::new(format!("{scheme}://{}:{}@{rest}/{REPOSITORY}", *user, *token))
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.rest)
    }
}

impl Login {
    /// Any user name will do. One that git would refuse, or none, becomes `x`.
    #[must_use]
    pub fn new(user: Option<Secret>, token: Secret) -> Self {
        let usable = |user: &Secret| {
            let user = user.expose();
            !user.is_empty() && user.len() <= LONGEST_USER && !user.contains(char::is_control)
        };
        Self { user: user.filter(usable).unwrap_or_else(|| Secret::new("x".into())), token }
    }
}

/// Whether that is a host, with or without a port, and nothing else: a name, an IPv4 address, or an IPv6
/// address in brackets.
fn is_host(text: &str) -> bool {
    let found = if let Some(rest) = text.strip_prefix('[') {
        rest.split_once(']').filter(|(address, _)| address.parse::<Ipv6Addr>().is_ok())
    } else {
        let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        is_name(name).then_some((name, port))
    };
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    found.is_some_and(|(_, port)| port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_HOST
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && !name.contains("..")
}

/// As a part of an address's userinfo (RFC 3986, section 3.2.1).
fn encoded(secret: &Secret) -> Zeroizing<String> {
    let text = secret.expose();
    // All of it at once: a string that grows leaves what it was behind.
    let mut out = Zeroizing::new(String::with_capacity(3 * text.len()));
    out.extend(percent::encoded(text));
    out
}

/// The view's catalog for a client that reads it from an address. It has the caller's credentials in it.
///
/// One that is too large for the client is written without what only describes the plugins: homepages
/// and keywords first, then descriptions too. What is installed is the same, and to be without plugins
/// would be worse than to be without their descriptions, which every plugin brings along.
///
/// # Errors
/// When it is too large all the same.
pub fn catalog(view: &View, base: &Base, login: &Login) -> Result<Secret, Unfit> {
    let mut catalog: Object = serde_json::from_slice(&view.catalog).map_err(|_| Unfit::Unreadable)?;
    let repository = base.repository(login);
    for kept in STEPS {
        let entries = view.plugins.iter().map(|plugin| {
            let fields = plugin.entry.iter();
            let fields = fields.filter(|(field, _)| {
                let field = field.as_str();
                kept.contains(&field) || !DESCRIPTIVE.contains(&field)
            });
            let mut entry: Object = fields.map(|(field, value)| (field.clone(), value.clone())).collect();
            // What clients fetch themselves is not in the repository, and nobody there is shown a token.
            if !plugin.linked {
                let path = format!("plugins/{}", plugin.prefixed_name);
                let source = json!({"source": "git-subdir", "url": repository.as_str(), "path": path});
                entry.insert("source".into(), source);
            }
            Value::Object(entry)
        });
        catalog.insert("plugins".into(), entries.collect());
        let text = serde_json::to_string(&catalog).map(Secret::new).map_err(|_| Unfit::Unreadable)?;
        if text.expose().len() <= LARGEST {
            return Ok(text);
        }
    }
    Err(Unfit::TooLarge { plugins: view.plugins.len() })
}

#[cfg(test)]
mod tests;
