//! A request's body, in time and of a size, before anybody works on it; and all of them together, too.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Serving;
use crate::http::problem::Failure;
use crate::http::room::{self, Share};
use crate::http::{LARGEST_BODY, git};

/// Reads the body to its end. Whoever sends it slowly occupies a connection meanwhile, and no thread.
pub(super) async fn receive(State(serving): State<Arc<Serving>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // What a client of git has can be much to say.
    let most =
        if parts.uri.path().ends_with("/git-upload-pack") { git::LARGEST_REQUEST } else { LARGEST_BODY };
    match whole(&serving, body, most).await {
        // The share is held until there is an answer.
        Ok((whole, _share)) => {
            parts.extensions.insert(serving.room.clone());
            next.run(Request::from_parts(parts, Body::from(whole))).await
        }
        Err(refusal) => *refusal,
    }
}

/// All of a body, and what it takes of the room for all; or what is said to whoever sends it.
pub(super) async fn whole(
    serving: &Serving,
    body: Body,
    most: usize,
) -> Result<(Bytes, Share), Box<Response>> {
    if body.size_hint().lower() > most as u64 {
        return Err(too_large(most).into());
    }
    let patience = serving.settings.limits.body_timeout;
    let mut share = serving.room.share();
    let refusal = match tokio::time::timeout(patience, read(Limited::new(body, most), &mut share)).await {
        Ok(Ok(whole)) => return Ok((whole, share)),
        Ok(Err(Unread::NoRoom)) => room::full(),
        Ok(Err(Unread::Broken(error))) if error.is::<LengthLimitError>() => too_large(most),
        Ok(Err(Unread::Broken(error))) => last_word(
            StatusCode::BAD_REQUEST,
            "body-unreadable",
            format!("the request's body broke off: {error}"),
        ),
        Err(_) => last_word(
            StatusCode::REQUEST_TIMEOUT,
            "body-timeout",
            format!("the request's body did not arrive within {} s", patience.as_secs()),
        ),
    };
    Err(refusal.into())
}

/// Why a body is not there.
enum Unread {
    NoRoom,
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

/// What arrives is counted as it does: a large body that is only announced takes nothing from others. What there is no
/// room for is read to its end all the same, and thrown away: whoever still sends would not see an answer.
async fn read(mut body: Limited<Body>, share: &mut Share) -> Result<Bytes, Unread> {
    let mut whole = Some(Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Unread::Broken)?.into_data() else { continue };
        let Some(so_far) = &mut whole else { continue };
        if share.covers(so_far.len() + data.len()) {
            so_far.extend_from_slice(&data);
        } else {
            whole = None;
            share.give_back();
        }
    }
    whole.map(Bytes::from).ok_or(Unread::NoRoom)
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
