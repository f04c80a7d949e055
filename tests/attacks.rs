//! Curators, administrators and strangers who try to get at what is not theirs. Each test tells what
//! they do, and shows it failing.

use std::collections::HashSet;
use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::good::{ADA, Good, harmless};
use crate::support::{Upstream, World, catalog, zip_file, zip_names};

/// Is somewhere in the files of a neighbour, and must be in nobody else's bundle.
const MARK: &str = "the-neighbours-secret";

/// Whether a text is in any file of a bundle.
fn holds(bundle: &[u8], text: &str) -> bool {
    zip_names(bundle).iter().any(|name| {
        let file = zip_file(bundle, name);
        file.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn names(bundle: &[u8]) -> Vec<String> {
    catalog(bundle)["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect()
}

/// A curator keeps notes in `.agnes/`, and a plugin of the same repository links to them, to `.git`,
/// and to the operator's files, hoping that the links are followed where they lead to.
#[test]
fn a_link_does_not_carry_what_is_never_served() {
    let good = Good::new();
    let up = &good.upstream;
    fs::write(good.world.path("operators.txt"), MARK).unwrap();
    let secret = up.blob(MARK.as_bytes());
    let hidden = up.tree(&[("100644", &secret, b"notes.md")]);
    let links: Vec<(String, String)> = [
        "../../.agnes",
        "../../.agnes/notes.md",
        "../../.AGNES/notes.md",
        "../../.git",
        "../../.git/config",
        "../../.GIT/notes.md",
        "../../.git./notes.md",
        "../../git~1/notes.md",
        "../../plugins/./../.agnes/notes.md",
        "../../marketplace-metadata.json",
        "../../../../../operators.txt",
        &good.world.path("operators.txt").display().to_string(),
        ".agnes/notes.md",
        "inner",
    ]
    .iter()
    .enumerate()
    .map(|(n, target)| (format!("link{n}"), up.blob(target.as_bytes())))
    .collect();
    let inner = up.blob(b"../../.agnes");
    let mut entries = vec![
        ("040000", hidden.as_str(), &b".agnes"[..]),
        ("120000", &inner, b"inner"),
        ("100644", &secret, b"marketplace-metadata.json"),
    ];
    entries.extend(links.iter().map(|(name, id)| ("120000", id.as_str(), name.as_bytes())));
    let ok = up.blob(b"fine\n");
    entries.push(("100644", &ok, b"fine.md"));
    let gamma = up.tree(&entries);
    good.gamma(&"./plugins/gamma".into());
    up.graft("plugins/gamma", "040000", &gamma);
    for name in [".agnes", ".AGNES", ".git", ".GIT", ".git.", "git~1"] {
        up.graft(name, "040000", &hidden);
    }
    up.graft("marketplace-metadata.json", "100644", &secret);
    good.world.agnes(&["marketplace", "sync"]);
    good.world.agnes(&["grant", "Everyone", "up/gamma"]);
    let bundle = good.world.bundle(ADA);
    assert!(!holds(&bundle, MARK));
    let of_gamma: Vec<String> =
        zip_names(&bundle).into_iter().filter(|name| name.contains("gamma/")).collect();
    assert_eq!(of_gamma, ["plugins/up-gamma/.claude-plugin/plugin.json", "plugins/up-gamma/fine.md"]);
    // Nor does a source that names such a place.
    for source in [
        "./.agnes",
        "./.git",
        "./.GIT",
        "./plugins/../.agnes",
        "./plugins/gamma/inner",
        "./plugins/gamma/link0",
    ] {
        good.gamma(&source.into());
        up.graft("plugins/gamma", "040000", &gamma);
        up.graft(".agnes", "040000", &hidden);
        good.gamma_is_not_served(&[], &[]);
        assert!(!holds(&good.world.bundle(ADA), MARK));
    }
}

/// An entry takes the whole repository for its source. Whoever is granted it does not get the plugins
/// beside it that they were not granted, nor the list of what there is.
#[test]
fn a_plugin_of_the_whole_repository_does_not_carry_its_neighbours() {
    let world = World::new();
    let up = world.upstream("up");
    up.plugin("alpha").plugin("beta").write("plugins/beta/secret.md", MARK).write("README.md", "of all\n");
    up.catalog(&json!([
        {"name": "all", "source": "./", "strict": false},
        {"name": "alpha", "source": "./plugins/alpha"},
        {"name": "beta", "source": "./plugins/beta"},
    ]));
    up.commit("Publish");
    world.register("up", &up);
    world.user(ADA, &["up/all"]);
    let bundle = world.bundle(ADA);
    assert!(!holds(&bundle, MARK));
    assert_eq!(zip_names(&bundle), [".claude-plugin/marketplace.json", "plugins/up-all/README.md"]);
}

/// A curator writes git trees by hand, with names that mean other folders to whoever unpacks the ZIP: one
/// level up, the root, a backslash for Windows, the same name twice with two contents.
#[test]
fn no_entry_of_a_bundle_means_another_place() {
    let good = Good::new();
    let up = &good.upstream;
    let (ok, evil) = (up.blob(b"fine\n"), up.blob(MARK.as_bytes()));
    let mut raw = Vec::new();
    let mut entry = |mode: &str, name: &[u8], id: &str| {
        raw.extend(format!("{mode} ").as_bytes());
        raw.extend(name);
        raw.push(0);
        raw.extend((0..40).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
    };
    for name in [
        &b".."[..],
        b".",
        b"../../evil",
        b"/etc/cron.d/evil",
        b"a/../../evil",
        b"..\\evil",
        b"C:\\evil",
        b"\\\\host\\evil",
        b".git",
        b"a\nb",
        b"a\x1b[2J",
    ] {
        entry("100644", name, &evil);
    }
    entry("100644", b"twice.md", &ok);
    entry("100644", b"twice.md", &evil);
    let folder = up.tree(&[("100644", &evil, b"inside.md")]);
    entry("40000", b"twice.md", &folder);
    let tree = up.git_fed(&["hash-object", "-w", "--literally", "-t", "tree", "--stdin"], &raw);
    good.gamma_tree(&tree);
    good.world.agnes(&["marketplace", "sync"]);
    harmless(&good.world.agnes(&["plugin", "show", "up/gamma"]));
    good.world.agnes(&["grant", "Everyone", "up/gamma"]);
    let bundle = good.world.bundle(ADA);
    assert!(!holds(&bundle, MARK));
    let mut seen = HashSet::new();
    for name in zip_names(&bundle) {
        let fine = !name.starts_with('/')
            && !name.contains(['\\', ':', '\n', '\x1b'])
            && name.split('/').all(|part| !matches!(part, "" | "." | ".." | ".git"));
        assert!(fine, "{name:?}");
        assert!(seen.insert(name.to_lowercase()), "{name:?} twice");
    }
    let folder = good.world.unpacked(ADA, "out");
    assert_eq!(fs::read_to_string(folder.join("plugins/up-gamma/twice.md")).unwrap(), "fine\n");
    assert!(!good.world.path("evil").exists());
}

/// The curator of a marketplace that was registered later names a plugin like somebody else's, to be
/// installed in its stead.
#[test]
fn a_later_plugin_does_not_take_an_earlier_ones_name() {
    let good = Good::new();
    let world = &good.world;
    // Sorted before `up`, so that only the order of registration keeps it second.
    let evil = world.upstream("evil");
    for (entry, claims) in
        [("alpha", "alpha"), ("innocent", "beta"), ("path", "../../up-alpha"), ("case", "Alpha")]
    {
        evil.plugin(entry)
            .write(
                &format!("plugins/{entry}/.claude-plugin/plugin.json"),
                json!({"name": claims}).to_string(),
            )
            .write(&format!("plugins/{entry}/evil.md"), MARK);
    }
    evil.catalog(&json!([{"name": "alpha"}, {"name": "innocent"}, {"name": "path"}, {"name": "case"}]));
    evil.commit("Publish");
    world.register("evil", &evil);
    let before = catalog(&good.before);
    world.agnes(&["grant", "Everyone", "evil/*"]);
    let bundle = world.bundle(ADA);
    let after = catalog(&bundle);
    assert_eq!(
        before["plugins"].as_array().unwrap()[..],
        after["plugins"].as_array().unwrap()[..2],
        "alpha and beta are what they were"
    );
    for name in zip_names(&good.before).iter().filter(|name| name.starts_with("plugins/")) {
        assert_eq!(zip_file(&bundle, name), zip_file(&good.before, name), "{name}");
    }
    assert_eq!(names(&bundle), ["alpha", "beta", "Alpha", "path"]);
    let info = world.agnes(&["info", "--user", ADA]);
    for plugin in ["evil/alpha", "evil/innocent"] {
        assert!(
            info.lines().any(|line| line.starts_with(plugin)
                && line.contains("has the same name")
                && line.contains("comes first")),
            "{info}"
        );
    }
    let doctor = world.agnes(&["doctor"]);
    assert!(
        doctor.contains(
            "`evil/innocent` is left out for `ada@example.com`: `up/beta` has the same name (`beta`)"
        ),
        "{doctor}"
    );
}

/// `a` + `b-c` and `a-b` + `c` spell one folder, as do names that differ in case. Neither overwrites the other,
/// whatever a third one calls itself.
#[test]
fn two_plugins_that_spell_one_folder_are_both_kept() {
    let world = World::new();
    let publish = |slug: &str, plugin: &str| {
        let up = world.upstream(slug);
        up.plugin(plugin)
            .write(&format!("plugins/{plugin}/whose.txt"), format!("{slug}/{plugin}"))
            .catalog(&json!([{"name": plugin}]));
        up.commit("Publish");
        world.register(slug, &up);
    };
    publish("a", "b-c");
    publish("a-b", "c");
    publish("a-b-c", "4e84717d");
    world.user(ADA, &["a/*", "a-b/*", "a-b-c/*"]);
    let bundle = world.bundle(ADA);
    let whose: Vec<(String, String)> = zip_names(&bundle)
        .into_iter()
        .filter(|name| name.ends_with("whose.txt"))
        .map(|name| {
            let text = String::from_utf8(zip_file(&bundle, &name)).unwrap();
            (name, text)
        })
        .collect();
    let mut expected = HashSet::from(["a/b-c", "a-b/c", "a-b-c/4e84717d"]);
    for (name, text) in &whose {
        assert!(expected.remove(text.as_str()), "{name} holds {text}");
    }
    assert!(expected.is_empty(), "{whose:?}");
    let sources: HashSet<String> = catalog(&bundle)["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["source"].as_str().unwrap().to_lowercase())
        .collect();
    assert_eq!(sources.len(), 3);
}

/// A curator writes JSON to exhaust whoever reads it: nested deep, with endless strings, with a million
/// keys; in the catalog's entries and in a plugin's own manifest.
#[test]
fn json_that_is_deep_or_huge_brings_nothing_down() {
    let good = Good::new();
    let up = &good.upstream;
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let entry = |more: &str| {
        format!(
            r#"{{"plugins": [{{"name": "alpha", "source": "./plugins/alpha"}}, {{"name": "beta", "source": "./plugins/beta"}}, {{"name": "gamma", "source": "./plugins/gamma", {more}}}]}}"#
        )
    };
    let manifest = ".claude-plugin/marketplace.json";
    up.plugin("gamma");
    let keys: Vec<String> = (0..200_000).map(|n| format!(r#""k{n}": {n}"#)).collect();
    for more in [
        format!(r#""metadata": {}"#, deep(100)),
        format!(r#""description": "{}""#, "y".repeat(5_000_000)),
        keys.join(", "),
        r#""version": 1e999999, "keywords": [null, {}, 7]"#.replace("1e999999", "1e300"),
        format!(r#""skills": [{}]"#, vec!["\"./x\""; 100_000].join(",")),
        r#""hooks": "../../../etc/passwd", "mcpServers": "/etc/passwd", "commands": ["./../../x", 7, null]"#
            .to_owned(),
    ] {
        up.write(manifest, entry(&more)).commit("Absurd entry");
        let ran = good.sync(&[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        good.still_builds();
        good.world.agnes(&["plugin", "list"]);
        good.world.agnes(&["plugin", "show", "up/gamma"]);
    }
    up.write(manifest, entry(&format!(r#""metadata": {}"#, deep(200)))).commit("Too deep");
    good.fails(&["is not JSON: recursion limit exceeded"]);

    up.plugins(&["alpha", "beta", "gamma"]);
    for text in [
        deep(200_000),
        "{".repeat(200_000),
        format!(r#"{{"name": "gamma", "x": "{}"}}"#, "y".repeat(17 << 20)),
        "\u{0}".into(),
        String::new(),
    ] {
        up.write("plugins/gamma/.claude-plugin/plugin.json", text).commit("Absurd manifest");
        let ran = good.sync(&[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        good.still_builds();
        let shown = good.world.agnes(&["plugin", "show", "up/gamma"]);
        assert!(shown.contains("`.claude-plugin/plugin.json` is not used: "), "{shown}");
    }
}

/// A curator says one thing a million times in a manifest of the size that manifests may have: that the plugin depends
/// on itself, and that it has a skill which is not there. Each is looked at once, and not noted a million times.
#[test]
fn a_manifest_that_repeats_itself_a_million_times_holds_nothing_up() {
    let good = Good::new();
    let up = &good.upstream;
    up.plugins(&["alpha", "beta", "gamma"]);
    let manifest = json!({
        "name": "gamma", "dependencies": vec!["gamma"; 800_000], "skills": vec!["./x"; 800_000],
        "agents": vec!["x"; 400_000],
    });
    up.write("plugins/gamma/.claude-plugin/plugin.json", manifest.to_string()).commit("Absurd manifest");
    let began = Instant::now();
    let ran = good.sync(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
    good.still_builds();
    let shown = good.world.json(&["plugin", "show", "up/gamma"]);
    let notes = shown["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 42, "{notes:?}");
}

/// A marketplace is removed, and somebody registers another one under its slug. Whoever had grants on
/// the old one has none on the new one, and nothing of the old one is served.
#[test]
fn a_slug_that_is_used_again_brings_nothing_of_the_old_marketplace() {
    let world = World::new();
    let old = world.upstream("old");
    old.plugin("tool")
        .write("plugins/tool/old.md", MARK)
        .plugin("gone")
        .catalog(&json!([{"name": "tool"}, {"name": "gone"}]));
    let old_commit = old.commit("Publish");
    world.register("up", &old);
    world.user(ADA, &["up/*", "up/tool"]);
    assert!(holds(&world.bundle(ADA), MARK));
    world.agnes(&["marketplace", "remove", "up"]);
    assert!(!world.data().join("marketplaces/up").exists());
    assert_eq!(names(&world.bundle(ADA)), [] as [&str; 0]);

    let new = world.upstream("new");
    new.plugin("tool").catalog(&json!([{"name": "tool"}])).commit("Publish");
    world.agnes(&["marketplace", "add", &new.url(), "--slug", "up"]);
    assert_eq!(world.json(&["plugin", "list"]), json!([]));
    assert_eq!(world.json(&["grants"]), json!([]));
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(names(&world.bundle(ADA)), [] as [&str; 0], "grants went with the old marketplace");
    world.agnes(&["grant", "Everyone", "up/*"]);
    let bundle = world.bundle(ADA);
    assert_eq!(names(&bundle), ["tool"]);
    assert!(!holds(&bundle, MARK));
    // Nor is the old commit found here by who pins it.
    world.agnes(&["marketplace", "edit", "up", "--ref", &old_commit]);
    let stderr = world.refused(6, &["marketplace", "sync"]);
    assert!(stderr.contains(&format!("there is no tag or commit `{old_commit}`")), "{stderr}");
    assert_eq!(world.bundle(ADA), bundle);
}

/// `_` and `%` are wildcards to a database, and `-` and `_` look alike to people. A grant means what it says.
#[test]
fn a_grant_reaches_no_further_than_its_letters() {
    let world = World::new();
    let publish = |slug: &str, plugins: &[&str]| {
        let up: Upstream = world.upstream(slug);
        up.plugins(plugins).commit("Publish");
        world.register(slug, &up);
    };
    publish("a_b", &["p_q", "pxq", "p.q", "P_q"]);
    publish("axb", &["other"]);
    publish("a_b2", &["more"]);
    world.user(ADA, &["a_b/p_q"]);
    assert_eq!(names(&world.bundle(ADA)), ["p_q"]);
    world.user("eve@example.com", &["a_b/*"]);
    assert_eq!(names(&world.bundle("eve@example.com")), ["P_q", "p.q", "p_q", "pxq"]);
    for text in ["a%/p_q", "a_b/p%", "A_B/p_q", "a_b/*q", "a_b/.*"] {
        world.refused(2, &["grant", "Everyone", text]);
    }
    world.refused(4, &["marketplace", "add", "file:///x", "--slug", "a-b"]);
    world.refused(3, &["grant", "Everyone", "a-b/p_q"]);
    // A group called like a user, or nearly like one that has rights.
    for name in ["ada@example.com", "Adm1n"] {
        world.agnes(&["group", "add", name]);
    }
    world.agnes(&["group", "join", "Adm1n", "eve@example.com"]);
    assert_eq!(world.json(&["group", "show", "Admin"])["members"], json!([]));
    for name in ["admin", " Admin ", "ADMIN", "Admin\u{2009}"] {
        world.refused(4, &["group", "add", name]);
    }
}

/// Texts that would end a statement and begin another, in every place where a text can be given. They are
/// texts.
#[test]
fn sql_in_every_argument_is_a_text() {
    let good = Good::new();
    let world = &good.world;
    let texts = [
        "x'; DROP TABLE users; --",
        "\"; DELETE FROM resource_grants; --",
        "a' OR '1'='1",
        "?1 $1 :x {}",
        "\\'; SELECT 1",
    ];
    for (n, text) in texts.iter().enumerate() {
        let (slug, email) = (format!("s{n}"), format!("u{n}'--@example.com"));
        let args = [
            "marketplace",
            "add",
            &format!("/no/{text}"),
            "--slug",
            &slug,
            "--name",
            text,
            "--description",
            text,
            "--curator-name",
            text,
        ];
        let added = world.json(&args);
        assert_eq!(
            (&added["name"], &added["description"], &added["curator_name"]),
            (&json!(text), &json!(text), &json!(text))
        );
        world.agnes(&["group", "add", text, "--description", text]);
        world.agnes(&["group", "join", text, ADA]);
        world.agnes(&["grant", text, "up/alpha"]);
        assert_eq!(world.json(&["grants", "--group", text])[0]["group"], json!(text));
        // Some of these are no addresses, and then none at all.
        world.run(&["user", "add", &email, "--name", text]);
        for args in [
            &["user", "show", text][..],
            &["user", "remove", text],
            &["info", "--user", text],
            &["build-zip", "--user", text, "-o", "-"],
            &["marketplace", "show", text],
            &["marketplace", "remove", text],
            &["marketplace", "sync", text],
            &["group", "show", &format!("{text} ")[1..]],
            &["plugin", "show", &format!("up/{text}")],
        ] {
            let stderr = world.refused(3, args);
            harmless(&stderr);
        }
        world.run(&["grants", "--user", text]);
        world.run(&["marketplace", "edit", &slug, "--branch", text]);
        world.run(&["marketplace", "edit", &slug, "--ref", text]);
        world.agnes(&["revoke", text, "up/alpha"]);
        world.agnes(&["group", "leave", text, ADA]);
        world.agnes(&["group", "remove", text]);
        world.agnes(&["marketplace", "remove", &slug]);
    }
    let users: Vec<Value> = world.json(&["user", "list"]).as_array().unwrap().clone();
    assert!(users.iter().any(|user| user["email"] == ADA));
    good.still_builds();
}

/// Names made of terminal escapes, in all that a stranger's repository can say: entries, manifests, branches,
/// authors, files. On no way out do they reach a terminal as they are.
#[test]
fn no_escape_sequence_reaches_the_terminal() {
    let good = Good::new();
    let up = &good.upstream;
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\u{9b}31mx";
    up.plugin("gamma");
    up.write(
        "plugins/gamma/.claude-plugin/plugin.json",
        json!({"name": "gamma", "version": evil, "description": evil, "author": {"name": evil}, "homepage": evil, "commands": [evil]}).to_string(),
    );
    up.write(
        "plugins/gamma/skills/s/SKILL.md",
        format!("---\nname: {evil}\ndescription: {evil}\n---\n{evil}\n"),
    );
    up.write(
        "plugins/gamma/hooks/hooks.json",
        json!({"hooks": {evil: [{"matcher": evil, "hooks": [{"type": "command", "command": evil}]}]}})
            .to_string(),
    );
    up.write("plugins/gamma/.mcp.json", json!({"mcpServers": {evil: {"command": evil}}}).to_string());
    up.write(
        ".claude-plugin/marketplace.json",
        json!({"name": evil, "owner": {"name": evil}, "renames": {evil: "x"}, "plugins": [
            {"name": "alpha", "source": "./plugins/alpha"},
            {"name": "beta", "source": "./plugins/beta"},
            {"name": "gamma", "source": "./plugins/gamma", "description": evil, "category": evil, "version": evil, "author": {"name": evil}, "homepage": evil},
            {"name": "delta", "source": evil},
            {"name": "epsilon", "source": {"source": evil}},
            {"name": evil},
        ]})
        .to_string(),
    );
    up.commit("Escapes");
    let world = &good.world;
    world.agnes(&["grant", "Everyone", "up/*"]);
    let all = [
        &["marketplace", "sync"][..],
        &["marketplace", "list"],
        &["marketplace", "show", "up"],
        &["plugin", "list"],
        &["plugin", "show", "up/gamma"],
        &["plugin", "show", "up/delta"],
        &["info", "--user", ADA],
        &["doctor"],
        &["audit"],
        &["build-zip", "--user", ADA],
        // What one types oneself, too.
        &["user", "show", evil],
        &["plugin", "show", evil],
        &["plugin", "show", &format!("up/{evil}")],
        &["marketplace", "show", evil],
        &["marketplace", "sync", evil],
        &["grant", evil, "up/alpha"],
        &["grant", "Everyone", &format!("up/{evil}")],
        &["grants", "--group", evil],
        &["marketplace", "add", evil],
        &["marketplace", "edit", "up", "--branch", evil],
        &["build-zip", "--user", ADA, "-o", &format!("/no/{evil}")],
        &["--data-dir", &format!("/proc/{evil}"), "user", "list"],
        &["--config", evil, "user", "list"],
    ];
    for args in all {
        let ran = world.run(args);
        harmless(&ran.text());
        harmless(&world.run(&[args, &["--json"]].concat()).text());
        harmless(&ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    // A branch whose name git allows and a terminal would hide.
    up.git(&["branch", "a\u{200b}b"]);
    good.edit(&["--branch", "nope"]);
    let ran = good.sync(&[]);
    harmless(&ran.stderr);
}
