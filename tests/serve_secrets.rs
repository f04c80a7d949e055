//! Everything that a server was ever told in confidence, and everything that it and its clients ever wrote,
//! said or showed: none of the one is in any of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::onlooker::watched;
use crate::support::server::{Answer, Server, argument};
use crate::support::web::{self, Reply, http_backend};
use crate::support::{ADA, Ran, World};

const ADMIN: &str = "admin@example.com";
const SCHEDULER: &str = "the-schedulers-own-Kz8fQ2mVx7";
const UPSTREAM: &str = "upstreams-Pq4wZt9LbN1c";
const ROTATED: &str = "rotated-Hs6yRk3DgW8e";
/// One that nobody made: the checksum is wrong.
const MALFORMED: &str = "agnes_pat_M4lf0rmedM4lf0rmedM4lf0rmedM4lf0rmedM4lf0rmedX";

/// What must not be found, and under what name it is told if it is.
#[derive(Default)]
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, name: &str, secret: &str) {
        // A third of it is as bad as all of it, but what all tokens begin with is no secret.
        let text = secret.strip_prefix("agnes_pat_").unwrap_or(secret);
        let piece = text.len().div_ceil(3).max(10);
        for (i, part) in text.as_bytes().chunks(piece).filter(|part| part.len() >= 6).enumerate() {
            self.0.push((format!("{name}, part {i}"), part.to_vec()));
        }
        for login in [format!("x:{secret}"), format!("x-access-token:{secret}")] {
            // Its beginning and end depend on what is around it.
            let coded = base64(&login);
            let from = coded.len() - text.len();
            self.0.push((format!("{name} in base64"), coded.as_bytes()[from..coded.len() - 4].to_vec()));
        }
    }

    /// Names of those that are in there.
    fn found(&self, bytes: &[u8]) -> Vec<&str> {
        // Looked for all at once, by the first two bytes: logs are long.
        let mut by_beginning: BTreeMap<[u8; 2], Vec<&(String, Vec<u8>)>> = BTreeMap::new();
        let mut begins = vec![false; 1 << 16];
        for secret in &self.0 {
            let two = [secret.1[0], secret.1[1]];
            by_beginning.entry(two).or_default().push(secret);
            begins[usize::from(u16::from_be_bytes(two))] = true;
        }
        let mut found = BTreeSet::new();
        for (at, two) in bytes.windows(2).enumerate() {
            let two = [two[0], two[1]];
            if begins[usize::from(u16::from_be_bytes(two))] {
                let here = by_beginning[&two].iter().filter(|(_, part)| bytes[at..].starts_with(part));
                found.extend(here.map(|(name, _)| name.as_str()));
            }
        }
        found.into_iter().collect()
    }

    #[track_caller]
    fn absent(&self, bytes: &[u8], place: &str) {
        let found = self.found(bytes);
        assert!(found.is_empty(), "{found:?} in {place}:\n{}", String::from_utf8_lossy(bytes));
    }

    /// In the files below a folder, but for the one that is there to keep them.
    #[track_caller]
    fn absent_below(&self, folder: &Path) {
        let mut seen = 0;
        for path in below(folder) {
            let kind = fs::symlink_metadata(&path).unwrap();
            // Kept by the test itself, or for the tokens of upstreams.
            let name = path.file_name().unwrap();
            if kind.is_file() && name != ".env_overlay" && !path.ends_with("given") {
                self.absent(&fs::read(&path).unwrap(), &path.display().to_string());
                seen += 1;
            }
        }
        assert!(seen > 5);
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(below(&path)) } else { found.push(path) }
    }
    found
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let number = three.iter().chain([0; 2].iter()).take(3).fold(0, |sum, b| sum << 8 | usize::from(*b));
        for i in 0..4 {
            let digit = if i > three.len() { b'=' } else { DIGITS[number >> (18 - 6 * i) & 63] };
            out.push(char::from(digit));
        }
    }
    out
}

/// A world with a private upstream behind https.
struct Scene {
    world: World,
    upstream: web::Server,
    secrets: Secrets,
    tokens: BTreeMap<&'static str, String>,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        world.upstream("up").plugins(&["alpha"]).commit("Publish");
        let root = world.path("upstreams");
        let logins =
            [UPSTREAM, ROTATED].map(|token| format!("Basic {}", base64(&format!("x-access-token:{token}"))));
        let upstream = web::Server::https(move |request| {
            let sent = request.header("authorization").unwrap_or_default();
            if logins.iter().any(|login| login == sent) {
                return http_backend(&root, request);
            }
            // It repeats what it was sent, as debugging servers do.
            Reply::new(401, "text/plain", format!("who are you, {sent}? {UPSTREAM} {ROTATED}"))
        });
        let mut secrets = Secrets::default();
        for (name, secret) in [
            ("the scheduler's", SCHEDULER),
            ("the upstream's", UPSTREAM),
            ("the upstream's second", ROTATED),
            ("a malformed one", MALFORMED),
        ] {
            secrets.add(name, secret);
        }
        Self { world, upstream, secrets, tokens: BTreeMap::new() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.agnes_command(args);
        command
            .env("AGNES_SYNC_CA_BUNDLE", &self.upstream.ca)
            .env("AGNES_SYNC_ALLOW_NETWORKS", "127.0.0.0/8 ::1")
            .env("SCHEDULER_API_TOKEN", SCHEDULER);
        command
    }

    /// Runs `agnes` as an administrator from afar, and gives what it said.
    fn afar(&self, server: &Server, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.env("AGNES_SERVER", server.url()).env("AGNES_TOKEN", &self.tokens["admin"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Makes a token, which nobody but the one who asked for it may see.
    fn token(&mut self, name: &'static str, args: &[&str]) {
        let made = self.command(&[&["token", "create", "--quiet"], args].concat()).output().unwrap();
        let made = Ran::from(made);
        assert_eq!((made.code, made.stderr.as_str()), (Some(0), ""));
        self.secrets.add(name, made.text().trim());
        self.tokens.insert(name, made.text().trim().to_owned());
    }

    /// Everybody's tokens, everywhere where one may be put. Which answers there were.
    fn everywhere(&self, server: &Server) -> Vec<(String, Answer)> {
        let mut heard = Vec::new();
        let tokens = self.tokens.iter().map(|(name, token)| (*name, token.as_str()));
        for (name, token) in tokens.chain([("malformed", MALFORMED), ("scheduler", SCHEDULER)]) {
            heard.extend(catalogs(server, name, token));
            let mut ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
                let answer = server.ask(method, path, headers, body.as_bytes());
                heard.push((format!("{name}: {method} {path}"), answer));
                let answer = server.ask_socket(method, path, headers, body.as_bytes());
                heard.push((format!("{name}: {method} {path} as the operator"), answer));
            };
            let (bearer, basic) =
                (format!("Bearer {token}"), format!("Basic {}", base64(&format!("x:{token}"))));
            let (backwards, half) =
                (format!("Basic {}", base64(&format!("{token}:x"))), &token[..token.len() / 2]);
            for value in
                [&bearer, &basic, &backwards, token, &format!("Token {token}"), &format!("Bearer {half}")]
            {
                for path in ["/api/users", "/marketplace.zip", "/marketplace/info", "/api/tokens", "/metrics"]
                {
                    ask("GET", path, &[("authorization", value)], "");
                }
            }
            for header in [
                "x-token",
                "x-api-key",
                "cookie",
                "x-forwarded-for",
                "x-request-id",
                "user-agent",
                "if-none-match",
                "accept",
            ] {
                ask("GET", "/api/users", &[(header, token)], "");
                ask("GET", "/marketplace/info", &[("authorization", &bearer), (header, token)], "");
            }
            // Where a name belongs it would be one; only ours can be told from names.
            if !token.starts_with("agnes_pat_") {
                continue;
            }
            let admin = format!("Bearer {}", self.tokens["admin"]);
            let as_admin = [("authorization", admin.as_str())];
            for path in [
                format!("/{token}"),
                format!("/marketplace.zip?token={token}"),
                format!("/api/users?{token}"),
                format!("/api/users?{token}=1"),
                format!("/api/users/{token}"),
                format!("/api/groups/{token}"),
                format!("/api/marketplaces/{token}/plugins/{token}"),
                format!("/api/grants?group={token}"),
                format!("/api/audit?actor={token}"),
                format!("/api/tokens?user={token}"),
                format!("/api/{token}/x"),
            ] {
                ask("GET", &path, &as_admin, "");
                ask("DELETE", &path, &as_admin, "");
            }
            for (path, body) in [
                ("/api/users", json!({"email": token})),
                ("/api/users", json!({"email": "x@example.com", token: 1})),
                ("/api/groups", json!({"name": token})),
                ("/api/tokens", json!({"user": token})),
                ("/api/tokens", json!({"user": ADA, "name": token})),
                ("/api/tokens", json!({"user": ADA, "expires": token})),
                ("/api/grants", json!({"group": token, "resources": ["up/*"]})),
                ("/api/grants", json!({"group": "Everyone", "resources": [token]})),
                ("/api/groups/Admin/members", json!({"user": token})),
                ("/api/marketplaces", json!({"url": format!("https://x:{token}@git.example/x")})),
                ("/api/marketplaces", json!({"url": format!("https://git.example/x?token={token}")})),
                ("/api/marketplaces", json!({"url": "https://git.example/x", "slug": token})),
                (
                    "/api/marketplaces",
                    json!({"url": "https://git.example/x", "branch": "a", "ref": "b", "token": token}),
                ),
                ("/api/marketplaces", json!({"token": token, "tokn": token})),
                ("/api/marketplaces", json!({"token": {"token": token}})),
                ("/api/marketplaces/sync-all", json!({"only": [token]})),
                ("/api/marketplaces/sync-all", json!(token)),
            ] {
                ask("POST", path, &as_admin, &body.to_string());
            }
            ask("POST", "/api/marketplaces", &as_admin, &format!("{{\"token\": \"{token}"));
            ask(token, "/api/users", &as_admin, "");
        }
        heard
    }
}

/// The one answer that repeats a token, to whom it belongs; what it says is taken out, and all the rest of it
/// counts.
fn catalogs(server: &Server, name: &str, token: &str) -> Vec<(String, Answer)> {
    let mut heard = Vec::new();
    for path in ["/marketplace.json", "/marketplace.git/", "/_git/marketplace.git/"] {
        for login in [format!("x:{token}"), format!("{token}:x"), format!("{token}:{token}")] {
            let basic = format!("Basic {}", base64(&login));
            let mut answer = server.get(path, &[("authorization", &basic)]);
            if answer.status == 200 {
                assert!(answer.json()["plugins"].is_array());
                answer.body.clear();
            }
            heard.push((format!("{name}: GET {path}"), answer));
        }
    }
    heard
}

/// A week in the life of a server that is told to log everything, and afterwards somebody who has its log,
/// its data folder (but for the one file), all answers and all screens, and who looked at the list of
/// processes all the while.
#[test]
fn nothing_secret_is_anywhere_it_could_be_read() {
    let mut scene = Scene::new();
    for email in [ADA, ADMIN] {
        scene.world.agnes(&["user", "add", email]);
    }
    scene.world.agnes(&["group", "join", "Admin", ADMIN]);
    scene.token("admin", &["--user", ADMIN]);
    scene.token("ada", &["--user", ADA, "--name", "laptop"]);
    scene.token("revoked", &["--user", ADA, "--name", "revoked"]);
    let soon = scene.world.command("date").args(["-u", "-d", "+2 seconds", "+%FT%TZ"]).output().unwrap();
    scene.token("expired", &["--user", ADA, "--expires", String::from_utf8_lossy(&soon.stdout).trim()]);
    let mut said = Vec::new();
    let all = |_: &[u8]| true;
    let ((), seen) = watched(&["cmdline"], all, || {
        for format in ["text", "json"] {
            let flags = [
                "serve",
                "--json",
                "--listen",
                "127.0.0.1:0",
                "--log-level",
                "trace",
                "--log-format",
                format,
            ];
            let server = Server::begin(&scene.world, scene.command(&flags));
            live(&mut scene, &server, format == "text", &mut said);
            assert_eq!(server.stop(), Some(0));
        }
    });
    let secrets = &scene.secrets;
    let told: Vec<_> = said
        .iter()
        .map(|(place, bytes)| (place, secrets.found(bytes), String::from_utf8_lossy(bytes)))
        .filter(|(_, found, _)| !found.is_empty())
        .collect();
    assert!(
        told.is_empty(),
        "{} answers have a secret in them: {:#?}",
        told.len(),
        &told[..told.len().min(5)]
    );
    assert!(seen.iter().any(|line| line.windows(9).any(|word| word == b"log-level")), "nobody was seen");
    for arguments in &seen {
        secrets.absent(arguments, "the arguments of a process");
    }
    // The log lies beside the data folder.
    let log = fs::read(scene.world.path("server.log")).unwrap();
    assert!(String::from_utf8_lossy(&log).contains(ADA), "the log says who it was");
    secrets.absent_below(scene.world.home());
    let overlay = fs::read(scene.world.data().join("state/.env_overlay")).unwrap();
    let kept = secrets.found(&overlay);
    assert!(kept.iter().all(|name| name.starts_with("the upstream's second")), "{kept:?} in .env_overlay");
}

fn live(scene: &mut Scene, server: &Server, first: bool, said: &mut Vec<(String, Vec<u8>)>) {
    let admin = format!("Bearer {}", scene.tokens["admin"]);
    let headers = [("authorization", admin.as_str())];
    let mut tell = |place: &str, answer: Answer| {
        let head: String = answer
            .headers
            .iter()
            .flat_map(|(name, value)| [name.as_str(), ": ", value.as_str(), "\n"])
            .collect();
        said.push((place.to_owned(), [head.as_bytes(), &answer.body].concat()));
        answer
    };
    if first {
        let list = server.get("/api/tokens?all=true", &headers).json();
        let id = |name: &str| -> String {
            let one = list.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
            one["id"].as_str().unwrap().to_owned()
        };
        assert_eq!(
            server.ask("DELETE", &format!("/api/tokens/{}", id("revoked")), &headers, b"").status,
            204
        );
        // The upstream's token is set, used, wrong, and set again.
        let new =
            json!({"url": format!("{}/up/.git", scene.upstream.url), "slug": "private", "token": UPSTREAM});
        let made = tell(
            "registering",
            server.ask("POST", "/api/marketplaces", &headers, new.to_string().as_bytes()),
        );
        assert_eq!(made.status, 201, "{}", made.text());
        let mut patch = |what: &str, token: &str| {
            let body = json!({ "token": token }).to_string();
            let path = "/api/marketplaces/private";
            assert_eq!(tell(what, server.ask("PATCH", path, &headers, body.as_bytes())).status, 200);
            let synced = server.ask("POST", &format!("{path}/sync"), &headers, b"");
            tell("a sync", synced).status
        };
        assert_eq!(patch("setting a token", UPSTREAM), 200);
        assert_eq!(patch("setting a wrong one", SCHEDULER), 502);
        assert_eq!(patch("rotating", ROTATED), 200);
    } else {
        // By now it has.
        let headers = [("authorization", format!("Bearer {}", scene.tokens["expired"]))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(server.get("/marketplace/info", &headers).status, 401);
    }
    let cron = [("authorization", format!("Bearer {SCHEDULER}"))];
    let cron = cron.each_ref().map(|(name, value)| (*name, value.as_str()));
    let synced = tell("the scheduler's sync", server.ask("POST", "/api/marketplaces/sync-all", &cron, b""));
    assert_eq!((synced.status, &synced.json()["errors"]), (200, &json!([])));

    for (place, answer) in scene.everywhere(server) {
        let is_new_token = answer.status == 201 && answer.json()["token"] != Value::Null;
        assert!(!is_new_token, "{place}");
        tell(&place, answer);
    }
    for args in [
        &["marketplace", "list"][..],
        &["marketplace", "show", "private"],
        &["marketplace", "sync"],
        &["user", "list"],
        &["group", "list"],
        &["token", "list", "--all"],
        &["grants"],
        &["audit"],
        &["doctor"],
        &["config", "show"],
        &["info", "--user", ADA],
        &["build-zip", "--user", ADA, "-o", "b.zip"],
        &["token", "revoke", scene.tokens["ada"].as_str()],
        &["user", "show", "nobody@example.com"],
    ] {
        // That one has a token in its arguments, which is its user's own doing.
        if args[0] == "token" && args[1] == "revoke" {
            continue;
        }
        for json in [&[][..], &["--json"]] {
            let ran = scene.afar(server, &[args, json].concat(), "");
            let text = [ran.stdout.as_slice(), ran.stderr.as_bytes()].concat();
            said.push((format!("agnes {args:?}"), text));
        }
    }
    let rotate = ["marketplace", "edit", "private", "--token-stdin"];
    let ran = scene.afar(server, &rotate, &format!("{ROTATED}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    said.push(("agnes marketplace edit".into(), [ran.stdout.as_slice(), ran.stderr.as_bytes()].concat()));
    // The one that may say it, and says it on stdout.
    let made = scene.afar(server, &["token", "create", "--user", ADA], "");
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    scene.secrets.add("one made from afar", made.text().trim());
    said.push(("agnes token create".into(), made.stderr.into_bytes()));
    let metrics = server.ask_socket("GET", "/metrics", &[], b"");
    said.push(("the metrics".into(), metrics.body));
    let backup = scene.world.path("given");
    let _ = fs::remove_file(&backup);
    let ran = scene.afar(server, &["backup", "-o", argument(&backup)], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    said.push(("a backup taken from afar".into(), fs::read(&backup).unwrap()));
}
