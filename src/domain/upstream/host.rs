//! Hosts that plugins are fetched from, and what administrators say of them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use crate::domain::note::quoted;

/// The longest name of a host that there is (RFC 1035, section 2.3.4, as text).
const LONGEST: usize = 253;

/// A host as a rule names it: of all its ports, or of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host {
    /// In lower case, without a dot at its end.
    name: String,
    port: Option<u16>,
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub road: Road,
    /// In lower case, without a dot at its end.
    pub host: String,
    pub port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    Https,
    Http,
    Ssh,
}

/// What is said of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// It may be fetched from. As soon as one host is allowed, all others are not.
    Allow,
    /// Nothing is fetched from it, whatever else is said.
    Deny,
}

/// A host with what is said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    pub host: Host,
    /// `None`: there is nothing but a token.
    pub rule: Option<Rule>,
    /// It may be reached over ssh, too.
    pub ssh: bool,
    /// The variable with its token.
    pub token_env: Option<String>,
}

/// All that is said of hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(pub Vec<HostRule>);

/// Whether the reason why something is not served is what is said of a host ([`Hosts::refusal`]).
#[must_use]
pub fn is_refusal(reason: &str) -> bool {
    reason.contains("(`agnes host ")
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not a host: something like `git.example.com` or `git.example.com:8443` is needed, without `https://` and path",
    quoted(.0)
)]
pub struct NotAHost(String);

impl FromStr for Host {
    type Err = NotAHost;

    fn from_str(text: &str) -> Result<Self, NotAHost> {
        let refuse = || NotAHost(text.to_owned());
        let given = text.trim().to_ascii_lowercase();
        let (name, port) = match given.rfind(']').map(|end| given.split_at(end + 1)) {
            Some((name, "")) => (name, None),
            Some((name, rest)) => (name, Some(rest.strip_prefix(':').ok_or_else(refuse)?)),
            None => match given.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (given.as_str(), None),
            },
        };
        let port = match port {
            None => None,
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(port.parse().ok().filter(|port| *port > 0).ok_or_else(refuse)?)
            }
            Some(_) => return Err(refuse()),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        if !is_name(name) && !is_six(name) {
            return Err(refuse());
        }
        Ok(Self { name: name.to_owned(), port })
    }
}

/// Parts of letters, digits and `-`, with dots between them. (An underscore is no part of a host's name, and
/// yet some have it.)
fn is_name(name: &str) -> bool {
    let fits = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !part.is_empty() && part.bytes().all(plain) && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= LONGEST && name.split('.').all(fits)
}

fn is_six(name: &str) -> bool {
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Host {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn has(&self, host: &str, port: u16) -> bool {
        self.name == host && self.port.is_none_or(|own| own == port)
    }

    /// The variable in which its token is: another one for each host. Dots become one underscore, hyphens
    /// two, the colon before a port three; no name has a hyphen beside a dot. `None`: the host is one that
    /// could share it with another.
    #[must_use]
    pub fn token_variable(&self) -> Option<String> {
        if self.name.contains(['_', '[']) {
            return None;
        }
        let text = self.to_string().replace('-', "__").replace('.', "_").replace(':', "___");
        Some(format!("AGNES_HOST_{}_TOKEN", text.to_ascii_uppercase()))
    }
}

impl Hosts {
    /// Why nothing is fetched from a place, if that is so. `own`: it is where the marketplace itself is, which
    /// whoever registered it has named.
    #[must_use]
    pub fn refusal(&self, place: &Place, own: bool) -> Option<String> {
        let (host, port) = (quoted(&place.host), place.port);
        let mut of_it = self.0.iter().filter(|rule| rule.host.has(&place.host, port));
        if of_it.clone().any(|rule| rule.rule == Some(Rule::Deny)) {
            return Some(format!("its source is at {host}, and that host is denied (`agnes host list`)"));
        }
        if place.road == Road::Ssh {
            let named = of_it.any(|rule| rule.rule == Some(Rule::Allow) && rule.ssh);
            return (!named).then(|| {
                format!(
                    "its source is at {host} over ssh, which is not allowed (`agnes host allow HOST --ssh`)"
                )
            });
        }
        let restricted = self.0.iter().any(|rule| rule.rule == Some(Rule::Allow));
        if own || !restricted || of_it.any(|rule| rule.rule == Some(Rule::Allow)) {
            return None;
        }
        Some(format!(
            "its source is at {host}, and that host is not among those that are allowed (`agnes host list`)"
        ))
    }

    /// The variable with the token for a place. It is for https, and one that names no port for its usual one.
    #[must_use]
    pub fn token_of(&self, place: &Place) -> Option<&str> {
        let is_it = |host: &Host| host.name == place.host && host.port.unwrap_or(443) == place.port;
        let rule = self.0.iter().find(|rule| rule.token_env.is_some() && is_it(&rule.host));
        rule.filter(|_| place.road == Road::Https)?.token_env.as_deref()
    }

    /// The rules in one line: the same line, the same rules.
    #[must_use]
    pub fn line(&self) -> String {
        let rules = self.0.iter().filter_map(|rule| {
            let word = match rule.rule? {
                Rule::Allow if rule.ssh => "allow+ssh",
                Rule::Allow => "allow",
                Rule::Deny => "deny",
            };
            Some(format!("{word} {}", rule.host))
        });
        rules.collect::<Vec<_>>().join(" ")
    }
}

impl Rule {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    /// What a row says.
    #[must_use]
    pub fn of_row(text: &str) -> Option<Self> {
        [Self::Allow, Self::Deny].into_iter().find(|rule| rule.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    fn rule(text: &str, rule: Rule, ssh: bool) -> HostRule {
        HostRule { host: host(text), rule: Some(rule), ssh, token_env: host(text).token_variable() }
    }

    fn at(road: Road, host: &str, port: u16) -> Place {
        Place { road, host: host.into(), port }
    }

    #[test]
    fn hosts_as_they_are_typed() {
        for (text, told) in [
            ("GitHub.com", "github.com"),
            (" git.example. ", "git.example"),
            ("git.example:8443", "git.example:8443"),
            ("10.1.2.3", "10.1.2.3"),
            ("[fd00::1]:7", "[fd00::1]:7"),
        ] {
            assert_eq!(host(text).to_string(), told);
        }
        for text in [
            "",
            ".",
            "https://git.example",
            "git.example/a",
            "a b",
            "git..example",
            "-a",
            "a-",
            "a:b:1",
            "a:0",
            "a:99999",
            "a:",
            "[::1",
            "[::1]x",
            "*.example",
            "a@b",
            "ä.example",
            "a\u{200b}b",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text}");
        }
    }

    #[test]
    fn deny_wins_and_one_that_is_allowed_leaves_the_others_out() {
        let open = Hosts(vec![rule("evil.example", Rule::Deny, false)]);
        let https = |host: &str| at(Road::Https, host, 443);
        assert_eq!(open.refusal(&https("git.example"), false), None);
        assert!(open.refusal(&https("evil.example"), false).unwrap().contains("denied"));
        assert!(open.refusal(&https("evil.example"), true).is_some(), "also where the marketplace is");

        let closed = Hosts(vec![
            rule("git.example", Rule::Allow, false),
            rule("ssh.example", Rule::Allow, true),
            rule("git.example:8443", Rule::Deny, false),
        ]);
        assert_eq!(closed.refusal(&https("git.example"), false), None);
        assert!(closed.refusal(&at(Road::Https, "git.example", 8443), false).is_some());
        assert!(closed.refusal(&https("sub.git.example"), false).unwrap().contains("not among"));
        assert_eq!(closed.refusal(&https("home.example"), true), None, "the marketplace's own");
        assert_eq!(closed.refusal(&at(Road::Ssh, "ssh.example", 22), false), None);
        assert!(closed.refusal(&at(Road::Ssh, "git.example", 22), false).unwrap().contains("--ssh"));
        assert!(open.refusal(&at(Road::Ssh, "git.example", 22), true).is_some());
    }

    /// A token that could be another host's would be sent to whoever can choose a name.
    #[test]
    fn each_host_has_a_token_of_its_own() {
        let names = ["a-b.c", "a.b.c", "a--b.c", "a.b--c", "a.b.c:443", "a.b.c.443", "a-b-c", "abc"];
        let mut variables: Vec<_> = names.iter().map(|name| host(name).token_variable().unwrap()).collect();
        assert_eq!(variables[0], "AGNES_HOST_A__B_C_TOKEN");
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), names.len());
        assert_eq!((host("a_b").token_variable(), host("[::1]").token_variable()), (None, None));

        let hosts = Hosts(vec![rule("git.example", Rule::Allow, true)]);
        let https = |host: &str, port| hosts.token_of(&at(Road::Https, host, port)).is_some();
        assert!(https("git.example", 443));
        assert!(
            !https("git.example", 8443) && !https("git.example.evil", 443) && !https("sub.git.example", 443)
        );
        assert_eq!(hosts.token_of(&at(Road::Http, "git.example", 443)), None);
        assert_eq!(hosts.token_of(&at(Road::Ssh, "git.example", 443)), None);
    }
}
