//! Packages that a catalog points to, from a registry on the loopback interface.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::parcels::{Shop, file};
use crate::archive::fixture::{gzip, package_of, tar_of};
use crate::git::server::Reply;

const MANIFEST: &[u8] = br#"{"name": "tool"}"#;

fn tool(words: &[u8]) -> Vec<u8> {
    package_of(&[
        ("package.json", br#"{"name": "@acme/tool"}"#),
        ("skills/s/SKILL.md", words),
        ("run.sh", b"#!/bin/sh\n"),
    ])
}

/// `sha512-…` of a file, as `npm publish` computes it. In the test's own words: base64 by the standard's
/// table.
fn integrity(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> =
        Sha512::digest(bytes).iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let digits = bits.chunks(6).map(|six| {
        let digit = (0..6).fold(0, |digit, at| digit << 1 | six.get(at).copied().unwrap_or_default());
        char::from(DIGITS[usize::from(digit)])
    });
    format!("sha512-{}==", digits.collect::<String>())
}

/// Puts versions of a package into the shop, under `/npm`: number, file.
fn publish(shop: &Shop, versions: &[(&str, Vec<u8>)], latest: &str) {
    let mut told = json!({});
    for (version, bytes) in versions {
        let path = format!("/npm/@acme/tool/-/tool-{version}.tgz");
        told[*version] = json!({"dist": {"tarball": shop.url(&path), "integrity": integrity(bytes)}});
        shop.put(&path, file(bytes));
    }
    tell(shop, &json!({"name": "@acme/tool", "dist-tags": {"latest": latest}, "versions": told}));
}

fn tell(shop: &Shop, answer: &Value) {
    let text = answer.to_string();
    let mut reply = Reply::new(200, "application/json", text.clone());
    reply.headers.push(("ETag".into(), format!("\"{:x}\"", text.len())));
    shop.put("/npm/@acme%2ftool", reply);
}

/// A shop whose registry is the configured one.
fn registry() -> Shop {
    Shop::with(|settings, server| settings.sync.npm_registry = Some(format!("{}/npm/", server.url)))
}

fn entry(name: &str, version: Option<&str>) -> Value {
    json!({"name": name, "source": {"source": "npm", "package": "@acme/tool", "version": version}})
}

#[test]
fn a_version_a_range_and_a_tag_are_served() {
    let shop = registry();
    let versions = [("1.0.0", tool(b"one")), ("1.2.0", tool(b"one-two")), ("2.0.0", tool(b"two"))];
    publish(&shop, &versions, "2.0.0");
    shop.publish(&json!([entry("exact", Some("1.0.0")), entry("range", Some("^1")), entry("latest", None)]));
    for (name, words) in [("exact", "one"), ("range", "one-two"), ("latest", "two")] {
        assert_eq!(shop.read(&format!("market-{name}/skills/s/SKILL.md")), words);
    }
    let row = shop.plugin("exact");
    assert_eq!(row.origin.url, Some(format!("{}#npm", shop.url("/npm/@acme%2ftool"))));
    assert_eq!(row.notes, "[]");

    // What may move is asked for again, with the mark of what is known; nothing is downloaded twice.
    let before = shop.server.seen().len();
    shop.sync();
    assert_eq!(
        shop.asked(before),
        ["/npm/@acme%2ftool"; 2],
        "one question for each of the two that may move"
    );
    assert!(shop.server.seen()[before].header("if-none-match").is_some());

    let before = shop.server.seen().len();
    publish(&shop, &[&versions[..], &[("1.10.0", tool(b"one-ten"))]].concat(), "2.0.0");
    shop.sync();
    let asked = shop.asked(before);
    assert_eq!(asked.iter().filter(|path| path.ends_with(".tgz")).count(), 1, "{asked:?}");
    assert_eq!(shop.read("market-range/skills/s/SKILL.md"), "one-ten");
    assert_eq!(shop.read("market-latest/skills/s/SKILL.md"), "two");

    // A version that is here needs no question at all.
    let before = shop.server.seen().len();
    shop.publish(&json!([entry("exact", Some("v1.0.0"))]));
    shop.sync();
    assert_eq!(shop.asked(before), [""; 0]);
    assert_eq!(shop.read("market-exact/skills/s/SKILL.md"), "one");
}

#[test]
fn without_a_registry_it_is_said_how_to_set_one() {
    let shop = Shop::new();
    publish(&shop, &[("1.0.0", tool(b"one"))], "1.0.0");
    shop.publish(&json!([entry("tool", None)]));
    let reason = shop.reason("tool");
    assert!(reason.contains("`sync.npm_registry`") && reason.contains("npm config get registry"), "{reason}");
    assert_eq!(shop.asked(0), [""; 0]);

    let source = json!({"source": "npm", "package": "@acme/tool", "registry": shop.url("/npm")});
    shop.publish(&json!([{"name": "tool", "source": source}]));
    assert_eq!(shop.read("market-tool/skills/s/SKILL.md"), "one");
}

#[test]
fn a_registry_that_is_away_leaves_what_was_served() {
    let shop = registry();
    publish(&shop, &[("1.0.0", tool(b"one"))], "1.0.0");
    shop.publish(&json!([entry("tool", None)]));
    shop.put("/npm/@acme%2ftool", Reply::new(503, "text/plain", "later"));
    shop.sync();
    assert_eq!(shop.read("market-tool/skills/s/SKILL.md"), "one");
    assert!(shop.plugin("tool").notes.contains("remote-failed"));
    publish(&shop, &[("1.0.0", tool(b"one"))], "1.0.0");
    shop.sync();
    assert_eq!(shop.plugin("tool").notes, "[]");
}

#[test]
fn an_install_script_is_never_run_and_its_package_says_so() {
    let shop = registry();
    let package = br#"{"scripts": {"postinstall": "touch /tmp/pwned"}, "dependencies": {"left-pad": "1"}}"#;
    let bytes = package_of(&[(".claude-plugin/plugin.json", MANIFEST), ("package.json", package)]);
    publish(&shop, &[("1.0.0", bytes)], "1.0.0");
    shop.publish(&json!([entry("tool", None)]));
    let notes = shop.plugin("tool").notes;
    assert!(notes.contains("npm-scripts") && notes.contains("npm-dependencies"), "{notes}");
    assert!(!shop.bundle().path().join("plugins/market-tool/node_modules").exists());
    assert!(shop.asked(0).iter().all(|path| !path.contains("left-pad")));
}

/// A registry, or who publishes there, wants this machine to do harm.
#[test]
fn what_a_registry_can_do_costs_its_own_plugin_alone() {
    let good = tool(b"words");
    let link = gzip(&tar_of(&[("package/a", b'2', 0o777, b"")]));
    let outside = gzip(&tar_of(&[("package/../../a", b'0', 0o644, b"x")]));
    let bare = gzip(&tar_of(&[("a", b'0', 0o644, b"x")]));
    let attempts: [(&str, &[u8], Value, &str); 12] = [
        ("other", &good, json!({"integrity": integrity(b"other")}), "is not what the registry says"),
        ("sha1", &good, json!({"shasum": "0".repeat(40)}), "SHA-1 is not believed"),
        ("sha1 too", &good, json!({"integrity": "sha1-AAAA"}), "SHA-1 is not believed"),
        ("none", &good, json!({}), "SHA-1 is not believed"),
        (
            "plain",
            &good,
            json!({"integrity": integrity(&good), "tarball": "http://r.example/t.tgz"}),
            "https://",
        ),
        ("file", &good, json!({"integrity": integrity(&good), "tarball": "file:///etc/passwd"}), "https://"),
        (
            "inside",
            &good,
            json!({"integrity": integrity(&good), "tarball": "https://10.0.0.1/t.tgz"}),
            "not allowed",
        ),
        (
            "credentials",
            &good,
            json!({"integrity": integrity(&good), "tarball": "https://u:secret@r.example/t.tgz"}),
            "credentials",
        ),
        ("link", &link, json!({"integrity": integrity(&link)}), "is a link"),
        ("outside", &outside, json!({"integrity": integrity(&outside)}), "leads out of it"),
        ("bare", &bare, json!({"integrity": integrity(&bare)}), "no file in it"),
        ("html", b"<html>", json!({"integrity": integrity(b"<html>")}), "damaged"),
    ];
    let shop = registry();
    for (name, bytes, mut dist, why) in attempts {
        shop.put("/npm/t.tgz", file(bytes));
        if dist.get("tarball").is_none() {
            dist["tarball"] = json!(shop.url("/npm/t.tgz"));
        }
        tell(
            &shop,
            &json!({"dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"dist": dist, "description": name}}}),
        );
        shop.publish(&json!([entry("tool", None)]));
        let reason = shop.reason("tool");
        assert!(reason.contains(why) && !reason.contains("secret"), "{name}: {reason}");
    }
    for (answer, why) in [
        (Reply::new(200, "text/html", "<html>"), "no package"),
        (Reply::new(304, "text/html", ""), "to the first question"),
        (Reply::redirect(302, "https://10.0.0.1/tool"), "not allowed"),
        (Reply::new(401, "text/html", ""), "asks for credentials"),
        (
            Reply::new(200, "application/json", r#"{"dist-tags": {}, "versions": {}}"#),
            "there is no tag `latest`",
        ),
    ] {
        shop.put("/npm/@acme%2ftool", answer);
        shop.publish(&json!([entry("tool", None)]));
        let reason = shop.reason("tool");
        assert!(reason.contains(why), "{reason}");
    }
    assert!(shop.server.seen().iter().all(|request| request.header("authorization").is_none()));
}
