use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::registry::Settings;
use crate::registry::settings::CacheSettings;
use crate::registry::testing::{Fixture, new, operator};

fn bytes(fixture: &Fixture, user: &str) -> Vec<u8> {
    fs::read(fixture.registry.bundle(&operator(), user).unwrap().path).unwrap()
}

fn cached(fixture: &Fixture, folder: &str) -> Vec<PathBuf> {
    let folder = fixture.registry.folder().zip_cache().join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// As if nobody had asked for these for an hour.
fn age(paths: &[PathBuf]) {
    for path in paths {
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
    }
}

fn two_plugins() -> Fixture {
    two_plugins_with(Settings::default())
}

fn two_plugins_with(settings: Settings) -> Fixture {
    let fixture = Fixture::with(settings);
    fixture.market("tools", &[("x", "of x"), ("y", "of y")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    fixture.admit("grace@example.com", "G", &["tools/x"]);
    fixture
}

#[test]
fn after_a_change_only_what_changed_is_compressed() {
    let fixture = two_plugins();
    let first = bytes(&fixture, "ada@example.com");
    assert_eq!(bytes(&fixture, "ada@example.com"), first);
    let parts = cached(&fixture, "parts");
    assert_eq!(parts.len(), 2);
    fixture.publish_plugins("tools", &[("x", "of x"), ("y", "changed")]);
    fixture.sync("tools").unwrap();
    assert_ne!(bytes(&fixture, "ada@example.com"), first);
    let after = cached(&fixture, "parts");
    assert_eq!((after.len(), after.iter().filter(|part| parts.contains(part)).count()), (3, 2));
}

#[test]
fn what_was_not_granted_leaves_no_byte() {
    let fixture = two_plugins();
    let bundle = fixture.registry.bundle(&operator(), "grace@example.com").unwrap();
    let view = fixture.registry.view(&operator(), "grace@example.com").unwrap().view;
    let catalog = String::from_utf8(view.catalog).unwrap();
    assert!(catalog.contains("tools-x") && !catalog.contains("tools-y"), "{catalog}");
    let text = String::from_utf8_lossy(&fs::read(bundle.path).unwrap()).into_owned();
    assert!(text.contains("tools-x") && !text.contains("tools-y"));
}

#[test]
fn damaged_caches_are_made_again() {
    let fixture = two_plugins();
    let first = bytes(&fixture, "ada@example.com");
    for path in [cached(&fixture, "parts"), cached(&fixture, "bundles")].concat() {
        fs::write(path, "garbage").unwrap();
    }
    assert_eq!(bytes(&fixture, "ada@example.com"), first);
}

#[test]
fn what_a_crash_of_the_machine_may_have_damaged_is_not_believed() {
    let fixture = two_plugins();
    let first = bytes(&fixture, "ada@example.com");
    let trap = cached(&fixture, "bundles").remove(0);
    let stale = cached(&fixture, "parts").remove(0);

    let fixture = fixture.reopened("this boot\n");
    assert_eq!(bytes(&fixture, "ada@example.com"), first);
    assert!(stale.exists());

    // A part whose directory is whole, over contents that never reached the disk.
    let mut part = fs::read(&stale).unwrap();
    let contents = part.windows(8).position(|window| window == b"SKILL.md").unwrap() + 8;
    part[contents..contents + 8].fill(0);
    fs::write(&stale, part).unwrap();
    fs::remove_file(&trap).unwrap();
    assert!(bytes(&fixture, "ada@example.com") != first, "the directory alone tells nothing");
    let fixture = fixture.reopened("another boot\n");
    assert_eq!(bytes(&fixture, "ada@example.com"), first);
}

#[test]
fn the_cache_is_bounded_and_what_is_in_use_stays() {
    let cache = CacheSettings { max_bytes: 1, ..Settings::default().cache };
    let fixture = two_plugins_with(Settings { cache, ..Settings::default() });
    let first = bytes(&fixture, "ada@example.com");
    let half_made = fixture.registry.folder().zip_cache().join("parts/.tmpX");
    fs::write(&half_made, "half").unwrap();
    let old = [cached(&fixture, "parts"), cached(&fixture, "bundles")].concat();
    assert_eq!(old.len(), 4, "made just now, they stay: {old:?}");
    age(&old);

    bytes(&fixture, "grace@example.com");
    let kept = [cached(&fixture, "parts"), cached(&fixture, "bundles")].concat();
    assert_eq!(kept.len(), 2, "hers, and the part it is made of: {kept:?}");
    assert!(!half_made.exists());
    assert_eq!(bytes(&fixture, "ada@example.com"), first);
}

#[test]
fn objects_that_are_gone_are_said_to_be_gone_and_a_sync_brings_them_back() {
    let fixture = two_plugins();
    fs::remove_dir_all(fixture.registry.folder().repository("tools").join("objects/pack")).unwrap();
    let error = fixture.registry.bundle(&operator(), "ada@example.com").unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("agnes marketplace sync tools"), "{error}");
    fixture.sync("tools").unwrap();
    bytes(&fixture, "ada@example.com");
}

/// The upstream calls its marketplace otherwise, and changes nothing else: what depended on a neighbour by the name of
/// before does not any more. It is served under another digest, or the old bytes would be as good as the new ones.
#[test]
fn a_marketplace_that_takes_another_name_has_other_bundles_where_its_plugins_depend_on_each_other() {
    let fixture = Fixture::new();
    let publish = |name: &str| {
        let plugins = json!([{"name": "a", "source": "./a"}, {"name": "b", "source": "./b"}]);
        let catalog = json!({"name": name, "owner": {"name": "x"}, "plugins": plugins}).to_string();
        let wants = r#"{"name": "a", "dependencies": ["b@m"]}"#;
        let files = [(".claude-plugin/marketplace.json", &*catalog), ("a/.claude-plugin/plugin.json", wants)];
        fixture.publish("tools", &[&files[..], &[("b/b.md", "b")]].concat())
    };
    let url = publish("m");
    fixture.registry.add_marketplace(&operator(), new("tools", &url)).unwrap();
    fixture.sync("tools").unwrap();
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    let digest = || fixture.registry.view(&operator(), "ada@example.com").unwrap().view.digest;
    let (as_m, of_m) = (digest(), bytes(&fixture, "ada@example.com"));
    publish("n");
    assert_eq!(fixture.sync("tools").unwrap().updated, 1);
    let of_n = bytes(&fixture, "ada@example.com");
    let provenance = fixture.registry.provenance(&operator(), "ada@example.com").unwrap();
    assert!(provenance.plugins.iter().all(|plugin| plugin.worked_out_digest() == plugin.digest));
    assert!(digest() != as_m && of_n != of_m);
    publish("m");
    fixture.sync("tools").unwrap();
    for path in [cached(&fixture, "parts"), cached(&fixture, "bundles")].concat() {
        fs::remove_file(path).unwrap();
    }
    assert!(digest() == as_m && bytes(&fixture, "ada@example.com") == of_m);
}
