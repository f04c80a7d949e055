//! Where a server is that is asked from afar.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::domain::note::quoted;
use crate::domain::upstream::redacted;

/// `https://…`, or `http://…` on this very machine. It holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadServer {
    #[error("{} is not a server's address: something like `https://agnes.example.com` is needed", quoted(.0))]
    Shape(String),
    #[error(
        "`http://{0}` would carry your token in the clear: https:// is needed, except for this very machine"
    )]
    Clear(String),
    /// Not repeated, since it is a secret.
    #[error("the address of the server `{0}` carries a password or token, which everybody could read there")]
    Credentials(String),
}

impl FromStr for ServerUrl {
    type Err = BadServer;

    fn from_str(text: &str) -> Result<Self, BadServer> {
        let shape = || BadServer::Shape(redacted(text));
        let mut url = Url::parse(text.trim()).map_err(|_| shape())?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadServer::Credentials(host));
        }
        let known = matches!(url.scheme(), "https" | "http");
        if !known || host.is_empty() || url.query().is_some() || url.fragment().is_some() {
            return Err(shape());
        }
        if url.scheme() == "http" && !is_loopback(&host) {
            return Err(BadServer::Clear(host));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl ServerUrl {
    /// Without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// `https`, or `http`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// Host and port, the port only where it is not the scheme's own: together with the scheme, what git
    /// calls credentials by.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Below which path it is: nothing, or `/…`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// Whether the wire is this machine's own, so that nothing needs to be encrypted.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())
    }
}

fn is_loopback(host: &str) -> bool {
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, base) in [
            ("https://agnes.example.com", "https://agnes.example.com"),
            ("https://agnes.example.com/", "https://agnes.example.com"),
            ("https://example.com:8443/agnes/", "https://example.com:8443/agnes"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(text.parse::<ServerUrl>().unwrap().base(), base);
        }
        for text in ["", "agnes.example.com", "ftp://x", "unix:/x", "https://", "https://x?a", "https://x#a"]
        {
            assert!(matches!(text.parse::<ServerUrl>(), Err(BadServer::Shape(_))), "{text}");
        }
    }

    /// Somebody on the way would read the token. A name that merely begins like this machine's is not
    /// this machine.
    #[test]
    fn a_token_does_not_travel_in_the_clear() {
        for text in
            ["http://agnes.example.com", "http://10.0.0.1", "http://localhost.example.com", "http://[::2]"]
        {
            assert!(matches!(text.parse::<ServerUrl>(), Err(BadServer::Clear(_))), "{text}");
        }
    }

    #[test]
    fn a_token_in_the_address_is_refused_and_not_repeated() {
        for text in ["https://hunter2@agnes.example.com", "https://ada:hunter2@agnes.example.com/"] {
            let error = text.parse::<ServerUrl>().unwrap_err();
            assert!(matches!(error, BadServer::Credentials(_)) && !error.to_string().contains("hunter2"));
        }
        let error = "htps://ada:hunter2@x y".parse::<ServerUrl>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
