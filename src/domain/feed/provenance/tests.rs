use serde_json::{Value, json};

use super::*;
use crate::domain::feed::view::{self, Feed, Renames};
use crate::domain::plugin::behaviour;
use crate::domain::plugin::content::Content;
use crate::domain::plugin::manifest;

/// Instead of git's, which is not at home in this room.
fn blob(bytes: &[u8]) -> Oid {
    let mut id = [0; 20];
    id.copy_from_slice(&Digest::of(bytes).as_bytes()[..20]);
    Oid(id)
}

const UPSTREAMS: &[u8] = br#"{"name": "upstreams", "version": "1", "license": "MIT"}"#;
const WINDOWS: &[u8] = b"echo\r\n";

/// A bundle of one plugin: a manifest, a file, one with other line endings. And its provenance.
fn scene() -> (Provenance, Received) {
    let file = |path: &str, upstream: &[u8], made| ListedFile {
        path: path.into(),
        blob: Some(blob(upstream)),
        made,
        ..ListedFile::default()
    };
    let content = Content { files: Files::new(), ..Content::default() };
    let made = manifest::served(manifest::parse(UPSTREAMS).unwrap(), "x", Some("1+a"), &content);
    let mut plugin = Plugin {
        name: "x".into(),
        version: Some("1+a".into()),
        prefixed_name: "m-x".into(),
        marketplace_slug: "m".into(),
        original_name: "x".into(),
        source: Origin {
            url: "https://git.example/m.git".into(),
            path: "plugins/x".into(),
            commit: Oid([3; 20]),
            tree: Some(Oid([4; 20])),
            fetched_at: None,
        },
        listed_in: None,
        made_of: None,
        digest: Digest::of(b""),
        behaviour: Object::new(),
        linked: false,
        name_prefix: None,
        marketplace_name: None,
        neighbours: BTreeMap::new(),
        skills_listed: false,
        files: vec![
            file(".claude-plugin/plugin.json", UPSTREAMS, Some(Digest::of(&made)))
                .with_upstream(UPSTREAMS.to_vec()),
            file("body.md", b"body", None),
            ListedFile { crlf: true, ..file("run.bat", b"echo\n", Some(Digest::of(WINDOWS))) },
        ],
    };
    plugin.digest = plugin.worked_out_digest();
    let entry = json!({"name": "x", "source": "./plugins/m-x", "version": "1+a", "description": "d"});
    let Value::Object(entry) = entry else { panic!() };
    let feed = Feed::default();
    let served = view::served_digest(&plugin.digest, "m-x", &entry);
    let view = view::digest(&feed, &Renames::new(), [served].into_iter());
    let catalog = view::catalog(&feed, [&entry].into_iter(), &Renames::new());
    let found = |bytes: &[u8]| Found {
        executable: false,
        blob: blob(bytes),
        sha256: Digest::of(bytes),
        bytes: Some(bytes.to_vec()),
    };
    let files = [
        (CATALOG.to_owned(), found(&catalog)),
        (MANIFEST.to_owned(), found(&made)),
        (PATH.to_owned(), found(b"body")),
        ("plugins/m-x/run.bat".to_owned(), found(WINDOWS)),
    ];
    let provenance = Provenance { format: FORMAT.into(), view, plugins: vec![plugin] };
    (provenance, Received { files: files.into(), catalog })
}

/// All faults of the scene after somebody changed it.
fn faults(change: impl FnOnce(&mut Provenance, &mut Received)) -> Vec<String> {
    let (mut provenance, mut received) = scene();
    change(&mut provenance, &mut received);
    let found = check(&provenance, &received, &|bytes| Some(blob(bytes)));
    found.bundle.into_iter().chain(found.plugins.into_iter().flatten()).collect()
}

const PATH: &str = "plugins/m-x/body.md";
const MANIFEST: &str = "plugins/m-x/.claude-plugin/plugin.json";

#[test]
fn what_was_not_changed_holds_and_is_read_as_it_was_written() {
    assert_eq!(faults(|_, _| {}), Vec::<String>::new());
    let (provenance, _) = scene();
    assert_eq!(Provenance::parse(&provenance.written()).unwrap(), provenance);
    assert!(Provenance::parse(b"{}").is_err());
    let other = String::from_utf8(provenance.written()).unwrap().replace("provenance 1", "provenance 9");
    assert!(Provenance::parse(other.as_bytes()).unwrap_err().contains("`agnes provenance 9`"));
}

/// Somebody changes the bundle and leaves the provenance as it was.
#[test]
fn a_change_of_any_file_is_noticed() {
    let one = |change: fn(&mut Received)| {
        let found = faults(|_, received| change(received));
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    };
    let body = |received: &Received| received.files[PATH].clone();
    assert!(one(|r| r.files.get_mut(PATH).unwrap().blob = Oid([9; 20])).contains("its bytes are the blob"));
    assert!(one(|r| r.files.get_mut(PATH).unwrap().executable = true).contains("should be not executable"));
    assert!(one(|r| drop(r.files.remove(PATH))).contains("is not in the bundle"));
    let added = faults(|_, r| {
        let body = body(r);
        r.files.insert("plugins/m-x/more.md".into(), body.clone());
        r.files.insert("plugins/m-y/more.md".into(), body.clone());
        r.files.insert("more.md".into(), body);
    });
    assert_eq!(added.len(), 3, "{added:?}");
    let other = faults(|_, r| r.files.get_mut(MANIFEST).unwrap().sha256 = Digest::of(b"other"));
    assert!(other[0].contains("SHA-256"), "{other:?}");
}

/// Somebody changes both, but for the digests that others know.
#[test]
fn a_provenance_that_was_made_to_fit_has_another_digest() {
    let fitting = |digests: fn(&mut Provenance)| {
        faults(|provenance, received| {
            received.files.get_mut(PATH).unwrap().blob = Oid([9; 20]);
            provenance.plugins[0].files[1].blob = Some(Oid([9; 20]));
            digests(provenance);
        })
    };
    assert!(fitting(|_| {})[0].contains("do not have the digest that is listed"));
    let deeper =
        fitting(|provenance| provenance.plugins[0].digest = provenance.plugins[0].worked_out_digest());
    assert!(deeper[0].contains("view digest"), "{deeper:?}");
}

/// What is made by us is made again from the upstream's, of which the digest knows the ids.
#[test]
fn no_file_passes_as_made_by_us() {
    let found = faults(|provenance, received| {
        provenance.plugins[0].files[1].made = Some(received.files[PATH].sha256);
    });
    assert!(found[0].contains("only a manifest may be written anew"), "{found:?}");
    let found = faults(|provenance, received| {
        received.files.remove(PATH);
        provenance.plugins[0].files[1].left_out = true;
    });
    assert!(found[0].contains("only a manifest may be left out"), "{found:?}");
    let found = faults(|provenance, _| provenance.plugins[0].files[1].blob = None);
    assert!(found.iter().any(|why| why.contains("nothing is said")), "{found:?}");
}

#[test]
fn a_manifest_with_a_hook_more_is_not_what_is_made_of_the_upstreams() {
    let evil = br#"{"name": "x", "version": "1+a", "license": "MIT", "hooks": {}}"#;
    let served = |provenance: &mut Provenance, received: &mut Received| {
        let file = received.files.get_mut(MANIFEST).unwrap();
        file.sha256 = Digest::of(evil);
        provenance.plugins[0].files[0].made = Some(file.sha256);
    };
    let found = faults(served);
    assert!(found[0].contains("not what agnes makes of the upstream's"), "{found:?}");
    // The upstream's is made to fit: then it is another blob.
    let found = faults(|provenance, received| {
        served(provenance, received);
        provenance.plugins[0].files[0].upstream = Some(String::from_utf8(evil.to_vec()).unwrap());
    });
    assert!(found[0].contains("given as the upstream's file is another"), "{found:?}");
    // It is said to be none that can be read.
    let found = faults(|provenance, received| {
        served(provenance, received);
        provenance.plugins[0].files[0].upstream = None;
    });
    assert!(found[0].contains("do not have the digest"), "{found:?}");
    assert!(found.iter().any(|why| why.contains("own bytes are not given")), "{found:?}");
    // Or the upstream has none.
    let found = faults(|provenance, received| {
        served(provenance, received);
        provenance.plugins[0].files[0].upstream = None;
        provenance.plugins[0].files[0].blob = None;
    });
    assert!(found.iter().any(|why| why.contains("do not have the digest")), "{found:?}");
}

#[test]
fn other_line_endings_are_all_that_may_differ() {
    let found = faults(|provenance, received| {
        let evil = b"evil\r\n".to_vec();
        let file = received.files.get_mut("plugins/m-x/run.bat").unwrap();
        file.sha256 = Digest::of(&evil);
        file.bytes = Some(evil);
        provenance.plugins[0].files[2].made = Some(file.sha256);
    });
    assert!(found[0].contains("own bytes are not given"), "{found:?}");
    let found = faults(|provenance, _| provenance.plugins[0].files[2].crlf = false);
    assert!(found[0].contains("only a manifest"), "{found:?}");
}

/// Of a plugin that the client fetches itself the bundle has its source alone.
#[test]
fn a_linked_plugin_leads_where_its_entry_says() {
    let source = json!({"source": "url", "url": "https://git.example/x.git", "ref": "v1"});
    let linked = |entry_source: &Value, prefix: Option<&str>| {
        let (mut provenance, mut received) = scene();
        let said = json!({"source": source, "dependencies": ["y"], "version": "1"});
        let Value::Object(said) = said else { panic!() };
        let plugin = &mut provenance.plugins[0];
        plugin.linked = true;
        plugin.behaviour = behaviour::linked(&said);
        plugin.files.clear();
        plugin.version = Some("1".into());
        plugin.name_prefix = prefix.map(str::to_owned);
        plugin.digest = plugin.worked_out_digest();
        let wants = format!("{}y", prefix.unwrap_or_default());
        let entry = json!({"name": "x", "source": entry_source, "version": "1", "dependencies": [wants]});
        let Value::Object(entry) = entry else { panic!() };
        let served = view::served_digest(&plugin.digest, "m-x", &entry);
        provenance.view = view::digest(&Feed::default(), &Renames::new(), [served].into_iter());
        received.catalog = view::catalog(&Feed::default(), [&entry].into_iter(), &Renames::new());
        received.files.retain(|path, _| path == CATALOG);
        let found = check(&provenance, &received, &|bytes| Some(blob(bytes)));
        found.bundle.into_iter().chain(found.plugins.into_iter().flatten()).collect::<Vec<_>>()
    };
    assert_eq!(linked(&source, None), Vec::<String>::new());
    assert_eq!(linked(&source, Some("p-")), Vec::<String>::new());
    let elsewhere = json!({"source": "url", "url": "https://evil.example/x.git", "ref": "v1"});
    assert!(linked(&elsewhere, None)[0].contains("something else"));
    let local = json!("./plugins/m-x");
    assert!(linked(&local, None)[0].contains("something else"));
}

#[test]
fn the_catalog_belongs_to_it() {
    let changed = |from: &'static str, to: &'static str| {
        faults(move |_, received| {
            let text = String::from_utf8(received.catalog.clone()).unwrap();
            assert!(text.contains(from));
            received.catalog = text.replace(from, to).into_bytes();
        })
    };
    assert!(changed("\"d\"", "\"e\"")[0].contains("view digest"));
    assert!(changed("m-x", "m-y").iter().any(|why| why.contains("source")));
    assert!(changed("  ", "   ").iter().any(|why| why.contains("not written as agnes writes it")));
    assert!(changed("[", "[]]")[0].contains("cannot be read"));
    let twice = faults(|provenance, _| provenance.plugins.push(provenance.plugins[0].clone()));
    assert!(twice.iter().any(|why| why.contains("listed twice")), "{twice:?}");
}
