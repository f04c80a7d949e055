//! Stories of people who are after a token, and how each of them ends.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::support::good::harmless;
use crate::support::terminal::{hidden, in_terminal};
use crate::support::web::{Reply, Request, Server, http_backend};
use crate::support::{Ran, World, have};

const TOKEN: &str = "tok3n-that-nobody-may-see";
/// `x-access-token:` and the token in base64, as git sends them.
const LOGIN: &str = "Basic eC1hY2Nlc3MtdG9rZW46dG9rM24tdGhhdC1ub2JvZHktbWF5LXNlZQ==";
const VARIABLE: &str = "AGNES_MARKETPLACE_PRIVATE_TOKEN";

/// A private upstream behind https, and a world that trusts its certificate.
struct Private {
    world: World,
    server: Server,
    /// What the server answers to everybody, or 200: what git's own does to those who have the token.
    status: Arc<AtomicU16>,
}

/// What every run has to keep: it ends so, and does not say the token.
#[track_caller]
fn finished(code: i32, args: &[&str], ran: Ran) -> Ran {
    assert_eq!(ran.code, Some(code), "agnes {args:?}: {}\n{}", ran.text(), ran.stderr);
    says_nothing(ran.stdout.as_slice(), &format!("stdout of {args:?}"));
    says_nothing(ran.stderr.as_bytes(), &format!("stderr of {args:?}"));
    ran
}

impl Private {
    fn new() -> Self {
        let world = World::new();
        world.upstream("up").plugins(&["alpha", "beta"]).commit("Publish");
        let root = world.path("upstreams");
        let status = Arc::new(AtomicU16::new(200));
        let says = Arc::clone(&status);
        let server = Server::https(move |request| match says.load(Ordering::Relaxed) {
            200 if request.header("authorization") == Some(LOGIN) => http_backend(&root, request),
            200 => Reply::new(401, "text/plain", "who are you?"),
            0 => {
                let mut reply = Reply::new(200, "text/plain", "");
                reply.hang = true;
                reply
            }
            // An error page that repeats what it was sent, as debugging servers do.
            status => Reply::new(status, request.header("authorization").unwrap_or("none"), TOKEN),
        });
        fs::write(world.path("ca.pem"), fs::read(&server.ca).unwrap()).unwrap();
        Self { world, server, status }
    }

    fn url(&self) -> String {
        format!("{}/up/.git", self.server.url)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.agnes_command(args);
        command.env("AGNES_SYNC_CA_BUNDLE", self.world.path("ca.pem"));
        command
    }

    /// Runs `agnes`, which has to end so, and never says the token.
    #[track_caller]
    fn run(&self, code: i32, args: &[&str]) -> Ran {
        finished(code, args, self.command(args).output().unwrap().into())
    }

    #[track_caller]
    fn fed(&self, code: i32, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        finished(code, args, child.wait_with_output().unwrap().into())
    }

    /// Registers it as `private`, with the token from stdin.
    fn add(&self) {
        let url = self.url();
        self.fed(
            0,
            &["marketplace", "add", &url, "--slug", "private", "--token-stdin"],
            &format!("{TOKEN}\n"),
        );
    }

    fn overlay(&self) -> String {
        fs::read_to_string(self.world.data().join("state/.env_overlay")).unwrap()
    }

    /// No byte of the token is in the data folder, but for the one line of the one file.
    #[track_caller]
    fn is_nowhere_else(&self) {
        let overlay = self.world.data().join("state/.env_overlay");
        let mut folders = vec![self.world.home().to_owned()];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if path != overlay {
                    seen += 1;
                    says_nothing(&fs::read(&path).unwrap(), &path.display().to_string());
                }
            }
        }
        assert!(seen > 3);
    }
}

#[track_caller]
fn says_nothing(bytes: &[u8], where_: &str) {
    for secret in [TOKEN, "eC1hY2Nlc3MtdG9rZW46", "dG9rM24tdGhhd"] {
        assert!(!contains(bytes, secret.as_bytes()), "the token is in {where_}");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Ended with the test, whatever becomes of that.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Somebody gets hold of everything that Agnes ever wrote or said, except for the one file that holds
/// the tokens: backups of the database, the caches, the logs of cron, screenshots of a terminal. There is
/// no token in any of it.
#[test]
fn whoever_reads_everything_but_the_overlay_learns_nothing() {
    let private = Private::new();
    private.add();
    private.run(0, &["marketplace", "sync"]);
    assert_eq!(private.overlay(), format!("{VARIABLE}={TOKEN}\n"));
    let mode =
        |name: &str| fs::metadata(private.world.data().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("state/.env_overlay"), mode("state")), (0o600, 0o700));

    private.run(0, &["user", "add", "ada@example.com"]);
    private.run(0, &["grant", "Everyone", "private/*"]);
    for args in [
        &["marketplace", "list"][..],
        &["marketplace", "show", "private"],
        &["plugin", "list"],
        &["plugin", "show", "private/alpha"],
        &["grants"],
        &["audit"],
        &["doctor"],
        &["config", "show"],
        &["info", "--user", "ada@example.com"],
        &["build-zip", "--user", "ada@example.com", "-o", "b.zip"],
        &["marketplace", "sync"],
        &["marketplace", "edit", "private", "--name", "Private things"],
    ] {
        private.run(0, args);
        private.run(0, &[args, &["--json"]].concat());
    }
    private.is_nowhere_else();

    // Failures are where secrets get out: of the server's answer, out of headers, out of URLs.
    for status in [400, 401, 403, 404, 500, 418, 203] {
        private.status.store(status, Ordering::Relaxed);
        let ran = private.run(6, &["marketplace", "sync"]);
        harmless(&ran.stderr);
        private.run(6, &["marketplace", "sync", "--json"]);
        private.run(8, &["doctor"]);
        private.run(0, &["marketplace", "show", "private", "--json"]);
    }
    private.is_nowhere_else();
    private.status.store(200, Ordering::Relaxed);
    private.run(0, &["marketplace", "sync"]);
    assert!(
        private
            .server
            .seen()
            .iter()
            .all(|request| request.header("authorization").is_none_or(|sent| sent == LOGIN))
    );
}

/// Another user of the machine lists the processes, with their arguments, while cron syncs; the same
/// user's other programs read their environments. Meanwhile the database has its log open.
#[test]
fn whoever_watches_a_sync_learns_nothing() {
    let private = Private::new();
    private.add();
    private.status.store(0, Ordering::Relaxed);
    let before = private.server.seen().len();
    let mut command = private.command(&["marketplace", "sync"]);
    let running = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    until("the sync never asked", || private.server.seen().len() > before);
    let asked = private.server.seen().pop().unwrap();
    assert_eq!(asked.header("authorization"), Some(LOGIN), "the token is in use just now");
    for file in ["cmdline", "environ", "comm"] {
        let path = format!("/proc/{}/{file}", running.0.id());
        says_nothing(&fs::read(&path).unwrap(), &path);
    }
    private.is_nowhere_else();
}

/// A token may come from the environment or be typed; either way it ends in the overlay and nowhere else.
#[test]
fn however_a_token_comes_it_goes_to_the_overlay_alone() {
    let private = Private::new();
    let url = private.url();
    let args = ["marketplace", "add", &url, "--slug", "private", "--token-env", "MY_TOKEN"];
    let mut command = private.command(&args);
    let ran = Ran::from(command.env("MY_TOKEN", TOKEN).output().unwrap());
    finished(0, &args, ran);
    assert_eq!(private.overlay(), format!("{VARIABLE}={TOKEN}\n"));
    private.run(0, &["marketplace", "sync"]);
    private.is_nowhere_else();
    private.run(0, &["marketplace", "edit", "private", "--no-token"]);
    assert_eq!(private.overlay(), "");
    private.run(6, &["marketplace", "sync"]);

    // A terminal, on which nothing of what is typed may be seen.
    if !have(["python3"], "however_a_token_comes_it_goes_to_the_overlay_alone") {
        return;
    }
    let args = ["marketplace", "edit", "private", "--token-prompt"];
    let dialogue = [hidden("Token for private:", TOKEN), hidden("", "\r")];
    finished(0, &args, in_terminal(&private.command(&args), &dialogue));
    assert_eq!(private.overlay(), format!("{VARIABLE}={TOKEN}\n"));
    private.is_nowhere_else();
    private.run(0, &["marketplace", "sync"]);
}

/// Somebody leaves, and their marketplace with them. Its token is not kept, and whoever registers the
/// slug anew, with another address, does not inherit it.
#[test]
fn what_is_removed_is_forgotten() {
    let private = Private::new();
    private.add();
    private.run(0, &["marketplace", "remove", "private"]);
    assert_eq!(private.overlay(), "");
    private.is_nowhere_else();

    // A line that something left behind, a restored backup for one.
    let overlay = private.world.data().join("state/.env_overlay");
    fs::write(&overlay, format!("OTHER=kept\n{VARIABLE}={TOKEN}\n")).unwrap();
    let doctor = private.run(0, &["doctor"]);
    assert!(doctor.text().contains(&format!("{VARIABLE} is kept in")), "{}", doctor.text());
    let collector = Server::https(|_| Reply::new(404, "text/plain", ""));
    trust(&private.world, &[&private.server, &collector]);
    private.run(0, &["marketplace", "add", &format!("{}/x", collector.url), "--slug", "private"]);
    assert_eq!(private.overlay(), "OTHER=kept\n");
    private.run(6, &["marketplace", "sync"]);
    got_nothing(&collector);
}

/// An administrator is talked into "our git server moved": the address is changed, and the next sync
/// would hand the token to whoever sits there.
#[test]
fn a_token_does_not_move_to_another_host_with_the_address() {
    let private = Private::new();
    private.add();
    let collector = Server::https(|_| Reply::new(404, "text/plain", ""));
    trust(&private.world, &[&private.server, &collector]);
    let (here, there) = (host(&private.server), host(&collector));
    let url = format!("{}/x", collector.url);
    let ran = private.run(4, &["marketplace", "edit", "private", "--url", &url]);
    assert_eq!(
        ran.stderr,
        format!(
            "error: the stored token is for `{here}`, and would be sent to `{there}`\n\
             hint: agnes marketplace edit private --url {url} --token-prompt (or --no-token)\n"
        )
    );
    private.run(0, &["marketplace", "sync"]);
    got_nothing(&collector);

    // With its own token it may move; the old one is not kept.
    private.fed(0, &["marketplace", "edit", "private", "--url", &url, "--token-stdin"], "another-token\n");
    assert_eq!(private.overlay(), format!("{VARIABLE}=another-token\n"));
    private.run(6, &["marketplace", "sync"]);
    let sent = collector.seen().pop().unwrap().header("authorization").unwrap().to_owned();
    assert_eq!(sent, "Basic eC1hY2Nlc3MtdG9rZW46YW5vdGhlci10b2tlbg==", "the new token, and no other");
    // And without one.
    private.run(0, &["marketplace", "edit", "private", "--url", &private.url(), "--no-token"]);
    assert_eq!(private.overlay(), "");
}

/// The upstream's host is taken over and redirects to a server that collects what it is sent. It gets
/// the question, and not the token.
#[test]
fn a_redirect_to_another_host_gets_no_token() {
    let world = World::new();
    world.upstream("up").plugins(&["alpha"]).commit("Publish");
    let root = world.path("upstreams");
    let collector = Server::https(move |request| http_backend(&root, request));
    let to = collector.url.clone();
    let front = Server::https(move |request| Reply::redirect(302, &format!("{to}{}", request.target)));
    let private = Private { world, server: front, status: Arc::default() };
    // Both certificates are trusted: nothing but our own rule keeps the token back.
    trust(&private.world, &[&private.server, &collector]);
    private.add();
    private.run(0, &["marketplace", "sync"]);
    assert!(private.server.seen().iter().all(|request| request.header("authorization") == Some(LOGIN)));
    assert!(collector.seen().len() >= 2);
    got_nothing(&collector);
}

/// Whoever shares the café's network reads along what goes over plain http.
#[test]
fn a_token_is_not_sent_over_plain_http() {
    let world = World::new();
    world.upstream("up").plugins(&["alpha"]).commit("Publish");
    let root = world.path("upstreams");
    let server = Server::http(move |request| http_backend(&root, request));
    let private = Private { world, server, status: Arc::default() };
    fs::write(private.world.path("ca.pem"), "").unwrap();
    private.add();
    let ran = private.run(6, &["marketplace", "sync"]);
    assert!(ran.stderr.contains("a token is sent over https only, and `http://localhost:"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("hint: register it as https://…, or: agnes marketplace edit private --no-token"),
        "{}",
        ran.stderr
    );
    assert!(private.server.seen().is_empty());

    // An https front that redirects to http gets the token itself, and the rest is not followed.
    let plain = private.server.url.clone();
    let front = Server::https(move |request| Reply::redirect(302, &format!("{plain}{}", request.target)));
    trust(&private.world, &[&front]);
    private.fed(
        0,
        &["marketplace", "edit", "private", "--url", &format!("{}/up/.git", front.url), "--token-stdin"],
        &format!("{TOKEN}\n"),
    );
    let ran = private.run(6, &["marketplace", "sync"]);
    assert!(ran.stderr.contains("which is not followed: it leaves https"), "{}", ran.stderr);
    assert!(private.server.seen().is_empty());
}

#[track_caller]
fn got_nothing(server: &Server) {
    for request in server.seen() {
        let Request { headers, target, body, .. } = &request;
        says_nothing(format!("{headers:?} {target}").as_bytes(), "a request");
        says_nothing(body, "a request's body");
    }
}

fn host(server: &Server) -> &str {
    server.url.split_once("://").unwrap().1
}

fn trust(world: &World, servers: &[&Server]) {
    let read = |path: &Path| fs::read(path).unwrap();
    let pem: Vec<u8> = servers.iter().flat_map(|server| read(&server.ca)).collect();
    fs::write(world.path("ca.pem"), pem).unwrap();
}
