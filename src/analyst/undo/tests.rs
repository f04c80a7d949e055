//! Taking back where not everything is there any more that was there for setup.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::analyst::error::Kind;
use crate::analyst::tests::{TOKEN, credential, place};

const ONE: &str = "https://a.example.com";
const OTHER: &str = "https://b.example.com";

/// What setup would have noted for that server, with these fields besides.
fn noted(place: &Place, server: &str, fields: &Value) -> (ServerUrl, Setup) {
    let mut note = json!({
        "marketplace": "agnes", "channel": "git", "scope": "user", "plugins": "all", "project": place.home,
        "complete": true,
    });
    note.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let setup: Setup = serde_json::from_value(note).unwrap();
    credentials::keep(place, &credential(server, TOKEN)).unwrap();
    let mut state = State::read(place).unwrap();
    state.servers.insert(server.to_owned(), setup.clone());
    state.write(place).unwrap();
    (server.parse().unwrap(), setup)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Refused like that; and everything that is needed to try it again is kept.
#[track_caller]
fn is_kept(place: &Place, (server, setup): &(ServerUrl, Setup), program: &str) {
    let snag = undo(place, server, setup, &|_| {}).unwrap_err();
    assert_eq!((snag.kind, snag.message), (Kind::Missing, format!("there is no `{program}` in your PATH")));
    assert!(snag.hint.unwrap().contains("agnes setup --undo"));
    assert!(State::read(place).unwrap().servers.contains_key(server.base()));
    assert!(credentials::of(place, server).unwrap().is_some());
}

/// Nothing of it is forgotten: neither its note nor the token with which its plugins came.
#[test]
fn without_the_client_what_it_has_of_ours_is_not_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let settings = place.claude.join("settings.json");
    let known = place.claude.join("plugins/known_marketplaces.json");
    let before = json!({"installed_before": ["theirs@agnes"], "adopted": true});
    for (path, text, fields) in [
        (&known, r#"{"agnes": {"source": {}}}"#, json!({})),
        (&settings, r#"{"extraKnownMarketplaces": {"agnes": {}}}"#, json!({})),
        (&settings, r#"{"enabledPlugins": {"sql@agnes": true}}"#, json!({})),
        (&settings, r#"{"enabledPlugins": {"theirs@agnes": true, "sql@agnes": true}}"#, before.clone()),
        (&settings, "{", json!({})),
    ] {
        write(path, text);
        is_kept(&place, &noted(&place, ONE, &fields), "claude");
        assert_eq!(fs::read_to_string(path).unwrap(), text);
        fs::remove_file(path).unwrap();
    }
    // What only sounds like it, and what had been there before, keeps nobody from going.
    write(&known, r#"{"other": {"installLocation": "/home/agnes/x"}, "agnes": {}}"#);
    write(&settings, r#"{"env": {"A": "agnes"}, "enabledPlugins": {"theirs@agnes": true, "x@other": true}}"#);
    let (server, setup) = noted(&place, ONE, &before);
    undo(&place, &server, &setup, &|_| {}).unwrap();
    assert!(!place.config.exists());
}

#[test]
fn without_git_what_it_was_told_is_not_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let told = json!({"git": {"credential.https://a.example.com.helper": []}});
    write(
        &place.git_config,
        "[credential \"https://a.example.com\"]\n\thelper = x\n[alias]\n\tst = status\n",
    );
    let setup = noted(&place, ONE, &told);
    is_kept(&place, &setup, "git");
    // Somebody has removed it themselves.
    fs::remove_file(&place.git_config).unwrap();
    undo(&place, &setup.0, &setup.1, &|_| {}).unwrap();
    assert!(!place.config.exists());
}

/// The hook looks at all servers, and there is one for all of them.
#[test]
fn the_hook_stays_as_long_as_a_server_is_set_up_with_it() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let settings = place.claude.join("settings.json");
    hook::add(&place, &settings).unwrap();
    let with_hook = json!({"hook": settings});
    let (one, other) = (noted(&place, ONE, &with_hook), noted(&place, OTHER, &with_hook));
    let has_hook = || fs::read_to_string(&settings).unwrap().contains("refresh --quiet");
    undo(&place, &one.0, &one.1, &|_| {}).unwrap();
    assert!(has_hook() && credentials::of(&place, &other.0).unwrap().is_some());
    undo(&place, &other.0, &other.1, &|_| {}).unwrap();
    assert!(!has_hook() && !place.config.exists());
}

/// What was killed has left half of something beside what it wrote; what others call alike is theirs.
#[test]
fn what_killed_runs_have_left_is_removed() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let folder = place.folder();
    let left =
        [home.path().join(".agnes-agnes-marketplace-aB3dE6"), place.config.join(".agnes-setup.json-aB3dE6")];
    let others =
        [home.path().join(".agnes-backup/new"), home.path().join(".agnes-agnes-marketplace-of mine/x")];
    let setup = noted(&place, ONE, &json!({"channel": "zip", "folder": folder}));
    write(&left[0].join("new/x"), "");
    for path in others.iter().chain(&left[1..]) {
        write(path, "");
    }
    undo(&place, &setup.0, &setup.1, &|_| {}).unwrap();
    assert!(left.iter().all(|path| !path.exists()) && others.iter().all(|path| path.exists()));
    assert!(!place.config.exists());
}
