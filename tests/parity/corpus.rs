//! Five marketplaces that people use, and the two examples: each once as it is, once through Agnes.
//!
//! The corpus has the paths of real marketplaces and their manifests word for word; the contents of all other
//! files are noise. So what a session shows something of is written anew first: hooks that run, servers that
//! start, skills and agents with a name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::loaded::{Loaded, differences, hooks};
use crate::support::{Claude, Corpus, World};

const MARKETPLACES: [&str; 5] = [
    "anthropic-agent-skills",
    "claude-code-workflows",
    "claude-plugins-official",
    "plugins-plus",
    "trailofbits",
];

/// The one of them that the oldest client is asked about too.
const FOR_THE_OLDEST: &str = "trailofbits";

/// What the upstreams' catalogs call their marketplaces.
const UPSTREAM: &str = "parity";

/// Why something differs, and is right to.
#[derive(Debug)]
enum Why {
    /// From its upstream no client loads it, and says so of this field, or says nothing: a session that installs
    /// hundreds of plugins does not always note the one that it refused. What it chokes on is mended in the feed.
    Mended(&'static str),
    /// Its folder is another repository (a submodule): in a checkout there is an empty folder, which loads as
    /// a plugin of nothing, and in the feed there is none.
    Submodule,
}

/// All that differs. `docs/parity.md` says the same.
const EXPLAINED: [(&str, &str, Why); 3] = [
    ("claude-code-workflows", "pptx-deck-creation", Why::Mended("agents")),
    ("plugins-plus", "axiom", Why::Submodule),
    ("plugins-plus", "langfuse-pack", Why::Mended("skills")),
];

impl Why {
    fn explains(&self, row: &Row) -> bool {
        let (_, _, upstream, agnes) = row;
        match self {
            Self::Mended(words) => {
                let says = |one: &String| one.starts_with("error: ") && one.contains(words);
                upstream.iter().all(|one| says(one) || one == "no details")
                    && (upstream.is_empty() || upstream.iter().any(says))
                    && agnes.contains(&"loaded".to_owned())
                    && !agnes.iter().any(|one| one.starts_with("error: "))
            }
            Self::Submodule => {
                upstream.iter().all(|one| one == "loaded" || one.starts_with("version: ")) && agnes.is_empty()
            }
        }
    }
}

#[test]
fn every_plugin_of_the_corpus_loads_as_from_its_upstream() {
    let world = World::new();
    let test = "every_plugin_of_the_corpus_loads_as_from_its_upstream";
    let elsewhere = World::new();
    let (ours, theirs) = (Claude::all(&world, test), Claude::all(&elsewhere, test));
    if ours.is_empty() {
        return;
    }
    let Some(corpus) = Corpus::make(&world, 0, test) else { return };
    let mut table = Vec::new();
    for slug in MARKETPLACES {
        let folder = world.path("checkouts").join(slug);
        check_out(&world, &corpus, slug, &folder);
        let local = shown(&world, &folder);
        let scene = Scene::new(&world, slug, &folder, local);
        let newest = ours.len() - 1;
        for (i, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            if i == newest || (i == 0 && slug == FOR_THE_OLDEST) {
                table.extend(scene.compared(ours, theirs));
            }
        }
    }
    let explained = |row: &Row| {
        let found =
            EXPLAINED.iter().find(|(slug, plugin, _)| (*slug, *plugin) == (row.0.as_str(), row.1.as_str()));
        found.is_some_and(|(_, _, why)| why.explains(row))
    };
    let unexplained: Vec<&Row> = table.iter().filter(|row| !explained(row)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for (slug, plugin, why) in &EXPLAINED {
        let differs = table.iter().any(|row| (row.0.as_str(), row.1.as_str()) == (*slug, *plugin));
        assert!(differs, "{slug}/{plugin} differs no more: {why:?}");
    }
}

#[test]
fn every_plugin_of_the_examples_loads_as_from_its_upstream() {
    let world = World::new();
    let test = "every_plugin_of_the_examples_loads_as_from_its_upstream";
    let elsewhere = World::new();
    let (ours, theirs) = (Claude::all(&world, test), Claude::all(&elsewhere, test));
    for (slug, details) in [("acme-tools", &["guard-rails"][..]), ("globex-skills", &[])] {
        let upstream = world.upstream(slug);
        upstream.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/marketplaces").join(slug));
        let mut listed = catalog(upstream.folder());
        listed["name"] = UPSTREAM.into();
        upstream.write(".claude-plugin/marketplace.json", listed.to_string()).commit("Publish");
        let details = details.iter().map(|name| (*name).to_owned()).collect();
        let scene = Scene::new(&world, slug, upstream.folder(), details);
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let table = scene.compared(ours, theirs);
            assert!(table.is_empty(), "{}: {table:#?}", ours.program().display());
        }
    }
}

/// One marketplace, as it is and as a user has it who was granted all of it.
struct Scene {
    slug: String,
    upstream: std::path::PathBuf,
    bundle: std::path::PathBuf,
    /// What is compared: upstream's entry name → the name that a session uses.
    names: BTreeMap<String, String>,
    /// Those with hooks or language servers.
    details: BTreeSet<String>,
}

type Row = (String, String, Vec<String>, Vec<String>);

impl Scene {
    fn new(world: &World, slug: &str, folder: &Path, details: BTreeSet<String>) -> Self {
        let url = format!("file://{}", folder.display());
        // Plugins that lie in other repositories are not compared, and no test fetches them.
        world.agnes(&["marketplace", "add", &url, "--slug", slug, "--remote", "skip"]);
        world.agnes(&["marketplace", "sync", slug]);
        let email = format!("{slug}@example.com");
        world.user(&email, &[&format!("{slug}/*")]);
        let bundle = world.unpacked(&email, &format!("bundle of {slug}"));
        let catalog = catalog(folder);
        let listed = world.json(&["plugin", "list"]);
        let served = world.json(&["info", "--user", &email]);
        let served: BTreeMap<&str, &str> = served["plugins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["original_name"].as_str().unwrap(), one["name"].as_str().unwrap()))
            .collect();
        let remote = |name: &str| {
            let of = |one: &&Value| one["marketplace_slug"] == slug && one["name"] == name;
            let one = listed.as_array().unwrap().iter().find(of).unwrap();
            one["source_type"] != "relative"
        };
        let entries = catalog["plugins"].as_array().unwrap().iter();
        let names = entries.map(|entry| entry["name"].as_str().unwrap()).filter(|name| !remote(name));
        let names = names
            .map(|name| (name.to_owned(), served.get(name).map_or(name, |name| *name).to_owned()))
            .collect();
        Self { slug: slug.to_owned(), upstream: folder.to_owned(), bundle, names, details }
    }

    fn compared(&self, ours: &Claude, theirs: &Claude) -> Vec<Row> {
        let entries: Vec<&str> = self.names.keys().map(String::as_str).collect();
        let served: Vec<&str> = self.names.values().map(String::as_str).collect();
        theirs.enable_all(self.upstream.to_str().unwrap(), UPSTREAM, &entries);
        ours.enable_all(self.bundle.to_str().unwrap(), "agnes", &served);
        let details: Vec<&str> = self.details.iter().map(String::as_str).collect();
        let upstream = theirs.loaded(UPSTREAM, &[UPSTREAM], &self.names, &details);
        let details: Vec<&str> = self.details.iter().map(|entry| self.names[entry].as_str()).collect();
        let agnes = ours.loaded("agnes", &["agnes", UPSTREAM], &BTreeMap::new(), &details);
        theirs.plugin(&["marketplace", "remove", UPSTREAM]);
        ours.plugin(&["marketplace", "remove", "agnes"]);
        self.is_worth_comparing(&upstream);
        let rows = differences(&upstream, &agnes).into_iter();
        rows.map(|(name, (one, other))| (self.slug.clone(), name, one, other)).collect()
    }

    /// That it is not nothing which is the same in both.
    fn is_worth_comparing(&self, upstream: &Loaded) {
        let loaded = upstream.values().filter(|what| what.contains("loaded")).count();
        assert!(loaded * 100 >= self.names.len() * 90, "{} of {}", loaded, self.names.len());
        for name in self.details.iter().map(|entry| &self.names[entry]) {
            assert!(upstream[name].iter().any(|what| what.starts_with("LSP") || what.starts_with("Hooks")));
        }
    }
}

fn catalog(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join(".claude-plugin/marketplace.json")).unwrap()).unwrap()
}

fn check_out(world: &World, corpus: &Corpus, slug: &str, folder: &Path) {
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let from = corpus.repository(slug);
    let clone = world.command("git").args(["clone", "-q"]).args([from.as_path(), folder]).output().unwrap();
    assert!(clone.status.success(), "{}", String::from_utf8_lossy(&clone.stderr));
}

/// Replaces the noise in what a session shows by what works, and commits it. Returns which locally sourced
/// plugins have something that only `claude plugin details` tells.
fn shown(world: &World, folder: &Path) -> BTreeSet<String> {
    let (mut told, mut plugins) = (BTreeSet::new(), BTreeSet::new());
    for entry in catalog(folder)["plugins"].as_array().unwrap() {
        let (name, Some(source)) = (entry["name"].as_str().unwrap(), entry["source"].as_str()) else {
            continue;
        };
        let plugin = folder.join(source);
        if entry.get("lspServers").is_some() || plugin.join("hooks/hooks.json").exists() {
            told.insert(name.to_owned());
        }
        // As it is met below, without `./` in it.
        plugins.insert(plugin.components().collect::<std::path::PathBuf>());
        let server = json!({"mcpServers": {format!("{name}-server"): {"command": "true", "args": [name]}}});
        replace(&plugin.join("hooks/hooks.json"), |_| hooks(name));
        replace(&plugin.join(".mcp.json"), |_| server.to_string());
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            let facts = fs::symlink_metadata(&path).unwrap();
            if facts.is_dir() && !path.ends_with(".git") {
                folders.push(path);
            } else if facts.is_file() && path.ends_with("SKILL.md") {
                // A skill at a plugin's top that has no name is called after whatever folder it is in.
                let name = current.file_name().unwrap().to_str().unwrap();
                let name = if plugins.contains(&current) { format!("name: {name}\n") } else { String::new() };
                replace(&path, |text| format!("---\n{name}description: {}\n---\n\n{text}", text.len()));
            }
        }
    }
    // The client refuses the names of Anthropic's own marketplaces, unless they come from there.
    let mut listed = catalog(folder);
    listed["name"] = "parity".into();
    replace(&folder.join(".claude-plugin/marketplace.json"), |_| listed.to_string());
    let who = ["-c", "user.name=Curator", "-c", "user.email=curator@example.com"];
    world.look(folder, &[&who[..], &["commit", "-q", "-a", "-m", "Say something"]].concat());
    told
}

fn replace(path: &Path, by: impl Fn(&str) -> String) {
    if fs::symlink_metadata(path).is_ok_and(|facts| facts.is_file()) {
        let text = fs::read(path).unwrap();
        fs::write(path, by(&String::from_utf8_lossy(&text))).unwrap();
    }
}
