//! Laptops on which something is in the way of `agnes setup`: full and read-only homes, files that are links,
//! folders of others, and paths that shells and git split at spaces.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::support::namespace::in_namespace;
use crate::support::server::argument;
use crate::support::{ADA, Found, Laptop, Upstream, World};

/// The disk is full at another place each time: in our own files, in git's, and in the client's. Each time it is
/// said, and once there is room, the same command goes on; and all can be taken back.
#[test]
fn a_full_home_is_told_and_gone_on_with() {
    let (world, _upstream) = World::with_moving();
    let Some(laptop) = Laptop::one(&world, "a_full_home_is_told_and_gone_on_with") else { return };
    let server = world.serve(&[]);
    let token = world.path("token");
    fs::write(&token, world.token(ADA)).unwrap();
    let script = format!(
        "home='{home}'; export HOME=\"$home\" PATH='{path}' DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1 \
         CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
         setup() {{ \"$AGNES\" setup --server {url} --token-stdin --yes <'{token}' 2>&1; }}
         for size in 8k 16k 24k 32k 48k 64k 96k 128k; do
             mount -t tmpfs -o size=$size tmpfs \"$home\"; cd \"$home\"
             set +e; setup; echo \"tight $size $?\"
             mount -o remount,size=64m \"$home\"
             setup; echo \"roomy $size $?\"
             \"$AGNES\" setup --undo --yes 2>&1; echo \"undone $size $?\"
             find . -mindepth 1; set -e
             cd /; umount \"$home\"
         done",
        home = laptop.home().display(),
        path = laptop.path(),
        url = server.url(),
        token = token.display(),
    );
    let Some(ran) = in_namespace(&world, &script, "a_full_home_is_told_and_gone_on_with") else { return };
    let said = ran.text();
    assert!(ran.code == Some(0) && !said.contains("panicked"), "{said}{}", ran.stderr);
    let (mut full, mut runs) = (0, 0);
    for run in said.split("undone ") {
        let Some((tight, rest)) = run.split_once("\ntight ") else { continue };
        runs += 1;
        assert!(rest.contains("roomy") && rest.contains("2 plugins of it"), "{run}");
        if !rest.lines().next().unwrap().ends_with(" 0") {
            full += 1;
            assert!(
                tight.contains("error:") && tight.contains("make room, and run the same command again"),
                "{run}"
            );
        }
    }
    assert!(runs == 8 && full > 2, "{full} of {runs}: {said}");
    // Nothing is left, of ours or of the client's.
    for undone in said.split("undone ").skip(1) {
        let left = undone.lines().skip(1).find(|line| line.starts_with("./"));
        assert!(undone.split('\n').next().unwrap().ends_with(" 0") && left.is_none(), "{undone}");
    }
}

#[test]
fn a_home_that_cannot_be_written_to_is_told() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "a_home_that_cannot_be_written_to_is_told") else { return };
    let server = world.serve(&[]);
    let token = world.path("token");
    fs::write(&token, world.token(ADA)).unwrap();
    let script = format!(
        "home='{home}'; export HOME=\"$home\" PATH='{path}' DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1 \
         CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
         mount -t tmpfs tmpfs \"$home\"; cd \"$home\"; mkdir .config
         mount -o remount,ro \"$home\"; set +e
         \"$AGNES\" setup --server {url} --token-stdin --yes <'{token}' 2>&1; echo \"status $?\"
         \"$AGNES\" login --server {url} --token-stdin <'{token}' 2>&1; echo \"status $?\"",
        home = laptop.home().display(),
        path = laptop.path(),
        url = server.url(),
        token = token.display(),
    );
    let Some(ran) = in_namespace(&world, &script, "a_home_that_cannot_be_written_to_is_told") else { return };
    let said = ran.text();
    assert_eq!(said.matches("status 1").count(), 2, "{said}{}", ran.stderr);
    assert_eq!(said.matches(".config/agnes` cannot be made: Read-only file system").count(), 2, "{said}");
    assert_eq!(said.matches("hint: make it writable for yourself").count(), 2, "{said}");
}

/// Whoever keeps their settings in a repository of their own has links to it in the home.
#[test]
fn settings_that_are_links_stay_links_and_are_changed_where_they_are() {
    let world = World::with_people();
    let server = world.serve(&[]);
    for laptop in Laptop::all(&world, "settings_that_are_links_stay_links") {
        let (home, dotfiles) = (laptop.home(), laptop.home().join("dot files"));
        fs::create_dir_all(&dotfiles).unwrap();
        fs::create_dir_all(home.join(".claude")).unwrap();
        fs::write(dotfiles.join("claude.json"), "{\"env\": {\"A\": \"b\"}}").unwrap();
        fs::write(dotfiles.join("gitconfig"), "[user]\n  name = Ada").unwrap();
        symlink("../dot files/claude.json", home.join(".claude/settings.json")).unwrap();
        symlink("dot files/gitconfig", home.join(".gitconfig")).unwrap();
        let before = laptop.everything();
        let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--hook"];
        laptop.good(&setup, &world.token(ADA));
        let during = laptop.everything();
        for link in [".claude/settings.json", ".gitconfig"] {
            assert!(matches!(&during[link], Found::Link(_)) && during[link] == before[link], "{link}");
        }
        let settings = fs::read_to_string(dotfiles.join("claude.json")).unwrap();
        let settings: Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(settings["env"]["A"], "b");
        assert!(
            settings["hooks"]["SessionStart"].is_array() && settings["enabledPlugins"].is_object(),
            "{settings}"
        );
        assert!(fs::read_to_string(dotfiles.join("gitconfig")).unwrap().contains("credential"));
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert_eq!(laptop.everything(), before);
    }
}

/// A folder of that name with a marketplace in it may be the work of weeks.
#[test]
fn a_folder_of_somebody_elses_is_not_replaced() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "a_folder_of_somebody_elses_is_not_replaced") else { return };
    let server = world.serve(&[]);
    let token = world.token(ADA);
    let theirs = laptop.home().join("agnes-marketplace");
    fs::create_dir_all(theirs.join(".claude-plugin")).unwrap();
    fs::write(theirs.join(".claude-plugin/marketplace.json"), "{\"name\": \"mine\"}").unwrap();
    fs::write(theirs.join("work of weeks"), "much").unwrap();
    for channel in ["zip", "clone"] {
        if channel == "clone" {
            assert!(laptop.command("git").args(["init", "-q"]).arg(&theirs).status().unwrap().success());
        }
        let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--channel", channel];
        let said = laptop.refused(4, &setup, &token);
        assert!(said.contains("not of our making") && said.contains("move it away"), "{said}");
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert_eq!(fs::read_to_string(theirs.join("work of weeks")).unwrap(), "much");
        assert_eq!(laptop.plugins().len(), 0);
    }
}

/// From one way to the next: the plugins are there each time, and at the end nothing is left.
#[test]
fn the_way_can_be_changed_and_plugins_stay() {
    let (world, _upstream) = World::with_moving();
    let server = world.serve(&[]);
    for laptop in Laptop::all(&world, "the_way_can_be_changed_and_plugins_stay") {
        let before = laptop.everything();
        laptop.good(&["setup", "--server", server.url(), "--token-stdin", "--yes"], &world.token(ADA));
        let there = laptop.plugins();
        assert_eq!(there.len(), 2);
        for channel in ["zip", "clone", "git"] {
            // Not even installing none takes away what is there.
            laptop.agnes(&["setup", "--yes", "--channel", channel, "--plugins", "none"]);
            assert_eq!(laptop.plugins(), there, "{channel}");
            assert!(laptop.agnes(&["refresh"]).stderr.contains("Nothing is new"));
        }
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert_eq!(laptop.everything(), before);
    }
}

/// The program, the home, the authority's certificate and the project all have spaces in their paths, and letters
/// that are not English. (The test's world has them in its own name.)
#[test]
fn a_project_has_its_own_plugins_in_paths_of_all_kinds() {
    let (world, upstream) = World::with_moving();
    let (server, ca) = world.serve_privately(&[]);
    for laptop in Laptop::all(&world, "a_project_has_its_own_plugins_in_paths_of_all_kinds") {
        let bin = laptop.home().join("bin ü");
        let project = laptop.home().join("Projekte/it's ein \"Spaß\"");
        for folder in [&bin, &project] {
            fs::create_dir_all(folder).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_agnes"), bin.join("agnes")).unwrap();
        fs::write(project.join("README.md"), "Ours.").unwrap();
        lived_in(&laptop);
        let before = laptop.everything();
        let token = world.token(ADA);
        let path = format!("{}:{}", bin.display(), laptop.path());
        let agnes = |folder: &Path, args: &[&str], stdin: &str| {
            let mut command = laptop.command(bin.join("agnes"));
            let ran = Laptop::run(command.args(args).current_dir(folder).env("PATH", &path), stdin);
            assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.text(), ran.stderr);
            ran
        };
        let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
        let ran = agnes(&project, &[&setup[..], &["--scope", "project", "--hook"]].concat(), &token);
        assert!(ran.stderr.contains("2 plugins of it"), "{}", ran.stderr);
        assert_eq!(laptop.files_with(&token), [".config/agnes/credentials.json"]);
        let read = |name: &str| fs::read_to_string(project.join(".claude").join(name)).unwrap();
        // What is shared with others has the address, and nothing of this machine.
        let (shared, own) = (read("settings.json"), read("settings.local.json"));
        assert!(shared.contains(server.url()) && shared.contains("still@agnes"), "{shared}");
        assert!(!shared.contains(argument(laptop.home())) && !shared.contains("refresh"), "{shared}");
        let own: Value = serde_json::from_str(&own).unwrap();
        let hook = own["hooks"]["SessionStart"][0]["hooks"][0]["command"].as_str().unwrap().to_owned();
        assert!(hook.contains("bin ü"), "{hook}");
        let user = fs::read_to_string(laptop.home().join(".claude/settings.json")).unwrap();
        assert!(!user.contains("agnes"), "{user}");
        // In the project, and nowhere else.
        let loaded = |folder: &Path| {
            let session = laptop.claude.session_in(folder);
            let names = session["plugins"].as_array().unwrap().iter();
            names.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert!(loaded(&project).contains(&"moved".to_owned()), "{:?}", loaded(&project));
        assert!(!loaded(laptop.home()).contains(&"moved".to_owned()));

        // From wherever it is refreshed; and the hook is a command that a shell understands.
        change(&world, &upstream);
        let ran = agnes(laptop.home(), &["refresh"], "");
        assert!(ran.stderr.contains("Updated: moved"), "{}", ran.stderr);
        let who = agnes(laptop.home(), &["whoami"], "");
        assert!(!who.stderr.contains("Something differs"), "{}{}", who.text(), who.stderr);
        let ran = Laptop::run(laptop.command("sh").args(["-c", &hook]).current_dir(&project), "{}");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));

        // Wherever it is run again, it is that project's. Another scope is another setup.
        let ran = agnes(laptop.home(), &["setup", "--yes"], "");
        assert!(ran.stderr.contains("2 plugins of it"), "{}", ran.stderr);
        let user = fs::read_to_string(laptop.home().join(".claude/settings.json")).unwrap();
        assert!(!user.contains("agnes"), "{user}");
        let said = laptop.refused(4, &["setup", "--yes", "--scope", "user"], "");
        assert!(said.contains("in the project scope") && said.contains("--undo"), "{said}");
        agnes(laptop.home(), &["setup", "--undo", "--yes"], "");
        let after = laptop.everything();
        let differing: Vec<_> = before
            .keys()
            .chain(after.keys())
            .filter(|name| before.get(*name) != after.get(*name))
            // What the sessions in between have noted.
            .filter(|name| {
                ![".claude.json", ".claude/projects", ".claude/session", ".claude/plugins"]
                    .iter()
                    .any(|own| name.starts_with(own))
            })
            .collect();
        assert_eq!(differing, Vec::<&String>::new());
    }
}

/// A client that has been used before, and settings of somebody's own.
fn lived_in(laptop: &Laptop) {
    fs::create_dir_all(laptop.home().join(".claude")).unwrap();
    fs::write(laptop.home().join(".claude/settings.json"), "{\"env\": {\"A\": \"b\"}}\n").unwrap();
    laptop.claude.session();
}

fn change(world: &World, upstream: &Upstream) {
    let text =
        format!("---\nname: moved\ndescription: {}\n---\n\nText.\n", upstream.git(&["rev-parse", "HEAD"]));
    upstream.write("plugins/moved/skills/moved/SKILL.md", text).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
}
