//! A request's body, in time and of a size, before anybody works on it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Serving;
use crate::http::problem::Failure;
use crate::http::{LARGEST_BODY, git};

/// Reads the body to its end. Whoever sends it slowly occupies a connection meanwhile, and no thread.
pub(super) async fn receive(State(serving): State<Arc<Serving>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // What a client of git has can be much to say.
    let most =
        if parts.uri.path().ends_with("/git-upload-pack") { git::LARGEST_REQUEST } else { LARGEST_BODY };
    if body.size_hint().lower() > most as u64 {
        return too_large(most);
    }
    let patience = serving.settings.limits.body_timeout;
    match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(whole)) => next.run(Request::from_parts(parts, Body::from(whole.to_bytes()))).await,
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(most),
        Ok(Err(error)) => last_word(
            StatusCode::BAD_REQUEST,
            "body-unreadable",
            format!("the request's body broke off: {error}"),
        ),
        Err(_) => last_word(
            StatusCode::REQUEST_TIMEOUT,
            "body-timeout",
            format!("the request's body did not arrive within {} s", patience.as_secs()),
        ),
    }
}

fn too_large(most: usize) -> Response {
    let most = most >> 20;
    last_word(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        format!("the request's body has more than {most} MiB"),
    )
}

/// The rest of the body is not waited for.
fn last_word(status: StatusCode, code: &str, detail: String) -> Response {
    let mut response = Failure::new(status, code, detail).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
