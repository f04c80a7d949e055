//! `/api/doctor`, `/api/audit`, `/api/backup` and `/api/prune`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::extract::{Asked, Body, ask};
use super::files::FileBody;
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::audit::Acts;
use crate::registry::backup::Backup;
use crate::registry::doctor::Severity;
use crate::wire::upkeep::{self as wire, TOKENS_HEADER};
use crate::wire::{audit, doctor};

/// Find what is broken or suspicious in the data folder of the server
#[utoipa::path(
    get, path = "/api/doctor", tag = "upkeep", operation_id = "checkup",
    responses(
        (status = 200, description = "What was found", body = doctor::Checkup),
    ),
)]
pub(super) async fn doctor(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<doctor::Checkup>, Failure> {
    let data_dir = app.folder().root().display().to_string();
    let findings = ask(app, move |registry| registry.checkup(&caller)).await?;
    let findings = findings.into_iter().map(|finding| doctor::Finding {
        severity: match finding.severity {
            Severity::Broken => doctor::Severity::Broken,
            Severity::Suspicious => doctor::Severity::Suspicious,
        },
        code: finding.code.to_owned(),
        message: finding.message,
        hint: finding.hint,
    });
    Ok(Json(doctor::Checkup { data_dir, findings: findings.collect() }))
}

/// Back up everything that cannot be fetched or made again
///
/// A ZIP with a folder `state`, to be unpacked into an empty data folder. The tokens of private upstreams
/// are in it only for the operator of the machine.
#[utoipa::path(
    get, path = "/api/backup", tag = "upkeep", operation_id = "backup",
    responses(
        (status = 200, description = "The registry of one moment. `Agnes-Tokens` says whether the tokens of private upstreams are in it", body = Vec<u8>, content_type = "application/zip"),
    ),
)]
pub(super) async fn backup(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Failure> {
    let Backup { file, size, with_tokens } = ask(app, move |registry| registry.backup(&caller)).await?;
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static(TOKENS_HEADER), HeaderValue::from(u64::from(with_tokens))),
    ];
    Ok((about, axum::body::Body::new(FileBody::new(Arc::new(file), size))).into_response())
}

/// Remove from the caches what nobody needs
///
/// Everything in them is made again when somebody asks for it. What somebody is being sent stays.
#[utoipa::path(
    post, path = "/api/prune", tag = "upkeep", operation_id = "prune",
    request_body = wire::Prune,
    responses(
        (status = 200, description = "What was removed", body = wire::Pruned),
    ),
)]
pub(super) async fn prune(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(what): Body<wire::Prune>,
) -> Result<Json<wire::Pruned>, Failure> {
    let pruned = ask(app, move |registry| registry.prune(&caller, what.all)).await?;
    Ok(Json(wire::Pruned { files: pruned.files, bytes: pruned.bytes }))
}

/// How many of the latest acts, and of which.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Most {
    /// How many.
    #[serde(default = "hundred")]
    limit: u32,
    /// Done by whom: a name as the list shows it.
    actor: Option<String>,
    /// One action, or the beginning of several up to a full stop.
    action: Option<String>,
    /// Done to which.
    resource: Option<String>,
}

fn hundred() -> u32 {
    100
}

/// List who did what, the latest first
#[utoipa::path(
    get, path = "/api/audit", tag = "upkeep", operation_id = "list_acts",
    params(Most),
    responses(
        (status = 200, description = "The latest", body = Vec<audit::AuditEntry>),
    ),
)]
pub(super) async fn audit(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Asked(most): Asked<Most>,
) -> Result<Json<Vec<audit::AuditEntry>>, Failure> {
    let Most { limit, actor, action, resource } = most;
    let of = Acts { actor, action, resource };
    let rows = ask(app, move |registry| registry.audit_of(&caller, limit, &of)).await?;
    let told = rows.into_iter().map(|row| audit::AuditEntry {
        id: row.id,
        at: rfc3339(row.at),
        actor: row.actor,
        action: row.action,
        resource: row.resource,
        detail: row.detail,
    });
    Ok(Json(told.collect()))
}
