//! `/api/users`, `/api/groups` and who is in them.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;

use super::App;
use super::extract::{Body, Path, ask};
use super::problem::Failure;
use crate::domain::access::caller::Caller;
use crate::domain::time::rfc3339;
use crate::registry::people::groups::{Group, Membership};
use crate::registry::people::users::User;
use crate::wire::people as wire;

type Answer<T> = Result<Json<T>, Failure>;

/// List users and their groups
#[utoipa::path(
    get, path = "/api/users", tag = "users", operation_id = "list_users",
    responses(
        (status = 200, description = "All", body = Vec<wire::User>),
    ),
)]
pub(super) async fn users(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<wire::User>> {
    let all = ask(app, move |registry| registry.users(&caller)).await?;
    Ok(Json(all.into_iter().map(told_user).collect()))
}

/// Show one user
#[utoipa::path(
    get, path = "/api/users/{id}", tag = "users", operation_id = "show_user",
    params(("id" = String, Path, description = "An e-mail address or id")),
    responses(
        (status = 200, description = "They", body = wire::User),
    ),
)]
pub(super) async fn user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer<wire::User> {
    ask(app, move |registry| registry.user(&caller, &id)).await.map(told_user).map(Json)
}

/// Add a user
#[utoipa::path(
    post, path = "/api/users", tag = "users", operation_id = "add_user",
    request_body = wire::NewUser,
    responses(
        (status = 201, description = "They are added", body = wire::User),
    ),
)]
pub(super) async fn add_user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<wire::NewUser>,
) -> Result<(StatusCode, Json<wire::User>), Failure> {
    let added = ask(app, move |registry| registry.add_user(&caller, &new.email, new.name)).await?;
    Ok((StatusCode::CREATED, Json(told_user(added))))
}

/// Remove a user, with memberships and tokens
#[utoipa::path(
    delete, path = "/api/users/{id}", tag = "users", operation_id = "remove_user",
    params(("id" = String, Path, description = "An e-mail address or id")),
    responses(
        (status = 204, description = "They are gone"),
    ),
)]
pub(super) async fn remove_user(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    ask(app, move |registry| registry.remove_user(&caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List groups
#[utoipa::path(
    get, path = "/api/groups", tag = "groups", operation_id = "list_groups",
    responses(
        (status = 200, description = "All, `Admin` and `Everyone` among them", body = Vec<wire::Group>),
    ),
)]
pub(super) async fn groups(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
) -> Answer<Vec<wire::Group>> {
    let all = ask(app, move |registry| registry.groups(&caller)).await?;
    Ok(Json(all.into_iter().map(told_group).collect()))
}

/// Show one group, its members and what it was granted
#[utoipa::path(
    get, path = "/api/groups/{id}", tag = "groups", operation_id = "show_group",
    params(("id" = String, Path, description = "A name or id")),
    responses(
        (status = 200, description = "It", body = wire::GroupDetail),
    ),
)]
pub(super) async fn group(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer<wire::GroupDetail> {
    let detail = ask(app, move |registry| registry.group(&caller, &id)).await?;
    Ok(Json(wire::GroupDetail {
        group: told_group(detail.group),
        members: detail.members,
        grants: detail.grants,
    }))
}

/// Add a group
#[utoipa::path(
    post, path = "/api/groups", tag = "groups", operation_id = "add_group",
    request_body = wire::NewGroup,
    responses(
        (status = 201, description = "It is added", body = wire::Group),
    ),
)]
pub(super) async fn add_group(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<wire::NewGroup>,
) -> Result<(StatusCode, Json<wire::Group>), Failure> {
    let added = ask(app, move |registry| registry.add_group(&caller, &new.name, new.description)).await?;
    Ok((StatusCode::CREATED, Json(told_group(added))))
}

/// Remove a group, with its memberships and grants
#[utoipa::path(
    delete, path = "/api/groups/{id}", tag = "groups", operation_id = "remove_group",
    params(("id" = String, Path, description = "A name or id")),
    responses(
        (status = 204, description = "It is gone"),
    ),
)]
pub(super) async fn remove_group(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    ask(app, move |registry| registry.remove_group(&caller, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a user into a group
#[utoipa::path(
    post, path = "/api/groups/{id}/members", tag = "groups", operation_id = "join_group",
    params(("id" = String, Path, description = "A name or id")),
    request_body = wire::NewMember,
    responses(
        (status = 200, description = "They are in it", body = wire::Membership),
    ),
)]
pub(super) async fn join(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(new): Body<wire::NewMember>,
) -> Answer<wire::Membership> {
    ask(app, move |registry| registry.join(&caller, &id, &new.user)).await.map(told_membership).map(Json)
}

/// Take a user out of a group
#[utoipa::path(
    delete, path = "/api/groups/{id}/members/{user}", tag = "groups", operation_id = "leave_group",
    params(("id" = String, Path, description = "A name or id"), ("user" = String, Path, description = "The user's e-mail address or id")),
    responses(
        (status = 200, description = "They are not in it", body = wire::Membership),
    ),
)]
pub(super) async fn leave(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((id, user)): Path<(String, String)>,
) -> Answer<wire::Membership> {
    ask(app, move |registry| registry.leave(&caller, &id, &user)).await.map(told_membership).map(Json)
}

fn told_user(user: User) -> wire::User {
    wire::User {
        id: user.row.id,
        email: user.row.email,
        name: user.row.name,
        created_at: rfc3339(user.row.created_at),
        groups: user.groups.into_iter().map(|group| group.name).collect(),
    }
}

fn told_group(group: Group) -> wire::Group {
    wire::Group {
        id: group.row.id,
        name: group.row.name,
        description: group.row.description,
        is_system: group.row.is_system,
        created_at: rfc3339(group.row.created_at),
        member_count: group.members,
    }
}

fn told_membership(membership: Membership) -> wire::Membership {
    wire::Membership {
        user: membership.email,
        group: membership.group,
        member: membership.member,
        changed: membership.changed,
    }
}
