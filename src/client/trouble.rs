//! What goes wrong on the way to a server, as one reads it.

use http::{HeaderMap, StatusCode, header};

use crate::domain::note::quoted;
use crate::wire::{Problem, VERSION, VERSION_HEADER};

/// What can be done about a proxy.
const PROXIED: &str = "HTTPS_PROXY or ALL_PROXY in your environment names that proxy: put it right, or name the \
                       server in NO_PROXY to go around it";

/// Whether waiting helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Nobody answers, or not to the end: that passes.
    Away,
    /// The same, and there is a proxy in between that may be why.
    Proxied,
    /// Somebody answers who does not show themselves to be the server. It may be the network that one is in, and
    /// it may be an attack.
    Stranger,
    /// What was given cannot be used, wherever one is.
    Lasting,
}

/// An error that is the way's and not the API's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub nature: Nature,
    pub message: String,
    pub causes: Vec<String>,
    pub hint: Option<String>,
}

impl Trouble {
    pub(super) fn new(message: String) -> Self {
        Self { nature: Nature::Away, message, causes: Vec::new(), hint: None }
    }

    /// The same with a proxy in between.
    pub(super) fn proxied(self) -> Self {
        Self { nature: Nature::Proxied, hint: Some(PROXIED.to_owned()), ..self }
    }

    /// The same from somebody who is not shown to be the server.
    pub(super) fn strange(self) -> Self {
        Self { nature: Nature::Stranger, ..self }
    }

    /// The same as something that stays as it is.
    pub(super) fn lasting(self) -> Self {
        Self { nature: Nature::Lasting, ..self }
    }

    pub(super) fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    pub(super) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Something answers, and it is not agnes: a login page, a proxy, another service.
    pub(super) fn not_agnes(whom: &str, status: StatusCode, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        let mut what = format!("status {status}");
        if let Some(kind) = text(header::CONTENT_TYPE) {
            what = format!("{what}, {}", quoted(kind));
        }
        if let Some(to) = text(header::LOCATION) {
            what = format!("{what}, and sends on to {}", quoted(to));
        }
        let trouble = Self::new(format!("{whom} answers, but not as an agnes server does"))
            .because(what)
            .hinted("is it the address that `agnes serve` has? A proxy before it may want a login");
        // What stands before a server says that it is not there.
        if status.is_server_error() { trouble } else { trouble.strange() }
    }
}

/// Which agnes answered. One that does not say so, and does not answer with problem documents either, is
/// none.
pub(super) fn server_version(headers: &HeaderMap) -> Option<&str> {
    headers.get(VERSION_HEADER).and_then(|value| value.to_str().ok())
}

/// Why a server may not have understood, or not be understood: it is another version.
pub(super) fn skew(headers: &HeaderMap) -> Option<String> {
    let theirs = server_version(headers)?;
    (theirs != VERSION).then(|| format!("the server is agnes {}, and this is {VERSION}", quoted(theirs)))
}

/// What the API says, with what one can do about it from afar.
pub(super) fn told(mut problem: Problem, headers: &HeaderMap) -> Problem {
    let unknown = ["route-not-found", "method-not-allowed", "body-unusable", "query-unusable"];
    if unknown.contains(&problem.code.as_str()) {
        problem.causes.extend(skew(headers));
    }
    if problem.status == 401 && problem.hint.is_none() {
        problem.hint = Some(
            "it may have expired or been revoked; on the server: agnes token create --user YOUR-EMAIL".into(),
        );
    }
    problem
}
