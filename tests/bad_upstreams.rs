//! Upstreams that are gone, wrong, absurd or hostile. Each gets a clear error, and what was served
//! before is served still, byte by byte.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};

use crate::support::good::{ADA, Good, harmless};
use crate::support::web::{Reply, Server, http_backend};

const MANIFEST: &str = ".claude-plugin/marketplace.json";

#[test]
fn addresses_where_nothing_is() {
    let good = Good::new();
    let url = good.upstream.url();
    let hint = "hint: try again later: agnes marketplace sync up";
    good.edit(&["--url", "https://nowhere.invalid/x.git"]);
    good.fails(&["cannot reach `nowhere.invalid`", hint]);
    // A port that was free a moment ago.
    let port = Server::http(|_| Reply::new(200, "", "")).port;
    std::thread::sleep(std::time::Duration::from_millis(100));
    good.edit(&["--url", &format!("http://127.0.0.1:{port}/x.git")]);
    good.fails(&["cannot reach `127.0.0.1`", "onnection refused", hint]);
    good.edit(&["--url", &format!("ssh://127.0.0.1:{port}/x.git")]);
    good.fails(&["127.0.0.1"]);

    let moved = "hint: if it has moved: agnes marketplace edit up --url ADDRESS";
    good.edit(&["--url", "file:///no/such/place"]);
    good.fails(&["there is no repository at `file:///no/such/place`", moved]);
    let folder = good.world.path("just a folder");
    fs::create_dir(&folder).unwrap();
    good.edit(&["--url", &format!("file://{}", folder.display())]);
    good.fails(&["there is no repository at", moved]);
    let empty = good.world.upstream("empty");
    good.edit(&["--url", &empty.url()]);
    good.fails(&[
        "has no commits",
        "hint: if it is the wrong repository: agnes marketplace edit up --url ADDRESS",
    ]);

    good.edit(&["--url", &url]);
    good.recovers();
}

#[test]
fn pins_that_point_to_nothing() {
    let good = Good::new();
    good.upstream.git(&["tag", "v1"]);
    good.edit(&["--branch", "nope"]);
    good.fails(&[
        "there is no branch `nope`; branches are `main`",
        "hint: to follow the upstream's own branch: agnes marketplace edit up --branch ''",
    ]);
    good.edit(&["--ref", "v9"]);
    let hint = "hint: to follow the upstream's own branch: agnes marketplace edit up --ref ''";
    good.fails(&["there is no tag or commit `v9`; tags are `v1`", hint]);
    let nothing = "0123456789abcdef0123456789abcdef01234567";
    good.edit(&["--ref", nothing]);
    good.fails(&[&format!("there is no tag or commit `{nothing}`"), hint]);
    let tree = good.upstream.git(&["rev-parse", "HEAD^{tree}"]);
    good.edit(&["--ref", &tree]);
    good.fails(&[&format!("`{tree}` does not point to a commit"), hint]);
    // The branch that was followed goes.
    good.upstream.git(&["branch", "release"]);
    good.edit(&["--branch", "release"]);
    good.recovers();
    good.upstream.git(&["branch", "-D", "release"]);
    good.fails(&["there is no branch `release`; branches are `main`"]);
    good.edit(&["--branch", ""]);
    good.recovers();
}

/// A server that answers with a status of the test's choosing, or as git's own does for 200.
#[test]
fn servers_that_say_no() {
    let good = Good::new();
    let root = good.world.path("upstreams");
    let status = Arc::new(AtomicU16::new(200));
    let says = Arc::clone(&status);
    let server = Server::http(move |request| match says.load(Ordering::Relaxed) {
        200 => http_backend(&root, request),
        201 => Reply::new(200, "text/html", "<h1>Please sign in</h1>"),
        302 => Reply::redirect(302, "/users/sign_in"),
        status => Reply::new(status, "text/plain", "\x1b[31mno\x1b[0m"),
    });
    good.edit(&["--url", &format!("{}/up/.git", server.url)]);
    good.recovers();
    let private = "hint: if it is private, give a token: agnes marketplace edit up --token-prompt";
    for (answer, words) in [
        (401, vec!["`localhost` asks for credentials", private]),
        (403, vec!["`localhost` forbids access", "the token may have expired or lack the right to read"]),
        (404, vec!["there is no repository at `http://localhost:", "hint: if it has moved: "]),
        (410, vec!["there is no repository at `http://localhost:"]),
        (429, vec!["cannot reach `localhost`: it answered 429", "hint: try again later"]),
        (503, vec!["cannot reach `localhost`: it answered 503", "hint: try again later"]),
        (201, vec!["is not a git repository: it answered with `text/html`"]),
        (302, vec!["redirects to", "/users/sign_in", "to a login page, perhaps"]),
    ] {
        status.store(answer, Ordering::Relaxed);
        good.fails(&words);
    }
    status.store(200, Ordering::Relaxed);
    good.recovers();
}

#[test]
fn manifests_that_say_nothing() {
    let good = Good::new();
    let up = &good.upstream;
    let manifest = fs::read(up.folder().join(MANIFEST)).unwrap();
    let whose = "hint: its curator has to mend it; what was there before goes on being served";
    let which =
        "hint: is it the right repository and branch? `agnes marketplace edit` changes --url and --branch";
    let deep = format!(r#"{{"plugins": {}{}}}"#, "[".repeat(300_000), "]".repeat(300_000));
    let cases: [(&[u8], &[&str]); 8] = [
        (b"", &["is not JSON", whose]),
        (b"{\"plugins\": [", &["is not JSON: EOF while parsing a list at line 1 column 13", whose]),
        (b"\xff\xfe{\0}\0", &["is not UTF-8", whose]),
        (b"[]", &["holds a list, not an object", whose]),
        (b"{}", &["has no `plugins`; a marketplace without any says `\"plugins\": []`", whose]),
        (
            br#"{"plugins": {"a": 1}}"#,
            &["`plugins` in `.claude-plugin/marketplace.json` is an object, not a list", whose],
        ),
        (br#"{"plugins": null}"#, &["is null, not a list", whose]),
        (deep.as_bytes(), &["is not JSON: recursion limit exceeded", whose]),
    ];
    for (bytes, words) in cases {
        up.write(MANIFEST, bytes).commit("Break the manifest");
        good.fails(words);
    }
    up.write(MANIFEST, format!(r#"{{"plugins": [], "x": "{}"}}"#, "y".repeat(50_000_000))).commit("50 MB");
    good.fails(&[
        "has 50000024 bytes; the limit is 16777216 (`limits.max_manifest_bytes`)",
        "hint: if that is meant, raise `limits.max_manifest_bytes` in the configuration",
    ]);
    let place = up.folder().join(MANIFEST);
    fs::remove_file(&place).unwrap();
    up.commit("Remove the manifest");
    good.fails(&["the repository has no `.claude-plugin/marketplace.json` at this commit", which]);
    up.link(MANIFEST, "/etc/passwd").commit("Link it to somewhere else");
    good.fails(&["has no `.claude-plugin/marketplace.json`"]);
    fs::remove_file(&place).unwrap();
    up.write(&format!("{MANIFEST}/inside"), "").commit("Make it a folder");
    good.fails(&["has no `.claude-plugin/marketplace.json`"]);
    fs::remove_dir_all(&place).unwrap();

    up.write(MANIFEST, manifest).commit("Mend it");
    good.recovers();
    good.fails_with(
        &[("AGNES_LIMITS_MAX_PLUGINS", "1")],
        &[
            "lists 2 plugins; the limit is 1 (`limits.max_plugins`)",
            "hint: if that is meant, raise `limits.max_plugins` in the configuration",
        ],
    );
    good.recovers();
}

#[test]
fn a_byte_order_mark_is_noted_and_no_more() {
    let good = Good::new();
    let manifest = fs::read(good.upstream.folder().join(MANIFEST)).unwrap();
    good.upstream.write(MANIFEST, [b"\xef\xbb\xbf", manifest.as_slice()].concat()).commit("BOM");
    let ran = good.sync(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("0 added, 0 updated, 0 removed; 1 note"), "{}", ran.stderr);
    good.still_builds();
    let doctor = good.world.agnes(&["doctor"]);
    assert!(
        doctor.contains(
            "in the manifest of `up`: `.claude-plugin/marketplace.json` begins with a byte-order mark"
        ),
        "{doctor}"
    );
}

/// Names that would leave a folder, hide, or be a device somewhere: each costs its own entry, and the
/// entries beside it nothing.
#[test]
fn entries_with_names_that_cannot_be() {
    let good = Good::new();
    let long = "x".repeat(300);
    let names = [
        json!("alpha"),
        json!("../x"),
        json!("a/b"),
        json!("a\\b"),
        json!(".git"),
        json!("CON"),
        json!("nul.txt"),
        json!("a\u{1b}[31mb"),
        json!("a\u{202e}b"),
        json!("a\u{0}b"),
        json!(long),
        json!(""),
        json!("."),
        json!(".."),
        json!(7),
        json!(null),
        json!("ünï"),
    ];
    let mut entries: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "source": "./plugins/alpha"})).collect();
    entries.insert(0, json!({"name": "alpha", "source": "./plugins/alpha"}));
    entries.push(json!({"name": "beta", "source": "./plugins/beta"}));
    entries.push(json!("not an object"));
    good.upstream.catalog(&Value::Array(entries)).commit("Names");
    let ran = good.sync(&[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("; 18 notes"), "{}", ran.stderr);
    good.still_builds();
    let shown = good.world.agnes(&["marketplace", "show", "up"]);
    harmless(&shown);
    for words in [
        "the name `alpha` stands earlier, and the first wins",
        "`../x` is not a plugin name: one path segment of letters, digits, `.`, `_` and `-`",
        "`a/b` is not a plugin name",
        "`.git` cannot be a plugin name: no checkout can hold a folder called that",
        "`CON` cannot be a plugin name",
        r"`a\u{1b}[31mb` is not a plugin name",
        r"`a\u{202e}b` is not a plugin name",
        "is longer than 128 characters",
        "its name is a number, not a string",
        "is a string, not an object",
    ] {
        assert!(shown.contains(words), "{words:?} is not in\n{shown}");
    }
    assert_eq!(good.shown()["plugin_count"], 2);
    let doctor = good.world.agnes(&["doctor"]);
    assert!(doctor.contains("in the manifest of `up`: plugin 2 of the list is left out: the name `alpha` stands earlier, and the first wins (and 17 more)"), "{doctor}");
}

#[test]
fn sources_that_are_not_folders_of_the_repository() {
    let good = Good::new();
    for (source, words) in [
        (json!("./../x"), "the source `./../x` is refused: it contains `..`"),
        (json!("./a/../../b"), "it contains `..`"),
        (json!("../x"), "does not start with `./`"),
        (json!("/etc"), "the source `/etc` does not start with `./`"),
        (json!("./plugins\\x"), "it contains a backslash or a control character"),
        (json!("./a\u{1b}[31m"), "a control character"),
        (json!("./plugins/alpha/skills/alpha/SKILL.md"), "is a file, not a folder"),
        (json!("./nowhere"), "the folder `./nowhere` cannot be served: it does not exist"),
        (json!("./.git"), "it does not exist"),
        (json!("https://example.com/x"), "is a bare URL; Claude Code wants"),
        (json!(7), "the source is a number, not a path or an object"),
        (json!({}), "an object without a `source` field"),
        (json!({"source": "carrier-pigeon"}), "the source type `carrier-pigeon` is unknown"),
        (json!({"source": "command", "command": "id"}), "nothing of an upstream is ever run"),
    ] {
        good.gamma(&source);
        good.gamma_is_not_served(&[], &[words]);
    }
    for (target, words) in [
        ("/etc", "it leaves the repository"),
        ("../../../../../..", "it leaves the repository"),
        ("gamma", "its symlinks run in a circle"),
        ("nowhere", "it does not exist"),
    ] {
        let id = good.upstream.blob(target.as_bytes());
        good.gamma(&"./plugins/gamma".into());
        good.upstream.graft("plugins/gamma", "120000", &id);
        good.gamma_is_not_served(&[], &["the folder `./plugins/gamma` cannot be served", words]);
    }
    good.gamma(&"./plugins/gamma".into());
    good.upstream.graft("plugins/gamma", "160000", "0123456789abcdef0123456789abcdef01234567");
    good.gamma_is_not_served(&[], &["it lies in another repository (a submodule)"]);
    good.upstream.plugins(&["alpha", "beta"]).commit("Mend it");
    good.recovers();
}

#[test]
fn links_that_loop_dangle_and_leave() {
    let good = Good::new();
    let up = &good.upstream;
    for (name, target) in [
        ("a", "b"),
        ("b", "a"),
        ("self", "."),
        ("parent", ".."),
        ("passwd", "/etc/passwd"),
        ("climbs", "../../../../../../etc/passwd"),
        ("config", "../../.git/config"),
        ("nowhere", "no/such/file"),
        ("windows", r"C:\secrets"),
        ("fine", "d"),
        ("also-fine", "../../plugins/alpha/skills/alpha/SKILL.md"),
    ] {
        up.link(&format!("plugins/gamma/{name}"), target);
    }
    up.write("plugins/gamma/d/file", "in d\n");
    good.gamma(&"./plugins/gamma".into());
    let files = good.gamma_is_served(&[
        "`a`: the symlink is left out: its symlinks run in a circle",
        "`b`: the symlink is left out: its symlinks run in a circle",
        "`self`: the symlink is left out: it points to a folder that holds it",
        "`parent`: the symlink is left out: it points to a folder that holds it",
        "`passwd`: the symlink is left out: it leaves the repository",
        "`climbs`: the symlink is left out: it leaves the repository",
        "`config`: the symlink is left out: it does not exist",
        "`nowhere`: the symlink is left out: it does not exist",
        "`windows`: the symlink is left out: it leaves the repository",
    ]);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, [".claude-plugin/plugin.json", "also-fine", "d/file", "fine/file"]);
    let skill = fs::read(up.folder().join("plugins/alpha/skills/alpha/SKILL.md")).unwrap();
    assert_eq!(files["also-fine"], (false, skill));
}

#[test]
fn files_that_cannot_be_served_cost_themselves_alone() {
    let good = Good::new();
    let up = &good.upstream;
    let (blob, attributes) = (up.blob(b"contents\n"), up.blob(b"*.bin filter=lfs diff=lfs merge=lfs\n"));
    let pointer = up.blob(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
    let empty = up.tree(&[]);
    let long = "x".repeat(300);
    let file = |name: &'static [u8]| ("100644", blob.as_str(), name);
    let tree = up.tree(&[
        file(b"ok.md"),
        file(b"Readme.md"),
        file(b"README.md"),
        file(b"not-\xff-utf8.md"),
        file(b"red-\x1b[31m.md"),
        file("bidi-\u{202e}dm.exe".as_bytes()),
        file(b"line\nbreak"),
        file(b"back\\slash"),
        file(b"CON"),
        ("100644", &blob, long.as_bytes()),
        ("100644", &attributes, b".gitattributes"),
        ("100644", &pointer, b"model.bin"),
        ("160000", "0123456789abcdef0123456789abcdef01234567", b"module"),
        ("040000", &empty, b"empty"),
        ("100755", &blob, b"run"),
    ]);
    good.gamma_tree(&tree);
    let files = good.gamma_is_served(&[
        "`README.md` and `Readme.md` differ only in case: macOS and Windows keep one of them",
        ".md`: it is left out: its name is not UTF-8",
        r"`red-\u{1b}[31m.md`: it is left out: its name has control or invisible characters",
        r"`bidi-\u{202e}dm.exe`: it is left out",
        r"`line\u{a}break`: it is left out",
        r"`back\slash`: it is left out: its name could mean another folder",
        "`CON`: Windows takes its name for a device",
        "it is left out: its name is longer than the 255 bytes that file systems hold",
        "1 of its files are git LFS pointers and are served as such, `model.bin` for one",
        "`module`: it is left out: it is another repository (a submodule)",
    ]);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            ".claude-plugin/plugin.json",
            ".gitattributes",
            "CON",
            "README.md",
            "Readme.md",
            "model.bin",
            "ok.md",
            "run"
        ]
    );
    assert!(files["run"].0 && !files["ok.md"].0);
    up.plugins(&["alpha", "beta"]).commit("Mend it");
    good.recovers();
}

/// Files that git reads itself, in every spelling that some file system takes for theirs, and made so that `git
/// fsck` refuses them. Whoever checks what they fetch would get nothing of the feed, for one plugin in it.
#[test]
fn files_that_git_itself_refuses_cost_themselves_alone() {
    let good = Good::new();
    let up = &good.upstream;
    let mut refused = Vec::new();
    let mut number = 0;
    // Each with contents of its own, so that git has to speak of each.
    let mut bad = |text: String| {
        number += 1;
        let id = up.blob(format!("# {number}\n{text}\n").as_bytes());
        refused.push(id.clone());
        id
    };
    let mut modules = || bad("[submodule \"x\"]\n\tpath = x\n\turl = --upload-pack=evil\n".to_owned());
    let hidden: Vec<(String, String)> = [
        ".gitmodules",
        ".GITMODULES",
        ".gitmodules.",
        ".gitmodules ",
        ".gitmodules::$DATA",
        "gitmod~1",
        "GITMOD~4",
        "gi7eba~1",
        "gi7eb~12",
        "~1234567",
    ]
    .map(|name| (name.to_owned(), modules()))
    .into();
    let left_out: Vec<(String, String)> =
        [".gitattributes", ".gitattributes. ", ".gitattributes:x", "gitatt~1", "GI7D29~9"]
            .map(|name| (name.to_owned(), bad(format!("#{}", "x".repeat(2_047)))))
            .into();
    let ok = up.blob(b"ok\n");
    let folder = up.tree(&[("100644", &ok, b"file")]);
    let folder = up.tree(&[("040000", &folder, b".gitattributes"), ("040000", &folder, b"gitmod~2")]);
    let mut entries = vec![("100644", ok.as_str(), b"ok".as_slice()), ("040000", &folder, b"folder")];
    entries.extend(hidden.iter().chain(&left_out).map(|(name, id)| ("100644", id.as_str(), name.as_bytes())));
    good.gamma_tree(&up.tree(&entries));
    let told = up.git_command(&["fsck", "--strict"]).output().unwrap();
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(refused.iter().all(|id| told.contains(id)), "git takes one of them for something else: {told}");

    let words = |name: &str| format!("`{name}`: it is left out: it has a line of 2,048 bytes or more");
    let mut notes: Vec<String> = left_out.iter().map(|(name, _)| words(name)).collect();
    notes.push("`folder/.gitattributes/`: it is left out: git keeps that name for a file".to_owned());
    let files = good.gamma_is_served(&notes.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(files.keys().collect::<Vec<_>>(), [".claude-plugin/plugin.json", "ok"]);

    good.world.agnes(&["grant", "Everyone", "up/gamma"]);
    let server = good.world.serve(&[]);
    let git = good.world.git(&server, &good.world.bearer(ADA));
    for args in [[].as_slice(), &["--depth=1"], &["--filter=blob:none"]] {
        let clone = git.clone_with(&[("transfer.fsckObjects", "true")], "checked", args);
        assert!(clone.join("plugins/up-gamma/ok").exists());
    }
}

#[test]
fn limits_are_named_in_the_message_and_can_be_set() {
    let good = Good::new();
    let up = &good.upstream;
    up.plugin("gamma")
        .write("plugins/gamma/a/b/c/d/e.txt", "e")
        .write("plugins/gamma/big.txt", "0123456789".repeat(100));
    for n in 0..20 {
        up.write(&format!("plugins/gamma/n/{n}.txt"), "");
    }
    good.gamma(&"./plugins/gamma".into());
    good.gamma_is_not_served(
        &[("AGNES_LIMITS_MAX_FILES", "10")],
        &["it has more than 10 files", "(`limits.max_files`)"],
    );
    good.gamma_is_not_served(
        &[("AGNES_LIMITS_MAX_FILE_BYTES", "999")],
        &["`big.txt` has 1000 bytes; the limit is 999 (`limits.max_file_bytes`)"],
    );
    good.gamma_is_not_served(
        &[("AGNES_LIMITS_MAX_PLUGIN_BYTES", "1001")],
        &["more than 1001 bytes together (`limits.max_plugin_bytes`)"],
    );
    good.gamma_is_not_served(
        &[("AGNES_LIMITS_MAX_DEPTH", "3")],
        &["nested more than 3 deep (`limits.max_depth`)"],
    );
    // What is allowed again is served again, though the upstream has nothing new. The file says it as
    // the environment does.
    fs::write(good.world.data().join("agnes.toml"), "[limits]\nmax_depth = 4\nmax_files = 30\n").unwrap();
    good.recovers();
    assert_eq!(good.world.json(&["plugin", "show", "up/gamma"])["served"], true);

    let mut state: u64 = 1;
    let noise: Vec<u8> = (0..100_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[3]
        })
        .collect();
    up.write("plugins/gamma/noise.bin", noise).commit("Noise");
    good.fails_with(
        &[("AGNES_LIMITS_MAX_FETCH_BYTES", "50000")],
        &[
            "the upstream sends more than 50000 bytes (`limits.max_fetch_bytes`)",
            "hint: if that is meant, raise `limits.max_fetch_bytes` in the configuration",
        ],
    );
    good.recovers();
}

/// A file that is too large for a plugin costs that plugin. One that is too large for the memory costs
/// the sync, since a fetch cannot leave it out.
#[test]
fn huge_files() {
    let good = Good::new();
    let grow = |bytes: u64| {
        let place = good.upstream.folder().join("plugins/gamma/huge.bin");
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::File::create(&place).unwrap().set_len(bytes).unwrap();
        good.upstream.git(&["-c", "core.compression=1", "-c", "core.bigFileThreshold=1m", "add", "-A"]);
        good.gamma(&"./plugins/gamma".into());
    };
    grow(110 << 20);
    good.gamma_is_not_served(
        &[],
        &["`huge.bin` has 115343360 bytes; the limit is 104857600 (`limits.max_file_bytes`)"],
    );
    grow(300 << 20);
    good.fails(&[
        "the upstream has a file of more than 239075328 bytes, the most that is unpacked: `limits.max_file_bytes` and some room above it",
        "hint: if that is meant, raise `limits.max_file_bytes` in the configuration",
    ]);
    // The same limit, lowered.
    good.fails_with(&[("AGNES_LIMITS_MAX_FILE_BYTES", "1000")], &["a file of more than 134218728 bytes"]);
    good.upstream.git(&["rm", "-q", "plugins/gamma/huge.bin"]);
    good.upstream.plugins(&["alpha", "beta"]).commit("Mend it");
    good.recovers();
}

#[test]
fn a_tree_of_a_million_entries() {
    let good = Good::new();
    let blob = good.upstream.blob(b"one of many\n");
    let mut input = String::with_capacity(70_000_000);
    for n in 0..1_000_000 {
        use std::fmt::Write as _;
        write!(input, "100644 blob {blob}\tf{n:06}\0").unwrap();
    }
    let tree = good.upstream.git_fed(&["mktree", "-z", "--missing"], input.as_bytes());
    good.gamma_tree(&tree);
    good.gamma_is_not_served(&[], &["it has more than 50000 files", "(`limits.max_files`)"]);
}

#[test]
fn a_tree_nested_five_thousand_deep() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;

    let good = Good::new();
    let up = &good.upstream;
    // Git itself stops at 2,048 by default; other servers do not.
    up.git(&["config", "core.maxTreeDepth", "100000"]);
    let mut tree = up.tree(&[("100644", &up.blob(b"at the bottom\n"), b"file")]);
    let mut child = up
        .git_command(&["mktree", "-z", "--missing", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for _ in 0..5_000 {
        stdin.write_all(format!("040000 tree {tree}\td\0\0").as_bytes()).unwrap();
        stdin.flush().unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line.trim().clone_into(&mut tree);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    good.gamma_tree(&tree);
    good.gamma_is_not_served(&[], &["its folders are nested more than 64 deep (`limits.max_depth`)"]);
    // However deep somebody allows it to be, a path has an end.
    let ran = good.sync(&[("AGNES_LIMITS_MAX_DEPTH", "100000")]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    good.still_builds();
}

/// One marketplace fails, and the sync still does the others, before and after it.
#[test]
fn one_broken_marketplace_does_not_stop_the_others() {
    let good = Good::new();
    let other = good.world.upstream("z-other");
    other.plugins(&["omega"]).commit("Publish");
    good.world.agnes(&["marketplace", "add", &other.url(), "--slug", "z-other"]);
    good.upstream.write(MANIFEST, "no").commit("Break it");
    good.fails(&[
        "z-other: now at",
        "error: up: ",
        "1 marketplace failed; what was there before is still served",
    ]);
    assert_eq!(good.world.json(&["plugin", "show", "z-other/omega"])["served"], true);
    let ran = good.world.run(&["marketplace", "sync", "--json"]);
    assert_eq!(ran.code, Some(6));
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(
        (told["synced"][0]["id"].as_str(), told["errors"][0]["id"].as_str()),
        (Some("z-other"), Some("up"))
    );
}
