//! `/api/marketplaces/{id}/diff`

use axum::Json;
use axum::extract::{Extension, State};

use super::App;
use super::extract::{Asked, Path, ask};
use super::problem::Failure;
use super::states;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::states::diff::Compare;
use crate::registry::states::{Standing, StateRow};
use crate::wire::diff as wire;

/// Say what would change for whom between two states of a marketplace
///
/// Plugins that were added, removed or changed, with their files; and of what runs code on people's
/// machines (hooks, servers, executables and scripts, skills and commands with a shell) how its text
/// differs. Of both there has to be a state still: a sync keeps some of what was fetched before.
#[utoipa::path(
    get, path = "/api/marketplaces/{id}/diff", tag = "marketplaces", operation_id = "compare_commits",
    params(("id" = String, Path, description = "The marketplace's slug"), wire::Compare),
    responses(
        (status = 200, description = "What differs", body = wire::MarketplaceDiff),
    ),
)]
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Asked(asked): Asked<wire::Compare>,
) -> Result<Json<wire::MarketplaceDiff>, Failure> {
    let wire::Compare { from, to, plugin, everything } = asked;
    let compare = Compare { from, to, plugin, everything };
    let found = ask(app, move |registry| registry.diff(&caller, &id, &compare)).await?;
    let commit = |(state, standing): (StateRow, Standing)| wire::Commit {
        state: states::name(&state),
        standing: states::standing(standing),
        committed_at: rfc3339(state.committed_at),
        id: state.commit,
    };
    let plugins = found.plugins.into_iter().map(|affected| wire::Affected {
        diff: affected.diff,
        groups: affected.groups,
        users: affected.users,
        disabled: affected.disabled,
    });
    Ok(Json(wire::MarketplaceDiff {
        id: found.id,
        from: found.from.map(commit),
        to: commit(found.to),
        plugins: plugins.collect(),
        renames: found.renames,
    }))
}
