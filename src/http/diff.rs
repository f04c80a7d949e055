//! `/api/marketplaces/{id}/diff`

use axum::Json;
use axum::extract::{Extension, State};

use super::App;
use super::extract::{Asked, Path, ask};
use super::problem::Failure;
use crate::domain::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::diff::{self as registry, Compare};
use crate::wire::diff as wire;

/// Say what would change for whom between two commits of a marketplace
///
/// Plugins that were added, removed or changed, with their files; and of what runs code on people's
/// machines (hooks, servers, executables and scripts, skills and commands with a shell) how its text
/// differs. Both commits have to be held: a sync keeps some of those that it fetched.
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
    let commit = |commit: registry::Commit| wire::Commit {
        id: commit.id.to_string(),
        committed_at: rfc3339(commit.committed_at),
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
