//! One API, three ways in: a command cannot see which way it went.

use std::fs;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::support::doors::{ADMIN, Door, Way, certificate, upstreams};
use crate::support::server::{Server, until};
use crate::support::web::{self, Reply, http_backend};
use crate::support::{ADA, GRACE, Ran, World, signal};

/// What one step said.
type Heard = (String, Option<i32>, String, String);

/// Every command, in an order in which each finds what it needs; and its mistakes. `URL` is where the
/// upstreams are, `ID` the id of the token that was made last.
const SCRIPT: &[&[&str]] = &[
    &["marketplace", "list"],
    &["marketplace", "sync"],
    &[
        "marketplace",
        "add",
        "URL/acme-tools/.git",
        "--slug",
        "acme-tools",
        "--description",
        "Ours",
        "--curator-name",
        "Cy",
        "--curator-email",
        "cy@example.com",
    ],
    &[
        "marketplace",
        "add",
        "URL/globex-skills/.git",
        "--slug",
        "globex-skills",
        "--name",
        "Globex ü",
        "--json",
    ],
    &["marketplace", "add", "URL/acme-tools/.git", "--slug", "acme-tools"],
    &["marketplace", "add", "URL/acme-tools/.git", "--slug", "acme_tools"],
    &["marketplace", "add", "URL/acme-tools/.git", "--slug", "git-cache"],
    &["marketplace", "add", "ftp://git.example/x"],
    &["marketplace", "add", "https://ada:hunter2@git.example/x"],
    &["marketplace", "add", "URL/x", "--branch", "a..b"],
    &["marketplace", "add", "URL/x", "--curator-email", "nobody"],
    &["marketplace", "add", "URL/x", "--branch", "a", "--ref", "b"],
    &["marketplace", "add", "URL/x", "--token-env", "NO_SUCH_VARIABLE"],
    &["marketplace", "add", "URL/missing/.git", "--slug", "missing", "--quiet"],
    &["marketplace", "list"],
    &["marketplace", "list", "--json"],
    &["marketplace", "show", "acme-tools"],
    &["marketplace", "show", "acme-tools", "--json"],
    &["marketplace", "show", "nope"],
    &["marketplace", "show", "a/b"],
    &["marketplace", "show", ".."],
    &["marketplace", "show", ""],
    &["marketplace", "show", "a\u{1b}[2J"],
    &["marketplace", "show", "ü %2F?#&"],
    &["marketplace", "edit", "acme-tools"],
    &["marketplace", "edit", "nope", "--name", "x"],
    &["marketplace", "edit", "acme-tools", "--name", "Acme tools", "--branch", "main"],
    &["marketplace", "edit", "acme-tools", "--branch", "", "--versions", "upstream", "--json"],
    &["marketplace", "edit", "acme-tools", "--versions", "content", "--name-prefix", "acme-"],
    &["marketplace", "edit", "acme-tools", "--name-prefix", "", "--quiet"],
    &["marketplace", "edit", "acme-tools", "--ref", "no-such-tag"],
    &["marketplace", "sync", "acme-tools"],
    &["marketplace", "edit", "acme-tools", "--ref", ""],
    &["marketplace", "edit", "acme-tools", "--no-token"],
    &["marketplace", "sync", "acme-tools"],
    &["marketplace", "sync", "--jobs", "1"],
    &["marketplace", "sync", "--jobs", "1", "--json"],
    &["marketplace", "sync", "--jobs", "1", "--quiet"],
    &["marketplace", "sync", "globex-skills", "--json"],
    &["marketplace", "sync", "nope"],
    &["marketplace", "sync", "--jobs", "65"],
    &["marketplace", "show", "missing"],
    &["marketplace", "list"],
    &["plugin", "list"],
    &["plugin", "list", "--json"],
    &["plugin", "list", "--marketplace", "globex-skills"],
    &["plugin", "list", "--marketplace", "nope"],
    &["plugin", "show", "acme-tools/guard-rails"],
    &["plugin", "show", "acme-tools/guard-rails", "--json"],
    &["plugin", "show", "acme-tools/nope"],
    &["plugin", "show", "acme-tools"],
    &["plugin", "show", "acme-tools/.."],
    &["host", "list"],
    &["host", "allow", "git.example"],
    &["host", "allow", "Other.example.", "--json"],
    &["host", "deny", "evil.example:8443"],
    &["host", "deny", "https://evil.example/x"],
    &["host", "token", "git.example"],
    &["host", "token", "git.example", "--token-env", "NO_SUCH_VARIABLE"],
    &["host", "token", "git.example", "--no-token"],
    &["host", "list"],
    &["host", "list", "--json"],
    &["marketplace", "sync", "acme-tools"],
    &["plugin", "list", "--marketplace", "acme-tools"],
    &["host", "forget", "git.example"],
    &["host", "forget", "git.example"],
    &["host", "forget", "other.example"],
    &["host", "forget", "evil.example:8443", "--json"],
    &["marketplace", "sync", "acme-tools"],
    &["user", "add", ADA, "--name", "Ada"],
    &["user", "add", GRACE, "--json"],
    &["user", "add", ADA],
    &["user", "add", "nobody"],
    &["user", "list"],
    &["user", "list", "--json"],
    &["user", "show", ADA],
    &["user", "show", ADA, "--json"],
    &["user", "show", "eve@example.com"],
    &["user", "list", "--no-such-option"],
    &["group", "add", "Data team", "--description", "They count"],
    &["group", "add", "Empty", "--json"],
    &["group", "add", "data team"],
    &["group", "add", "a/b"],
    &["group", "add", ".."],
    &["group", "list"],
    &["group", "list", "--json"],
    &["group", "join", "Data team", ADA],
    &["group", "join", "Data team", GRACE, "--json"],
    &["group", "join", "Data team", ADA],
    &["group", "join", "Data team", "eve@example.com"],
    &["group", "join", "Nope", ADA],
    &["group", "show", "Data team"],
    &["group", "show", "Data team", "--json"],
    &["group", "show", "Nope"],
    &["group", "leave", "Data team", GRACE],
    &["group", "leave", "Data team", GRACE, "--json"],
    &["group", "leave", "Everyone", ADA],
    &["group", "leave", "Data team", ".."],
    &["grants"],
    &["grant", "Data team", "acme-tools/*", "globex-skills/code-review"],
    &["grant", "Everyone", "acme-tools/sql-helpers", "--json"],
    &["grant", "Data team", "acme-tools/*"],
    &["grant", "Data team", "acme-tools"],
    &["grant", "Data team", "acme-tools/nope"],
    &["grant", "Nope", "acme-tools/*"],
    &["grants"],
    &["grants", "--json"],
    &["grants", "--group", "Everyone"],
    &["grants", "--user", ADA, "--json"],
    &["grants", "--plugin", "acme-tools/sql-helpers"],
    &["grants", "--user", "eve@example.com"],
    &["revoke", "Data team", "acme-tools/sql-helpers"],
    &["revoke", "Everyone", "acme-tools/sql-helpers"],
    &["revoke", "Everyone", "acme-tools/sql-helpers", "--json"],
    &["info", "--user", ADA],
    &["info", "--user", ADA, "--json"],
    &["info", "--user", GRACE],
    &["info", "--user", "eve@example.com"],
    &["plugin", "disable", "acme-tools/sql-helpers", "--reason", "It drops tables"],
    &["plugin", "disable", "acme-tools/sql-helpers", "--json"],
    &["plugin", "disable", "acme-tools/not-yet"],
    &["plugin", "disable", "acme-tools/sql-helpers", "--reason", "a\nb"],
    &["plugin", "disable", "acme-tools/.."],
    &["plugin", "disable", "nope/x"],
    &["plugin", "disable", "acme-tools"],
    &["plugin", "list", "--marketplace", "acme-tools", "--json"],
    &["plugin", "show", "acme-tools/sql-helpers"],
    &["info", "--user", ADA],
    &["info", "--user", ADA, "--json"],
    &["doctor"],
    &["plugin", "enable", "acme-tools/sql-helpers"],
    &["plugin", "enable", "acme-tools/sql-helpers", "--json"],
    &["plugin", "enable", "acme-tools/not-yet"],
    &["plugin", "enable", "acme-tools/not-yet"],
    &["marketplace", "diff", "acme-tools"],
    &["marketplace", "diff", "acme-tools", "--everything", "--json"],
    &["marketplace", "diff", "acme-tools", "--plugin", "guard-rails"],
    &["marketplace", "diff", "acme-tools", "--plugin", "nope"],
    &["marketplace", "diff", "acme-tools", "0123"],
    &["marketplace", "diff", "acme-tools", "", "&to=x"],
    &["marketplace", "diff", "missing"],
    &["marketplace", "diff", "nope"],
    &["marketplace", "history", "acme-tools"],
    &["marketplace", "history", "acme-tools", "--json"],
    &["marketplace", "history", "missing"],
    &["marketplace", "history", "nope"],
    &["marketplace", "edit", "acme-tools", "--hold", "--no-hold"],
    &["marketplace", "edit", "acme-tools", "--hold"],
    &["marketplace", "sync", "acme-tools"],
    &["marketplace", "approve", "acme-tools"],
    &["marketplace", "approve", "acme-tools", "0123abcd"],
    &["marketplace", "approve", "missing"],
    &["marketplace", "approve", "nope"],
    &["marketplace", "rollback", "acme-tools"],
    &["marketplace", "rollback", "acme-tools", "s1"],
    &["marketplace", "rollback", "acme-tools", ""],
    &["marketplace", "show", "acme-tools"],
    &["marketplace", "list"],
    &["marketplace", "edit", "acme-tools", "--no-hold", "--json"],
    // What waits is served, gone back from, and served again.
    &["marketplace", "add", "URL/globex-skills/.git", "--slug", "held", "--hold"],
    &["marketplace", "sync", "held"],
    &["marketplace", "sync", "held", "--json"],
    &["marketplace", "show", "held", "--json"],
    &["marketplace", "history", "held"],
    &["marketplace", "diff", "held"],
    &["doctor"],
    &["grant", "Data team", "held/*"],
    &["marketplace", "approve", "held", "--json"],
    &["grant", "Data team", "held/*"],
    &["marketplace", "edit", "held", "--ref", "before"],
    &["marketplace", "sync", "held"],
    &["marketplace", "diff", "held"],
    &["marketplace", "history", "held"],
    &["marketplace", "approve", "held"],
    &["info", "--user", ADA],
    &["marketplace", "rollback", "held", "s2"],
    &["marketplace", "rollback", "held", "s3", "--json"],
    &["marketplace", "history", "held", "--json"],
    &["info", "--user", ADA],
    &["marketplace", "remove", "held"],
    &["build-zip", "--user", ADA],
    &["build-zip", "--user", ADA, "-o", "ada.zip", "--json"],
    &["build-zip", "--user", GRACE, "-o", "-"],
    &["build-zip", "--user", "eve@example.com", "-o", "eve.zip"],
    &["build-zip", "--user", ADA, "-o", "no/such/folder.zip"],
    &["build-zip", "--user", ADA, "-o", "-", "--json"],
    &["token", "create", "--user", ADA, "--name", "laptop", "--expires", "2999-01-01"],
    &["token", "create", "--user", ADA, "--json"],
    &["token", "create", "--user", "eve@example.com"],
    &["token", "create", "--user", ADA, "--expires", "yesterday"],
    &["token", "list", "--user", ADA],
    &["token", "list", "--user", ADA, "--json"],
    &["token", "revoke", "ID"],
    &["token", "revoke", "ID", "--json"],
    &["token", "revoke", "nope"],
    &["token", "list", "--user", ADA],
    &["doctor"],
    &["doctor", "--json"],
    &["group", "remove", "Empty"],
    &["group", "remove", "Admin"],
    &["group", "remove", "Nope"],
    &["user", "remove", GRACE, "--json"],
    &["user", "remove", GRACE],
    &["marketplace", "remove", "missing"],
    &["marketplace", "remove", "globex-skills", "--json"],
    &["marketplace", "remove", "globex-skills"],
    &["info", "--user", ADA],
    &["audit", "--limit", "3"],
    &["audit"],
    &["audit", "--json"],
    &["audit", "--limit", "x"],
];

fn play(way: Way, curator: &World, upstreams: &web::Server) -> Vec<Heard> {
    let door = Door::open(way, upstreams);
    door.world.lead_to(&curator.path("upstreams"));
    let mut heard = Vec::new();
    let mut id = String::new();
    for step in SCRIPT {
        let filled: Vec<String> = step
            .iter()
            .map(|word| word.replace("URL", &upstreams.url))
            .map(|word| if word == "ID" { id.clone() } else { word })
            .collect();
        let args: Vec<&str> = filled.iter().map(String::as_str).collect();
        let ran = door.run(&args);
        assert!(!ran.text().contains("hunter2") && !ran.stderr.contains("hunter2"), "{step:?}");
        if step.starts_with(&["token", "create"]) && step.ends_with(&["--json"]) {
            let made: Value = serde_json::from_slice(&ran.stdout).unwrap();
            made["id"].as_str().unwrap().clone_into(&mut id);
        }
        heard.push(told(&door, &step.join(" "), &ran));
    }
    // A token for an upstream, from stdin: it arrives, and is not said.
    let add = ["marketplace", "edit", "acme-tools", "--token-stdin", "--json"];
    heard.push(told(&door, "token from stdin", &door.fed(&add, "hunter2\n")));
    let host = ["host", "token", "git.example", "--token-stdin", "--json"];
    heard.push(told(&door, "a host's token from stdin", &door.fed(&host, "hunter2\n")));
    let overlay = fs::read_to_string(door.world.data().join("state/.env_overlay")).unwrap();
    assert!(overlay.contains("AGNES_HOST_GIT_EXAMPLE_TOKEN=hunter2"), "{way:?}: {overlay}");
    assert!(overlay.contains("AGNES_MARKETPLACE_ACME_TOOLS_TOKEN=hunter2"), "{way:?}: {overlay}");
    for file in ["agnes-marketplace.zip", "ada.zip"] {
        let bytes = fs::read(door.world.path(file)).unwrap();
        heard.push((file.into(), None, crate::support::sha256(&bytes), String::new()));
    }
    // What failed left nothing behind, and from afar no data folder was made.
    let names = ["eve.zip", "nowhere", "no"].map(|name| door.world.path(name).exists());
    assert_eq!(names, [false; 3], "{way:?}");
    if let Some(server) = door.server {
        assert!(!server.log().contains("hunter2") && !server.log().contains(&door.token));
        assert_eq!(server.stop(), Some(0));
    }
    heard
}

fn told(door: &Door, step: &str, ran: &Ran) -> Heard {
    // A ZIP is compared as it is.
    let stdout = match std::str::from_utf8(&ran.stdout) {
        Ok(text) => door.plain(text),
        Err(_) => crate::support::sha256(&ran.stdout),
    };
    (step.to_owned(), ran.code, stdout, door.plain(&ran.stderr))
}

#[test]
fn every_command_says_the_same_whichever_way_it_went() {
    let curator = World::new();
    curator.publish_example_plugins();
    for name in ["acme-tools", "globex-skills"] {
        let upstream = curator.upstream(name);
        let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/marketplaces");
        upstream.plugins(&["beta"]).commit("Begin");
        upstream.git(&["tag", "before"]);
        upstream.git(&["rm", "-rq", "."]);
        upstream.copy(&examples.join(name));
        upstream.commit("Publish");
    }
    let upstreams = upstreams(&curator);
    let here = play(Way::Here, &curator, &upstreams);
    // It is a script of successes and of mistakes.
    for code in [0, 2, 3, 4, 6] {
        let steps = here.iter().filter(|(_, is, ..)| *is == Some(code)).count();
        assert!(steps >= 3, "only {steps} steps ended with {code}");
    }
    // What is the matter with a file on this side is not the API's.
    let failed: Vec<_> = here.iter().filter(|(_, code, ..)| *code == Some(1)).collect();
    assert!(failed.iter().all(|(step, ..)| step.contains("no/such/folder")), "{failed:#?}");
    for way in [Way::Socket, Way::Https] {
        let there = play(way, &curator, &upstreams);
        assert_eq!(here.len(), there.len());
        let differing: Vec<_> = here.iter().zip(&there).filter(|(here, there)| here != there).collect();
        assert!(differing.is_empty(), "{way:?} differs: {differing:#?}");
    }
}

/// The shell of the machine may register what is on the machine, also while a server runs. From afar that
/// would make the server read its own files.
#[test]
fn only_the_shell_registers_what_is_on_the_machine() {
    let curator = World::new();
    curator.upstream("up").plugins(&["alpha"]).commit("Publish");
    let upstreams = upstreams(&curator);
    let folder = curator.path("upstreams/up");
    let file = format!("file://{}", folder.display());
    for (way, code) in [(Way::Here, 0), (Way::Socket, 0), (Way::Https, 5)] {
        let door = Door::open(way, &upstreams);
        for (slug, url) in [("url", file.as_str()), ("path", folder.to_str().unwrap())] {
            let ran = door.run(&["marketplace", "add", url, "--slug", slug]);
            assert!(ran.code == Some(code) || ran.code == Some(2) && code != 0, "{way:?} {url}: {ran:?}");
        }
        let sync = door.run(&["marketplace", "sync"]);
        assert_eq!(sync.text().contains("now at"), code == 0, "{way:?}: {sync:?}");
    }
}

#[test]
fn the_socket_of_a_dead_server_is_no_obstacle() {
    let world = World::new();
    let server = world.serve(&[]);
    let socket = server.socket.clone();
    server.signal("KILL");
    drop(server);
    assert!(socket.exists(), "a server that is killed leaves its socket");
    world.agnes(&["user", "add", ADA]);
    // And one that takes connections and is no agnes is not believed.
    fs::remove_file(&socket).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
        }
    });
    let said = world.refused(1, &["user", "list"]);
    assert!(said.contains("answers, but not as an agnes server does"), "{said}");
}

#[test]
fn commands_go_on_working_while_a_server_comes_and_goes() {
    let world = World::new();
    for round in 0..3 {
        let server = world.serve(&[]);
        world.agnes(&["user", "add", &format!("beside{round}@example.com")]);
        // An answer is there before its line in the log is.
        until("the command to go through the server", || server.log().contains("/api/users").then_some(()));
        assert_eq!(server.stop(), Some(0));
        world.agnes(&["user", "add", &format!("without{round}@example.com")]);
    }
    assert_eq!(world.json(&["user", "list"]).as_array().unwrap().len(), 6);
}

/// Whoever names a server means that one: a command that quietly did its work here instead would have
/// removed somebody from the wrong registry.
#[test]
fn a_server_that_was_named_is_never_replaced_by_the_data_folder() {
    let world = World::new();
    world.agnes(&["user", "add", ADA]);
    let _beside = world.serve(&[]);
    let away = |args: &[&str]| {
        let mut command = world.agnes_command(args);
        command.env("AGNES_TOKEN", "x").env("AGNES_SERVER", "https://127.0.0.1:9");
        Ran::from(command.output().unwrap())
    };
    for ran in [
        away(&["user", "remove", ADA]),
        away(&["user", "remove", ADA, "--server", "http://127.0.0.1:9"]),
        away(&["doctor"]),
    ] {
        assert_eq!((ran.code, ran.text().as_str()), (Some(1), ""), "{ran:?}");
        assert!(ran.stderr.contains("cannot be reached\nbecause: Connection refused"), "{}", ran.stderr);
        assert!(ran.stderr.contains("was not done here instead"), "{}", ran.stderr);
    }
    assert_eq!(world.json(&["user", "list"]).as_array().unwrap().len(), 1);
    // What is about this machine stays here.
    assert_eq!(away(&["config", "show"]).code, Some(0));
    assert_eq!(away(&["openapi"]).code, Some(0));
    let demo = away(&["demo", "--data-dir", world.path("demo").to_str().unwrap()]);
    assert_eq!(demo.code, Some(0), "{}", demo.stderr);
}

#[test]
fn who_may_not_come_in_from_afar_is_told_what_to_do() {
    let world = World::new();
    for email in [ADMIN, ADA] {
        world.agnes(&["user", "add", email]);
    }
    world.agnes(&["group", "join", "Admin", ADMIN]);
    let token = |email| world.agnes(&["token", "create", "--user", email]).trim().to_owned();
    let (admin, ada) = (token(ADMIN), token(ADA));
    let (cert, key) = certificate(&world);
    let mut serve = world.agnes_command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
    serve.args(["--tls-cert", &cert, "--tls-key", &key]);
    let server = Server::begin(&world, serve);
    let ask = |token: &str, args: &[&str]| {
        let mut command = world.agnes_command(&[&["user", "list", "--server", server.url()], args].concat());
        if !token.is_empty() {
            command.env("AGNES_TOKEN", token);
        }
        let ran = Ran::from(command.output().unwrap());
        assert!(token.is_empty() || !ran.stderr.contains(token), "{}", ran.stderr);
        ran
    };
    let ca = ["--server-ca", cert.as_str()];
    assert_eq!(ask(&admin, &ca).code, Some(0));

    let nobody = ask("", &ca);
    assert_eq!(nobody.code, Some(2));
    assert!(nobody.stderr.contains("there is no access token\nhint: put it into AGNES_TOKEN"), "{nobody:?}");
    let wrong = ask("agnes_pat_wrong", &ca);
    assert_eq!(wrong.code, Some(5));
    assert!(
        wrong.stderr.contains("access token") && wrong.stderr.contains("agnes token create"),
        "{wrong:?}"
    );
    let not_admin = ask(&ada, &ca);
    assert_eq!(not_admin.code, Some(5));
    assert!(not_admin.stderr.contains("needs a member of the group `Admin`"), "{not_admin:?}");
    let odd = ask("a\u{7f}b", &ca);
    assert!(odd.code == Some(1) && odd.stderr.contains("characters in it that no token has"), "{odd:?}");
    // The token is not sent to whoever happens to listen there.
    let strange = ask(&admin, &[]);
    assert_eq!(strange.code, Some(1));
    assert!(strange.stderr.contains("shows a certificate that is not trusted here"), "{strange:?}");
    assert!(strange.stderr.contains("--server-ca FILE"), "{strange:?}");
    for (file, told) in [("none.pem", "cannot be used: No such file"), ("key.pem", "there are none in it")] {
        let ran = ask(&admin, &["--server-ca", world.path(file).to_str().unwrap()]);
        assert!(ran.code == Some(1) && ran.stderr.contains(told), "{ran:?}");
    }

    // The token from a file and from stdin; the command line is stronger than the environment.
    let file = world.path("token");
    fs::write(&file, format!("{admin}\nsecond line\n")).unwrap();
    let from_file = [&ca[..], &["--server-token-file", file.to_str().unwrap()]].concat();
    assert_eq!((ask("", &from_file).code, ask("agnes_pat_wrong", &from_file).code), (Some(0), Some(0)));
    let missing = ask("", &[&ca[..], &["--server-token-file", "/no/such/file"]].concat());
    assert!(missing.code == Some(2) && missing.stderr.contains("cannot be read from `/no/such/file`"));
}

#[test]
fn addresses_that_are_no_agnes() {
    let world = World::new();
    let ask = |url: &str| {
        let mut command = world.agnes_command(&["user", "list", "--server", url]);
        Ran::from(command.env("AGNES_TOKEN", "hunter2").output().unwrap())
    };
    for (url, told) in [
        ("http://agnes.example.com", "would carry your token in the clear"),
        ("https://ada:hunter2@agnes.example.com", "carries a password or token"),
        ("agnes.example.com", "is not a server's address"),
        ("", "is not a server's address"),
    ] {
        let ran = ask(url);
        assert!(ran.code == Some(2) && ran.stderr.contains(told), "{url}: {ran:?}");
        assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
    }
    let page = web::Server::http(|_| Reply::new(200, "text/html", "<form>Log in</form>"));
    let ran = ask(&page.url);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("answers, but not as an agnes server does\nbecause: status 200 OK"),
        "{ran:?}"
    );
    assert!(!world.data().exists(), "a data folder was made");
}

/// The server works for whoever asked. When they are gone, so is the work, and the next one need not wait
/// for it.
#[test]
fn interrupting_a_sync_ends_it_on_the_server() {
    let curator = World::new();
    curator.upstream("up").plugins(&["alpha"]).commit("Publish");
    let root = curator.path("upstreams");
    let hangs = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&hangs);
    let upstream = web::Server::https(move |request| {
        if says.load(Ordering::Relaxed) {
            let mut reply = Reply::new(200, "text/plain", "");
            reply.hang = true;
            return reply;
        }
        http_backend(&root, request)
    });
    for way in [Way::Socket, Way::Https] {
        hangs.store(true, Ordering::Relaxed);
        let door = Door::open(way, &upstream);
        let url = format!("{}/up/.git", upstream.url);
        assert_eq!(door.run(&["marketplace", "add", &url, "--slug", "up"]).code, Some(0));
        let asked = upstream.seen().len();
        let mut sync = door.command(&["marketplace", "sync"]).spawn().unwrap();
        until("the upstream to be asked", || (upstream.seen().len() > asked).then_some(()));
        signal(sync.id(), "INT");
        assert!(!sync.wait().unwrap().success());
        let server = door.server.as_ref().unwrap();
        server.logged("cut off");
        hangs.store(false, Ordering::Relaxed);
        let began = std::time::Instant::now();
        let again = door.run(&["marketplace", "sync"]);
        assert!(again.code == Some(0) && again.text().contains("now at"), "{way:?}: {again:?}");
        assert!(began.elapsed().as_secs() < 15, "{way:?}: it waited for the one that nobody wanted");
    }
}

/// A tool that is to be written against the API need not have a token to read what it is like.
#[test]
fn the_description_of_the_api_is_there_for_everybody_and_nothing_else_is() {
    let world = World::new();
    let server = world.serve(&[]);
    let answer = server.get("/api/openapi.json", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.text(), world.agnes(&["openapi"]));
    let document = answer.json();
    for (path, operations) in document["paths"].as_object().unwrap() {
        if path == "/api/openapi.json" || !path.starts_with("/api/") {
            continue;
        }
        for method in operations.as_object().unwrap().keys() {
            let answer = server.ask(&method.to_uppercase(), &path.replace(['{', '}'], ""), &[], b"");
            assert_eq!(answer.status, 401, "{method} {path}");
        }
    }
    assert_eq!(server.ask("POST", "/api/openapi.json", &[], b"").status, 405);
    assert_eq!(server.get("/api/openapi.json?x=1", &[]).status, 400);
}
