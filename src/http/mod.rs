//! The API: extract, call the registry, translate. One list of routes.
//!
//! Doors decide who the caller is and say so to the router; nothing inside a request can.

mod bundles;
mod extract;
mod grants;
mod marketplaces;
mod people;
mod plugins;
mod problem;
pub mod server;
mod sync;
#[cfg(test)]
mod tests;
mod upkeep;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::routing::{delete, get, post};

use crate::domain::caller::Caller;
use crate::registry::Registry;

/// Largest request body, in bytes. The largest that makes sense is a grant of many plugins.
const LARGEST_BODY: usize = 4 << 20;

type App = Arc<Registry>;

/// The API behind a door that knows who comes through it.
pub fn router(registry: Arc<Registry>, caller: Caller) -> Router {
    api(registry).layer(Extension(caller))
}

/// The API for doors that say with each request who comes through them.
fn api(registry: Arc<Registry>) -> Router {
    routes().layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(registry)
}

fn routes() -> Router<App> {
    Router::new()
        .route("/api/marketplaces", get(marketplaces::list).post(marketplaces::add))
        .route("/api/marketplaces/sync-all", post(sync::all))
        .route(
            "/api/marketplaces/{id}",
            get(marketplaces::show).patch(marketplaces::edit).delete(marketplaces::remove),
        )
        .route("/api/marketplaces/{id}/sync", post(sync::one))
        .route("/api/marketplaces/{id}/plugins", get(plugins::of_marketplace))
        .route("/api/marketplaces/{id}/plugins/{name}", get(plugins::show))
        .route("/api/plugins", get(plugins::list))
        .route("/api/users", get(people::users).post(people::add_user))
        .route("/api/users/{id}", get(people::user).delete(people::remove_user))
        .route("/api/users/{id}/info", get(views::info))
        .route("/api/users/{id}/marketplace.zip", get(bundles::zip))
        .route("/api/groups", get(people::groups).post(people::add_group))
        .route("/api/groups/{id}", get(people::group).delete(people::remove_group))
        .route("/api/groups/{id}/members", post(people::join))
        .route("/api/groups/{id}/members/{user}", delete(people::leave))
        .route("/api/grants", get(grants::list).post(grants::grant).delete(grants::revoke))
        .route("/api/audit", get(upkeep::audit))
        .route("/api/doctor", get(upkeep::doctor))
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
}
