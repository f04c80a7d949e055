//! `/setup`: how to set an analyst's machine up by hand, for whoever has a token and no `agnes`. There is no
//! secret in it, so no token is asked for.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::link::{Link, Peer};
use super::{Serving, address};
use crate::domain::feed::guide::{self, Platform};
use crate::domain::note::quoted;
use crate::http::problem::Failure;
use crate::wire::Problem;
use crate::wire::problem::CONTENT_TYPE;

/// Show how to set Claude Code up by hand, as commands to be pasted
#[utoipa::path(
    get, path = "/setup", tag = "server", operation_id = "show_setup", security(()),
    params(("platform" = Option<String>, Query, description = "`macos`, `windows` or `linux`. Without it, what the `User-Agent` says, else `linux`")),
    responses(
        (status = 200, description = "For a POSIX shell, or for PowerShell", body = String, content_type = "text/plain"),
        (status = 400, description = "The platform is not known, or the request does not say under which address the server is reached", body = Problem, content_type = CONTENT_TYPE),
    ),
)]
pub(super) async fn show(
    State(serving): State<Arc<Serving>>,
    Extension(link): Extension<Arc<Link>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let platform = match uri.query() {
        None | Some("") => likely(&headers),
        Some(query) => {
            query.strip_prefix("platform=").and_then(|name| name.parse().ok()).ok_or_else(|| {
                let known = Platform::NAMES.join("`, `");
                let told =
                    format!("{} does not say a platform: `?platform=` and one of `{known}`", quoted(query));
                Failure::new(StatusCode::BAD_REQUEST, "platform-unknown", told)
            })?
        }
    };
    let from = match &link.peer {
        Peer::Network(address) => address.ip(),
        Peer::Operator(_) => std::net::Ipv4Addr::LOCALHOST.into(),
    };
    let base = address::base(from, &uri, &headers, &serving.settings)?;
    let ca = match serving.settings.ca_cert.clone() {
        None => None,
        // Read each time: it is asked for seldom, and the file may be another by now.
        Some(path) => Some(tokio::fs::read_to_string(&path).await.map_err(|why| {
            tracing::error!(path = %path.display(), error = %why, "the authority's certificate cannot be read");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", "the authority's certificate is not there".into())
        })?),
    };
    let text = guide::text(platform, &base.to_string(), ca.as_deref());
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        // The address in it is the one that was asked.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((about, text).into_response())
}

fn likely(headers: &HeaderMap) -> Platform {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    if agent.contains("Windows") {
        Platform::Windows
    } else if agent.contains("Mac OS") || agent.contains("Darwin") {
        Platform::Macos
    } else {
        Platform::Linux
    }
}
