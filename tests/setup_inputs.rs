//! What can be wrong when `agnes setup` begins: each is told, with what to do next, and nothing is changed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use serde_json::json;

use crate::support::server::argument;
use crate::support::web::{Reply, Server as Web};
use crate::support::{ADA, GRACE, Laptop, World};

const NOBODYS: &str = "agnes_pat_00000000000000000000000000000000000000000002fwZoB";

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn programs_that_are_missing_or_too_old_are_named() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "programs_that_are_missing_or_too_old_are_named") else { return };
    let server = world.serve(&[]);
    let token = world.token(ADA);
    let bin = laptop.home().join("bin");
    let setup = |expected: i32| {
        let mut command = laptop.command(env!("CARGO_BIN_EXE_agnes"));
        command.args(["setup", "--server", server.url(), "--token-stdin", "--yes"]).env("PATH", &bin);
        let ran = Laptop::run(&mut command, &token);
        assert_eq!(ran.code, Some(expected), "{}", ran.stderr);
        assert!(!laptop.config().exists() && laptop.files_with(&token).is_empty());
        ran.stderr
    };
    fs::create_dir_all(&bin).unwrap();
    let said = setup(3);
    assert!(said.contains("no `git` in your PATH") && said.contains("git-scm.com"), "{said}");
    program(&bin.join("git"), "#!/bin/sh\necho git version 2.8.1\n");
    let said = setup(3);
    assert!(said.contains("no `claude` in your PATH") && said.contains("npm install"), "{said}");
    program(
        &bin.join("claude"),
        "#!/bin/sh\ncase $1 in --version) echo '1.0.3 (Claude Code)';; *) echo '[]';; esac\n",
    );
    let said = setup(1);
    assert!(said.contains("`claude` is 1.0.3, and 2.1.197") && said.contains("claude update"), "{said}");
    program(
        &bin.join("claude"),
        "#!/bin/sh\ncase $1 in --version) echo '9.1.3 (Claude Code)';; *) echo '[]';; esac\n",
    );
    let said = setup(1);
    assert!(said.contains("`git` is 2.8.1, and 2.9.0 or later"), "{said}");
}

#[test]
fn tokens_and_addresses_that_are_wrong_are_told_before_anything_is_changed() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "tokens_and_addresses_that_are_wrong") else { return };
    let server = world.serve(&[]);
    let other = World::new();
    let (secure, _) = other.serve_privately(&[]);
    let secure = secure.url();
    let token = world.token(ADA);
    let attempt = |code: i32, url: &str, more: &[&str], token: &str, told: &[&str]| {
        let args = [&["setup", "--server", url, "--token-stdin", "--yes"][..], more].concat();
        let said = laptop.refused(code, &args, token);
        for told in told {
            assert!(said.contains(told), "{url}: no `{told}` in\n{said}");
        }
        assert!(!said.contains(token) || token.is_empty(), "{said}");
        assert!(!laptop.config().exists() && !laptop.home().join(".gitconfig").exists());
    };
    attempt(5, server.url(), &[], NOBODYS, &["does not know this token", "agnes login"]);
    // It ended by itself, or was ended.
    let soon = world.command("date").args(["-u", "-d", "+2 seconds", "+%FT%TZ"]).output().unwrap();
    let soon = String::from_utf8(soon.stdout).unwrap();
    let expired = world.agnes(&["token", "create", "--user", ADA, "--expires", soon.trim(), "--quiet"]);
    let revoked = world.token(GRACE);
    let grace = world.json(&["token", "list", "--user", GRACE]);
    world.agnes(&["token", "revoke", grace[0]["id"].as_str().unwrap()]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    for ended in [expired.trim(), &revoked] {
        let told = ["does not know this token", "it is wrong, has expired or was revoked", "get a new one"];
        attempt(5, server.url(), &[], ended, &told);
    }
    attempt(2, server.url(), &[], &token[..50], &["not a whole token", "copy it again"]);
    attempt(2, server.url(), &[], "", &["empty"]);
    attempt(2, "http://agnes.example.com", &[], &token, &["https:// is needed"]);
    attempt(2, "agnes.example.com", &[], &token, &["is not a server's address"]);
    attempt(1, "http://127.0.0.1:9", &[], &token, &["cannot be reached"]);
    attempt(1, &format!("{}/nowhere", server.url()), &[], &token, &["there is nothing at", "without a path"]);
    attempt(1, &server.url().replace("http:", "https:"), &[], &token, &["does not speak https"]);
    attempt(1, &secure.replace("https:", "http:"), &[], &token, &["does not speak http", "with https://"]);
    attempt(
        1,
        "https://agnes.invalid",
        &[],
        &token,
        &["`https://agnes.invalid` cannot be reached", "is the address right"],
    );
    // Somebody else's web server, and a login page before the right one.
    let page = Web::http(|request| match request.target.as_str() {
        "/sso/marketplace/info" => Reply::redirect(302, "https://login.example.com/"),
        _ => Reply::new(200, "text/html", "<html>Welcome</html>"),
    });
    attempt(1, &page.url, &[], &token, &["answers, but not as an agnes server does", "is it the address"]);
    attempt(
        1,
        &format!("{}/sso", page.url),
        &[],
        &token,
        &["sends on to `https://login.example.com/`", "a login"],
    );
    attempt(1, secure, &[], &token, &["certificate that is not trusted here", "agnes setup --ca FILE"]);
    let strange = other.authority("strange ca.pem").pem;
    attempt(1, secure, &["--ca", argument(&strange)], &token, &["not trusted here", "does not vouch for it"]);
    attempt(1, secure, &["--ca", "/nowhere.pem"], &token, &["`/nowhere.pem` cannot be used"]);
    let no_pem = world.path("no.pem");
    fs::write(&no_pem, "hello").unwrap();
    attempt(1, secure, &["--ca", argument(&no_pem)], &token, &["there are none in it"]);
    let said = laptop.refused(2, &["setup", "--yes"], "");
    assert!(said.contains("not said which server"), "{said}");
    let said = laptop.refused(2, &["setup", "--yes", "--server", server.url()], "");
    assert!(said.contains("--token-stdin"), "{said}");
    let said = laptop.refused(2, &["setup", "--server", server.url(), "--token-stdin"], &token);
    assert!(said.contains("nobody to ask") && said.contains("agnes setup --yes"), "{said}");
    assert!(laptop.refused(3, &["setup", "--undo", "--yes"], "").contains("nothing was set up"));
}

/// A server that somebody was lured to: its names would be paths out of the client's folder, which `--undo` would
/// remove, and options of the programs that are run.
#[test]
fn names_that_are_none_are_not_used() {
    let world = World::new();
    let Some(laptop) = Laptop::one(&world, "names_that_are_none_are_not_used") else { return };
    for (marketplace, plugin) in
        [("../../x", "x"), ("", "x"), ("agnes", "--scope=x"), ("agnes", "../x"), ("-x", "x")]
    {
        let plugin = json!({
            "name": plugin, "original_name": "x", "prefixed_name": "x", "marketplace_slug": "x", "version": null,
            "description": null, "source": "./plugins/x", "groups": [],
        });
        let info = json!({
            "user_id": "x", "email": "x", "groups": [], "marketplace_name": marketplace, "etag": "x", "plugin_count": 1,
            "plugins": [plugin], "left_out": [], "generated_at": "x",
        });
        let server = Web::http(move |_| {
            let mut reply = Reply::new(200, "application/json", info.to_string());
            reply.headers.push(("agnes-version".into(), "0.1.0".into()));
            reply
        });
        let said = laptop.refused(1, &["setup", "--server", &server.url, "--token-stdin", "--yes"], NOBODYS);
        assert!(said.contains("no name that Claude Code takes"), "{said}");
        assert!(!laptop.config().exists());
    }
}

#[test]
fn settings_that_cannot_be_used_are_left_alone() {
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "settings_that_cannot_be_used_are_left_alone") else { return };
    let server = world.serve(&[]);
    let token = world.token(ADA);
    let settings = laptop.home().join(".claude/settings.json");
    fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let attempt = |told: &str| {
        let said = laptop.refused(4, &["setup", "--server", server.url(), "--token-stdin", "--yes"], &token);
        assert!(said.contains(told) && said.contains("settings.json"), "{said}");
        assert!(!laptop.config().exists());
    };
    fs::write(&settings, "{\"model\": \"opus\",}").unwrap();
    attempt("is not JSON (line 1, column 18)");
    assert_eq!(fs::read_to_string(&settings).unwrap(), "{\"model\": \"opus\",}");
    fs::write(&settings, "[]").unwrap();
    attempt("not an object");
    fs::write(&settings, "{}").unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o444)).unwrap();
    attempt("is read-only");
    fs::remove_file(&settings).unwrap();
    symlink("nowhere.json", &settings).unwrap();
    attempt("leads nowhere");
}

#[test]
fn a_marketplace_of_that_name_from_elsewhere_is_not_touched() {
    let world = World::with_people();
    let server = world.serve(&[]);
    let token = world.token(ADA);
    for laptop in Laptop::all(&world, "a_marketplace_of_that_name_from_elsewhere_is_not_touched") {
        let folder = laptop.home().join("theirs");
        fs::create_dir_all(folder.join(".claude-plugin")).unwrap();
        let manifest = "{\"name\":\"agnes\",\"owner\":{\"name\":\"x\"},\"plugins\":[]}";
        fs::write(folder.join(".claude-plugin/marketplace.json"), manifest).unwrap();
        laptop.claude.plugin(&["marketplace", "add", argument(&folder)]);
        let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes"];
        let said = laptop.refused(4, &setup, &token);
        assert!(
            said.contains("it is another") && said.contains("claude plugin marketplace remove agnes"),
            "{said}"
        );
        assert!(!laptop.config().exists());
        laptop.claude.plugin(&["marketplace", "remove", "agnes"]);
        // As one adds it by hand, with the token in the address: that stands in the settings.
        let address = server.url().replace("http://", &format!("http://x:{token}@"));
        laptop.claude.plugin(&["marketplace", "add", &format!("{address}/marketplace.git")]);
        let said = laptop.refused(4, &setup, &token);
        assert!(said.contains("has a login in it") && !said.contains(&token), "{said}");
    }
}

/// The disk was full, the lid was closed, somebody pressed ^C: the next run goes on from there.
#[test]
fn a_run_that_stopped_half_way_is_gone_on_with_or_taken_back() {
    let world = World::with_people();
    let server = world.serve(&[]);
    let token = world.token(ADA);
    for laptop in Laptop::all(&world, "a_run_that_stopped_half_way_is_gone_on_with_or_taken_back") {
        laptop.claude.plugin(&["list", "--json"]);
        let before = laptop.everything().into_keys().collect::<Vec<_>>();
        let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes"];
        // git's configuration cannot be written: somebody left a lock there.
        let lock = laptop.home().join(".gitconfig.lock");
        fs::write(&lock, "").unwrap();
        let said = laptop.refused(1, &setup, &token);
        assert!(said.contains("cannot be changed") && said.contains("same command again"), "{said}");
        fs::remove_file(&lock).unwrap();
        laptop.agnes(&["setup", "--undo", "--yes"]);
        assert_eq!(laptop.everything().into_keys().collect::<Vec<_>>(), before);
        fs::write(&lock, "").unwrap();
        laptop.refused(1, &setup, &token);
        fs::remove_file(&lock).unwrap();
        laptop.good(&setup, &token);
        assert_eq!(laptop.plugins().len(), 7);
    }
}
