//! `/api/marketplaces`

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;

use super::App;
use super::extract::{Body, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::marketplaces::{self as registry, Marketplace};
use crate::wire::marketplaces as wire;

/// List the registered marketplaces
#[utoipa::path(
    get, path = "/api/marketplaces", tag = "marketplaces", operation_id = "list_marketplaces",
    responses(
        (status = 200, description = "All, in the order in which they were registered", body = Vec<wire::Marketplace>),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<wire::Marketplace>>, Failure> {
    let all = ask(app, move |registry| registry.marketplaces(&caller)).await?;
    Ok(Json(all.into_iter().map(told).collect()))
}

/// Show one marketplace
#[utoipa::path(
    get, path = "/api/marketplaces/{id}", tag = "marketplaces", operation_id = "show_marketplace",
    params(("id" = String, Path, description = "The marketplace's slug")),
    responses(
        (status = 200, description = "It", body = wire::Marketplace),
    ),
)]
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<wire::Marketplace>, Failure> {
    ask(app, move |registry| registry.marketplace(&caller, &id)).await.map(told).map(Json)
}

/// Register a marketplace
///
/// Nothing is fetched yet; a sync does that.
#[utoipa::path(
    post, path = "/api/marketplaces", tag = "marketplaces", operation_id = "add_marketplace",
    request_body = wire::NewMarketplace,
    responses(
        (status = 201, description = "It is registered", body = wire::Marketplace),
    ),
)]
pub(super) async fn add(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<wire::NewMarketplace>,
) -> Result<(StatusCode, Json<wire::Marketplace>), Failure> {
    let new = registry::NewMarketplace {
        url: new.url,
        slug: new.slug,
        name: new.name,
        branch: new.branch,
        reference: new.reference,
        description: new.description,
        token: new.token.map(|token| token.0),
        curator_name: new.curator_name,
        curator_email: new.curator_email,
        name_prefix: new.name_prefix,
        versions: new.versions,
        remote: new.remote,
        hold: new.hold.unwrap_or_default(),
    };
    let added = ask(app, move |registry| registry.add_marketplace(&caller, new)).await?;
    Ok((StatusCode::CREATED, Json(told(added))))
}

/// Change what was registered
///
/// What is absent or `null` stays; an empty text clears.
#[utoipa::path(
    patch, path = "/api/marketplaces/{id}", tag = "marketplaces", operation_id = "edit_marketplace",
    params(("id" = String, Path, description = "The marketplace's slug")),
    request_body = wire::EditMarketplace,
    responses(
        (status = 200, description = "As it is now", body = wire::Marketplace),
    ),
)]
pub(super) async fn edit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(edit): Body<wire::EditMarketplace>,
) -> Result<Json<wire::Marketplace>, Failure> {
    let edit = registry::EditMarketplace {
        name: edit.name,
        url: edit.url,
        branch: edit.branch,
        reference: edit.reference,
        description: edit.description,
        token: edit.token.map(|token| token.0),
        curator_name: edit.curator_name,
        curator_email: edit.curator_email,
        name_prefix: edit.name_prefix,
        versions: edit.versions,
        remote: edit.remote,
        hold: edit.hold,
    };
    ask(app, move |registry| registry.edit_marketplace(&caller, &id, edit)).await.map(told).map(Json)
}

/// Forget a marketplace, with its plugins, its token and the grants that name it
#[utoipa::path(
    delete, path = "/api/marketplaces/{id}", tag = "marketplaces", operation_id = "remove_marketplace",
    params(("id" = String, Path, description = "The marketplace's slug")),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(super) async fn remove(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    ask(app, move |registry| registry.remove_marketplace(&caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(marketplace: Marketplace) -> wire::Marketplace {
    let Marketplace { row, has_token, plugin_count, versions, remote, pending, notes } = marketplace;
    wire::Marketplace {
        id: row.id,
        name: row.name,
        url: row.url,
        branch: row.branch,
        reference: row.reference,
        description: row.description,
        registered_by: row.registered_by,
        registered_at: rfc3339(row.registered_at),
        last_synced_at: row.last_synced_at.map(rfc3339),
        last_commit_sha: row.last_commit_sha,
        last_error: row.last_error,
        has_token,
        plugin_count,
        curator_name: row.curator_name,
        curator_email: row.curator_email,
        name_prefix: row.name_prefix,
        versions,
        remote,
        hold: row.hold,
        pending: pending.map(|state| state.commit),
        notes,
    }
}
