//! What is printed for those who have no `agnes` is run as it is printed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::onlooker::unseen;
use crate::support::server::argument;
use crate::support::terminal::{hidden, in_terminal, typed};
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
        // Again, also where no file may be overwritten.
        for before in ["", "set -C\n"] {
            let text = format!("{before}{text}");
            let mut shell = laptop.command("sh");
            let ran = unseen(&token, || Laptop::run(shell.args(["-c", &text]), &format!("{token}\n")));
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

/// Pasted into the shells that people sit before: they read it as it comes, and zsh knows no comments there.
#[test]
fn what_is_printed_can_be_pasted_into_a_terminal() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "what_is_printed_can_be_pasted_into_a_terminal") else { return };
    let (server, ca) = world.serve_privately(&[]);
    let print = ["setup", "--print", "--platform", "macos", "--server", server.url(), "--ca", argument(&ca)];
    let text = laptop.agnes(&print).text();
    for (shell, arguments) in [("bash", &["--norc", "--noprofile", "-i"][..]), ("zsh", &["-f", "-i"])] {
        if !have([shell, "python3"], "what_is_printed_can_be_pasted_into_a_terminal") {
            continue;
        }
        let laptop = Laptop::one(&world, "").unwrap().at(&world, shell);
        let token = world.token(ADA);
        let mut command = laptop.command("env");
        command.args(["PS1=READY> ", shell]).args(arguments);
        let asks = format!("Your token for {}", server.url());
        let dialogue = [
            typed("READY> ", &text),
            hidden(&asks, &token),
            hidden("", "\n"),
            typed("To install it:", "\n"),
            typed("READY> ", "exit\n"),
        ];
        let ran = in_terminal(&command, &dialogue);
        assert_eq!(ran.code, Some(0), "{shell}: {}{}", ran.text(), ran.stderr);
        assert!(!ran.text().contains(&token) && !ran.text().contains("not found"), "{shell}: {}", ran.text());
        laptop.claude.plugin(&["install", "code-review@agnes"]);
        assert_eq!(laptop.files_with(&token), [".config/agnes/git"]);
        // A token that is not known there is told, and not taken for an outage.
        let dialogue = [
            typed("READY> ", &text),
            hidden(&asks, "agnes_pat_x"),
            hidden("", "\n"),
            typed("is the token right", "\n"),
            typed("READY> ", "exit\n"),
        ];
        let ran = in_terminal(&command, &dialogue);
        assert!(ran.text().contains("git does not get through"), "{shell}: {}", ran.text());
    }
}

/// Somebody has second thoughts, or has no token after all.
#[test]
fn without_a_token_nothing_is_changed_and_the_terminal_is_as_it_was() {
    let world = World::new();
    let test = "without_a_token_nothing_is_changed_and_the_terminal_is_as_it_was";
    let Some(laptop) = Laptop::one(&world, test) else { return };
    let print = ["setup", "--print", "--platform", "macos", "--server", "https://agnes.example.com"];
    let text = laptop.agnes(&print).text();
    let before = laptop.everything();
    for stdin in ["", "\n", " \n"] {
        let ran = Laptop::run(laptop.command("sh").args(["-c", &text]), stdin);
        assert!(ran.code == Some(1) && ran.stderr.contains("No token was given"), "{ran:?}");
        assert_eq!(laptop.everything(), before);
    }
    // Ctrl-D, Ctrl-C, and the key for a new line.
    for (key, code) in [("\x04", 1), ("\x03", 130), ("\r", 1)] {
        let mut shell = laptop.command("sh");
        shell.args(["-c", &format!("trap : INT\n{text}echo \"ended with $?\"\nstty -a")]);
        let ran = in_terminal(&shell, &[hidden("Your token for", key)]);
        let said = ran.text();
        let shows = said.split([' ', ';', '\r', '\n']).find(|word| word.trim_start_matches('-') == "echo");
        assert_eq!(shows, Some("echo"), "{key:?}: {said}");
        assert!(said.contains(&format!("ended with {code}")), "{key:?}: {said}");
        assert_eq!(laptop.everything(), before);
    }
}

/// A client that cannot clone the address, as one that asks no helper of git's and reads nothing that git includes.
#[test]
fn where_the_client_cannot_have_the_address_what_is_printed_makes_a_clone() {
    let (world, upstream) = World::with_moving();
    let test = "where_the_client_cannot_have_the_address_what_is_printed_makes_a_clone";
    let laptops = Laptop::all(&world, test);
    let (server, ca) = world.serve_privately(&[]);
    let print = ["setup", "--print", "--platform", "linux", "--server", server.url(), "--ca", argument(&ca)];
    let tokens: Vec<_> = laptops.iter().map(|_| world.token(ADA)).collect();
    let paste = |laptop: &Laptop, token: &str| {
        let text = laptop.agnes(&print).text();
        let bin = laptop.home().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let wrapper = format!(
            "#!/bin/sh\ncase $* in *'marketplace add https:'*) echo 'no such thing' >&2; exit 1;; esac\nexec '{}' \"$@\"\n",
            laptop.claude.program().display()
        );
        fs::write(bin.join("claude"), wrapper).unwrap();
        fs::set_permissions(bin.join("claude"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut shell = laptop.command("sh");
        shell.args(["-c", &text]).env("PATH", format!("{}:{}", bin.display(), laptop.path()));
        let ran = unseen(token, || Laptop::run(&mut shell, &format!("{token}\n")));
        assert_eq!(ran.code, Some(0), "{}{}", ran.text(), ran.stderr);
        assert!(ran.stderr.contains("no such thing") && !ran.stderr.contains(token), "{}", ran.stderr);
        assert_eq!(laptop.files_with(token), [".config/agnes/git"]);
    };
    for (laptop, token) in laptops.iter().zip(&tokens) {
        paste(laptop, token);
        laptop.claude.plugin(&["install", "moved@agnes"]);
    }
    upstream
        .write("plugins/moved/skills/moved/SKILL.md", "---\nname: moved\ndescription: Another\n---\n")
        .commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    // Again: the clone is brought up to date, though what is served has no history.
    for (laptop, token) in laptops.iter().zip(&tokens) {
        let before = laptop.plugins();
        paste(laptop, token);
        laptop.claude.plugin(&["marketplace", "update", "agnes"]);
        laptop.claude.plugin(&["update", "moved@agnes"]);
        assert_ne!(laptop.plugins(), before);
        let clone = fs::read_to_string(laptop.home().join("agnes-marketplace/.git/config")).unwrap();
        assert!(clone.contains("rebase = true") && clone.contains(server.url()), "{clone}");
    }
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
