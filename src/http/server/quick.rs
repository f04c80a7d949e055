//! The two answers that are given most often: that the client has its view already, and which refs its repository has.
//!
//! They go the shortest way there is, past routing and the layers of the API, because a thousand laptops
//! ask for them all day. Nothing is decided here: who it is from is asked of the same registry as at the
//! door, and the answers are the feed's. Whatever is not as simple as that goes the usual way.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, header};
use axum::response::{IntoResponse as _, Response};

use super::Serving;
use super::bodies;
use super::door;
use super::link::{Link, Peer};
use super::requests::{Begun, Caught, Record, Visitor, headers_too_large};
use crate::http::problem::Failure;
use crate::http::{feed, git, sign, strict};

/// That there is nothing new.
pub(super) fn unchanged<B>(
    serving: &Arc<Serving>,
    link: &Arc<Link>,
    request: &Request<B>,
) -> Option<Response> {
    let headers = request.headers();
    let asks = request.uri().path() == feed::ZIP
        && request.uri().query().is_none()
        && (request.method() == Method::GET || request.method() == Method::HEAD)
        && headers.contains_key(header::IF_NONE_MATCH);
    if !asks || !is_plain(link, request) {
        return None;
    }
    let (caller, glance) = door::recognised(serving, headers)?;
    let mut response = feed::unchanged(&glance?, headers)?;
    let visitor = Visitor::of(&caller);
    let route = Arc::clone(&serving.zip_route);
    let mut record = Record::new(Arc::clone(serving), Arc::clone(link), visitor, route, request);
    record.mark(&mut response);
    sign(&mut response);
    record.unchanged();
    Some(response)
}

/// Whether it is worth the while to look whether [`refs`] can be told.
pub(super) fn may_ask_for_refs<B>(link: &Link, request: &Request<B>) -> bool {
    git::may_ask_for_refs(request) && is_plain(link, request) && !strict::may_be_of_a_page(request.headers())
}

/// Which refs there are; or the request, for the usual way.
pub(super) async fn refs(
    serving: &Arc<Serving>,
    link: &Arc<Link>,
    request: Request<Body>,
) -> Result<Response, Request<Body>> {
    let Some((caller, Some(_))) = door::recognised(serving, request.headers()) else { return Err(request) };
    let visitor = Visitor::of(&caller);
    let route = request.uri().path().into();
    let record = Record::new(Arc::clone(serving), Arc::clone(link), visitor, route, &request);
    let told = match Caught(Box::pin(told(serving, request))).await {
        Ok(told) => told,
        Err(_) => Ok(Failure::defect("this request made it stop short").into_response()),
    };
    match told {
        Ok(response) => Ok(record.follow(response)),
        Err(mut request) => {
            request.extensions_mut().insert(Begun::new(record));
            Err(request)
        }
    }
}

async fn told(serving: &Arc<Serving>, request: Request<Body>) -> Result<Response, Request<Body>> {
    let (parts, body) = request.into_parts();
    match bodies::whole(serving, body, git::LARGEST_REQUEST).await {
        Ok((whole, _share)) => {
            let told = git::refs_asked_for(&whole).and_then(|asked| {
                // Who it is from is asked again: what is theirs may have changed while the body came.
                let (caller, glance) = door::recognised(serving, &parts.headers)?;
                let tip = serving.registry.known_tip(&caller, &glance?).ok()??;
                let mut told = git::listed(&asked, &tip);
                sign(&mut told);
                Some(told)
            });
            told.ok_or_else(|| Request::from_parts(parts, Body::from(whole)))
        }
        Err(refusal) => Ok(*refusal),
    }
}

/// Over the socket a token says nothing: there it is the operator who asks.
fn is_plain<B>(link: &Link, request: &Request<B>) -> bool {
    matches!(link.peer, Peer::Network(_)) && !headers_too_large(request.headers())
}
