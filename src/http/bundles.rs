//! The ZIP of a view, streamed from the file it was built into.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::App;
use super::etag;
use super::extract::{Path, ask};
use super::files::FileBody;
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::registry::bundles::Bundle;
use crate::wire::views::{DISPOSITION, LocalFile, PLUGINS_HEADER, USER_HEADER};

/// Get the ZIP that one user gets
#[utoipa::path(
    get, path = "/api/users/{id}/marketplace.zip", tag = "users", operation_id = "build_zip",
    params(("id" = String, Path, description = "An e-mail address or id")),
    responses(
        (status = 200, description = "The same plugins make the same bytes. `ETag` is the view digest, `Agnes-User` the user, `Agnes-Plugins` how many plugins there are", body = Vec<u8>, content_type = "application/zip"),
    ),
)]
pub(super) async fn zip(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (bundle, file) = ask(app, move |registry| {
        let bundle = registry.bundle(&caller, &id)?;
        let file = bundle.open()?;
        Ok((bundle, file))
    })
    .await?;
    answer(bundle, file).map_err(|error| Failure::defect(&format!("an answer could not be made: {error}")))
}

fn answer(bundle: Bundle, file: std::fs::File) -> Result<Response, axum::http::Error> {
    let Bundle { email, digest, plugins, size, .. } = bundle;
    let mut response = Response::builder();
    // For whoever is in this process; a network does not see it.
    let file = Arc::new(file);
    response = response.extension(LocalFile(Arc::clone(&file)));
    // An address that does not fit into a header is one that the caller knows.
    if let Ok(email) = HeaderValue::from_str(&email) {
        response = response.header(USER_HEADER, email);
    }
    response
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"))
        .header(header::CONTENT_LENGTH, size)
        .header(header::ETAG, etag::of(&digest))
        .header(PLUGINS_HEADER, plugins)
        .header(header::CONTENT_DISPOSITION, DISPOSITION)
        .body(Body::new(FileBody::new(file, size)))
}
