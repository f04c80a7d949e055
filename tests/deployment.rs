//! What `examples/` has for operators to copy: the settings in it exist, the commands in it run, and the
//! programs that it is for take it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::server::{Server, until};
use crate::support::{ADA, Ran, World, find, have, unzipped};

const AGNES: &str = env!("CARGO_BIN_EXE_agnes");
const INSTALLED: &str = "/usr/local/bin/agnes";

fn example(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(path)).unwrap()
}

/// Values of `key=` in a unit.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// A command line of an example as it can be run here: this agnes, and any port.
fn here(line: &str) -> Vec<String> {
    let mut words = line.split_whitespace();
    assert_eq!(words.next(), Some(INSTALLED), "{line}");
    words
        .map(|word| word.replace("0.0.0.0:8080", "127.0.0.1:0").replace("127.0.0.1:8080", "127.0.0.1:0"))
        .collect()
}

fn serve(world: &World, words: &[String], environment: &[(&str, &str)]) -> Server {
    assert_eq!(words[0], "serve");
    let words: Vec<&str> =
        ["serve", "--json"].into_iter().chain(words[1..].iter().map(String::as_str)).collect();
    let mut command = world.agnes_command(&words);
    command.envs(environment.iter().copied());
    Server::begin(world, command)
}

#[test]
fn the_units_of_systemd_start_what_they_say() {
    let service = example("systemd/agnes.service");
    let [line] = values(&service, "ExecStart")[..] else { panic!("one command") };
    let world = World::with_people();
    let server = serve(&world, &here(line), &[]);
    assert_eq!(server.get("/readyz", &[]).status, 200);
    // Behind the proxy that it names, the log has the client's own address, in the format that it names.
    server.get("/healthz", &[("x-forwarded-for", "203.0.113.9")]);
    let log = server.logged("203.0.113.9");
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");

    // The timer's command, beside it and without it.
    let sync = example("systemd/agnes-sync.service");
    let [line] = values(&sync, "ExecStart")[..] else { panic!("one command") };
    let words = here(line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(world.agnes(&words), "");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(world.agnes(&words), "");

    // Both speak of the same folder, which systemd makes.
    for unit in [&service, &sync] {
        assert_eq!(values(unit, "Environment"), ["AGNES_DATA_DIR=/var/lib/agnes"]);
        assert_eq!(values(unit, "User"), ["agnes"]);
    }
    assert_eq!(values(&service, "StateDirectory"), ["agnes"]);
    // A shell has no such variable, and would find an empty registry in somebody's home.
    let pages = [
        service.clone(),
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating.md")).unwrap(),
    ];
    for page in &pages {
        let told: Vec<_> = page.match_indices("sudo -u agnes agnes").map(|(at, _)| &page[at..]).collect();
        assert!(!told.is_empty());
        assert!(told.iter().all(|line| line.starts_with("sudo -u agnes agnes --data-dir /var/lib/agnes ")));
    }
    // It has longer to stop than transfers have to end.
    let drain = world.json(&["config", "show"]);
    let drain = drain.as_array().unwrap().iter().find(|one| one["key"] == "serve.drain").unwrap();
    let stop: i64 = values(&service, "TimeoutStopSec")[0].parse().unwrap();
    assert!(stop > drain["value"].as_i64().unwrap());
}

#[test]
fn systemd_takes_the_units() {
    let Some(analyze) = find("systemd-analyze", "systemd_takes_the_units") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for name in ["agnes.service", "agnes-sync.service", "agnes-sync.timer"] {
        let path = folder.path().join(name);
        // It looks whether the program is there.
        fs::write(&path, example(&format!("systemd/{name}")).replace(INSTALLED, AGNES)).unwrap();
        units.push(path);
    }
    let ran = Ran::from(Command::new(analyze).args(["verify", "--man=no"]).args(&units).output().unwrap());
    let about_ours: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("agnes")).collect();
    assert!(ran.code == Some(0) && about_ours.is_empty(), "{ran:?}");
}

/// The strings of a JSON array at the end of such a line.
fn array(dockerfile: &str, beginning: &str) -> Vec<String> {
    let line = dockerfile.lines().find(|line| line.starts_with(beginning)).unwrap();
    serde_json::from_str(&line[line.find('[').unwrap()..]).unwrap()
}

#[test]
fn the_image_starts_a_server_and_asks_how_it_is() {
    let text = example("Dockerfile");
    assert_eq!(array(&text, "ENTRYPOINT"), [INSTALLED]);
    let command = [vec![INSTALLED.to_owned()], array(&text, "CMD")].concat().join(" ");
    let world = World::new();
    let server = serve(&world, &here(&command), &[]);
    assert_eq!(server.get("/healthz", &[]).status, 200);
    let words = here(&array(&text, "HEALTHCHECK").join(" "));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    world.agnes(&words);
    // It asks the server, and not the data folder: that one it would find locked.
    server.logged("\"path\":\"/api/groups\"");
    // What is declared is where the data is.
    let home = text.lines().find_map(|line| line.strip_prefix("ENV AGNES_DATA_DIR=")).unwrap();
    assert!(text.contains(&format!("VOLUME {home}\n")) && text.contains(&format!("/data {home}\n")));
    assert!(text.contains("EXPOSE 8080") && command.contains(":8080"));
}

/// Names of variables in a text that begin so.
fn variables(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c| !is_name(c)).filter(|word| word.starts_with("AGNES_")).collect()
}

#[test]
fn every_setting_that_an_example_names_exists() {
    let world = World::new();
    let shown = world.json(&["config", "show"]);
    let mut known: BTreeSet<String> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("AGNES_{}", one["key"].as_str().unwrap().to_uppercase().replace('.', "_")))
        .collect();
    // These have no default, so they are not shown.
    for optional in ["TLS_CERT", "TLS_KEY", "PUBLIC_URL"] {
        known.insert(format!("AGNES_SERVE_{optional}"));
    }
    for path in [
        "crontab",
        "Dockerfile",
        "systemd/agnes.service",
        "systemd/agnes-sync.service",
        "kubernetes/sync-all.yaml",
    ] {
        let text = example(path);
        for name in variables(&text) {
            assert!(known.contains(name), "examples/{path} names `{name}`, which is no setting");
        }
    }
    let service = example("systemd/agnes.service");
    assert!(service.contains("SCHEDULER_API_TOKEN=…"));
    let mut command = world.agnes_command(&["config", "show", "--json"]);
    let ran = Ran::from(command.env("AGNES_SERVE_PUBLIC_URL", "https://agnes.example.com").output().unwrap());
    assert!(ran.text().contains("environment"), "{ran:?}");
}

#[test]
fn the_commands_of_the_crontab_run() {
    // One about which there is nothing to say.
    let (world, _upstream) = World::with_tools();
    world.user(ADA, &["tools/*"]);
    world.agnes(&["group", "join", "Admin", ADA]);
    let mut ran = 0;
    for line in example("crontab").lines() {
        let Some((when, command)) = line.split_once("  agnes ") else { continue };
        assert_eq!(when.split_whitespace().count(), 5, "{line}");
        assert_eq!(world.agnes(&command.split_whitespace().collect::<Vec<_>>()), "", "cron would mail that");
        ran += 1;
    }
    assert_eq!(ran, 2);
}

/// The script below `args: - |`, without its indentation.
fn script(yaml: &str) -> String {
    let mut lines = yaml.lines().skip_while(|line| line.trim() != "- |").skip(1).peekable();
    let indent = lines.peek().unwrap().len() - lines.peek().unwrap().trim_start().len();
    let lines = lines.take_while(|line| line.trim().is_empty() || line.starts_with(&" ".repeat(indent)));
    lines.flat_map(|line| [line.get(indent..).unwrap_or_default(), "\n"]).collect()
}

#[test]
fn the_cronjob_syncs_and_fails_when_a_marketplace_does() {
    if !have(["curl"], "the_cronjob_syncs_and_fails_when_a_marketplace_does") {
        return;
    }
    let (world, upstream) = World::with_tools();
    let yaml = example("kubernetes/sync-all.yaml");
    assert!(yaml.contains("command: [\"sh\", \"-euc\"]"));
    let script = script(&yaml);
    let token = "a-long-secret-that-cron-has";
    let words = ["serve", "--listen", "127.0.0.1:0"].map(ToOwned::to_owned);
    let server = serve(&world, &words, &[("SCHEDULER_API_TOKEN", token)]);
    let run = |token: &str| {
        let mut command = world.command("sh");
        command.args(["-euc", &script]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        Ran::from(command.env("AGNES", server.url()).env("TOKEN", token).output().unwrap())
    };
    let ran = run(token);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(serde_json::from_str::<Value>(&ran.text()).unwrap()["synced"][0]["id"], "tools");
    upstream.plugins(&["x", "y"]).commit("Another");
    run(token);
    assert_eq!(world.json(&["plugin", "list"]).as_array().unwrap().len(), 2);

    // One that fails, and one that is let in no more.
    fs::rename(upstream.folder(), world.path("away")).unwrap();
    let ran = run(token);
    assert!(ran.code == Some(6) && ran.text().contains("\"error\":"), "{ran:?}");
    let ran = run("another");
    assert!(ran.code.is_some_and(|code| code != 0 && code != 6), "{ran:?}");
    assert!(ran.stderr.contains("401") && !ran.stderr.contains(token), "{ran:?}");
    // The token is never in an argument: the script names its variable in printf, which the shell itself is.
    assert!(script.contains("printf") && !script.contains("--header \"Auth"), "{script}");
}

/// nginx with `examples/nginx.conf`, on a unix socket instead of port 443. It ends with the test.
struct Nginx {
    program: PathBuf,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Nginx {
    fn new(program: PathBuf, backend: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["agnes.example.com".to_owned()]).unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("fullchain.pem"), made.cert.pem()).unwrap();
        fs::write(path("privkey.pem"), made.signing_key.serialize_pem()).unwrap();
        let conf = example("nginx.conf");
        for needed in ["listen 443 ssl;", "listen [::]:443 ssl;", "/etc/ssl/agnes/", "http://127.0.0.1:8080"]
        {
            assert!(conf.contains(needed), "examples/nginx.conf has no `{needed}`");
        }
        let site = conf
            .replace("listen 443 ssl;", &format!("listen unix:{} ssl;", path("socket")))
            .replace("listen [::]:443 ssl;", "")
            .replace("/etc/ssl/agnes", &folder.path().display().to_string())
            .replace("http://127.0.0.1:8080", backend);
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};\n", path(kind)))
            .concat();
        let whole = format!(
            "daemon off; master_process off; pid {};\nerror_log {} info;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{site}}}\n",
            path("pid"),
            path("error.log")
        );
        fs::write(path("nginx.conf"), whole).unwrap();
        Self { program, folder, child: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-p").arg(self.folder.path()).arg("-e").arg(self.path("error.log"));
        command.arg("-c").arg(self.path("nginx.conf"));
        command
    }

    fn begin(&mut self) {
        self.child = Some(self.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        until("nginx", || std::os::unix::net::UnixStream::connect(self.path("socket")).ok());
    }

    /// What curl gets through it: everything with the headers.
    fn get(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        fs::write(self.path("headers"), headers).unwrap();
        let output = Command::new("curl")
            .args(["-sS", "--max-time", "20", "-H"])
            .arg(format!("@{}", self.path("headers").display()))
            .arg("--cacert")
            .arg(self.path("fullchain.pem"))
            .arg("--unix-socket")
            .arg(self.path("socket"))
            .arg("-D")
            .arg(self.path("head"))
            .arg(format!("https://agnes.example.com{path}"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (fs::read_to_string(self.path("head")).unwrap().to_lowercase(), output.stdout)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn nginx_takes_its_example_and_passes_on_what_matters() {
    let test = "nginx_takes_its_example_and_passes_on_what_matters";
    let (Some(program), Some(_)) = (find("nginx", test), find("curl", test)) else { return };
    let world = World::with_people();
    let token = world.bearer(ADA);
    let server = serve(&world, &here(values(&example("systemd/agnes.service"), "ExecStart")[0]), &[]);
    let mut nginx = Nginx::new(program, server.url());
    let checked = Ran::from(nginx.command().arg("-t").output().unwrap());
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert!(!checked.stderr.contains("[warn]"), "{}", checked.stderr);
    nginx.begin();

    let direct = server.get("/marketplace.zip", &[("authorization", &token)]);
    let tag = direct.header("etag").unwrap().to_owned();
    let accept = "accept-encoding: gzip, br";
    let (head, body) = nginx.get("/marketplace.zip", &format!("authorization: {token}\n{accept}\n"));
    assert!(head.contains(" 200") && head.contains(&format!("etag: {tag}")), "{head}");
    assert!(!head.contains("content-encoding"), "{head}");
    assert_eq!(body, direct.body);
    unzipped(&body);
    let (head, body) =
        nginx.get("/marketplace.zip", &format!("authorization: {token}\nif-none-match: {tag}\n"));
    assert!(head.contains(" 304") && body.is_empty(), "{head}");
    let (head, _) = nginx.get("/marketplace/info", "");
    assert!(head.contains(" 401") && head.contains("www-authenticate: basic"), "{head}");
    // The catalog leads back to the proxy, by https, and not to where a client says that it asked.
    let made_up = "x-forwarded-host: evil.example\nx-forwarded-proto: http\nforwarded: host=evil.example\n";
    let (head, body) = nginx.get("/marketplace.json", &format!("authorization: {token}\n{made_up}"));
    let body = String::from_utf8(body).unwrap();
    assert!(head.contains(" 200") && !body.contains("evil.example"), "{head}{body}");
    assert!(body.contains("@agnes.example.com/marketplace.git") && body.contains("\"https://x:"), "{body}");
    // Whoever makes up where they come from is not believed, since the proxy says it anew. (Over a unix
    // socket nginx itself has no address to say.)
    nginx.get("/healthz", "x-forwarded-for: 198.51.100.77\n");
    // What is close by may see the metrics; who comes through the proxy is not close by.
    let (head, _) = nginx.get("/metrics", "");
    assert!(!server.log().contains("198.51.100.77"), "{}", server.log());
    assert!(head.contains(" 401"), "{head}");
}
