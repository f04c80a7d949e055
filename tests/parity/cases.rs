//! What the corpus does not have: everything that an entry or a manifest can say, made by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::feed::same_files;
use crate::support::loaded::{Loaded, differences, hooks};
use crate::support::{Claude, Upstream, World, loud, unzipped};

const ADDRESS: &str = "analyst@example.com";

/// Plugins with a manifest of these fields, and an entry of those.
struct Curator<'a> {
    upstream: &'a Upstream,
    entries: Vec<Value>,
}

impl Curator<'_> {
    /// A plugin with one skill, `name-skill`.
    fn publish(&mut self, name: &str, manifest: Option<Value>, entry: Value) {
        if let Some(Value::Object(more)) = manifest {
            let mut manifest = json!({"name": name, "version": "1.0.0", "description": "d"});
            manifest.as_object_mut().unwrap().extend(more);
            let place = format!("plugins/{name}/.claude-plugin/plugin.json");
            self.upstream.write(&place, manifest.to_string());
        }
        let text = format!("---\nname: {name}-skill\ndescription: d\n---\n\nText.\n");
        self.upstream.write(&format!("plugins/{name}/skills/{name}-skill/SKILL.md"), text);
        self.list(name, entry);
    }

    fn list(&mut self, name: &str, entry: Value) {
        let mut whole = json!({"name": name, "source": format!("./plugins/{name}"), "description": "d"});
        let Value::Object(entry) = entry else { panic!() };
        whole.as_object_mut().unwrap().extend(entry);
        self.entries.push(whole);
    }
}

/// Of servers that are started alike, by whichever plugin, the client starts one.
fn server(name: &str) -> Value {
    json!({"command": "true", "args": [name]})
}

fn hook(name: &str) -> Value {
    serde_json::from_str::<Value>(&hooks(name)).unwrap()["hooks"].clone()
}

/// Everything at once. Returns the names that sessions use, by entry.
fn odd(upstream: &Upstream) -> BTreeMap<String, String> {
    let mut curator = Curator { upstream, entries: Vec::new() };
    let own = |more: Value| Some(more);
    // Skills of the whole repository, restricted.
    for name in ["one", "two", "three"] {
        let text = format!("---\nname: {name}\ndescription: d\n---\n\nText.\n");
        upstream.write(&format!("skills/{name}/SKILL.md"), text);
    }
    curator.list(
        "rooted",
        json!({"source": "./", "strict": false, "skills": ["./skills/one", "./skills/three"]}),
    );
    // Lists in the entry, without a manifest and with one.
    for (name, manifest) in [("listed", None), ("listed-too", own(json!({})))] {
        upstream.write(&format!("plugins/{name}/extra/go.md"), "Go.\n");
        upstream.write(&format!("plugins/{name}/commands/usual.md"), "As usual.\n");
        upstream.write(
            &format!("plugins/{name}/people/bob.md"),
            "---\nname: bob\ndescription: d\n---\n\nYou are Bob.\n",
        );
        let strict = manifest.is_some();
        let lists = json!({"strict": strict, "commands": ["./extra/go.md"], "agents": ["./people/bob.md"]});
        curator.publish(name, manifest, lists);
    }
    // Hooks and servers in the entry, in the manifest, and in files that it names.
    let inline = |name: &str| json!({"hooks": hook(name), "mcpServers": {"inner": server(name)}, "lspServers": {"lsp": lsp()}});
    curator.publish("inline", None, inline("inline"));
    curator.publish("inline-too", own(json!({})), inline("inline-too"));
    curator.publish("inside", own(inline("inside")), json!({}));
    upstream.write("plugins/paths/config/hooks.json", hooks("paths"));
    upstream
        .write("plugins/paths/config/mcp.json", json!({"mcpServers": {"far": server("paths")}}).to_string());
    upstream
        .write("plugins/paths/more/deep.md", "Deep.\n")
        .write("plugins/paths/commands/gone.md", "Gone.\n");
    upstream.write("plugins/paths/who/ann.md", "---\nname: ann\ndescription: d\n---\n\nYou are Ann.\n");
    let paths = json!({
        "hooks": "./config/hooks.json", "mcpServers": "./config/mcp.json", "commands": "./more",
        "agents": ["./who/ann.md"], "skills": ["./others"],
    });
    upstream.write("plugins/paths/others/far/SKILL.md", "---\nname: far\ndescription: d\n---\n\nText.\n");
    curator.publish("paths", own(paths), json!({}));
    // A hook that is a script with an exec bit, behind a link to elsewhere in the repository.
    upstream.executable("shared/say.sh", "#!/bin/sh\necho \"linked x\" >> \"$HOME/ran\"\n");
    upstream.link("plugins/linked/say.sh", "../../shared/say.sh");
    upstream.write("shared/skills/common/SKILL.md", "---\nname: common\ndescription: d\n---\n\nText.\n");
    upstream.link("plugins/linked/skills/common", "../../../shared/skills/common");
    let run = json!({"type": "command", "command": "\"${CLAUDE_PLUGIN_ROOT}/say.sh\""});
    curator.publish("linked", own(json!({"hooks": {"SessionStart": [{"hooks": [run]}]}})), json!({}));
    // Lines that end as on Windows.
    upstream.write("plugins/crlf/commands/windows.md", "---\r\ndescription: d\r\n---\r\n\r\nText.\r\n");
    curator.publish("crlf", own(json!({})), json!({}));
    // Called otherwise by its own manifest, and wanted under either name.
    curator.publish("entry-name", own(json!({"name": "own-name"})), json!({}));
    curator.publish("base", own(json!({"version": "1.2.0"})), json!({}));
    let wants = |list: Value| own(json!({"dependencies": list}));
    curator.publish("wants", wants(json!(["base", "entry-name"])), json!({}));
    curator.publish(
        "wants-here",
        wants(json!(["base@odd", {"name": "entry-name", "marketplace": "odd"}])),
        json!({}),
    );
    curator.publish("wants-new", wants(json!([{"name": "base", "version": "^1.0.0"}])), json!({}));
    curator.publish("wants-old", wants(json!([{"name": "base", "version": "~0.9.0"}])), json!({}));
    curator.publish("wants-nothing", wants(json!(["nowhere"])), json!({}));
    curator.publish("wants-elsewhere", wants(json!(["base@elsewhere"])), json!({}));
    curator.publish("wants-in-entry", None, json!({"dependencies": ["entry-name"]}));
    curator.publish("cycle-a", wants(json!(["cycle-b"])), json!({}));
    curator.publish("cycle-b", wants(json!(["cycle-a", "cycle-b"])), json!({}));
    let entries = curator.entries;
    let names = entries.iter().map(|entry| {
        let name = entry["name"].as_str().unwrap();
        (name.to_owned(), if name == "entry-name" { "own-name" } else { name }.to_owned())
    });
    let names = names.collect();
    let catalog = json!({
        "name": "odd", "owner": {"name": "Curator"}, "metadata": {"description": "d"},
        "renames": {"former": "base"}, "plugins": entries,
    });
    upstream.write(".claude-plugin/marketplace.json", catalog.to_string());
    upstream.commit("Publish");
    names
}

fn lsp() -> Value {
    json!({"command": "true", "extensionToLanguage": {".x": "x"}})
}

/// Marketplaces that mean the same.
const ALIKE: [&str; 2] = ["agnes", "odd"];

/// Of these the client is asked for hooks and language servers.
const DETAILS: [&str; 5] = ["inline", "inline-too", "inside", "paths", "linked"];

/// What is as it should be upstream, so that it is not nothing which is compared.
fn is_what_was_meant(loaded: &Loaded) {
    let has = |plugin: &str, what: &str| {
        assert!(loaded[plugin].contains(what), "`{what}` is not in {plugin}: {:#?}", loaded[plugin]);
    };
    has("rooted", "command: one");
    assert!(!loaded["rooted"].contains("command: two"));
    has("listed", "command: go");
    has("listed", "agent: bob");
    has("inside", "MCP server: inner");
    has("inside", "a hook that ran");
    has("paths", "MCP server: far");
    has("paths", "agent: ann");
    has("linked", "a hook that ran");
    has("linked", "command: common");
    for plugin in ["wants", "wants-here", "wants-new", "wants-in-entry", "cycle-a", "cycle-b", "own-name"] {
        has(plugin, "loaded");
    }
    for plugin in ["wants-old", "wants-nothing", "wants-elsewhere"] {
        assert!(!loaded[plugin].contains("loaded"), "{plugin}");
    }
}

#[test]
fn everything_that_manifests_can_say_means_the_same_through_agnes() {
    let world = World::new();
    let test = "everything_that_manifests_can_say_means_the_same_through_agnes";
    let elsewhere = World::new();
    let (ours, theirs) = (Claude::all(&world, test), Claude::all(&elsewhere, test));
    let upstream = world.upstream("odd");
    let names = odd(&upstream);
    world.register("odd", &upstream);
    world.user(ADDRESS, &["odd/*"]);
    let bundle = world.unpacked(ADDRESS, "bundle");
    let server = world.serve(&[]);
    let bearer = world.bearer(ADDRESS);
    let token = bearer.strip_prefix("Bearer ").unwrap();
    let address = format!("http://x:{token}@{}/marketplace.git", server.address());
    let (entries, served): (Vec<&str>, Vec<&str>) =
        names.iter().map(|(entry, name)| (entry.as_str(), name.as_str())).unzip();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        theirs.enable_all(upstream.folder().to_str().unwrap(), "odd", &entries);
        ours.enable_all(bundle.to_str().unwrap(), "agnes", &served);
        let direct = theirs.loaded("odd", &ALIKE, &names, &DETAILS);
        is_what_was_meant(&direct);
        let agnes = ours.loaded("agnes", &ALIKE, &BTreeMap::new(), &DETAILS);
        let table = differences(&direct, &agnes);
        assert!(table.is_empty(), "{}: {table:#?}", ours.program().display());
        // The same from the same feed over git.
        ours.plugin(&["marketplace", "remove", "agnes"]);
        ours.enable_all(&address, "agnes", &served);
        let table = differences(&direct, &ours.loaded("agnes", &ALIKE, &BTreeMap::new(), &DETAILS));
        assert!(table.is_empty(), "{}, over git: {table:#?}", ours.program().display());
    }
}

/// A checkout by the real git is what is served, through both channels.
#[test]
fn line_endings_are_those_of_a_checkout() {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["tool"]);
    let root = "* text=auto\n*.bat text eol=crlf\n*.png binary\n[attr]windows text eol=crlf\n*.cmd windows\n\
                shared/** eol=crlf\n/plugins/tool/anchored.txt eol=crlf\n**/any/*.x eol=crlf\n\
                *.inner export-ignore\nid.txt ident\n";
    let inner = "keep.bat -text\nlike.bat !eol\n\"with space.txt\" eol=crlf\nsub/**/deep.y eol=crlf\n\
                 # no.txt eol=crlf\nfolder/ eol=crlf\n[ab].z eol=crlf\n?.q eol=crlf\nguess.* text=auto eol=crlf\n\
                 *.word windows\n";
    upstream.write(".gitattributes", root).write("plugins/tool/.gitattributes", inner);
    let text = b"one\ntwo\n";
    for path in [
        "run.bat",
        "deep/run.bat",
        "keep.bat",
        "like.bat",
        "a.cmd",
        "anchored.txt",
        "sub/anchored.txt",
        "x/any/a.x",
        "any/a.x",
        "any/y/a.x",
        "with space.txt",
        "sub/deep.y",
        "sub/a/b/deep.y",
        "deep.y",
        "no.txt",
        "folder/a",
        "a.z",
        "c.z",
        "a.q",
        "ab.q",
        "logo.png",
        "plain.md",
        "a.word",
        "guess.txt",
    ] {
        upstream.write(&format!("plugins/tool/{path}"), text);
    }
    // Only archives that git makes are without it.
    upstream.write("plugins/tool/not-exported.inner", text);
    // The one thing that a checkout writes and we do not: which blob it is.
    upstream.write("plugins/tool/id.txt", "$Id$\n");
    upstream.executable("plugins/tool/tool.bat", text).write("shared/own.txt", text);
    upstream
        .link("plugins/tool/linked.txt", "../../shared/own.txt")
        .link("plugins/tool/shared", "../../shared");
    upstream.commit("Publish");
    // What git would have put in order when it was added.
    let raw: [(&str, &[u8]); 6] = [
        ("mixed.bat", b"one\r\ntwo\nthree\n"),
        ("windows.bat", b"one\r\ntwo\r\n"),
        ("guess.mixed", b"one\r\ntwo\n"),
        ("guess.bin", b"one\n\0two\n"),
        ("guess.cr", b"one\rtwo\n"),
        ("zero.bat", b"one\n\0two\n"),
    ];
    for (path, bytes) in raw {
        let id = upstream.git_fed(&["hash-object", "-w", "--stdin"], bytes);
        let info = format!("100644,{id},plugins/tool/{path}");
        upstream.git(&["update-index", "--add", "--cacheinfo", &info]);
    }
    upstream.git(&["commit", "-q", "-m", "As it came"]);
    world.register("up", &upstream);
    world.user(ADDRESS, &["up/*"]);
    let bundle = unzipped(&world.bundle(ADDRESS));
    let clone = world.path("clone");
    let from = upstream.url();
    world.look(world.home(), &["clone", "-q", &from, clone.to_str().unwrap()]);
    let mut with_crlf = 0;
    for (path, (_, served)) in &bundle {
        let Some(path) = path.strip_prefix("plugins/up-tool/") else { continue };
        if path == ".claude-plugin/plugin.json" {
            continue;
        }
        if path == "id.txt" {
            assert_eq!(served, b"$Id$\n");
            continue;
        }
        let checked_out = std::fs::read(clone.join("plugins/tool").join(path)).unwrap();
        assert_eq!(String::from_utf8_lossy(served), String::from_utf8_lossy(&checked_out), "{path}");
        with_crlf += usize::from(served.starts_with(b"one\r\ntwo"));
    }
    assert!(with_crlf > 12, "{with_crlf}");
    assert!(bundle.contains_key("plugins/up-tool/not-exported.inner"));
    let server = world.serve(&[]);
    let cloned = world.git(&server, &world.bearer(ADDRESS)).clone("feed", &[]);
    same_files(&cloned, &bundle);
    // And it can be shown where all of it comes from.
    let zip = world.path("bundle.zip");
    let (zip, told) = (zip.to_str().unwrap(), world.path("told.json"));
    let told = told.to_str().unwrap();
    world.agnes(&["build-zip", "--user", ADDRESS, "-o", zip, "--provenance", told]);
    world.agnes(&["verify", zip, "--provenance", told]);
}

/// Under a prefix neighbours find each other, and nobody else's plugin is taken for one.
#[test]
fn neighbours_find_each_other_under_a_prefix() {
    let world = World::new();
    let test = "neighbours_find_each_other_under_a_prefix";
    let upstream = world.upstream("odd");
    odd(&upstream);
    world.register("odd", &upstream);
    // A plugin of the name that somebody misses.
    let other = world.upstream("other");
    other.plugins(&["nowhere", "base"]).commit("Publish");
    world.register("other", &other);
    world.agnes(&["marketplace", "edit", "odd", "--name-prefix", "odd-"]);
    let wanting =
        ["wants", "wants-here", "wants-new", "wants-in-entry", "wants-nothing", "cycle-a", "cycle-b"];
    world.user(ADDRESS, &["odd/*", "other/*"]);
    let bundle = world.unpacked(ADDRESS, "bundle");
    let prefixed = |name: &str| format!("odd-{name}");
    let mut served: Vec<String> = wanting.iter().map(|name| prefixed(name)).collect();
    served.extend(["odd-base", "odd-own-name", "base", "nowhere"].map(str::to_owned));
    for claude in Claude::all(&world, test) {
        claude.enable_all(
            bundle.to_str().unwrap(),
            "agnes",
            &served.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let loaded = claude.loaded("agnes", &[], &BTreeMap::new(), &[]);
        let there: BTreeSet<&str> = loaded
            .iter()
            .filter(|(_, what)| what.contains("loaded"))
            .map(|(name, _)| name.as_str())
            .collect();
        let mut expected: BTreeSet<&str> = served.iter().map(String::as_str).collect();
        expected.remove("odd-wants-nothing");
        assert_eq!(there, expected, "{loaded:#?}");
        let why = loaded["odd-wants-nothing"].iter().find(|what| what.starts_with("error: ")).unwrap();
        assert!(why.contains("Dependency \"nowhere@odd\" is not installed"), "{why}");
    }
}

/// The client whose words the notes have.
const WORDS_OF: &str = "2.1.332";

/// Plugins that no client loads from their upstream.
fn broken(upstream: &Upstream) -> Vec<String> {
    let mut curator = Curator { upstream, entries: Vec::new() };
    let own = Some;
    for (name, manifest) in [
        ("skills-undotted", json!({"skills": ["skills/skills-undotted-skill"]})),
        ("skills-gone", json!({"skills": ["./gone"]})),
        ("commands-gone", json!({"commands": ["./gone.md"]})),
        ("agents-folder", json!({"agents": "./skills"})),
        ("agents-undotted", json!({"agents": ["skills/agents-undotted-skill/SKILL.md"]})),
        ("hooks-gone", json!({"hooks": "./gone.json"})),
        ("hooks-text", json!({"hooks": "./hooks.txt"})),
        ("styles-gone", json!({"outputStyles": "./gone"})),
        ("mcp-nothing", json!({"mcpServers": {"x": {"args": []}}})),
        ("lsp-nothing", json!({"lspServers": {"x": {"args": []}}})),
        ("config-odd", json!({"userConfig": {"x": {"type": "odd", "title": "X", "description": "d"}}})),
        ("channel-odd", json!({"channels": [{"odd": 1}]})),
        ("dependency-odd", json!({"dependencies": ["a b"]})),
        ("dependency-gone", json!({"dependencies": ["nowhere"]})),
        ("name-spaced", json!({"name": "name spaced"})),
    ] {
        curator.publish(name, own(manifest), json!({}));
    }
    upstream.write("plugins/hooks-text/hooks.txt", "{}");
    for (name, text) in [("manifest-broken", "{broken"), ("manifest-list", "[]"), ("manifest-nameless", "{}")]
    {
        upstream.write(&format!("plugins/{name}/.claude-plugin/plugin.json"), text);
        curator.publish(name, None, json!({}));
    }
    for (name, text) in [("hooks-broken", "broken"), ("hooks-bare", r#"{"Stop": []}"#)] {
        upstream.write(&format!("plugins/{name}/hooks/hooks.json"), text);
        curator.publish(name, own(json!({})), json!({}));
    }
    upstream.write("plugins/two-manifests/go.md", "Go.\n");
    curator.publish("two-manifests", own(json!({})), json!({"strict": false, "commands": ["./go.md"]}));
    curator.list("folder-gone", json!({}));
    let entries = curator.entries;
    let names = entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect();
    let catalog = json!({"name": "broken", "owner": {"name": "Curator"}, "plugins": entries});
    upstream.write(".claude-plugin/marketplace.json", catalog.to_string());
    upstream.commit("Publish");
    names
}

/// Before an analyst finds out.
#[test]
fn what_the_client_says_of_a_broken_plugin_the_sync_says_too() {
    let world = World::new();
    let test = "what_the_client_says_of_a_broken_plugin_the_sync_says_too";
    let upstream = world.upstream("broken");
    let names = broken(&upstream);
    world.register("broken", &upstream);
    // The words are those of the newest.
    let Some(claude) = Claude::all(&world, test).pop() else { return };
    claude.enable_all(
        upstream.folder().to_str().unwrap(),
        "broken",
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let loaded = claude.loaded("broken", &[], &BTreeMap::new(), &[]);
    let mut silent = Vec::new();
    for name in &names {
        let plugin = world.json(&["plugin", "show", &format!("broken/{name}")]);
        let notes = plugin["notes"].as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap());
        let said: Vec<&str> = notes.chain(plugin["reason"].as_str()).collect();
        let errors: Vec<&String> =
            loaded.get(name).into_iter().flatten().filter(|what| what.starts_with("error: ")).collect();
        assert!(!errors.is_empty(), "{name} is not broken: {loaded:#?}");
        for error in errors {
            let words = words_of(error);
            if !said.iter().any(|text| text.contains(&words)) {
                silent.push(format!("{name}: {words}: {said:?}"));
            }
        }
    }
    // Another client may have other words. That is no fault of a change here, and worth knowing.
    let version =
        String::from_utf8_lossy(&claude.command(&["--version"]).output().unwrap().stdout).into_owned();
    if version.starts_with(WORDS_OF) {
        assert!(silent.is_empty(), "{silent:#?}");
    } else if !silent.is_empty() {
        loud(&format!(
            "{test}: `src/domain/plugin/complaints.rs` has the words of {WORDS_OF}; {version} says: {silent:#?}"
        ));
    }
}

/// The part of an error that does not depend on where things lie.
fn words_of(error: &str) -> String {
    let text = error.trim_start_matches("error: ").replace(['”', '“'], "\"").replace(['’', '‘'], "'");
    let text = text.strip_prefix("Manifest validation failed: ").unwrap_or(&text);
    let text = text.split(" (in ").next().unwrap_or(text);
    // How a parser puts it is the parser's own.
    for general in
        ["Manifest parse error", "Hook load failed: JSON Parse error", "hooks.json must have 'hooks'"]
    {
        if text.contains(general) {
            return general.to_owned();
        }
    }
    for general in ["Plugin directory not found at path: ", "Path not found: "] {
        if text.starts_with(general) {
            return general.to_owned();
        }
    }
    if text.contains("conflicting manifests") {
        return "conflicting manifests: both plugin.json and marketplace entry specify components".to_owned();
    }
    let first = text.split(" — ").next().unwrap_or(text);
    // Of an option that is wrong in several ways the first is said.
    first.split(", ").next().unwrap_or(first).trim_start_matches("userConfig.x.").to_owned()
}
