//! `agnes refresh`, by hand and from the hook, and the ways that plugins take, with the real clients.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::onlooker::unseen;
use crate::support::server::{argument, until};
use crate::support::{ADA, Laptop, World};

const GROUP: &str = "group of ada@example.com";
const TEXT: &str = "---\nname: moved\ndescription: Another text\n---\n\nAnother text.\n";

/// A change, a grant and a loss of one arrive; what did not change is left alone.
fn lives(test: &str, channel: &str) {
    let (world, upstream) = World::with_moving();
    let laptops = Laptop::all(&world, test);
    let (server, ca) = world.serve_privately(&[]);
    let tokens: Vec<_> = laptops.iter().map(|_| world.token(ADA)).collect();
    for (laptop, token) in laptops.iter().zip(&tokens) {
        let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
        let setup = [&setup[..], &["--channel", channel]].concat();
        let ran = unseen(token, || laptop.good(&setup, token));
        assert!(ran.stderr.contains("2 plugins of it"), "{}", ran.stderr);
        assert_eq!(laptop.files_with(token), [".config/agnes/credentials.json"]);
        let folder = laptop.home().join("agnes-marketplace");
        assert_eq!(folder.exists(), channel != "git");
        assert_eq!(laptop.home().join(".gitconfig").exists(), channel == "git");
        // Nothing is new: said once, and not at all when quiet.
        assert!(laptop.agnes(&["refresh"]).stderr.contains("Nothing is new"));
        let quiet = laptop.agnes(&["refresh", "--quiet"]);
        assert_eq!((quiet.text().as_str(), quiet.stderr.as_str()), ("", ""));
        assert_eq!(laptop.told(&["refresh", "--check"], "").code, Some(0));
    }

    upstream.write("plugins/moved/skills/moved/SKILL.md", TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    world.agnes(&["grant", GROUP, "up/later"]);
    for (laptop, token) in laptops.iter().zip(&tokens) {
        let before = laptop.plugins();
        let check = laptop.told(&["refresh", "--check"], "");
        assert_eq!(check.code, Some(9), "{}", check.stderr);
        assert!(check.stderr.contains("To update: moved") && check.stderr.contains("To install: later"));
        assert_eq!(laptop.plugins(), before);
        let ran = unseen(token, || laptop.agnes(&["refresh"]));
        assert!(
            ran.stderr.contains("Updated: moved") && ran.stderr.contains("Installed: later"),
            "{}",
            ran.stderr
        );
        let after = laptop.plugins();
        assert_eq!(after["still"], before["still"]);
        assert_ne!(after["moved"], before["moved"]);
        // What somebody uninstalled themselves does not come back.
        laptop.claude.plugin(&["uninstall", "later@agnes"]);
    }
    world.agnes(&["revoke", GROUP, "up/still"]);
    for (laptop, token) in laptops.iter().zip(&tokens) {
        let ran = laptop.agnes(&["refresh"]);
        assert!(ran.stderr.contains("Uninstalled: still"), "{}", ran.stderr);
        assert_eq!(laptop.plugins().into_keys().collect::<Vec<_>>(), ["moved"]);
        assert_eq!(laptop.files_with(token), [".config/agnes/credentials.json"]);
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert!(!laptop.home().join("agnes-marketplace").exists());
        assert!(!laptop.home().join(".gitconfig").exists() && !laptop.config().exists());
    }
}

#[test]
fn changes_arrive_by_git() {
    lives("changes_arrive_by_git", "git");
}

#[test]
fn changes_arrive_by_a_clone() {
    lives("changes_arrive_by_a_clone", "clone");
}

#[test]
fn changes_arrive_by_zip() {
    lives("changes_arrive_by_zip", "zip");
}

/// The hook runs as the client runs it: through a shell, with what there is to say on stdin.
#[test]
fn the_hook_looks_and_leaves_the_work_to_a_process_of_its_own() {
    let (world, upstream) = World::with_moving();
    let laptops = Laptop::all(&world, "the_hook_looks_and_leaves_the_work_to_a_process_of_its_own");
    let server = world.serve(&[]);
    let listen = server.address().to_string();
    let mut commands = Vec::new();
    for laptop in &laptops {
        let settings = laptop.home().join(".claude/settings.json");
        fs::create_dir_all(settings.parent().unwrap()).unwrap();
        let before = "{\n\t\"zeta\": 1,\n\t\"hooks\": {\n\t\t\"SessionStart\": [{\"hooks\":[{\"type\":\"command\",\"command\":\"true\"}]}]\n\t},\n\t\"alpha\": 2\n}";
        fs::write(&settings, before).unwrap();
        let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--hook"];
        laptop.good(&setup, &world.token(ADA));
        laptop.good(&["setup", "--yes", "--hook"], "");
        let now: Value = serde_json::from_str(&fs::read_to_string(&settings).unwrap()).unwrap();
        let begins = now["hooks"]["SessionStart"].as_array().unwrap();
        assert_eq!(begins.len(), 2, "{begins:?}");
        assert_eq!(begins[0], json!({"hooks": [{"type": "command", "command": "true"}]}));
        assert_eq!((&now["zeta"], &now["alpha"]), (&json!(1), &json!(2)));
        assert_eq!(begins[1]["matcher"], "startup|resume");
        commands.push(begins[1]["hooks"][0]["command"].as_str().unwrap().to_owned());
    }
    let hook = |laptop: &Laptop, text: &str| {
        let mut command = laptop.command("sh");
        let began = Instant::now();
        let ran = Laptop::run(command.args(["-c", text]), "{\"hook_event_name\":\"SessionStart\"}");
        assert_eq!((ran.code, ran.text().as_str(), ran.stderr.as_str()), (Some(0), "", ""));
        began.elapsed()
    };
    for (laptop, command) in laptops.iter().zip(&commands) {
        hook(laptop, command);
    }
    upstream.write("plugins/moved/skills/moved/SKILL.md", TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    for (laptop, command) in laptops.iter().zip(&commands) {
        let before = laptop.plugins();
        assert!(hook(laptop, command).as_secs() < 3);
        until("the update in the background", || {
            (laptop.plugins()["moved"] != before["moved"]).then_some(())
        });
        until("its end", || {
            let check = laptop.told(&["refresh", "--check"], "");
            (check.code == Some(0)).then_some(())
        });
    }
    // The server is there and says nothing: a session waits for it for three seconds and no longer.
    server.signal("STOP");
    for (laptop, command) in laptops.iter().zip(&commands) {
        assert!(hook(laptop, command).as_secs() < 5);
    }
    server.signal("CONT");
    // The server is away: nobody waits, and nobody is bothered.
    server.stop();
    for (laptop, command) in laptops.iter().zip(&commands) {
        let there = laptop.plugins();
        assert!(hook(laptop, command).as_secs() < 5);
        let ran = laptop.agnes(&["refresh"]);
        assert!(
            ran.stderr.contains("cannot be reached") && ran.stderr.contains("stays as it is"),
            "{}",
            ran.stderr
        );
        assert_eq!(laptop.plugins(), there);
    }
    // A token that has ended is told, however quiet.
    let server = world.serve(&["--listen", &listen]);
    for one in world.json(&["token", "list"]).as_array().unwrap() {
        world.agnes(&["token", "revoke", one["id"].as_str().unwrap()]);
    }
    for laptop in &laptops {
        let said = laptop.refused(5, &["refresh", "--quiet"], "");
        assert!(said.contains("agnes login"), "{said}");
        laptop.agnes(&["setup", "--undo", "--yes"]);
        let settings = fs::read_to_string(laptop.home().join(".claude/settings.json")).unwrap();
        assert!(
            settings.starts_with("{\n\t\"zeta\": 1,\n\t\"hooks\"") && !settings.contains("agnes"),
            "{settings}"
        );
    }
    drop(server);
}

/// Something is in the way of one plugin for once: at setup, and later of one that was granted since. It is tried
/// again, and whoever only asks while the server is away is not bothered with that.
#[test]
fn a_plugin_that_could_not_be_installed_is_tried_again() {
    let (world, _upstream) = World::with_moving();
    let Some(laptop) = Laptop::one(&world, "a_plugin_that_could_not_be_installed_is_tried_again") else {
        return;
    };
    let mut server = world.serve(&[]);
    let listen = server.address().to_string();
    let token = world.token(ADA);
    let bin = laptop.home().join("other bin");
    fs::create_dir_all(&bin).unwrap();
    let real = laptop.claude.program().display().to_string();
    let wrapper = format!(
        "#!/bin/sh\nif [ \"$2\" = install ] && grep -q \"$3\" ~/in_the_way; then exit 1; fi\nexec '{real}' \"$@\"\n"
    );
    fs::write(bin.join("claude"), wrapper).unwrap();
    fs::set_permissions(bin.join("claude"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), laptop.path());
    let agnes = |code: i32, args: &[&str], stdin: &str| {
        let mut command = laptop.command(env!("CARGO_BIN_EXE_agnes"));
        let ran = Laptop::run(command.args(args).env("PATH", &path), stdin);
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        ran.stderr
    };
    let stands_in_the_way = |name: &str| fs::write(laptop.home().join("in_the_way"), name).unwrap();
    stands_in_the_way("moved@agnes");
    let said = agnes(1, &["setup", "--server", server.url(), "--token-stdin", "--yes"], &token);
    assert!(said.contains("Not installed or updated: moved"), "{said}");
    server.stop();
    for args in [&["refresh", "--check"][..], &["refresh"]] {
        let said = agnes(0, args, "");
        assert!(said.contains("everything stays as it is"), "{said}");
    }
    server = world.serve(&["--listen", &listen]);
    assert!(agnes(9, &["refresh", "--check"], "").contains("To install: moved"));
    assert!(agnes(1, &["refresh"], "").contains("Not done: moved"));
    stands_in_the_way("later@agnes");
    assert!(agnes(0, &["refresh"], "").contains("Installed: moved"));
    // What somebody uninstalled themselves is not what could not be installed.
    laptop.claude.plugin(&["uninstall", "moved@agnes"]);
    world.agnes(&["grant", GROUP, "up/later"]);
    assert!(agnes(1, &["refresh"], "").contains("Not done: later"));
    stands_in_the_way("nothing");
    assert!(agnes(0, &["refresh"], "").contains("Installed: later"));
    assert!(agnes(0, &["refresh"], "").contains("Nothing is new"));
    assert_eq!(laptop.plugins().into_keys().collect::<Vec<_>>(), ["later", "still"]);
    drop(server);
}

/// The authority's certificate and `agnes` itself have moved since: the clone has to learn of both.
#[test]
fn a_clone_learns_of_another_authority_and_of_an_agnes_that_moved() {
    let (world, upstream) = World::with_moving();
    let Some(laptop) = Laptop::one(&world, "a_clone_learns_of_another_authority") else { return };
    let (server, ca) = world.serve_privately(&[]);
    let token = world.token(ADA);
    let (first, moved) = (world.path("first.pem"), world.path("moved.pem"));
    fs::copy(&ca, &first).unwrap();
    fs::copy(&ca, &moved).unwrap();
    let bins = ["one bin", "other bin"].map(|name| laptop.home().join(name));
    for bin in &bins {
        fs::create_dir_all(bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_agnes"), bin.join("agnes")).unwrap();
    }
    let agnes = |bin: &Path, args: &[&str], stdin: &str| {
        let path = format!("{}:{}", bin.display(), laptop.path());
        let ran = Laptop::run(laptop.command(bin.join("agnes")).args(args).env("PATH", path), stdin);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
        ran
    };
    let setup = ["setup", "--server", server.url(), "--ca", argument(&first), "--token-stdin", "--yes"];
    agnes(&bins[0], &[&setup[..], &["--channel", "clone"]].concat(), &token);
    fs::remove_file(&first).unwrap();
    fs::remove_dir_all(&bins[0]).unwrap();
    agnes(&bins[1], &["setup", "--ca", argument(&moved), "--yes", "--channel", "clone"], "");
    upstream.write("plugins/moved/skills/moved/SKILL.md", TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    assert!(agnes(&bins[1], &["refresh"], "").stderr.contains("Updated: moved"));
    // Each is there once, and whoever pulls by hand gets as far.
    let clone = laptop.home().join("agnes-marketplace");
    let config = fs::read_to_string(clone.join(".git/config")).unwrap();
    let times = |text: &str| config.matches(text).count();
    assert_eq!([times("sslCAInfo"), times("helper = "), times("one bin")], [1, 2, 0], "{config}");
    assert!(laptop.command("git").args(["pull", "-q"]).current_dir(&clone).status().unwrap().success());
}
