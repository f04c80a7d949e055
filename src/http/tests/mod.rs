//! The API through its router, with roles as variables.

mod feed;
mod plugin;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::router;
use crate::domain::access::caller::Caller;
use crate::registry::testing::{Fixture, operator, user};
use crate::wire::problem::CONTENT_TYPE;

struct Answer {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

async fn ask(fixture: &Fixture, caller: &Caller, method: &str, path: &str, body: &Value) -> Answer {
    ask_for(fixture, caller, method, path, body, "application/json").await
}

async fn ask_for(
    fixture: &Fixture,
    caller: &Caller,
    method: &str,
    path: &str,
    body: &Value,
    accept: &str,
) -> Answer {
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header(header::ACCEPT, accept)
        .body(body)
        .unwrap();
    let router = router(Arc::clone(&fixture.registry), caller.clone());
    let answer = router.oneshot(request).await.unwrap();
    let kind = answer.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    Answer {
        status: answer.status().as_u16(),
        kind: kind.unwrap_or_default(),
        body: answer.into_body().collect().await.unwrap().to_bytes().to_vec(),
    }
}

pub(super) fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.admit("grace@example.com", "Team", &["tools/*"]);
    fixture
}

/// Every route, with a request that succeeds for whoever may make it. In an order in which each
/// finds what it needs.
pub(super) fn routes() -> Vec<(&'static str, &'static str, Value, StatusCode)> {
    let ok = StatusCode::OK;
    vec![
        ("GET", "/api/marketplaces", Value::Null, ok),
        ("POST", "/api/marketplaces", json!({"url": "https://git.example/new.git"}), StatusCode::CREATED),
        ("GET", "/api/marketplaces/new", Value::Null, ok),
        ("PATCH", "/api/marketplaces/new", json!({"name": "New"}), ok),
        ("DELETE", "/api/marketplaces/new", Value::Null, StatusCode::NO_CONTENT),
        ("GET", "/api/marketplaces/tools/plugins", Value::Null, ok),
        ("GET", "/api/marketplaces/tools/plugins/x", Value::Null, ok),
        ("POST", "/api/marketplaces/tools/plugins/x/disable", json!({"reason": "Why"}), ok),
        ("POST", "/api/marketplaces/tools/plugins/x/enable", Value::Null, ok),
        ("POST", "/api/marketplaces/tools/sync", Value::Null, ok),
        ("GET", "/api/marketplaces/tools/states", Value::Null, ok),
        ("GET", "/api/marketplaces/tools/diff?everything=true", Value::Null, ok),
        // It is what is served already.
        ("POST", "/api/marketplaces/tools/approve", json!({"commit": "s1"}), StatusCode::CONFLICT),
        ("POST", "/api/marketplaces/tools/rollback", json!({"commit": "s1"}), StatusCode::CONFLICT),
        ("GET", "/api/plugins", Value::Null, ok),
        ("GET", "/api/hosts", Value::Null, ok),
        ("PATCH", "/api/hosts/git.example", json!({"rule": "allow"}), ok),
        ("PATCH", "/api/hosts/git.example", json!({"rule": "deny", "token": ""}), ok),
        ("DELETE", "/api/hosts/git.example", Value::Null, StatusCode::NO_CONTENT),
        ("GET", "/api/users", Value::Null, ok),
        ("POST", "/api/users", json!({"email": "new@example.com"}), StatusCode::CREATED),
        ("GET", "/api/users/new@example.com", Value::Null, ok),
        ("GET", "/api/users/grace@example.com/info", Value::Null, ok),
        ("GET", "/api/users/grace@example.com/marketplace.zip", Value::Null, ok),
        ("DELETE", "/api/users/new@example.com", Value::Null, StatusCode::NO_CONTENT),
        ("GET", "/api/groups", Value::Null, ok),
        ("POST", "/api/groups", json!({"name": "New"}), StatusCode::CREATED),
        ("GET", "/api/groups/New", Value::Null, ok),
        ("POST", "/api/groups/New/members", json!({"user": "grace@example.com"}), ok),
        ("DELETE", "/api/groups/New/members/grace@example.com", Value::Null, ok),
        ("DELETE", "/api/groups/New", Value::Null, StatusCode::NO_CONTENT),
        ("GET", "/api/grants", Value::Null, ok),
        ("POST", "/api/grants", json!({"group": "Team", "resources": ["tools/x"]}), ok),
        ("DELETE", "/api/grants", json!({"group": "Team", "resources": ["tools/x"]}), ok),
        ("GET", "/api/audit?limit=3", Value::Null, ok),
        ("GET", "/api/audit?actor=root&action=user&resource=x", Value::Null, ok),
        ("POST", "/api/tokens", json!({"user": "grace@example.com"}), StatusCode::CREATED),
        ("GET", "/api/tokens?user=grace@example.com", Value::Null, ok),
        ("GET", "/api/tokens?all=true", Value::Null, ok),
        ("GET", "/api/doctor", Value::Null, ok),
    ]
}

#[tokio::test]
async fn operator_and_admin_may_and_nobody_else() {
    for caller in [operator(), user(true)] {
        let fixture = fixture();
        for (method, path, body, status) in routes() {
            let answer = ask(&fixture, &caller, method, path, &body).await;
            assert_eq!(answer.status, status.as_u16(), "{method} {path}: {}", answer.json());
        }
    }
    let fixture = fixture();
    for caller in [user(false), Caller::Scheduler] {
        for (method, path, body, _) in routes() {
            let answer = ask(&fixture, &caller, method, path, &body).await;
            assert_eq!((answer.status, answer.kind.as_str()), (403, CONTENT_TYPE), "{method} {path}");
            assert_eq!(answer.json()["code"], "forbidden");
        }
    }
}

#[tokio::test]
async fn the_scheduler_may_sync_all_and_a_user_may_not() {
    let fixture = fixture();
    let statuses = [(operator(), 200), (user(true), 200), (Caller::Scheduler, 200), (user(false), 403)];
    for (caller, status) in statuses {
        let answer = ask(&fixture, &caller, "POST", "/api/marketplaces/sync-all", &Value::Null).await;
        assert_eq!(answer.status, status, "{caller:?}");
    }
    let one = json!({"only": ["tools"]});
    let answer = ask(&fixture, &Caller::Scheduler, "POST", "/api/marketplaces/sync-all", &one).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn what_is_wrong_has_its_status_and_is_a_problem_document() {
    let fixture = fixture();
    let tools = json!({"url": "https://git.example/tools.git"});
    let cases = [
        ("POST", "/api/marketplaces", tools, 409, "marketplace-exists"),
        ("POST", "/api/marketplaces", json!({"url": "ftp://x/y"}), 422, "invalid"),
        ("POST", "/api/marketplaces", json!({"url": 3}), 422, "body-unusable"),
        ("POST", "/api/marketplaces", json!({}), 422, "body-unusable"),
        ("POST", "/api/marketplaces", json!({"url": "https://x/y", "tokn": "t"}), 422, "body-unusable"),
        ("GET", "/api/marketplaces/no", Value::Null, 404, "marketplace-not-found"),
        ("GET", "/api/marketplaces/tools/plugins/no", Value::Null, 404, "plugin-not-found"),
        ("POST", "/api/grants", json!({"group": "no", "resources": ["tools/x"]}), 404, "group-not-found"),
        ("POST", "/api/grants", json!({"group": "Team", "resources": ["tools"]}), 422, "invalid"),
        ("DELETE", "/api/grants", json!({"group": "Team", "resources": ["tools/x"]}), 409, "conflict"),
        ("DELETE", "/api/groups/Admin", Value::Null, 409, "conflict"),
        ("GET", "/api/grants?grup=x", Value::Null, 400, "query-unusable"),
        ("POST", "/api/tokens", json!({}), 422, "invalid"),
        ("POST", "/api/tokens", json!({"user": "no@example.com"}), 404, "user-not-found"),
        ("POST", "/api/tokens", json!({"user": "grace@example.com", "expires": "1"}), 422, "invalid"),
        ("POST", "/api/tokens", json!({"user": "grace@example.com", "token": "x"}), 422, "body-unusable"),
        ("GET", "/api/tokens?user=a&all=true", Value::Null, 400, "query-unusable"),
        ("DELETE", "/api/tokens/no", Value::Null, 404, "token-not-found"),
        ("GET", "/api/no", Value::Null, 404, "route-not-found"),
        ("PUT", "/api/users", Value::Null, 405, "method-not-allowed"),
    ];
    for (method, path, body, status, code) in cases {
        let answer = ask(&fixture, &operator(), method, path, &body).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["code"]), (status, &json!(code)), "{method} {path}: {told}");
        assert_eq!((answer.kind.as_str(), &told["status"]), (CONTENT_TYPE, &json!(status)));
        assert!(!told["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_token_goes_in_and_never_comes_out() {
    let fixture = fixture();
    let new = json!({"url": "https://git.example/private.git", "token": "hunter2"});
    let mut heard = String::new();
    for (method, path, body) in [
        ("POST", "/api/marketplaces", new),
        ("GET", "/api/marketplaces", Value::Null),
        ("PATCH", "/api/marketplaces/private", json!({"token": "hunter22"})),
        ("GET", "/api/audit", Value::Null),
    ] {
        let answer = ask(&fixture, &operator(), method, path, &body).await;
        heard.push_str(&answer.json().to_string());
    }
    assert!(heard.contains("\"has_token\":true") && !heard.contains("hunter2"), "{heard}");
    let cleared =
        ask(&fixture, &operator(), "PATCH", "/api/marketplaces/private", &json!({"token": ""})).await;
    assert_eq!(cleared.json()["has_token"], false);
}

#[tokio::test]
async fn a_users_tokens_over_the_api() {
    let fixture = fixture();
    let grace = fixture.registry.user(&operator(), "grace@example.com").unwrap().row.id;
    let grace = Caller::User { id: grace, email: "grace@example.com".into(), admin: false };
    let new = json!({"name": "laptop", "expires": "90d"});
    let made = ask(&fixture, &grace, "POST", "/api/tokens", &new).await.json();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("agnes_pat_") && token.len() == 59);
    assert_eq!((&made["user"], &made["name"]), (&json!("grace@example.com"), &json!("laptop")));
    let list = ask(&fixture, &grace, "GET", "/api/tokens", &Value::Null).await.json();
    assert_eq!(list[0]["id"], made["id"]);
    assert_eq!((&list[0]["revoked_at"], &list[0]["expires_at"]), (&Value::Null, &made["expires_at"]));
    assert!(!list.to_string().contains(&token[10..]));

    let path = format!("/api/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(ask(&fixture, &user(false), "DELETE", &path, &Value::Null).await.status, 404);
    for _ in 0..2 {
        assert_eq!(ask(&fixture, &grace, "DELETE", &path, &Value::Null).await.status, 204);
    }
    let list = ask(&fixture, &grace, "GET", "/api/tokens", &Value::Null).await.json();
    assert!(list[0]["revoked_at"].is_string());
}

#[tokio::test]
async fn the_answer_with_a_token_is_not_to_be_kept() {
    let fixture = fixture();
    let body = Body::from(json!({"user": "grace@example.com"}).to_string());
    let request = Request::builder().method("POST").uri("/api/tokens").body(body).unwrap();
    let answer = router(Arc::clone(&fixture.registry), operator()).oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_stream_has_events_and_exactly_one_last_word() {
    let fixture = fixture();
    let stream = |path: &'static str| {
        ask_for(&fixture, &Caller::Scheduler, "POST", path, &Value::Null, "application/x-ndjson")
    };
    let answer = stream("/api/marketplaces/sync-all").await;
    assert_eq!((answer.status, answer.kind.as_str()), (200, "application/x-ndjson"));
    let text = String::from_utf8(answer.body).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.iter().filter(|event| event["event"] == "done" || event["event"] == "problem").count();
    assert_eq!((last, &events.last().unwrap()["event"]), (1, &json!("done")), "{text}");
    assert!(events.iter().any(|event| event["event"] == "synced"));

    let answer = stream("/api/marketplaces/tools/sync").await;
    let last: Value = serde_json::from_slice(answer.body.trim_ascii_end()).unwrap();
    assert_eq!((&last["event"], &last["problem"]["status"]), (&json!("problem"), &json!(403)));
}

#[tokio::test]
async fn a_bundle_has_a_strong_tag_and_its_length() {
    let fixture = fixture();
    let path = "/api/users/grace@example.com/marketplace.zip";
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let answer = router(Arc::clone(&fixture.registry), operator()).oneshot(request).await.unwrap();
    let header = |name| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
    let info = ask(&fixture, &operator(), "GET", "/api/users/grace@example.com/info", &Value::Null).await;
    assert_eq!(header(header::ETAG), format!("\"{}\"", info.json()["etag"].as_str().unwrap()));
    assert_eq!(header(header::CONTENT_DISPOSITION), "attachment; filename=\"agnes-marketplace.zip\"");
    let length: usize = header(header::CONTENT_LENGTH).parse().unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), length);
}
