//! `/api/tokens`

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::App;
use super::extract::{Asked, Body, ask};
use super::problem::Failure;
use crate::domain::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::tokens::{HeldToken, NewToken, Whose};
use crate::wire::marketplaces::Token;
use crate::wire::tokens as wire;

/// Whose tokens: an id or e-mail address, or everybody's. Neither: those of whoever asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    user: Option<String>,
    #[serde(default)]
    all: bool,
}

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
