//! Taking everything back: what nobody else has changed since is what it was, byte for byte, the client's own
//! files included.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::server::argument;
use crate::support::{ADA, Found, Laptop, World};

fn differing(before: &BTreeMap<String, Found>, after: &BTreeMap<String, Found>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

/// Homes as they are: with nothing in them; with a client that was asked something once; and with one that has
/// been used, has another marketplace, and settings in somebody's own style.
#[test]
fn a_home_is_what_it_was_byte_for_byte() {
    let (world, upstream) = World::with_moving();
    let clients = Laptop::all(&world, "a_home_is_what_it_was_byte_for_byte").len();
    let server = world.serve(&[]);
    let other = world.path("another marketplace");
    fs::create_dir_all(other.join(".claude-plugin")).unwrap();
    fs::create_dir_all(other.join("plugins/still/skills/still")).unwrap();
    let entry = "{\"name\": \"still\", \"source\": \"./plugins/still\", \"version\": \"1\"}";
    let manifest = format!("{{\"name\": \"other\", \"owner\": {{\"name\": \"x\"}}, \"plugins\": [{entry}]}}");
    fs::write(other.join(".claude-plugin/marketplace.json"), manifest).unwrap();
    fs::write(other.join("plugins/still/skills/still/SKILL.md"), "---\nname: still\n---\nx\n").unwrap();
    for home in ["empty", "asked once", "used"] {
        for client in 0..clients {
            // A home of its own each time.
            let name = format!("{home} {client}");
            let laptop = Laptop::all(&world, "").swap_remove(client).at(&world, &name);
            if home != "empty" {
                laptop.claude.plugin(&["list", "--json"]);
            }
            if home == "used" {
                fs::create_dir_all(laptop.home().join(".config/git")).unwrap();
                fs::write(laptop.home().join(".config/git/config"), "[alias]\n  st = status").unwrap();
                laptop.claude.plugin(&["marketplace", "add", argument(&other)]);
                laptop.claude.plugin(&["install", "still@other"]);
                let settings = laptop.home().join(".claude/settings.json");
                let text: Value = serde_json::from_str(&fs::read_to_string(&settings).unwrap()).unwrap();
                fs::write(&settings, text.to_string() + "\n\n").unwrap();
                laptop.claude.session();
            }
            let before = laptop.everything();
            // What the way changes does not depend on how much the client was asked before.
            let channels = if home == "asked once" { &["git"][..] } else { &["git", "clone", "zip"] };
            for &channel in channels {
                let token = world.token(ADA);
                let setup =
                    ["setup", "--server", server.url(), "--token-stdin", "--yes", "--channel", channel];
                let dry = laptop.good(&[&setup[..], &["--dry-run"]].concat(), &token);
                assert!(dry.stderr.contains("dry run"), "{}", dry.stderr);
                assert_eq!(differing(&before, &laptop.everything()), Vec::<String>::new(), "{name}: dry");
                laptop.good(&[&setup[..], &["--hook"]].concat(), &token);
                // A life in between: something changes, something is taken away and comes back.
                upstream.write("plugins/moved/x", token.clone()).commit("Change");
                world.agnes(&["marketplace", "sync"]);
                world.agnes(&["revoke", "group of ada@example.com", "up/still"]);
                // An old client cannot tell it from the other one of that name, which has to stay.
                let said = laptop.agnes(&["refresh"]).stderr;
                assert!(
                    said.contains("Uninstalled: still") || home == "used" && said.contains(": still"),
                    "{said}"
                );
                assert!(
                    home != "used" || laptop.claude.installed().iter().any(|one| one["id"] == "still@other")
                );
                world.agnes(&["grant", "group of ada@example.com", "up/still"]);
                laptop.agnes(&["setup", "--yes"]);
                assert_eq!(laptop.plugins().len(), 2);
                laptop.agnes(&["status"]);
                laptop.agnes(&["setup", "--undo", "--yes"]);
                assert_eq!(
                    differing(&before, &laptop.everything()),
                    Vec::<String>::new(),
                    "{name}: {channel}"
                );
            }
        }
    }
}

/// Whoever has worked with the client since has made its files their own: they stay, and only what we had it note
/// is taken out.
#[test]
fn what_somebody_did_with_the_client_since_stays() {
    let (world, _upstream) = World::with_moving();
    let server = world.serve(&[]);
    for laptop in Laptop::all(&world, "what_somebody_did_with_the_client_since_stays") {
        laptop.good(&["setup", "--server", server.url(), "--token-stdin", "--yes"], &world.token(ADA));
        laptop.claude.session();
        world.agnes(&["revoke", "group of ada@example.com", "up/still"]);
        laptop.agnes(&["refresh"]);
        laptop.agnes(&["setup", "--undo", "--yes"]);
        world.agnes(&["grant", "group of ada@example.com", "up/still"]);
        let ledger = fs::read_to_string(laptop.home().join(".claude.json")).unwrap();
        let ledger: Value = serde_json::from_str(&ledger).unwrap();
        assert!(ledger["pluginUsage"].is_object() && ledger["userID"].is_string(), "{ledger}");
        assert!(!ledger.to_string().contains("@agnes"), "{ledger}");
    }
}

/// What is put back as a whole must not be older than what somebody has written since: not even when setup ran
/// again after that.
#[test]
fn what_was_written_between_two_runs_is_not_lost() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "what_was_written_between_two_runs_is_not_lost") else { return };
    let (server, ca) = world.serve_privately(&[]);
    let config = laptop.home().join(".gitconfig");
    fs::write(&config, "[user]\n\tname = Ada\n").unwrap();
    let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
    let setup = [&setup[..], &["--plugins", "none"]].concat();
    laptop.good(&setup, &world.token(ADA));
    let configure = |args: &[&str]| {
        assert!(laptop.command("git").args(["config", "--global"]).args(args).status().unwrap().success());
    };
    configure(&["alias.st", "status"]);
    // A certificate at another place: git's configuration is changed once more.
    let moved = world.path("moved ca.pem");
    fs::copy(&ca, &moved).unwrap();
    laptop.agnes(&["setup", "--ca", argument(&moved), "--yes", "--plugins", "none"]);
    configure(&["alias.ci", "commit"]);
    laptop.agnes(&["setup", "--yes", "--plugins", "none"]);
    // The earlier text is not kept for nothing.
    let note = fs::read_to_string(laptop.config().join("setup.json")).unwrap();
    assert!(!note.contains("name = Ada"), "{note}");
    laptop.agnes(&["setup", "--undo", "--yes"]);
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("st = status") && text.contains("ci = commit") && text.contains("Ada"), "{text}");
    assert!(!text.contains(server.url()), "{text}");
}

/// A name in an older encoding is no text to us, and git's to read all the same.
#[test]
fn what_is_no_text_is_put_back_to_the_very_bytes() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "what_is_no_text_is_put_back_to_the_very_bytes") else { return };
    let server = world.serve(&[]);
    let (config, before) = (laptop.home().join(".gitconfig"), b"[user]\n  name = Zo\xeb");
    fs::write(&config, before).unwrap();
    let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--plugins", "none"];
    laptop.good(&setup, &world.token(ADA));
    assert_ne!(fs::read(&config).unwrap(), before);
    laptop.agnes(&["setup", "--undo", "--yes"]);
    assert_eq!(fs::read(&config).unwrap(), before);
}

/// The texts of others that are kept for undo may have secrets in them: they are for their owner alone, and gone with
/// the setup.
#[test]
fn what_is_kept_of_others_is_for_nobody_else_and_not_for_long() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "what_is_kept_of_others_is_for_nobody_else") else { return };
    let server = world.serve(&[]);
    fs::create_dir_all(laptop.home().join(".claude")).unwrap();
    fs::write(laptop.home().join(".claude/settings.json"), "{\"env\": {\"KEY\": \"hunter2\"}}").unwrap();
    fs::write(laptop.home().join(".claude.json"), "{\n  \"primaryApiKey\": \"hunter3\"\n}").unwrap();
    let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--plugins", "none"];
    laptop.good(&setup, &world.token(ADA));
    let note = laptop.config().join("setup.json");
    assert_eq!(fs::metadata(&note).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(laptop.config()).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(
        !fs::read_to_string(&note).unwrap().contains("hunter3"),
        "the client's file about itself is not copied"
    );
    laptop.agnes(&["setup", "--undo", "--yes"]);
    assert_eq!(laptop.files_with("hunter2"), [".claude/settings.json"]);
}
