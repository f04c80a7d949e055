//! From what went wrong to a status and a problem document. Every kind of error chooses here.

use std::sync::Arc;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::domain::access::token::masked;
use crate::domain::plugin::reading::ReadingError;
use crate::registry::Error;
use crate::registry::error::{FetchError, StoreError};
use crate::wire::Problem;
use crate::wire::problem::{CONTENT_TYPE, about_blank};

/// An answer that says what went wrong, and repeats no token.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub Box<Problem>);

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, detail: String) -> Self {
        Self(Box::new(Problem {
            kind: about_blank(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: masked(detail),
            code: code.to_owned(),
            hint: None,
            causes: Vec::new(),
        }))
    }

    /// Something of ours is wrong, and not the request.
    pub(super) fn defect(what: &str) -> Self {
        let told = format!("agnes has a defect: {what}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", told)
    }
}

/// What an answer says that went wrong.
#[derive(Clone)]
pub(super) struct Told(pub Arc<Problem>);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, code) = fate(&error);
        let mut failure = Self::new(status, &code, error.to_string());
        failure.0.hint = error.hint().map(masked);
        failure.0.causes = causes(&error).into_iter().map(masked).collect();
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))];
        let mut response = (status, kind, body).into_response();
        // For whoever writes the log; a network does not see it.
        response.extensions_mut().insert(Told(Arc::from(self.0)));
        response
    }
}

/// The status, and the word for scripts.
fn fate(error: &Error) -> (StatusCode, String) {
    use StatusCode as S;
    let (status, code) = match error {
        Error::Forbidden(_) => (S::FORBIDDEN, "forbidden"),
        Error::Nobody(_) => (S::FORBIDDEN, "not-a-user"),
        Error::NotFound { what, .. } => return (S::NOT_FOUND, format!("{what}-not-found")),
        Error::NotHeld { .. } => (S::NOT_FOUND, "commit-not-found"),
        Error::Exists { what, .. } => return (S::CONFLICT, format!("{what}-exists")),
        Error::Invalid { .. } => (S::UNPROCESSABLE_ENTITY, "invalid"),
        Error::Conflict { .. } => (S::CONFLICT, "conflict"),
        Error::Fetch { source, .. } => fetch_fate(source),
        Error::Reading(ReadingError::Catalog(_)) => (S::BAD_GATEWAY, "marketplace-unusable"),
        Error::Reading(ReadingError::Damaged(_))
        | Error::Damaged { .. }
        | Error::Gone { .. }
        | Error::Lost { .. } => (S::INTERNAL_SERVER_ERROR, "repository-damaged"),
        Error::Store(error) => match error {
            StoreError::Held { .. } => (S::SERVICE_UNAVAILABLE, "registry-held"),
            StoreError::Newer { .. } => (S::INTERNAL_SERVER_ERROR, "registry-newer"),
            StoreError::Foreign { .. } => (S::INTERNAL_SERVER_ERROR, "registry-foreign"),
            StoreError::Open { .. } | StoreError::Unreadable { .. } => {
                (S::INTERNAL_SERVER_ERROR, "registry-unopenable")
            }
            StoreError::DiskFull => (S::INSUFFICIENT_STORAGE, "disk-full"),
            StoreError::Nonsense(_) | StoreError::Database(_) => (S::INTERNAL_SERVER_ERROR, "registry-error"),
        },
        Error::Archive(_) | Error::Io { .. } if error.is_disk_full() => {
            (S::INSUFFICIENT_STORAGE, "disk-full")
        }
        Error::Archive(_) => (S::INTERNAL_SERVER_ERROR, "archive-error"),
        Error::Io { .. } => (S::INTERNAL_SERVER_ERROR, "file-error"),
        Error::Cached(_) => (S::INTERNAL_SERVER_ERROR, "cache-damaged"),
        Error::NotWritten { .. } => (S::INTERNAL_SERVER_ERROR, "not-written"),
        Error::Defect(_) => (S::INTERNAL_SERVER_ERROR, "defect"),
        Error::NoRandomness => (S::INTERNAL_SERVER_ERROR, "no-randomness"),
        Error::Cancelled => (S::SERVICE_UNAVAILABLE, "cancelled"),
        Error::Shared(error) => return fate(error),
    };
    (status, code.to_owned())
}

/// Most of it is the upstream's fault (502); what is ours, or the registration's, says so.
fn fetch_fate(error: &FetchError) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match error {
        FetchError::BadAddress { .. } => (S::CONFLICT, "upstream-address"),
        FetchError::InsecureToken { .. } => (S::CONFLICT, "token-needs-https"),
        FetchError::Unreachable { .. } => (S::BAD_GATEWAY, "upstream-unreachable"),
        FetchError::Unauthorized { .. } | FetchError::NoSshKey { .. } => {
            (S::BAD_GATEWAY, "upstream-unauthorized")
        }
        FetchError::UnknownHostKey { .. } => (S::BAD_GATEWAY, "upstream-host-key"),
        FetchError::Forbidden { .. } => (S::BAD_GATEWAY, "upstream-forbidden"),
        FetchError::NotFound { .. } => (S::BAD_GATEWAY, "upstream-not-found"),
        FetchError::BranchMissing { .. } => (S::BAD_GATEWAY, "branch-missing"),
        FetchError::RefMissing { .. } | FetchError::NotACommit { .. } => (S::BAD_GATEWAY, "ref-missing"),
        FetchError::RepositoryEmpty { .. } => (S::BAD_GATEWAY, "upstream-empty"),
        FetchError::TooLarge { .. } | FetchError::FileTooLarge { .. } => {
            (S::BAD_GATEWAY, "upstream-too-large")
        }
        FetchError::UnsafeRedirect { .. } => (S::BAD_GATEWAY, "upstream-redirect"),
        FetchError::AddressRefused { .. } => (S::BAD_GATEWAY, "upstream-address-refused"),
        FetchError::NotGit { .. } => (S::BAD_GATEWAY, "upstream-not-git"),
        FetchError::ObjectFormat { .. } => (S::BAD_GATEWAY, "upstream-object-format"),
        FetchError::Damaged { .. } | FetchError::Incomplete { .. } => (S::BAD_GATEWAY, "upstream-damaged"),
        FetchError::Other { .. } => (S::BAD_GATEWAY, "upstream-error"),
        FetchError::TimedOut { .. } => (S::GATEWAY_TIMEOUT, "upstream-timeout"),
        FetchError::Cancelled => (S::SERVICE_UNAVAILABLE, "cancelled"),
        FetchError::DiskFull { .. } => (S::INSUFFICIENT_STORAGE, "disk-full"),
        FetchError::NotWritable { .. } => (S::INTERNAL_SERVER_ERROR, "file-error"),
    }
}

fn causes(error: &Error) -> Vec<String> {
    let said = error.to_string();
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

pub(super) async fn no_such_route(uri: Uri) -> Failure {
    let path = crate::domain::note::quoted(uri.path());
    Failure::new(StatusCode::NOT_FOUND, "route-not-found", format!("there is nothing at {path}"))
}

pub(super) async fn no_such_method(method: Method, uri: Uri) -> Failure {
    let path = crate::domain::note::quoted(uri.path());
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        format!("{path} does not know {method}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What scripts of the original Agnes rely on, and what the rest of ours does.
    #[test]
    fn every_kind_of_error_has_its_status() {
        let not_found = Error::NotFound { what: "marketplace", name: "x".into(), known: Vec::new() };
        let fetch = |source| Error::Fetch { slug: "x".into(), source };
        let held = Error::Store(StoreError::Held { by: "agnes (PID 7)".into() });
        let table = [
            (not_found, 404, "marketplace-not-found"),
            (Error::Exists { what: "marketplace", name: "x".into() }, 409, "marketplace-exists"),
            (Error::Invalid { message: "no".into(), hint: None }, 422, "invalid"),
            (Error::Conflict { message: "no".into(), hint: None }, 409, "conflict"),
            (held, 503, "registry-held"),
            (Error::Store(StoreError::DiskFull), 507, "disk-full"),
            (Error::Cancelled, 503, "cancelled"),
            (Error::Defect("no"), 500, "defect"),
            (fetch(FetchError::NotFound { url: "u".into() }), 502, "upstream-not-found"),
            (fetch(FetchError::TimedOut { host: "h".into(), waited: "1 s".into() }), 504, "upstream-timeout"),
            (fetch(FetchError::DiskFull { path: "/".into() }), 507, "disk-full"),
            (fetch(FetchError::InsecureToken { url: "u".into() }), 409, "token-needs-https"),
            (fetch(FetchError::Cancelled), 503, "cancelled"),
        ];
        for (error, status, code) in table {
            let Failure(problem) = error.into();
            assert_eq!((problem.status, problem.code.as_str()), (status, code));
        }
    }
}
