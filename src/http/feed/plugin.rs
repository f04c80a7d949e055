//! One plugin of the caller's as a ZIP of its own.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;

use super::{Built, Feed, OpenBundle, PATIENCE, not_modified, streamed, unsettled};
use crate::domain::access::caller::Caller;
use crate::domain::digest::Digest;
use crate::http::App;
use crate::http::etag;
use crate::http::extract::{Path, ask};
use crate::http::problem::{Failure, no_such_route};
use crate::registry::{Error, Registry};
use crate::wire::Problem;

/// Get one of the caller's plugins as a ZIP
///
/// All of it is in one folder, which is called as in the feed.
#[utoipa::path(
    get, path = "/marketplace/plugins/{file}", tag = "feed", operation_id = "get_plugin_zip",
    params(
        ("file" = String, Path, description = "The plugin's `prefixed_name`, and `.zip`"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags of what the client has; `*` for anything"),
    ),
    responses(
        (status = 200, description = "The same plugin makes the same bytes, and the same `ETag`", body = Vec<u8>, content_type = "application/zip"),
        (status = 304, description = "The client has it already"),
        (status = 400, description = "The path cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it was not granted", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(in crate::http) async fn zip(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(feed): Extension<Arc<Feed>>,
    Path(file): Path<String>,
    (uri, headers): (Uri, HeaderMap),
) -> Result<Response, Failure> {
    caller.own_id().map_err(Error::from)?;
    let Some(folder) = file.strip_suffix(".zip").map(Arc::<str>::from) else {
        return Err(no_such_route(uri).await);
    };
    for _ in 0..PATIENCE {
        let (caller, folder) = (caller.clone(), Arc::clone(&folder));
        let asks = (caller.clone(), Arc::clone(&folder));
        let name = move |registry: &Registry| registry.my_plugin_archive_digest(&asks.0, &asks.1);
        let digest = ask(Arc::clone(&app), name).await?;
        let tag = etag::of(&digest);
        if etag::has(&headers, &tag) {
            return not_modified(&tag);
        }
        let disposition = format!("attachment; filename=\"{folder}.zip\"");
        let work = move |registry: &Registry| open(registry, &caller, &folder, &digest);
        if let Built::Bundle(bundle) = feed.opened_or_built(&app, digest, work).await? {
            let disposition = HeaderValue::from_str(&disposition)
                .map_err(|_| Failure::defect("a plugin's name that is no header"))?;
            // axum leaves the body out for HEAD.
            return streamed(&tag, disposition, &bundle);
        }
    }
    Err(unsettled())
}

/// As with bundles, those who wait share what they have in common. Whoever has it built may have lost the
/// plugin by now; that says nothing about the others, so each is to ask again.
fn open(registry: &Registry, caller: &Caller, folder: &str, wanted: &Digest) -> Result<Built, Error> {
    let bundle = match registry.my_plugin_archive(caller, folder) {
        Err(Error::NotFound { .. } | Error::Nobody(_)) => return Ok(Built::Moved),
        other => other?,
    };
    OpenBundle::of(&bundle, wanted)
}
