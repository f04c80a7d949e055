//! Five real marketplaces' shapes: 20,800 files, and all the oddities that people commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Corpus, World, catalog, files, sha256};

/// Slug, plugins that are served, plugins that are listed. What is missing lies in other
/// repositories, or nowhere.
const MARKETPLACES: [(&str, usize, usize); 5] = [
    ("anthropic-agent-skills", 3, 3),
    ("claude-code-workflows", 91, 92),
    ("claude-plugins-official", 53, 286),
    ("plugins-plus", 294, 295),
    ("trailofbits", 42, 42),
];

/// Manifests that we write, and files that never reach anybody.
const NOT_THE_UPSTREAMS: [&str; 6] = [
    ".claude-plugin/plugin.json",
    ".codex-plugin/plugin.json",
    ".cursor-plugin/plugin.json",
    ".plugin/plugin.json",
    ".github/plugin/plugin.json",
    "marketplace-metadata.json",
];

const ALL: &str = "all@example.com";

/// A plugin of the corpus that is served.
struct Plugin {
    slug: String,
    name: String,
    /// With a slash at the end. Empty: the repository itself, of which the entry may restrict the
    /// skills.
    folder: String,
}

#[test]
fn the_corpus_syncs_and_bundles_and_every_file_is_the_upstreams_through_two_revisions() {
    let world = World::new();
    let test = "the_corpus_syncs_and_bundles_and_every_file_is_the_upstreams_through_two_revisions";
    let Some(corpus) = Corpus::make(&world, 2, test) else { return };
    let tips: BTreeMap<&str, Vec<String>> = MARKETPLACES
        .map(|(slug, ..)| {
            let log = corpus.git(slug, &["rev-list", "--reverse", "main"]);
            (slug, log.lines().map(str::to_owned).collect())
        })
        .into();
    let rewind = |revision: usize| {
        for (slug, commits) in &tips {
            corpus.git(slug, &["update-ref", "refs/heads/main", &commits[revision]]);
        }
    };
    rewind(0);
    for (slug, ..) in MARKETPLACES {
        world.agnes(&["marketplace", "add", &corpus.url(slug), "--slug", slug]);
        // Names occur in several of them.
        world.agnes(&["marketplace", "edit", slug, "--name-prefix", &format!("{}-", &slug[..3])]);
    }
    world.agnes(&["marketplace", "sync"]);
    let plugins = counts_are_known(&world);
    world.user(ALL, &MARKETPLACES.map(|(slug, ..)| format!("{slug}/*")).each_ref().map(String::as_str));
    world.agnes(&["doctor"]);

    let mut before = None;
    for revision in 0..3 {
        rewind(revision);
        world.agnes(&["marketplace", "sync", "--jobs", "2"]);
        let folder = world.unpacked(ALL, &format!("revision {revision}"));
        let bundle = world.bundle(ALL);
        every_file_is_the_upstreams(&world, &corpus, &plugins, &folder);
        let catalog = catalog(&bundle);
        if let Some(before) = before {
            let tips = |slug: &str| (tips[slug][revision - 1].clone(), tips[slug][revision].clone());
            only_what_was_touched_changes(&corpus, &plugins, &before, &catalog, &tips);
        }
        fs::remove_dir_all(folder).unwrap();
        before = Some(catalog);
    }
    // A folder that never saw the older revisions builds the same.
    let fresh = World::new();
    for (slug, ..) in MARKETPLACES {
        fresh.agnes(&["marketplace", "add", &corpus.url(slug), "--slug", slug]);
        fresh.agnes(&["marketplace", "edit", slug, "--name-prefix", &format!("{}-", &slug[..3])]);
    }
    fresh.agnes(&["marketplace", "sync"]);
    fresh.user(ALL, &MARKETPLACES.map(|(slug, ..)| format!("{slug}/*")).each_ref().map(String::as_str));
    assert_eq!(sha256(&fresh.bundle(ALL)), sha256(&world.bundle(ALL)));
}

/// Asserts the numbers, and returns the plugins that are served.
fn counts_are_known(world: &World) -> Vec<Plugin> {
    let listed = world.json(&["plugin", "list"]);
    let listed = listed.as_array().unwrap();
    let mut plugins = Vec::new();
    for (slug, served, all) in MARKETPLACES {
        let of: Vec<&Value> = listed.iter().filter(|one| one["marketplace_slug"] == slug).collect();
        let (yes, no): (Vec<&Value>, Vec<&Value>) = of.iter().partition(|one| one["served"] == true);
        assert_eq!((yes.len(), of.len()), (served, all), "{slug}");
        for one in no {
            assert!(one["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{one:#}");
        }
        for one in yes {
            let name = one["name"].as_str().unwrap().to_owned();
            let spec = one["source_spec"].as_str().map_or_else(|| format!("plugins/{name}"), str::to_owned);
            let folder = spec.trim_start_matches("./").trim_end_matches('/');
            let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            plugins.push(Plugin { slug: slug.to_owned(), name, folder });
        }
    }
    plugins
}

/// Git itself says the id of each file in the bundle; the upstream's tree says which it must be.
fn every_file_is_the_upstreams(world: &World, corpus: &Corpus, plugins: &[Plugin], folder: &Path) {
    let bundled = files(folder);
    let ids = ids(world, folder, bundled.keys());
    let info = world.json(&["info", "--user", ALL]);
    let served: BTreeSet<(&str, &str)> = info["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["marketplace_slug"].as_str().unwrap(), one["original_name"].as_str().unwrap()))
        .collect();
    let mut compared = 0;
    for (slug, ..) in MARKETPLACES {
        let tree = corpus.tree(slug, "main");
        let of_links: Vec<String> = tree
            .iter()
            .filter(|(_, (mode, _))| mode == "120000")
            .map(|(path, _)| format!("{path}/"))
            .collect();
        for plugin in plugins.iter().filter(|one| one.slug == slug && served.contains(&(slug, &one.name))) {
            let place = format!("plugins/{slug}-{}/", plugin.name);
            // What is served is the upstream's, and where it lies there.
            for (path, (executable, _)) in bundled.range(place.clone()..) {
                let Some(below) = path.strip_prefix(&place) else { break };
                let theirs = format!("{}{below}", plugin.folder);
                let linked = of_links.iter().any(|link| format!("{theirs}/").starts_with(link));
                if linked || NOT_THE_UPSTREAMS.contains(&below) {
                    continue;
                }
                let mode = if *executable { "100755" } else { "100644" };
                let expected = Some((mode.to_owned(), ids[path].clone()));
                assert_eq!(expected.as_ref(), tree.get(&theirs), "{slug}/{}: {below}", plugin.name);
                compared += 1;
            }
            // What the upstream has is served.
            for (path, (mode, _)) in tree.range(plugin.folder.clone()..) {
                let Some(below) = path.strip_prefix(&plugin.folder) else { break };
                let plain = mode.starts_with("100") && !below.starts_with(".agnes/");
                if plain && !plugin.folder.is_empty() && !NOT_THE_UPSTREAMS.contains(&below) {
                    assert!(
                        bundled.contains_key(&format!("{place}{below}")),
                        "{slug}/{}: {below}",
                        plugin.name
                    );
                }
            }
        }
    }
    assert!(compared * 10 > bundled.len() * 9, "only {compared} of {} files were compared", bundled.len());
    // And nothing is there twice over: what is not a plugin's is the catalog.
    let strays: Vec<_> = bundled.keys().filter(|path| !path.starts_with("plugins/")).collect();
    assert_eq!(strays, [".claude-plugin/marketplace.json"]);
}

/// Path → blob id of files below a folder, by git.
fn ids<'a>(
    world: &World,
    folder: &Path,
    paths: impl Iterator<Item = &'a String>,
) -> BTreeMap<String, String> {
    use std::io::Write as _;
    let paths: Vec<&String> = paths.filter(|path| !path.contains('\n')).collect();
    let list = world.path("paths");
    let mut file = fs::File::create(&list).unwrap();
    for path in &paths {
        writeln!(file, "{path}").unwrap();
    }
    let output = world
        .command("git")
        .args(["hash-object", "--no-filters", "--stdin-paths"])
        .current_dir(folder)
        .stdin(fs::File::open(&list).unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ids = String::from_utf8(output.stdout).unwrap();
    let ids: Vec<&str> = ids.lines().collect();
    assert_eq!(ids.len(), paths.len());
    paths.into_iter().cloned().zip(ids.into_iter().map(str::to_owned)).collect()
}

/// A plugin gets another version exactly if a file below its folder changed.
fn only_what_was_touched_changes(
    corpus: &Corpus,
    plugins: &[Plugin],
    before: &Value,
    after: &Value,
    tips: &dyn Fn(&str) -> (String, String),
) {
    let by_source = |catalog: &Value| -> BTreeMap<String, Value> {
        let entries = catalog["plugins"].as_array().unwrap().iter();
        entries.map(|entry| (entry["source"].as_str().unwrap().to_owned(), entry.clone())).collect()
    };
    let (before, after) = (by_source(before), by_source(after));
    let mut moved = 0;
    for (slug, ..) in MARKETPLACES {
        let (old, new) = tips(slug);
        let diff = corpus.git(slug, &["diff", "--name-only", "-z", &old, &new]);
        let changed: Vec<&str> = diff.split_terminator('\0').collect();
        for plugin in plugins.iter().filter(|plugin| plugin.slug == slug && !plugin.folder.is_empty()) {
            let source = format!("./plugins/{slug}-{}", plugin.name);
            let (Some(one), Some(other)) = (before.get(&source), after.get(&source)) else { continue };
            let touched = changed.iter().any(|path| path.starts_with(&plugin.folder));
            assert_eq!(one["version"] != other["version"], touched, "{slug}/{}: {changed:?}", plugin.name);
            assert!(touched || one == other, "{slug}/{}", plugin.name);
            moved += usize::from(touched);
        }
    }
    assert!(moved >= MARKETPLACES.len() - 1, "only {moved} plugins changed");
}
