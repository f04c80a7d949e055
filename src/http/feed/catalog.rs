//! The hosted catalog: what the client reads when it is given an address that is no repository's. To it,
//! one with a slash at its end is such an address, whatever comes before the slash.
//!
//! The answer has the caller's own token in it, which nothing else behind the door ever sees.

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::domain::access::caller::Caller;
use crate::http::App;
use crate::http::extract::ask;
use crate::http::problem::Failure;
use crate::registry::Error;
use crate::registry::bundles::archives::{Base, Login};
use crate::wire::Problem;

/// Where it is.
const PATHS: [&str; 3] = ["/marketplace.json", "/marketplace.git/", "/_git/marketplace.git/"];

/// Whether requests for that route are to bring an [`Arrival`].
pub(in crate::http) fn is_at(route: &str) -> bool {
    PATHS.contains(&route)
}

/// With what somebody came over a network, and to which address: for this answer only.
#[derive(Debug, Clone)]
pub(in crate::http) struct Arrival {
    pub login: Login,
    pub base: Result<Base, Failure>,
}

/// What can go wrong with it, at whichever address.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "it describes")]
enum Troubles {
    /// The request does not say under which address the server is reached
    #[response(status = 400, content_type = "application/problem+json")]
    Nameless(Problem),
    /// It is larger than 5 MiB all the same
    #[response(status = 409, content_type = "application/problem+json")]
    TooLarge(Problem),
}

/// Get the caller's plugins as a catalog that Claude Code reads from an address
///
/// Entries lead to this server's git repository, with the token that the request came with in their
/// addresses: the answer is for nobody else's eyes.
#[utoipa::path(
    get, path = "/marketplace.json", tag = "feed", operation_id = "get_catalog",
    responses(
        (status = 200, description = "The catalog, as in the ZIP but for the sources: each is a `git-subdir`. Of one that would be larger than 5 MiB, what only describes the plugins is left out", body = Value),
        Troubles,
    ),
)]
pub(in crate::http) async fn json(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    arrival: Option<Extension<Arrival>>,
) -> Result<Response, Failure> {
    answer(app, caller, arrival).await
}

/// Get the same where Claude Code looks for it when the repository's address was given with a slash
#[utoipa::path(
    get, path = "/marketplace.git/", tag = "feed", operation_id = "get_catalog_at_repository",
    responses(
        (status = 200, description = "As `/marketplace.json`", body = Value),
        Troubles,
    ),
)]
pub(in crate::http) async fn at_repository(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    arrival: Option<Extension<Arrival>>,
) -> Result<Response, Failure> {
    answer(app, caller, arrival).await
}

/// Get the same below the repository's other address
#[utoipa::path(
    get, path = "/_git/marketplace.git/", tag = "feed", operation_id = "get_catalog_at_other_repository",
    responses(
        (status = 200, description = "As `/marketplace.json`", body = Value),
        Troubles,
    ),
)]
pub(in crate::http) async fn at_other_repository(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    arrival: Option<Extension<Arrival>>,
) -> Result<Response, Failure> {
    answer(app, caller, arrival).await
}

async fn answer(app: App, caller: Caller, arrival: Option<Extension<Arrival>>) -> Result<Response, Failure> {
    caller.own_id().map_err(Error::from)?;
    // Users come over networks, and with a token: there is no other door for them.
    let Some(Extension(Arrival { login, base })) = arrival else {
        return Err(Failure::defect("a user came in without a token"));
    };
    let base = base?;
    let catalog = ask(app, move |registry| registry.my_hosted_catalog(&caller, &base, &login)).await?;
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("authorization")),
    ];
    // The one place where a token leaves: to whom it belongs, who has just shown it.
    Ok((about, Body::from(catalog.expose().to_owned())).into_response())
}
