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
use crate::domain::secret::Secret;

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
        let client = builder.build().map_err(|why| Trouble::new(innermost(&why)))?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", remote.token.expose()))
            .map_err(|_| Trouble::new("the access token has characters in it that no token has".into()))?;
        authorization.set_sensitive(true);
        let base = remote.url.base().to_owned();
        Ok(Self { client, base, authorization: Some(authorization), whom })
    }

    /// The server whose socket that is; none where nobody answers.
    #[cfg(unix)]
    pub(super) fn over_socket(path: &Path) -> Option<Self> {
        // A dead server leaves a file, and nobody behind it.
        std::os::unix::net::UnixStream::connect(path).ok()?;
        let client = builder().unix_socket(path).build().ok()?;
        Some(Self {
            client,
            base: "http://localhost".into(),
            authorization: None,
            whom: "the running server".into(),
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
        if error.is_timeout() {
            let trouble = Trouble::new(format!("{whom} does not answer"));
            return if error.is_connect() {
                trouble.because(format!("there was no connection within {} s", CONNECTING.as_secs()))
            } else {
                trouble.because(why)
            };
        }
        if why.contains("certificate") {
            return Trouble::new(format!("{whom} shows a certificate that is not trusted here"))
                .because(why)
                .hinted("if your organisation has an authority of its own: --server-ca FILE (PEM)");
        }
        // What a TLS library says to the first bytes of something else.
        if why.contains("corrupt message") || why.contains("InvalidContentType") {
            return Trouble::new(format!("{whom} does not speak https"))
                .because(why)
                .hinted("is it the right port? A server of this very machine may be asked by http://");
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
    };
    let pem = std::fs::read(path).map_err(|why| failed(why.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|why| failed(innermost(&why)))?;
    if found.is_empty() { Err(failed("there are none in it".into())) } else { Ok(found) }
}

/// What lies behind an error in the end: "Connection refused" says all that "error sending request:
/// client error (Connect): tcp connect error: Connection refused" does.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
