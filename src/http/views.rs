//! What a user gets, told.

use axum::Json;
use axum::extract::{Extension, State};
use serde_json::Value;

use super::App;
use super::extract::{Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::views::UserView;
use crate::wire::views as wire;

/// Say what one user gets, and why not more
#[utoipa::path(
    get, path = "/api/users/{id}/info", tag = "users", operation_id = "show_view",
    params(("id" = String, Path, description = "An e-mail address or id")),
    responses(
        (status = 200, description = "The view", body = wire::Info),
    ),
)]
pub(super) async fn info(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<wire::Info>, Failure> {
    let marketplace_name = app.settings().feed.name.clone();
    let view = ask(app, move |registry| registry.view(&caller, &id)).await?;
    Ok(Json(told(view, marketplace_name)))
}

pub(super) fn told(view: UserView, marketplace_name: String) -> wire::Info {
    let UserView { user_id, email, groups, view, through, mut sources, generated_at, .. } = view;
    let plugins: Vec<wire::ViewPlugin> = view
        .plugins
        .into_iter()
        .map(|plugin| (format!("{}/{}", plugin.slug, plugin.plugin), plugin))
        .map(|(resource, plugin)| (through.get(&resource).cloned(), sources.remove(&resource), plugin))
        .map(|(groups, source, plugin)| wire::ViewPlugin {
            groups: groups.unwrap_or_default(),
            digest: source.as_ref().map(|source| source.digest.to_string()),
            origin: source.map(|source| source.origin),
            name: plugin.name,
            original_name: plugin.plugin.to_string(),
            prefixed_name: plugin.prefixed_name,
            marketplace_slug: plugin.slug.to_string(),
            version: plugin.version,
            description: plugin.entry.get("description").and_then(Value::as_str).map(str::to_owned),
            source: plugin.entry.get("source").cloned().unwrap_or(Value::Null),
        })
        .collect();
    let left_out = view.left_out.into_iter().map(|left| wire::LeftOut {
        marketplace_slug: left.slug.to_string(),
        original_name: left.plugin.to_string(),
        code: left.why,
        reason: left.reason,
    });
    wire::Info {
        user_id,
        email,
        groups,
        marketplace_name,
        etag: view.digest.to_string(),
        plugin_count: plugins.len() as u64,
        plugins,
        left_out: left_out.collect(),
        generated_at: rfc3339(generated_at),
    }
}
