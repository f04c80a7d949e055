//! The API's description, as OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.1.html>), made from the
//! routes themselves: from what stands with each handler, and from the types that it takes and gives.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};

use crate::wire::Problem;
use crate::wire::problem::CONTENT_TYPE;

/// What is said about the API as a whole. Its version is the contract's, not the program's.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agnes",
        version = "1",
        description = "Administers one Claude Code plugin marketplace per person, made of many. Every command of \
                       `agnes` is one of these requests.\n\nBodies are JSON objects; a field that a request does not \
                       know is an error (422), and so is one that is given twice. Times are RFC 3339 in UTC, sizes \
                       are in bytes. Errors are RFC 9457 problem documents.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "marketplaces", description = "Registered upstreams, and keeping in step with them"),
        (name = "plugins", description = "What the marketplaces list"),
        (name = "users", description = "Who gets a marketplace, and what is in it"),
        (name = "groups", description = "Plugins are granted to groups. Members of `Admin` may use this API"),
        (name = "hosts", description = "Which hosts plugins are fetched from"),
        (name = "grants", description = "Which group may have which plugin"),
        (name = "tokens", description = "With which people show who they are"),
        (name = "feed", description = "What a user's own token gets them"),
        (name = "upkeep", description = "What happened, and what is broken"),
        (name = "server", description = "How the server is"),
    ),
    components(schemas(Problem)),
)]
struct Outline;

pub(super) fn outline() -> utoipa::openapi::OpenApi {
    let mut outline = Outline::openapi();
    let scheme = |scheme, text: &str| {
        SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(text)).build())
    };
    let components = outline.components.get_or_insert_default();
    let bearer = scheme(HttpAuthScheme::Bearer, "A personal access token, as `agnes token create` prints it");
    let basic = scheme(HttpAuthScheme::Basic, "The same as the password, with any user name");
    components.add_security_scheme("bearer", bearer);
    components.add_security_scheme("basic", basic);
    let none: [&str; 0] = [];
    outline.security = Some(["bearer", "basic"].map(|name| SecurityRequirement::new(name, none)).to_vec());
    outline
}

/// The document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut described = super::routes().into_openapi();
    described.merge(super::server::described());
    let mut document = serde_json::to_value(described).unwrap_or_default();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if path.starts_with("/api/") {
                tell(operation, &usual_problems(method, operation));
            } else if operation["tags"][0] == "feed" {
                tell(operation, &FEED_PROBLEMS);
            }
        }
    }
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    schemas.into_iter().flat_map(Map::values_mut).for_each(tell_required);
    document
});

/// As it is committed, served and printed.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", *DOCUMENT)
}

/// A status, and what it means.
type Usual = (&'static str, &'static str);

/// What can go wrong with whatever a user asks for.
const FEED_PROBLEMS: [Usual; 2] =
    [("401", "Nobody, or nobody any more, has that token"), ("403", "Whoever asks is no user")];

/// What can go wrong with any request of its kind. What is particular to one stands with its handler.
fn usual_problems(method: &str, operation: &Value) -> Vec<Usual> {
    let in_path = |parameter: &Value| parameter["in"] == "path";
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let named = parameters.iter().any(in_path);
    let has_body = operation.get("requestBody").is_some();
    let open = operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({})));
    let mut usual = vec![("400", "The path, the query or the body cannot be read")];
    if !open {
        usual.push(("401", "Nobody, or nobody any more, has that token"));
        usual.push(("403", "Whoever asks may not, or asks from another site's page"));
        usual.push(("429", "Too many wrong tokens came from there"));
    }
    if named {
        usual.push(("404", "What the path names is not there"));
    }
    if method != "get" {
        usual.push(("409", "It is there already, or does not go together with what is"));
    }
    if has_body {
        usual.push(("413", "The body is larger than 4 MiB"));
        usual.push(("415", "The body is not said to be JSON"));
        usual.push(("422", "The body is JSON, but not what is needed; a value is wrong"));
    }
    usual.push(("500", "Something is wrong with the server"));
    usual.push(("503", "The server has no time, or another process has the registry"));
    usual
}

/// Adds to what stands there of an operation's answers.
fn tell(operation: &mut Value, usual: &[Usual]) {
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, description) in usual {
        responses.entry(*status).or_insert_with(|| {
            let schema = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
            json!({"description": description, "content": {CONTENT_TYPE: schema}})
        });
    }
    responses.sort_keys();
}

/// In answers, a field without a value is there and `null`; in requests, whose unknown fields are refused, it
/// may be left out.
fn tell_required(schema: &mut Value) {
    for part in ["allOf", "oneOf"] {
        schema.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten().for_each(tell_required);
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        return;
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let nullable = |property: &Value| {
        let types = property["type"].as_array().into_iter().flatten();
        let ways = property["oneOf"].as_array().into_iter().flatten().map(|way| &way["type"]);
        types.chain(ways).any(|kind| kind == "null")
    };
    let required = |(name, property): (&String, &Value)| {
        let listed = schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        (listed || nullable(property)).then(|| name.clone())
    };
    let required: Vec<_> = properties.iter().filter_map(required).collect();
    schema["required"] = json!(required);
}

/// Where anybody can read it.
pub(super) const PATH: &str = "/api/openapi.json";

/// Show this description of the API
///
/// No token is needed for it.
#[utoipa::path(
    get, path = PATH, tag = "upkeep", operation_id = "show_openapi", security(()),
    responses((status = 200, description = "The document", body = Value)),
)]
pub(super) async fn show() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(text);
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], TEXT.as_str()).into_response()
}

/// Names of the query's parameters, for each path and method that there is.
pub(super) fn parameters(path: &str, method: &str) -> Option<Vec<&'static str>> {
    let operation = DOCUMENT["paths"].get(path)?.get(method.to_ascii_lowercase())?;
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = parameters.iter().filter(|parameter| parameter["in"] == "query");
    Some(asked.filter_map(|parameter| parameter["name"].as_str()).collect())
}
