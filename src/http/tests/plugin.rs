//! One plugin's own ZIP through the router.

use std::collections::BTreeMap;

use super::feed::{door, get};
use super::*;
use crate::domain::loud::have;

const X: &str = "/marketplace/plugins/tools-x.zip";

/// Two plugins, of which Grace has both and Ada one.
fn two() -> Fixture {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1"), ("y", "1")]);
    fixture.admit("grace@example.com", "Team", &["tools/*"]);
    fixture.admit("ada@example.com", "Other", &["tools/x"]);
    fixture.registry.hold_access().unwrap();
    fixture
}

/// Name → contents, as `unzip` has it.
fn unzipped(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    std::fs::write(&path, bytes).unwrap();
    let unzip = |args: &[&str]| {
        let output = std::process::Command::new("unzip").args(args).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let names = String::from_utf8(unzip(&["-Z1"])).unwrap();
    let contents = |name: &str| {
        let output = std::process::Command::new("unzip").arg("-p").arg(&path).arg(name).output().unwrap();
        (name.to_owned(), output.stdout)
    };
    names.lines().map(contents).collect()
}

#[tokio::test]
async fn a_plugin_alone_has_the_files_that_it_has_in_the_bundle() {
    if !have(["unzip"], "a_plugin_alone_has_the_files_that_it_has_in_the_bundle") {
        return;
    }
    let fixture = two();
    let (grace, ada) = (door(&fixture, "grace@example.com"), door(&fixture, "ada@example.com"));
    let got = get(&grace, "GET", X, None).await;
    assert_eq!((got.status, got.header("content-type")), (200, "application/zip"));
    assert_eq!(got.header("content-disposition"), "attachment; filename=\"tools-x.zip\"");
    assert_eq!(got.header("content-length"), got.body.len().to_string());
    assert_eq!((got.header("cache-control"), got.header("vary")), ("private, no-cache", "authorization"));
    let bundle = get(&grace, "GET", "/marketplace.zip", None).await;
    assert_ne!(got.header("etag"), bundle.header("etag"));
    let inside = unzipped(&bundle.body).into_iter();
    let expected: BTreeMap<_, _> = inside
        .filter_map(|(name, bytes)| {
            let name = name.strip_prefix("plugins/")?;
            name.starts_with("tools-x/").then(|| (name.to_owned(), bytes))
        })
        .collect();
    assert_eq!(unzipped(&got.body), expected);
    assert!(expected.contains_key("tools-x/.claude-plugin/plugin.json"), "{:?}", expected.keys());

    // Whoever else has the plugin gets the same, and it is made once.
    let built = fixture.registry.bundles_built();
    let again = get(&ada, "GET", X, None).await;
    assert!((again.body == got.body) && again.header("etag") == got.header("etag"));
    assert_eq!(fixture.registry.bundles_built(), built);
    let tag = got.header("etag");
    for given in [tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
        let same = get(&ada, "GET", X, Some(given)).await;
        assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, tag), "{given}");
    }
    assert_eq!(get(&ada, "GET", X, Some(bundle.header("etag"))).await.status, 200);
    let head = get(&ada, "HEAD", X, None).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), got.header("content-length"));
    assert_eq!(get(&ada, "POST", X, None).await.status, 405);
}

/// Somebody goes through the names of plugins that colleagues have, to learn which there are. What they
/// were not granted answers, to the byte, as what does not exist; also when they have its tag, and when it
/// is in the cache since somebody else just got it.
#[tokio::test]
async fn a_plugin_that_was_not_granted_looks_like_none() {
    let fixture = two();
    let (grace, ada) = (door(&fixture, "grace@example.com"), door(&fixture, "ada@example.com"));
    let path = "/marketplace/plugins/tools-y.zip";
    let tag = get(&grace, "GET", path, None).await.header("etag").to_owned();
    let mut refused = Vec::new();
    for given in [None, Some("*"), Some(tag.as_str())] {
        refused.push(get(&ada, "GET", path, given).await);
        refused.push(get(&ada, "GET", "/marketplace/plugins/tools-z.zip", given).await);
    }
    fixture.registry.remove_marketplace(&operator(), "tools").unwrap();
    refused.push(get(&ada, "GET", path, None).await);
    let first = String::from_utf8(refused[0].body.clone()).unwrap();
    assert!(first.contains("there is no plugin `tools-y`"), "{first}");
    for other in &refused {
        let told = String::from_utf8(other.body.clone()).unwrap().replace("tools-z", "tools-y");
        assert_eq!((other.status, &told, &other.headers), (404, &first, &refused[0].headers));
    }
}

/// And what is taken away is gone with the next request, though its file is open and its tag known.
#[tokio::test]
async fn what_was_revoked_is_not_given_out_of_the_cache() {
    let fixture = two();
    let ada = door(&fixture, "ada@example.com");
    let tag = get(&ada, "GET", X, None).await.header("etag").to_owned();
    fixture.registry.revoke(&operator(), "Other", &["tools/x".into()]).unwrap();
    assert_eq!(get(&ada, "GET", X, None).await.status, 404);
    assert_eq!(get(&ada, "GET", X, Some(&tag)).await.status, 404);
}

#[tokio::test]
async fn only_what_changed_has_another_tag() {
    let fixture = two();
    let grace = door(&fixture, "grace@example.com");
    let tags = async || {
        let x = get(&grace, "GET", X, None).await;
        let y = get(&grace, "GET", "/marketplace/plugins/tools-y.zip", None).await;
        (x.header("etag").to_owned(), y.header("etag").to_owned())
    };
    let before = tags().await;
    fixture.publish_plugins("tools", &[("x", "2"), ("y", "1")]);
    fixture.sync("tools").unwrap();
    let after = tags().await;
    assert!(before.0 != after.0 && before.1 == after.1 && after.0 != after.1, "{before:?} {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_plugin_that_many_ask_for_is_built_once() {
    let fixture = two();
    let doors = [door(&fixture, "grace@example.com"), door(&fixture, "ada@example.com")];
    // Doors of one process share the feed; these two do not, so each may build it, once.
    let asking: Vec<_> = (0..400)
        .map(|i| {
            let door = doors[i % 2].clone();
            tokio::spawn(async move { get(&door, "GET", X, None).await.body })
        })
        .collect();
    let mut bodies = std::collections::BTreeSet::new();
    for one in asking {
        bodies.insert(one.await.unwrap());
    }
    assert_eq!(bodies.len(), 1);
    assert!(fixture.registry.bundles_built() <= 2, "{}", fixture.registry.bundles_built());
}

#[tokio::test]
async fn a_damaged_or_emptied_cache_is_made_again() {
    let fixture = two();
    let body = get(&door(&fixture, "ada@example.com"), "GET", X, None).await.body;
    let cache = fixture.registry.folder().zip_cache();
    let files = |kind: &str| -> Vec<_> {
        std::fs::read_dir(cache.join(kind)).unwrap().map(|file| file.unwrap().path()).collect()
    };
    for file in files("bundles").iter().chain(&files("parts")) {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }
    assert_eq!(get(&door(&fixture, "ada@example.com"), "GET", X, None).await.body, body);
    std::fs::remove_dir_all(&cache).unwrap();
    assert_eq!(get(&door(&fixture, "ada@example.com"), "GET", X, None).await.body, body);
}

#[tokio::test]
async fn there_is_nothing_else_below_the_plugins() {
    let fixture = two();
    let grace = door(&fixture, "grace@example.com");
    let absent = [
        "tools-x",
        "tools-X.zip",
        "x.zip",
        ".zip",
        "tools-x.ZIP",
        "tools-x.zip.zip",
        "..%2Ftools-x.zip",
        "tools-x%2F.zip",
        "%2e%2e.zip",
        "tools-x.zip%20",
        "%E2%80%AEtools-x.zip",
    ];
    for file in absent {
        let got = get(&grace, "GET", &format!("/marketplace/plugins/{file}"), None).await;
        assert_eq!(got.status, 404, "{file}");
    }
    let got = get(&grace, "GET", "/marketplace/plugins/a%0Ab.zip", None).await;
    assert_eq!(got.status, 400);
    for path in ["/marketplace/plugins", "/marketplace/plugins/", "/marketplace/plugins/tools-x.zip/"] {
        assert_eq!(get(&grace, "GET", path, None).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn who_is_no_user_has_no_plugins_and_no_catalog() {
    let fixture = fixture();
    for caller in [operator(), Caller::Scheduler] {
        for path in [X, "/marketplace.json", "/marketplace.git/", "/_git/marketplace.git/"] {
            let answer = ask(&fixture, &caller, "GET", path, &Value::Null).await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("not-a-user")), "{path}");
        }
    }
}
