//! The answer that is given most often: that the client has its view already.
//!
//! It goes the shortest way there is, past routing and the layers of the API, because a thousand laptops
//! ask for it all day. Nothing is decided here: who it is from is asked of the same registry as at the
//! door, and the answer is the feed's. Whatever is not as simple as that goes the usual way.

use std::sync::Arc;

use axum::http::{Method, Request, header};
use axum::response::Response;

use super::Serving;
use super::door;
use super::link::{Link, Peer};
use super::requests::{Record, Visitor, headers_too_large};
use crate::http::{feed, sign};

pub(super) fn answer<B>(serving: &Arc<Serving>, link: &Arc<Link>, request: &Request<B>) -> Option<Response> {
    // Over the socket a token says nothing: there it is the operator who asks.
    let Peer::Network(_) = link.peer else { return None };
    let headers = request.headers();
    let asks = request.uri().path() == feed::ZIP
        && request.uri().query().is_none()
        && (request.method() == Method::GET || request.method() == Method::HEAD)
        && headers.contains_key(header::IF_NONE_MATCH);
    if !asks || headers_too_large(headers) {
        return None;
    }
    let (caller, glance) = door::recognised(serving, headers)?;
    let mut response = feed::unchanged(&glance?, headers)?;
    let visitor = Visitor::default();
    let _ = visitor.0.set(caller.name().to_owned());
    let route = Arc::clone(&serving.zip_route);
    let mut record = Record::new(Arc::clone(serving), Arc::clone(link), visitor, route, request);
    record.mark(&mut response);
    sign(&mut response);
    record.unchanged();
    Some(response)
}
