//! `/api/hosts`

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;

use super::App;
use super::extract::{Body, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::upstream::host::HostRule;
use crate::registry::marketplaces::hosts::EditHost;
use crate::wire::hosts as wire;

/// List the hosts of which something is said
///
/// They are those that plugins are fetched from which lie in other repositories than their marketplace's.
#[utoipa::path(
    get, path = "/api/hosts", tag = "hosts", operation_id = "list_hosts",
    responses(
        (status = 200, description = "All, by name", body = Vec<wire::Host>),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<wire::Host>>, Failure> {
    let all = ask(app, move |registry| registry.list_hosts(&caller)).await?;
    Ok(Json(all.iter().map(told).collect()))
}

/// Say something of a host
///
/// What is absent or `null` stays.
#[utoipa::path(
    patch, path = "/api/hosts/{host}", tag = "hosts", operation_id = "edit_host",
    params(("host" = String, Path, description = "A name, or `name:port`")),
    request_body = wire::EditHost,
    responses(
        (status = 200, description = "What is said of it now", body = wire::Host),
    ),
)]
pub(super) async fn edit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(host): Path<String>,
    Body(edit): Body<wire::EditHost>,
) -> Result<Json<wire::Host>, Failure> {
    let edit = EditHost { rule: edit.rule.map(Some), ssh: edit.ssh, token: edit.token.map(|token| token.0) };
    ask(app, move |registry| registry.edit_host(&caller, &host, &edit)).await.map(|rule| Json(told(&rule)))
}

/// Take back all that was said of a host, and its token
#[utoipa::path(
    delete, path = "/api/hosts/{host}", tag = "hosts", operation_id = "forget_host",
    params(("host" = String, Path, description = "A name, or `name:port`")),
    responses(
        (status = 204, description = "Nothing is said of it"),
    ),
)]
pub(super) async fn forget(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(host): Path<String>,
) -> Result<StatusCode, Failure> {
    ask(app, move |registry| registry.forget_host(&caller, &host)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(rule: &HostRule) -> wire::Host {
    wire::Host {
        host: rule.host.to_string(),
        rule: rule.rule,
        ssh: rule.ssh,
        has_token: rule.token_env.is_some(),
    }
}
