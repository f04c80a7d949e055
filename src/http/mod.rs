//! The API: extract, call the registry, translate. One list of routes.
//!
//! Doors decide who the caller is and say so to the router; nothing inside a request can.

mod bundles;
mod diff;
mod etag;
mod extract;
mod feed;
mod files;
mod flights;
mod git;
mod grants;
mod hosts;
mod marketplaces;
pub mod openapi;
mod people;
mod plugins;
mod problem;
mod provenance;
mod room;
pub mod server;
mod states;
mod strict;
mod sync;
#[cfg(test)]
mod tests;
mod tokens;
mod upkeep;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::http::HeaderValue;
use axum::middleware::{from_fn, map_response};
use axum::response::Response;
use tower::ServiceBuilder;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::access::caller::Caller;
use crate::registry::Registry;
use crate::wire::{VERSION, VERSION_HEADER};
use feed::Feed;

/// Largest request body, in bytes. The largest that makes sense is a grant of many plugins.
const LARGEST_BODY: usize = 4 << 20;

type App = Arc<Registry>;

/// The API behind a door that knows who comes through it.
pub fn router(registry: Arc<Registry>, caller: Caller) -> Router {
    api(registry, Arc::default()).layer(Extension(caller))
}

/// The API for doors that say with each request who comes through them. All doors of a process share
/// one feed.
fn api(registry: Arc<Registry>, feed: Arc<Feed>) -> Router {
    let (routes, _) = routes().split_for_parts();
    let (git, _) = git_routes().split_for_parts();
    routes
        // Claude Code clones whatever has `/_git/` in its path, with a slash at its end or without; so the
        // repository is there once more.
        .nest("/_git", git)
        .fallback(problem::no_such_route)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(
            // In one piece: each layer of a router by itself is a box around the others, and all of them are copied
            // for each request.
            ServiceBuilder::new()
                .layer(Extension(feed))
                .layer(map_response(signed))
                .layer(from_fn(strict::refuse))
                .layer(DefaultBodyLimit::max(LARGEST_BODY)),
        )
        .with_state(registry)
}

/// Marks an answer that clients ask for all day, to see whether there is anything new.
#[derive(Clone, Copy)]
struct Routine;

/// Says with every answer which agnes gave it.
async fn signed(mut response: Response) -> Response {
    sign(&mut response);
    response
}

fn sign(response: &mut Response) {
    response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
}

/// The one list. Path and method of each stand with its handler, in the description that OpenAPI is made
/// of: what is not described there is not a route.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::outline())
        .routes(routes!(openapi::show))
        .routes(routes!(marketplaces::list, marketplaces::add))
        .routes(routes!(sync::all))
        .routes(routes!(marketplaces::show, marketplaces::edit, marketplaces::remove))
        .routes(routes!(sync::one))
        .routes(routes!(diff::show))
        .routes(routes!(states::list))
        .routes(routes!(states::approve))
        .routes(routes!(states::rollback))
        .routes(routes!(plugins::of_marketplace))
        .routes(routes!(plugins::show))
        .routes(routes!(plugins::disable))
        .routes(routes!(plugins::enable))
        .routes(routes!(plugins::list))
        .routes(routes!(people::users, people::add_user))
        .routes(routes!(people::user, people::remove_user))
        .routes(routes!(views::info))
        .routes(routes!(bundles::zip))
        .routes(routes!(provenance::of_user))
        .routes(routes!(feed::zip))
        .routes(routes!(feed::info))
        .routes(routes!(provenance::own))
        .merge(git_routes())
        .routes(routes!(feed::plugin::zip))
        .routes(routes!(feed::catalog::json))
        .routes(routes!(feed::catalog::at_repository))
        .routes(routes!(feed::catalog::at_other_repository))
        .routes(routes!(people::groups, people::add_group))
        .routes(routes!(people::group, people::remove_group))
        .routes(routes!(people::join))
        .routes(routes!(people::leave))
        .routes(routes!(grants::list, grants::grant, grants::revoke))
        .routes(routes!(hosts::list))
        .routes(routes!(hosts::edit, hosts::forget))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(upkeep::audit))
        .routes(routes!(upkeep::doctor))
        .routes(routes!(upkeep::backup))
        .routes(routes!(upkeep::prune))
}

/// What git's clients ask for.
fn git_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(git::refs))
        .routes(routes!(git::upload_pack))
        .routes(routes!(git::receive_pack))
        .routes(routes!(git::bundle))
        .layer(DefaultBodyLimit::max(git::LARGEST_REQUEST))
}
