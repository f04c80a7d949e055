//! What `make test` and `.ci/run` do before they begin: everything that a test looks with is there, or it is said.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{INSTALLED_IN_CI, World};

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn ci_installs_what_tests_look_with() {
    let run = fs::read_to_string(project(".ci/run")).unwrap();
    let line = run.lines().find(|line| line.starts_with("need ")).unwrap();
    for program in INSTALLED_IN_CI {
        let installed = line.split(' ').any(|pair| pair.split('=').next() == Some(program));
        assert!(installed, "`{program}` is not in: {line}");
    }
}

/// An npm that installs a `claude` which does nothing, and a Python that makes a `pip` of that kind.
const NPM: &str = r#"#!/bin/sh -eu
echo "npm $*" >>"$HOME/asked"
case "$*" in
    *view*) echo 9.8.7 ;;
    *claude-code@*)
        for word; do [ "${before-}" != --prefix ] || folder=$word; before=$word; done
        mkdir -p "$folder/node_modules/.bin"
        ln -s /bin/true "$folder/node_modules/.bin/claude" ;;
esac
"#;
const PYTHON: &str = "#!/bin/sh -eu\nmkdir -p \"$3/bin\"\nln -s /bin/true \"$3/bin/pip\"\n";
const BROKEN: &str = "#!/bin/sh\necho \"npm $*\" >>\"$HOME/asked\"\nexit 1\n";

/// A developer's machine, with that npm.
fn machine(npm: &str) -> World {
    let world = World::new();
    fs::create_dir(world.path("bin")).unwrap();
    for (name, text) in [("npm", npm), ("python3", PYTHON)] {
        let path = world.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    world
}

/// What `scripts/clients.sh` sets, with these variables of the developer's own.
fn clients(world: &World, variables: &[(&str, &str)]) -> Output {
    let path = std::env::var("PATH").unwrap();
    let mut command = world.command(project("scripts/clients.sh"));
    command.args(["sh", "-c", "echo \"$AGNES_TEST_CLAUDE|$AGNES_TEST_GIT_CLIENTS\""]);
    command.env("PATH", format!("{}:{path}", world.path("bin").display()));
    command.envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_real_clients_are_installed_once_and_not_asked_for_again() {
    let world = machine(NPM);
    let first = clients(&world, &[("CI", "true")]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let cache = world.path(".cache/agnes").display().to_string();
    let claude = |version: &str| format!("{cache}/claude/{version}/node_modules/.bin/claude");
    let said = text(&first.stdout);
    let (claudes, git) = said.trim().split_once('|').unwrap();
    assert_eq!(claudes, format!("{}:{}", claude("2.1.197"), claude("9.8.7")));
    assert!(git.starts_with(&format!("{cache}/git-clients/")), "{git}");

    fs::remove_file(world.path("asked")).unwrap();
    assert_eq!(text(&clients(&world, &[]).stdout), said);
    assert!(!world.path("asked").exists(), "the second run asks nobody");

    // One that is the newest no more goes.
    fs::create_dir(world.path(".cache/agnes/claude/9.8.6")).unwrap();
    clients(&world, &[]);
    assert!(!world.path(".cache/agnes/claude/9.8.6").exists());

    // Whoever has their own uses those; and none, if none are named.
    let own = clients(&world, &[("AGNES_TEST_CLAUDE", "/opt/claude"), ("AGNES_TEST_GIT_CLIENTS", "")]);
    assert_eq!(text(&own.stdout), "/opt/claude|\n");
}

#[test]
fn without_the_real_clients_the_tests_go_on_and_say_so_but_not_in_ci() {
    let world = machine(BROKEN);
    for variables in [&[][..], &[("CI", "")], &[("CI", "false")], &[("CI", "0")]] {
        let ran = clients(&world, variables);
        let told = text(&ran.stderr);
        assert!(ran.status.success() && text(&ran.stdout) == "|\n", "{told}");
        for loud in ["\n!! npm cannot say which Claude Code", "\n!! dulwich, pygit2 and isomorphic-git"] {
            assert!(told.contains(loud) && told.contains("the tests go on WITHOUT"), "{told}");
        }
    }
    for strict in ["true", "1", "yes"] {
        let ran = clients(&world, &[("CI", strict)]);
        assert_eq!((ran.status.code(), text(&ran.stdout).as_str()), (Some(1), ""));
        assert!(text(&ran.stderr).contains("CI does not pass without"), "{}", text(&ran.stderr));
    }
}

/// Where npm does not answer today, what it installed before is good enough.
#[test]
fn what_was_installed_serves_without_a_network() {
    let world = machine(NPM);
    let before = text(&clients(&world, &[]).stdout);
    fs::write(world.path("bin/npm"), BROKEN).unwrap();
    // It is long ago that the newest was asked for.
    let aged = world
        .command("touch")
        .args(["-d", "3 days ago"])
        .arg(world.path(".cache/agnes/claude/newest"))
        .status();
    assert!(aged.unwrap().success());
    let after = clients(&world, &[("CI", "true")]);
    assert_eq!(text(&after.stdout), before, "{}", text(&after.stderr));
}
