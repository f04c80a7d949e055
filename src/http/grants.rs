//! `/api/grants`

use axum::Json;
use axum::extract::{Extension, State};

use super::App;
use super::extract::{Asked, Body, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::people::grants::{Filter, Granted};
use crate::wire::{Problem, grants as wire};

/// List who was granted what
#[utoipa::path(
    get, path = "/api/grants", tag = "grants", operation_id = "list_grants",
    params(wire::GrantFilter),
    responses(
        (status = 200, description = "Those asked for", body = Vec<wire::Grant>),
        (status = 404, description = "There is no such group, user or plugin", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Asked(filter): Asked<wire::GrantFilter>,
) -> Result<Json<Vec<wire::Grant>>, Failure> {
    let filter = Filter { group: filter.group, user: filter.user, plugin: filter.plugin };
    let all = ask(app, move |registry| registry.grants(&caller, &filter)).await?;
    let told = all.into_iter().map(|grant| wire::Grant {
        group: grant.row.group_name,
        resource: grant.row.resource,
        granted_at: rfc3339(grant.row.granted_at),
        granted_by: grant.row.granted_by,
        plugins: grant.plugins,
    });
    Ok(Json(told.collect()))
}

/// Give a group plugins
///
/// All that is named, or nothing. What the group has already stays as it is.
#[utoipa::path(
    post, path = "/api/grants", tag = "grants", operation_id = "grant",
    request_body = wire::GrantRequest,
    responses(
        (status = 200, description = "It has them", body = wire::Granted),
        (status = 404, description = "There is no such group, marketplace or plugin", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn grant(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<wire::GrantRequest>,
) -> Result<Json<wire::Granted>, Failure> {
    let done = ask(app, move |registry| registry.grant(&caller, &request.group, &request.resources)).await?;
    Ok(Json(told(done)))
}

/// Take plugins from a group
///
/// As they were granted: from a group that has `slug/*`, one plugin cannot be taken alone.
#[utoipa::path(
    delete, path = "/api/grants", tag = "grants", operation_id = "revoke",
    request_body = wire::GrantRequest,
    responses(
        (status = 200, description = "It does not have them", body = wire::Granted),
        (status = 404, description = "There is no such group", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn revoke(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(request): Body<wire::GrantRequest>,
) -> Result<Json<wire::Granted>, Failure> {
    let done = ask(app, move |registry| registry.revoke(&caller, &request.group, &request.resources)).await?;
    Ok(Json(told(done)))
}

fn told(done: Granted) -> wire::Granted {
    let resources = done.resources.into_iter().map(|one| wire::GrantedResource {
        resource: one.resource,
        granted: one.granted,
        changed: one.changed,
    });
    wire::Granted { group: done.group, resources: resources.collect() }
}
