//! What strangers and slips of the keyboard send, on every route that there is.

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::decoded;
use crate::http::openapi::DOCUMENT;
use crate::http::tests::{fixture, routes};
use crate::http::{LARGEST_BODY, router};
use crate::registry::testing::{Fixture, operator};
use crate::wire::problem::CONTENT_TYPE;

/// Sends something that must be refused, and returns the problem.
async fn refused(fixture: &Fixture, request: Request<Body>) -> Value {
    let router = router(fixture.registry.clone(), operator());
    let answer = router.oneshot(request).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(status >= 400, "{status}: {}", String::from_utf8_lossy(&body));
    assert_eq!(headers[header::CONTENT_TYPE], CONTENT_TYPE, "{status}");
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], status);
    assert!(!problem["detail"].as_str().unwrap().is_empty());
    problem
}

fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(path).body(body.into()).unwrap()
}

fn status_and_code(problem: &Value) -> (u64, &str) {
    (problem["status"].as_u64().unwrap(), problem["code"].as_str().unwrap())
}

/// Routes that take a body, with a good one, and the fields that its type has.
fn with_bodies() -> Vec<(&'static str, &'static str, Value, Vec<String>)> {
    let mut found = Vec::new();
    let all = routes().into_iter().map(|(method, path, body, _)| (method, path, body));
    let sync = [("POST", "/api/marketplaces/sync-all", json!({"only": ["tools"], "jobs": 2}))];
    for (method, path, body) in all.chain(sync).filter(|(.., body)| !body.is_null()) {
        let template = match path.split('/').collect::<Vec<_>>()[..] {
            ["", "api", "marketplaces", "new"] => "/api/marketplaces/{id}",
            ["", "api", "groups", "New", "members"] => "/api/groups/{id}/members",
            ["", "api", "marketplaces", "tools", "approve"] => "/api/marketplaces/{id}/approve",
            ["", "api", "marketplaces", "tools", "rollback"] => "/api/marketplaces/{id}/rollback",
            ["", "api", "marketplaces", "tools", "plugins", "x", "disable"] => {
                "/api/marketplaces/{id}/plugins/{name}/disable"
            }
            ["", "api", "hosts", _] => "/api/hosts/{host}",
            _ => path,
        };
        let operation = &DOCUMENT["paths"][template][method.to_ascii_lowercase()];
        let schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
        let schema = schema.unwrap_or_else(|| panic!("{method} {template}")).trim_start_matches('#');
        let fields = DOCUMENT.pointer(schema).unwrap()["properties"].as_object().unwrap();
        found.push((method, path, body, fields.keys().cloned().collect()));
    }
    assert!(found.len() >= 7, "{}", found.len());
    found
}

fn acts(fixture: &Fixture) -> usize {
    fixture.registry.audit(&operator(), 1000).unwrap().len()
}

#[tokio::test]
async fn bodies_that_are_not_what_is_needed() {
    let fixture = fixture();
    let before = acts(&fixture);
    for (method, path, good, fields) in with_bodies() {
        let text = good.to_string();
        let inner = text.trim_matches(['{', '}']);
        // Broken JSON.
        let broken = [
            &text[..text.len() - 1],
            &text[..text.len() / 2],
            &format!("{text} {{}}"),
            &format!("{text}x"),
            &format!("{{{inner},}}"),
            "{\"a",
            "{'a': 1}",
            "nul",
            "\u{feff}{}",
            "\u{0}",
        ];
        for body in broken {
            let problem = refused(&fixture, request(method, path, body.to_owned())).await;
            assert_eq!(
                status_and_code(&problem),
                (400, "body-unusable"),
                "{method} {path} {body}: {problem}"
            );
        }
        let not_utf8 = [b"{\"url\": \"".as_slice(), &[0xff, 0xfe], b"\"}"].concat();
        let problem = refused(&fixture, request(method, path, not_utf8)).await;
        assert!(matches!(status_and_code(&problem), (400 | 422, "body-unusable")), "{problem}");
        // JSON, and not what is needed.
        let mut wrong: Vec<(String, &str)> = vec![
            ("null".into(), ""),
            ("3".into(), ""),
            ("\"text\"".into(), ""),
            ("true".into(), ""),
            ("[]".into(), "list"),
            // serde would take a list for the fields' values in their order.
            (json!(good.as_object().unwrap().values().collect::<Vec<_>>()).to_string(), "list"),
            (format!("{{{inner},\"tokn\":1}}"), "`tokn`"),
            (format!("{{\"tokn\":{{\"deep\":[{{}}]}},{inner}}}"), "`tokn`"),
            (format!("{{{inner},\"\":1}}"), "``"),
        ];
        for (field, value) in good.as_object().unwrap() {
            wrong.push((format!("{{{inner},\"{field}\":{value}}}"), "duplicate field"));
            // The same name in another spelling is the same name.
            let spelt = format!("\\u{:04x}{}", field.as_bytes()[0], &field[1..]);
            wrong.push((format!("{{{inner},\"{spelt}\":{value}}}"), "duplicate field"));
        }
        for field in &fields {
            let other = if ["hold", "ssh"].contains(&field.as_str()) { "\"true\"" } else { "true" };
            for value in ["{\"a\":1}", "[[\"a\"]]", "1.5", "-1", "1e999", other] {
                let mut object = good.as_object().unwrap().clone();
                object.remove(field);
                let rest = json!(object).to_string();
                let rest = rest.trim_matches(['{', '}']);
                let comma = if rest.is_empty() { "" } else { "," };
                wrong.push((format!("{{{rest}{comma}\"{field}\":{value}}}"), ""));
            }
        }
        for (body, told) in wrong {
            let problem = refused(&fixture, request(method, path, body.clone())).await;
            let (status, code) = status_and_code(&problem);
            // A number that is none is broken JSON, and so is, for serde, anything where a word is needed.
            let broken = body.contains("1e999") || body.contains("\"versions\":");
            let expected = if broken { 400..=422 } else { 422..=422 };
            assert!(expected.contains(&status), "{method} {path} {body}: {problem}");
            assert_eq!(code, "body-unusable", "{method} {path} {body}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(told), "{body}: {problem}");
        }
    }
    assert_eq!(acts(&fixture), before, "something that was refused was done");
}

/// A parser that calls itself for each level would run out of stack, and take the server with it.
#[tokio::test]
async fn bodies_that_are_deep_or_large() {
    let fixture = fixture();
    for (method, path, good, fields) in with_bodies() {
        for field in &fields {
            for opening in ["[", "{\"a\":"] {
                let body = format!("{{\"{field}\":{}", opening.repeat(200_000));
                let problem = refused(&fixture, request(method, path, body)).await;
                assert!(matches!(status_and_code(&problem), (400 | 422, "body-unusable")), "{problem}");
            }
        }
        let large = format!("{}{}", good, " ".repeat(LARGEST_BODY));
        let problem = refused(&fixture, request(method, path, large)).await;
        assert_eq!(status_and_code(&problem), (413, "body-unreadable"), "{method} {path}");
    }
}

/// A form on somebody's page can make a browser send these three kinds anywhere, with the password that it
/// remembers, and without asking anybody first.
#[tokio::test]
async fn what_a_page_of_another_site_can_send_changes_nothing() {
    let fixture = fixture();
    let before = acts(&fixture);
    let kinds = [
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/plain;charset=UTF-8",
        "multipart/form-data; boundary=x",
        "TEXT/HTML",
        "application/jsonx",
        "",
        ";",
    ];
    for (method, path, good, _) in with_bodies() {
        for kind in kinds {
            let mut form = request(method, path, good.to_string());
            form.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
            let problem = refused(&fixture, form).await;
            assert_eq!(status_and_code(&problem), (415, "content-type-refused"), "{method} {path} {kind}");
            assert!(problem["hint"].as_str().unwrap().contains("application/json"));
        }
    }
    // And a browser says where such a request comes from, also of those that need no body.
    let headers = [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Origin", "https://agnes.example.com.evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ];
    for (method, path, good, _) in routes().into_iter().filter(|(method, ..)| *method != "GET") {
        for (name, value) in headers {
            let mut foreign = request(method, path, good.to_string());
            foreign.headers_mut().insert(header::HOST, "agnes.example.com".parse().unwrap());
            foreign.headers_mut().insert(name, value.parse().unwrap());
            let problem = refused(&fixture, foreign).await;
            assert_eq!(status_and_code(&problem), (403, "cross-site"), "{method} {path} {name}: {value}");
        }
    }
    assert_eq!(acts(&fixture), before);
    // From the same place, and from what is no browser, it is as ever.
    for (name, value) in [("Origin", "https://agnes.example.com"), ("Sec-Fetch-Site", "same-origin")] {
        let mut own = request("POST", "/api/marketplaces/tools/sync", Body::empty());
        own.headers_mut().insert(header::HOST, "agnes.example.com".parse().unwrap());
        own.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(router(fixture.registry.clone(), operator()).oneshot(own).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_body_may_leave_out_its_kind_and_an_empty_one_is_an_empty_object() {
    let fixture = fixture();
    let kinds = [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/merge-patch+json"),
    ];
    for kind in kinds {
        for body in ["{}", "", " \n", "{\"name\":null}"] {
            let mut edit = request("PATCH", "/api/marketplaces/tools", body);
            if let Some(kind) = kind {
                edit.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
            }
            let answer = router(fixture.registry.clone(), operator()).oneshot(edit).await.unwrap();
            assert_eq!(answer.status(), 200, "{kind:?} {body:?}");
        }
    }
}

/// Every path that has a name in it, with names that nothing has.
#[tokio::test]
async fn ids_with_anything_in_them() {
    let fixture = fixture();
    let before = acts(&fixture);
    let long = "x".repeat(600);
    let unusable = ["%00", "a%00b", "%ff", "%c3%28", "%1b%5b2J", "a%0ab", "%7f", long.as_str()];
    let nobody = [
        "a%2Fb",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fstate",
        "..%2f",
        "%252e",
        "%25",
        "%",
        "%zz",
        "a%20b",
        "a+b",
        "*",
        "%27%20OR%201=1--",
        "%22",
        "%F0%9F%92%A9",
        "~",
    ];
    for (path, operations) in DOCUMENT["paths"].as_object().unwrap() {
        if !path.contains('{') {
            continue;
        }
        for method in operations.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            // A good body, so that the path is what is wrong.
            let body = match (method.as_str(), path.as_str()) {
                ("POST", "/api/groups/{id}/members") => "{\"user\":\"grace@example.com\"}",
                ("POST", "/api/marketplaces/{id}/rollback") => "{\"commit\":\"s1\"}",
                _ => "",
            };
            let holes: Vec<&str> = path.split('/').filter(|piece| piece.starts_with('{')).collect();
            for hole in &holes {
                let with = |id: &str| {
                    let path = path.replace(hole, id);
                    // The other one is good.
                    path.replace("{id}", if path.contains("groups") { "Team" } else { "tools" })
                        .replace("{user}", "grace@example.com")
                        .replace("{name}", "x")
                };
                for id in unusable {
                    let problem = refused(&fixture, request(&method, &with(id), body)).await;
                    assert_eq!(
                        status_and_code(&problem),
                        (400, "path-unusable"),
                        "{method} {path} {id}: {problem}"
                    );
                    let told = problem["detail"].as_str().unwrap();
                    assert!(told.len() < 400 && !told.chars().any(char::is_control), "{told:?}");
                }
                for id in nobody {
                    let problem = refused(&fixture, request(&method, &with(id), body)).await;
                    let (status, code) = status_and_code(&problem);
                    // The feed is for users, and the operator is none.
                    let as_should_be = if (method.as_str(), path.as_str()) == ("PATCH", "/api/hosts/{host}") {
                        // Something may be said of any host, and these are none.
                        (status, code) == (422, "invalid")
                    } else if path.starts_with("/api/") {
                        status == 404 && code.ends_with("-not-found")
                    } else {
                        (status, code) == (403, "not-a-user")
                    };
                    assert!(as_should_be, "{method} {path} {id}: {problem}");
                }
            }
        }
    }
    assert_eq!(acts(&fixture), before);
}

#[tokio::test]
async fn paths_that_are_nearly_one() {
    let fixture = fixture();
    for path in [
        "/",
        "//api/users",
        "/api",
        "/api/",
        "/api/users/",
        "/api//users",
        "/API/users",
        "/api/users/a/b",
        "/api/users/%2e%2e/marketplaces",
        "/api/users/../marketplaces",
        "/api/users;a=b",
        "/api/marketplaces/tools/sync/",
    ] {
        let problem = refused(&fixture, request("GET", path, Body::empty())).await;
        assert_eq!(status_and_code(&problem), (404, "route-not-found"), "{path}: {problem}");
    }
}

#[tokio::test]
async fn queries_are_known_or_refused() {
    let fixture = fixture();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    for (path, operations) in paths.iter().filter(|(path, _)| path.starts_with("/api/")) {
        for method in operations.as_object().unwrap().keys() {
            let uri = path.replace("{id}", "tools").replace("{user}", "x").replace("{name}", "x");
            for query in ["nope=1", "nope", "=1", "Limit=3", "limit%00=3", "%6eope=1", "a[]=1"] {
                let problem =
                    refused(&fixture, request(&method.to_uppercase(), &format!("{uri}?{query}"), "")).await;
                assert_eq!(status_and_code(&problem), (400, "query-unusable"), "{method} {path}?{query}");
            }
        }
    }
    for (query, told) in [
        ("audit?limit=3&limit=4", "`limit` twice"),
        ("audit?limit=3&%6cimit=4", "`limit` twice"),
        ("audit?limit=", "limit"),
        ("audit?limit=x", "limit"),
        ("audit?limit=-1", "limit"),
        ("audit?limit=3.0", "limit"),
        ("audit?limit=99999999999", "limit"),
        ("audit?limit=%ff", "`limit`"),
        ("audit?nope=%1b", "`nope`"),
        ("grants?grup=x", "there is `group`, `user`, `plugin`"),
        ("grants?group=%00", "control"),
        ("grants?group=a%0ab", "control"),
        ("users?limit=3", "this route has none"),
    ] {
        let problem = refused(&fixture, request("GET", &format!("/api/{query}"), "")).await;
        assert_eq!(status_and_code(&problem), (400, "query-unusable"), "{query}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(told), "{query}: {problem}");
    }
    for query in
        ["audit", "audit?", "audit?limit=3", "audit?limit=3&", "grants?group=Team&user=grace%40example.com"]
    {
        let uri = format!("/api/{query}");
        let answer = router(fixture.registry.clone(), operator()).oneshot(request("GET", &uri, "")).await;
        assert_eq!(answer.unwrap().status(), 200, "{query}");
    }
}

#[test]
fn queries_are_decoded_as_they_are_meant() {
    assert_eq!(decoded("a+b%20c%C3%BC%").as_deref(), Some("a b cü%"));
    assert_eq!(decoded("%zz%2"), Some("%zz%2".into()));
    assert_eq!(decoded("%ff"), None);
}

/// What was sent instead of a token is a token all the same, in the wrong place.
#[tokio::test]
async fn a_token_of_the_wrong_type_is_not_repeated() {
    let fixture = fixture();
    for body in ["{\"token\":4711471147}", "{\"token\":[\"4711471147\"]}", "{\"token\":{\"a\":4711471147}}"] {
        let problem = refused(&fixture, request("PATCH", "/api/marketplaces/tools", body)).await;
        assert!(!problem.to_string().contains("4711471147"), "{problem}");
    }
}
