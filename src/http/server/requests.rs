//! What every request goes through first and last: a number, the log, the counts; and what the
//! server itself has to say about it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body::{Body as _, Frame, SizeHint};
use tracing::Level;

use super::Serving;
use super::forwarded;
use super::link::{Link, Peer};
use crate::domain::access::caller::Caller;
use crate::domain::access::token;
use crate::http::Routine;
use crate::http::problem::{Failure, Told};

/// Most bytes of all headers together. (hyper itself refuses what does not fit into `BUFFER` of `connection.rs`, without a
/// word.)
const MOST_HEADER_BYTES: usize = 16 << 10;

/// Most headers.
const MOST_HEADERS: usize = 64;

/// Longest path that is logged, in bytes.
const LONGEST_PATH: usize = 300;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where the door writes down who came in, for the log.
#[derive(Clone, Default)]
pub(super) struct Visitor(pub Arc<OnceLock<String>>);

impl Visitor {
    pub fn of(caller: &Caller) -> Self {
        Self(Arc::new(OnceLock::from(caller.name().to_owned())))
    }
}

pub(super) async fn attend(
    State(serving): State<Arc<Serving>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(link) = request.extensions().get::<Arc<Link>>().map(Arc::clone) else {
        return Failure::defect("a request came in by no door").into_response();
    };
    let record = Begun::of(&mut request).unwrap_or_else(|| {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or_else(|| Arc::clone(&serving.no_route), |route| route.as_str().into());
        Record::new(serving, link, Visitor::default(), route, &request)
    });
    request.extensions_mut().insert(record.visitor.clone());
    let too_large = headers_too_large(request.headers());
    let response = if too_large {
        let limits = format!("{MOST_HEADERS} headers and {} KiB", MOST_HEADER_BYTES >> 10);
        Failure::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers-too-large",
            format!("the request has more than {limits}"),
        )
        .into_response()
    } else {
        match Caught(Box::pin(next.run(request))).await {
            Ok(response) => response,
            Err(_) => Failure::defect("this request made it stop short").into_response(),
        }
    };
    record.follow(response)
}

pub(super) fn headers_too_large(headers: &HeaderMap) -> bool {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES
}

/// The record of a request that began on the short way and goes on the usual one.
#[derive(Clone)]
pub(super) struct Begun(Arc<Mutex<Option<Record>>>);

impl Begun {
    pub fn new(record: Record) -> Self {
        Self(Arc::new(Mutex::new(Some(record))))
    }

    fn of(request: &mut Request) -> Option<Record> {
        let begun = request.extensions_mut().remove::<Self>()?;
        begun.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A future whose panic is an outcome like another.
pub(super) struct Caught<F>(pub Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// One request, from its arrival to the end of its answer. Whatever way it ends, it is logged and
/// counted when this is dropped.
pub(super) struct Record {
    serving: Arc<Serving>,
    link: Arc<Link>,
    id: String,
    method: Method,
    path: String,
    route: Arc<str>,
    /// Where it comes from, as far as that can be known.
    peer: String,
    visitor: Visitor,
    began: Instant,
    status: Option<u16>,
    /// Bytes of the answer's body, if they are known beforehand.
    expected: Option<u64>,
    sent: u64,
    ended: bool,
    /// It is what clients ask all day: whether there is anything new.
    routine: bool,
}

impl Record {
    pub fn new<B>(
        serving: Arc<Serving>,
        link: Arc<Link>,
        visitor: Visitor,
        route: Arc<str>,
        request: &Request<B>,
    ) -> Self {
        link.pulse.request_began();
        serving.metrics.in_flight.inc();
        let number = serving.requests.fetch_add(1, Ordering::Relaxed);
        let peer = match &link.peer {
            Peer::Network(address) => {
                forwarded::client(address.ip(), request.headers(), &serving.settings.trusted_proxies)
                    .to_string()
            }
            Peer::Operator(_) => "socket".to_owned(),
        };
        Self {
            id: format!("{:08x}-{number:08x}", serving.settings.instance),
            method: request.method().clone(),
            path: shown(request.uri().path()),
            route,
            peer,
            visitor,
            began: Instant::now(),
            status: None,
            expected: None,
            sent: 0,
            ended: false,
            routine: false,
            link,
            serving,
        }
    }

    /// Puts into an answer what all have, and notes how it went.
    pub fn mark(&mut self, response: &mut Response) {
        self.status = Some(response.status().as_u16());
        self.routine = response.extensions().get::<Routine>().is_some();
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
    }

    /// The answer, noticing how far it gets.
    pub fn follow(mut self, mut response: Response) -> Response {
        self.mark(&mut response);
        if response.status().is_server_error() {
            self.complain(&response);
        }
        response.map(|body| {
            self.expected = if self.bodiless() { Some(0) } else { body.size_hint().exact() };
            Body::new(Recorded { ended: false, waiting: false, body, record: self })
        })
    }

    /// The client has it already: there is no body, and all of the answer is there.
    pub fn unchanged(mut self) {
        self.expected = Some(0);
        self.routine = true;
    }

    /// Whether the answer has no body whatever its headers say.
    fn bodiless(&self) -> bool {
        self.method == Method::HEAD || matches!(self.status, Some(204 | 304))
    }

    /// What went wrong on our side is told in full, here alone.
    fn complain(&self, response: &Response) {
        let id = &self.id;
        let status = response.status().as_u16();
        if let Some(Told(problem)) = response.extensions().get::<Told>() {
            let (code, detail, causes) = (&problem.code, &problem.detail, &problem.causes);
            tracing::error!(target: "agnes::problem", id, status, %code, %detail, ?causes, "a request failed");
        } else {
            tracing::error!(target: "agnes::problem", id, status, "a request failed");
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.link.pulse.request_ended();
        let metrics = &self.serving.metrics;
        metrics.in_flight.dec();
        let took = self.began.elapsed();
        let complete = self.ended || self.expected.is_some_and(|expected| self.sent >= expected);
        // What nginx calls a client that did not wait for its answer.
        let status = self.status.unwrap_or(499);
        metrics.answered(label(&self.method), &self.route, status, took, self.sent);
        if !complete {
            metrics.cut_off();
        }
        // Thousands of laptops ask all day whether there is anything new: at the usual level, a log with a
        // line for each would be of nothing else.
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "agnes::request",
                    $level,
                    id = %self.id,
                    method = label(&self.method),
                    path = %self.path,
                    status,
                    bytes = self.sent,
                    ms = (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0,
                    peer = %self.peer,
                    caller = %self.visitor.0.get().map_or("-", String::as_str),
                    "{}",
                    if complete { "answered" } else { "cut off" }
                )
            };
        }
        if self.routine { line!(Level::DEBUG) } else { line!(Level::INFO) }
    }
}

/// Methods are chosen by strangers, labels are for ever, and somebody may take a token for one.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// A path as it may be logged.
fn shown(path: &str) -> String {
    let clean: Vec<&str> =
        path.split('/').map(|segment| if segment.contains(token::PREFIX) { "-" } else { segment }).collect();
    let mut clean = clean.join("/");
    let most = (0..=LONGEST_PATH.min(clean.len())).rev().find(|at| clean.is_char_boundary(*at));
    clean.truncate(most.unwrap_or_default());
    clean
}

/// The body of an answer, which notices how far it got.
struct Recorded {
    body: Body,
    record: Record,
    ended: bool,
    /// Whether the client has yet to take what was handed on.
    waiting: bool,
}

impl Recorded {
    fn asked(&mut self) {
        if std::mem::take(&mut self.waiting) {
            self.record.link.pulse.asked();
        }
    }
}

impl http_body::Body for Recorded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.asked();
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.record.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.waiting = true;
                self.record.link.pulse.handed_on();
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::error!(target: "agnes::problem", id = %self.record.id, %error, "an answer broke off");
            }
            Poll::Ready(None) => {
                self.ended = true;
                self.record.ended = true;
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.asked();
        self.record.ended |= self.body.is_end_stream();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_an_address_is_not_logged() {
        assert_eq!(shown("/x/agnes_pat_secret/y"), "/x/-/y");
        assert_eq!(shown("/marketplace.zip"), "/marketplace.zip");
        assert_eq!(shown(&format!("/{}", "x".repeat(1000))).len(), LONGEST_PATH);
        assert_eq!(shown(&format!("/{}", "ü".repeat(1000))).len(), LONGEST_PATH - 1);
    }

    #[tokio::test]
    async fn a_panic_is_an_outcome() {
        let defective = async {
            assert!(std::hint::black_box(false), "on purpose");
        };
        assert!(Caught(Box::pin(defective)).await.is_err());
        assert_eq!(Caught(Box::pin(async { 7 })).await.ok(), Some(7));
    }
}
