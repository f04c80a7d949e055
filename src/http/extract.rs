//! Getting at a request, and getting the registry to work on it. What is not exactly what a route takes
//! is refused here, by name, before any use case sees it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::problem::Failure;
use crate::domain::note::quoted;
use crate::registry::{self, Registry};

/// Longest segment of a path, in bytes. No name is longer, and messages repeat it.
const LONGEST_SEGMENT: usize = 512;

/// A JSON body: one object with known fields, each once. An empty body is an empty object.
pub(super) struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let kind = said(request.headers(), &header::CONTENT_TYPE);
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            Failure::new(rejection.status(), "body-unreadable", rejection.body_text())
        })?;
        // Who says nothing means JSON. Other kinds are refused, and not only because they are none of
        // ours: they are what a page of somebody else's can make a browser send.
        if let Some(kind) = kind.filter(|kind| !is_json(kind)) {
            let mut failure = Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type-refused",
                format!("the request's body is {}, and `application/json` is needed", quoted(&kind)),
            );
            failure.0.hint = Some("with curl: -H 'Content-Type: application/json'".into());
            return Err(failure);
        }
        object(&bytes).map(Body)
    }
}

/// The body of a request that has nothing to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// What a header says before its parameters, in small letters: the kind of a body, or its encoding.
pub(super) fn said(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    Some(text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn is_json(kind: &str) -> bool {
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let unusable = |status, why: &dyn std::fmt::Display| {
        let told = format!("the request's body is not what is needed here: {why}");
        Failure::new(status, "body-unusable", told)
    };
    let text = bytes.trim_ascii();
    let text: &[u8] = if text.is_empty() { b"{}" } else { text };
    // serde would take a list for an object's values in their order, which nobody means.
    if text.starts_with(b"[") {
        return Err(unusable(StatusCode::UNPROCESSABLE_ENTITY, &"it is a list, and an object is needed"));
    }
    serde_json::from_slice(text).map_err(|why| {
        // Broken JSON is a bad request; JSON that says something else than it should is not. (A number
        // where one of several words should be is called a syntax error, too.)
        let sound = why.is_data() || serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
        let status = if sound { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        unusable(status, &why)
    })
}

/// Segments of the path.
pub(super) struct Path<T>(pub T);

/// What a path's segments can be extracted into.
pub(super) trait Segments: DeserializeOwned + Send {
    fn each(&self) -> Vec<&str>;
}

impl Segments for String {
    fn each(&self) -> Vec<&str> {
        vec![self]
    }
}

impl Segments for (String, String) {
    fn each(&self) -> Vec<&str> {
        vec![&self.0, &self.1]
    }
}

impl<S: Send + Sync, T: Segments> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let found: Result<axum::extract::Path<T>, PathRejection> =
            axum::extract::Path::from_request_parts(parts, state).await;
        let refuse = |why: String| Failure::new(StatusCode::BAD_REQUEST, "path-unusable", why);
        let axum::extract::Path(segments) = found.map_err(|rejection| refuse(rejection.body_text()))?;
        for segment in segments.each() {
            if segment.chars().any(char::is_control) {
                return Err(refuse(format!("{} in the path has control characters in it", quoted(segment))));
            }
            if segment.len() > LONGEST_SEGMENT {
                let length = segment.len();
                return Err(refuse(format!(
                    "{} in the path is {length} bytes long, and {LONGEST_SEGMENT} is the most",
                    quoted(segment)
                )));
            }
        }
        Ok(Self(segments))
    }
}

/// The query, as a struct.
pub(super) struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query: Result<axum::extract::Query<T>, _> = axum::extract::Query::try_from_uri(&parts.uri);
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| Failure::new(rejection.status(), "query-unusable", rejection.body_text()))
    }
}

/// Runs a use case where it may block.
pub(super) async fn ask<T: Send + 'static>(
    registry: Arc<Registry>,
    work: impl FnOnce(&Registry) -> registry::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(move || work(&registry)).await {
        Ok(result) => result.map_err(Failure::from),
        Err(_) => Err(Failure::defect("this request made it stop short")),
    }
}
