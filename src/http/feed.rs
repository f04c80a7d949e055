//! The ZIP channel: `/marketplace.zip` and `/marketplace/info`, for whoever has a token. Beside it, one
//! plugin's own ZIP ([`plugin`]), and the catalog that is read from an address ([`catalog`]).
//!
//! Which view is a caller's, and whether they have it already, is answered from memory. Only a view
//! that nobody asked for since it changed is worked out, and only a bundle that is not in the cache is
//! built: once, however many ask.

pub(super) mod catalog;
pub(super) mod plugin;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use super::App;
use super::etag;
use super::extract::ask;
use super::files::FileBody;
use super::flights::Flights;
use super::problem::Failure;
use super::views::told;
use crate::domain::access::caller::Caller;
use crate::domain::digest::Digest;
use crate::registry::bundles::Bundle;
use crate::registry::views::Glance;
use crate::registry::{Error, Registry};
use crate::wire::views as wire;

/// Where the bundle is.
pub(super) const ZIP: &str = "/marketplace.zip";

/// Bundles that are kept open.
const OPEN: usize = 64;

/// Bundles that are built at the same time. Each uses all processors.
const BUILDS: usize = 2;

/// How often somebody whose view changes while they ask is sent back to the beginning.
pub(super) const PATIENCE: usize = 3;

/// What those who ask for views and bundles share.
#[derive(Default)]
pub(super) struct Feed {
    /// By user and moment.
    views: Flights<(String, u64), Result<Glance, Failure>>,
    /// By view, or by a plugin's archive.
    bundles: Flights<Digest, Result<Built, Failure>>,
    snapshots: Flights<Digest, Result<bool, Failure>>,
    building: Building,
    open: Mutex<VecDeque<Arc<OpenBundle>>>,
}

struct Building(Arc<Semaphore>);

impl Default for Building {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BUILDS)))
    }
}

struct OpenBundle {
    /// Names the view, or a plugin's archive.
    digest: Digest,
    file: Arc<File>,
    /// In bytes.
    size: u64,
}

#[derive(Clone)]
enum Built {
    Bundle(Arc<OpenBundle>),
    /// The view of whoever had it built is another one by now.
    Moved,
}

/// Get the caller's plugins as one ZIP
#[utoipa::path(
    get, path = "/marketplace.zip", tag = "feed", operation_id = "get_zip",
    params(("If-None-Match" = Option<String>, Header, description = "Entity tags of what the client has; `*` for anything")),
    responses(
        (status = 200, description = "The same plugins make the same bytes. `ETag` is the view digest", body = Vec<u8>, content_type = "application/zip"),
        (status = 304, description = "The client has it already"),
    ),
)]
pub(super) async fn zip(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(feed): Extension<Arc<Feed>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    for _ in 0..PATIENCE {
        let glance = feed.glance(&app, &caller).await?;
        let tag = etag::of(&glance.digest);
        if etag::has(&headers, &tag) {
            return not_modified(&tag);
        }
        if method == Method::HEAD {
            let size = feed.size(&app, &caller, glance).await?;
            return described(&tag, HeaderValue::from_static(wire::DISPOSITION), size);
        }
        if let Built::Bundle(bundle) = feed.bundle(&app, &caller, glance).await? {
            return streamed(&tag, HeaderValue::from_static(wire::DISPOSITION), &bundle);
        }
    }
    Err(unsettled())
}

/// The whole answer, for whoever has something else or nothing.
fn streamed(tag: &str, disposition: HeaderValue, bundle: &OpenBundle) -> Result<Response, Failure> {
    let mut answer = described(tag, disposition, Some(bundle.size))?;
    *answer.body_mut() = Body::new(FileBody::new(Arc::clone(&bundle.file), bundle.size));
    Ok(answer)
}

/// What HEAD is told. Nothing is built for it: whoever only asks whether there is something new does not wait,
/// and the size is left out where only building would tell (RFC 9110, 9.3.2).
fn described(tag: &str, disposition: HeaderValue, size: Option<u64>) -> Result<Response, Failure> {
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    let size = size.map(|size| [(header::CONTENT_LENGTH, HeaderValue::from(size))]);
    // Of a body that is known to be empty, axum would say that its length is 0.
    let body = Body::from_stream(tokio_stream::empty::<Result<Bytes, Infallible>>());
    Ok((caching(tag)?, about, size, body).into_response())
}

pub(super) fn unsettled() -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "view-unsettled",
        "what you were granted changes faster than it can be packed: try again".into(),
    )
}

/// Say who the caller is, what they get, and why not more
#[utoipa::path(
    get, path = "/marketplace/info", tag = "feed", operation_id = "get_info",
    responses(
        (status = 200, description = "The view", body = wire::Info),
    ),
)]
pub(super) async fn info(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Failure> {
    let marketplace_name = app.settings().feed.name.clone();
    let view = ask(app, move |registry| registry.my_view(&caller)).await?;
    let fresh = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((fresh, Json(told(view, marketplace_name))).into_response())
}

/// The answer for whoever has that view already.
pub(super) fn unchanged(glance: &Glance, headers: &HeaderMap) -> Option<Response> {
    let tag = etag::of(&glance.digest);
    if etag::has(headers, &tag) { not_modified(&tag).ok() } else { None }
}

fn not_modified(tag: &str) -> Result<Response, Failure> {
    Ok((StatusCode::NOT_MODIFIED, caching(tag)?).into_response())
}

/// What lets the client keep the answer, ask again, and show it to nobody else.
fn caching(tag: &str) -> Result<[(header::HeaderName, HeaderValue); 3], Failure> {
    let tag = HeaderValue::from_str(tag).map_err(|_| Failure::defect("a tag that is no header"))?;
    Ok([
        (header::ETAG, tag),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::VARY, HeaderValue::from_static("authorization")),
    ])
}

impl Feed {
    /// Which view is the caller's.
    pub(super) async fn glance(&self, app: &App, caller: &Caller) -> Result<Glance, Failure> {
        let known = app.my_glance(caller)?;
        if let Some(glance) = known.glance {
            return Ok(glance);
        }
        let key = (caller.own_id().map_err(Error::from)?.to_owned(), known.moment);
        let (app, caller) = (Arc::clone(app), caller.clone());
        let work = || async move { ask(app, move |registry| registry.work_out_glance(&caller)).await };
        self.views.join(key, work).await.ok_or_else(stopped_short)?
    }

    /// Sees to it that the view is there for git: made once, however many wait for it. `false`: it is not the view
    /// any more of whoever had it made. That says nothing about the others, so each is to ask again.
    pub(super) async fn snapshot(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        glance: Glance,
    ) -> Result<bool, Failure> {
        if app.is_held(&glance) {
            return Ok(true);
        }
        let (feed, app, caller) = (Arc::clone(self), Arc::clone(app), caller.clone());
        let work = || async move {
            let _turn = Arc::clone(&feed.building.0).acquire_owned().await;
            ask(app, move |registry| registry.prepare(&caller, &glance)).await
        };
        self.snapshots.join(glance.digest, work).await.ok_or_else(stopped_short)?
    }

    /// The bundle of that view, which is the caller's.
    async fn bundle(self: &Arc<Self>, app: &App, caller: &Caller, glance: Glance) -> Result<Built, Failure> {
        let caller = caller.clone();
        self.opened_or_built(app, glance.digest, move |registry| open(registry, &caller, glance)).await
    }

    /// What is open under that name, or what `open` finds or builds; it must check that it is that.
    async fn opened_or_built(
        self: &Arc<Self>,
        app: &App,
        digest: Digest,
        open: impl FnOnce(&Registry) -> Result<Built, Error> + Send + 'static,
    ) -> Result<Built, Failure> {
        if let Some(bundle) = self.opened(&digest) {
            return Ok(Built::Bundle(bundle));
        }
        let (feed, app) = (Arc::clone(self), Arc::clone(app));
        let work = || async move {
            let _turn = Arc::clone(&feed.building.0).acquire_owned().await;
            let built = ask(app, open).await?;
            if let Built::Bundle(bundle) = &built {
                feed.keep(Arc::clone(bundle));
            }
            Ok(built)
        };
        self.bundles.join(digest, work).await.ok_or_else(stopped_short)?
    }

    /// In bytes, if the bundle of that view was built.
    async fn size(&self, app: &App, caller: &Caller, glance: Glance) -> Result<Option<u64>, Failure> {
        if let Some(bundle) = self.opened(&glance.digest) {
            return Ok(Some(bundle.size));
        }
        let caller = caller.clone();
        let built = move |registry: &Registry| registry.built_bundle(&caller, &glance);
        Ok(ask(Arc::clone(app), built).await?.map(|bundle| bundle.size))
    }

    fn opened(&self, digest: &Digest) -> Option<Arc<OpenBundle>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let place = open.iter().position(|bundle| bundle.digest == *digest)?;
        let bundle = open.remove(place)?;
        open.push_front(Arc::clone(&bundle));
        Some(bundle)
    }

    fn keep(&self, bundle: Arc<OpenBundle>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // What was removed from the cache to make room would go on taking it for as long as it is open.
        open.retain(|other| other.digest != bundle.digest && !is_removed(&other.file));
        open.push_front(bundle);
        open.truncate(OPEN);
    }
}

/// Whether a file has no name any more.
fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|facts| facts.nlink() == 0)
}

/// Those who wait for a bundle share it: it must be the one of the view that they have in common, and
/// not of whatever the first of them has by now, who may be gone, too.
fn open(registry: &Registry, caller: &Caller, glance: Glance) -> Result<Built, Error> {
    let bundle = match registry.built_bundle(caller, &glance)? {
        Some(bundle) => bundle,
        None => match registry.my_bundle(caller) {
            Err(Error::NotFound { .. } | Error::Nobody(_)) => return Ok(Built::Moved),
            other => other?,
        },
    };
    OpenBundle::of(&bundle, &glance.digest)
}

impl OpenBundle {
    /// The bundle, open, if it is the one that is wanted.
    fn of(bundle: &Bundle, wanted: &Digest) -> Result<Built, Error> {
        if bundle.digest != *wanted {
            return Ok(Built::Moved);
        }
        let file = Arc::new(bundle.open()?);
        Ok(Built::Bundle(Arc::new(Self { digest: bundle.digest, file, size: bundle.size })))
    }
}

fn stopped_short() -> Failure {
    Failure::defect("it made the work for this request stop short")
}
