//! Syncs, as one JSON answer or as a stream of events while they work.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::extract::{Body as Given, Nothing, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::watch::{Phase, Watch};
use crate::registry::sync::{Synced, SyncedAll, Watches};
use crate::registry::{self, Error};
use crate::wire::Problem;
use crate::wire::sync::{self as wire, Action, Event, NDJSON, SyncRequest};

/// Events that may wait for the client to read them.
const WAITING: usize = 256;

/// After so long without news the client hears that the work goes on, and proxies on the way too.
const SILENCE: Duration = Duration::from_secs(10);

/// Progress is told at most this often for each marketplace, in milliseconds.
const OFTEN: u64 = 100;

/// Fetch marketplaces and find out what changed
///
/// One that fails keeps serving what it had, and is among the errors; the others are synced all the same. Whoever hangs up on the events cancels it; asked for as one document, it goes on.
#[utoipa::path(
    post, path = "/api/marketplaces/sync-all", tag = "marketplaces", operation_id = "sync_all",
    request_body = SyncRequest,
    responses(
        (status = 200, description = "How each of them went. Asked for with `Accept: application/x-ndjson`: events, one JSON object a line, while it works, and exactly one last word; the status is then 200 from the start", content((wire::SyncAll = "application/json"), (Event = "application/x-ndjson"))),
        (status = 404, description = "There is no such marketplace", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn all(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Given(request): Given<SyncRequest>,
) -> Result<Response, Failure> {
    let work = move |registry: &registry::Registry, watches: &dyn Watches| {
        registry.sync_all(&caller, &request.only, request.jobs, watches)
    };
    if wants_stream(&headers) {
        return Ok(stream(app, move |registry, watches| match work(registry, watches) {
            Ok(done) => Event::Done { result: told_all(done) },
            Err(error) => Event::Problem { problem: *Failure::from(error).0 },
        }));
    }
    let done = ask(app, move |registry| work(registry, &Unwatched)).await?;
    Ok(Json(told_all(done)).into_response())
}

/// Fetch one marketplace and find out what changed
#[utoipa::path(
    post, path = "/api/marketplaces/{id}/sync", tag = "marketplaces", operation_id = "sync_marketplace",
    params(("id" = String, Path, description = "The marketplace's slug")),
    responses(
        (status = 200, description = "It is in step with its upstream. Asked for with `Accept: application/x-ndjson`: events, one JSON object a line, while it works, and exactly one last word; the status is then 200 from the start", content((wire::Synced = "application/json"), (Event = "application/x-ndjson"))),
        (status = 502, description = "The upstream could not be fetched, or is no marketplace", body = Problem, content_type = "application/problem+json"),
        (status = 504, description = "The upstream took too long", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn one(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Given(Nothing {}): Given<Nothing>,
) -> Result<Response, Failure> {
    if wants_stream(&headers) {
        return Ok(stream(app, move |registry, watches| {
            match registry.sync(&caller, &id, &*watches.watch(&id)) {
                Ok(synced) => Event::Synced { result: told(synced) },
                Err(error) => Event::Problem { problem: *Failure::from(error).0 },
            }
        }));
    }
    let synced =
        ask(app, move |registry| registry.sync(&caller, &id, &crate::domain::watch::Unwatched)).await?;
    Ok(Json(told(synced)).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == NDJSON))
}

/// Answers at once with a stream, and works on. A client that goes away cancels the work.
fn stream(
    app: App,
    work: impl FnOnce(&registry::Registry, &dyn Watches) -> Event + Send + 'static,
) -> Response {
    let (sender, receiver) = mpsc::channel::<Event>(WAITING);
    tokio::task::spawn_blocking(move || {
        let watches = Streamed { sender, began: Instant::now() };
        let last = work(&app, &watches);
        // Nobody is there any more: then nobody misses it.
        let _ = watches.sender.blocking_send(last);
    });
    let silence = tokio::time::interval_at(tokio::time::Instant::now() + SILENCE, SILENCE);
    let lines = ReceiverStream::new(receiver).timeout_repeating(silence).map(|event| {
        let mut line = serde_json::to_vec(&event.unwrap_or(Event::Alive))?;
        line.push(b'\n');
        Ok::<_, serde_json::Error>(line)
    });
    let mut response = (StatusCode::OK, Body::from_stream(lines)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    response
}

struct Streamed {
    sender: mpsc::Sender<Event>,
    began: Instant,
}

impl Watches for Streamed {
    fn watch(&self, slug: &str) -> Box<dyn Watch + '_> {
        Box::new(StreamedOne { all: self, id: slug.to_owned(), told: AtomicU64::new(0) })
    }

    fn finished(&self, slug: &str, result: &registry::Result<Synced>) {
        let event = match result {
            Ok(synced) => Event::Synced { result: told(synced.clone()) },
            Err(error) => Event::Failed { result: told_error(slug.to_owned(), error) },
        };
        let _ = self.sender.blocking_send(event);
    }

    fn cancelled(&self) -> bool {
        self.sender.is_closed()
    }
}

struct StreamedOne<'a> {
    all: &'a Streamed,
    id: String,
    /// Milliseconds, since all began, at which progress was told last; plus one.
    told: AtomicU64,
}

impl Watch for StreamedOne<'_> {
    fn progress(&self, phase: Phase, done: u64, total: Option<u64>) {
        let now = u64::try_from(self.all.began.elapsed().as_millis()).unwrap_or(u64::MAX) + 1;
        let before = self.told.load(Ordering::Relaxed);
        let begins_or_ends = done == 0 || total == Some(done);
        if !begins_or_ends && before != 0 && now < before + OFTEN {
            return;
        }
        self.told.store(now, Ordering::Relaxed);
        // A client that reads slowly misses some progress, and holds nothing up.
        let _ = self.all.sender.try_send(Event::Progress { id: self.id.clone(), phase, done, total });
    }

    fn cancelled(&self) -> bool {
        self.all.cancelled()
    }
}

struct Unwatched;

impl Watches for Unwatched {
    fn watch(&self, _: &str) -> Box<dyn Watch + '_> {
        Box::new(crate::domain::watch::Unwatched)
    }

    fn finished(&self, _: &str, _: &registry::Result<Synced>) {}

    fn cancelled(&self) -> bool {
        false
    }
}

fn seconds(micros: i64) -> f64 {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default()).as_secs_f64()
}

fn told_all(all: SyncedAll) -> wire::SyncAll {
    wire::SyncAll {
        seconds: seconds(all.took),
        synced: all.synced.into_iter().map(told).collect(),
        errors: all.failed.into_iter().map(|(id, error)| told_error(id, &error)).collect(),
    }
}

fn told_error(id: String, error: &Error) -> wire::SyncError {
    wire::SyncError { hint: error.hint(), error: error.to_string(), id }
}

fn told(synced: Synced) -> wire::Synced {
    wire::Synced {
        id: synced.id,
        name: synced.name,
        action: if synced.first { Action::Clone } else { Action::Update },
        commit: synced.commit,
        path: synced.path,
        plugin_count: synced.plugins,
        changed: synced.changed,
        added: synced.added,
        updated: synced.updated,
        removed: synced.removed,
        not_served: synced.not_served,
        notes: synced.notes,
        pending: synced.pending,
        remote_received: synced.remote_received,
        remote_failed: synced.remote_failed,
        seconds: std::time::Duration::from_micros(u64::try_from(synced.took).unwrap_or_default())
            .as_secs_f64(),
    }
}
