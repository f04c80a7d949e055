//! Where a bundle's files come from.

use axum::extract::{Extension, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::extract::{Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::feed::provenance::Provenance;

/// Say where everything in one user's ZIP comes from
#[utoipa::path(
    get, path = "/api/users/{id}/marketplace.provenance.json", tag = "users", operation_id = "show_provenance",
    params(("id" = String, Path, description = "An e-mail address or id")),
    responses(
        (status = 200, description = "What `agnes verify` holds the ZIP against. `view` is the ZIP's `ETag`", body = Provenance),
    ),
)]
pub(super) async fn of_user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    Ok(answer(&ask(app, move |registry| registry.provenance(&caller, &id)).await?))
}

/// Say where everything in the caller's ZIP comes from
#[utoipa::path(
    get, path = "/marketplace/provenance.json", tag = "feed", operation_id = "get_provenance",
    responses(
        (status = 200, description = "What `agnes verify` holds the ZIP against. `view` is the ZIP's `ETag`", body = Provenance),
    ),
)]
pub(super) async fn own(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Failure> {
    Ok(answer(&ask(app, move |registry| registry.my_provenance(&caller)).await?))
}

/// The bytes of the file, whichever way they are asked for.
fn answer(provenance: &Provenance) -> Response {
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (about, provenance.written()).into_response()
}
