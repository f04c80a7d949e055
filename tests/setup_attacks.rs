//! Stories of what else is on an analyst's machine, and could come to harm by ours.

use std::fs;
use std::path::Path;

use crate::support::{ADA, Laptop, World};

const TEXT: &str = "---\nname: moved\ndescription: Another text\n---\n\nAnother text.\n";

/// `git ARGS…` in a folder of the laptop's, which has to succeed.
#[track_caller]
fn git(laptop: &Laptop, folder: &Path, args: &[&str]) -> String {
    let mut command = laptop.command("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]).args(args);
    let ran = Laptop::run(command.current_dir(folder), "");
    assert_eq!(ran.code, Some(0), "git {args:?}: {}", ran.stderr);
    ran.text()
}

/// Ada has a day's work in a repository of hers, and not all of it is committed. A hook of that repository begins a
/// session of Claude Code, and the session looks at what is new. Git tells its hooks, and so all that they begin,
/// which repository they are in. Whoever resets a clone to what the server has must not reset that one.
#[test]
fn a_hook_of_a_repository_does_not_lead_to_that_repository() {
    let (world, upstream) = World::with_moving();
    let Some(laptop) = Laptop::one(&world, "a_hook_of_a_repository_does_not_lead_to_it") else { return };
    let server = world.serve(&[]);
    let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--channel", "clone"];
    laptop.good(&setup, &world.token(ADA));
    let (main, work) = (laptop.home().join("main"), laptop.home().join("work"));
    fs::create_dir_all(&main).unwrap();
    git(&laptop, &main, &["init", "-q", "-b", "main"]);
    git(&laptop, &main, &["commit", "-q", "--allow-empty", "-m", "Begin"]);
    // It fetches from somewhere, as most do.
    git(&laptop, &main, &["remote", "add", "origin", upstream.folder().to_str().unwrap()]);
    // In a linked working tree git has to tell its hooks more than in others.
    git(&laptop, &main, &["worktree", "add", "-q", "../work"]);
    let hook =
        format!("#!/bin/sh\nenv | grep ^GIT_ >hooked\nexec '{}' refresh\n", env!("CARGO_BIN_EXE_agnes"));
    fs::write(main.join(".git/hooks/pre-commit"), hook).unwrap();
    executable(&main.join(".git/hooks/pre-commit"));
    fs::write(work.join("half"), "committed").unwrap();
    git(&laptop, &work, &["add", "half"]);
    fs::write(work.join("half"), "not committed").unwrap();

    let before = laptop.plugins();
    upstream.write("plugins/moved/skills/moved/SKILL.md", TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    git(&laptop, &work, &["commit", "-q", "-m", "Half"]);
    assert!(fs::read_to_string(work.join("hooked")).unwrap().contains("GIT_DIR="));
    assert_ne!(laptop.plugins()["moved"], before["moved"]);
    let is_hers = || {
        assert_eq!(fs::read_to_string(work.join("half")).unwrap(), "not committed");
        assert_eq!(git(&laptop, &work, &["log", "--format=%s"]), "Half\nBegin\n");
        assert_eq!(git(&laptop, &work, &["show", "HEAD:half"]), "committed");
        assert!(!work.join(".claude-plugin").exists() && !main.join(".git/FETCH_HEAD").exists());
    };
    is_hers();

    // The same with whatever else she may have in her environment.
    let (repository, index) = (main.join(".git"), main.join(".git/index"));
    let variables = [
        ("GIT_DIR", &repository),
        ("GIT_WORK_TREE", &work),
        ("GIT_COMMON_DIR", &repository),
        ("GIT_OBJECT_DIRECTORY", &repository),
        ("GIT_INDEX_FILE", &index),
    ];
    let there = fs::read(&index).ok();
    for (i, (name, value)) in variables.iter().enumerate() {
        let before = laptop.plugins();
        upstream.write("plugins/moved/x", i.to_string()).commit("Change");
        world.agnes(&["marketplace", "sync"]);
        let mut command = laptop.command(env!("CARGO_BIN_EXE_agnes"));
        let ran = Laptop::run(command.arg("refresh").env(name, value).current_dir(&work), "");
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        assert_ne!(laptop.plugins()["moved"], before["moved"], "{name}");
        assert_eq!(fs::read(&index).ok(), there, "{name}");
        is_hers();
    }
}

/// Ada's home is a repository of hers, as that of many who keep their settings so, and our clone in it is broken.
/// Git takes a folder that is no repository for a part of one above it.
#[test]
fn a_home_that_is_a_repository_is_not_reset_for_a_broken_clone() {
    let (world, upstream) = World::with_moving();
    let Some(laptop) = Laptop::one(&world, "a_home_that_is_a_repository_is_not_reset") else { return };
    let server = world.serve(&[]);
    let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes", "--channel", "clone"];
    laptop.good(&setup, &world.token(ADA));
    let home = laptop.home().to_owned();
    git(&laptop, &home, &["init", "-q", "-b", "main"]);
    // It even fetches from somewhere.
    git(&laptop, &home, &["remote", "add", "origin", upstream.folder().to_str().unwrap()]);
    fs::write(home.join("notes"), "committed").unwrap();
    git(&laptop, &home, &["add", "notes"]);
    git(&laptop, &home, &["commit", "-q", "-m", "Begin"]);
    fs::write(home.join("notes"), "not committed").unwrap();
    upstream.write("plugins/moved/skills/moved/SKILL.md", TEXT).commit("Say it differently");
    world.agnes(&["marketplace", "sync"]);
    let clone = home.join("agnes-marketplace");
    for missing in ["objects", "HEAD"] {
        let gone = clone.join(".git").join(missing);
        if gone.is_dir() {
            fs::remove_dir_all(gone).unwrap();
        } else {
            fs::remove_file(gone).unwrap();
        }
        let said = laptop.told(&["refresh"], "");
        assert!(said.code != Some(0) && said.stderr.contains("error:"), "{missing}: {}", said.stderr);
        assert_eq!(fs::read_to_string(home.join("notes")).unwrap(), "not committed", "{missing}");
        assert_eq!(git(&laptop, &home, &["log", "--format=%s"]), "Begin\n", "{missing}");
    }
    // The way out that is told.
    let said = laptop.refused(4, &["refresh"], "");
    assert!(said.contains("move it away, and run the same command again"), "{said}");
    fs::rename(&clone, home.join("away")).unwrap();
    assert!(laptop.agnes(&["refresh"]).stderr.contains("Updated: moved"));
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
