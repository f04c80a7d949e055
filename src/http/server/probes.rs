//! What may be asked without a token: whether the server lives, whether it is ready, and, close by,
//! what it counted.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::link::{Link, Peer};
use super::{Serving, door, forwarded, guide, metrics};
use crate::domain::access::caller::Right;
use crate::http::problem::Failure;
use crate::registry::Error;
use crate::wire::Problem;
use crate::wire::problem::CONTENT_TYPE;

pub(super) fn routes(serving: Arc<Serving>) -> Router {
    let (routes, _) = described().split_for_parts();
    routes.with_state(serving)
}

pub(super) fn described() -> OpenApiRouter<Arc<Serving>> {
    OpenApiRouter::default()
        .routes(routes!(guide::show))
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(counted))
}

/// Say whether the process lives
#[utoipa::path(
    get, path = "/healthz", tag = "server", operation_id = "is_alive", security(()),
    responses((status = 200, description = "It does", body = String, content_type = "text/plain")),
)]
async fn alive() -> &'static str {
    "ok\n"
}

/// Say whether the server takes requests
#[utoipa::path(
    get, path = "/readyz", tag = "server", operation_id = "is_ready", security(()),
    responses(
        (status = 200, description = "It does", body = String, content_type = "text/plain"),
        (status = 503, description = "It is about to end", body = Problem, content_type = CONTENT_TYPE),
    ),
)]
async fn ready(State(serving): State<Arc<Serving>>) -> Result<&'static str, Failure> {
    if serving.draining.load(Ordering::Relaxed) {
        let why = "the server is about to end".to_owned();
        return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "draining", why));
    }
    Ok("ready\n")
}

/// Show what the server counted, for Prometheus
///
/// For whoever is on this machine, whoever the settings allow, and those who administer. The names of
/// marketplaces are in it.
#[utoipa::path(
    get, path = "/metrics", tag = "server", operation_id = "show_metrics",
    security((), ("bearer" = []), ("basic" = [])),
    responses(
        (status = 200, description = "The numbers", body = String, content_type = "text/plain"),
        (status = 401, description = "Asked from afar, without a token that opens anything", body = Problem, content_type = CONTENT_TYPE),
        (status = 403, description = "Whoever asks may not", body = Problem, content_type = CONTENT_TYPE),
    ),
)]
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
