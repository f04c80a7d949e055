//! Who comes in. Over a network whoever their token says; over the socket, the operator. Nothing else
//! that a request says about its sender counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Serving;
use super::address;
use super::base64;
use super::forwarded;
use super::link::{Link, Peer};
use super::requests::Visitor;
use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::http::feed::catalog::{self, Arrival};
use crate::http::openapi;
use crate::http::problem::Failure;
use crate::registry::bundles::archives::Login;
use crate::registry::people::authentication::Denied;
use crate::registry::views::Glance;

/// Lets in whoever has a right to, with their name on.
pub(super) async fn enter(
    State(serving): State<Arc<Serving>>,
    Extension(link): Extension<Arc<Link>>,
    mut request: Request,
    next: Next,
) -> Response {
    // What the API is like is no secret, and says nothing of what is in it.
    if request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str() == openapi::PATH) {
        return next.run(request).await;
    }
    let caller = match caller(&serving, &link, request.headers()) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    if let Some(arrival) = arrival(&serving, &link, &request) {
        request.extensions_mut().insert(arrival);
    }
    if let Some(Visitor(name)) = request.extensions().get() {
        let _ = name.set(caller.name().to_owned());
    }
    // Nobody behind the door needs it, and nobody there can log it.
    request.headers_mut().remove(header::AUTHORIZATION);
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// What one answer repeats to whoever came in over a network: for that answer's routes, and no others.
fn arrival(serving: &Serving, link: &Link, request: &Request) -> Option<Arrival> {
    let Peer::Network(peer) = &link.peer else { return None };
    request.extensions().get::<MatchedPath>().filter(|path| catalog::is_at(path.as_str()))?;
    let headers = request.headers();
    let Presented::Token { user, token } = presented(headers) else { return None };
    let base = address::base(peer.ip(), request.uri(), headers, &serving.settings);
    Some(Arrival { login: Login::new(user, token), base })
}

/// The caller, or the answer that tells them to come back with a token.
pub(super) fn caller(serving: &Serving, link: &Link, headers: &HeaderMap) -> Result<Caller, Box<Response>> {
    let peer = match &link.peer {
        Peer::Operator(name) => return Ok(Caller::Operator { name: name.clone() }),
        Peer::Network(address) => address.ip(),
    };
    let reason = match presented(headers) {
        Presented::Nothing => {
            serving.metrics.denied("none");
            return Err(Box::new(unauthorized()));
        }
        Presented::Unusable => "unusable",
        Presented::Token { token, .. } => match serving.registry.authenticate(&token) {
            Ok(caller) => return Ok(caller),
            Err(Denied::Unavailable) => return Err(Box::new(unavailable())),
            Err(denied) => reason(denied),
        },
    };
    serving.metrics.denied(reason);
    let from = forwarded::client(peer, headers, &serving.settings.trusted_proxies);
    let refused = match serving.throttle.failed(from, Instant::now()) {
        Ok(()) => unauthorized(),
        Err(wait) => too_many(wait),
    };
    Err(Box::new(refused))
}

/// The caller, if their token is good, and their view, if it is known. Whoever has no such token is for
/// the door to count and to refuse.
pub(super) fn recognised(serving: &Serving, headers: &HeaderMap) -> Option<(Caller, Option<Glance>)> {
    match presented(headers) {
        Presented::Token { token, .. } => serving.registry.recognise(&token).ok(),
        Presented::Nothing | Presented::Unusable => None,
    }
}

/// For logs and metrics. Outside, all of them look the same.
fn reason(denied: Denied) -> &'static str {
    match denied {
        Denied::Malformed => "malformed",
        Denied::Unknown => "unknown",
        Denied::Expired => "expired",
        Denied::Revoked => "revoked",
        Denied::Unavailable => "unavailable",
    }
}

/// Trouble of ours is nothing that another token would help against.
fn unavailable() -> Response {
    let told = "whose token that is cannot be looked up at present; the server's log says why".to_owned();
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "registry-error", told).into_response()
}

fn unauthorized() -> Response {
    let mut failure = Failure::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "this needs a valid access token, as `Authorization: Bearer` or as the password of Basic \
         authentication"
            .to_owned(),
    );
    failure.0.hint = Some("an administrator makes one with: agnes token create --user EMAIL".to_owned());
    let mut response = failure.into_response();
    let basic = HeaderValue::from_static("Basic realm=\"agnes\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
    response
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let mut response = Failure::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-failures",
        format!("too many requests with tokens that open nothing; try again in {seconds} s"),
    )
    .into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

enum Presented {
    Nothing,
    /// Something that is no token in any of the ways we know.
    Unusable,
    Token {
        user: Option<Secret>,
        token: Secret,
    },
}

fn presented(headers: &HeaderMap) -> Presented {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Presented::Nothing };
    // Two of them could mean one thing to a proxy and another to us.
    if given.next().is_some() {
        return Presented::Unusable;
    }
    let token = value.to_str().ok().and_then(|value| value.split_once(' ')).and_then(|(scheme, rest)| {
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            Some((None, Secret::new(rest.to_owned())))
        } else if scheme.eq_ignore_ascii_case("basic") {
            let pair = base64::decoded(rest)?;
            let (user, password) = pair.expose().split_once(':')?;
            Some((Some(Secret::new(user.to_owned())), Secret::new(password.to_owned())))
        } else {
            None
        }
    });
    match token {
        Some((user, token)) if !token.expose().is_empty() => Presented::Token { user, token },
        _ => Presented::Unusable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        match presented(&headers) {
            Presented::Token { token, .. } => Some(token.expose().to_owned()),
            Presented::Nothing | Presented::Unusable => None,
        }
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_the_password_of_basic() {
        assert_eq!(token(&["Bearer abc"]).unwrap(), "abc");
        assert_eq!(token(&["bearer  abc"]).unwrap(), "abc");
        // x:abc, :abc, x:a:c
        assert_eq!(token(&["Basic eDphYmM="]).unwrap(), "abc");
        assert_eq!(token(&["basic OmFiYw=="]).unwrap(), "abc");
        assert_eq!(token(&["Basic eDphOmM="]).unwrap(), "a:c");
    }

    #[test]
    fn nothing_else_is_a_token() {
        let wrong: [&[&str]; 11] = [
            &[],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["abc"],
            &["Digest abc"],
            &["Basic abc"],
            &["Basic eDo="],
            &["Basic eA=="],
            &["Basic /////w=="],
            &["Bearer abc", "Bearer abc"],
        ];
        for values in wrong {
            assert_eq!(token(values), None, "{values:?}");
        }
    }
}
