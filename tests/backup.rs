//! `agnes backup`, with and without a server, and what can be made of one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{World, have};

/// Unpacks a backup into a new data folder, as docs/operating.md says, and returns it.
fn restored(world: &World, backup: &str) -> World {
    let other = World::new();
    let done = Command::new("unzip").args(["-q", "-d"]).arg(other.data()).arg(world.path(backup)).status();
    assert!(done.unwrap().success());
    other
}

fn give_token(world: &World, token: &str) {
    let mut command = world.agnes_command(&["marketplace", "edit", "tools", "--token-env", "GIVEN"]);
    assert!(command.env("GIVEN", token).status().unwrap().success());
}

#[test]
fn what_is_restored_is_what_was_backed_up_while_serving() {
    if !have(["unzip"], "what_is_restored_is_what_was_backed_up_while_serving") {
        return;
    }
    let (world, _upstream) = World::with_tools();
    world.user("ada@example.com", &["tools/*"]);
    let token = "a-secret-of-the-upstream";
    give_token(&world, token);
    let before = world.agnes(&["info", "--user", "ada@example.com"]);
    let bundle = world.bundle("ada@example.com");

    let server = world.serve(&[]);
    let backup = world.path("backup.zip");
    let told = world.run(&["backup", "-o", backup.to_str().unwrap()]);
    assert!(told.stderr.contains("with the tokens of private upstreams"), "{}", told.stderr);
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    // The lock is still the server's: to have read the file must not have let go of it.
    fs::rename(&server.socket, world.path("socket-put-away")).unwrap();
    world.refused(7, &["group", "list", "--lock-wait", "0"]);
    fs::rename(world.path("socket-put-away"), &server.socket).unwrap();
    // What comes later is not in it.
    world.agnes(&["group", "add", "Later"]);
    drop(server);

    let other = restored(&world, "backup.zip");
    assert_eq!(other.agnes(&["info", "--user", "ada@example.com"]), before);
    assert!(!other.agnes(&["group", "list"]).contains("Later"));
    let overlay = fs::read_to_string(other.data().join("state/.env_overlay")).unwrap();
    assert!(overlay.contains(token));
    let audit = other.agnes(&["audit"]);
    assert!(audit.contains("backup"), "{audit}");
    // The rest is fetched again.
    other.agnes(&["marketplace", "edit", "tools", "--no-token"]);
    other.agnes(&["marketplace", "sync"]);
    assert_eq!(other.bundle("ada@example.com"), bundle);
}

/// Attack: whoever may administer from afar takes a backup to read the tokens of private upstreams, which
/// nothing else shows them.
#[test]
fn from_afar_there_are_no_tokens_in_it() {
    if !have(["unzip"], "from_afar_there_are_no_tokens_in_it") {
        return;
    }
    let (world, _upstream) = World::with_tools();
    give_token(&world, "not-for-you");
    world.user("ada@example.com", &[]);
    world.agnes(&["group", "join", "Admin", "ada@example.com"]);
    let token = world.agnes(&["token", "create", "--user", "ada@example.com"]);
    let server = world.serve(&[]);
    let answer = server.get("/api/backup", &[("Authorization", &format!("Bearer {}", token.trim()))]);
    assert_eq!(answer.status, 200);
    assert!(answer.headers.contains(&("agnes-tokens".into(), "0".into())));
    fs::write(world.path("afar.zip"), &answer.body).unwrap();
    let listed = Command::new("unzip").arg("-l").arg(world.path("afar.zip")).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("state/system.duckdb") && !listed.contains("env_overlay"), "{listed}");
    let other = restored(&world, "afar.zip");
    for file in ["system.duckdb", "system.duckdb.wal"] {
        let bytes = fs::read(other.data().join("state").join(file)).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"not-for-you"));
        assert!(!bytes.windows(token.trim().len()).any(|window| window == token.trim().as_bytes()));
    }
}
