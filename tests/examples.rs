//! What each plugin of the example set becomes, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{ADA, GRACE, World, catalog, entry, served, unzipped};

/// A plugin of the examples, as it must be served.
struct Expected {
    slug: &'static str,
    plugin: &'static str,
    /// Entry name and `plugin.json` name.
    name: &'static str,
    /// The upstream's version.
    version: &'static str,
    /// The plugin's folder in its marketplace.
    folder: &'static str,
    /// Its files below that folder, `!` before those that must be executable. A symlink is here
    /// under its own name.
    files: &'static [&'static str],
    /// Whether there is a `plugin.json`, which is ours in name and version alone.
    manifest: bool,
}

const EXPECTED: [Expected; 10] = [
    Expected {
        slug: "acme-tools",
        plugin: "code-review",
        name: "code-review",
        version: "2.1.0",
        folder: "plugins/code-review",
        files: &[
            "agents/reviewer.md",
            "commands/review.md",
            "skills/review-checklist/SKILL.md",
            "skills/review-checklist/house-style.md",
        ],
        manifest: true,
    },
    Expected {
        slug: "acme-tools",
        plugin: "design-system",
        name: "design-system",
        version: "5.2.0",
        folder: "../../plugins/design-system",
        files: &["README.md", "commands/component.md", "skills/design-tokens/SKILL.md"],
        manifest: true,
    },
    Expected {
        slug: "acme-tools",
        plugin: "guard-rails",
        name: "guard-rails",
        version: "1.0.3",
        folder: "plugins/guard-rails",
        files: &["hooks/hooks.json", "!scripts/check-command.sh"],
        manifest: true,
    },
    Expected {
        slug: "acme-tools",
        plugin: "incident-kit",
        name: "incident-response",
        version: "3.0.0",
        folder: "plugins/incident-kit",
        files: &[
            "skills/blameless-review/SKILL.md",
            "skills/blameless-review/template.md",
            "skills/incident-commander/SKILL.md",
        ],
        manifest: true,
    },
    Expected {
        slug: "acme-tools",
        plugin: "release-notes",
        name: "release-notes",
        version: "0.0.0",
        folder: "plugins/release-notes",
        files: &["commands/release-notes.md"],
        manifest: true,
    },
    Expected {
        slug: "acme-tools",
        plugin: "sql-helpers",
        name: "sql-helpers",
        version: "1.4.0",
        folder: "plugins/sql-helpers",
        files: &["!bin/warehouse-mcp", "knowledge/safe-migrations/SKILL.md", "prompts/explain-query.md"],
        manifest: false,
    },
    Expected {
        slug: "acme-tools",
        plugin: "ticket-desk",
        name: "ticket-desk",
        version: "0.9.1",
        folder: "plugins/ticket-desk",
        files: &[".mcp.json", "commands/triage.md"],
        manifest: true,
    },
    Expected {
        slug: "globex-skills",
        plugin: "code-review",
        name: "code-review",
        version: "1.0.0",
        folder: "plugins/code-review",
        files: &["commands/review-notebook.md"],
        manifest: true,
    },
    Expected {
        slug: "globex-skills",
        plugin: "meeting-skills",
        name: "meeting-skills",
        version: "0.3.0",
        folder: ".",
        files: &["README.md", "skills/minutes/SKILL.md"],
        manifest: false,
    },
    Expected {
        slug: "globex-skills",
        plugin: "spreadsheet-skills",
        name: "spreadsheet-skills",
        version: "1.2.0",
        folder: ".",
        files: &[
            "README.md",
            "skills/chart-choice/SKILL.md",
            "skills/csv-tidy/SKILL.md",
            "!skills/csv-tidy/scripts/tidy.py",
        ],
        manifest: false,
    },
];

const MANIFEST: &str = ".claude-plugin/plugin.json";
const CATALOG: &str = ".claude-plugin/marketplace.json";

fn marketplace(slug: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/marketplaces").join(slug)
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

impl Expected {
    fn key(&self) -> String {
        format!("{}/{}", self.slug, self.plugin)
    }

    fn served_below(&self) -> String {
        format!("plugins/{}-{}/", self.slug, self.plugin)
    }

    /// Follows symlinks, as the bundle must.
    fn upstream(&self, file: &str) -> Vec<u8> {
        fs::read(marketplace(self.slug).join(self.folder).join(file)).unwrap()
    }

    fn upstream_entry(&self) -> Value {
        let catalog = parsed(&fs::read(marketplace(self.slug).join(CATALOG)).unwrap());
        entry(&catalog, self.plugin).clone()
    }

    /// Asserts that the bundle has this plugin, exactly.
    fn check(&self, files: &BTreeMap<String, (bool, Vec<u8>)>) {
        let below = self.served_below();
        let mut mine: BTreeMap<&str, &(bool, Vec<u8>)> =
            files.iter().filter_map(|(path, file)| Some((path.strip_prefix(&below)?, file))).collect();
        let catalog = parsed(&files[CATALOG].1);
        let entry = entry(&catalog, self.name);
        let version = entry["version"].as_str().unwrap();
        let (upstreams, content) = version.split_once('+').unwrap();
        assert_eq!(upstreams, self.version, "{}", self.key());
        assert!(content.len() == 8 && content.bytes().all(|b| b.is_ascii_hexdigit()), "{version}");

        if let Some((executable, bytes)) = mine.remove(MANIFEST) {
            assert!(self.manifest && !executable, "{} has a plugin.json", self.key());
            let mut expected = parsed(&self.upstream(MANIFEST));
            expected["name"] = self.name.into();
            expected["version"] = version.into();
            assert_eq!(parsed(bytes), expected, "{}", self.key());
        } else {
            assert!(!self.manifest, "{} has no plugin.json", self.key());
        }

        let expected: Vec<(&str, (bool, Vec<u8>))> = self
            .files
            .iter()
            .map(|file| {
                let path = file.trim_start_matches('!');
                (path, (path != *file, self.upstream(path)))
            })
            .collect();
        let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
        assert_eq!(mine.keys().copied().collect::<Vec<_>>(), names, "{}", self.key());
        for (path, file) in expected {
            assert_eq!(*mine[path], file, "{}: {path}", self.key());
        }

        let mut expected = self.upstream_entry();
        expected["name"] = self.name.into();
        expected["version"] = version.into();
        expected["source"] = format!("./{}", below.trim_end_matches('/')).into();
        assert_eq!(*entry, expected, "{}: fields of the entry", self.key());
    }
}

fn expected(keys: &[&str]) -> Vec<&'static Expected> {
    EXPECTED.iter().filter(|one| keys.contains(&one.key().as_str())).collect()
}

/// Asserts that a bundle has exactly these plugins, exactly so.
fn check(bundle: &[u8], keys: &[&str]) {
    let files = unzipped(bundle);
    let plugins = expected(keys);
    assert_eq!(plugins.len(), keys.len());
    for plugin in &plugins {
        plugin.check(&files);
    }
    for path in files.keys().filter(|path| *path != CATALOG) {
        assert!(plugins.iter().any(|plugin| path.starts_with(&plugin.served_below())), "{path} is nobody's");
    }
    let names: Vec<&str> = plugins.iter().map(|plugin| plugin.name).collect();
    assert_eq!(served(&catalog(bundle)), names, "in the order of registration, then of names");
}

const ADAS: [&str; 7] = [
    "acme-tools/code-review",
    "acme-tools/design-system",
    "acme-tools/guard-rails",
    "acme-tools/incident-kit",
    "acme-tools/release-notes",
    "acme-tools/sql-helpers",
    "acme-tools/ticket-desk",
];

const GRACES: [&str; 4] = [
    "acme-tools/sql-helpers",
    "globex-skills/code-review",
    "globex-skills/meeting-skills",
    "globex-skills/spreadsheet-skills",
];

#[test]
fn each_plugin_of_the_examples_is_served_with_exactly_its_files() {
    let world = World::with_people();
    check(&world.bundle(ADA), &ADAS);
    check(&world.bundle(GRACE), &GRACES);
}

#[test]
fn with_a_name_prefix_both_plugins_of_one_name_are_served_under_names_of_their_own() {
    let world = World::with_people();
    world.agnes(&["marketplace", "edit", "globex-skills", "--name-prefix", "globex-"]);
    let bundle = world.bundle(ADA);
    let catalog = catalog(&bundle);
    assert_eq!(entry(&catalog, "code-review")["source"], "./plugins/acme-tools-code-review");
    let version = entry(&catalog, "globex-code-review")["version"].clone();
    let manifest = parsed(&unzipped(&bundle)[&format!("plugins/globex-skills-code-review/{MANIFEST}")].1);
    assert_eq!((&manifest["name"], &manifest["version"]), (&json!("globex-code-review"), &version));
    assert_eq!(world.json(&["info", "--user", ADA])["left_out"], json!([]));
}

#[test]
fn top_of_the_catalog_names_the_feed_and_carries_the_renames_of_what_is_served() {
    let world = World::with_people();
    let ada = catalog(&world.bundle(ADA));
    assert_eq!(ada["name"], "agnes");
    assert!(!ada["owner"]["name"].as_str().unwrap().is_empty());
    assert!(!ada["metadata"]["description"].as_str().unwrap().is_empty());
    assert_eq!(ada["forceRemoveDeletedPlugins"], true);
    assert_eq!(ada["renames"], json!({"pr-review": "code-review"}));
    // Grace has the other `code-review`, which never had another name.
    assert_eq!(catalog(&world.bundle(GRACE)).get("renames"), None);
}

#[test]
fn what_is_left_out_is_reported_with_its_reason() {
    let world = World::with_people();
    let left_out = |email: &str| -> Vec<(String, String)> {
        let info = world.json(&["info", "--user", email]);
        let each = info["left_out"].as_array().unwrap().iter();
        each.map(|one| {
            let text = |field: &str| one[field].as_str().unwrap().to_owned();
            (format!("{}/{}", text("marketplace_slug"), text("original_name")), text("reason"))
        })
        .collect()
    };
    let ada = left_out(ADA);
    assert_eq!(ada[0].0, "globex-skills/code-review");
    assert!(ada[0].1.contains("`acme-tools/code-review` has the same name"), "{}", ada[0].1);
    assert_eq!(ada.len(), 1);
    let grace = left_out(GRACE);
    assert_eq!(grace[0].0, "globex-skills/market-data");
    let away = "could not be fetched: there is no repository at `https://github.com/globex-example/";
    assert!(grace[0].1.contains(away), "{}", grace[0].1);
    assert_eq!(grace.len(), 1);
}

#[test]
fn info_tells_the_names_versions_and_ways_of_what_is_served() {
    let world = World::with_people();
    let info = world.json(&["info", "--user", GRACE]);
    let catalog = catalog(&world.bundle(GRACE));
    let told = info["plugins"].as_array().unwrap();
    assert_eq!(info["plugin_count"], told.len());
    for (one, plugin) in told.iter().zip(expected(&GRACES)) {
        let entry = entry(&catalog, plugin.name);
        assert_eq!(one["name"], plugin.name);
        assert_eq!(one["original_name"], plugin.plugin);
        assert_eq!(one["marketplace_slug"], plugin.slug);
        assert_eq!(one["prefixed_name"], format!("{}-{}", plugin.slug, plugin.plugin));
        assert_eq!((&one["version"], &one["source"]), (&entry["version"], &entry["source"]));
        assert_eq!(one["groups"], json!(["Analytics"]));
    }
}

#[test]
fn a_plugin_that_was_not_granted_leaves_no_byte() {
    let world = World::with_examples();
    world.user(ADA, &[]);
    let group = format!("group of {ADA}");
    for plugin in &EXPECTED {
        world.agnes(&["grant", &group, &plugin.key()]);
        let bundle = world.bundle(ADA);
        check(&bundle, &[&plugin.key()]);
        let mut texts: Vec<u8> = bundle.clone();
        for (path, (_, contents)) in unzipped(&bundle) {
            texts.extend_from_slice(path.as_bytes());
            texts.extend_from_slice(&contents);
        }
        let foreign = foreign_to(plugin);
        assert!(foreign.len() > 100, "too few to prove anything");
        for text in foreign {
            let found = texts.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "the bundle of {} alone has `{text}` in it", plugin.key());
        }
        world.agnes(&["revoke", &group, &plugin.key()]);
    }
    assert_eq!(served(&catalog(&world.bundle(ADA))), Vec::<&str>::new());
}

/// Everything in the examples that nobody may find who has only this plugin: other plugins' names,
/// fields and lines, and the drafts.
fn foreign_to(plugin: &Expected) -> BTreeSet<String> {
    let mut own = plugin.upstream_entry().to_string() + &plugin.key();
    for file in plugin.files {
        own.push_str(file);
        own.push_str(&String::from_utf8(plugin.upstream(file.trim_start_matches('!'))).unwrap());
    }
    if plugin.manifest {
        own.push_str(&parsed(&plugin.upstream(MANIFEST)).to_string());
    }
    let mut foreign = BTreeSet::from(["quarterly-forecast".to_owned()]);
    if plugin.key() != "acme-tools/code-review" {
        foreign.insert("pr-review".into());
    }
    for slug in ["acme-tools", "globex-skills"] {
        let top = marketplace(slug);
        let elsewhere = top.join("../../plugins");
        let all = crate::support::files(&top).into_iter().chain(crate::support::files(&elsewhere));
        for (path, (_, bytes)) in all {
            foreign.extend(path.split('/').filter(|part| part.len() > 8).map(str::to_owned));
            let text = String::from_utf8(bytes).unwrap();
            if std::path::Path::new(&path).extension().is_some_and(|end| end == "json") {
                strings(&parsed(text.as_bytes()), &mut foreign);
            } else {
                foreign.extend(text.lines().map(str::trim).filter(|line| line.len() > 16).map(str::to_owned));
            }
        }
    }
    // What all bundles have, and what two plugins share.
    let common = [MANIFEST, CATALOG, "description", "https"].concat();
    foreign.retain(|text| !own.contains(text) && !common.contains(text.as_str()) && text.len() > 8);
    foreign
}

fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(all) => all.iter().for_each(|one| strings(one, found)),
        Value::Object(all) => all.values().for_each(|one| strings(one, found)),
        _ => {}
    }
}
