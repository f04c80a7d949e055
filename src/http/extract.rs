//! Getting at a request, and getting the registry to work on it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Failure;
use crate::registry::{self, Registry};

/// A JSON body. An empty one is an empty object.
pub(super) struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            Failure::new(rejection.status(), "body-unreadable", rejection.body_text())
        })?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Body).map_err(|why| {
            // Broken JSON is a bad request; JSON that says something else than it should is not.
            let status =
                if why.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
            Failure::new(
                status,
                "body-unusable",
                format!("the request's body is not what is needed here: {why}"),
            )
        })
    }
}

/// The query, as a struct.
pub(super) struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Self(value))
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
