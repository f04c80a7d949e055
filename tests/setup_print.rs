//! What is printed for those who have no `agnes` is run as it is printed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::server::argument;
use crate::support::{ADA, Laptop, World, have};

#[test]
fn what_the_server_tells_to_paste_works_as_it_is() {
    if !have(["curl"], "what_the_server_tells_to_paste_works_as_it_is") {
        return;
    }
    let world = World::with_people();
    let laptops = Laptop::all(&world, "what_the_server_tells_to_paste_works_as_it_is");
    let ca = world.path("our ca.pem");
    let (server, _) = world.serve_privately(&["--ca-cert", argument(&ca)]);
    let url = format!("{}/setup?platform=linux", server.url());
    let told = world.command("curl").args(["-fsS", "--cacert", argument(&ca), &url]).output().unwrap();
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("BEGIN CERTIFICATE") && text.contains(server.url()), "{text}");
    for laptop in &laptops {
        // The same as agnes prints.
        let print =
            ["setup", "--print", "--platform", "linux", "--server", server.url(), "--ca", argument(&ca)];
        assert_eq!(laptop.agnes(&print).text(), text);
        let token = world.token(ADA);
        for _ in 0..2 {
            let ran = Laptop::run(laptop.command("sh").args(["-c", &text]), &format!("{token}\n"));
            assert_eq!(ran.code, Some(0), "{}{}", ran.text(), ran.stderr);
            assert!(!ran.stderr.contains(&token) && !ran.text().contains(&token));
        }
        laptop.claude.plugin(&["install", "code-review@agnes"]);
        assert_eq!(laptop.plugins().len(), 1);
        assert_eq!(laptop.files_with(&token), [".config/agnes/git"]);
        let mode = fs::metadata(laptop.home().join(".config/agnes/git")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // What cannot be meant is told.
    let url = format!("{}/setup?platform=amiga", server.url());
    let told = world.command("curl").args(["-sS", "--cacert", argument(&ca), &url]).output().unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).contains("platform-unknown"));
}

/// Whoever is at a server's address without its authority's word gets no further, and no token is sent.
#[test]
fn without_its_authority_the_server_is_not_trusted() {
    let world = World::with_people();
    let (server, _) = world.serve_privately(&[]);
    for laptop in Laptop::all(&world, "without_its_authority_the_server_is_not_trusted") {
        let text =
            laptop.agnes(&["setup", "--print", "--platform", "macos", "--server", server.url()]).text();
        let ran = Laptop::run(laptop.command("sh").args(["-c", &text]), "agnes_pat_x\n");
        assert!(ran.code != Some(0) && ran.stderr.contains("certificate"), "{}", ran.stderr);
    }
}
