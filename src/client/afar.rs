//! The ways to a server: over the unix socket in the data folder, and over https.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use reqwest::{Certificate, Client, ClientBuilder, Url, redirect};

use super::address::ServerUrl;
use super::trouble::Trouble;
use super::way::Answer;
use crate::domain::access::secret::Secret;

const CONNECTING: Duration = Duration::from_secs(10);

/// A server that works on something may be silent for long; one that is gone is noticed by these.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Not even a fetch that its server gives up on, and a bundle made after that, take so long.
const LONGEST_SILENCE: Duration = Duration::from_secs(20 * 60);

/// A server that is asked from afar, and who asks.
#[derive(Debug)]
pub struct Remote {
    pub url: ServerUrl,
    /// PEM file of certificates that are trusted besides the system's.
    pub ca: Option<PathBuf>,
    pub token: Secret,
    /// How long an answer may take, from the first byte that is sent to the last that comes. Without it,
    /// as long as the server works on it.
    pub within: Option<Duration>,
}

/// A server in another process.
pub(super) struct Afar {
    client: Client,
    base: String,
    authorization: Option<HeaderValue>,
    /// What messages call it.
    whom: String,
    /// Whose certificates are trusted besides the system's.
    ca: Option<PathBuf>,
}

impl Afar {
    pub(super) fn over_https(remote: &Remote) -> Result<Self, Trouble> {
        let whom = format!("`{}`", remote.url);
        // What a proxy would be for is beyond this machine.
        let mut builder =
            if remote.url.is_clear() { builder().no_proxy() } else { builder().https_only(true) };
        if let Some(path) = &remote.ca {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        if let Some(within) = remote.within {
            builder = builder.timeout(within).connect_timeout(within.min(CONNECTING));
        }
        let client = builder.build().map_err(|why| Trouble::new(innermost(&why)).lasting())?;
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", remote.token.expose())).map_err(|_| {
                Trouble::new("the access token has characters in it that no token has".into()).lasting()
            })?;
        authorization.set_sensitive(true);
        let base = remote.url.base().to_owned();
        Ok(Self { client, base, authorization: Some(authorization), whom, ca: remote.ca.clone() })
    }

    /// The server whose socket that is; none where nobody answers.
    pub(super) fn over_socket(path: &Path) -> Option<Self> {
        // A dead server leaves a file, and nobody behind it.
        std::os::unix::net::UnixStream::connect(path).ok()?;
        let client = builder().unix_socket(path).build().ok()?;
        Some(Self {
            client,
            base: "http://localhost".into(),
            authorization: None,
            whom: "the running server".into(),
            ca: None,
        })
    }

    pub(super) fn whom(&self) -> &str {
        &self.whom
    }

    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Answer>, Trouble> {
        let (parts, body) = request.into_parts();
        let url = format!("{}{}", self.base, parts.uri);
        let url = Url::parse(&url).map_err(|why| Trouble::new(why.to_string()))?;
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let mut request = self.client.request(parts.method, url).headers(parts.headers).body(body);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let response = request.send().await.map_err(|why| self.unreached(why))?;
        let response: Response<reqwest::Body> = response.into();
        Ok(response.map(|body| body.map_err(|why| innermost(&why).into()).boxed_unsync()))
    }

    fn unreached(&self, error: reqwest::Error) -> Trouble {
        // The URL in it says nothing that the message does not.
        let error = error.without_url();
        let whom = &self.whom;
        let why = innermost(&error);
        if chain(&error).iter().any(|text| text.starts_with("tunnel error")) {
            return Trouble::new(format!("the proxy does not get through to {whom}")).because(why).proxied();
        }
        if error.is_timeout() {
            let trouble = Trouble::new(format!("{whom} does not answer"));
            let trouble = if error.is_connect() {
                trouble.because("there was no connection in time")
            } else {
                trouble.because(why)
            };
            return if self.is_proxied() { trouble.proxied() } else { trouble };
        }
        if why.contains("certificate") {
            return self.untrusted(why);
        }
        // What a TLS library says to the first bytes of something else.
        if why.contains("corrupt message") || why.contains("InvalidContentType") {
            return Trouble::new(format!("{whom} does not speak https"))
                .because(why)
                .hinted("is it the right port? A server of this very machine may be asked by http://")
                .strange();
        }
        // What HTTP says to the first bytes of TLS.
        if why.contains("invalid HTTP") {
            return Trouble::new(format!("{whom} does not speak http"))
                .because(why)
                .hinted("it may want to be asked with https://")
                .strange();
        }
        let trouble = if error.is_connect() {
            Trouble::new(format!("{whom} cannot be reached"))
        } else {
            Trouble::new(format!("{whom} went away before it had answered"))
        };
        let trouble = trouble.because(why);
        if self.authorization.is_some() {
            trouble.hinted("is `agnes serve` running there? What was asked for was not done here instead")
        } else {
            trouble.hinted("try again: if it was stopped, this works without it")
        }
    }

    /// Whether there is something else between here and there. reqwest asks the environment for it, and so
    /// does the message.
    fn is_proxied(&self) -> bool {
        let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        self.base.starts_with("https:")
            && named.iter().any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()))
    }

    /// Verification is never left out: there is something to put right.
    fn untrusted(&self, why: String) -> Trouble {
        let hint = if why.contains("expired") || why.contains("Expired") {
            "whoever runs the server has to renew it. Is the clock of this machine right?".to_owned()
        } else if why.contains("not valid yet") || why.contains("NotValidYet") {
            "is the clock of this machine right?".to_owned()
        } else if why.contains("for name") || why.contains("ForName") {
            "is the address right? The server's certificate is for another name".to_owned()
        } else if let Some(ca) = &self.ca {
            format!(
                "`{}` does not vouch for it: ask whoever runs the server for the certificate of the authority that \
                 signed the server's, and give it with --server-ca FILE (PEM)",
                ca.display()
            )
        } else {
            "if your organisation has an authority of its own, ask whoever runs the server for its certificate, and \
             give it with --server-ca FILE (PEM)"
                .to_owned()
        };
        Trouble::new(format!("{} shows a certificate that is not trusted here", self.whom))
            .because(why)
            .hinted(hint)
            .strange()
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("agnes/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECTING)
        .read_timeout(LONGEST_SILENCE)
        .tcp_keepalive(KEEPALIVE)
        .tcp_keepalive_interval(KEEPALIVE)
        // A token is for one server.
        .redirect(redirect::Policy::none())
        .referer(false)
        .http1_only()
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Trouble> {
    let failed = |why: String| {
        Trouble::new(format!("the certificates in `{}` cannot be used: {why}", path.display()))
            .hinted("--server-ca wants a file in PEM format")
            .lasting()
    };
    let pem = std::fs::read(path).map_err(|why| failed(why.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|why| failed(innermost(&why)))?;
    if found.is_empty() { Err(failed("there are none in it".into())) } else { Ok(found) }
}

/// What lies behind an error in the end: "Connection refused" says all that "error sending request:
/// client error (Connect): tcp connect error: Connection refused" does.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).pop().unwrap_or_default()
}

/// An error, and what lies behind it, one after the other.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut said = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        said.push(error.to_string());
        next = error.source();
    }
    said
}
