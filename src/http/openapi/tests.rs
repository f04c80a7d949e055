//! The description says all there is, and nothing else.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, header};
use tower::ServiceExt as _;

use super::*;
use crate::http::tests::fixture;
use crate::http::{router, routes};
use crate::registry::testing::operator;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn operations() -> Vec<(String, String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(|(method, operation)| (path.clone(), method.to_uppercase(), operation))
    });
    each.collect()
}

/// Asking the router itself, so that a route that came in by another way than the list is seen too.
#[tokio::test]
async fn every_route_is_described_and_everything_described_is_a_route() {
    let (router, _) = routes().split_for_parts();
    let told = format!("{router:?} {:?}", [["/healthz", "/readyz", "/metrics", "/setup"]]);
    let paths: BTreeSet<&str> = told.split('"').filter(|piece| piece.starts_with('/')).collect();
    let paths: BTreeSet<&str> =
        paths.into_iter().filter(|path| path.len() > 1 && !path.contains("__private__")).collect();
    let described: BTreeSet<String> = operations().into_iter().map(|(path, ..)| path).collect();
    assert_eq!(paths, described.iter().map(String::as_str).collect());

    let fixture = fixture();
    for path in described.into_iter().filter(|path| path.starts_with("/api/")) {
        for method in METHODS {
            let known = operations().iter().any(|(at, by, _)| *at == path && by == method);
            let router = super::super::router(fixture.registry.clone(), operator());
            let uri = path.replace("{id}", "nope").replace("{user}", "nope").replace("{name}", "nope");
            let request = Request::builder().method(method).uri(uri).body(Body::from("x")).unwrap();
            let answer = router.oneshot(request).await.unwrap();
            assert_eq!(answer.status() != 405, known, "{method} {path}: {}", answer.status());
            assert_eq!(answer.headers().contains_key(header::ALLOW), !known, "{method} {path}");
        }
    }
}

#[test]
fn every_route_is_described_in_full() {
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations() {
        let at = format!("{method} {path}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{at}: there are two called {name}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{at} has no summary");
        let tags = &DOCUMENT["tags"];
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(tags.as_array().unwrap().iter().any(|known| known["name"] == tag), "{at}: tag {tag}");
        let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        for piece in path.split('/').filter_map(|piece| piece.strip_prefix('{')) {
            let piece = piece.trim_end_matches('}');
            let found = parameters.iter().find(|one| one["name"] == piece && one["in"] == "path");
            let found = found.unwrap_or_else(|| panic!("{at}: {piece} is not described"));
            assert!(found["required"] == true && !found["description"].is_null(), "{at}: {found}");
        }
        let responses = operation["responses"].as_object().unwrap();
        // Nobody pushes: that route is there to say so.
        let refuses = name == "git_receive_pack";
        assert_eq!(responses.keys().any(|status| status.starts_with('2')), !refuses, "{at}");
        for (status, response) in responses {
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{at} {status}");
            if status.starts_with(['4', '5']) {
                assert!(response["content"][CONTENT_TYPE].is_object(), "{at} {status}: no problem document");
            }
        }
        let open = operation["security"].as_array().is_some();
        let for_everybody = [PATH, "/healthz", "/readyz", "/metrics", "/setup"].contains(&path.as_str());
        assert_eq!(open, for_everybody, "{at}: who may ask?");
    }
    // Requests know their fields, and nothing else.
    for (path, method, operation) in operations() {
        let Some(body) = operation.get("requestBody") else { continue };
        let Some(json) = body["content"].get("application/json") else { continue };
        let schema = json["schema"]["$ref"].as_str().unwrap();
        let schema = DOCUMENT.pointer(schema.trim_start_matches('#')).unwrap();
        assert_eq!(schema["additionalProperties"], false, "{method} {path}");
    }
}

#[test]
fn no_reference_leads_nowhere() {
    fn walk(value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(to) = fields.get("$ref").and_then(Value::as_str) {
                    assert!(DOCUMENT.pointer(to.trim_start_matches('#')).is_some(), "{to} is not there");
                }
                fields.values().for_each(walk);
            }
            Value::Array(items) => items.iter().for_each(walk),
            _ => {}
        }
    }
    walk(&DOCUMENT);
    assert_eq!(DOCUMENT["openapi"], "3.1.0");
}

/// A field that was added to an answer by another way than its type would be missing here.
#[tokio::test]
async fn answers_have_the_fields_that_are_described() {
    let fixture = fixture();
    for (method, path, body, status) in crate::http::tests::routes() {
        let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let router = router(fixture.registry.clone(), operator());
        let answer = router.oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        let is_json =
            answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        if !is_json {
            continue;
        }
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        let (_, _, operation) = operations()
            .into_iter()
            .find(|(template, by, _)| by == method && fits(template, path))
            .unwrap_or_else(|| panic!("{method} {path}"));
        let code = status.as_str();
        let schema = &operation["responses"][code]["content"]["application/json"]["schema"];
        check(&answer, schema, &format!("{method} {path}"));
    }
}

fn fits(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap();
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(known, given)| known.starts_with('{') || known == given)
        && !template.contains(&"{id}") | !path.contains(&"sync-all")
}

/// As much of JSON Schema as the description uses.
fn check(value: &Value, schema: &Value, at: &str) {
    if let Some(to) = schema["$ref"].as_str() {
        return check(value, DOCUMENT.pointer(to.trim_start_matches('#')).unwrap(), at);
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        if value.is_null() {
            assert!(ways.iter().any(|way| way["type"] == "null"), "{at} is null");
        } else if let [way] = ways.iter().filter(|way| way["type"] != "null").collect::<Vec<_>>()[..] {
            check(value, way, at);
        }
        return;
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().for_each(|part| check(value, part, at));
    }
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => return,
        kind => vec![kind.clone()],
    };
    assert!(kinds.iter().any(|kind| kind == is || (kind == "number" && is == "integer")), "{at} is {is}");
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{at} has no {name}");
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(value, property, &format!("{at}.{name}"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check(item, &schema["items"], &format!("{at}[]"));
    }
}
