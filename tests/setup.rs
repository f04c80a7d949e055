//! `agnes setup` with the real clients, old and new, against a server with a private authority.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::onlooker::{unseen, watched};
use crate::support::server::argument;
use crate::support::{ADA, Found, Laptop, World};

/// What the client writes for itself whatever it is asked.
const ITS_OWN: [&str; 3] = [".claude.json", ".claude/backups", ".claude/plugins/.last_inuse_sweep"];

const CREDENTIALS: &str = ".config/agnes/credentials.json";

/// What somebody has who has worked on that machine before.
fn lived_in(laptop: &Laptop) {
    let home = laptop.home();
    fs::create_dir_all(home.join(".claude")).unwrap();
    fs::write(home.join(".gitconfig"), "# mine\n[user]\n\tname = Ada\n[credential]\n    helper = false")
        .unwrap();
    fs::write(
        home.join(".claude/settings.json"),
        "{ \"cleanupPeriodDays\":\n  30,\"env\": {\"A\":\"b\"} }\n",
    )
    .unwrap();
    // The client makes its own files.
    laptop.claude.plugin(&["list", "--json"]);
}

/// Everything but what the client writes for itself.
fn ours(laptop: &Laptop) -> BTreeMap<String, Found> {
    let mut all = laptop.everything();
    all.retain(|name, _| name != ".claude/plugins" && !ITS_OWN.iter().any(|own| name.starts_with(own)));
    all
}

/// Names of what is not the same.
fn differing(before: &BTreeMap<String, Found>, after: &BTreeMap<String, Found>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

#[test]
fn from_nothing_to_plugins_and_back() {
    let world = World::with_people();
    let laptops = Laptop::all(&world, "from_nothing_to_plugins_and_back");
    let (server, ca) = world.serve_privately(&[]);
    for (i, laptop) in laptops.iter().enumerate() {
        let token = world.token(ADA);
        // One has worked on that machine before, and so has the other's client, for whom there is nothing yet.
        if i == 0 {
            lived_in(laptop);
        } else {
            drop(laptop.claude.plugin(&["list", "--json"]));
        }
        let before = ours(laptop);
        let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];

        let dry = laptop.good(&[&setup[..], &["--dry-run"]].concat(), &token);
        assert!(dry.stderr.contains("Install 7 plugins") && dry.stderr.contains("dry run"), "{}", dry.stderr);
        assert_eq!(differing(&before, &ours(laptop)), Vec::<String>::new(), "after a dry run");

        let ran = unseen(&token, || laptop.good(&setup, &token));
        assert!(ran.stderr.contains("the marketplace `agnes`, and 7 plugins of it"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(&token) && !ran.text().contains(&token));
        assert!(!server.log().contains(&token));
        assert_eq!(laptop.files_with(&token), [CREDENTIALS]);
        assert_eq!(laptop.plugins().len(), 7);

        // Again: nothing changes, and the token is known by now.
        let there = ours(laptop);
        let again = laptop.agnes(&["setup", "--yes"]);
        assert!(again.stderr.contains("7 plugins of it"), "{}", again.stderr);
        let now = ours(laptop);
        let volatile = ["known_marketplaces.json", "/.git/", "setup.json", ".in_use"];
        let changed: Vec<_> = differing(&there, &now)
            .into_iter()
            .filter(|name| !volatile.iter().any(|part| name.contains(part)))
            .collect();
        assert_eq!(changed, Vec::<String>::new());

        let who = laptop.agnes(&["whoami"]).text();
        assert!(who.contains(ADA) && who.contains("2.1.0+c828d72f  2.1.0+c828d72f"), "{who}");

        let undone = laptop.agnes(&["setup", "--undo", "--yes"]);
        assert!(undone.stderr.contains("as it was before"), "{}", undone.stderr);
        let after = ours(laptop);
        assert_eq!(differing(&before, &after), Vec::<String>::new());
        assert_eq!(laptop.files_with(&token), Vec::<String>::new());
    }
}

/// Else whoever looks on below would never see anything.
#[test]
fn an_onlooker_sees_what_is_among_arguments_and_in_environments() {
    let world = World::new();
    let has = |bytes: &[u8]| bytes.windows(11).any(|part| part == b"agnes_pat_y");
    for (argument, variable) in [("agnes_pat_y", ""), ("", "agnes_pat_y")] {
        let (_, seen) = watched(&["cmdline", "environ"], has, || {
            let mut shell = world.command("sh");
            shell.args(["-c", "sleep 0.2; :", argument]).env("VARIABLE", variable).status().unwrap()
        });
        assert!(!seen.is_empty(), "`{argument}` or `{variable}` was not seen");
    }
}

#[test]
fn a_token_that_was_replaced_is_given_to_agnes_alone() {
    let world = World::with_people();
    let laptops = Laptop::all(&world, "a_token_that_was_replaced_is_given_to_agnes_alone");
    let (server, ca) = world.serve_privately(&[]);
    for laptop in &laptops {
        let first = world.token(ADA);
        let arguments = [
            "setup",
            "--server",
            server.url(),
            "--ca",
            argument(&ca),
            "--token-stdin",
            "--yes",
            "--plugins",
            "none",
        ];
        laptop.good(&arguments, &first);
        assert_eq!(laptop.plugins().len(), 0);
        // It ends. git says so, agnes tells what to do, and nothing is lost.
        for one in world.json(&["token", "list"]).as_array().unwrap() {
            world.agnes(&["token", "revoke", one["id"].as_str().unwrap()]);
        }
        let git = laptop
            .command("git")
            .args(["ls-remote", &format!("{}/marketplace.git", server.url())])
            .env("GIT_TERMINAL_PROMPT", "0")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&git.stderr);
        assert!(!git.status.success() && said.contains("agnes login --server"), "{said}");
        assert_eq!(laptop.files_with(&first), [CREDENTIALS]);
        let said = laptop.refused(5, &["whoami"], "");
        assert!(said.contains("does not know this token") && said.contains("agnes login"), "{said}");

        // One that is none either does not take its place.
        let said = laptop.refused(
            5,
            &["login", "--token-stdin"],
            "agnes_pat_00000000000000000000000000000000000000000002fwZoB",
        );
        assert!(said.contains("does not know this token"), "{said}");
        assert_eq!(laptop.files_with(&first), [CREDENTIALS]);

        let second = world.token(ADA);
        unseen(&second, || laptop.good(&["login", "--token-stdin"], &second));
        assert_eq!(
            (laptop.files_with(&first), laptop.files_with(&second)),
            (vec![], vec![CREDENTIALS.to_owned()])
        );
        laptop.claude.plugin(&["marketplace", "update", "agnes"]);
        laptop.claude.plugin(&["install", "code-review@agnes"]);
        let session = laptop.claude.session();
        let loaded = session["plugins"].as_array().unwrap();
        assert!(loaded.iter().any(|one| one["name"] == "code-review"), "{loaded:?}");
        let said = laptop.agnes(&["logout"]).stderr;
        assert_eq!(laptop.files_with(&second), Vec::<String>::new());
        let login = format!("agnes login --server {}", server.url());
        assert!(said.contains(&login) && said.contains("our ca.pem'"), "{said}");
        assert!(laptop.refused(3, &["whoami"], "").contains(&login));
        assert!(laptop.agnes(&["status"]).text().contains(&login));
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert!(laptop.refused(3, &["whoami"], "").contains("agnes setup --server"));
    }
}

/// Anything else that is in the folder or in git's configuration is somebody's work.
#[test]
fn what_others_changed_since_stays_when_it_is_taken_back() {
    let world = World::with_people();
    let laptops = Laptop::all(&world, "what_others_changed_since_stays_when_it_is_taken_back");
    let (server, ca) = world.serve_privately(&[]);
    for laptop in &laptops {
        lived_in(laptop);
        let arguments = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
        laptop.good(&arguments, &world.token(ADA));
        let configure = |args: &[&str]| {
            let done = laptop.command("git").args(["config", "--global"]).args(args).status().unwrap();
            assert!(done.success());
        };
        configure(&["alias.st", "status"]);
        let settings = laptop.home().join(".claude/settings.json");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, text.replace("30", "31")).unwrap();
        laptop.agnes(&["setup", "--undo", "--yes"]);
        let git = fs::read_to_string(laptop.home().join(".gitconfig")).unwrap();
        assert!(git.contains("st = status") && git.contains("# mine") && !git.contains("agnes"), "{git}");
        assert!(!git.contains(server.url()), "{git}");
        let text = fs::read_to_string(&settings).unwrap();
        assert!(text.contains("31") && !text.contains("agnes"), "{text}");
    }
}

/// For whoever has files in places that shells and git split at spaces.
#[test]
fn another_folder_for_our_files_is_known_to_git_too() {
    let world = World::with_people();
    let laptops = Laptop::all(&world, "another_folder_for_our_files_is_known_to_git_too");
    let (server, ca) = world.serve_privately(&[]);
    for laptop in &laptops {
        let folder = laptop.home().join("it's é here");
        let token = world.token(ADA);
        let mut command = laptop.command(env!("CARGO_BIN_EXE_agnes"));
        command.args([
            "setup",
            "--server",
            server.url(),
            "--ca",
            argument(&ca),
            "--token-stdin",
            "--yes",
            "--plugins",
            "none",
        ]);
        let ran = Laptop::run(command.env("AGNES_CONFIG_HOME", &folder), &token);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(laptop.files_with(&token), ["it's é here/credentials.json"]);
        assert!(Path::new(&folder).join("setup.json").exists());
        // Without the variable.
        laptop.claude.plugin(&["marketplace", "update", "agnes"]);
    }
}
