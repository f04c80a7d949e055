//! From what went wrong to a status and a problem document. Every kind of error chooses here.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::domain::reading::ReadingError;
use crate::git::FetchError;
use crate::registry::Error;
use crate::store::StoreError;
use crate::wire::Problem;
use crate::wire::problem::{CONTENT_TYPE, about_blank};

/// An answer that says what went wrong.
#[derive(Debug)]
pub(super) struct Failure(pub Problem);

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, detail: String) -> Self {
        Self(Problem {
            kind: about_blank(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail,
            code: code.to_owned(),
            hint: None,
            causes: Vec::new(),
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, code) = fate(&error);
        let mut failure = Self::new(status, &code, error.to_string());
        failure.0.hint = error.hint();
        failure.0.causes = causes(&error);
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))], body).into_response()
    }
}

/// The status, and the word for scripts.
fn fate(error: &Error) -> (StatusCode, String) {
    use StatusCode as S;
    let (status, code) = match error {
        Error::Forbidden(_) => (S::FORBIDDEN, "forbidden"),
        Error::NotFound { what, .. } => return (S::NOT_FOUND, format!("{what}-not-found")),
        Error::Exists { what, .. } => return (S::CONFLICT, format!("{what}-exists")),
        Error::Invalid { .. } => (S::UNPROCESSABLE_ENTITY, "invalid"),
        Error::Conflict { .. } => (S::CONFLICT, "conflict"),
        Error::Fetch(error) => (S::BAD_GATEWAY, fetch_code(error)),
        Error::Reading(ReadingError::Catalog(_)) => (S::BAD_GATEWAY, "marketplace-unusable"),
        Error::Reading(ReadingError::Damaged(_)) | Error::Damaged { .. } | Error::Gone { .. } => {
            (S::INTERNAL_SERVER_ERROR, "repository-damaged")
        }
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
        Error::Archive(error) if error.is_disk_full() => (S::INSUFFICIENT_STORAGE, "disk-full"),
        Error::Archive(_) => (S::INTERNAL_SERVER_ERROR, "archive-error"),
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            (S::INSUFFICIENT_STORAGE, "disk-full")
        }
        Error::Io { .. } => (S::INTERNAL_SERVER_ERROR, "file-error"),
        Error::NoRandomness => (S::INTERNAL_SERVER_ERROR, "no-randomness"),
        Error::Cancelled => (S::SERVICE_UNAVAILABLE, "cancelled"),
    };
    (status, code.to_owned())
}

fn fetch_code(error: &FetchError) -> &'static str {
    match error {
        FetchError::BadAddress { .. } => "upstream-address",
        FetchError::Unreachable { .. } => "upstream-unreachable",
        FetchError::Unauthorized { .. } => "upstream-unauthorized",
        FetchError::Forbidden { .. } => "upstream-forbidden",
        FetchError::NotFound { .. } => "upstream-not-found",
        FetchError::BranchMissing { .. } => "branch-missing",
        FetchError::RefMissing { .. } | FetchError::NotACommit { .. } => "ref-missing",
        FetchError::RepositoryEmpty { .. } => "upstream-empty",
        FetchError::TooLarge { .. } | FetchError::FileTooLarge { .. } => "upstream-too-large",
        FetchError::TimedOut { .. } => "upstream-timeout",
        FetchError::Cancelled => "cancelled",
        FetchError::UnsafeRedirect { .. } => "upstream-redirect",
        FetchError::AddressRefused { .. } => "upstream-address-refused",
        FetchError::InsecureToken { .. } => "token-needs-https",
        FetchError::NotGit { .. } => "upstream-not-git",
        FetchError::DiskFull { .. } => "disk-full",
        FetchError::NotWritable { .. } => "file-error",
        FetchError::ObjectFormat { .. } => "upstream-object-format",
        FetchError::Damaged { .. } | FetchError::Incomplete { .. } => "upstream-damaged",
        FetchError::Other { .. } => "upstream-error",
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
        let held = Error::Store(StoreError::Held { by: "agnes (PID 7)".into() });
        let table = [
            (not_found, 404, "marketplace-not-found"),
            (Error::Exists { what: "marketplace", name: "x".into() }, 409, "marketplace-exists"),
            (Error::Invalid { message: "no".into(), hint: None }, 422, "invalid"),
            (Error::Conflict { message: "no".into(), hint: None }, 409, "conflict"),
            (held, 503, "registry-held"),
            (Error::Store(StoreError::DiskFull), 507, "disk-full"),
            (Error::Cancelled, 503, "cancelled"),
        ];
        for (error, status, code) in table {
            let Failure(problem) = error.into();
            assert_eq!((problem.status, problem.code.as_str()), (status, code));
        }
    }
}
