//! Under which address whoever asks knows this server.
//!
//! It is the operator's to say. Where they do not, the request has to: what stands in `Host`, and what a
//! trusted proxy says of the address that it was asked under. All of it ends up in the answer to the same
//! request and nowhere else, so whoever forges it deceives themselves alone; and it must be a host and
//! nothing more, or there is no answer.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, Uri, header};

use super::Settings;
use super::forwarded;
use crate::domain::note::quoted;
use crate::http::problem::Failure;
use crate::registry::bundles::archives::Base;

pub(super) fn base(
    peer: IpAddr,
    uri: &Uri,
    headers: &HeaderMap,
    settings: &Settings,
) -> Result<Base, Failure> {
    if let Some(base) = &settings.public_url {
        return Ok(base.clone());
    }
    let (mut protocol, mut host) = (None, None);
    if settings.trusted_proxies.iter().any(|proxy| proxy.contains(peer)) {
        protocol = one(&said(headers, "x-forwarded-proto", "proto"))?.map(|said| said.to_ascii_lowercase());
        host = one(&said(headers, "x-forwarded-host", "host"))?.map(Cow::Owned);
    }
    let https = match protocol.as_deref() {
        Some("https") => true,
        Some("http") => false,
        Some(other) => return Err(unknown(&format!("a proxy says that it was asked by {}", quoted(other)))),
        None if settings.tls.is_some() => true,
        // Most proxies speak https, and an address with `http` would have tokens sent where they can be read
        // on the way. So this is not guessed.
        None if forwarded::came_by_proxy(headers) => {
            let why = "there is a proxy in between, and none that is trusted says whether it speaks https";
            return Err(unknown(why));
        }
        None => false,
    };
    let host = match host {
        Some(host) => host,
        None => asked(uri, headers)?,
    };
    Base::of(https, &host).ok_or_else(|| {
        let host = quoted(&host);
        unknown(&format!("{host} is not a host such as agnes.example.com or agnes.example.com:8443"))
    })
}

/// The host in the request itself (RFC 9112, section 3.2; RFC 9113, section 8.3.1).
fn asked<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Cow<'a, str>, Failure> {
    if let Some(authority) = uri.authority() {
        return Ok(Cow::Borrowed(authority.as_str()));
    }
    let mut given = headers.get_all(header::HOST).iter();
    match (given.next(), given.next()) {
        (Some(host), None) => Ok(String::from_utf8_lossy(host.as_bytes())),
        (None, _) => Err(unknown("the request has no `Host`")),
        (Some(_), Some(_)) => Err(unknown("the request has more than one `Host`")),
    }
}

/// The one thing that was said. Proxies behind each other may say different things, and which of them counts
/// is not for us to guess.
fn one(said: &[String]) -> Result<Option<String>, Failure> {
    let Some((first, others)) = said.split_first() else { return Ok(None) };
    match others.iter().find(|other| !other.eq_ignore_ascii_case(first)) {
        None => Ok(Some(first.clone())),
        Some(other) => {
            let (first, other) = (quoted(first), quoted(other));
            Err(unknown(&format!("a proxy says both {first} and {other}")))
        }
    }
}

/// All that is said in the header `name`, and with the parameter of that name in `Forwarded` (RFC 7239).
fn said(headers: &HeaderMap, name: &str, parameter: &str) -> Vec<String> {
    let lines = |name: &str| -> Vec<String> {
        let lines = headers.get_all(name).iter();
        lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    };
    let mut said: Vec<String> =
        lines(name).iter().flat_map(|line| line.split(',')).map(|value| value.trim().to_owned()).collect();
    for line in lines("forwarded") {
        let mut quotes = false;
        let pairs = line.split(|c| {
            quotes ^= c == '"';
            !quotes && matches!(c, ',' | ';')
        });
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        let named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case(parameter));
        said.extend(named.map(|(_, value)| value.trim().trim_matches('"').to_owned()));
    }
    said.retain(|value| !value.is_empty());
    said
}

fn unknown(why: &str) -> Failure {
    let told = format!("under which address this server is reached cannot be told: {why}");
    let mut failure = Failure::new(StatusCode::BAD_REQUEST, "address-unknown", told);
    let hint = "whoever runs the server can say it: agnes serve --public-url https://agnes.example.com";
    failure.0.hint = Some(hint.to_owned());
    failure
}

#[cfg(test)]
mod tests;
