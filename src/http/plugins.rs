//! `/api/plugins` and `/api/marketplaces/{id}/plugins`

use axum::Json;
use axum::extract::{Extension, State};
use serde_json::Value;

use super::App;
use super::extract::{Body, Nothing, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::access::disabling::sentence;
use crate::domain::time::rfc3339;
use crate::registry::marketplaces::disabling::{self, DisabledRow};
use crate::registry::marketplaces::plugins::{Listed, PluginDetail};
use crate::wire::plugins as wire;

/// List the plugins of all marketplaces
#[utoipa::path(
    get, path = "/api/plugins", tag = "plugins", operation_id = "list_plugins",
    responses(
        (status = 200, description = "All, also those that cannot be served", body = Vec<wire::Plugin>),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Vec<wire::Plugin>>, Failure> {
    let all = ask(app, move |registry| registry.plugins(&caller, None)).await?;
    Ok(Json(all.into_iter().map(told).collect()))
}

/// List the plugins of one marketplace
#[utoipa::path(
    get, path = "/api/marketplaces/{id}/plugins", tag = "plugins", operation_id = "list_plugins_of_marketplace",
    params(("id" = String, Path, description = "The marketplace's slug")),
    responses(
        (status = 200, description = "Its plugins, also those that cannot be served", body = Vec<wire::Plugin>),
    ),
)]
pub(super) async fn of_marketplace(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<Vec<wire::Plugin>>, Failure> {
    let all = ask(app, move |registry| registry.plugins(&caller, Some(&id))).await?;
    Ok(Json(all.into_iter().map(told).collect()))
}

/// Show one plugin: entry, manifest, version, commit, files and components
#[utoipa::path(
    get, path = "/api/marketplaces/{id}/plugins/{name}", tag = "plugins", operation_id = "show_plugin",
    params(("id" = String, Path, description = "The marketplace's slug"), ("name" = String, Path, description = "Its name in its own marketplace")),
    responses(
        (status = 200, description = "It", body = wire::PluginDetail),
    ),
)]
pub(super) async fn show(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Json<wire::PluginDetail>, Failure> {
    let detail = ask(app, move |registry| registry.plugin(&caller, &id, &name)).await?;
    let PluginDetail {
        row,
        disabled,
        served_name,
        served_version,
        commit,
        origin,
        manifest,
        components,
        content,
    } = detail;
    let files = content.files.into_iter();
    Ok(Json(wire::PluginDetail {
        served_name,
        served_version,
        commit,
        origin,
        digest: row.digest.clone(),
        entry: json(&row.raw),
        manifest,
        components,
        file_list: files
            .map(|(path, file)| wire::PluginFile { path, size: file.size, executable: file.executable })
            .collect(),
        plugin: told(Listed { row, disabled }),
    }))
}

/// Take a plugin out for everybody
///
/// Whatever was granted, from the next request on nobody gets it, nor what they fetched of it before. It stays
/// so through syncs, also if the plugin vanishes and comes back; it need not be there yet. To disable it
/// again with another reason changes the reason.
#[utoipa::path(
    post, path = "/api/marketplaces/{id}/plugins/{name}/disable", tag = "plugins", operation_id = "disable_plugin",
    params(("id" = String, Path, description = "The marketplace's slug"), ("name" = String, Path, description = "Its name in its own marketplace")),
    request_body = wire::Disable,
    responses(
        (status = 200, description = "Nobody gets it", body = wire::Switched),
    ),
)]
pub(super) async fn disable(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(String, String)>,
    Body(why): Body<wire::Disable>,
) -> Result<Json<wire::Switched>, Failure> {
    ask(app, move |registry| registry.disable_plugin(&caller, &id, &name, why.reason.as_deref()))
        .await
        .map(switched)
        .map(Json)
}

/// Give a plugin back to whoever was granted it
#[utoipa::path(
    post, path = "/api/marketplaces/{id}/plugins/{name}/enable", tag = "plugins", operation_id = "enable_plugin",
    params(("id" = String, Path, description = "The marketplace's slug"), ("name" = String, Path, description = "Its name in its own marketplace")),
    responses(
        (status = 200, description = "It is not disabled", body = wire::Switched),
    ),
)]
pub(super) async fn enable(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((id, name)): Path<(String, String)>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Json<wire::Switched>, Failure> {
    ask(app, move |registry| registry.enable_plugin(&caller, &id, &name)).await.map(switched).map(Json)
}

fn switched(done: disabling::Switched) -> wire::Switched {
    wire::Switched {
        marketplace_slug: done.marketplace,
        name: done.name,
        disabled: done.disabled.map(told_disabled),
        changed: done.changed,
        listed: done.listed,
    }
}

fn told_disabled(row: DisabledRow) -> wire::Disabled {
    wire::Disabled { at: rfc3339(row.at), by: row.by, reason: row.reason }
}

fn told(listed: Listed) -> wire::Plugin {
    let Listed { row, disabled } = listed;
    wire::Plugin {
        marketplace_slug: row.marketplace_id,
        name: row.name,
        description: row.description,
        version: row.version,
        author_name: row.author_name,
        homepage: row.homepage,
        category: row.category,
        source_type: row.source_type,
        source_spec: json(&row.source_spec),
        served: row.digest.is_some() && disabled.is_none(),
        reason: disabled.as_ref().map(|row| sentence(row.reason.as_deref())).or(row.reason),
        disabled: disabled.map(told_disabled),
        files: u64::try_from(row.files).unwrap_or_default(),
        bytes: u64::try_from(row.bytes).unwrap_or_default(),
        notes: serde_json::from_str(&row.notes).unwrap_or_default(),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
