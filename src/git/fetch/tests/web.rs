//! Fetches over http and https, from git's own server and from worse ones.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::server::{Reply, Request, Server, http_backend};
use crate::domain::access::secret::Secret;
use crate::domain::watch::{Phase, Unwatched, Watch};
use crate::git::fixture::{World, all_bytes};
use crate::git::{FetchError, FetchOptions, Fetched, Pin, Upstream, fetch};

const TOKEN: &str = "tok3n-that-nobody-may-see";
const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";

/// `user:password` in base64, as git sends it.
const LOGIN: &str = "Basic eC1hY2Nlc3MtdG9rZW46dG9rM24tdGhhdC1ub2JvZHktbWF5LXNlZQ==";

fn get(world: &World, server: &Server, path: &str, token: bool) -> Result<Fetched, FetchError> {
    get_with(world, &format!("{}{path}", server.url), token, &trusting(server))
}

fn trusting(server: &Server) -> FetchOptions {
    FetchOptions { ca_bundle: server.ca.exists().then(|| server.ca.clone()), ..FetchOptions::default() }
}

fn get_with(world: &World, url: &str, token: bool, options: &FetchOptions) -> Result<Fetched, FetchError> {
    let token = token.then(|| Secret::new(TOKEN.into()));
    let fetched = fetch(
        &world.repo(),
        &Upstream { url, pin: &Pin::Default, token: token.as_ref() },
        options,
        &Unwatched,
    );
    if let Err(error) = &fetched {
        let said = format!("{error} {error:?}");
        assert!(!said.contains(TOKEN) && !said.contains("eC1hY2"), "{said}");
    }
    fetched
}

/// A server of the world's upstream that wants the token.
fn private(world: &World) -> Server {
    let root = world.folder.path().to_owned();
    Server::https(move |request| {
        if request.header("authorization") == Some(LOGIN) {
            return http_backend(&root, request);
        }
        let mut reply = Reply::new(401, "text/plain", "who are you?");
        reply.headers.push(("WWW-Authenticate".into(), "Basic realm=x".into()));
        reply
    })
}

fn public(world: &World) -> Server {
    let root = world.folder.path().to_owned();
    Server::https(move |request| http_backend(&root, request))
}

#[test]
fn a_private_upstream_is_fetched_with_a_token_that_is_kept_nowhere() {
    let world = World::new();
    let server = private(&world);
    let fetched = get(&world, &server, "/upstream/.git", true).unwrap();
    assert_eq!(fetched.commit, world.id("HEAD"));
    world.fsck();

    let before = server.seen().len();
    assert!(!get(&world, &server, "/upstream/.git", true).unwrap().received);
    let requests: Vec<Request> = server.seen().split_off(before);
    assert_eq!(requests.len(), 2, "nothing new is two requests: capabilities, refs");
    assert!(requests.iter().all(|request| request.header("user-agent") == Some(concat!("agnes/", env!("CARGO_PKG_VERSION")))));

    world.write("a.txt", "new\n");
    let new = world.commit("new");
    assert_eq!(get(&world, &server, "/upstream/.git", true).unwrap().commit, new);
    world.fsck();
    world.same_as_upstream(&new);

    let stored = String::from_utf8_lossy(&all_bytes(&world.repo())).into_owned();
    assert!(!stored.contains(TOKEN) && !stored.contains("eC1hY2") && !stored.contains("localhost"));

    // The same token, as part of the address.
    let url = server.url.replace("https://", &format!("https://x-access-token:{TOKEN}@"));
    let options = trusting(&server);
    assert!(get_with(&world, &format!("{url}/upstream/.git"), false, &options).is_ok());
    let error = get_with(&world, &format!("{url}x/nowhere"), false, &options).unwrap_err();
    assert!(!error.to_string().contains("x-access-token"), "{error}");
}

#[test]
fn without_the_right_token_the_reason_is_told() {
    let world = World::new();
    let server = private(&world);
    let error = get(&world, &server, "/upstream/.git", false).unwrap_err();
    assert_eq!(error, FetchError::Unauthorized { host: "localhost".into(), with_token: false });
    let refuse_all = Server::https(|_| Reply::new(401, "text/plain", ""));
    let error = get(&world, &refuse_all, "/x", true).unwrap_err();
    assert_eq!(error.to_string(), "`localhost` does not accept the token");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let world = World::new();
    let server = private(&world);
    let error = get_with(&world, &format!("{}/upstream/.git", server.url), true, &FetchOptions::default())
        .unwrap_err();
    assert!(
        matches!(&error, FetchError::Unreachable { reason, .. } if reason.contains("certificate")),
        "{error}"
    );
    assert!(server.seen().is_empty());
}

#[test]
fn plain_http_works_without_a_token_and_only_so() {
    let world = World::new();
    let root = world.folder.path().to_owned();
    let server = Server::http(move |request| http_backend(&root, request));
    assert_eq!(get(&world, &server, "/upstream/.git", false).unwrap().commit, world.id("HEAD"));
    let before = server.seen().len();
    assert!(matches!(get(&world, &server, "/upstream/.git", true), Err(FetchError::InsecureToken { .. })));
    assert_eq!(server.seen().len(), before);
}

#[test]
fn answers_that_are_not_git_are_told_apart() {
    let world = World::new();
    let server = Server::https(|request| match request.target.split('/').nth(1) {
        Some("403") => Reply::new(403, "text/plain", ""),
        Some("404") => Reply::new(404, "text/plain", ""),
        Some("500") => Reply::new(500, "text/plain", ""),
        Some("429") => Reply::new(429, "text/plain", ""),
        Some("418") => Reply::new(418, "text/plain", ""),
        Some("html") => Reply::new(200, "text/html; charset=utf-8", "<h1>Sign in</h1>"),
        Some("empty") => Reply::new(200, ADVERTISEMENT, ""),
        Some("noise") => Reply::new(200, ADVERTISEMENT, vec![0xff; 5000]),
        Some("lengths") => Reply::new(200, ADVERTISEMENT, "fffffffffffff0000"),
        _ => Reply::new(200, ADVERTISEMENT, "001e# service=git-upload-pack\n0000000eversion 2\n0000"),
    });
    let answer = |path: &str| get(&world, &server, path, true).unwrap_err();
    assert!(matches!(answer("/403"), FetchError::Forbidden { with_token: true, .. }));
    assert!(matches!(answer("/404"), FetchError::NotFound { .. }));
    assert!(matches!(answer("/500"), FetchError::Unreachable { .. }));
    assert!(matches!(answer("/429"), FetchError::Unreachable { .. }));
    assert!(matches!(answer("/418"), FetchError::Other { .. }));
    let html = answer("/html");
    assert!(matches!(&html, FetchError::NotGit { reason, .. } if reason.contains("text/html")), "{html}");
    for broken in ["/empty", "/noise", "/lengths", "/no-ls-refs"] {
        let error = answer(broken);
        assert!(matches!(&error, FetchError::Other { .. } | FetchError::NotGit { .. }), "{broken}: {error}");
        assert!(!error.to_string().contains("give up"), "{broken}: {error}");
    }
    let nobody = Server::http(|_| Reply::new(200, "", "")).port;
    std::thread::sleep(Duration::from_millis(50));
    let error = get_with(&world, &format!("http://localhost:{nobody}/x"), false, &FetchOptions::default())
        .unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    let error = get_with(&world, "https://nowhere.invalid/x", false, &FetchOptions::default()).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
}

/// An upstream's host is taken over, or its owner moves it: it redirects to a server that collects
/// what it is sent. It must get the request, and not the token.
#[test]
fn a_redirect_to_another_host_gets_no_token() {
    let world = World::new();
    let collector = public(&world);
    let to = collector.url.clone();
    let server = Server::https(move |request| {
        Reply::redirect(302, &format!("{to}{}", request.target.replace("/moved", "/upstream/.git")))
    });
    // Both certificates are trusted: nothing but our own rule keeps the token back.
    let both = world.folder.path().join("both.pem");
    let pem = [std::fs::read(&server.ca).unwrap(), std::fs::read(&collector.ca).unwrap()].concat();
    std::fs::write(&both, pem).unwrap();
    let options = FetchOptions { ca_bundle: Some(both), ..FetchOptions::default() };
    let fetched = get_with(&world, &format!("{}/moved", server.url), true, &options).unwrap();
    assert_eq!(fetched.commit, world.id("HEAD"));
    assert!(server.seen().iter().all(|request| request.header("authorization") == Some(LOGIN)));
    assert!(collector.seen().len() >= 3);
    for request in collector.seen() {
        assert!(request.header("authorization").is_none(), "{request:?}");
        assert!(!format!("{request:?}").contains(TOKEN));
    }
}

#[test]
fn a_redirect_on_the_same_host_keeps_the_token() {
    let world = World::new();
    let root = world.folder.path().to_owned();
    let server = Server::https(move |request| {
        if request.target.starts_with("/old") {
            return Reply::redirect(301, &request.target.replace("/old", "/upstream/.git"));
        }
        match request.header("authorization") {
            Some(LOGIN) => http_backend(&root, request),
            _ => Reply::new(401, "text/plain", ""),
        }
    });
    assert_eq!(get(&world, &server, "/old", true).unwrap().commit, world.id("HEAD"));
}

#[test]
fn redirects_that_are_not_safe_are_not_followed() {
    let world = World::new();
    let plain = Server::http(|_| Reply::new(200, ADVERTISEMENT, ""));
    let to = plain.url.clone();
    let server = Server::https(move |request| match request.target.split(['/', '?']).nth(1) {
        Some("down") => Reply::redirect(302, &format!("{to}/x/info/refs?service=git-upload-pack")),
        Some("login") => Reply::redirect(302, "/users/sign_in"),
        Some("file") => Reply::redirect(302, "file:///etc/passwd"),
        Some("userinfo") => Reply::redirect(302, "https://me:secret@/"),
        Some("post") if request.method == "POST" => Reply::redirect(307, &format!("{to}/x/git-upload-pack")),
        Some("post") => Reply::new(
            200,
            ADVERTISEMENT,
            "001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000",
        ),
        _ => Reply::redirect(302, &request.target),
    });
    for path in ["/down", "/login", "/file", "/userinfo", "/post"] {
        let error = get(&world, &server, path, true).unwrap_err();
        assert!(matches!(&error, FetchError::UnsafeRedirect { .. }), "{path}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(matches!(get(&world, &server, "/loop", true), Err(FetchError::Unreachable { .. })));
    assert!(plain.seen().is_empty());
}

#[test]
fn addresses_that_are_not_allowed_are_not_connected_to() {
    let world = World::new();
    let server = public(&world);
    let options = |allow: fn(IpAddr) -> bool| FetchOptions {
        allow_address: Some(Arc::new(allow)),
        ..trusting(&server)
    };
    let by_name = format!("{}/upstream/.git", server.url);
    let by_number = by_name.replace("localhost", "127.0.0.1");
    for url in [&by_name, &by_number] {
        let error = get_with(&world, url, false, &options(|address| !address.is_loopback())).unwrap_err();
        assert!(matches!(&error, FetchError::AddressRefused { .. }), "{error}");
        assert!(server.seen().is_empty());
    }
    // Looked at again after a redirect: the first host is fine, the second is not.
    let to = by_number.clone();
    let front = Server::https(move |request| Reply::redirect(302, &request.target.replace("/x", &to)));
    let refused = FetchOptions {
        allow_address: Some(Arc::new(|address: IpAddr| {
            address != IpAddr::from([127, 0, 0, 1]) || address.is_ipv6()
        })),
        ..trusting(&front)
    };
    let error = get_with(&world, &format!("{}/x", front.url), false, &refused).unwrap_err();
    assert!(matches!(error, FetchError::AddressRefused { .. }), "{error}");
    assert!(server.seen().is_empty());
    assert!(get_with(&world, &by_name, false, &options(|_| true)).is_ok());
}

/// Cancels after a while.
struct Soon(Instant);

impl Watch for Soon {
    fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}

    fn cancelled(&self) -> bool {
        self.0.elapsed() > Duration::from_millis(200)
    }
}

#[test]
fn a_server_that_says_nothing_or_hardly_anything_is_given_up_on() {
    let world = World::new();
    let root = world.folder.path().to_owned();
    let server = Server::https(move |request| {
        let mut reply = http_backend(
            &root,
            &Request {
                target: request.target.replace("/hang", "/upstream").replace("/drip", "/upstream"),
                ..request.clone()
            },
        );
        reply.hang = request.target.starts_with("/hang");
        reply.drip = request.target.starts_with("/drip").then_some(Duration::from_millis(100));
        reply
    });
    let options = FetchOptions {
        idle_timeout: Duration::from_millis(300),
        total_timeout: Duration::from_millis(1500),
        ..trusting(&server)
    };
    for (path, said) in [("/hang/.git", "without an answer"), ("/drip/.git", "in all")] {
        let start = Instant::now();
        let error = get_with(&world, &format!("{}{path}", server.url), false, &options).unwrap_err();
        assert!(
            matches!(&error, FetchError::TimedOut { waited, .. } if waited.contains(said)),
            "{path}: {error}"
        );
        assert!(start.elapsed() < Duration::from_secs(4), "{path}");
    }

    // And Ctrl-C is heard while it hangs.
    let url = format!("{}/hang/.git", server.url);
    let start = Instant::now();
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let error = fetch(&world.repo(), &upstream, &trusting(&server), &Soon(start)).unwrap_err();
    assert_eq!(error, FetchError::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_answer_that_breaks_off_changes_nothing() {
    let world = World::new();
    world.write(
        "noise.bin",
        (0..50_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>(),
    );
    let tip = world.commit("noise");
    let root = world.folder.path().to_owned();
    let server = Server::https(move |request| {
        let mut reply = http_backend(&root, request);
        reply.cut = (reply.body.len() > 100_000).then_some(90_000);
        reply
    });
    let error = get(&world, &server, "/upstream/.git", false).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert_eq!(world.packs(), 0);
    assert_eq!(get(&world, &public(&world), "/upstream/.git", false).unwrap().commit, tip);
}

#[test]
fn refs_without_end_are_too_many() {
    let world = World::new();
    let server = Server::https(|request| {
        if request.method == "GET" {
            return Reply::new(
                200,
                ADVERTISEMENT,
                "001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000",
            );
        }
        let line = b"00401111111111111111111111111111111111111111 refs/heads/aaaaaaa\n";
        Reply::new(200, "application/x-git-upload-pack-result", line.repeat(1_200_000))
    });
    let error = get(&world, &server, "/x", false).unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
}

/// A server that repeats what it was sent, and colours it.
#[test]
fn what_a_server_repeats_is_not_passed_on() {
    let world = World::new();
    let server = Server::https(|request| {
        if request.method == "GET" {
            let text = "001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000";
            return Reply::new(200, ADVERTISEMENT, text);
        }
        let said = match request.target.as_bytes()[1] {
            b'a' => format!("ERR token {TOKEN} is not good"),
            b'b' => format!("ERR you said {}", request.header("authorization").unwrap()),
            _ => "ERR \x1b[31mred\u{202e}".into(),
        };
        Reply::new(200, "application/x-git-upload-pack-result", format!("{:04x}{said}", said.len() + 4))
    });
    for path in ["/a", "/b"] {
        let error = get(&world, &server, path, true).unwrap_err();
        assert!(error.to_string().contains("contains the credentials"), "{error}");
    }
    let error = get(&world, &server, "/c", true).unwrap_err().to_string();
    assert!(error.ends_with("[31mred"), "{error:?}");
}

/// Servers that never learnt version 2 list everything and want their tips asked for.
#[test]
fn old_servers_are_understood() {
    let world = World::new();
    world.up(&["tag", "-a", "-m", "annotated", "v1"]);
    let root = world.folder.path().to_owned();
    let server = Server::http(move |request| {
        let mut request = request.clone();
        request.headers.retain(|(name, _)| name != "git-protocol");
        http_backend(&root, &request)
    });
    let url = format!("{}/upstream/.git", server.url);
    let fetch_pin = |pin: Pin| {
        fetch(
            &world.repo(),
            &Upstream { url: &url, pin: &pin, token: None },
            &FetchOptions::default(),
            &Unwatched,
        )
    };
    let first = world.id("HEAD");
    assert_eq!(fetch_pin(Pin::Ref("v1".into())).unwrap().commit, first);
    assert!(!fetch_pin(Pin::Default).unwrap().received);
    world.write("a.txt", "new\n");
    let second = world.commit("second");
    assert_eq!(fetch_pin(Pin::Branch("main".into())).unwrap().commit, second);
    world.fsck();
    world.same_as_upstream(&second);
    assert!(!world.reader().has(&world.id("HEAD~:a.txt")) || world.reader().has(&first));
    assert!(matches!(fetch_pin(Pin::Branch("x".into())), Err(FetchError::BranchMissing { .. })));
    let nowhere = Pin::Ref("0123456789012345678901234567890123456789".into());
    let error = fetch_pin(nowhere).unwrap_err();
    assert!(matches!(error, FetchError::RefMissing { .. }), "{error}");
}

#[test]
fn a_commit_id_that_is_not_there_is_told_over_https_too() {
    let world = World::new();
    let server = public(&world);
    let url = format!("{}/upstream/.git", server.url);
    let pin = Pin::Ref("0123456789012345678901234567890123456789".into());
    let upstream = Upstream { url: &url, pin: &pin, token: None };
    let error = fetch(&world.repo(), &upstream, &trusting(&server), &Unwatched).unwrap_err();
    assert!(matches!(error, FetchError::RefMissing { .. }), "{error}");
    let pin = Pin::Ref(world.id("HEAD").to_string());
    let upstream = Upstream { url: &url, pin: &pin, token: None };
    assert!(fetch(&world.repo(), &upstream, &trusting(&server), &Unwatched).unwrap().received);
    let before = server.seen().len();
    assert!(!fetch(&world.repo(), &upstream, &trusting(&server), &Unwatched).unwrap().received);
    assert_eq!(server.seen().len(), before, "what is here needs no question");
}

/// For the record: how long a sync with nothing new takes, beside `git ls-remote`, over http.
#[test]
#[ignore = "prints numbers"]
fn nothing_new_over_http_takes_as_long_as() {
    let world = World::new();
    let root = world.folder.path().to_owned();
    let server = Server::http(move |request| http_backend(&root, request));
    let url = format!("{}/upstream/.git", server.url);
    let best = |work: &dyn Fn()| {
        let time = |_| {
            let start = Instant::now();
            work();
            start.elapsed()
        };
        (0..10).map(time).min().unwrap()
    };
    get(&world, &server, "/upstream/.git", false).unwrap();
    let ours = best(&|| assert!(!get(&world, &server, "/upstream/.git", false).unwrap().received));
    let theirs = best(&|| drop(world.git(&["ls-remote", &url, "HEAD"])));
    println!("nothing new over http: {ours:?}, git ls-remote: {theirs:?}");
}
