//! What is between a laptop and its server: proxies, and certificates that nobody vouches for.

use std::fs;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::support::proxy::Proxy;
use crate::support::server::argument;
use crate::support::{ADA, Laptop, Ran, World};

/// `agnes ARGS…` with these variables.
fn with(laptop: &Laptop, variables: &[(&str, &str)], args: &[&str], stdin: &str) -> Ran {
    let mut command = laptop.command(env!("CARGO_BIN_EXE_agnes"));
    Laptop::run(command.args(args).envs(variables.iter().copied()), stdin)
}

/// The server is at an address that only the proxy knows.
#[test]
fn a_proxy_is_gone_through_by_everything() {
    let world = World::with_people();
    let laptops = Laptop::all(&world, "a_proxy_is_gone_through_by_everything");
    let (server, ca) = world.serve_privately(&[]);
    let behind = "https://localhost:9";
    for laptop in &laptops {
        let proxy = Proxy::to(server.address(), "200 OK");
        let token = world.token(ADA);
        let setup = ["setup", "--server", behind, "--ca", argument(&ca), "--token-stdin", "--yes"];
        let setup = [&setup[..], &["--plugins", "none"]].concat();

        // There is none in the environment: then nobody is there.
        let ran = with(laptop, &[], &setup, &token);
        assert!(ran.code == Some(1) && ran.stderr.contains("cannot be reached"), "{}", ran.stderr);
        // git alone knows of it.
        let config = format!("[http]\n\tproxy = {}\n", proxy.url.replace("http://", "http://ada:hunter2@"));
        fs::write(laptop.home().join(".gitconfig"), &config).unwrap();
        let ran = with(laptop, &[], &setup, &token);
        assert!(ran.code == Some(1) && ran.stderr.contains("set HTTPS_PROXY"), "{}", ran.stderr);
        assert!(ran.stderr.contains(&proxy.url["http://".len()..]), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
        fs::remove_file(laptop.home().join(".gitconfig")).unwrap();

        let proxied = [("HTTPS_PROXY", proxy.url.as_str())];
        let ran = with(laptop, &proxied, &setup, &token);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let asked = proxy.seen();
        let by = |whom: &str| asked.iter().any(|head| head.contains(whom));
        assert!(by("agnes/") && by("git/"), "{asked:?}");
        assert!(asked.iter().all(|head| head.starts_with("CONNECT localhost:9 ")), "{asked:?}");
        assert!(
            !asked.concat().contains("\r\nAuthorization") && !asked.concat().contains(&token),
            "{asked:?}"
        );
        let ran = with(laptop, &proxied, &["refresh"], "");
        assert!(ran.code == Some(0) && ran.stderr.contains("Nothing is new"), "{}", ran.stderr);
        let status = with(laptop, &proxied, &["status"], "").text();
        assert!(status.contains("HTTPS_PROXY set") && status.contains(ADA), "{status}");
        assert!(!status.contains(&proxy.url), "{status}");

        // It is down, or it does not let one through.
        let full = Proxy::to(server.address(), "407 Proxy Authentication Required");
        let variables =
            [("HTTPS_PROXY", "http://ada:hunter2@127.0.0.1:9"), ("HTTPS_PROXY", full.url.as_str())];
        for variable in variables {
            let ran = with(laptop, &[variable], &["whoami"], "");
            let said = &ran.stderr;
            assert!(ran.code == Some(1) && said.contains("the proxy does not get through"), "{said}");
            assert!(said.contains("HTTPS_PROXY") && said.contains("NO_PROXY"), "{said}");
            let ran = with(laptop, &[variable], &["refresh"], "");
            assert!(
                ran.code == Some(0) && ran.stderr.contains("everything stays as it is"),
                "{}",
                ran.stderr
            );
            assert!(!format!("{said}{}", ran.stderr).contains("hunter2"));
        }
        // Around it, to where the server really is.
        let direct = server.url().replace("127.0.0.1", "localhost");
        let around = [("HTTPS_PROXY", "http://127.0.0.1:9"), ("NO_PROXY", "localhost")];
        let login = ["login", "--server", &direct, "--ca", argument(&ca), "--token-stdin"];
        let ran = with(laptop, &around, &login, &token);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
}

/// Companies whose proxies read along set a variable that overrules whatever git is told. That is found before anything
/// is changed.
#[test]
fn what_overrules_gits_configuration_is_named() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "what_overrules_gits_configuration_is_named") else { return };
    let (server, ca) = world.serve_privately(&[]);
    let other = world.authority("company ca.pem").pem;
    let before = laptop.everything();
    let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
    let ran = with(&laptop, &[("GIT_SSL_CAINFO", argument(&other))], &setup, &world.token(ADA));
    let said = &ran.stderr;
    assert!(
        ran.code == Some(1) && said.contains("GIT_SSL_CAINFO in your environment has it trust"),
        "{said}"
    );
    assert!(said.contains("company ca.pem"), "{said}");
    assert_eq!(laptop.everything(), before);
}

/// The certificate is another one than yesterday's. It may be somebody in between, and it may be a hotel's
/// network; so nothing is sent, a session is not held up, and whoever asks learns what to do.
#[test]
fn a_server_that_is_not_trusted_any_more_is_told_by_hand_and_never_holds_a_session_up() {
    let world = World::with_people();
    let laptops = Laptop::all(&world, "a_server_that_is_not_trusted_any_more");
    let authority = world.authority("our ca.pem");
    world.certify(&authority, &["127.0.0.1"], 2090);
    let mut server = world.serve_certified(&[]);
    let listen = server.address().to_string();
    let other = world.authority("other ca.pem");
    for laptop in &laptops {
        let setup = ["setup", "--server", server.url(), "--ca", argument(&authority.pem), "--token-stdin"];
        let more = ["--yes", "--hook", "--plugins", "none"];
        laptop.good(&[&setup[..], &more].concat(), &world.token(ADA));
        let settings = fs::read_to_string(laptop.home().join(".claude/settings.json")).unwrap();
        let settings: Value = serde_json::from_str(&settings).unwrap();
        let hook = settings["hooks"]["SessionStart"][0]["hooks"][0]["command"].as_str().unwrap().to_owned();
        let there = laptop.plugins();

        for (authority, names, until, told) in [
            (&other, ["127.0.0.1"], 2090, "does not vouch for it"),
            (&authority, ["127.0.0.1"], 2021, "has to renew it"),
            (&authority, ["agnes.example.com"], 2090, "is the address right?"),
        ] {
            server.stop();
            world.certify(authority, &names, until);
            server = world.serve_certified(&["--listen", &listen]);
            for args in [&["refresh"][..], &["refresh", "--quiet"], &["refresh", "--check"], &["whoami"]] {
                let said = laptop.refused(1, args, "");
                assert!(
                    said.contains("a certificate that is not trusted here") && said.contains(told),
                    "{said}"
                );
            }
            let status = laptop.agnes(&["status"]).text();
            assert!(status.contains("not trusted here") && status.contains(told), "{status}");
            let began = Instant::now();
            let mut command: Command = laptop.command("sh");
            let ran = Laptop::run(command.args(["-c", &hook]), "{\"hook_event_name\":\"SessionStart\"}");
            assert_eq!((ran.code, ran.text().as_str(), ran.stderr.as_str()), (Some(0), "", ""));
            assert!(began.elapsed().as_secs() < 5);
            assert_eq!(laptop.plugins(), there);
        }
        // The way out that was told.
        server.stop();
        world.certify(&other, &["127.0.0.1"], 2090);
        server = world.serve_certified(&["--listen", &listen]);
        assert!(laptop.refused(1, &["refresh"], "").contains("agnes setup --ca FILE"));
        laptop.good(&["setup", "--ca", argument(&other.pem), "--yes", "--plugins", "none"], "");
        assert!(laptop.agnes(&["refresh"]).stderr.contains("Nothing is new"));
        laptop.claude.plugin(&["marketplace", "update", "agnes"]);
        server.stop();
        world.certify(&authority, &["127.0.0.1"], 2090);
        server = world.serve_certified(&["--listen", &listen]);
    }
    // None was ever sent where it was not trusted.
    assert!(!server.log().contains("agnes_pat_"));
}
