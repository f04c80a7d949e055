//! The ZIP channel through its router.

use axum::Router;
use axum::http::HeaderMap;

use super::*;

pub(super) struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn caller_of(fixture: &Fixture, email: &str) -> Caller {
    let user = fixture.registry.user(&operator(), email).unwrap().row;
    Caller::User { id: user.id, email: user.email, admin: false }
}

pub(super) async fn get(router: &Router, method: &str, path: &str, tag: Option<&str>) -> Got {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(tag) = tag {
        request = request.header(header::IF_NONE_MATCH, tag);
    }
    let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Got { status, headers, body: answer.into_body().collect().await.unwrap().to_bytes().to_vec() }
}

pub(super) fn door(fixture: &Fixture, email: &str) -> Router {
    router(Arc::clone(&fixture.registry), caller_of(fixture, email))
}

#[tokio::test]
async fn the_zip_is_the_same_bytes_as_build_zip_writes_and_is_not_sent_twice() {
    let fixture = fixture();
    fixture.registry.hold_access().unwrap();
    let grace = door(&fixture, "grace@example.com");
    // Who only asks for the tag does not wait for the bundle.
    let asked = get(&grace, "HEAD", "/marketplace.zip", Some("\"x\"")).await;
    assert_eq!((asked.status, fixture.registry.bundles_built()), (200, 0));
    assert!(!asked.headers.contains_key("content-length"), "{:?}", asked.headers);
    let got = get(&grace, "GET", "/marketplace.zip", None).await;
    assert_eq!(asked.header("etag"), got.header("etag"));
    assert_eq!((got.status, got.header("content-type")), (200, "application/zip"));
    assert_eq!(got.header("content-disposition"), "attachment; filename=\"agnes-marketplace.zip\"");
    assert_eq!(got.header("content-length"), got.body.len().to_string());
    assert_eq!(got.header("cache-control"), "private, no-cache");
    let bundle = fixture.registry.bundle(&operator(), "grace@example.com").unwrap();
    assert_eq!(got.body, std::fs::read(&bundle.path).unwrap());
    let tag = format!("\"{}\"", bundle.digest);
    assert_eq!(got.header("etag"), tag);

    let head = get(&grace, "HEAD", "/marketplace.zip", None).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), got.header("content-length"));
    for given in [tag.as_str(), &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let again = get(&grace, "GET", "/marketplace.zip", Some(given)).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()), "{given}");
    }
    assert_eq!(get(&grace, "GET", "/marketplace.zip", Some("\"x\"")).await.status, 200);
    assert_eq!(get(&grace, "POST", "/marketplace.zip", None).await.status, 405);
    assert_eq!(fixture.registry.bundles_built(), 1);
}

#[tokio::test]
async fn every_change_shows_in_the_very_next_answer() {
    let fixture = fixture();
    fixture.registry.hold_access().unwrap();
    let grace = door(&fixture, "grace@example.com");
    let mut tags = vec![get(&grace, "GET", "/marketplace.zip", None).await.header("etag").to_owned()];
    let changes: [&dyn Fn(); 4] = [
        &|| {
            fixture.publish_plugins("tools", &[("x", "2")]);
            fixture.sync("tools").unwrap();
        },
        &|| {
            // The manifest alone: no file of any plugin changes.
            let entry = json!({"name": "x", "source": "./plugins/x", "description": "new"});
            let manifest = json!({"name": "tools", "owner": {"name": "x"}, "plugins": [entry]}).to_string();
            let skill = "---\nname: s\n---\n2\n";
            let files = [
                (".claude-plugin/marketplace.json", manifest.as_str()),
                ("plugins/x/skills/s/SKILL.md", skill),
            ];
            fixture.publish("tools", &files);
            fixture.sync("tools").unwrap();
        },
        &|| {
            fixture.registry.leave(&operator(), "Team", "grace@example.com").unwrap();
        },
        &|| {
            fixture.registry.join(&operator(), "Team", "grace@example.com").unwrap();
            fixture.registry.revoke(&operator(), "Team", &["tools/*".into()]).unwrap();
            fixture.registry.grant(&operator(), "Team", &["tools/x".into()]).unwrap();
        },
    ];
    for change in changes {
        change();
        let last = tags.last().unwrap().clone();
        let got = get(&grace, "GET", "/marketplace.zip", Some(&last)).await;
        assert_eq!(got.status, 200);
        assert_ne!(got.header("etag"), last);
        let info = get(&grace, "GET", "/marketplace/info", None).await;
        let info: Value = serde_json::from_slice(&info.body).unwrap();
        assert_eq!(format!("\"{}\"", info["etag"].as_str().unwrap()), got.header("etag"));
        tags.push(got.header("etag").to_owned());
    }
    assert_eq!(tags[2], tags[4], "the same view has the same tag, by whichever grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_view_that_a_thousand_ask_for_is_built_once() {
    let fixture = fixture();
    fixture.registry.hold_access().unwrap();
    let grace = door(&fixture, "grace@example.com");
    let asking: Vec<_> = (0..1000)
        .map(|_| {
            let grace = grace.clone();
            tokio::spawn(async move { get(&grace, "GET", "/marketplace.zip", None).await })
        })
        .collect();
    let mut sizes = std::collections::BTreeSet::new();
    for one in asking {
        let got = one.await.unwrap();
        assert_eq!(got.status, 200);
        sizes.insert((got.body.len(), got.header("etag").to_owned()));
    }
    assert_eq!(sizes.len(), 1);
    assert_eq!(fixture.registry.bundles_built(), 1);
}

#[tokio::test]
async fn a_damaged_or_emptied_cache_is_built_again() {
    let fixture = fixture();
    fixture.registry.hold_access().unwrap();
    let body = get(&door(&fixture, "grace@example.com"), "GET", "/marketplace.zip", None).await.body;
    let path = fixture.registry.bundle(&operator(), "grace@example.com").unwrap().path;
    // Each door has opened nothing yet.
    std::fs::write(&path, &body[..body.len() / 2]).unwrap();
    assert_eq!(get(&door(&fixture, "grace@example.com"), "GET", "/marketplace.zip", None).await.body, body);
    std::fs::remove_dir_all(fixture.registry.folder().zip_cache()).unwrap();
    assert_eq!(get(&door(&fixture, "grace@example.com"), "GET", "/marketplace.zip", None).await.body, body);
}

#[tokio::test]
async fn who_is_no_user_has_no_feed() {
    let fixture = fixture();
    for caller in [operator(), Caller::Scheduler] {
        for path in ["/marketplace.zip", "/marketplace/info"] {
            let answer = ask(&fixture, &caller, "GET", path, &Value::Null).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("not-a-user")));
        }
    }
}
