//! Scripts that were written for the original Agnes, line by line: what they send, and what they rely on.
//! They speak HTTP over a network, with an access token, and know nothing of this program.

use serde_json::{Value, json};

use crate::support::doors::{Door, SCHEDULER, Way, upstreams};
use crate::support::server::Answer;
use crate::support::{World, web};

struct Script {
    door: Door,
    upstreams: web::Server,
    curator: World,
}

impl Script {
    fn new() -> Self {
        let curator = World::new();
        curator.upstream("up").plugins(&["alpha", "beta"]).commit("Publish");
        let upstreams = upstreams(&curator);
        Self { door: Door::open(Way::Socket, &upstreams), upstreams, curator }
    }

    fn as_somebody(
        &self,
        authorization: &str,
        method: &str,
        path: &str,
        body: &Value,
        accept: &str,
    ) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut headers = vec![("authorization", authorization), ("accept", accept)];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.door.server.as_ref().unwrap().ask(method, path, &headers, body.as_bytes())
    }

    /// As `requests` and `curl` send it.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.as_somebody(&format!("Bearer {}", self.door.token), method, path, body, "*/*")
    }

    #[track_caller]
    fn json(&self, status: u16, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        answer.json()
    }

    fn url(&self) -> String {
        format!("{}/up/.git", self.upstreams.url)
    }
}

#[track_caller]
fn has(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value.get(field).is_some(), "no `{field}` in {value}");
    }
}

const MARKETPLACE: [&str; 15] = [
    "id",
    "name",
    "url",
    "branch",
    "ref",
    "description",
    "registered_by",
    "registered_at",
    "last_synced_at",
    "last_commit_sha",
    "last_error",
    "has_token",
    "plugin_count",
    "curator_name",
    "curator_email",
];

#[test]
fn marketplaces_are_created_read_changed_and_deleted() {
    let script = Script::new();
    let new = json!({
        "name": "The plugins", "slug": "up", "url": script.url(), "branch": "main", "ref": null,
        "description": "Ours", "token": null, "curator_name": "Cy", "curator_email": "cy@example.com",
    });
    let made = script.json(201, "POST", "/api/marketplaces", &new);
    has(&made, &MARKETPLACE);
    for field in ["name", "url", "branch", "ref", "description", "curator_name", "curator_email"] {
        assert_eq!(made[field], new[field], "{field}");
    }
    assert_eq!(
        (&made["id"], &made["has_token"], &made["plugin_count"]),
        (&json!("up"), &json!(false), &json!(0))
    );
    assert!(
        made["last_synced_at"].is_null() && made["last_commit_sha"].is_null() && made["last_error"].is_null()
    );

    // It is there already; and what is wrong is told in `detail`.
    assert!(script.json(409, "POST", "/api/marketplaces", &new)["detail"].is_string());
    for wrong in [
        json!({"slug": "x"}),
        json!({"name": "x", "slug": "UP!", "url": script.url()}),
        json!({"name": "x", "slug": "x", "url": "http://git.example/x"}),
        json!({"name": "x", "slug": "x", "url": "ssh://git.example/x"}),
        json!({"name": "x", "slug": "x", "url": script.url(), "branch": "main", "ref": "v1"}),
        json!({"name": "x", "slug": "x", "url": 3}),
    ] {
        let answer = script.ask("POST", "/api/marketplaces", &wrong);
        assert!(matches!(answer.status, 400 | 422), "{wrong}: {}", answer.text());
        assert!(answer.json()["detail"].is_string(), "{wrong}");
    }

    let list = script.json(200, "GET", "/api/marketplaces", &Value::Null);
    assert_eq!(list, json!([made]));
    assert_eq!(script.json(200, "GET", "/api/marketplaces/up", &Value::Null), made);
    let missing = script.json(404, "GET", "/api/marketplaces/nope", &Value::Null);
    assert!(missing["detail"].is_string());

    assert_eq!(script.ask("DELETE", "/api/marketplaces/up", &Value::Null).status, 204);
    assert_eq!(script.ask("DELETE", "/api/marketplaces/up", &Value::Null).status, 404);
    assert_eq!(script.json(200, "GET", "/api/marketplaces", &Value::Null), json!([]));
}

#[test]
fn a_change_leaves_what_is_absent_and_an_empty_text_clears() {
    let script = Script::new();
    let new = json!({
        "slug": "up", "url": script.url(), "branch": "main", "description": "Ours", "token": "hunter2",
        "curator_name": "Cy",
    });
    let made = script.json(201, "POST", "/api/marketplaces", &new);
    assert_eq!((&made["has_token"], made.to_string().contains("hunter2")), (&json!(true), false));
    let edit = |body: Value| script.json(200, "PATCH", "/api/marketplaces/up", &body);

    assert_eq!(edit(json!({})), made);
    assert_eq!(edit(json!({"branch": null, "token": null})), made, "`null` is as good as absent");
    let named = edit(json!({"name": "Another"}));
    assert_eq!(
        (&named["name"], &named["description"], &named["branch"]),
        (&json!("Another"), &json!("Ours"), &json!("main"))
    );
    assert_eq!(named["has_token"], true);
    // A rotated token lands where the operator's tools look for it.
    edit(json!({"token": "hunter22"}));
    let overlay = script.door.world.data().join("state/.env_overlay");
    assert!(std::fs::read_to_string(&overlay).unwrap().contains("AGNES_MARKETPLACE_UP_TOKEN=hunter22\n"));
    let cleared = edit(json!({"token": "", "branch": ""}));
    assert_eq!((&cleared["has_token"], &cleared["branch"]), (&json!(false), &Value::Null));
    assert!(!std::fs::read_to_string(&overlay).unwrap().contains("hunter2"));
    assert_eq!(edit(json!({"ref": "v1"}))["ref"], "v1");
    assert_eq!(edit(json!({"ref": ""}))["ref"], Value::Null);
    assert_eq!(script.ask("PATCH", "/api/marketplaces/nope", &json!({"name": "x"})).status, 404);
}

#[test]
fn syncs_answer_what_they_did() {
    let script = Script::new();
    script.json(201, "POST", "/api/marketplaces", &json!({"slug": "up", "name": "Up", "url": script.url()}));
    let sync = || script.json(200, "POST", "/api/marketplaces/up/sync", &Value::Null);
    let first = sync();
    has(&first, &["id", "name", "action", "commit", "path", "plugin_count"]);
    assert_eq!((&first["id"], &first["name"]), (&json!("up"), &json!("Up")));
    assert_eq!((&first["action"], &first["plugin_count"]), (&json!("clone"), &json!(2)));
    assert_eq!(first["commit"].as_str().unwrap().len(), 40);
    assert!(std::path::Path::new(first["path"].as_str().unwrap()).is_dir());
    assert_eq!(sync()["action"], "update");

    // One that fails is among the errors, and the status is 200 all the same.
    let gone = format!("{}/gone/.git", script.upstreams.url);
    script.json(201, "POST", "/api/marketplaces", &json!({"slug": "gone", "url": gone}));
    for body in [Value::Null, json!({})] {
        let all = script.json(200, "POST", "/api/marketplaces/sync-all", &body);
        assert_eq!(all["synced"].as_array().unwrap().len(), 1, "{all}");
        has(&all["synced"][0], &["id", "name", "action", "commit", "path", "plugin_count"]);
        assert_eq!(all["errors"][0]["id"], "gone");
        assert!(all["errors"][0]["error"].is_string());
    }
    let failed = script.ask("POST", "/api/marketplaces/gone/sync", &Value::Null);
    assert!(failed.status >= 400 && failed.json()["detail"].is_string(), "{failed:?}");
    assert!(script.json(200, "GET", "/api/marketplaces/gone", &Value::Null)["last_error"].is_string());
    assert_eq!(script.ask("POST", "/api/marketplaces/nope/sync", &Value::Null).status, 404);

    let plugins = script.json(200, "GET", "/api/marketplaces/up/plugins", &Value::Null);
    for plugin in plugins.as_array().unwrap() {
        has(
            plugin,
            &[
                "name",
                "description",
                "version",
                "author_name",
                "homepage",
                "category",
                "source_type",
                "source_spec",
            ],
        );
    }
    assert_eq!((&plugins[0]["name"], &plugins[1]["name"]), (&json!("alpha"), &json!("beta")));
    let marketplace = script.json(200, "GET", "/api/marketplaces/up", &Value::Null);
    assert_eq!(
        (&marketplace["last_commit_sha"], &marketplace["plugin_count"]),
        (&first["commit"], &json!(2))
    );
    drop(script.curator);
}

/// JSON for whoever does not ask for anything else; events for whoever names them.
#[test]
fn a_sync_is_one_answer_or_a_stream_as_it_is_asked_for() {
    let script = Script::new();
    script.json(201, "POST", "/api/marketplaces", &json!({"slug": "up", "url": script.url()}));
    let bearer = format!("Bearer {}", script.door.token);
    for path in ["/api/marketplaces/up/sync", "/api/marketplaces/sync-all"] {
        for (accept, kind) in [
            ("*/*", "application/json"),
            ("application/json", "application/json"),
            ("text/html, application/xhtml+xml", "application/json"),
            ("application/x-ndjson", "application/x-ndjson"),
            ("application/json;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ] {
            let answer = script.as_somebody(&bearer, "POST", path, &Value::Null, accept);
            assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{accept}");
            if kind == "application/json" {
                assert!(answer.json().is_object());
                continue;
            }
            let text = answer.text();
            let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let last = &events.last().unwrap()["event"];
            assert_eq!(last, if path.ends_with("all") { "done" } else { "synced" }, "{text}");
        }
    }
}

#[test]
fn who_asks_is_known_by_the_token_alone() {
    let script = Script::new();
    let list = |authorization: &str| {
        script.as_somebody(authorization, "GET", "/api/marketplaces", &Value::Null, "*/*").status
    };
    let token = &script.door.token;
    assert_eq!(list(&format!("Bearer {token}")), 200);
    assert_eq!(list(&format!("bearer {token}")), 200);
    // `curl -u anything:TOKEN`
    let basic = base64(format!("anything:{token}").as_bytes());
    assert_eq!(list(&format!("Basic {basic}")), 200);
    for nobody in ["Bearer nope", "Bearer ", "Basic bm9wZQ==", "Digest x"] {
        assert_eq!(list(nobody), 401, "{nobody}");
    }
    // Not an Admin.
    script.json(201, "POST", "/api/users", &json!({"email": "ada@example.com"}));
    let made = script.json(201, "POST", "/api/tokens", &json!({"user": "ada@example.com"}));
    let ada = format!("Bearer {}", made["token"].as_str().unwrap());
    assert_eq!(list(&ada), 403);
    for (method, path) in
        [("POST", "/api/marketplaces/sync-all"), ("GET", "/api/users"), ("GET", "/api/audit")]
    {
        assert_eq!(script.as_somebody(&ada, method, path, &Value::Null, "*/*").status, 403, "{path}");
    }
    // Cron's token starts a sync of everything, and nothing else.
    let cron = format!("Bearer {SCHEDULER}");
    let sync = script.as_somebody(&cron, "POST", "/api/marketplaces/sync-all", &Value::Null, "*/*");
    assert_eq!((sync.status, &sync.json()["synced"]), (200, &json!([])));
    assert_eq!(list(&cron), 403);
    assert_eq!(script.json(200, "GET", "/api/audit", &Value::Null)[0]["actor"], "admin@example.com");
}

/// What a client of the feed relies on: the person's own view, as `/marketplace/info` and as a ZIP.
#[test]
fn the_feed_is_the_callers_own() {
    let script = Script::new();
    script.json(201, "POST", "/api/marketplaces", &json!({"slug": "up", "url": script.url()}));
    script.json(200, "POST", "/api/marketplaces/up/sync", &Value::Null);
    script.json(201, "POST", "/api/users", &json!({"email": "ada@example.com"}));
    script.json(200, "POST", "/api/grants", &json!({"group": "Everyone", "resources": ["up/alpha"]}));
    let made = script.json(201, "POST", "/api/tokens", &json!({"user": "ada@example.com"}));
    let ada = format!("Bearer {}", made["token"].as_str().unwrap());
    let info = script.as_somebody(&ada, "GET", "/marketplace/info", &Value::Null, "*/*").json();
    has(
        &info,
        &[
            "user_id",
            "email",
            "groups",
            "marketplace_name",
            "etag",
            "plugin_count",
            "plugins",
            "generated_at",
        ],
    );
    assert_eq!((&info["email"], &info["plugin_count"]), (&json!("ada@example.com"), &json!(1)));
    let plugin = &info["plugins"][0];
    let fields =
        ["name", "original_name", "prefixed_name", "marketplace_slug", "version", "description", "source"];
    has(plugin, &fields);
    assert_eq!((&plugin["original_name"], &plugin["prefixed_name"]), (&json!("alpha"), &json!("up-alpha")));
    let zip = script.as_somebody(&ada, "GET", "/marketplace.zip", &Value::Null, "*/*");
    assert_eq!((zip.status, zip.header("content-type")), (200, Some("application/zip")));
    assert_eq!(zip.header("content-disposition"), Some("attachment; filename=\"agnes-marketplace.zip\""));
    assert_eq!(zip.header("etag"), Some(format!("\"{}\"", info["etag"].as_str().unwrap()).as_str()));
    assert!(zip.body.starts_with(b"PK"));
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
            << (8 * (3 - three.len()));
        for digit in 0..4 {
            let taken = char::from(DIGITS[number >> (18 - 6 * digit) & 63]);
            out.push(if digit <= three.len() { taken } else { '=' });
        }
    }
    out
}
