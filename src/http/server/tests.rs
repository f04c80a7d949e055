//! What the server adds to the API, through its router: doors, limits and what is answered by neither.

mod catalog;
mod refs;

use std::convert::Infallible;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::link::{Link, Peer};
use super::settings::Limits;
use super::{Serving, Settings, router};
use crate::registry::people::tokens::NewToken;
use crate::registry::testing::{Fixture, operator as root};
use crate::wire::problem::CONTENT_TYPE;

struct Server {
    fixture: Fixture,
    serving: Arc<Serving>,
    router: Router,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Server {
    fn new() -> Self {
        Self::with(Settings::default())
    }

    fn with(settings: Settings) -> Self {
        let fixture = Fixture::new();
        fixture.market("tools", &[("x", "1")]);
        let serving = Arc::new(Serving::new(Arc::clone(&fixture.registry), settings));
        let router = router(&serving);
        Self { fixture, serving, router }
    }

    async fn ask(&self, peer: Peer, request: Request<Body>) -> Answer {
        let mut request = request;
        request.extensions_mut().insert(Arc::new(Link::new(peer)));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A new token of somebody who is in that group: as a header's value, and its id.
    fn token(&self, email: &str, group: &str) -> (String, String) {
        self.fixture.admit(email, group, &[]);
        let new = NewToken { user: Some(email.to_owned()), ..NewToken::default() };
        let made = self.fixture.registry.create_token(&root(), new).unwrap();
        (format!("Bearer {}", made.secret.expose()), made.token.row.id)
    }

    /// The status for a token, from afar.
    async fn status(&self, path: &str, token: &str) -> u16 {
        self.get(STRANGER, path, &[("authorization", token)]).await.status.as_u16()
    }

    /// `GET`, from an address, with these headers.
    async fn get(&self, from: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(network(from), request.body(Body::empty()).unwrap()).await
    }
}

fn network(from: &str) -> Peer {
    Peer::Network((from.parse::<std::net::IpAddr>().unwrap(), 4711).into())
}

fn operator() -> Peer {
    Peer::Operator("ada".into())
}

const STRANGER: &str = "203.0.113.7";

/// Whoever learns from an answer whether a token was ever good, has expired or belonged to somebody
/// who left, knows which stolen tokens are worth keeping. All of them get the very same answer.
#[tokio::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let server = Server::new();
    let plain = server.get(STRANGER, "/api/users", &[]).await;
    assert_eq!((plain.status, plain.header(header::CONTENT_TYPE)), (StatusCode::UNAUTHORIZED, CONTENT_TYPE));
    assert_eq!(plain.header(header::WWW_AUTHENTICATE), "Basic realm=\"agnes\"");
    assert_eq!(plain.json()["code"], "unauthorized");
    let attempts = [
        "Bearer agnes_pat_0000000000000000000000000000000000000000000",
        "Bearer nonsense",
        "Bearer",
        "Basic bm9uc2Vuc2U=",
        "Basic !!!",
        "Basic eDpub25zZW5zZQ==",
        "Digest username=\"admin\"",
        "\u{1}",
    ];
    for attempt in attempts {
        for path in ["/api/users", "/api/no-such-thing", "/api/audit?limit=1", "/nowhere"] {
            let Ok(request) =
                Request::builder().uri(path).header("authorization", attempt).body(Body::empty())
            else {
                continue;
            };
            let peer = network(&format!("10.0.0.{}", attempt.len() % 250));
            let answer = server.ask(peer, request).await;
            assert_eq!((answer.status, &answer.body), (plain.status, &plain.body), "{attempt} {path}");
            let names = |headers: &HeaderMap| headers.keys().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(names(&answer.headers), names(&plain.headers));
        }
    }
}

/// Somebody on the network says who they are in every way that a proxy or a script might. Only a
/// token says that here.
#[tokio::test]
async fn nobody_becomes_the_operator_by_saying_so() {
    let server = Server::new();
    let claims = [
        ("x-forwarded-user", "root"),
        ("x-remote-user", "root"),
        ("remote-user", "root"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1;by=unix"),
        ("host", "localhost"),
        ("cookie", "caller=operator"),
        ("x-agnes-caller", "operator"),
    ];
    for peer in [STRANGER, "127.0.0.1"] {
        let answer = server.get(peer, "/api/users", &claims).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{peer}");
        let answer = server.get(peer, "/api/users?caller=operator&user=root", &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{peer}");
    }
}

#[tokio::test]
async fn over_the_socket_it_is_the_operator_whatever_else_is_said() {
    let server = Server::new();
    let request = Request::builder().uri("/api/users").header("authorization", "Bearer nonsense");
    let answer = server.ask(operator(), request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// Whatever is taken from somebody is gone with their next request, however long their connection and
/// their token have been good.
#[tokio::test]
async fn a_token_opens_what_its_user_may_open_now() {
    let server = Server::new();
    let registry = &server.fixture.registry;
    let (ada, id) = server.token("ada@example.com", "Team");
    let (grace, _) = server.token("grace@example.com", "Admin");
    assert_eq!(server.status("/api/users", &ada).await, 403);
    assert_eq!(server.status("/api/users", &grace).await, 200);
    registry.join(&root(), "Admin", "ada@example.com").unwrap();
    assert_eq!(server.status("/api/users", &ada).await, 200);
    registry.leave(&root(), "Admin", "ada@example.com").unwrap();
    assert_eq!(server.status("/api/users", &ada).await, 403);
    registry.revoke_token(&root(), &id).unwrap();
    assert_eq!(server.status("/api/users", &ada).await, 401);
    registry.remove_user(&root(), "grace@example.com").unwrap();
    assert_eq!(server.status("/api/users", &grace).await, 401);
}

/// A company behind one address, with one laptop that asks with an old token all day.
#[tokio::test]
async fn a_good_token_is_let_in_among_any_number_of_bad_ones() {
    let server = Server::new();
    let (grace, _) = server.token("grace@example.com", "Admin");
    for _ in 0..100 {
        server.status("/api/users", "Bearer nonsense").await;
    }
    assert_eq!(server.status("/api/users", "Bearer nonsense").await, 429);
    assert_eq!(server.status("/api/users", &grace).await, 200);
}

#[tokio::test]
async fn metrics_are_for_administrators_from_afar() {
    let server = Server::new();
    let (ada, _) = server.token("ada@example.com", "Team");
    let (grace, _) = server.token("grace@example.com", "Admin");
    assert_eq!(server.status("/metrics", &ada).await, 403);
    assert_eq!(server.status("/metrics", &grace).await, 200);
}

/// Guessing tokens, and asking with an old one a thousand times a second, has to wait. Neighbours do
/// not, and neither do those who have no token yet.
#[tokio::test]
async fn whoever_comes_with_many_bad_tokens_has_to_wait() {
    let server = Server::new();
    let bad = [("authorization", "Bearer nonsense")];
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(server.get(STRANGER, "/api/users", &bad).await.status.as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 20, "{statuses:?}");
    let refused = server.get(STRANGER, "/api/users", &bad).await;
    assert_eq!((refused.status.as_u16(), refused.header(header::CONTENT_TYPE)), (429, CONTENT_TYPE));
    let wait: u64 = refused.header(header::RETRY_AFTER).parse().unwrap();
    assert!((1..=4).contains(&wait), "{wait}");
    assert_eq!(server.get(STRANGER, "/api/users", &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get("203.0.113.8", "/api/users", &bad).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(STRANGER, "/healthz", &[]).await.status, StatusCode::OK);
}

/// Bodies that never end, each within its bounds, do not fill the memory: beyond what all may have together
/// there is no room, for as long as that is so. What is small gets through.
#[tokio::test]
async fn all_bodies_together_have_only_so_much_room() {
    let limits = Limits { bodies: 3 << 20, ..Limits::default() };
    let server = Server::with(Settings { limits, ..Settings::default() });
    let (ada, _) = server.token("ada@example.com", "Team");
    let post = |body: Body| {
        let request = Request::builder().method("POST").uri("/marketplace.git/git-upload-pack");
        let request = request.header("authorization", &ada).header("content-encoding", "gzip");
        let request = request.header("content-type", "application/x-git-upload-pack-request");
        server.ask(network(STRANGER), request.body(body).unwrap())
    };
    let endless = || {
        let mebibyte = tokio_stream::iter([Ok::<_, Infallible>(vec![0; 1 << 20])]);
        Body::from_stream(tokio_stream::StreamExt::chain(mebibyte, tokio_stream::pending()))
    };
    let mut held: Vec<_> = (0..3).map(|_| Box::pin(post(endless()))).collect();
    for one in &mut held {
        let waited = tokio::time::timeout(Duration::from_millis(50), one).await;
        assert!(waited.is_err(), "{waited:?}");
    }
    for _ in 0..20 {
        let refused = post(Body::from(vec![0; 100 << 10])).await;
        assert_eq!((refused.status.as_u16(), refused.header(header::RETRY_AFTER)), (503, "2"));
        assert_eq!(refused.json()["code"], "server-busy");
    }
    let packed = |bytes: usize| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        // A flush, which ends the request, and whatever follows.
        out.write_all(b"0000").and_then(|()| out.write_all(&vec![0; bytes])).unwrap();
        Body::from(out.finish().unwrap())
    };
    assert_eq!(post(packed(1_000)).await.status, StatusCode::OK);
    // Small as it is sent, and not any more when it is unpacked.
    assert_eq!(post(packed(1 << 20)).await.status, StatusCode::SERVICE_UNAVAILABLE);
    held.pop();
    assert_eq!(post(packed((1 << 20) - 4)).await.status, StatusCode::OK);
    drop(held);
    assert_eq!(post(packed((3 << 20) - 4)).await.status, StatusCode::OK);
    assert_eq!(post(packed(3 << 20)).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// One who would not wait claims with each request to come from elsewhere.
#[tokio::test]
async fn a_made_up_origin_helps_only_behind_a_trusted_proxy() {
    let proxy = Settings { trusted_proxies: vec!["10.0.0.1".parse().unwrap()], ..Settings::default() };
    let server = Server::with(proxy);
    let mut refused = [0, 0];
    for last in 0..40 {
        let origin = format!("198.51.100.{last}");
        let headers = [("authorization", "Bearer nonsense"), ("x-forwarded-for", origin.as_str())];
        for (i, peer) in [STRANGER, "10.0.0.1"].into_iter().enumerate() {
            let status = server.get(peer, "/api/users", &headers).await.status;
            refused[i] += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
        }
    }
    assert_eq!(refused, [20, 0]);
}

#[tokio::test]
async fn headers_have_a_limit() {
    let server = Server::new();
    let long = "x".repeat(17 << 10);
    let many: Vec<(String, &str)> = (0..70).map(|i| (format!("x-{i}"), "y")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    for headers in [&[("x-long", long.as_str())][..], &many] {
        let answer = server.get(STRANGER, "/healthz", headers).await;
        assert_eq!((answer.status.as_u16(), answer.header(header::CONTENT_TYPE)), (431, CONTENT_TYPE));
        assert_eq!(answer.json()["code"], "headers-too-large");
    }
}

#[tokio::test]
async fn bodies_have_a_limit_known_beforehand_or_not() {
    let server = Server::new();
    let large = vec![b' '; (4 << 20) + 1];
    let pieces =
        large.chunks(1 << 16).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect::<Vec<_>>();
    for body in [Body::from(large.clone()), Body::from_stream(tokio_stream::iter(pieces))] {
        let request = Request::post("/api/users").body(body).unwrap();
        let answer = server.ask(operator(), request).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (413, &json!("body-too-large")));
    }
    let request = Request::post("/api/users").body(Body::from(large)).unwrap();
    let answer = server.ask(network(STRANGER), request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "nobody reads what strangers send");
}

/// What is counted tells how many users there are and what marketplaces are called.
#[tokio::test]
async fn metrics_are_for_those_close_by() {
    let server = Server::new();
    assert_eq!(server.get("127.0.0.1", "/metrics", &[]).await.status, StatusCode::OK);
    assert_eq!(server.get("::1", "/metrics", &[]).await.status, StatusCode::OK);
    let via_proxy = [("x-forwarded-for", STRANGER)];
    assert_eq!(server.get("127.0.0.1", "/metrics", &via_proxy).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get(STRANGER, "/metrics", &[]).await.status, StatusCode::UNAUTHORIZED);
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    assert_eq!(server.ask(operator(), request).await.status, StatusCode::OK);
    let public = Server::with(Settings { public_metrics: true, ..Settings::default() });
    assert_eq!(public.get(STRANGER, "/metrics", &[]).await.status, StatusCode::OK);
}

/// The clock of the fixture moves a second with each look, so a minute is soon over.
#[tokio::test]
async fn at_its_time_everything_is_synced() {
    let server = Server::with(Settings { sync_at: vec!["00:01".parse().unwrap()], ..Settings::default() });
    let registry = &server.serving.registry;
    let minute = 60_000_000;
    while registry.now() % minute != minute - 3_000_000 {}
    let before = registry.standing()["tools"].succeeded;
    let nights = tokio::spawn(super::nightly::nights(Arc::clone(&server.serving)));
    let began = std::time::Instant::now();
    while registry.standing()["tools"].succeeded == before {
        assert!(began.elapsed().as_secs() < 30, "nothing was synced");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    nights.abort();
}

#[tokio::test]
async fn every_request_has_a_number_of_ours() {
    let server = Server::with(Settings { instance: 7, ..Settings::default() });
    let claimed = [("x-request-id", "mine\u{7f}")];
    let ids = [
        server.get(STRANGER, "/healthz", &[("x-request-id", "mine")]).await,
        server.get(STRANGER, "/api/users", &claimed[..0]).await,
        server.get(STRANGER, "/readyz", &[]).await,
    ];
    let ids: Vec<_> = ids.iter().map(|answer| answer.header("x-request-id")).collect();
    assert_eq!(ids, ["00000007-00000000", "00000007-00000001", "00000007-00000002"]);
}

#[tokio::test]
async fn a_server_that_is_about_to_end_is_not_ready() {
    let server = Server::new();
    server.serving.draining.store(true, Ordering::Relaxed);
    let answer = server.get(STRANGER, "/readyz", &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (503, &json!("draining")));
    assert_eq!(server.get(STRANGER, "/healthz", &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_what_strangers_make_up() {
    let server = Server::new();
    for i in 0..5 {
        server.get(STRANGER, &format!("/made/up/{i}"), &[]).await;
        server.get(STRANGER, &format!("/api/users/{i}"), &[]).await;
        let odd = Request::builder().method("ODD").uri("/healthz").body(Body::empty()).unwrap();
        assert_eq!(server.ask(network(STRANGER), odd).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    let text = server.serving.metrics.text().unwrap();
    for line in [
        "agnes_requests_total{method=\"GET\",route=\"none\",status=\"401\"} 5",
        "agnes_requests_total{method=\"GET\",route=\"/api/users/{id}\",status=\"401\"} 5",
        "agnes_requests_total{method=\"other\",route=\"/healthz\",status=\"405\"} 5",
        "agnes_requests_in_flight 0",
    ] {
        assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
    }
}
