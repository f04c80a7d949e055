//! What git's clients ask all day, told the short way: what is told is the same as on the usual one.

use super::*;
use crate::http::server::quick;

const ROUTE: &str = "/marketplace.git/git-upload-pack";
const LS_REFS: &[u8] = b"0014command=ls-refs\n0016object-format=sha100010009peel\n000csymrefs\n0000";

fn asked(token: &str, more: &[(&str, &str)], body: Body, length: usize) -> Request<Body> {
    let mut request = Request::post(ROUTE)
        .header("authorization", token)
        .header("content-type", "application/x-git-upload-pack-request")
        .header("content-length", length)
        .header("git-protocol", "version=2");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

fn ls_refs(token: &str) -> Request<Body> {
    asked(token, &[], Body::from(LS_REFS), LS_REFS.len())
}

impl Server {
    /// A server as it is while it serves, and the token of somebody who has something and was told of it.
    async fn with_ada(settings: Settings) -> (Self, String) {
        let server = Self::with(settings);
        let (ada, _) = server.token("ada@example.com", "Team");
        server.fixture.registry.grant(&root(), "Team", &["tools/*".into()]).unwrap();
        server.fixture.registry.hold_access().unwrap();
        assert_eq!(server.ask(network(STRANGER), ls_refs(&ada)).await.status, StatusCode::OK);
        (server, ada)
    }

    fn counted(&self, route: &str, status: u16, times: u16) {
        let text = self.serving.metrics.text().unwrap();
        let line =
            format!("agnes_requests_total{{method=\"POST\",route=\"{route}\",status=\"{status}\"}} {times}");
        for line in [&line, "agnes_requests_in_flight 0"] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
    }

    /// The answer of the short way; or what is left for the usual one.
    async fn quick(&self, peer: Peer, request: Request<Body>) -> Result<Answer, Request<Body>> {
        let link = Arc::new(Link::new(peer));
        if !quick::may_ask_for_refs(&link, &request) {
            return Err(request);
        }
        let (parts, body) = quick::refs(&self.serving, &link, request).await?.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}

#[tokio::test]
async fn the_short_way_tells_what_the_usual_one_tells() {
    let (server, ada) = Server::with_ada(Settings::default()).await;
    for (route, counted) in [(ROUTE, 3), ("/_git/marketplace.git/git-upload-pack", 2)] {
        let request = || {
            let mut request = ls_refs(&ada);
            *request.uri_mut() = route.parse().unwrap();
            request
        };
        let mut usual = server.ask(network(STRANGER), request()).await;
        let mut quick = server.quick(network(STRANGER), request()).await.unwrap();
        assert!(String::from_utf8_lossy(&quick.body).contains(" refs/heads/main\n"));
        for answer in [&mut usual, &mut quick] {
            assert!(answer.headers.remove("x-request-id").is_some());
            // hyper says it of what has an end that is known.
            answer.headers.remove("content-length");
        }
        assert_eq!((quick.status, &quick.body, &quick.headers), (usual.status, &usual.body, &usual.headers));
        server.counted(route, 200, counted);
    }
}

/// Whoever is not known, is somewhere else, may be a page, or asks for something else is looked at as usual.
#[tokio::test]
async fn all_others_go_the_usual_way_and_lose_nothing() {
    let (server, ada) = Server::with_ada(Settings::default()).await;
    let fetch = &b"0011command=fetch00010009done\n0000"[..];
    let with =
        |name, value| (network(STRANGER), asked(&ada, &[(name, value)], Body::from(LS_REFS), LS_REFS.len()));
    for (peer, request) in [
        (network(STRANGER), ls_refs("Bearer agnes_pat_nobody")),
        (network(STRANGER), asked(&ada, &[], Body::from(fetch), fetch.len())),
        with("origin", "https://evil.example"),
        with("sec-fetch-site", "cross-site"),
        with("content-encoding", "gzip"),
        with("x-long", &"x".repeat(17 << 10)),
        (operator(), ls_refs(&ada)),
    ] {
        let about = format!("{request:?}");
        let left = server.quick(peer, request).await.expect_err(&about);
        let body = left.into_body().collect().await.unwrap().to_bytes();
        assert!(body == LS_REFS || body == fetch, "{about}");
    }
}

#[tokio::test]
async fn a_request_that_goes_on_is_one_request() {
    let (server, ada) = Server::with_ada(Settings::default()).await;
    let nothing = &b"0014command=ls-refs\n0001000bunknown0000"[..];
    let request = asked(&ada, &[], Body::from(nothing), nothing.len());
    let left = server.quick(network(STRANGER), request).await.expect_err("it asks for something else");
    let answer = server.ask(network(STRANGER), left).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&answer.body).contains("ERR "), "{answer:?}");
    server.counted(ROUTE, 200, 2);
    let numbers = server.serving.requests.load(Ordering::Relaxed);
    assert_eq!(numbers, 2);
}

/// Mallory's token is good. She begins to ask, waits until what she had is taken from her, and ends her request then.
#[tokio::test]
async fn what_is_taken_while_somebody_asks_is_not_told() {
    let (server, ada) = Server::with_ada(Settings::default()).await;
    let registry = Arc::clone(&server.fixture.registry);
    let body = made_when_asked_for(move || {
        registry.revoke(&root(), "Team", &["tools/*".into()]).unwrap();
        LS_REFS.to_vec()
    });
    let request = asked(&ada, &[], body, LS_REFS.len());
    let left = server.quick(network(STRANGER), request).await.expect_err("it is another view");
    let usual = server.ask(network(STRANGER), left).await;
    let before = server.quick(network(STRANGER), ls_refs(&ada)).await.unwrap();
    assert_eq!((usual.status, &usual.body), (StatusCode::OK, &before.body), "the empty one, as ever after");
}

/// The same with a token that is revoked meanwhile.
#[tokio::test]
async fn whoever_is_not_let_in_any_more_at_the_end_is_told_nothing() {
    let server = Server::new();
    let (ada, id) = server.token("ada@example.com", "Team");
    server.fixture.registry.hold_access().unwrap();
    assert_eq!(server.ask(network(STRANGER), ls_refs(&ada)).await.status, StatusCode::OK);
    let registry = Arc::clone(&server.fixture.registry);
    let body = made_when_asked_for(move || {
        registry.revoke_token(&root(), &id).unwrap();
        LS_REFS.to_vec()
    });
    let request = asked(&ada, &[], body, LS_REFS.len());
    let left = server.quick(network(STRANGER), request).await.expect_err("nobody is known by that token");
    assert_eq!(server.ask(network(STRANGER), left).await.status, StatusCode::UNAUTHORIZED);
}

/// A body that is made when it is first asked for.
fn made_when_asked_for(make: impl FnOnce() -> Vec<u8> + Send + 'static) -> Body {
    let mut make = Some(make);
    Body::from_stream(tokio_stream::StreamExt::map(tokio_stream::once(()), move |()| {
        Ok::<_, Infallible>(make.take().map(|make| make()).unwrap_or_default())
    }))
}

/// One with a token that is good says how much there is to come, and sends nothing.
#[tokio::test]
async fn whoever_does_not_end_the_request_is_told_so_in_time() {
    let limits = Limits { body_timeout: Duration::from_millis(50), ..Limits::default() };
    let (server, ada) = Server::with_ada(Settings { limits, ..Settings::default() }).await;
    let never = Body::from_stream(tokio_stream::pending::<Result<Vec<u8>, Infallible>>());
    let answer = server.quick(network(STRANGER), asked(&ada, &[], never, LS_REFS.len())).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (408, &json!("body-timeout")));
    assert_eq!(answer.header("connection"), "close");
}
