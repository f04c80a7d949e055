//! Whoever has a plugin's repository says where its objects are, and that server says where each of them lies. Either
//! may lie, lure, linger or be too much; what they are told must be nobody's secret. What cannot be had leaves
//! its pointer, with the reason, and everything else is served.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::field::Field;
use crate::support::lfs::{LfsServer, at, batch, is_batch, pointer};
use crate::support::web::{Reply, Request, Server};
use crate::support::{ADA, Ran, Upstream, World, sha256, unzipped};

const BIG: &[u8] = b"the contents that are meant";

/// A plugin on a server, with a file that git LFS keeps.
fn ground() -> (World, LfsServer, Upstream) {
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let tool = ground.upstream("tool");
    tool.track("*.bin").write("README.md", "a tool").write("big.bin", lfs.put(BIG)).commit("Publish");
    (ground, lfs, tool)
}

fn entry(lfs: &LfsServer) -> Value {
    json!([{"name": "tool", "source": {"source": "url", "url": format!("{}/tool/.git", lfs.server.url)}}])
}

/// Its pointer is served, and its note has these words.
#[track_caller]
fn left(field: &Field, words: &str) {
    let bundle = unzipped(&field.world.bundle(ADA));
    assert_eq!(bundle["plugins/market-tool/big.bin"].1, pointer(BIG).into_bytes());
    assert!(bundle.contains_key("plugins/market-tool/README.md"));
    let notes = field.listed("tool")["notes"].to_string();
    assert!(notes.contains("lfs-pointer") && notes.contains(words), "{words}: {notes}");
}

#[track_caller]
fn served(field: &Field) {
    let bundle = unzipped(&field.world.bundle(ADA));
    assert_eq!(bundle["plugins/market-tool/big.bin"].1, BIG, "{}", field.listed("tool"));
}

/// Has the server say of every object that it lies at that address.
fn lead(lfs: &LfsServer, href: &str) {
    let href = href.to_owned();
    lfs.instead(move |request| is_batch(request).then(|| batch(request, |_| at(&href))));
}

#[track_caller]
fn well(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// An address inside, a redirect to one, the machine's own metadata, other schemes: where we get to, and strangers do not.
#[test]
fn objects_are_not_fetched_from_inside() {
    let (_ground, lfs, _tool) = ground();
    let victim = Server::https(|_| Reply::new(200, "text/plain", BIG));
    let plain = Server::http(|_| Reply::new(200, "text/plain", BIG));
    let field = Field::new(&[&lfs.server, &victim]);
    let inside = victim.url.replace("localhost", "127.0.0.2");
    lead(&lfs, &format!("{inside}/x"));
    well(&field.open(&entry(&lfs)));
    left(&field, "not allowed: 127.0.0.2");
    for (href, words) in [
        ("https://169.254.169.254/latest/meta-data/", "not allowed: 169.254.169.254"),
        ("https://[::ffff:127.0.0.2]:1/x", "not allowed"),
        ("https://2130706434/x", "not allowed: 127.0.0.2"),
        (&format!("{}/x", plain.url), "is not https"),
        ("file:///etc/passwd", "does not start with `https://`"),
        ("https://me:secret@git.example/x", "carries credentials"),
    ] {
        lead(&lfs, href);
        well(&field.sync());
        left(&field, words);
    }
    // The same by a redirect, of the object and of the question.
    let to = inside.clone();
    lfs.give(move || Reply::redirect(302, &format!("{to}/x")));
    well(&field.sync());
    left(&field, "not allowed: 127.0.0.2");
    let to = inside.clone();
    lfs.instead(move |request| {
        is_batch(request).then(|| Reply::redirect(307, &format!("{to}/info/lfs/objects/batch")))
    });
    well(&field.sync());
    left(&field, "not allowed: 127.0.0.2");
    lfs.instead(|request| {
        is_batch(request).then(|| Reply::redirect(302, "http://127.0.0.1:1/objects/batch"))
    });
    well(&field.sync());
    left(&field, "it leaves https");
    assert_eq!((victim.seen().len(), plain.seen().len()), (0, 0));
    lfs.as_usual();
    well(&field.sync());
    served(&field);
}

/// What comes must be what the pointer says, to the byte.
#[test]
fn what_is_not_the_object_is_not_served() {
    let (_ground, lfs, _tool) = ground();
    let field = Field::new(&[&lfs.server]);
    let give = |body: Vec<u8>| {
        lfs.give(move || Reply::new(200, "application/octet-stream", body.clone()));
    };
    give(BIG.to_ascii_uppercase());
    well(&field.open(&entry(&lfs)));
    left(&field, "is not the 27 bytes with the SHA-256");
    for (body, words) in [
        (BIG[..20].to_vec(), "is not the 27 bytes"),
        ([BIG, b"!"].concat(), "more than the 27 bytes"),
        (vec![0; 3 << 20], "more than the 27 bytes"),
        (Vec::new(), "is not the 27 bytes"),
    ] {
        give(body);
        well(&field.sync());
        left(&field, words);
    }
    // Not told how long it is, and cut off.
    lfs.give(|| Reply { cut: Some(10), ..Reply::new(200, "application/octet-stream", BIG) });
    well(&field.sync());
    left(&field, "cannot reach");
    for (status, words) in [
        (404, "not where its server says"),
        (403, "forbidden"),
        (206, "cannot be had"),
        (500, "cannot be had now"),
    ] {
        lfs.give(move || Reply::new(status, "application/octet-stream", BIG));
        well(&field.sync());
        left(&field, words);
    }
    lfs.as_usual();
    well(&field.sync());
    served(&field);
}

/// An answer that is none, too long, or wants our requests to be others than they are.
#[test]
fn what_a_server_answers_is_not_believed() {
    let (_ground, lfs, _tool) = ground();
    let field = Field::new(&[&lfs.server]);
    let say = |kind: &'static str, body: Vec<u8>| {
        lfs.instead(move |request| is_batch(request).then(|| Reply::new(200, kind, body.clone())));
    };
    say("text/html", b"<html>login".to_vec());
    well(&field.open(&entry(&lfs)));
    left(&field, "not what git LFS answers");
    say("application/vnd.git-lfs+json", vec![b' '; 5 << 20]);
    well(&field.sync());
    left(&field, "answers with more than");
    say("application/vnd.git-lfs+json", "[".repeat(1 << 20).into_bytes());
    well(&field.sync());
    left(&field, "not what git LFS answers");
    say("application/vnd.git-lfs+json", json!({"objects": []}).to_string().into_bytes());
    well(&field.sync());
    left(&field, "says nothing of it");
    say("application/vnd.git-lfs+json", json!({"transfer": "ssh", "objects": []}).to_string().into_bytes());
    well(&field.sync());
    left(&field, "`ssh` alone");
    for (name, value) in [
        ("Host", "internal.example"),
        ("Transfer-Encoding", "chunked"),
        ("content-length", "5"),
        ("X", "a\r\nHost: internal.example"),
        ("X\r\nY", "a"),
    ] {
        let header = json!({name: value});
        lfs.instead(move |request| {
            let href = format!("https://{}/objects/{}", request.header("host").unwrap(), sha256(BIG));
            let said = json!({"actions": {"download": {"href": href, "header": header.clone()}}});
            is_batch(request).then(|| batch(request, |_| said.clone()))
        });
        well(&field.sync());
        left(&field, "its server wants");
    }
    assert!(lfs.given().is_empty());
    let words = "\u{1b}[2Jyour password please";
    lfs.instead(move |request| {
        is_batch(request).then(|| batch(request, |_| json!({"error": {"code": 422, "message": words}})))
    });
    well(&field.sync());
    left(&field, "error 422");
    assert!(!field.listed("tool").to_string().contains("password"));
}

/// A byte now and then, and nothing at all: it takes the time that there is, and no more.
#[test]
fn a_server_that_lingers_costs_itself_alone() {
    let (_ground, lfs, _tool) = ground();
    let field =
        Field::new(&[&lfs.server]).with("AGNES_SYNC_IDLE_TIMEOUT", "2").with("AGNES_SYNC_TOTAL_TIMEOUT", "6");
    for (i, words) in ["without an answer", "took"].into_iter().enumerate() {
        lfs.give(move || {
            let (drip, hang) = (Some(Duration::from_secs(1)), i == 0);
            Reply { drip, hang, ..Reply::new(200, "application/octet-stream", BIG) }
        });
        let began = Instant::now();
        well(&if i == 0 { field.open(&entry(&lfs)) } else { field.sync() });
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        left(&field, words);
    }
}

/// Objects that are larger than a plugin's files may be are not asked for.
#[test]
fn what_is_too_large_is_not_asked_for() {
    let (_ground, lfs, tool) = ground();
    let field = Field::new(&[&lfs.server]).with("AGNES_LIMITS_MAX_FILE_BYTES", "20000");
    let big = pointer(BIG).replace("size 27", "size 20001");
    tool.write("huge.bin", &big).commit("Huge");
    well(&field.open(&entry(&lfs)));
    served(&field);
    let notes = field.listed("tool")["notes"].to_string();
    assert!(notes.contains("`huge.bin` for one: it has 20001 bytes; the limit is 20000"), "{notes}");

    // All together, or for one plugin: what there is room for is served, and the plugin is.
    let field = Field::new(&[&lfs.server]).with("AGNES_LIMITS_MAX_PLUGIN_BYTES", "20000");
    well(&field.open(&entry(&lfs)));
    served(&field);
    assert!(field.listed("tool")["notes"].to_string().contains("limits.max_plugin_bytes"));
    let asked: Vec<Value> =
        lfs.asked().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert!(asked.iter().all(|question| question["objects"].as_array().unwrap().len() == 1), "{asked:?}");
}

fn authorization(request: &Request) -> Option<&str> {
    request.header("authorization")
}

/// A token goes to the scheme, host and port that it is for. Others get what the server gave for them.
#[test]
fn a_token_is_sent_to_its_own_host_alone() {
    const TOKEN: &str = "hunter2-of-the-marketplace";
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let other = Server::https(|_| Reply::new(200, "application/octet-stream", BIG));
    let market = ground.upstream("market");
    market.plugins(&["tool"]).track("*.bin");
    market
        .write("plugins/tool/README.md", "a tool")
        .write("plugins/tool/big.bin", lfs.put(BIG))
        .commit("Publish");
    let field = Field::new(&[&lfs.server, &other]).with("THE_TOKEN", TOKEN);
    let url = format!("{}/market/.git", lfs.server.url);
    well(&field.run(&["marketplace", "add", &url, "--slug", "market", "--token-env", "THE_TOKEN"]));
    field.world.user(ADA, &["market/*"]);
    // An object elsewhere, with a header of its own.
    let href = format!("{}/far", other.url);
    lead(&lfs, &href);
    well(&field.sync());
    served(&field);
    assert!(
        lfs.asked()
            .iter()
            .all(|request| authorization(request).is_some_and(|value| value.starts_with("Basic ")))
    );
    let seen = other.seen();
    assert_eq!((seen.len(), authorization(&seen[0]), seen[0].header("x-lfs")), (1, None, Some("yes")));

    // A redirect from here to there takes neither along.
    market.write("plugins/tool/big.bin", lfs.put(b"second")).commit("Second");
    lfs.give(move || Reply::redirect(302, &href));
    let ran = field.sync();
    assert!(field.world.listed("tool")["notes"].to_string().contains("more than the 6 bytes"), "{ran:?}");
    assert!(authorization(lfs.given().last().unwrap()).is_some());
    let seen = other.seen();
    assert_eq!((seen.len(), authorization(&seen[1]), seen[1].header("x-lfs")), (2, None, None));

    // What the server gives to say who asks is said instead.
    let host = lfs.server.url.clone();
    lfs.instead(move |request| {
        let href = format!("{host}/objects/{}", sha256(b"second"));
        let said =
            json!({"actions": {"download": {"href": href, "header": {"Authorization": "Basic other"}}}});
        is_batch(request).then(|| batch(request, |_| said.clone()))
    });
    well(&field.sync());
    assert_eq!(authorization(lfs.given().last().unwrap()), Some("Basic other"));
    assert_eq!(unzipped(&field.world.bundle(ADA))["plugins/market-tool/big.bin"].1, b"second");

    // And what a commit's own configuration names is another host, which gets nothing.
    let third = LfsServer::of(&ground.path("upstreams"));
    let field = Field::new(&[&lfs.server, &third.server]).with("THE_TOKEN", TOKEN);
    lfs.as_usual();
    let named = format!("{}/market/info/lfs", third.server.url);
    market.write(".lfsconfig", format!("[lfs]\n\turl = {named}\n"));
    market.write("plugins/tool/big.bin", third.put(BIG)).commit("Third");
    well(&field.run(&["marketplace", "add", &url, "--slug", "market", "--token-env", "THE_TOKEN"]));
    field.world.user(ADA, &["market/*"]);
    let before = lfs.asked().len();
    well(&field.sync());
    served(&field);
    assert_eq!((lfs.asked().len(), third.asked().len()), (before, 1));
    assert!(third.server.seen().iter().all(|request| authorization(request).is_none()));
    // Nothing that anybody can read has it.
    for text in [ran.text(), ran.stderr.clone(), field.run(&["plugin", "list", "--json"]).text()] {
        assert!(!text.contains(TOKEN));
    }
}

/// A server leads us to an address that has the token in it: then that address is not shown.
#[test]
fn a_token_is_not_shown_by_a_roundabout_way() {
    const TOKEN: &str = "hunter2-of-the-marketplace";
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let market = ground.upstream("market");
    market.plugins(&["tool"]).track("*.bin").write("plugins/tool/big.bin", lfs.put(BIG)).commit("Publish");
    let field = Field::new(&[&lfs.server]).with("THE_TOKEN", TOKEN);
    let url = format!("{}/market/.git", lfs.server.url);
    well(&field.run(&["marketplace", "add", &url, "--slug", "market", "--token-env", "THE_TOKEN"]));
    lfs.instead(|request| {
        is_batch(request).then(|| Reply::redirect(302, &format!("http://x.example/{TOKEN}")))
    });
    let hidden = |field: &Field| {
        let ran = field.sync();
        let listed = field.listed("tool").to_string();
        assert!(!format!("{ran:?}{listed}").contains(TOKEN), "{ran:?} {listed}");
        assert!(listed.contains("contains the credentials"), "{listed}");
    };
    hidden(&field);
    // Or that has it for what it pretends to say.
    let header = || json!({"actions": {"download": {"href": "https://x.example/", "header": {format!("Proxy-{TOKEN}"): "x"}}}});
    lfs.instead(move |request| is_batch(request).then(|| batch(request, |_| header())));
    hidden(&field);
    for member in ["transfer", "hash_algo"] {
        let answer = json!({member: TOKEN, "objects": []}).to_string();
        lfs.instead(move |request| {
            is_batch(request).then(|| Reply::new(200, "application/vnd.git-lfs+json", answer.clone()))
        });
        hidden(&field);
    }
}

/// What came from where the marketplace was is judged by where it is: as anybody's. From there it comes again.
#[test]
fn a_marketplace_that_moves_is_a_stranger_where_it_was() {
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let market = ground.upstream("market");
    market.plugins(&["tool"]).track("*.bin").write("plugins/tool/big.bin", lfs.put(BIG)).commit("Publish");
    let field = Field::new(&[&lfs.server]);
    let url = format!("{}/market/.git", lfs.server.url);
    field.world.agnes(&["marketplace", "add", &url, "--slug", "market"]);
    field.world.user(ADA, &["market/*"]);
    well(&field.sync());
    well(&field.run(&["host", "allow", "other.example"]));
    well(&field.sync());
    served(&field);
    let moved = url.replace("localhost", "127.0.0.1");
    well(&field.run(&["marketplace", "edit", "market", "--url", &moved]));
    market.write("plugins/tool/README.md", "more").commit("More");
    let asked = lfs.asked().len();
    well(&field.sync());
    served(&field);
    assert_eq!(lfs.asked().len(), asked + 1);
}

/// Where a commit says that its objects are is a stranger's word, and goes by what is said of hosts.
#[test]
fn what_is_said_of_hosts_counts_for_objects() {
    let (ground, lfs, tool) = ground();
    let other = LfsServer::of(&ground.path("upstreams"));
    let field = Field::new(&[&lfs.server, &other.server]);
    let port = other.server.port;
    let name = format!("{}/x", other.server.url.replace("localhost", "127.0.0.1"));
    tool.write(".lfsconfig", format!("[lfs]\n\turl = {name}\n"));
    tool.write("big.bin", other.put(BIG)).commit("Elsewhere");
    well(&field.open(&entry(&lfs)));
    assert_eq!((lfs.asked().len(), other.asked().len()), (0, 0));
    left(&field, "knows no git LFS");
    tool.write(".lfsconfig", format!("[lfs]\n\turl = {name}/info/lfs/\n")).commit("There");
    well(&field.sync());
    served(&field);
    assert_eq!((lfs.asked().len(), other.asked().len()), (0, 1));

    // Denied, nothing that came from there is served on.
    let host = format!("127.0.0.1:{port}");
    well(&field.run(&["host", "deny", &host]));
    well(&field.sync());
    left(&field, "denied");
    assert_eq!(other.asked().len(), 1);
    well(&field.run(&["host", "forget", &host]));
    well(&field.sync());
    served(&field);

    for (url, words) in [
        ("http://127.0.0.1:1/x", "of the address in `.lfsconfig`"),
        ("file:///etc", "of the address in `.lfsconfig`"),
        ("git@127.0.0.1:x", "of the address in `.lfsconfig`"),
        ("https://169.254.169.254/x", "not allowed: 169.254.169.254"),
    ] {
        tool.write(".lfsconfig", format!("[lfs]\n\turl = {url}\n"))
            .write("big.bin", pointer(BIG))
            .commit(url);
        let field = Field::new(&[&lfs.server]);
        well(&field.open(&entry(&lfs)));
        left(&field, words);
    }
}

/// Whoever can push a commit can write anything in it, also that it was made of another.
#[test]
fn what_was_made_is_not_found_by_what_is_pushed() {
    let (_ground, lfs, tool) = ground();
    let field = Field::new(&[&lfs.server]);
    well(&field.open(&entry(&lfs)));
    let head = tool.git(&["rev-parse", "HEAD"]);
    tool.write("big.bin", "evil");
    tool.commit(&format!("commit {head}, with its objects of git LFS"));
    let evil = tool.git(&["rev-parse", "HEAD"]);
    tool.git(&["update-ref", &format!("refs/agnes/{evil}"), &evil]);
    tool.git(&["reset", "-q", "--hard", &head]);
    well(&field.sync());
    served(&field);
}

/// Objects that lie on another server than the one that says where they are.
fn far(lfs: &LfsServer) -> (Server, String) {
    let far = Server::https(|_| Reply::new(200, "application/octet-stream", BIG));
    lead(lfs, &format!("{}/x", far.url));
    let host = format!("localhost:{}", far.port);
    (far, host)
}

/// A marketplace with such an object in its own repository.
fn market_and_far() -> (World, LfsServer, Server, String, Upstream, Field) {
    let ground = World::new();
    let lfs = LfsServer::of(&ground.path("upstreams"));
    let market = ground.upstream("market");
    market.plugins(&["tool", "plain"]).track("*.bin");
    market.write("plugins/tool/big.bin", lfs.put(BIG)).commit("Publish");
    let (server, host) = far(&lfs);
    let field = Field::new(&[&lfs.server, &server]);
    let url = format!("{}/market/.git", lfs.server.url);
    field.world.agnes(&["marketplace", "add", &url, "--slug", "market"]);
    field.world.user(ADA, &["market/*"]);
    well(&field.sync());
    served(&field);
    (ground, lfs, server, host, market, field)
}

/// Nothing of the plugin is served, and the reason has its host.
#[track_caller]
fn denied(field: &Field, host: &str) {
    let bundle = unzipped(&field.world.bundle(ADA));
    let files: Vec<_> = bundle.keys().filter(|path| path.starts_with("plugins/market-tool/")).collect();
    assert!(files.is_empty(), "{files:?}");
    let (name, reason) = (host.split(':').next().unwrap(), field.reason("tool"));
    let words = format!("of what git LFS keeps of it, its source is at `{name}`, and that host is denied");
    assert!(reason.contains(&words), "{reason}");
}

/// While nothing new is served what was served stays, but not what came from a host that is denied by now; nor does
/// it come back with an earlier state, or with one that waited.
#[test]
fn what_a_denied_host_gave_is_not_served_on_hold() {
    let (_ground, lfs, _far, host, market, field) = market_and_far();
    let first = market.git(&["rev-parse", "HEAD"]);
    market.write("plugins/tool/README.md", "second").commit("Second");
    well(&field.sync());
    field.world.agnes(&["marketplace", "edit", "market", "--hold"]);
    market.write("plugins/tool/README.md", "third").commit("Third");
    well(&field.sync());
    well(&field.run(&["host", "deny", &host]));
    well(&field.sync());
    denied(&field, &host);
    assert_eq!(field.names(), ["plain"]);
    // What waits since then has its pointer; an earlier state has what came from there.
    well(&field.run(&["marketplace", "approve", "market"]));
    let bundle = unzipped(&field.world.bundle(ADA));
    assert_ne!(bundle["plugins/market-tool/big.bin"].1, BIG);
    well(&field.run(&["marketplace", "rollback", "market", &first]));
    denied(&field, &host);
    // It is here still, for when it is wanted again.
    well(&field.run(&["host", "forget", &host]));
    let seen = lfs.server.seen().len();
    well(&field.sync());
    served(&field);
    assert_eq!(lfs.server.seen()[seen..].iter().filter(|request| is_batch(request)).count(), 0);

    // So it is for what lies elsewhere.
    let (_ground, lfs, _tool) = ground();
    let (server, host) = far(&lfs);
    let field = Field::new(&[&lfs.server, &server]);
    well(&field.open(&entry(&lfs)));
    served(&field);
    field.world.agnes(&["marketplace", "edit", "market", "--hold"]);
    well(&field.run(&["host", "deny", &host]));
    well(&field.sync());
    denied(&field, &host);
    well(&field.run(&["host", "forget", &host]));
    well(&field.sync());
    served(&field);
}

/// That somebody else is away just then is no reason to serve it on.
#[test]
fn what_a_denied_host_gave_is_not_kept_while_a_server_is_away() {
    let away = |lfs: &LfsServer| {
        lfs.instead(|request| is_batch(request).then(|| Reply::new(503, "text/plain", "later")));
    };
    let (_ground, lfs, _tool) = ground();
    let (server, host) = far(&lfs);
    let field = Field::new(&[&lfs.server, &server]);
    well(&field.open(&entry(&lfs)));
    served(&field);
    well(&field.run(&["host", "deny", &host]));
    away(&lfs);
    well(&field.sync());
    denied(&field, &host);
    // From elsewhere it may come: it is the same object, and the same commit.
    lfs.as_usual();
    well(&field.sync());
    served(&field);
    field.world.agnes(&["marketplace", "edit", "market", "--hold"]);
    well(&field.run(&["host", "deny", "nobody.example"]));
    well(&field.sync());
    served(&field);

    // A marketplace's sync fails: the rest of it stays what it is.
    let (_ground, lfs, _server, host, market, field) = market_and_far();
    market.write("plugins/plain/own.bin", lfs.put(b"own")).commit("Second");
    let (far, base) = (format!("https://{host}/x"), lfs.server.url.clone());
    lfs.instead(move |request| {
        let say =
            |oid: &str| if oid == sha256(BIG) { at(&far) } else { at(&format!("{base}/objects/{oid}")) };
        is_batch(request).then(|| batch(request, say))
    });
    well(&field.sync());
    served(&field);
    well(&field.run(&["host", "deny", &host]));
    away(&lfs);
    let ran = field.sync();
    assert!(ran.code != Some(0) && ran.stderr.contains("503"), "{ran:?}");
    denied(&field, &host);
    assert_eq!(unzipped(&field.world.bundle(ADA))["plugins/market-plain/own.bin"].1, b"own");
    // And it is asked for again, although the commit is the same.
    lfs.as_usual();
    well(&field.sync());
    served(&field);
    assert_eq!(unzipped(&field.world.bundle(ADA))["plugins/market-plain/own.bin"].1, b"own");
}

/// A server that leads on to another: that one gave it.
#[test]
fn who_is_led_to_counts_like_who_is_named() {
    let (_ground, lfs, _tool) = ground();
    let (server, host) = far(&lfs);
    let to = format!("{}/x", server.url);
    lfs.give(move || Reply::redirect(302, &to));
    let field = Field::new(&[&lfs.server, &server]);
    well(&field.open(&entry(&lfs)));
    served(&field);
    field.world.agnes(&["marketplace", "edit", "market", "--hold"]);
    well(&field.run(&["host", "deny", &host]));
    well(&field.sync());
    denied(&field, &host);
}
