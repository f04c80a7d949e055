//! The plugins' own ZIPs as what the real client calls an `archive`: the one source of a plugin that it downloads
//! without git.
//!
//! It wants https for that, and no loopback address. So the test runs in a network namespace of its own, in which an
//! address from the documentation's range (RFC 5737) is this machine's.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::server::exchange;
use crate::support::web::{Reply, Request, Server as Web};
use crate::support::{ADA, Claude, World, catalog, files, loud, sha256, unzipped};

/// Set in the namespace.
const INSIDE: &str = "AGNES_TEST_IN_NAMESPACE";
const ADDRESS: &str = "203.0.113.1";
const TEST: &str = "archives::the_client_installs_a_plugin_from_its_own_zip";

/// Runs the test again where that address is ours; says so loudly where the machine does not allow it.
fn in_a_namespace() {
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "sh", "-eu", "-c"]);
        command.arg(format!("ip link set lo up; ip address add {ADDRESS}/32 dev lo; {script}"));
        command.env(INSIDE, "1").stdin(Stdio::null());
        command
    };
    if !unshare("").output().is_ok_and(|output| output.status.success()) {
        loud(&format!(
            "SKIPPED {TEST}: no network namespaces here (unshare --user --net, and ip of iproute2)"
        ));
        return;
    }
    let again = std::env::current_exe().unwrap();
    let output =
        unshare("exec \"$0\" \"$@\"").arg(again).args([TEST, "--exact", "--nocapture"]).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// What is not the catalog comes from agnes.
fn forward(to: SocketAddr, request: &Request) -> Reply {
    let known = ["authorization", "if-none-match"];
    let headers = known.iter().filter_map(|name| Some((*name, request.header(name)?)));
    let headers: Vec<(&str, &str)> = headers.collect();
    let answer = exchange(TcpStream::connect(to).unwrap(), &request.method, &request.target, &headers, b"");
    let kind = answer.header("content-type").unwrap_or_default();
    Reply::new(answer.status, kind, answer.body.as_slice())
}

/// The catalog as agnes hosts it, with each plugin an archive at this origin. `zips` are theirs, in the order of
/// the catalog.
fn with_archives(mut hosted: Value, origin: &str, zips: &[(String, Vec<u8>)]) -> Value {
    for (entry, (path, zip)) in hosted["plugins"].as_array_mut().unwrap().iter_mut().zip(zips) {
        let digest = sha256(zip);
        entry["source"] = json!({"source": "archive", "url": format!("{origin}{path}"), "sha256": digest});
    }
    hosted
}

/// Where the session that said that has a plugin from.
fn loaded(said: &Output, name: &str) -> Option<PathBuf> {
    let said = String::from_utf8_lossy(&said.stdout);
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let init = events.into_iter().find(|event| event["subtype"] == "init")?;
    let one = init["plugins"].as_array()?.iter().find(|one| one["name"] == name)?.clone();
    Some(one["path"].as_str()?.into())
}

#[test]
fn the_client_installs_a_plugin_from_its_own_zip() {
    if std::env::var_os(INSIDE).is_none() {
        in_a_namespace();
        return;
    }
    let world = World::with_people();
    let Some(claude) = Claude::all(&world, TEST).pop() else { return };
    let (token, server) = (world.token(ADA), world.serve(&[]));
    let (bearer, agnes) = (format!("Bearer {token}"), server.address());
    let expected = unzipped(&world.bundle(ADA));
    let catalog = catalog(&world.bundle(ADA));
    let entries = catalog["plugins"].as_array().unwrap().iter();
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    // By name, and by folder.
    let plugins: Vec<(String, String)> = entries
        .map(|entry| (text(entry, "name"), text(entry, "source").replacen("./plugins/", "", 1)))
        .collect();
    let get = |path: &str| server.get(path, &[("authorization", &bearer)]);
    let hosted = get("/marketplace.json").json();
    let zips: Vec<(String, Vec<u8>)> = plugins
        .iter()
        .map(|(_, folder)| format!("/marketplace/plugins/{folder}.zip"))
        .map(|path| (path.clone(), get(&path).body))
        .collect();

    // The catalog names its own origin, which is known when there is a port.
    let web = Web::https_at(ADDRESS, move |request| {
        if request.target != "/catalog.json" {
            return forward(agnes, request);
        }
        let origin = format!("https://{}", request.header("host").unwrap());
        let catalog = with_archives(hosted.clone(), &origin, &zips);
        Reply::new(200, "application/json", catalog.to_string())
    });

    // Headers of a catalog can be given in the settings alone; a session that is told to then installs all.
    let enabled: serde_json::Map<String, Value> =
        plugins.iter().map(|(name, _)| (format!("{name}@agnes"), true.into())).collect();
    let source = json!({
        "source": "url", "url": format!("{}/catalog.json", web.url), "headers": {"Authorization": bearer},
    });
    let settings =
        json!({"extraKnownMarketplaces": {"agnes": {"source": source}}, "enabledPlugins": enabled});
    fs::create_dir_all(claude.home().join(".claude")).unwrap();
    fs::write(claude.home().join(".claude/settings.json"), settings.to_string()).unwrap();
    let session = || {
        claude
            .command(&["-p", "hi", "--output-format", "stream-json", "--verbose", "--max-turns", "1"])
            .env("NODE_EXTRA_CA_CERTS", &web.ca)
            .env("CLAUDE_CODE_SYNC_PLUGIN_INSTALL", "1")
            .env("ANTHROPIC_API_KEY", "x")
            .env("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
            .env("CLAUDE_CODE_MAX_RETRIES", "0")
            .output()
            .unwrap()
    };
    let said = session();
    for (name, folder_of_it) in &plugins {
        let folder = loaded(&said, name).unwrap_or_else(|| panic!("{name}: {said:?}"));
        let mut found = files(&folder);
        // The client's own notes.
        found.retain(|path, _| !path.starts_with(".in_use") && path != ".orphaned_at");
        let below = format!("plugins/{folder_of_it}/");
        let of_it = expected.iter().filter_map(|(path, file)| Some((path.strip_prefix(&below)?, file)));
        let of_it = of_it.map(|(path, file)| (path.to_owned(), file.clone())).collect();
        assert_eq!(found, of_it, "{name}");
    }
    let downloads = web.seen();
    let of_zips = downloads.iter().filter(|request| request.target.ends_with(".zip"));
    assert!(of_zips.clone().count() >= plugins.len());
    assert!(of_zips.clone().all(|request| request.header("authorization") == Some(&bearer)));
}
