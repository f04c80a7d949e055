//! Which token git gives to which server: of several at one host, and beside logins that it was given by hand.

use std::fs;
use std::net::{SocketAddr, TcpStream};

use crate::support::server::{argument, exchange};
use crate::support::web::{Reply, Request, Server as Web};
use crate::support::{ADA, Laptop, World};

/// A server at one address, in which others are below a path each.
fn host(below: Vec<(&'static str, SocketAddr)>) -> Web {
    Web::http(move |request: &Request| {
        let found =
            below.iter().find_map(|(path, server)| Some((request.target.strip_prefix(path)?, server)));
        let Some((target, server)) = found else { return Reply::new(404, "text/plain", "") };
        let passed =
            |name: &str| !["host", "connection", "content-length", "accept-encoding"].contains(&name);
        let headers = request.headers.iter().filter(|(name, _)| passed(name));
        let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let stream = TcpStream::connect(server).unwrap();
        let answer = exchange(stream, &request.method, target, &headers, &request.body);
        let mut reply = Reply::new(answer.status, "", answer.body);
        let own = |name: &str| !["content-length", "transfer-encoding", "connection"].contains(&name);
        reply.headers = answer.headers.into_iter().filter(|(name, _)| own(name)).collect();
        reply
    })
}

/// Two departments have a server each, at one host: each gets its own token, and none is taken for a wrong one.
#[test]
fn servers_at_one_host_are_told_apart() {
    let (one, other) = (World::with_moving().0, World::with_moving().0);
    fs::write(other.data().join("agnes.toml"), "[marketplace]\nname = \"other\"\n").unwrap();
    let (first, second) = (one.serve(&[]), other.serve(&[]));
    let host = host(vec![("/a", first.address()), ("/bb", second.address())]);
    for laptop in Laptop::all(&one, "servers_at_one_host_are_told_apart") {
        fs::write(laptop.home().join(".gitconfig"), "[user]\n\tname = Ada\n").unwrap();
        laptop.claude.plugin(&["list", "--json"]);
        let config = || fs::read_to_string(laptop.home().join(".gitconfig")).unwrap();
        let tokens = [("/a", one.token(ADA)), ("/bb", other.token(ADA))];
        for (path, token) in &tokens {
            let url = format!("{}{path}", host.url);
            laptop.good(&["setup", "--server", &url, "--token-stdin", "--yes"], token);
        }
        for (path, _) in &tokens {
            let url = format!("{}{path}/marketplace.git", host.url);
            let ran = Laptop::run(laptop.command("git").args(["ls-remote", &url, "HEAD"]), "");
            assert!(ran.code == Some(0) && ran.text().contains("HEAD"), "{path}: {}", ran.stderr);
        }
        let status = laptop.agnes(&["status"]).text();
        assert!(!status.contains("did not take it"), "{status}");
        laptop.agnes(&["setup", "--undo", "--yes", "--server", &format!("{}/bb", host.url)]);
        assert!(config().contains("/a") && !config().contains("/bb"), "{}", config());
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert_eq!(config(), "[user]\n\tname = Ada\n");
    }
}

/// Whoever set up by hand once has git send the old token for ever, whatever agnes says.
#[test]
fn a_login_that_git_has_by_itself_is_named_and_not_shown() {
    let world = World::with_people();
    let (server, ca) = world.serve_privately(&[]);
    let Some(laptop) = Laptop::one(&world, "a_login_that_git_has_by_itself_is_named") else { return };
    let print = ["setup", "--print", "--platform", "linux", "--server", server.url(), "--ca", argument(&ca)];
    let text = laptop.agnes(&print).text();
    let (old, new) = (world.token(ADA), world.token(ADA));
    let ran = Laptop::run(laptop.command("sh").args(["-c", &text]), &format!("{old}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);

    let before = laptop.everything();
    let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
    let said = laptop.refused(4, &setup, &new);
    assert!(said.contains("a login of its own") && !said.contains("agnes_pat_"), "{said}");
    assert_eq!(laptop.everything(), before);
    // A ZIP needs no git.
    laptop.good(&[&setup[..], &["--channel", "zip", "--dry-run"]].concat(), &new);
    let login =
        laptop.good(&["login", "--server", server.url(), "--ca", argument(&ca), "--token-stdin"], &new);
    assert!(login.stderr.contains("a login of its own"), "{}", login.stderr);
    let status = laptop.agnes(&["status"]).text();
    assert!(status.contains("a login of its own") && !status.contains("agnes_pat_"), "{status}");
    // What is told takes it out.
    let command = said.split("git config ").nth(1).unwrap().lines().next().unwrap();
    let ran = Laptop::run(laptop.command("sh").args(["-c", &format!("git config {command}")]), "");
    assert_eq!(ran.code, Some(0), "{command}: {}", ran.stderr);
    assert_eq!(laptop.files_with(&old), Vec::<String>::new());
    laptop.good(&setup, &new);
    for one in world.json(&["token", "list"]).as_array().unwrap() {
        world.agnes(&["token", "revoke", one["id"].as_str().unwrap()]);
    }
    laptop.good(&["login", "--token-stdin"], &world.token(ADA));
    laptop.claude.plugin(&["marketplace", "update", "agnes"]);
    // Somebody's own header that is no login is nobody's business.
    let own = ["config", "--global", &format!("http.{}/.extraHeader", server.url()), "X-Team: blue"];
    assert!(laptop.command("git").args(own).status().unwrap().success());
    laptop.agnes(&["setup", "--yes"]);
}
