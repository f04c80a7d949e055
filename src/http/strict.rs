//! What is refused before a route is reached: queries that it does not know, and requests that a page of
//! another site made somebody's browser send.

#[cfg(test)]
mod tests;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::openapi;
use super::problem::Failure;
use crate::domain::note::quoted;
use crate::domain::percent;

pub(super) async fn refuse(request: Request, next: Next) -> Response {
    let refused = foreign(&request).or_else(|| unknown_query(&request));
    match refused {
        Some(failure) => failure.into_response(),
        None => next.run(request).await,
    }
}

/// Browsers send passwords that they remember along with whatever a page makes them send, and say which
/// page that was. No page is meant to use this API, unless it is served from the same place.
fn foreign(request: &Request) -> Option<Failure> {
    if request.method().is_safe() {
        return None;
    }
    let headers = request.headers();
    let refuse = |page: &str| {
        let told = format!("a page of {} may not change anything here", quoted(page));
        Failure::new(StatusCode::FORBIDDEN, "cross-site", told)
    };
    if let Some(site) = text(headers, "sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
    {
        return Some(refuse(text(headers, "origin").unwrap_or("another site")));
    }
    let origin = headers.get(header::ORIGIN)?;
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let from = origin.split_once("://").map_or("", |(_, host)| host);
    let host =
        text(headers, "host").or_else(|| request.uri().authority().map(axum::http::uri::Authority::as_str));
    (from.is_empty() || Some(from) != host).then(|| refuse(&origin))
}

/// Whether a page may have made a browser send it, which is looked into where requests are refused.
pub(super) fn may_be_of_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A filter with a slip in it would otherwise show everything.
fn unknown_query(request: &Request) -> Option<Failure> {
    let query = request.uri().query().filter(|query| !query.is_empty())?;
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    if !path.starts_with("/api/") {
        return None;
    }
    let method = if request.method() == "HEAD" { "GET" } else { request.method().as_str() };
    let known = openapi::parameters(path, method)?;
    let refuse = |why: String| Some(Failure::new(StatusCode::BAD_REQUEST, "query-unusable", why));
    let mut seen = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decoded(name) else { return refuse("the query is not UTF-8".into()) };
        if !known.contains(&name.as_str()) {
            let instead = match known.as_slice() {
                [] => "this route has none".to_owned(),
                some => {
                    let names: Vec<_> = some.iter().map(|name| format!("`{name}`")).collect();
                    format!("there is {}", names.join(", "))
                }
            };
            return refuse(format!("the query has a field {} that is not known; {instead}", quoted(&name)));
        }
        if decoded(value).is_none_or(|value| value.chars().any(char::is_control)) {
            return refuse(format!("`{name}` in the query is not UTF-8, or has control characters in it"));
        }
        if seen.contains(&name) {
            return refuse(format!("the query says `{name}` twice"));
        }
        seen.push(name);
    }
    None
}

/// What is meant by a piece of a query (<https://url.spec.whatwg.org/#urlencoded-parsing>), unless that is
/// not UTF-8.
fn decoded(text: &str) -> Option<String> {
    percent::decoded(&text.replace('+', " ")).ok()
}
