//! The mistakes that people make, and every word that they read about them.

use std::fs;
use std::path::Path;

use crate::support::{Ran, World};

/// Runs `agnes`, and compares status and stderr to the letter. Nothing may be on stdout.
#[track_caller]
fn said(world: &World, args: &[&str], code: i32, stderr: &str) {
    same(args, &world.run(args), code, stderr);
}

#[track_caller]
fn same(args: &[&str], ran: &Ran, code: i32, stderr: &str) {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(code), stderr), "agnes {args:?}");
    assert_eq!(ran.text(), "", "agnes {args:?}");
}

fn world() -> World {
    let world = World::new();
    let up = world.upstream("up");
    up.plugins(&["alpha", "beta"]).commit("Publish");
    world.register("up", &up);
    world.agnes(&["user", "add", "ada@example.com"]);
    world
}

/// A world in which nothing needs to be fetched.
fn bare() -> World {
    World::new()
}

#[test]
fn names_of_things_that_are_not_there() {
    let world = world();
    let no_marketplace =
        "error: there is no marketplace `nope`; there is `up`\nhint: agnes marketplace list\n";
    for args in [
        &["marketplace", "show", "nope"][..],
        &["marketplace", "sync", "nope"],
        &["marketplace", "sync", "up", "nope"],
        &["marketplace", "remove", "nope"],
        &["marketplace", "edit", "nope", "--name", "x"],
        &["plugin", "list", "--marketplace", "nope"],
        &["plugin", "show", "nope/alpha"],
        &["grant", "Everyone", "nope/alpha"],
        &["grant", "Everyone", "nope/*"],
    ] {
        said(&world, args, 3, no_marketplace);
    }
    let no_plugin =
        "error: there is no plugin `up/alhpa`; there is `up/alpha`, `up/beta`\nhint: agnes plugin list\n";
    said(&world, &["plugin", "show", "up/alhpa"], 3, no_plugin);
    said(&world, &["grant", "Everyone", "up/alhpa"], 3, no_plugin);
    // All or nothing.
    said(&world, &["grant", "Everyone", "up/alpha", "up/alhpa"], 3, no_plugin);
    assert_eq!(world.json(&["grants"]), serde_json::json!([]));

    let no_user = "error: there is no user `eve@example.com`\nhint: agnes user list\n";
    for args in [
        &["user", "show", "eve@example.com"][..],
        &["user", "remove", "eve@example.com"],
        &["group", "join", "Admin", "eve@example.com"],
        &["group", "leave", "Everyone", "eve@example.com"],
        &["grants", "--user", "eve@example.com"],
        &["build-zip", "--user", "eve@example.com", "-o", "b.zip"],
        &["build-zip", "--user", "eve@example.com", "-o", "-"],
        &["info", "--user", "eve@example.com"],
    ] {
        said(&world, args, 3, no_user);
    }
    assert!(!world.path("b.zip").exists());
    let no_group = "error: there is no group `Nope`; there is `Admin`, `Everyone`\nhint: agnes group list\n";
    for args in [
        &["group", "show", "Nope"][..],
        &["group", "remove", "Nope"],
        &["group", "join", "Nope", "ada@example.com"],
        &["group", "leave", "Nope", "ada@example.com"],
        &["grants", "--group", "Nope"],
        &["grant", "Nope", "up/alpha"],
        &["revoke", "Nope", "up/alpha"],
    ] {
        said(&world, args, 3, no_group);
    }
    let shape = "error: `alpha` is not a plugin: `marketplace/plugin` is needed\nhint: agnes plugin list\n";
    said(&world, &["plugin", "show", "alpha"], 2, shape);
}

#[test]
fn things_that_are_there_already() {
    let world = world();
    said(
        &world,
        &["marketplace", "add", "file:///x", "--slug", "up"],
        4,
        "error: the marketplace `up` exists already\nhint: agnes marketplace show up\n",
    );
    said(
        &world,
        &["user", "add", "ADA@Example.com"],
        4,
        "error: the user `ada@example.com` exists already\nhint: agnes user show ada@example.com\n",
    );
    said(
        &world,
        &["group", "add", "everyone"],
        4,
        "error: the group `Everyone` exists already\nhint: agnes group show Everyone\n",
    );
    // Doing it again is fine where the outcome is the same.
    world.agnes(&["grant", "Everyone", "up/alpha"]);
    said(&world, &["grant", "Everyone", "up/alpha"], 0, "`Everyone` had up/alpha.\n");
    said(
        &world,
        &["group", "join", "Everyone", "ada@example.com"],
        0,
        "ada@example.com was in `Everyone`.\n",
    );
    said(&world, &["revoke", "Admin", "up/alpha"], 0, "`Admin` did not have up/alpha.\n");
    said(&world, &["group", "leave", "Admin", "ada@example.com"], 0, "ada@example.com was not in `Admin`.\n");
    // Two slugs that would share the variable of their tokens.
    world.agnes(&["marketplace", "add", "file:///x", "--slug", "a-b"]);
    said(
        &world,
        &["marketplace", "add", "file:///x", "--slug", "a_b"],
        4,
        "error: `a_b` and the marketplace `a-b` would share the variable AGNES_MARKETPLACE_A_B_TOKEN\n\
         hint: agnes marketplace add file:///x --slug a_b-2\n",
    );
}

#[test]
fn slugs_that_cannot_be() {
    let world = bare();
    for slug in ["zip-cache", "git-cache", "store"] {
        said(
            &world,
            &["marketplace", "add", "file:///x", "--slug", slug],
            2,
            &format!("error: `{slug}` cannot be a slug: the data folder uses that name itself\n"),
        );
    }
    for (slug, shown) in [
        ("../x", "../x"),
        ("Up", "Up"),
        ("-x", "-x"),
        ("a b", "a b"),
        ("ü", "ü"),
        ("a\u{1b}[31m", r"a\u{1b}[31m"),
    ] {
        said(
            &world,
            &["marketplace", "add", "file:///x", &format!("--slug={slug}")],
            2,
            &format!(
                "error: `{shown}` is not a slug: 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit\n"
            ),
        );
    }
    said(
        &world,
        &["marketplace", "add", "https://git.example/store.git"],
        2,
        "error: no slug can be made from `https://git.example/store.git`\n\
         hint: agnes marketplace add https://git.example/store.git --slug NAME\n",
    );
    assert_eq!(world.json(&["marketplace", "list"]), serde_json::json!([]));
}

/// Of what may be a password nothing is repeated, whatever else is wrong with it.
#[test]
fn addresses_that_cannot_be() {
    let world = bare();
    let credentials = |host: &str| {
        format!(
            "error: the address of `{host}` carries a password or token; give it with --token-prompt, --token-stdin or --token-env instead\n"
        )
    };
    for (url, host) in [
        ("https://joe:hunter2@git.example/x", "git.example"),
        ("https://hunter2@git.example/x", "git.example"),
        ("http://joe:hunter2@git.example:8080/x", "git.example:8080"),
        ("ssh://git:hunter2@git.example/x", "git.example"),
        ("git:hunter2@git.example:team/x", "git.example"),
    ] {
        said(&world, &["marketplace", "add", url], 2, &credentials(host));
    }
    let unknown = |url: &str| {
        format!("error: `{url}` is neither a URL (`https://…`, `ssh://…`, `file://…`) nor an absolute path\n")
    };
    for url in [
        "./up",
        "../nobody-has-this-beside-a-test",
        "up",
        "git.example:x",
        "https://",
        "https:///x",
        "ssh://-oProxyCommand=id/x",
        "C:\\up",
    ] {
        said(&world, &["marketplace", "add", url], 2, &unknown(url));
    }
    let scheme = |scheme: &str| {
        format!(
            "error: the scheme `{scheme}` is not one that git marketplaces are fetched with: https, http, ssh, file\n"
        )
    };
    for (url, name) in [
        ("ftp://h/x", "ftp"),
        ("git://h/x", "git"),
        ("javascript://x", "javascript"),
        ("HTTPS://h/x", "HTTPS"),
    ] {
        said(&world, &["marketplace", "add", url], 2, &scheme(name));
    }
    for (url, stderr) in [
        ("", "error: the address is empty\n"),
        (
            "ext::sh -c id",
            "error: the address `ext::sh -c id` has white space or invisible characters in it\n",
        ),
        (
            "https://h/\u{202e}x",
            "error: the address `https://h/\\u{202e}x` has white space or invisible characters in it\n",
        ),
        (
            "/tmp/\u{1b}[31mx",
            "error: the address `/tmp/\\u{1b}[31mx` has white space or invisible characters in it\n",
        ),
        (
            "https://h/x?private_token=hunter2",
            "error: `https://h/x…` has a `?` or `#` in it, which no repository's address has\n",
        ),
        (
            "https://h/x#main",
            "error: `https://h/x…` has a `?` or `#` in it, which no repository's address has\n",
        ),
        (
            "file://host/x",
            "error: `file://host/x` names a host: a `file://` address has three slashes and none\n",
        ),
    ] {
        said(&world, &["marketplace", "add", url, "--slug", "x"], 2, stderr);
    }
    assert_eq!(world.json(&["marketplace", "list"]), serde_json::json!([]));
}

#[test]
fn pins_curators_and_prefixes_that_cannot_be() {
    let world = bare();
    let add = |more: &[&'static str]| [&["marketplace", "add", "file:///x"][..], more].concat();
    said(
        &world,
        &add(&["--branch", "a", "--ref", "b"]),
        2,
        "error: the argument '--branch <BRANCH>' cannot be used with '--ref <REF>'\n\n\
         Usage: agnes marketplace add --branch <BRANCH> <URL>\n\nFor more information, try '--help'.\n",
    );
    for name in ["a b", "a..b", "--upload-pack=x", "a:b", "x.lock"] {
        let arg = format!("--branch={name}");
        let args = ["marketplace", "add", "file:///x", &arg];
        said(
            &world,
            &args,
            2,
            &format!("error: `{name}` is not a name that git gives to branches and tags\n"),
        );
    }
    said(
        &world,
        &add(&["--curator-email", "joe"]),
        2,
        "error: `joe` is not an e-mail address: something like `ada@example.com` is needed\n",
    );
    said(
        &world,
        &add(&["--name-prefix", "../"]),
        2,
        "error: `../` cannot stand before plugin names: 1 to 32 letters, digits, `.`, `_` and `-`, beginning with a letter or digit\n",
    );
    assert_eq!(world.json(&["marketplace", "list"]), serde_json::json!([]));
}

#[test]
fn grants_that_do_not_mean_what_they_seem_to() {
    let world = world();
    let new = world.upstream("new");
    new.plugins(&["gamma"]).commit("Publish");
    world.agnes(&["marketplace", "add", &new.url(), "--slug", "new"]);
    said(
        &world,
        &["grant", "Everyone", "new/gamma"],
        4,
        "error: no plugins of `new` are known yet, so `new/gamma` cannot be granted\nhint: agnes marketplace sync new\n",
    );
    // All of it, present and future, can be.
    said(&world, &["grant", "Everyone", "new/*"], 0, "`Everyone` now has new/*.\n");
    for (text, why) in [
        ("up", "there is no `/`"),
        ("up/", "`` is not a plugin name: one path segment of letters, digits, `.`, `_` and `-`"),
        ("up/a/b", "`a/b` is not a plugin name: one path segment of letters, digits, `.`, `_` and `-`"),
        ("*", "there is no `/`"),
        ("*/*", "`*` is not a slug: 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit"),
    ] {
        let stderr = format!(
            "error: `{text}` is not something to grant: `marketplace/plugin`, or `marketplace/*` for all of it ({why})\n"
        );
        said(&world, &["grant", "Everyone", text], 2, &stderr);
        said(&world, &["revoke", "Everyone", text], 2, &stderr);
        said(&world, &["grants", "--plugin", text], 2, &stderr);
    }
    // A group with a name that a shell would take apart.
    world.agnes(&["group", "add", "data team's"]);
    world.agnes(&["grant", "data team's", "up/*"]);
    said(
        &world,
        &["revoke", "data team's", "up/alpha"],
        4,
        "error: `data team's` has `up/alpha` through the grant `up/*`\n\
         hint: agnes revoke 'data team'\\''s' 'up/*' && agnes grant 'data team'\\''s' up/beta\n",
    );
}

#[test]
fn groups_and_people_that_cannot_be() {
    let world = world();
    said(
        &world,
        &["group", "leave", "Everyone", "ada@example.com"],
        4,
        "error: nobody can leave `Everyone`: every user is in it\nhint: agnes user remove ada@example.com\n",
    );
    for name in ["Admin", "everyone"] {
        let real = if name == "Admin" { "Admin" } else { "Everyone" };
        said(
            &world,
            &["group", "remove", name],
            4,
            &format!("error: the group `{real}` always exists and cannot be removed\n"),
        );
    }
    for (text, shown) in
        [("", ""), ("a/b", "a/b"), ("*", "*"), ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"), ("a\u{202e}b", r"a\u{202e}b")]
    {
        said(
            &world,
            &["group", "add", text],
            2,
            &format!(
                "error: `{shown}` is not a group name: 1 to 64 visible characters, without `/` or `*`, and no space at an end\n"
            ),
        );
    }
    for (text, shown) in
        [("", ""), ("ada", "ada"), ("@", "@"), ("a b@c.d", "a b@c.d"), ("a@b\u{1b}", r"a@b\u{1b}")]
    {
        said(
            &world,
            &["user", "add", text],
            2,
            &format!(
                "error: `{shown}` is not an e-mail address: something like `ada@example.com` is needed\n"
            ),
        );
    }
}

#[test]
fn tokens_that_are_none() {
    let world = world();
    let edit = |more: &[&'static str]| [&["marketplace", "edit", "up"][..], more].concat();
    let fed = |args: &[&str], input: &[u8]| {
        use std::io::Write as _;
        use std::process::Stdio;
        let mut command = world.agnes_command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    };
    let empty = "error: the token that was given is empty\n";
    let bad = "error: that is not a token: 1 to 4,096 printable ASCII characters without spaces\n";
    let args = edit(&["--token-stdin"]);
    for input in [&b""[..], b"\n", b"   \nsecond line"] {
        same(&args, &fed(&args, input), 2, empty);
    }
    for input in [&b"hunter2 hunter3\n"[..], b"hunter2\x1b[31m\n", &[b'x'; 5_000]] {
        same(&args, &fed(&args, input), 2, bad);
    }
    same(
        &args,
        &fed(&args, b"\xff\xfe\n"),
        2,
        "error: the token cannot be read from stdin: stream did not contain valid UTF-8\n",
    );
    // A token would lie there, and let nobody in.
    let keys = "error: a token is not sent over ssh, which lets in whoever has a key\n\
                hint: register its https:// address, or give no token and a key without a passphrase to the user who runs agnes\n";
    for url in ["git@git.example:team/x", "ssh://git@git.example/team/x"] {
        let args = ["marketplace", "add", url, "--slug", "keys", "--token-stdin"];
        same(&args, &fed(&args, b"hunter2\n"), 4, keys);
        let args = [&edit(&["--url", url])[..], &["--token-stdin"]].concat();
        same(&args, &fed(&args, b"hunter2\n"), 4, keys);
    }
    said(
        &world,
        &edit(&["--token-env", "NOPE"]),
        2,
        "error: the environment variable `NOPE` is not set, or is not text\n",
    );
    let args = edit(&["--token-env", "EMPTY"]);
    same(&args, &Ran::from(world.agnes_command(&args).env("EMPTY", "").output().unwrap()), 2, empty);
    said(
        &world,
        &edit(&["--token-stdin", "--token-env", "X"]),
        2,
        "error: the argument '--token-stdin' cannot be used with '--token-env <VAR>'\n\n\
         Usage: agnes marketplace edit --token-stdin <SLUG>\n\nFor more information, try '--help'.\n",
    );
    // There is no way to give one on the command line, where everybody on the machine reads it.
    let ran = world.run(&edit(&["--token", "hunter2"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("unexpected argument '--token' found") && !ran.stderr.contains("hunter2"),
        "{}",
        ran.stderr
    );
    assert_eq!(world.json(&["marketplace", "show", "up"])["has_token"], false);
}

#[test]
fn places_to_write_to_that_are_none() {
    let world = world();
    let zip = |output: &str| {
        vec![
            "build-zip".to_owned(),
            "--user".into(),
            "ada@example.com".into(),
            "-o".into(),
            output.to_owned(),
        ]
    };
    let says = |output: &Path, stderr: &str| {
        let args = zip(output.to_str().unwrap());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        said(&world, &args, 1, &stderr.replace("HOME", &world.home().display().to_string()));
    };
    says(
        &world.path("no/such/b.zip"),
        "error: `HOME/no/such/b.zip` cannot be written: there is no folder `HOME/no/such`\n",
    );
    fs::write(world.path("file"), "").unwrap();
    says(
        &world.path("file/b.zip"),
        "error: `HOME/file/b.zip` cannot be written: there is no folder `HOME/file`\n",
    );
    fs::create_dir(world.path("folder")).unwrap();
    says(&world.path("folder"), "error: `HOME/folder` cannot be written: it is a folder\n");
    says(
        Path::new("/dev/full"),
        "error: `/dev/full` cannot be written: No space left on device (os error 28)\n",
    );
}

/// `agnes build-zip -o /dev/null`, run as root, must not leave a machine without `/dev/null`.
#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt as _;

    let world = world();
    world.agnes(&["grant", "Everyone", "up/*"]);
    let bundle = world.bundle("ada@example.com");
    world.agnes(&["build-zip", "--user", "ada@example.com", "-o", "/dev/null"]);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let ran = world.run(&["build-zip", "--user", "ada@example.com", "-o", "/dev/stdout", "--quiet"]);
    assert_eq!((ran.code, ran.stdout), (Some(0), bundle.clone()), "{}", ran.stderr);
    // A symlink stays one, and what it points to is the bundle.
    fs::write(world.path("real.zip"), "old").unwrap();
    std::os::unix::fs::symlink("real.zip", world.path("link.zip")).unwrap();
    world.agnes(&["build-zip", "--user", "ada@example.com", "-o", "link.zip"]);
    assert!(fs::symlink_metadata(world.path("link.zip")).unwrap().is_symlink());
    assert_eq!(fs::read(world.path("real.zip")).unwrap(), bundle);
}

#[test]
fn configurations_that_cannot_be() {
    let world = bare();
    let file = world.path("agnes.toml");
    let shown = file.display().to_string();
    for (text, stderr) in [
        (
            "max_files = 3",
            "`FILE` has a key `max_files`, which is no setting\nhint: agnes --config /dev/null config show (it lists all settings)",
        ),
        (
            "[limits]\nmax_flies = 3",
            "`FILE` has a key `limits.max_flies`, which is no setting\nhint: agnes --config /dev/null config show (it lists all settings)",
        ),
        (
            "[limits]\nmax_files = \"3\"",
            "`limits.max_files` is \"3\": a whole number, 0 or more is needed (file FILE)",
        ),
        (
            "[limits]\nmax_files = -3",
            "`limits.max_files` is -3: a whole number, 0 or more is needed (file FILE)",
        ),
        (
            "[limits]\nmax_files = 1.5",
            "`limits.max_files` is 1.5: a whole number, 0 or more is needed (file FILE)",
        ),
        ("[marketplace]\nname = 3", "`marketplace.name` is 3: a text in quotes is needed (file FILE)"),
        (
            "[marketplace]\nname = \"claude-code-plugins\"",
            "`marketplace.name`: `claude-code-plugins` cannot name a marketplace: Claude Code keeps that name for itself (file FILE)",
        ),
        (
            "[marketplace]\nname = \"a b\"",
            "`marketplace.name`: `a b` cannot name a marketplace: letters, digits, `.`, `_` and `-`, beginning with a letter or digit (file FILE)",
        ),
        (
            "[marketplace]\nname = \"claude-official\"",
            "`marketplace.name`: `claude-official` cannot name a marketplace: Claude Code refuses names that look like an official marketplace's (file FILE)",
        ),
        (
            "[marketplace]\nowner_name = \" \"",
            "`marketplace.owner_name`: it is empty, and Claude Code wants an owner (file FILE)",
        ),
        (
            "[marketplace]\nowner_email = \"joe\"",
            "`marketplace.owner_email`: `joe` is not an e-mail address: something like `ada@example.com` is needed (file FILE)",
        ),
        ("[sync]\njobs = 0", "`sync.jobs`: 0 is not a number from 1 to 64 (file FILE)"),
    ] {
        fs::write(&file, text).unwrap();
        let stderr = format!("error: {}\n", stderr.replace("FILE", &shown));
        said(&world, &["--config", &shown, "user", "list"], 2, &stderr);
    }
    fs::write(&file, "[limits\n").unwrap();
    let stderr = world.refused(2, &["--config", &shown, "user", "list"]);
    assert!(
        stderr.starts_with(&format!("error: `{shown}` is not TOML: TOML parse error at line 1, column 8")),
        "{stderr}"
    );
    said(
        &world,
        &["--config", "none.toml", "user", "list"],
        2,
        "error: `none.toml` cannot be read: No such file or directory (os error 2)\n",
    );
    for (name, value, stderr) in [
        (
            "AGNES_SYNC_JOBS",
            "many",
            "error: the environment variable AGNES_SYNC_JOBS is `many`: a whole number is needed\n",
        ),
        (
            "AGNES_SYNC_JOBS",
            "99",
            "error: `sync.jobs`: 99 is not a number from 1 to 64 (environment AGNES_SYNC_JOBS)\n",
        ),
        (
            "AGNES_LIMITS_MAX_FILES",
            "-1",
            "error: `limits.max_files` is -1: a whole number, 0 or more is needed (environment AGNES_LIMITS_MAX_FILES)\n",
        ),
        (
            "AGNES_MARKETPLACE_NAME",
            "inline",
            "error: `marketplace.name`: `inline` cannot name a marketplace: Claude Code keeps that name for itself (environment AGNES_MARKETPLACE_NAME)\n",
        ),
    ] {
        let args = ["user", "list"];
        same(&args, &Ran::from(world.agnes_command(&args).env(name, value).output().unwrap()), 2, stderr);
    }
    // Nothing of this stands in the way of help.
    fs::write(&file, "[limits\n").unwrap();
    for args in [&["--help"][..], &["man"], &["completions", "bash"], &["marketplace", "add", "--help"]] {
        world.agnes(&[&["--config", &shown], args].concat());
    }
    assert!(!world.data().exists());
}

#[test]
fn with_json_a_failure_is_told_on_stderr_and_stdout_stays_empty() {
    let world = bare();
    said(
        &world,
        &["--json", "user", "show", "eve@example.com"],
        3,
        "error: there is no user `eve@example.com`\nhint: agnes user list\n",
    );
    said(
        &world,
        &["--quiet", "user", "show", "eve@example.com"],
        3,
        "error: there is no user `eve@example.com`\nhint: agnes user list\n",
    );
}
