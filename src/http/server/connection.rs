//! One connection, from its acceptance to its end.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
use tower::util::Oneshot;

use super::Serving;
use super::link::{Link, Peer, Watched};
use super::pulse::Verdict;
use super::quick;
use super::socket;
use crate::http::problem::Failure;
use crate::wire::problem::CONTENT_TYPE;

/// How often a connection's pulse is felt.
const TICK: Duration = Duration::from_millis(500);

/// For a connection without any request to close, once it was told to.
const GRACE: Duration = Duration::from_secs(2);

/// Most bytes that one request's head, or what is written at a time, may occupy.
const BUFFER: usize = 64 << 10;

/// Most headers that are parsed; what the server says about too many begins before that.
const PARSED_HEADERS: usize = 100;

/// Requests at the same time on one connection of HTTP/2.
const STREAMS: u32 = 64;

/// Whoever comes over TCP.
pub(super) async fn network(
    serving: Arc<Serving>,
    router: Router,
    stream: TcpStream,
    link: Arc<Link>,
    tls: Option<TlsAcceptor>,
) {
    let counted = link
        .address()
        .filter(|address| !serving.settings.trusted_proxies.iter().any(|proxy| proxy.contains(*address)));
    let Some(_place) = serving.crowd.enter(&link, counted) else {
        serving.metrics.connections_refused.inc();
        tracing::debug!(peer = ?link.peer, "refused: too many connections");
        if tls.is_none() {
            let busy = "the server answers as many as it can; try again";
            turn_away(&serving, stream, StatusCode::SERVICE_UNAVAILABLE, "too-many-connections", busy).await;
        }
        return;
    };
    // Small answers are not to wait for more to go with them.
    let _ = stream.set_nodelay(true);
    let stream = Watched { stream, link: Arc::clone(&link) };
    let Some(tls) = tls else { return converse(serving, router, stream, link).await };
    let handshake = tokio::time::timeout(serving.settings.limits.header_timeout, tls.accept(stream));
    tokio::select! {
        shaken = handshake => match shaken {
            Ok(Ok(stream)) => converse(serving, router, stream, link).await,
            Ok(Err(error)) => tracing::debug!(peer = ?link.peer, %error, "no TLS handshake"),
            Err(_) => tracing::debug!(peer = ?link.peer, "no TLS handshake in time"),
        },
        () = link.pulse.evicted.notified() => {}
        () = serving.stop.cancelled() => {}
    }
}

/// Whoever comes over the unix socket.
pub(super) async fn local(serving: Arc<Serving>, router: Router, stream: UnixStream, owner: u32) {
    match socket::operator(&stream, owner) {
        Ok(name) => {
            let link = Arc::new(Link::new(Peer::Operator(name)));
            let stream = Watched { stream, link: Arc::clone(&link) };
            converse(serving, router, stream, link).await;
        }
        Err(why) => {
            serving.metrics.denied("socket-peer");
            tracing::warn!(%why, "refused on the unix socket");
            let only = "this socket is for the user who runs the server, and for root";
            turn_away(&serving, stream, StatusCode::FORBIDDEN, "forbidden", only).await;
        }
    }
}

async fn converse(
    serving: Arc<Serving>,
    router: Router,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    link: Arc<Link>,
) {
    let _open = Open::new(&serving);
    let service = service_fn(|request: Request<Incoming>| {
        let way = if let Some(answer) = quick::unchanged(&serving, &link, &request) {
            Way::Answered(answer)
        } else if quick::may_ask_for_refs(&link, &request) {
            let (serving, link, router) = (Arc::clone(&serving), Arc::clone(&link), router.clone());
            // In a box, so that all others do not have to carry the room for it.
            Way::Refs(Box::pin(async move {
                match quick::refs(&serving, &link, request.map(Body::new)).await {
                    Ok(answer) => Ok(answer),
                    Err(request) => usual(router, link, request).await,
                }
            }))
        } else {
            Way::Usual(usual(router.clone(), Arc::clone(&link), request.map(Body::new)))
        };
        async {
            match way {
                Way::Answered(answer) => Ok(answer),
                Way::Refs(refs) => refs.await,
                Way::Usual(usual) => usual.await,
            }
        }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut ticks = tokio::time::interval(TICK);
    let mut closing: Option<Instant> = None;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(peer = ?link.peer, %error, "a connection broke off");
                }
                return;
            }
            _ = ticks.tick() => {
                match link.pulse.verdict(&serving.settings.limits) {
                    Verdict::Close if closing.is_none() => {
                        connection.as_mut().graceful_shutdown();
                        closing = Some(Instant::now());
                    }
                    Verdict::GoOn | Verdict::Close => {}
                    Verdict::Drop => {
                        tracing::debug!(peer = ?link.peer, "dropped: it does not take what it asked for");
                        return;
                    }
                }
                if closing.is_some_and(|since| since.elapsed() > GRACE) && link.pulse.at_rest() {
                    return;
                }
            }
            () = serving.stop.cancelled(), if closing.is_none() => {
                connection.as_mut().graceful_shutdown();
                closing = Some(Instant::now());
            }
            () = link.pulse.evicted.notified() => return,
            () = serving.end.cancelled() => return,
        }
    }
}

/// Which way a request goes.
enum Way<R, U> {
    Answered(Response),
    Refs(R),
    Usual(U),
}

fn usual(router: Router, link: Arc<Link>, mut request: Request<Body>) -> Oneshot<Router, Request<Body>> {
    request.extensions_mut().insert(link);
    router.oneshot(request)
}

/// Timeouts are none of hyper's: the pulse has them all.
fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(BUFFER).max_headers(PARSED_HEADERS);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(BUFFER).unwrap_or(u32::MAX))
        .initial_stream_window_size(64 << 10)
        .initial_connection_window_size(256 << 10)
        .max_send_buf_size(256 << 10);
    builder
}

/// Says why, without listening, to whoever still hears it.
async fn turn_away(
    serving: &Serving,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    status: StatusCode,
    code: &str,
    detail: &str,
) {
    let Ok(_few) = serving.turning_away.try_acquire() else { return };
    let problem = serde_json::to_vec(&Failure::new(status, code, detail.to_owned()).0).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {}\r\nretry-after: 5\r\n\
         connection: close\r\n\r\n",
        problem.len()
    );
    let said = async {
        stream.write_all(&[head.as_bytes(), &problem].concat()).await?;
        stream.shutdown().await?;
        // What was sent and is not read would take the answer back.
        let mut rest = stream.take(BUFFER as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(GRACE, said).await;
}

/// Counts a connection while it is open.
struct Open<'a>(&'a Serving);

impl<'a> Open<'a> {
    fn new(serving: &'a Serving) -> Self {
        serving.metrics.connections.inc();
        Self(serving)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}
