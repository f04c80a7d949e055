use serde_json::{Value, json};

use super::*;
use crate::domain::repository::testing::{Item, Memory, exec, file, link};

/// A marketplace with these entries and files.
struct Market {
    memory: Memory,
    root: Oid,
    limits: Limits,
}

fn market(entries: &Value, items: &[(&str, Item)]) -> Market {
    market_called("m", entries, items)
}

fn market_called(name: &str, entries: &Value, items: &[(&str, Item)]) -> Market {
    let mut memory = Memory::default();
    let catalog = json!({"name": name, "owner": {"name": "o"}, "plugins": entries}).to_string();
    let mut all = vec![(catalog::PATH, file(&catalog))];
    all.extend(items.iter().cloned());
    let root = memory.repo(&all);
    Market { memory, root, limits: Limits::default() }
}

impl Market {
    fn reading(&self) -> Reading<'_> {
        Reading::open(&self.memory, self.root, self.limits).unwrap()
    }

    fn plugin(&self, name: &str) -> Plugin {
        let reading = self.reading();
        reading.plugin(reading.entry(&name.parse().unwrap()).unwrap(), None).unwrap()
    }

    fn paths(&self, name: &str) -> Vec<String> {
        let reading = self.reading();
        let content = reading.content(reading.entry(&name.parse().unwrap()).unwrap()).unwrap();
        content.files.into_keys().collect()
    }
}

/// One plugin `x` in `./x` with this entry and these files.
fn one(entry: Value, items: &[(&str, Item)]) -> Plugin {
    let Value::Object(mut entry) = entry else { panic!() };
    entry.insert("name".into(), "x".into());
    entry.entry("source").or_insert("./x".into());
    let mut all = vec![("x/skills/a/SKILL.md", file("a"))];
    all.extend(items.iter().cloned());
    market(&json!([entry]), &all).plugin("x")
}

fn codes(plugin: &Plugin) -> Vec<&str> {
    plugin.notes.iter().map(|note| note.code.as_str()).collect()
}

const OWN: &str = "x/.claude-plugin/plugin.json";

#[test]
fn a_repository_without_a_usable_catalog_is_an_error() {
    let open = |items: &[(&str, Item)], limits: Limits| {
        let mut memory = Memory::default();
        let root = memory.repo(items);
        Reading::open(&memory, root, limits).err().map(|error| error.to_string())
    };
    let all = Limits::default();
    let none =
        "the repository has no `.claude-plugin/marketplace.json` at this commit, so it is no marketplace";
    assert_eq!(open(&[("readme", file(""))], all).unwrap(), none);
    assert_eq!(open(&[(".claude-plugin/marketplace.json/x", file(""))], all).unwrap(), none);
    assert_eq!(open(&[(catalog::PATH, link("../../m.json"))], all).unwrap(), none);
    assert_eq!(open(&[(catalog::PATH, Item::Module)], all).unwrap(), none);
    let small = Limits { max_manifest_bytes: 3, ..all };
    assert_eq!(
        open(&[(catalog::PATH, file("{  }"))], small).unwrap(),
        "`.claude-plugin/marketplace.json` has 4 bytes; the limit is 3 (`limits.max_manifest_bytes`)"
    );
    // The catalog itself may be a symlink to a file of the repository.
    assert_eq!(
        open(&[(catalog::PATH, link("../m.json")), ("m.json", file(r#"{"plugins": []}"#))], all),
        None
    );
}

/// Fifty megabytes that call themselves a catalog: the size is asked for first, and nothing is read.
#[test]
fn a_catalog_of_fifty_megabytes_is_refused_unread() {
    let mut memory = Memory::default();
    let huge = memory.huge(50 << 20);
    let root = memory.repo(&[(catalog::PATH, Item::Is(Kind::File, huge))]);
    let error = Reading::open(&memory, root, Limits::default()).err().unwrap();
    assert!(matches!(error, ReadingError::Catalog(CatalogError::TooLarge { .. })), "{error}");
}

#[test]
fn one_broken_plugin_does_not_fail_the_others() {
    let entries = json!([
        {"name": "ok", "source": "./x"}, {"name": "gone", "source": "./gone"}, {"name": "file", "source": "./readme"},
        {"name": "out", "source": "../x"}, {"name": "link", "source": "./out"}, {"name": "far", "source": {"source": "github", "repo": "a/b"}},
        {"name": "-x", "source": "./x"}, {"name": "absent"},
    ]);
    let items = [("x/a", file("")), ("readme", file("")), ("out", link("../../etc"))];
    let market = market(&entries, &items);
    assert!(market.plugin("ok").digest.is_some());
    for (name, part) in [
        ("gone", "the folder `./gone` cannot be served: it does not exist"),
        ("file", "the source `./readme` is a file, not a folder"),
        ("out", "the source `../x` does not start with `./`"),
        ("link", "the folder `./out` cannot be served: it leaves the repository"),
        ("far", "its source is remote (`github`)"),
        ("-x", "begins with a letter or digit"),
        ("absent", "the folder `./plugins/absent` cannot be served: it does not exist"),
    ] {
        let plugin = market.plugin(name);
        assert!(plugin.digest.is_none());
        assert!(plugin.reason.as_deref().unwrap().contains(part), "{name}: {:?}", plugin.reason);
    }
}

/// Two entries share a repository's root and list a skill each, a third lives in a folder of it, and a
/// fourth is reached through a symlink. Somebody was granted one of them: not a byte of the other
/// three, nor the list of all of them, is in what they get.
#[test]
fn a_plugin_that_was_not_granted_leaves_no_byte() {
    let entries = json!([
        {"name": "one", "source": "./", "strict": false, "skills": ["./skills/one"]},
        {"name": "two", "source": "./", "strict": false, "skills": ["./skills/two", "./extra/two"]},
        {"name": "three", "source": "./plugins/three"},
        {"name": "four", "source": "./alias"},
    ]);
    let market = market(
        &entries,
        &[
            ("LICENSE", file("l")),
            ("skills/one/SKILL.md", file("1")),
            ("skills/two/SKILL.md", file("2")),
            ("skills/unlisted/SKILL.md", file("u")),
            ("skills/common/lib.py", file("c")),
            ("extra/two/SKILL.md", file("2")),
            ("plugins/three/a", file("3")),
            ("alias", link("hidden/four")),
            ("hidden/four/a", file("4")),
        ],
    );
    assert_eq!(market.paths("one"), ["LICENSE", "skills/common/lib.py", "skills/one/SKILL.md"]);
    assert_eq!(
        market.paths("two"),
        ["LICENSE", "extra/two/SKILL.md", "skills/common/lib.py", "skills/two/SKILL.md"]
    );
    assert_eq!(market.paths("three"), ["a"]);
    assert_eq!(market.paths("four"), ["a"]);
}

/// What Claude Code loads from a plugin without being told is the plugin's, even if a neighbour lists it.
#[test]
fn default_folders_belong_to_whoever_loads_them() {
    let entries = json!([
        {"name": "all", "source": "./"},
        {"name": "part", "source": "./", "skills": ["./skills/b"], "agents": ["./agents/b.md"]},
        {"name": "own", "source": "./skills/a"},
        {"name": "sub", "source": "./plugins/sub"},
    ]);
    let market = market(
        &entries,
        &[
            ("skills/a/SKILL.md", file("a")),
            ("skills/b/SKILL.md", file("b")),
            ("agents/b.md", file("b")),
            ("plugins/sub/a", file("s")),
        ],
    );
    assert_eq!(market.paths("all"), ["agents/b.md", "skills/a/SKILL.md", "skills/b/SKILL.md"]);
    assert_eq!(market.paths("part"), ["agents/b.md", "skills/b/SKILL.md"]);
}

/// A root plugin links to its neighbour on purpose: that is what it loads upstream, too.
#[test]
fn a_link_to_a_neighbour_is_followed() {
    let entries = json!([{"name": "a", "source": "./a"}, {"name": "b", "source": "./b"}]);
    let market = market(&entries, &[("a/lib", link("../b/lib")), ("b/lib/x", file("x")), ("b/y", file("y"))]);
    assert_eq!(market.paths("a"), ["lib/x"]);
}

#[test]
fn lists_that_restrict_nothing_prune_nothing() {
    for skills in [json!([]), json!(["./skills/gone"]), json!("./skills/"), json!(["./"])] {
        let entries = json!([{"name": "x", "source": "./", "strict": false, "skills": skills}]);
        let market = market(&entries, &[("skills/a/SKILL.md", file("a")), ("skills/b/SKILL.md", file("b"))]);
        assert_eq!(market.paths("x"), ["skills/a/SKILL.md", "skills/b/SKILL.md"], "{skills}");
    }
    // Only under a root source do lists restrict.
    let moved = one(json!({"skills": ["./skills/b"]}), &[("x/skills/b/SKILL.md", file("b"))]);
    assert_eq!(moved.files, 2);
}

#[test]
fn name_and_version_come_from_plugin_json_then_from_the_entry() {
    let entry = json!({"version": "1"});
    assert_eq!(one(entry.clone(), &[]).version.as_deref(), Some("1"));
    let own = |text: &str| one(entry.clone(), &[(OWN, file(text))]);
    let plugin = own(r#"{"name": "y", "version": "2"}"#);
    assert_eq!((plugin.manifest_name.as_str(), plugin.version.as_deref()), ("y", Some("2")));
    for version in ["null", "3", "\"\"", "\"a b\"", "\"\\u0007\"", "\"\u{202e}1\""] {
        assert_eq!(
            own(&format!(r#"{{"name": "y", "version": {version}}}"#)).version.as_deref(),
            Some("1"),
            "{version}"
        );
    }
    for name in ["\"a b\"", "\"../x\"", "\"é\"", "\"\"", "null"] {
        let plugin = own(&format!(r#"{{"name": {name}}}"#));
        assert_eq!(plugin.manifest_name, "x", "{name}");
        assert!(codes(&plugin).contains(&"manifest-name"), "{name}");
    }
    assert_eq!(one(json!({}), &[]).version, None);
}

#[test]
fn a_plugin_json_with_a_byte_order_mark_is_read() {
    let plugin = one(json!({}), &[(OWN, file("\u{feff}{\"name\": \"y\", \"version\": \"2\"}"))]);
    assert_eq!((plugin.manifest_name.as_str(), plugin.version.as_deref()), ("y", Some("2")));
}

#[test]
fn a_plugin_json_that_cannot_be_used_is_noted_and_the_entry_counts() {
    for (text, part) in [
        ("{\"name\":", "it is not JSON"),
        ("[]", "it holds a list, not an object"),
        ("", "it is not JSON"),
        ("\u{0}", "it is not JSON"),
    ] {
        let plugin = one(json!({"version": "1"}), &[(OWN, file(text))]);
        assert!(plugin.digest.is_some());
        assert_eq!(codes(&plugin), ["manifest-unusable"]);
        assert!(plugin.notes[0].message.contains(part), "{:?}", plugin.notes);
        assert_eq!((plugin.manifest_name.as_str(), plugin.version.as_deref()), ("x", Some("1")));
    }
    let deep = one(json!({}), &[(OWN, file(&("[".repeat(100_000) + &"]".repeat(100_000))))]);
    assert_eq!(codes(&deep), ["manifest-unusable"]);
}

#[test]
fn a_plugin_json_larger_than_manifests_may_be_is_not_read() {
    let entries = json!([{"name": "x", "source": "./x"}]);
    let mut memory = Memory::default();
    let huge = memory.huge(17 << 20);
    let catalog = json!({"plugins": entries}).to_string();
    let root = memory.repo(&[(catalog::PATH, file(&catalog)), (OWN, Item::Is(Kind::File, huge))]);
    let plugin = Market { memory, root, limits: Limits::default() }.plugin("x");
    assert!(
        plugin.notes[0].message.contains("the limit is 16777216 (`limits.max_manifest_bytes`)"),
        "{:?}",
        plugin.notes
    );
}

#[test]
fn strict_false_with_two_manifests_is_reported() {
    let own = || (OWN, file(r#"{"name": "x"}"#));
    let conflict = |entry: Value| codes(&one(entry, &[own()])).contains(&"conflicting-manifests");
    assert!(conflict(json!({"strict": false, "skills": []})));
    assert!(conflict(json!({"strict": false, "hooks": {}})));
    assert!(!conflict(json!({"strict": false})));
    assert!(!conflict(json!({"strict": false, "mcpServers": {}})));
    assert!(!conflict(json!({"skills": []})));
}

#[test]
fn broken_manifests_of_other_agents_are_noted() {
    let plugin = one(
        json!({}),
        &[("x/.codex-plugin/plugin.json", file("nope")), ("x/.plugin/plugin.json", file("{}"))],
    );
    assert_eq!(codes(&plugin), ["manifest-unusable"]);
    assert!(plugin.notes[0].message.contains("`.codex-plugin/plugin.json`"));
}

#[test]
fn git_lfs_pointers_are_reported() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    let items = [("x/big.bin", file(pointer)), ("x/.gitattributes", file("*.bin filter=lfs diff=lfs"))];
    assert_eq!(codes(&one(json!({}), &items)), ["lfs-pointer"]);
    assert!(codes(&one(json!({}), &items[..1])).is_empty());
}

/// The digest decides whether people are given an update: for what behaves differently, and for that
/// alone.
#[test]
fn the_digest_follows_behaviour() {
    let base = json!({"description": "d", "hooks": {"Stop": [], "Start": {"a": 1, "b": 2}}});
    let digest = |entry: &Value, items: &[(&str, Item)]| one(entry.clone(), items).digest.unwrap();
    let first = digest(&base, &[]);

    for same in [
        json!({"hooks": {"Start": {"b": 2, "a": 1}, "Stop": []}, "description": "other"}),
        json!({"description": "d", "hooks": {"Stop": [], "Start": {"a": 1, "b": 2}}, "tags": ["t"], "version": "9",
               "author": {"name": "A"}, "category": "c", "homepage": "https://x.example", "displayName": "X"}),
    ] {
        assert_eq!(digest(&same, &[]), first, "{same}");
    }
    // Elsewhere in the repository is elsewhere.
    assert_eq!(digest(&base, &[("y/z", file("z"))]), first);

    for other in [
        json!({"description": "d"}),
        json!({"description": "d", "hooks": {"Stop": [1], "Start": {"a": 1, "b": 2}}}),
        json!({"description": "d", "hooks": {"Stop": [], "Start": {"a": 1, "b": 2}}, "strict": false}),
        json!({"description": "d", "hooks": {"Stop": [], "Start": {"a": 1, "b": 2}}, "mcpServers": {}}),
    ] {
        assert_ne!(digest(&other, &[]), first, "{other}");
    }
    assert_ne!(digest(&base, &[("x/new", file(""))]), first);
    assert_ne!(digest(&base, &[("x/new", file(""))]), digest(&base, &[("x/new", exec(""))]));
    assert_ne!(digest(&base, &[("x/new", file("1"))]), digest(&base, &[("x/new", file("2"))]));
    assert_eq!(
        digest(&base, &[("x/new", file("1"))]),
        digest(&base, &[("x/new", link("../one")), ("one", file("1"))])
    );
}

/// A dependency on `b@m` is one on a neighbour only as long as the marketplace calls itself `m`: the manifest that is
/// served is another when it does not any more, and nothing else changed.
#[test]
fn the_digest_follows_the_marketplaces_name_where_there_are_dependencies() {
    let entries = json!([{"name": "x", "source": "./x"}, {"name": "b", "source": "./b"}]);
    let digest = |name: &str, manifest: &str| {
        let items = [(OWN, file(manifest)), ("b/a", file("b"))];
        market_called(name, &entries, &items).plugin("x").digest.unwrap()
    };
    for manifest in [
        r#"{"name": "x", "dependencies": ["b@m"]}"#,
        r#"{"name": "x", "dependencies": ["b", "b@m"]}"#,
        r#"{"name": "x", "dependencies": ["gone"]}"#,
    ] {
        assert_ne!(digest("m", manifest), digest("n", manifest), "{manifest}");
    }
    // Whoever depends on nothing is delivered anew for no name.
    let nothing = r#"{"name": "x", "dependencies": []}"#;
    assert_eq!(digest("m", nothing), digest("n", nothing));
}

/// A curator fills a plugin's manifest with one dependency, on a neighbour whose manifest is large. It is looked up
/// once, and not once for each time that it stands there; or nobody would see the end of it.
#[test]
fn a_dependency_that_stands_there_a_million_times_is_looked_up_once() {
    let entries = json!([{"name": "x", "source": "./x"}, {"name": "b", "source": "./b"}]);
    let wants = json!({"name": "x", "dependencies": vec!["b"; 1_000_000]}).to_string();
    let large = json!({"name": "bee", "x": "y".repeat(1 << 20)}).to_string();
    let market = market(&entries, &[(OWN, file(&wants)), ("b/.claude-plugin/plugin.json", file(&large))]);
    let began = std::time::Instant::now();
    let plugin = market.plugin("x");
    assert!(plugin.digest.is_some());
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

/// Each of a million others is noted as missing, but for those that nobody would read; and a plugin that wants so many
/// neighbours is not served, for some of them would be taken for other marketplaces' plugins.
#[test]
fn a_plugin_cannot_depend_on_everything() {
    let wanting = |from: &str, number: usize| {
        let wants: Vec<_> = (0..number).map(|i| format!("p{i}{from}")).collect();
        one(json!({}), &[(OWN, file(&json!({"name": "x", "dependencies": wants}).to_string()))])
    };
    let plugin = wanting("@other", 100_000);
    assert!(plugin.digest.is_some());
    assert_eq!(codes(&plugin), ["dependency-missing"; 21]);
    assert!(wanting("", dependencies::MOST).digest.is_some());
    let plugin = wanting("", dependencies::MOST + 1);
    assert_eq!(plugin.digest, None);
    assert_eq!(plugin.reason.unwrap(), "it depends on more than 1000 plugins of its marketplace");
}

/// A manifest that is too large is not served, but one made of the entry, which says the same name and version.
#[test]
fn the_digest_follows_whether_a_manifest_could_be_read() {
    let entries = json!([{"name": "x", "source": "./x", "version": "1"}]);
    let manifest = format!(r#"{{"name": "x", "version": "1", "license": "{}"}}"#, "M".repeat(200));
    for place in [OWN, "x/.codex-plugin/plugin.json"] {
        let mut market = market(&entries, &[(place, file(&manifest))]);
        let read = market.plugin("x");
        market.limits.max_manifest_bytes = 150;
        let unread = market.plugin("x");
        assert_eq!((&read.manifest_name, &read.version), (&unread.manifest_name, &unread.version));
        assert_ne!(read.digest, unread.digest, "{place}");
    }
}

/// A folder that becomes a plugin of its own has the same files and the same entry, and its manifest's skills count
/// again.
#[test]
fn the_digest_follows_whether_the_entry_restricts_the_skills() {
    let digest = |source: &str, folder: &str, manifest: bool| {
        let entries = json!([{"name": "x", "source": source, "skills": ["./skills/a"]}]);
        let own = if manifest { ".claude-plugin/plugin.json" } else { "more" };
        let paths = [own, "skills/a/SKILL.md", "extra/SKILL.md"].map(|path| format!("{folder}{path}"));
        let text = r#"{"name": "x", "skills": ["./extra"]}"#;
        let items: Vec<_> = paths.iter().map(|path| (path.as_str(), file(text))).collect();
        market(&entries, &items).plugin("x").digest.unwrap()
    };
    assert_ne!(digest("./", "", true), digest("./p", "p/", true));
    assert_eq!(digest("./", "", false), digest("./p", "p/", false));
}

#[test]
fn wrong_fields_of_the_entry_are_noted_and_not_served() {
    let plugin = one(
        json!({"author": "Jane", "homepage": "nope", "commands": "commands/gone.md", "license": "MIT"}),
        &[],
    );
    assert_eq!(codes(&plugin), ["field-left-out", "field-left-out", "component-refused"]);
    let left: Vec<_> = plugin.entry.keys().map(String::as_str).collect();
    assert_eq!(left, ["license", "name", "source"]);
    assert_eq!(plugin.raw["author"], "Jane");
}
