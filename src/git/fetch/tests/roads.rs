//! ssh, and what is taken from the user's own git configuration.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::domain::access::secret::Secret;
use crate::domain::repository::path::RepoPath;
use crate::domain::watch::Unwatched;
use crate::git::fixture::World;
use crate::git::{FetchError, FetchOptions, Fetched, Pin, Upstream, UserGit};
use crate::git::{fetch, fetch_folders, stand_in, verify};

fn user(variables: &[(&str, &str)]) -> UserGit {
    let variables: HashMap<_, _> =
        variables.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
    UserGit::read(&|name| variables.get(name).cloned())
}

fn fetch_as(world: &World, url: &str, user: UserGit) -> Result<Fetched, FetchError> {
    let options = FetchOptions { user, idle_timeout: Duration::from_secs(1), ..FetchOptions::default() };
    fetch(&world.repo(), &Upstream { url, pin: &Pin::Default, token: None }, &options, &Unwatched)
}

/// Stands in for ssh: notes its arguments, then does what the far side would do with the command.
fn script(world: &World, name: &str, body: &str) -> String {
    let path = world.folder.path().join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn ssh_is_run_so_that_it_cannot_ask() {
    let world = World::new();
    let log = world.folder.path().join("log");
    let body = format!(
        "printf '%s\\n' \"$@\" \"$GIT_PROTOCOL\" > '{}'\nfor last; do :; done\nexec sh -c \"$last\"",
        log.display()
    );
    let ssh = script(&world, "my ssh", &body);
    let url = format!("ssh://git@host.example:2222{}", world.upstream().display());
    let quoted = format!("'{ssh}' -v");
    for user in [user(&[("GIT_SSH", &ssh)]), user(&[("GIT_SSH_COMMAND", &quoted)])] {
        assert_eq!(fetch_as(&world, &url, user).unwrap().commit, world.id("HEAD"));
        let said = fs::read_to_string(&log).unwrap();
        let said: Vec<_> = said.lines().filter(|line| *line != "-v").collect();
        let command = format!("git-upload-pack '{}'", world.upstream().display());
        let expected = [
            "-o",
            "BatchMode=yes",
            "-o",
            "SendEnv=GIT_PROTOCOL",
            "-o",
            "ConnectTimeout=20",
            "-p",
            "2222",
            "git@host.example",
            &command,
            "version=2",
        ];
        assert_eq!(said, expected);
    }
    world.fsck();
}

/// One conversation with many questions in it, two of them for thousands of files.
#[test]
fn a_folder_comes_over_ssh_without_the_rest() {
    let world = World::new();
    world.up(&["config", "uploadpack.allowFilter", "true"]);
    for n in 0..10_100 {
        world.write(&format!("much/{}/{n}.txt", n % 100), format!("{n}\n"));
    }
    let tip = world.commit("much");
    let ssh = script(&world, "ssh", "for last; do :; done\nexec sh -c \"$last\"");
    let url = format!("ssh://git@host.example{}", world.upstream().display());
    let options = FetchOptions { user: user(&[("GIT_SSH", &ssh)]), ..FetchOptions::default() };
    let folder = RepoPath::parse("much").unwrap();
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let wanted = std::slice::from_ref(&folder);
    let brought = fetch_folders(&world.repo(), &upstream, wanted, &options, &Unwatched).unwrap();
    let made = stand_in(&world.repo(), &tip, &folder);
    assert!(brought.received && brought.commit == tip && made != tip);
    verify(&world.repo(), &made).unwrap();
    assert!(!world.reader().has(&world.id("HEAD:a.txt")));
    world.fsck();
}

#[test]
fn what_ssh_says_is_understood() {
    let world = World::new();
    let said = |name: &str, words: &str| {
        let ssh = script(&world, name, &format!("echo '{words}' >&2\nexit 255"));
        fetch_as(&world, "git@host.example:a/b", user(&[("GIT_SSH", &ssh)])).unwrap_err()
    };
    let words = "git@host.example: Permission denied (publickey).";
    assert_eq!(said("a", words), FetchError::NoSshKey { host: "host.example".into(), reason: words.into() });
    let words = "Host key verification failed.";
    let error = said("g", words);
    assert_eq!(error, FetchError::UnknownHostKey { host: "host.example".into(), reason: words.into() });
    let error = said("b", "ERROR: Repository not found.");
    assert_eq!(error, FetchError::NotFound { url: "git@host.example:a/b".into() });
    let error = said("c", "ssh: Could not resolve hostname host.example: Name or service not known");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    let error = said("d", "something else entirely");
    assert!(
        matches!(&error, FetchError::Other { reason, .. } if reason == "something else entirely"),
        "{error}"
    );
    let start = std::time::Instant::now();
    // The second one is a child of the child, and outlives it.
    for hangs in [script(&world, "e", "exec sleep 20"), script(&world, "f", "sleep 20\nexit 1")] {
        let error =
            fetch_as(&world, "git@host.example:a/b", user(&[("GIT_SSH_COMMAND", &hangs)])).unwrap_err();
        assert!(matches!(error, FetchError::TimedOut { .. }), "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(10));
    let error = fetch_as(&world, "git@host.example:a/b", user(&[("GIT_SSH", "/nowhere/ssh")])).unwrap_err();
    assert!(matches!(error, FetchError::Other { .. }), "{error}");
}

/// Somebody wrote a configuration that would run programs and send headers. It decides where to
/// fetch from, and nothing more.
#[test]
fn only_the_address_is_taken_from_the_users_configuration() {
    let world = World::new();
    let trap = world.folder.path().join("sprung");
    let config = world.folder.path().join("config");
    let touch = format!("!touch {}", trap.display());
    fs::write(
        &config,
        format!(
            "[url \"file://{}/\"]\n\tinsteadOf = https://github.com/acme/\n[url \"ssh://never/\"]\n\tinsteadOf = https://github.com/\n\
             [credential]\n\thelper = \"{touch}\"\n[core]\n\taskPass = {}\n[http]\n\textraHeader = X-Secret: 1\n[uploadpack]\n\tpackObjectsHook = {}\n",
            world.folder.path().display(),
            trap.display(),
            trap.display(),
        ),
    )
    .unwrap();
    let user = user(&[("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", config.to_str().unwrap())]);
    let fetched = fetch_as(&world, "https://github.com/acme/upstream", user.clone()).unwrap();
    assert_eq!(fetched.commit, world.id("HEAD"));
    assert!(!trap.exists());

    // A token goes with the address that was registered: a file has no use for it.
    let options = FetchOptions { user, ..FetchOptions::default() };
    let token = Secret::new("t".into());
    let upstream =
        Upstream { url: "https://github.com/acme/upstream", pin: &Pin::Default, token: Some(&token) };
    assert!(fetch(&world.repo(), &upstream, &options, &Unwatched).is_ok());
}

#[test]
fn a_configuration_that_cannot_be_read_counts_as_none() {
    let world = World::new();
    let config = world.folder.path().join("config");
    fs::write(&config, "[url \"x\n broken").unwrap();
    let user = user(&[("GIT_CONFIG_NOSYSTEM", "true"), ("GIT_CONFIG_GLOBAL", config.to_str().unwrap())]);
    assert!(fetch_as(&world, &world.url(), user).is_ok());
}
