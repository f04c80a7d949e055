//! `/api/marketplaces/{id}/states`, `/approve` and `/rollback`

use axum::Json;
use axum::extract::{Extension, State};

use super::App;
use super::extract::{Body, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::states::{self as registry, StateRow};
use crate::wire::states as wire;

/// List what was fetched of a marketplace and is kept
///
/// A state is a commit of the marketplace, and the commits of its plugins that lie elsewhere at that time.
#[utoipa::path(
    get, path = "/api/marketplaces/{id}/states", tag = "marketplaces", operation_id = "list_states",
    params(("id" = String, Path, description = "The marketplace's slug")),
    responses(
        (status = 200, description = "The latest first", body = Vec<wire::State>),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<wire::State>>, Failure> {
    let all = ask(app, move |registry| registry.history(&caller, &id)).await?;
    let told = all.into_iter().map(|state| wire::State {
        state: name(&state.row),
        committed_at: rfc3339(state.row.committed_at),
        fetched_at: rfc3339(state.row.fetched_at),
        standing: standing(state.standing),
        plugin_count: state.row.plugins,
        remote_count: state.row.origins.len() as u64,
        whole: state.whole,
        commit: state.row.commit,
    });
    Ok(Json(told.collect()))
}

/// Serve what was fetched and waits
///
/// From the next request on.
#[utoipa::path(
    post, path = "/api/marketplaces/{id}/approve", tag = "marketplaces", operation_id = "approve",
    params(("id" = String, Path, description = "The marketplace's slug")),
    request_body = wire::Approve,
    responses(
        (status = 200, description = "It is served", body = wire::Served),
    ),
)]
pub(super) async fn approve(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(what): Body<wire::Approve>,
) -> Result<Json<wire::Served>, Failure> {
    ask(app, move |registry| registry.approve(&caller, &id, what.commit.as_deref())).await.map(told).map(Json)
}

/// Serve an earlier state again
///
/// From the next request on. The marketplace is put on hold, or the next sync would undo it.
#[utoipa::path(
    post, path = "/api/marketplaces/{id}/rollback", tag = "marketplaces", operation_id = "rollback",
    params(("id" = String, Path, description = "The marketplace's slug")),
    request_body = wire::Rollback,
    responses(
        (status = 200, description = "It is served", body = wire::Served),
    ),
)]
pub(super) async fn rollback(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(what): Body<wire::Rollback>,
) -> Result<Json<wire::Served>, Failure> {
    ask(app, move |registry| registry.rollback(&caller, &id, &what.commit)).await.map(told).map(Json)
}

fn told(served: registry::Served) -> wire::Served {
    wire::Served {
        id: served.id,
        state: name(&served.state),
        commit: served.state.commit,
        before: served.before,
        hold: served.hold,
        hold_is_new: served.hold_is_new,
        is_newest: served.is_newest,
        added: served.added,
        updated: served.updated,
        removed: served.removed,
    }
}

pub(super) fn name(state: &StateRow) -> String {
    format!("s{}", state.id)
}

pub(super) fn standing(standing: registry::Standing) -> wire::Standing {
    match standing {
        registry::Standing::Pending => wire::Standing::Pending,
        registry::Standing::Served => wire::Standing::Served,
        registry::Standing::Earlier => wire::Standing::Earlier,
    }
}
