//! What is not a fetch: pushes, other services, the dumb protocol, other types, other methods, tricks.

use crate::support::feed::Feed;
use crate::support::git::VERSIONS;
use crate::support::packets::{FLUSH, REQUEST, RESULT, command, packets};

const POST: &str = "/marketplace.git/git-upload-pack";

#[test]
fn nobody_pushes() {
    let feed = Feed::with(&["tools/x"]);
    let tip = feed.server.tip(&feed.ada);
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let clone = git.clone("clone", &[]);
        for what in ["HEAD:refs/heads/main", "HEAD:refs/heads/new", ":refs/heads/main", "+HEAD:refs/tags/v1"]
        {
            let told = git.refused(&clone, &["push", "origin", what]);
            assert!(told.contains("The requested URL returned error: 403"), "{told}");
        }
    }
    let headers = [("authorization", feed.ada.as_str())];
    let answer = feed.server.get("/marketplace.git/info/refs?service=git-receive-pack", &headers);
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("read-only"), "{}", answer.text());
    let typed =
        [("authorization", feed.ada.as_str()), ("content-type", "application/x-git-receive-pack-request")];
    assert_eq!(feed.server.ask("POST", "/marketplace.git/git-receive-pack", &typed, FLUSH).status, 403);
    assert_eq!(feed.server.tip(&feed.ada), tip);
}

/// Other services, and no service at all, which is how the dumb protocol begins.
#[test]
fn other_services_are_refused() {
    let feed = Feed::with(&["tools/x"]);
    let headers = [("authorization", feed.ada.as_str())];
    for query in [
        "",
        "?",
        "?service=",
        "?service=git-upload-archive",
        "?service=git-shell",
        "?service=upload-pack",
        "?service=git-upload-packs",
        "?service=GIT-UPLOAD-PACK",
        "?other=git-upload-pack",
        "?service=git-receive-pack&service=git-upload-pack",
    ] {
        let answer = feed.server.get(&format!("/marketplace.git/info/refs{query}"), &headers);
        assert_eq!(answer.status, 403, "{query}: {}", answer.text());
        assert!(!answer.text().contains(&feed.server.tip(&feed.ada)), "{query}");
    }
}

/// What a client of the dumb protocol asks for: files of a repository, which there are none of.
#[test]
fn the_dumb_protocol_finds_nothing() {
    let feed = Feed::with(&["tools/x"]);
    let headers = [("authorization", feed.ada.as_str())];
    let tip = feed.server.tip(&feed.ada);
    let loose = format!("objects/{}/{}", &tip[..2], &tip[2..]);
    for below in [
        "HEAD",
        "config",
        "description",
        "packed-refs",
        "objects/info/packs",
        "objects/info/alternates",
        "objects/info/http-alternates",
        "refs/heads/main",
        "index",
        "git-upload-archive",
        "..",
        "../state/system.duckdb",
        "%2e%2e/state/system.duckdb",
        "..%2fstate%2fsystem.duckdb",
        "info/refs/",
        "info//refs",
        "info/refs/x",
        "git-upload-pack/",
        &loose,
    ] {
        for root in ["/marketplace.git", "/_git/marketplace.git"] {
            let answer = feed.server.get(&format!("{root}/{below}"), &headers);
            let fine = answer.status == 404 || (below == "git-upload-pack/" && answer.status == 405);
            assert!(fine, "{root}/{below}: {} {}", answer.status, answer.text());
            assert!(!answer.text().contains(&tip), "{root}/{below}");
        }
    }
    for root in ["/marketplace.git", "/_git/marketplace.git"] {
        let answer = feed.server.get(&format!("{root}/git-upload-pack"), &headers);
        assert_eq!(answer.status, 405, "{}", answer.text());
    }
}

/// A body of another type, and one encoded in a way that nobody here reads.
#[test]
fn bodies_of_another_type_are_refused() {
    let feed = Feed::with(&["tools/x"]);
    let body = command("ls-refs", &["symrefs"]);
    let v2 = ("git-protocol", "version=2");
    let ada = ("authorization", feed.ada.as_str());
    for kind in [
        "",
        "text/plain",
        "application/json",
        "application/x-git-receive-pack-request",
        RESULT,
        "application/x-www-form-urlencoded",
    ] {
        let answer = feed.server.ask("POST", POST, &[ada, v2, ("content-type", kind)], &body);
        assert_eq!(answer.status, 415, "{kind}: {}", answer.text());
        assert!(answer.text().contains(REQUEST), "{}", answer.text());
    }
    assert_eq!(feed.server.ask("POST", POST, &[ada, v2], &body).status, 415);
    for encoding in ["deflate", "br", "zstd", "gzip, gzip", "x"] {
        let headers = [ada, v2, ("content-type", REQUEST), ("content-encoding", encoding)];
        let answer = feed.server.ask("POST", POST, &headers, &body);
        assert_eq!(answer.status, 415, "{encoding}: {}", answer.text());
    }
    let headers = [ada, v2, ("content-type", REQUEST), ("content-encoding", "gzip")];
    assert_eq!(feed.server.ask("POST", POST, &headers, &body).status, 400);
    let parameters = format!("{REQUEST}; charset=utf-8");
    let headers = [ada, v2, ("content-type", parameters.as_str()), ("content-encoding", "identity")];
    assert_eq!(feed.server.ask("POST", POST, &headers, &body).status, 200);
}

/// `HEAD` tells what `GET` would, without a body, and answers say what a proxy needs to know: that they are
/// not to be kept, and on what they depend.
#[test]
fn answers_say_what_they_are() {
    let feed = Feed::with(&["tools/x"]);
    for version in VERSIONS {
        let answer = feed.server.refs(&feed.ada, version);
        let expected = "application/x-git-upload-pack-advertisement";
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(expected)));
        assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-cache")), "{answer:?}");
        let first = packets(&answer.body).first().map(|first| first.to_vec()).unwrap_or_default();
        let begins: &[u8] = if version == 2 { b"version 2\n" } else { b"# service=git-upload-pack\n" };
        assert_eq!(first, begins);
        let spoken = format!("version={version}");
        let headers = [("authorization", feed.ada.as_str()), ("git-protocol", spoken.as_str())];
        let path = "/marketplace.git/info/refs?service=git-upload-pack";
        let head = feed.server.ask("HEAD", path, &headers, b"");
        assert_eq!((head.status, head.header("content-type")), (200, Some(expected)));
        assert_eq!((head.body.len(), head.header("content-length")), (0, answer.header("content-length")));
    }
    // Clients probe with it whether they may send more.
    for version in VERSIONS {
        for probe in [FLUSH, b""] {
            let answer = feed.server.upload_pack(&feed.ada, version, probe);
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", answer.text());
        }
    }
}

/// Without a token, with a wrong one, and as the operator, who is no user: each is told that, and 401 comes
/// with what makes git ask for a password.
#[test]
fn who_nobody_knows_is_asked_who_they_are() {
    let feed = Feed::with(&["tools/x"]);
    let body = command("ls-refs", &["symrefs"]);
    let refs = "/marketplace.git/info/refs?service=git-upload-pack";
    for (method, path, body) in
        [("GET", refs, &b""[..]), ("POST", POST, &body), ("GET", "/marketplace.git/main.bundle", b"")]
    {
        let typed = ("content-type", REQUEST);
        for who in [None, Some("Bearer agnes_pat_wrong"), Some("Basic eDp4"), Some("Basic ====")] {
            let headers: Vec<_> = who.map(|who| ("authorization", who)).into_iter().chain([typed]).collect();
            let answer = feed.server.ask(method, path, &headers, body);
            assert_eq!(answer.status, 401, "{method} {path} {who:?}: {}", answer.text());
            assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"agnes\""));
        }
        let answer = feed.server.ask_socket(method, path, &[typed], body);
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
    }
}
