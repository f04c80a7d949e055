//! What may be asked without a token: whether the server lives, whether it is ready, and, close by,
//! what it counted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::link::{Link, Peer};
use super::{Serving, door, forwarded, metrics};
use crate::domain::caller::Right;
use crate::http::problem::Failure;
use crate::registry::Error;

pub(super) fn routes(serving: Arc<Serving>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(counted))
        .with_state(serving)
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(serving): State<Arc<Serving>>) -> Result<&'static str, Failure> {
    if serving.draining.load(Ordering::Relaxed) {
        let why = "the server is about to end".to_owned();
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "draining", why));
    }
    Ok("ready\n")
}

/// For whoever is on this machine, whoever the settings allow, and those who administer. The names of
/// marketplaces are in it.
async fn counted(
    State(serving): State<Arc<Serving>>,
    Extension(link): Extension<Arc<Link>>,
    headers: HeaderMap,
) -> Response {
    let close = match &link.peer {
        Peer::Operator(_) => true,
        Peer::Network(address) => forwarded::is_local(address.ip(), &headers),
    };
    if !close && !serving.settings.public_metrics {
        match door::caller(&serving, &link, &headers) {
            Ok(caller) => {
                if let Err(forbidden) = caller.may(Right::Administer) {
                    return Failure::from(Error::from(forbidden)).into_response();
                }
            }
            Err(refused) => return *refused,
        }
    }
    match serving.metrics.text() {
        Ok(text) => {
            let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", error.to_string()).into_response()
        }
    }
}
