//! The house: each floor uses the floors below it, and each crate has one room to live in.

use std::fs;
use std::path::{Path, PathBuf};

/// Room → the rooms it may use. A room that is not here may use none: adding one means deciding.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("wire", &["domain"]),
    ("store", &["domain"]),
    ("git", &["domain"]),
    ("archive", &["domain"]),
    ("registry", &["domain", "store", "git", "archive"]),
    ("http", &["domain", "wire", "registry"]),
    ("client", &["domain", "wire"]),
    // What it unpacks is a ZIP.
    ("analyst", &["domain", "wire", "client", "archive"]),
    ("cli", &["domain", "wire", "store", "git", "archive", "registry", "http", "client", "analyst"]),
];

/// Crate → the rooms that may say its name.
const LIVES_IN: [(&str, &[&str]); 32] = [
    ("duckdb", &["store"]),
    ("gix", &["git"]),
    ("gix_pack", &["git"]),
    ("gix_transport", &["git"]),
    ("zip", &["archive"]),
    ("tar", &["archive"]),
    // Which version a range of npm's means is a rule, and nothing else.
    ("nodejs_semver", &["domain"]),
    // Archives and packs keep contents compressed, and so do requests.
    ("flate2", &["archive", "git", "http"]),
    ("crc32fast", &["git"]),
    ("sha1", &["git"]),
    ("axum", &["http"]),
    // The in-process way into the API calls the router as the service it is.
    ("tower", &["http", "client"]),
    // The git room brings its own https transport to gix: credentials per host, no redirects with
    // them, and addresses that were looked at. The client speaks https to a server.
    ("reqwest", &["git", "client"]),
    // How a type looks in the API's description is said where it is said how it looks in JSON.
    ("utoipa", &["domain", "wire", "http"]),
    ("utoipa_axum", &["http"]),
    ("hyper", &["http"]),
    ("hyper_util", &["http"]),
    // In the git room, for the upstream that its tests play.
    ("rustls", &["http", "git"]),
    ("tokio_rustls", &["http"]),
    ("prometheus_client", &["http"]),
    ("listenfd", &["http"]),
    ("sd_notify", &["http"]),
    ("tokio_util", &["http"]),
    // What there is to log is said where it happens; how it is written, the room with a voice decides.
    ("tracing", &["http", "cli"]),
    ("tracing_subscriber", &["cli"]),
    // Where it is decided whether a token is the right one.
    ("subtle", &["registry"]),
    // What a text differs in is a pure value of two others.
    ("imara_diff", &["domain"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("indicatif", &["cli"]),
    ("rpassword", &["cli"]),
    ("directories", &["cli"]),
];

/// Macros that print. The library's other rooms return what there is to say.
const VOICES: [&str; 5] = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];

/// A file asked which two rooms it is.
const MOST_LINES: usize = 450;

#[test]
fn every_room_uses_only_the_floors_below_it() {
    let mut upward = Vec::new();
    for source in sources() {
        let below = MAY_USE.iter().find(|(room, _)| *room == source.room).map_or(&[][..], |(_, below)| below);
        for (number, line) in source.code() {
            for used in rooms_named(line) {
                if used != source.room && !below.contains(&used.as_str()) {
                    upward.push(format!("{}:{number}: {} uses {used}", source.shown(), source.room));
                }
            }
            if climbs(line) >= source.depth + usize::from(line.starts_with(' ')) {
                upward.push(format!("{}:{number}: climbs out of its room with `super`", source.shown()));
            }
        }
    }
    assert!(upward.is_empty(), "arrows that run upward or sideways (STYLE.md):\n{}", upward.join("\n"));
}

#[test]
fn every_crate_is_named_only_in_the_room_it_lives_in() {
    let mut strays = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            for (name, rooms) in LIVES_IN {
                if names_crate(line, name) && !rooms.contains(&source.room.as_str()) {
                    strays.push(format!("{}:{number}: `{name}` lives in {rooms:?}", source.shown()));
                }
            }
        }
    }
    assert!(strays.is_empty(), "crates outside their room (STYLE.md):\n{}", strays.join("\n"));
}

#[test]
fn only_the_cli_has_a_voice() {
    let mut voices = Vec::new();
    for source in sources().iter().filter(|source| source.room != "cli" && !source.is_test()) {
        for (number, line) in source.code() {
            if VOICES.iter().any(|voice| starts_a_word(line, voice)) {
                voices.push(format!("{}:{number}: {}", source.shown(), line.trim()));
            }
        }
    }
    assert!(voices.is_empty(), "rooms that print:\n{}", voices.join("\n"));
}

#[test]
fn the_table_knows_every_room_there_is() {
    let mut rooms: Vec<String> = sources().into_iter().map(|source| source.room).collect();
    rooms.sort();
    rooms.dedup();
    let mut known: Vec<&str> = MAY_USE.iter().map(|(room, _)| *room).collect();
    known.sort_unstable();
    assert_eq!(rooms, known);
}

#[test]
fn no_file_is_two_rooms_in_one() {
    let mut long = Vec::new();
    // A file of tests is a list of stories with one subject, and may be somewhat longer.
    for (folder, most) in [("src", MOST_LINES), ("tests", MOST_LINES + 150)] {
        for path in rust_files(&top().join(folder)) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            if lines > most {
                long.push(format!("{}: {lines} lines", path.strip_prefix(top()).unwrap().display()));
            }
        }
    }
    assert!(long.is_empty(), "files that are too long:\n{}", long.join("\n"));
}

#[test]
fn the_rules_see_what_they_are_meant_to_see() {
    assert_eq!(rooms_named("use crate::store::plugins::PluginRow;"), ["store"]);
    assert_eq!(rooms_named("    let x = crate::git::fetch(crate::domain::Y);"), ["git", "domain"]);
    assert_eq!(rooms_named("use crate::{domain::x, http::{a, b}, wire};"), ["domain", "http", "wire"]);
    assert_eq!(rooms_named("pub(crate) fn x() {}"), Vec::<String>::new());
    assert!(names_crate("use duckdb::{Row};", "duckdb") && names_crate("fn x() -> zip::Result<()>", "zip"));
    assert!(!names_crate("use super::unzip::x;", "zip") && !names_crate("crate::git::zip::x", "zip"));
    assert_eq!(climbs("use super::super::x;"), 2);
    assert!(starts_a_word("    println!(\"x\")", "println!") && !starts_a_word("eprintln!()", "println!"));
}

/// A file of a room.
struct Source {
    path: PathBuf,
    room: String,
    /// How many modules down from the crate's root.
    depth: usize,
    text: String,
}

impl Source {
    fn shown(&self) -> String {
        self.path.strip_prefix(top()).unwrap().display().to_string()
    }

    fn is_test(&self) -> bool {
        self.path
            .components()
            .any(|part| ["tests", "tests.rs", "fixture.rs"].iter().any(|name| *name == part.as_os_str()))
    }

    /// Numbered lines, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(i, line)| (i + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a room. `lib.rs` and `main.rs` are the door plate and the front door.
fn sources() -> Vec<Source> {
    let src = top().join("src");
    let mut sources = Vec::new();
    for path in rust_files(&src) {
        let parts: Vec<String> = path
            .strip_prefix(&src)
            .unwrap()
            .components()
            .map(|part| part.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned())
            .collect();
        if parts == ["lib"] || parts == ["main"] {
            continue;
        }
        let depth = parts.len() - usize::from(parts.last().is_some_and(|last| last == "mod"));
        let text = fs::read_to_string(&path).unwrap();
        sources.push(Source { room: parts[0].clone(), depth, text, path });
    }
    assert!(sources.len() > 50, "the sources are not where they were");
    sources
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| is_word(*c)).collect()
}

/// The rooms after each `crate::`, also in braces.
fn rooms_named(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => rooms.push(first_word(rest)),
            Some(list) => {
                let mut depth = 0;
                for piece in list.split_inclusive(['{', '}', ',']) {
                    if depth == 0 && !first_word(piece).is_empty() {
                        rooms.push(first_word(piece));
                    }
                    depth += piece.matches('{').count();
                    depth = depth.saturating_sub(piece.matches('}').count());
                }
            }
        }
    }
    rooms
}

/// Whether a line has `name::…`, or `use name;`, as a crate and not as the end of another path.
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        !before.ends_with(|c: char| is_word(c) || c == ':')
            && (after.starts_with("::") || (before.ends_with("use ") && after.starts_with([';', ' '])))
    })
}

/// The longest chain of `super::`.
fn climbs(line: &str) -> usize {
    let mut longest = 0;
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut chain = 0;
        while let Some(below) = rest.strip_prefix("super::") {
            (chain, rest) = (chain + 1, below);
        }
        longest = longest.max(chain);
    }
    longest
}

fn starts_a_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(is_word))
}
