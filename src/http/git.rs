//! The git channel: `/marketplace.git`, read by git's clients over smart HTTP (gitprotocol-http).
//!
//! What is said is the git room's, what is given the registry's; here it is put into requests and answers.
//! Whatever a client is told about its request is told as git tells it, in an `ERR` packet with status 200,
//! because that is what its user gets to see. Who it is, and trouble of ours, are statuses.

use std::io::Read as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{self, Extension, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::extract::{ask, said};
use super::feed::{Feed, PATIENCE, unsettled};
use super::files::ChunkedBody;
use super::problem::Failure;
use super::room::{self, Room, Share};
use super::{App, Routine};
use crate::domain::access::caller::Caller;
use crate::domain::note::quoted;
use crate::registry::channel::{self, Fetched, LsRefs, PackStream, Protocol, Tip};
use crate::registry::views::Glance;
use crate::registry::{Error, Registry};
use crate::wire::Problem;

/// Largest request, in bytes, and after it was unpacked: what `git http-backend` allows. It has room for
/// 200,000 commits that a client has.
pub(super) const LARGEST_REQUEST: usize = 10 << 20;

/// Where packs and refs are asked for.
const UPLOAD_PACK: [&str; 2] = ["/marketplace.git/git-upload-pack", "/_git/marketplace.git/git-upload-pack"];

/// Requests larger than this are parsed where it keeps nobody waiting.
const SMALL: usize = 32 << 10;

const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
const REQUEST: &str = "application/x-git-upload-pack-request";
const RESULT: &str = "application/x-git-upload-pack-result";

/// Where a view is as a bundle file, below the repository.
const BUNDLE: &str = "main.bundle";

/// Say what the caller's repository has
///
/// This and the other requests of git are answered under `/_git/marketplace.git` as well.
#[utoipa::path(
    get, path = "/marketplace.git/info/refs", tag = "feed", operation_id = "git_refs",
    params(
        ("service" = String, Query, description = "`git-upload-pack`: the repository is read-only"),
        ("Git-Protocol" = Option<String>, Header, description = "`version=2` or `version=1`"),
    ),
    responses(
        (status = 200, description = "What gitprotocol-http and gitprotocol-v2 say", body = Vec<u8>, content_type = "application/x-git-upload-pack-advertisement"),
        (status = 403, description = "Another service, or whoever asks is no user", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn refs(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(feed): Extension<Arc<Feed>>,
    request: extract::Request,
) -> Result<Response, Failure> {
    let mut services = request.uri().query().unwrap_or_default().split('&');
    match services.find_map(|pair| pair.strip_prefix("service=")) {
        Some("git-upload-pack") => {}
        Some("git-receive-pack") => return Err(read_only()),
        _ => return Err(not_served("only git-upload-pack is served here: git clone, fetch and pull")),
    }
    caller.own_id().map_err(Error::from)?;
    let protocol = protocol(request.headers());
    let body = match protocol {
        // In version 2 it is the next request that asks for refs.
        Protocol::V2 => channel::capabilities(),
        Protocol::V0 | Protocol::V1 => {
            let tip = feed.tip(&app, &caller).await?;
            channel::advertisement(protocol, &tip)
        }
    };
    Ok((Extension(Routine), about(ADVERTISEMENT), body).into_response())
}

/// Get what the caller's repository has
#[utoipa::path(
    post, path = "/marketplace.git/git-upload-pack", tag = "feed", operation_id = "git_upload_pack",
    params(("Git-Protocol" = Option<String>, Header, description = "`version=2` or `version=1`")),
    request_body(content = Vec<u8>, content_type = "application/x-git-upload-pack-request", description = "What gitprotocol-v2 and gitprotocol-pack say; at most 10 MiB, also after it was unpacked (`Content-Encoding: gzip`)"),
    responses(
        (status = 200, description = "Refs, a pack, or an `ERR` packet", body = Vec<u8>, content_type = "application/x-git-upload-pack-result"),
        (status = 413, description = "The request is too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type, or encoded in another way", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn upload_pack(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(feed): Extension<Arc<Feed>>,
    room: Option<Extension<Room>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let kind = said(&headers, &header::CONTENT_TYPE).unwrap_or_default();
    if kind != REQUEST {
        return Err(unsupported(format!(
            "the request's body is {}, and `{REQUEST}` is needed",
            quoted(&kind)
        )));
    }
    caller.own_id().map_err(Error::from)?;
    let encoding = said(&headers, &header::CONTENT_ENCODING).unwrap_or_default();
    let protocol = protocol(&headers);
    let mut share = room.map(|Extension(room)| room).unwrap_or_default().share();
    let request = if headers_say_small(&headers) {
        channel::parse(protocol, &decoded(&encoding, body)?)
    } else {
        // Whoever goes away does not end the work, so that has the turn and the share.
        let turn = share.turn().await;
        let work = move || -> Result<_, Failure> {
            let _turn = turn;
            let whole = decoded(&encoding, body)?;
            Ok(share.covers(whole.len()).then(|| (channel::parse(protocol, &whole), share)))
        };
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.map_err(|_| Failure::defect("a request made it stop short"))??;
        let Some((request, taken)) = done else { return Ok(room::full()) };
        share = taken;
        request
    };
    let stream = match request {
        // Whether there is anything new: asked for all day, and answered from memory.
        Ok(channel::Request::LsRefs(asked)) => return Ok(listed(&asked, &feed.tip(&app, &caller).await?)),
        Err(refusal) => PackStream::only(refusal.packet()),
        Ok(channel::Request::Nothing) => PackStream::only(Vec::new()),
        Ok(channel::Request::BundleUri) => PackStream::only(channel::bundle_uri(BUNDLE)),
        Ok(channel::Request::Fetch(fetch)) => feed.fetch(&app, &caller, fetch, share).await?,
    };
    Ok(answer(RESULT, stream))
}

/// Get the caller's repository as a bundle file
#[utoipa::path(
    get, path = "/marketplace.git/main.bundle", tag = "feed", operation_id = "git_bundle",
    responses(
        (status = 200, description = "What gitformat-bundle says (version 2): for `git clone --bundle-uri`", body = Vec<u8>, content_type = "application/x-git-bundle"),
    ),
)]
pub(super) async fn bundle(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(feed): Extension<Arc<Feed>>,
) -> Result<Response, Failure> {
    caller.own_id().map_err(Error::from)?;
    Ok(answer("application/x-git-bundle", feed.with_snapshot(&app, &caller, Registry::git_bundle).await?))
}

/// Nobody pushes
#[utoipa::path(
    post, path = "/marketplace.git/git-receive-pack", tag = "feed", operation_id = "git_receive_pack",
    responses((status = 403, description = "The repository is read-only", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn receive_pack() -> Failure {
    read_only()
}

impl Feed {
    /// The commit that is the caller's view. From now on they may fetch it.
    async fn tip(self: &Arc<Self>, app: &App, caller: &Caller) -> Result<channel::Tip, Failure> {
        let glance = self.glance(app, caller).await?;
        match app.known_tip(caller, &glance)? {
            Some(tip) => Ok(tip),
            None => self.with_snapshot(app, caller, Registry::tip).await,
        }
    }

    async fn fetch(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        fetch: channel::Fetch,
        share: Share,
    ) -> Result<PackStream, Failure> {
        let asked = Arc::new((fetch, share));
        let work = move |registry: &Registry, caller: &Caller, glance: &Glance| {
            Ok(match registry.fetch(caller, glance, &asked.0)? {
                Fetched::Stream(stream) => Some(*stream),
                Fetched::Refused(refusal) => Some(PackStream::only(refusal.packet())),
                Fetched::Missing => None,
            })
        };
        self.with_snapshot(app, caller, work).await
    }

    /// What `work` comes to with the caller's view, which is there as a snapshot by then. All is begun anew
    /// if the view is another one meanwhile, or was removed again.
    async fn with_snapshot<T: Send + 'static>(
        self: &Arc<Self>,
        app: &App,
        caller: &Caller,
        work: impl Fn(&Registry, &Caller, &Glance) -> Result<Option<T>, Error> + Clone + Send + 'static,
    ) -> Result<T, Failure> {
        for _ in 0..PATIENCE {
            let glance = self.glance(app, caller).await?;
            if !self.snapshot(app, caller, glance).await? {
                continue;
            }
            let (work, caller) = (work.clone(), caller.clone());
            let done = ask(Arc::clone(app), move |registry| work(registry, &caller, &glance)).await?;
            if let Some(done) = done {
                return Ok(done);
            }
        }
        Err(unsettled())
    }
}

/// The refs of the repository whose branch is at that commit.
pub(super) fn listed(asked: &LsRefs, tip: &Tip) -> Response {
    (Extension(Routine), about(RESULT), asked.answer(tip)).into_response()
}

/// Whether a request may be for refs, as far as its head tells. That is what clients of version 2 say in a few bytes.
pub(super) fn may_ask_for_refs<B>(request: &Request<B>) -> bool {
    let (uri, headers) = (request.uri(), request.headers());
    request.method() == Method::POST
        && UPLOAD_PACK.contains(&uri.path())
        && uri.query().is_none()
        && headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == REQUEST)
        && headers_say_small(headers)
        && protocol(headers) == Protocol::V2
}

/// What is asked for in such a request, if it is that.
pub(super) fn refs_asked_for(body: &[u8]) -> Option<LsRefs> {
    match channel::parse(Protocol::V2, body) {
        Ok(channel::Request::LsRefs(asked)) => Some(asked),
        _ => None,
    }
}

fn answer(kind: &'static str, stream: PackStream) -> Response {
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(stream.length()))];
    (about(kind), length, Body::new(ChunkedBody::of(stream))).into_response()
}

/// What every answer of ours to a git client says.
fn about(kind: &'static str) -> [(header::HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, max-age=0, must-revalidate")),
        (header::VARY, HeaderValue::from_static("authorization, git-protocol")),
    ]
}

fn protocol(headers: &HeaderMap) -> Protocol {
    Protocol::of(headers.get("git-protocol").map(HeaderValue::as_bytes))
}

fn headers_say_small(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    !headers.contains_key(header::CONTENT_ENCODING) && length.is_some_and(|length: usize| length <= SMALL)
}

/// The body as it was before it was compressed, up to the size that any may have.
fn decoded(encoding: &str, body: Bytes) -> Result<Bytes, Failure> {
    match encoding {
        "" | "identity" => return Ok(body),
        "gzip" | "x-gzip" => {}
        other => {
            let told = format!("the request's body is encoded as {}, and gzip is understood", quoted(other));
            return Err(unsupported(told));
        }
    }
    let mut whole = Vec::new();
    let most = LARGEST_REQUEST as u64 + 1;
    flate2::read::MultiGzDecoder::new(&*body).take(most).read_to_end(&mut whole).map_err(|error| {
        let told = format!("the request's body is no gzip: {error}");
        Failure::new(StatusCode::BAD_REQUEST, "body-unreadable", told)
    })?;
    if whole.len() > LARGEST_REQUEST {
        let told = format!("the request's body has more than {} MiB, unpacked", LARGEST_REQUEST >> 20);
        return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", told));
    }
    Ok(whole.into())
}

fn unsupported(told: String) -> Failure {
    Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type-refused", told)
}

fn read_only() -> Failure {
    not_served("this repository is read-only: nothing can be pushed to it")
}

fn not_served(told: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "git-service-refused", told.to_owned())
}
