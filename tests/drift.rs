//! What is generated is committed, and what is documented is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{World, have};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn committed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn committed_completions_are_what_the_program_prints() {
    let world = World::new();
    for shell in SHELLS {
        let path = committed("completions").join(format!("agnes.{shell}"));
        let there = fs::read_to_string(&path).unwrap_or_default();
        let now = world.agnes(&["completions", shell]);
        assert!(there == now, "{} is not what this agnes prints: run `make generate`", path.display());
    }
    assert_eq!(fs::read_dir(committed("completions")).unwrap().count(), SHELLS.len());
}

#[test]
fn committed_manual_pages_are_what_the_program_writes() {
    let world = World::new();
    let folder = world.path("man");
    world.agnes(&["man", folder.to_str().unwrap()]);
    let pages = |folder: &Path| -> BTreeMap<String, String> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries
            .map(|entry| {
                let entry = entry.unwrap();
                let text = fs::read_to_string(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect()
    };
    let (there, now) = (pages(&committed("man")), pages(&folder));
    assert_eq!(
        there.keys().collect::<Vec<_>>(),
        now.keys().collect::<Vec<_>>(),
        "man/ has other pages than this agnes writes: run `make generate`"
    );
    for (name, page) in now {
        assert!(there[&name] == page, "man/{name} is not what this agnes writes: run `make generate`");
    }
    assert_eq!(world.agnes(&["man"]), there["agnes.1"]);
}

#[test]
fn the_committed_description_of_the_api_is_what_the_program_prints() {
    let there = fs::read_to_string(committed("docs/openapi.json")).unwrap_or_default();
    let now = World::new().agnes(&["openapi"]);
    assert!(there == now, "docs/openapi.json is not what this agnes prints: run `make generate`");
}

/// Words for scripts that stand beside a status, in the source of the room that chooses them.
fn codes(text: &str, found: &mut BTreeSet<String>) {
    for (at, status) in text.match_indices("S::").chain(text.match_indices("StatusCode::")) {
        let rest = text[at + status.len()..].trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_');
        let Some(rest) = rest.strip_prefix(',') else { continue };
        let Some(rest) = rest.trim_start().strip_prefix('"') else { continue };
        found.insert(rest.split('"').next().unwrap().to_owned());
    }
}

#[test]
fn every_code_of_a_problem_is_in_the_table() {
    fn read(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                read(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
                codes(&fs::read_to_string(path).unwrap(), found);
            }
        }
    }
    let mut found = BTreeSet::new();
    read(&committed("src/http"), &mut found);
    assert!(found.len() > 40 && found.contains("draining") && found.contains("defect"), "{found:?}");
    let table = fs::read_to_string(committed("docs/api.md")).unwrap();
    let table: String =
        table.lines().filter(|line| line.starts_with("| 4") || line.starts_with("| 5")).collect();
    let missing: Vec<_> = found.iter().filter(|code| !table.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "docs/api.md does not list {missing:?}");
}

#[test]
fn manual_pages_please_the_formatter() {
    let world = World::new();
    if !have(["groff"], "manual_pages_please_the_formatter") {
        return;
    }
    for page in fs::read_dir(committed("man")).unwrap() {
        let path = page.unwrap().path();
        let output = world
            .command("groff")
            .args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z"])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{}: {said}", path.display());
    }
}

#[test]
fn every_command_and_argument_has_help() {
    let mut silent = Vec::new();
    let mut top = agnes::cli::command();
    top.build();
    ask(&top, "agnes", &mut silent);
    assert!(silent.is_empty(), "without a word of help: {}", silent.join(", "));
}

/// Arguments that stand alone and are called what they are need no more words.
fn ask(command: &clap::Command, name: &str, silent: &mut Vec<String>) {
    if command.get_about().is_none() {
        silent.push(name.to_owned());
    }
    for argument in command.get_arguments() {
        if argument.get_help().is_none() && !argument.is_positional() {
            silent.push(format!("{name} --{}", argument.get_id()));
        }
    }
    for below in command.get_subcommands() {
        ask(below, &format!("{name} {}", below.get_name()), silent);
    }
}

#[test]
fn help_completions_and_manual_need_neither_home_nor_a_configuration_that_works() {
    let world = World::new();
    fs::create_dir_all(world.data()).unwrap();
    let broken = world.data().join("agnes.toml");
    fs::write(&broken, "this is = not [toml").unwrap();
    let pages = world.path("pages");
    let commands: [&[&str]; 10] = [
        &["--help"],
        &["-h"],
        &["--version"],
        &["marketplace", "--help"],
        &["marketplace", "add", "--help"],
        &["marketplace", "sync", "--help"],
        &["completions", "zsh"],
        &["openapi"],
        &["man"],
        &["man", pages.to_str().unwrap()],
    ];
    for args in commands {
        let output = world
            .agnes_command(args)
            .env_remove("HOME")
            .env("AGNES_CONFIG", &broken)
            .env("AGNES_SYNC_JOBS", "many")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "agnes {args:?}: {said}");
        assert!(!output.stdout.is_empty() || args.len() == 2, "agnes {args:?} says nothing");
    }
    // And none of it made a registry.
    assert_eq!(fs::read_dir(world.data()).unwrap().count(), 1);
    let said = world.refused(2, &["user", "list"]);
    assert!(said.contains("is not TOML"), "{said}");
}

#[test]
fn the_example_configuration_says_every_setting_with_its_default() {
    let world = World::new();
    let example = committed("examples/agnes.toml");
    let values = |args: &[&str]| -> BTreeMap<String, (Value, String)> {
        let shown = world.json(args);
        let each = shown.as_array().unwrap().iter();
        each.map(|one| {
            let text = |field: &str| one[field].as_str().unwrap().to_owned();
            (text("key"), (one["value"].clone(), text("source")))
        })
        .collect()
    };
    let defaults = values(&["config", "show"]);
    let with_file = values(&["--config", example.to_str().unwrap(), "config", "show"]);
    for (key, (value, source)) in &with_file {
        assert_eq!(*value, defaults[key].0, "`{key}` in examples/agnes.toml is not the default");
        assert!(key == "data_dir" || source.starts_with("file "), "examples/agnes.toml does not say `{key}`");
    }
    assert_eq!(with_file.len(), defaults.len());
}

#[test]
fn the_example_configuration_explains_every_setting() {
    let text = fs::read_to_string(committed("examples/agnes.toml")).unwrap();
    let mut section = String::new();
    let mut explained = BTreeSet::new();
    let mut comment = 0;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.split(']').next().unwrap());
        }
        // A setting without a default stands there as a comment: `#key = value`.
        let setting = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
        match setting.split_once(" = ") {
            Some((key, _)) if !setting.starts_with('#') && !key.contains(' ') => {
                assert!(comment > 0 || line.starts_with('#'), "`{section}{key}` has no comment above it");
                explained.insert(format!("{section}{key}"));
                comment = 0;
            }
            _ if line.starts_with("# ") => comment += 1,
            _ => comment = 0,
        }
    }
    // With the optional ones set, `config show` lists all there are.
    let world = World::new();
    let shown = world
        .agnes_command(&["config", "show", "--json"])
        .env("AGNES_MARKETPLACE_OWNER_EMAIL", "plugins@example.com")
        .env("AGNES_SYNC_CA_BUNDLE", "/x.pem")
        .env("AGNES_SYNC_NPM_REGISTRY", "https://npm.example.com")
        .env("AGNES_SERVE_TLS_CERT", "/x.pem")
        .env("AGNES_SERVE_TLS_KEY", "/x.pem")
        .env("AGNES_SERVE_PUBLIC_URL", "https://agnes.example.com")
        .env("AGNES_SERVE_CA_CERT", "/x.pem")
        .env("AGNES_SERVER", "https://agnes.example.com")
        .env("AGNES_SERVER_CA", "/x.pem")
        .env("AGNES_SERVER_TOKEN_FILE", "/x")
        .env("AGNES_SERVE_TLS_CERT", "/x.pem")
        .env("AGNES_SERVE_TLS_KEY", "/x.pem")
        .env("AGNES_SERVE_PUBLIC_URL", "https://agnes.example.com")
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let known: BTreeSet<String> =
        shown.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(explained, known);
}

#[test]
fn a_setting_that_is_not_known_is_refused_by_name() {
    let world = World::new();
    let file = world.path("agnes.toml");
    fs::write(&file, "[limits]\nmax_flies = 3\n").unwrap();
    let said = world.refused(2, &["--config", file.to_str().unwrap(), "config", "show"]);
    assert!(said.contains("limits.max_flies"), "{said}");
}
