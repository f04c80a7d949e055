//! The hosted catalog and the plugins' own ZIPs, of a server as a process, and for the real client.

use std::fs;

use serde_json::{Value, json};

use crate::support::server::{Answer, Server};
use crate::support::{ADA, Claude, GRACE, World, catalog, served, unzipped};

const ADDRESSES: [&str; 3] = ["/marketplace.json", "/marketplace.git/", "/_git/marketplace.git/"];

fn token(world: &World, email: &str) -> String {
    world.agnes(&["token", "create", "--quiet", "--user", email]).trim().to_owned()
}

fn get(server: &Server, token: &str, path: &str) -> Answer {
    server.get(path, &[("authorization", &format!("Bearer {token}"))])
}

/// All that a plugin's entry says, but for where it is.
fn without_sources(mut catalog: Value) -> Value {
    for entry in catalog["plugins"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("source").unwrap();
    }
    catalog
}

#[test]
fn the_catalog_is_the_one_in_the_zip_but_for_the_sources() {
    let world = World::with_people();
    let ada = token(&world, ADA);
    let server = world.serve(&[]);
    let bundled = catalog(&get(&server, &ada, "/marketplace.zip").body);
    for path in ADDRESSES {
        let answer = get(&server, &ada, path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let hosted = answer.json();
        for (entry, other) in
            hosted["plugins"].as_array().unwrap().iter().zip(bundled["plugins"].as_array().unwrap())
        {
            let source = json!({
                "source": "git-subdir",
                // What the test's client says in `Host`.
                "url": format!("http://x:{ada}@agnes.example/marketplace.git"),
                "path": other["source"].as_str().unwrap().trim_start_matches("./"),
            });
            assert_eq!(entry["source"], source);
        }
        assert_eq!(without_sources(hosted), without_sources(bundled.clone()));
    }
}

#[test]
fn every_plugin_comes_alone_with_the_files_that_it_has_in_the_bundle() {
    let world = World::with_people();
    let (ada, grace) = (token(&world, ADA), token(&world, GRACE));
    let server = world.serve(&[]);
    let bundle = unzipped(&get(&server, &ada, "/marketplace.zip").body);
    let info = get(&server, &ada, "/marketplace/info").json();
    let names = |info: &Value| -> Vec<String> {
        let plugins = info["plugins"].as_array().unwrap().iter();
        plugins.map(|one| one["prefixed_name"].as_str().unwrap().to_owned()).collect()
    };
    let theirs = names(&get(&server, &grace, "/marketplace/info").json());
    let mut refused = 0;
    for name in names(&info) {
        let path = format!("/marketplace/plugins/{name}.zip");
        let got = get(&server, &ada, &path);
        assert_eq!(got.status, 200, "{}", got.text());
        let below = format!("plugins/{name}/");
        let files = bundle.iter().filter_map(|(path, file)| Some((path.strip_prefix(&below)?, file)));
        let expected = files.map(|(path, file)| (format!("{name}/{path}"), file.clone())).collect();
        assert_eq!(unzipped(&got.body), expected);
        let head = server.ask("HEAD", &path, &[("authorization", &format!("Bearer {ada}"))], b"");
        assert_eq!((head.status, head.header("content-length")), (200, got.header("content-length")));
        let tag = got.header("etag").unwrap();
        let again = server.get(&path, &[("authorization", &format!("Bearer {ada}")), ("if-none-match", tag)]);
        assert_eq!((again.status, again.body.len()), (304, 0));

        let other = get(&server, &grace, &path);
        if theirs.contains(&name) {
            assert_eq!(other.body, got.body);
        } else {
            let absent = get(&server, &grace, "/marketplace/plugins/nothing-at-all.zip");
            assert_eq!((other.status, absent.status), (404, 404));
            assert_eq!(other.text().replace(&name, "nothing-at-all"), absent.text());
            refused += 1;
        }
    }
    assert!(refused > 2, "Grace has all that Ada has");
}

/// A server that logs all it can, and somebody who reads what it wrote: the token that was in the answer is
/// nowhere else, neither as it is nor as the answer has it.
#[test]
fn the_token_is_in_the_answer_and_nowhere_else() {
    let world = World::with_people();
    let ada = token(&world, ADA);
    let secret = &ada[ada.len() - 30..];
    let server = world.serve(&["--log-level", "trace"]);
    for path in ADDRESSES {
        assert!(get(&server, &ada, path).text().contains(secret));
        let bearer = format!("Bearer {ada}");
        let head = server.ask("HEAD", path, &[("authorization", &bearer)], b"");
        assert!(head.status == 200 && !format!("{head:?}").contains(secret));
        for (name, value) in [("x-forwarded-host", "a@b"), ("via", "1.1 x"), ("x-forwarded-proto", secret)] {
            let refused = server.get(path, &[("authorization", &bearer), (name, value)]);
            assert_eq!(refused.status, 400);
            assert!(!format!("{refused:?}").contains(secret), "{refused:?}");
        }
        let over_the_socket = server.ask_socket("GET", path, &[("authorization", &bearer)], b"");
        assert_eq!(over_the_socket.status, 403);
        assert!(!format!("{over_the_socket:?}").contains(secret));
    }
    let metrics = server.ask_socket("GET", "/metrics", &[], b"");
    assert!(!metrics.text().contains(secret));
    let log = server.logged("/_git/marketplace.git/");
    assert!(log.contains(ADA) && !log.contains(secret), "{log}");
    assert_eq!(server.stop(), Some(0));
    for (name, (_, bytes)) in crate::support::files(world.home()) {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "it is in {name}");
    }
}

#[test]
fn behind_a_proxy_the_address_is_the_operators_or_the_proxys_word() {
    let world = World::with_people();
    let ada = token(&world, ADA);
    let bearer = format!("Bearer {ada}");
    let url = |server: &Server, headers: &[(&str, &str)]| {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        let told = server.get(ADDRESSES[1], &headers).json();
        told["plugins"][0]["source"]["url"].as_str().map(|url| url.replace(&ada, "TOKEN"))
    };
    let proxied = [("x-forwarded-proto", "https"), ("x-forwarded-host", "plugins.example.com")];
    let server = world.serve(&["--trusted-proxy", "127.0.0.1/32"]);
    let told = url(&server, &proxied);
    assert_eq!(told.as_deref(), Some("https://x:TOKEN@plugins.example.com/marketplace.git"));
    assert_eq!(url(&server, &proxied[1..]), None, "it does not say whether it speaks https");
    assert_eq!(server.stop(), Some(0));

    let server = world.serve(&["--public-url", "https://plugins.example.com/agnes/"]);
    let told = url(&server, &[("x-forwarded-host", "evil.example")]);
    assert_eq!(told.as_deref(), Some("https://x:TOKEN@plugins.example.com/agnes/marketplace.git"));
    assert_eq!(server.stop(), Some(0));
    for wrong in ["plugins.example.com", "https://x@plugins.example.com", "https://plugins.example.com/?a"] {
        let said = world.refused(2, &["serve", "--public-url", wrong]);
        assert!(said.contains("is not an address such as https://agnes.example.com"), "{said}");
    }
}

/// The address of the repository with a slash too many, which the client does not clone. What it finds
/// there it lists; installing from it takes the repository.
#[test]
fn the_client_takes_the_address_with_a_slash_for_a_catalog_and_lists_what_is_in_it() {
    let world = World::with_people();
    let test = "the_client_takes_the_address_with_a_slash_for_a_catalog_and_lists_what_is_in_it";
    let clients = Claude::all(&world, test);
    let ada = token(&world, ADA);
    world.user("nobody@example.com", &[]);
    let nobody = token(&world, "nobody@example.com");
    let expected = catalog(&world.bundle(ADA));
    let names = served(&expected);
    let server = world.serve(&[]);
    let address = |token: &str, path: &str| {
        format!("http://x:{token}@{}{path}", server.url().strip_prefix("http://").unwrap())
    };
    for claude in clients {
        for path in &ADDRESSES[..2] {
            claude.plugin(&["marketplace", "add", &address(&ada, path)]);
            let listed = claude.plugin(&["list", "--available", "--json"]);
            let listed: Value = serde_json::from_str(&listed).unwrap();
            let mut found: Vec<(&str, &Value)> = listed["available"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["marketplaceName"] == "agnes")
                .map(|one| (one["name"].as_str().unwrap(), &one["version"]))
                .collect();
            found.sort_unstable_by_key(|(name, _)| *name);
            let version = |name: &&str| &crate::support::entry(&expected, name)["version"];
            let mut wanted: Vec<(&str, &Value)> = names.iter().map(|name| (*name, version(name))).collect();
            wanted.sort_unstable_by_key(|(name, _)| *name);
            assert_eq!(found, wanted, "{path}");
            claude.plugin(&["marketplace", "update", "agnes"]);
            claude.plugin(&["marketplace", "remove", "agnes"]);
        }
        // Without grants it is a marketplace all the same.
        claude.plugin(&["marketplace", "add", &address(&nobody, ADDRESSES[1])]);
        assert_eq!(claude.installed(), Vec::<Value>::new());
        claude.plugin(&["marketplace", "remove", "agnes"]);
        let refused = claude.tried(&["marketplace", "add", &address("agnes_pat_nonsense", ADDRESSES[1])]);
        assert!(!refused.status.success());
    }
    let log = fs::read_to_string(world.path("server.log")).unwrap();
    assert!(!log.contains(&ada) && !log.contains(&nobody));
}
