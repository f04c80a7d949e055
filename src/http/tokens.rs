//! `/api/tokens`

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::{Asked, Body, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::people::tokens::{HeldToken, NewToken, Whose};
use crate::wire::marketplaces::Token;
use crate::wire::problem::CONTENT_TYPE;
use crate::wire::{Problem, tokens as wire};

/// Whose tokens: an id or e-mail address, or everybody's. Neither: those of whoever asks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// An id or e-mail address.
    user: Option<String>,
    /// Everybody's, for those who administer.
    #[serde(default)]
    all: bool,
}

/// List personal access tokens, without the tokens themselves
///
/// One's own, unless it is said whose.
#[utoipa::path(
    get, path = "/api/tokens", tag = "tokens", operation_id = "list_tokens",
    params(Of),
    responses(
        (status = 200, description = "Those asked for", body = Vec<wire::AccessToken>),
        (status = 404, description = "There is no such user", body = Problem, content_type = CONTENT_TYPE),
        (status = 422, description = "Whoever asks has no tokens of their own", body = Problem, content_type = CONTENT_TYPE),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Asked(of): Asked<Of>,
) -> Result<Json<Vec<wire::AccessToken>>, Failure> {
    let whose = match of {
        Of { user: Some(_), all: true } => {
            let detail = "`user` and `all` do not go together".to_owned();
            return Err(Failure::new(StatusCode::BAD_REQUEST, "query-unusable", detail));
        }
        Of { user: Some(key), .. } => Whose::Of(key),
        Of { all: true, .. } => Whose::Everybody,
        Of { .. } => Whose::Own,
    };
    let all = ask(app, move |registry| registry.tokens(&caller, &whose)).await?;
    Ok(Json(all.into_iter().map(told).collect()))
}

/// Create a personal access token
///
/// For oneself; those who administer may create them for others.
#[utoipa::path(
    post, path = "/api/tokens", tag = "tokens", operation_id = "create_token",
    request_body = wire::NewAccessToken,
    responses(
        (status = 201, description = "The token, shown this once", body = wire::CreatedAccessToken),
        (status = 404, description = "There is no such user", body = Problem, content_type = CONTENT_TYPE),
    ),
)]
pub(super) async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<wire::NewAccessToken>,
) -> Result<impl IntoResponse, Failure> {
    let new = NewToken { user: new.user, name: new.name, expires: new.expires };
    let created = ask(app, move |registry| registry.create_token(&caller, new)).await?;
    let about = told(created.token);
    let answer = wire::CreatedAccessToken {
        id: about.id,
        token: Token(created.secret),
        user: about.user,
        name: about.name,
        created_at: about.created_at,
        expires_at: about.expires_at,
    };
    // Nobody on the way is to keep it.
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

/// Revoke a personal access token
#[utoipa::path(
    delete, path = "/api/tokens/{id}", tag = "tokens", operation_id = "revoke_token",
    params(("id" = String, Path, description = "The token's id, as the list shows it")),
    responses((status = 204, description = "It opens nothing any more")),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    ask(app, move |registry| registry.revoke_token(&caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(token: HeldToken) -> wire::AccessToken {
    wire::AccessToken {
        id: token.row.id,
        user: token.email,
        name: token.row.name,
        created_at: rfc3339(token.row.created_at),
        expires_at: token.row.expires_at.map(rfc3339),
        last_used_at: token.row.last_used_at.map(rfc3339),
        revoked_at: token.row.revoked_at.map(rfc3339),
    }
}
