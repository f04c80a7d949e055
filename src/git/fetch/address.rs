//! An upstream's address: parsed, rewritten as the user's git would, fit to be shown.

use std::net::IpAddr;

use reqwest::Url;

use super::{FetchError, FetchOptions, Upstream};
use crate::domain::access::secret::Secret;
use crate::domain::percent::decoded_lossily;
use crate::domain::upstream::host::{self, Place};

/// Where a fetch goes.
pub(super) struct Address {
    /// The address as it was given, without credentials: for messages.
    pub shown: String,
    /// Its host, or the path where there is none: for messages.
    pub host: String,
    pub road: Road,
}

pub(super) enum Road {
    Local(String),
    Ssh { user: Option<String>, host: String, port: Option<u16>, path: String },
    Web { url: Url, login: Option<Login> },
}

/// What to answer to "who are you?", and where.
pub(super) struct Login {
    /// The only scheme, host and port that gets to see it.
    pub origin: Origin,
    pub user: String,
    pub password: Secret,
}

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin(String, String, Option<u16>);

impl Origin {
    pub(super) fn of(url: &Url) -> Self {
        Self(
            url.scheme().to_owned(),
            url.host_str().unwrap_or_default().to_owned(),
            url.port_or_known_default(),
        )
    }
}

impl Address {
    pub(super) fn parse(upstream: &Upstream<'_>, options: &FetchOptions) -> Result<Self, FetchError> {
        let shown = redacted(upstream.url);
        let bad = |reason: &str| FetchError::BadAddress { url: shown.clone(), reason: reason.to_owned() };
        let effective = options.user.rewrite(upstream.url);
        if effective.is_empty() || effective.chars().any(char::is_control) {
            return Err(bad("it is empty or has control characters in it"));
        }

        if let Some(url) = web(&effective) {
            let url = url.map_err(|reason| bad(&reason))?;
            let login = login(upstream, &url, &shown)?;
            let host = url.host_str().unwrap_or_default().to_owned();
            return Ok(Self { host, road: Road::Web { url: without_userinfo(url), login }, shown });
        }

        let url =
            gix::url::parse(effective.as_bytes()).map_err(|error| bad(&crate::git::one_line(&error)))?;
        let path = String::from_utf8(url.path.to_vec()).map_err(|_| bad("its path is not UTF-8"))?;
        match url.scheme {
            gix::url::Scheme::File => {
                if url.host().is_some_and(|host| !host.is_empty() && host != "localhost") {
                    return Err(bad("a `file://` address has three slashes and no host"));
                }
                Ok(Self { host: path.clone(), road: Road::Local(path), shown })
            }
            gix::url::Scheme::Ssh => {
                let host = url
                    .host()
                    .filter(|host| !host.is_empty())
                    .ok_or_else(|| bad("it has no host"))?
                    .to_owned();
                let user = url.user().filter(|user| !user.is_empty()).map(ToOwned::to_owned);
                // ssh would take these for options, and options can run programs.
                if host.starts_with('-')
                    || path.starts_with('-')
                    || user.as_ref().is_some_and(|u| u.starts_with('-'))
                {
                    return Err(bad("a part of it begins with `-`"));
                }
                // `ssh://host/~/x` is relative to the home there; the shell there expands it.
                let path = path.strip_prefix("/~").map_or(path.clone(), |rest| format!("~{rest}"));
                Ok(Self { host: host.clone(), road: Road::Ssh { user, host, port: url.port, path }, shown })
            }
            other => Err(bad(&format!("`{other}` is not https, ssh, file or a path"))),
        }
    }

    /// Whether a text contains the credentials that are sent to this address.
    pub(super) fn gives_away(&self, text: &str) -> bool {
        let Road::Web { login: Some(login), .. } = &self.road else { return false };
        let known = |secret: &str| !secret.is_empty() && text.contains(secret);
        let is_lone = login.password.expose().is_empty();
        known(login.password.expose()) || (is_lone && known(&login.user)) || text.contains("Basic ")
    }

    pub(super) fn other(&self, reason: String) -> FetchError {
        FetchError::Other { url: self.shown.clone(), reason }
    }
}

/// The host of an http or https address as it will be connected to, and its address where it is not a
/// name.
///
/// # Errors
/// [`FetchError::BadAddress`] when it is no such address.
pub fn host_of(url: &str) -> Result<(String, Option<IpAddr>), FetchError> {
    let bad = |reason: String| FetchError::BadAddress { url: redacted(url), reason };
    let url = web(url).unwrap_or_else(|| Err("it is not https".into())).map_err(bad)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let literal = super::client::literal(&host);
    Ok((host, literal))
}

/// Where an address leads, however it is spelt.
///
/// # Errors
/// [`FetchError::BadAddress`] when it is neither http, https nor ssh.
pub fn place_of(url: &str) -> Result<Place, FetchError> {
    let bad = |reason: String| FetchError::BadAddress { url: redacted(url), reason };
    if let Some(parsed) = web(url) {
        let parsed = parsed.map_err(bad)?;
        let road = if parsed.scheme() == "https" { host::Road::Https } else { host::Road::Http };
        let port = parsed.port_or_known_default().unwrap_or_default();
        return Ok(Place { road, host: plain_host(&parsed), port });
    }
    let parsed = gix::url::parse(url.as_bytes()).map_err(|error| bad(crate::git::one_line(&error)))?;
    match (&parsed.scheme, parsed.host()) {
        (gix::url::Scheme::Ssh, Some(host)) if !host.is_empty() => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            Ok(Place { road: host::Road::Ssh, host, port: parsed.port.unwrap_or(22) })
        }
        _ => Err(bad("it is not https or ssh".into())),
    }
}

/// A host's name as rules spell it: a dot at its end changes nothing about where it is.
pub(super) fn plain_host(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase()
}

/// `None`: it is not http or https at all.
fn web(text: &str) -> Option<Result<Url, String>> {
    let scheme = text.split_once("://")?.0;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    Some(match Url::parse(text) {
        Ok(url) if url.host_str().is_none_or(str::is_empty) => Err("it has no host".into()),
        Ok(mut url) => {
            // `info/refs` is appended to the path; anything after it would end up in between.
            url.set_fragment(None);
            if url.query().is_some() { Err("it has a `?` in it".into()) } else { Ok(url) }
        }
        Err(error) => Err(error.to_string()),
    })
}

/// The token belongs to the address that was registered. When the user's configuration rewrites
/// that to another host, it stays behind.
fn login(upstream: &Upstream<'_>, effective: &Url, shown: &str) -> Result<Option<Login>, FetchError> {
    let registered = match web(upstream.url) {
        Some(Ok(url)) => url,
        _ => effective.clone(),
    };
    let user = Some(decoded_lossily(registered.username())).filter(|user| !user.is_empty());
    let password = match (upstream.token, registered.password()) {
        (Some(token), _) => token.clone(),
        (None, Some(password)) => Secret::new(decoded_lossily(password)),
        // A lone user name is commonly a token: https://TOKEN@host/.
        (None, None) => match user {
            Some(user) => {
                return Ok(Some(Login {
                    origin: https(&registered, shown)?,
                    user,
                    password: Secret::new(String::new()),
                }));
            }
            None => return Ok(None),
        },
    };
    let user = user.unwrap_or_else(|| "x-access-token".into());
    Ok(Some(Login { origin: https(&registered, shown)?, user, password }))
}

fn https(url: &Url, shown: &str) -> Result<Origin, FetchError> {
    if url.scheme() == "https" {
        Ok(Origin::of(url))
    } else {
        Err(FetchError::InsecureToken { url: shown.to_owned() })
    }
}

pub(super) fn without_userinfo(mut url: Url) -> Url {
    // Fails only for addresses without a host, which have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// An address fit to be shown: without user name and password, except the user name of ssh.
#[must_use]
pub fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let authority = match authority.rsplit_once('@') {
        Some((userinfo, host)) if scheme == "ssh" => {
            format!("{}@{host}", userinfo.split(':').next().unwrap_or_default())
        }
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    format!("{scheme}://{authority}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Pin;

    fn parse(url: &str, token: Option<&Secret>) -> Result<Address, FetchError> {
        Address::parse(&Upstream { url, pin: &Pin::Default, token }, &FetchOptions::default())
    }

    #[test]
    fn credentials_are_never_shown() {
        for (given, shown) in [
            ("https://me:secret@example.com/a.git", "https://example.com/a.git"),
            ("https://secret@example.com", "https://example.com"),
            ("https://a@b:secret@example.com/x@y", "https://example.com/x@y"),
            ("https://example.com/a?private_token=secret", "https://example.com/a"),
            ("ssh://git:secret@example.com:22/a", "ssh://git@example.com:22/a"),
            ("git@example.com:a/b", "git@example.com:a/b"),
            ("/srv/a.git", "/srv/a.git"),
        ] {
            assert_eq!(redacted(given), shown);
        }
    }

    #[test]
    fn a_place_is_the_same_however_it_is_spelt() {
        let at = |url: &str| {
            let place = place_of(url).unwrap();
            (place.road, place.host, place.port)
        };
        let https = |host: &str, port| (host::Road::Https, host.to_owned(), port);
        for url in [
            "https://git.example/a",
            "https://GIT.example./a",
            "HTTPS://git.example:443/a",
            "https://%67it.example/a",
            "https://u@git.example/a",
        ] {
            assert_eq!(at(url), https("git.example", 443), "{url}");
        }
        for url in ["https://127.1/a", "https://2130706433/a", "https://0x7f.1/a", "https://127.0.0.1./a"] {
            assert_eq!(at(url), https("127.0.0.1", 443), "{url}");
        }
        assert_eq!(at("https://[::0:1]:7/a"), https("[::1]", 7));
        let ssh = |port| (host::Road::Ssh, "git.example".to_owned(), port);
        assert_eq!((at("git@GIT.example:a/b"), at("ssh://git@git.example.:22/a")), (ssh(22), ssh(22)));
        assert_eq!(at("ssh://git.example:2222/a"), ssh(2222));
        assert_eq!(at("http://git.example/a").0, host::Road::Http);
        for url in ["file:///a", "/a", "git://git.example/a", "ext::sh", ""] {
            assert!(place_of(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_ssh_would_take_for_an_option_is_refused() {
        for url in ["ssh://-oProxyCommand=id/x", "-oProxyCommand=id:x", "ssh://-lroot@host/x", "host:-x"] {
            // The second reads as a plain path to some parsers; it must not become an ssh call.
            let parsed = parse(url, None).map(|address| address.road);
            assert!(matches!(parsed, Err(FetchError::BadAddress { .. }) | Ok(Road::Local(_))), "{url}");
        }
    }

    #[test]
    fn a_token_is_not_taken_over_plain_http() {
        let token = Secret::new("t".into());
        assert!(matches!(parse("http://example.com/a", Some(&token)), Err(FetchError::InsecureToken { .. })));
        assert!(matches!(parse("http://u:p@example.com/a", None), Err(FetchError::InsecureToken { .. })));
        assert!(parse("http://example.com/a", None).is_ok());
    }

    #[test]
    fn other_schemes_are_refused() {
        for url in
            ["git://example.com/a", "ext::sh -c id", "ftp://example.com/a", "https://", "", "file://host/x"]
        {
            assert!(matches!(parse(url, None), Err(FetchError::BadAddress { .. })), "{url}");
        }
    }

    #[test]
    fn addresses_take_their_roads() {
        let local =
            |url: &str| matches!(parse(url, None).unwrap().road, Road::Local(path) if path == "/srv/a b.git");
        assert!(local("/srv/a b.git") && local("file:///srv/a b.git"));
        let Road::Ssh { user, host, port, path } = parse("ssh://git@h:2222/~/a.git", None).unwrap().road
        else {
            panic!("not ssh");
        };
        assert_eq!(
            (user.as_deref(), host.as_str(), port, path.as_str()),
            (Some("git"), "h", Some(2222), "~/a.git")
        );
    }
}
