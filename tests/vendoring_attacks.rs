//! A catalog is a stranger's, and so is whatever it points to. What it makes us fetch may lie, linger, lure
//! or be too much; what is well is served all the same, and what was there before goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::field::Field;
use crate::support::remotes::remote_url;
use crate::support::server::until;
use crate::support::web::{Reply, Request, Server, http_backend};
use crate::support::{ADA, Ran, Upstream, World, signal, zip_names};

/// A plugin whose source is a repository at that address.
fn at(name: &str, url: &str) -> Value {
    json!({"name": name, "source": {"source": "url", "url": url}})
}

fn pinned(name: &str, url: &str, commit: &str) -> Value {
    json!({"name": name, "source": {"source": "url", "url": url, "sha": commit}})
}

/// A world with repositories that servers of this machine hand out: `ROOT/NAME` has the plugin NAME.
fn repositories(names: &[&str]) -> (World, Vec<Upstream>) {
    let world = World::new();
    let all = names.iter().map(|name| {
        let upstream = world.upstream(name);
        plugin(&upstream, name, "first");
        upstream
    });
    let all = all.collect();
    (world, all)
}

fn plugin(upstream: &Upstream, name: &str, words: &str) -> String {
    upstream.write(".claude-plugin/plugin.json", json!({"name": name, "version": "1.0.0"}).to_string());
    upstream.write(
        &format!("skills/{name}/SKILL.md"),
        format!("---\nname: {name}\ndescription: d\n---\n{words}\n"),
    );
    upstream.commit(words)
}

/// A name that leads inside, and a redirect that does: the one is refused before anybody is asked, the other
/// where it leads.
#[test]
fn a_remote_that_redirects_inside_is_not_followed() {
    let (world, _all) = repositories(&["good"]);
    let root = world.path("upstreams");
    let victim = Server::https(|_| Reply::new(200, "text/plain", "secret"));
    let inside = victim.url.replace("localhost", "127.0.0.2");
    let server = Server::https(move |request| match request.target.strip_prefix("/trap") {
        Some(tail) => Reply::redirect(302, &format!("{inside}{tail}")),
        None => http_backend(&root, request),
    });
    let field = Field::new(&[&server, &victim]);
    let direct = victim.url.replace("localhost", "127.0.0.2");
    let plugins = json!([
        at("good", &format!("{}/good", server.url)),
        at("trap", &format!("{}/trap", server.url)),
        at("direct", &format!("{direct}/x")),
    ]);
    let ran = field.open(&plugins);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.text().contains("2 other repositories failed"), "{ran:?}");
    assert_eq!(field.names(), ["good"]);
    for name in ["trap", "direct"] {
        assert!(field.reason(name).contains("not allowed: 127.0.0.2"), "{}", field.reason(name));
    }
    assert_eq!(victim.seen().len(), 0);
}

/// A server hands out what it likes, under whatever id it was asked for.
#[test]
fn what_is_not_the_pinned_commit_is_not_served() {
    let (world, all) = repositories(&["good"]);
    let good = all[0].git(&["rev-parse", "HEAD"]);
    let evil = plugin(&all[0], "good", "evil");
    all[0].git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let root = world.path("upstreams");
    let (asked, instead) = (good.clone(), evil.clone());
    let lies = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&lies);
    let server = Server::https(move |request| {
        let mut request = request.clone();
        if says.load(Ordering::Relaxed) {
            let body = String::from_utf8_lossy(&request.body).replace(&asked, &instead);
            request.body = body.into_bytes();
        }
        http_backend(&root, &request)
    });
    let field = Field::new(&[&server]);
    let url = format!("{}/good", server.url);
    field.open(&json!([pinned("good", &url, &good)]));
    assert!(field.reason("good").contains("could not be fetched"), "{}", field.reason("good"));
    assert!(field.names().is_empty());
    let doctor = field.run(&["doctor", "--json"]).text();
    assert!(doctor.contains("remote-failed"), "{doctor}");

    lies.store(false, Ordering::Relaxed);
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(field.names(), ["good"]);
    let bundle = field.world.bundle(ADA);
    let skill = crate::support::zip_file(&bundle, "plugins/market-good/skills/good/SKILL.md");
    assert!(String::from_utf8(skill).unwrap().ends_with("first\n"));
}

/// Some servers give nothing by its id, unless they have just said it themselves: then it may be what a branch
/// or tag is at that stands beside it. Others have never heard of the commit.
#[test]
fn a_commit_that_cannot_be_asked_for_is_found_by_a_name_beside_it() {
    let (world, all) = repositories(&["tool"]);
    let old = all[0].git(&["rev-parse", "HEAD"]);
    all[0].git(&["branch", "release"]);
    plugin(&all[0], "tool", "later");
    let root = world.path("upstreams");
    let (listed, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (says, no, wanted) = (Arc::clone(&listed), Arc::clone(&refused), format!("want {old}"));
    let server = Server::https(move |request| {
        let asks = |words: &str| String::from_utf8_lossy(&request.body).contains(words);
        if asks("command=ls-refs") {
            says.store(true, Ordering::Relaxed);
        } else if asks(&wanted) && !says.load(Ordering::Relaxed) {
            no.store(true, Ordering::Relaxed);
            let words = format!("ERR upload-pack: not our ref {old}");
            let packet = format!("{:04x}{words}", words.len() + 4);
            return Reply::new(200, "application/x-git-upload-pack-result", packet);
        }
        http_backend(&root, request)
    });
    let old = all[0].git(&["rev-parse", "release"]);
    let entry = |name: &str, reference: Option<&str>| {
        let url = format!("{}/tool", server.url);
        json!({"name": name, "source": {"source": "url", "url": url, "sha": old, "ref": reference}})
    };
    // Wherever the name stands that helps, it helps all that want the commit.
    let field = Field::new(&[&server]);
    field.open(&json!([entry("bare", None), entry("moved", Some("main")), entry("named", Some("release"))]));
    assert!(refused.load(Ordering::Relaxed) && listed.load(Ordering::Relaxed));
    assert_eq!(field.names(), ["tool"], "{:?}", field.world.json(&["plugin", "list"]));
    for name in ["bare", "moved", "named"] {
        assert_eq!(field.listed(name)["reason"], Value::Null);
    }
    let bundle = field.world.bundle(ADA);
    let skill = crate::support::zip_file(&bundle, "plugins/market-bare/skills/tool/SKILL.md");
    assert!(String::from_utf8(skill).unwrap().ends_with("first\n"), "not what the default branch has");

    listed.store(false, Ordering::Relaxed);
    let alone = Field::new(&[&server]);
    alone.open(&json!([entry("bare", None)]));
    assert!(alone.reason("bare").contains(&format!("no tag or commit `{old}`")), "{}", alone.reason("bare"));
}

/// Speakers of the first protocol give what they offer, and nothing else.
#[test]
fn a_commit_that_nobody_offers_is_reported() {
    let (world, all) = repositories(&["tool"]);
    let old = all[0].git(&["rev-parse", "HEAD"]);
    plugin(&all[0], "tool", "later");
    let root = world.path("upstreams");
    let server = Server::https(move |request| {
        let headers = request.headers.iter().filter(|(name, _)| name != "git-protocol").cloned().collect();
        http_backend(&root, &Request { headers, ..request.clone() })
    });
    let field = Field::new(&[&server]);
    field.open(&json!([pinned("tool", &format!("{}/tool", server.url), &old)]));
    assert!(field.reason("tool").contains(&format!("no tag or commit `{old}`")), "{}", field.reason("tool"));
}

/// More than there may be, a byte now and then, and nothing at all: each costs itself, and time that ends.
#[test]
fn what_is_too_much_or_too_slow_costs_itself_alone() {
    let (world, all) = repositories(&["good", "huge"]);
    all[1].write("noise.bin", crate::support::feed::noise(400_000));
    all[1].commit("Grow");
    let root = world.path("upstreams");
    let server = Server::https(move |request| {
        let mut reply = Reply::new(200, "application/x-git-upload-pack-advertisement", "00ff".repeat(99));
        if request.target.starts_with("/drip") {
            reply.drip = Some(Duration::from_secs(1));
            return reply;
        }
        reply.hang = request.target.starts_with("/mute");
        if reply.hang { reply } else { http_backend(&root, request) }
    });
    let field = Field::new(&[&server])
        .with("AGNES_LIMITS_MAX_FETCH_BYTES", "200000")
        .with("AGNES_SYNC_IDLE_TIMEOUT", "3")
        .with("AGNES_SYNC_TOTAL_TIMEOUT", "10");
    let began = Instant::now();
    let plugins = ["good", "huge", "drip", "mute"].map(|name| at(name, &format!("{}/{name}", server.url)));
    let ran = field.open(&json!(plugins));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(field.names(), ["good"]);
    assert!(field.reason("huge").contains("limits.max_fetch_bytes"), "{}", field.reason("huge"));
    for name in ["drip", "mute"] {
        assert!(field.reason(name).contains("took"), "{}", field.reason(name));
    }
}

/// A catalog of thousands of repositories that all say nothing would hold a sync up for hours, one timeout
/// after the other.
#[test]
fn thousands_of_repositories_have_one_time_together() {
    let server = Server::https(|_| {
        let mut reply = Reply::new(200, "text/plain", "");
        reply.hang = true;
        reply
    });
    let field = Field::new(&[&server]).with("AGNES_SYNC_TOTAL_TIMEOUT", "4");
    let plugins: Vec<Value> =
        (0..3000).map(|n| at(&format!("p{n}"), &format!("{}/{n}", server.url))).collect();
    field.market.plugin("here");
    let local = json!({"name": "here", "source": "./plugins/here"});
    let began = Instant::now();
    let ran = field.open(&plugins.into_iter().chain([local]).collect());
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert!(ran.text().contains("3000 other repositories failed"), "{ran:?}");
    assert_eq!(field.names(), ["here"]);
    assert!(field.reason("p2999").contains("sync.total_timeout"), "{}", field.reason("p2999"));
    assert!(server.seen().len() <= 8, "{} were asked", server.seen().len());
}

/// What an administrator says of a host counts however a catalog spells it, and wherever it sends us first.
#[test]
fn a_host_that_is_denied_is_not_asked_for_anything() {
    let (world, _all) = repositories(&["tool"]);
    let root = world.path("upstreams");
    let denied = Server::https(move |request| http_backend(&root, request));
    let port = denied.port;
    let to = format!("https://127.0.0.1:{port}");
    let lure = Server::https(move |request| Reply::redirect(302, &format!("{to}{}", request.target)));
    let field = Field::new(&[&denied, &lure]);
    let spelt = ["127.0.0.1", "127.1", "2130706433", "0x7f.1"];
    let mut plugins: Vec<Value> =
        spelt.iter().map(|host| at(&format!("at-{host}"), &format!("https://{host}:{port}/tool"))).collect();
    field.open(&Value::Array(plugins.clone()));
    assert_eq!(field.names(), ["tool"], "they are one plugin, for whoever may reach it");
    let asked = denied.seen().len();

    assert!(field.run(&["host", "deny", "127.0.0.1"]).text().is_empty());
    plugins.push(at("lured", &format!("{}/tool", lure.url)));
    field.market.catalog(&Value::Array(plugins)).commit("Lure");
    let ran = field.sync();
    assert!(field.names().is_empty(), "nothing of it is served on: {ran:?}");
    for host in spelt {
        let reason = field.reason(&format!("at-{host}"));
        assert!(reason.contains("`127.0.0.1`, and that host is denied"), "{reason}");
    }
    // Where a redirect led is known when it leads there.
    let lured = field.listed("lured");
    assert!(lured.to_string().contains("its host is denied"), "{lured}");
    assert_eq!(denied.seen().len(), asked);

    field.world.agnes(&["host", "forget", "127.0.0.1"]);
    field.sync();
    assert_eq!(field.names(), ["tool"]);
    let audit = field.world.json(&["audit", "--what", "host"]);
    let acts: Vec<&str> =
        audit.as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["host.forget", "host.deny"]);
}

#[test]
fn as_soon_as_one_host_is_allowed_the_others_are_not() {
    let world = World::new();
    let remote = world.remote("tool");
    plugin(&remote, "tool", "first");
    let market = world.upstream("market");
    // No test asks the internet for anything, not even where a name leads.
    let config = world.path(".gitconfig");
    let text = std::fs::read_to_string(&config).unwrap() + "[core]\n\tsshCommand = false\n";
    std::fs::write(&config, text).unwrap();
    let usual = [at("tool", &remote_url("tool")), at("ssh", "git@git.example:tool.git")];
    let oddly = [at("upper", "https://GIT.example./tool.git")];
    let publish = |odd: bool| {
        let all = usual.iter().chain(oddly.iter().filter(|_| odd)).cloned().collect();
        market.catalog(&all).commit("Publish");
    };
    publish(false);
    world.register("market", &market);
    let reason = |name| world.listed(name)["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason("ssh").contains("agnes host allow HOST --ssh"), "{}", reason("ssh"));
    assert_eq!(reason("tool"), "");

    world.agnes(&["host", "allow", "other.example"]);
    publish(true);
    world.agnes(&["marketplace", "sync"]);
    for name in ["tool", "upper"] {
        assert!(reason(name).contains("`git.example`, and that host is not among"), "{}", reason(name));
    }
    publish(false);
    world.agnes(&["host", "allow", "git.example", "--ssh"]);
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(reason("tool"), "");
    // It is tried, with the ssh that is configured.
    assert!(reason("ssh").contains("could not be fetched"), "{}", reason("ssh"));
    publish(true);
    world.agnes(&["host", "deny", "git.example"]);
    world.agnes(&["marketplace", "sync"]);
    for name in ["tool", "upper", "ssh"] {
        assert!(reason(name).contains("is denied"), "{}", reason(name));
    }
    let hosts = world.json(&["host", "list"]);
    assert_eq!(hosts[0], json!({"host": "git.example", "rule": "deny", "ssh": false, "has_token": false}));
}

/// A token is for the host that it was given for. Not for whoever that host sends us to, and not for the
/// others that the same catalog names.
#[test]
fn a_hosts_token_goes_to_that_host_and_nowhere_else() {
    const TOKEN: &str = "hunter2-of-the-git-server";
    let (world, _all) = repositories(&["tool", "other"]);
    let (root, again) = (world.path("upstreams"), world.path("upstreams"));
    let other = Server::https(move |request| http_backend(&again, request));
    let elsewhere = other.url.clone();
    let own = Server::https(move |request| match request.target.strip_prefix("/moved") {
        Some(tail) => Reply::redirect(302, &format!("{elsewhere}/other{tail}")),
        None if request.header("authorization").is_none() => Reply::new(401, "text/plain", "Who are you?"),
        None => http_backend(&root, request),
    });
    let field = Field::new(&[&own, &other]).with("THE_TOKEN", TOKEN);
    let host = own.url.trim_start_matches("https://").to_owned();
    let set = ["host", "token", host.as_str(), "--token-env", "THE_TOKEN"];
    let mut said: Vec<Ran> = vec![field.run(&set)];
    let plugins = json!([
        at("tool", &format!("{}/tool", own.url)),
        at("moved", &format!("{}/moved", own.url)),
        at("other", &format!("{}/other", other.url)),
    ]);
    said.push(field.open(&plugins));
    assert_eq!(field.names(), ["other", "tool"], "{:?}", field.world.json(&["plugin", "list"]));
    assert!(own.seen().iter().any(|request| request.header("authorization").is_some()));
    assert!(other.seen().iter().all(|request| request.header("authorization").is_none()));
    for args in [&["host", "list", "--json"][..], &["doctor"], &["audit", "--json"], &["plugin", "list"]] {
        said.push(field.run(args));
    }
    assert!(said.iter().all(|ran| !ran.text().contains(TOKEN) && !ran.stderr.contains(TOKEN)), "{said:?}");
    let overlay = field.world.data().join("state/.env_overlay");
    assert!(std::fs::read_to_string(&overlay).unwrap().starts_with("AGNES_HOST_LOCALHOST___"));

    // Without it, the host asks for it; what was fetched is served on, and says so.
    field.world.agnes(&["host", "token", &host, "--no-token"]);
    field.sync();
    let notes = field.listed("tool")["notes"].to_string();
    assert!(notes.contains("asks for credentials") && notes.contains("served on"), "{notes}");
    assert!(field.run(&["doctor", "--json"]).text().contains("remote-kept"));
    assert_eq!(std::fs::read_to_string(&overlay).unwrap(), "");
    assert_eq!(field.names(), ["other", "tool"]);
}

/// The marketplace's own token is for where it is registered. A plugin beside it may need it; one elsewhere
/// must not see it.
#[test]
fn a_marketplaces_token_stays_with_its_host() {
    const TOKEN: &str = "hunter2-of-the-marketplace";
    let (world, _all) = repositories(&["beside", "away"]);
    let market = world.upstream("market");
    let (root, again) = (world.path("upstreams"), world.path("upstreams"));
    let own = Server::https(move |request| match request.header("authorization") {
        None => Reply::new(401, "text/plain", "Who are you?"),
        Some(_) => http_backend(&root, request),
    });
    let other = Server::https(move |request| http_backend(&again, request));
    market
        .catalog(&json!([
            at("beside", &format!("{}/beside", own.url)),
            at("away", &format!("{}/away", other.url)),
        ]))
        .commit("Publish");
    let field = Field::new(&[&own, &other]).with("THE_TOKEN", TOKEN);
    let url = format!("{}/market", own.url);
    let add = ["marketplace", "add", url.as_str(), "--slug", "market", "--token-env", "THE_TOKEN"];
    assert_eq!(field.run(&add).code, Some(0));
    // A host is denied for plugins, and not for the marketplaces that administrators register.
    let host = own.url.trim_start_matches("https://").to_owned();
    field.world.agnes(&["host", "deny", &host]);
    assert_eq!(field.sync().code, Some(0));
    assert!(field.reason("beside").contains("is denied"));
    field.world.agnes(&["host", "forget", &host]);
    field.sync();
    field.world.user(ADA, &["market/*"]);
    assert_eq!(field.names(), ["away", "beside"]);
    assert!(other.seen().iter().all(|request| request.header("authorization").is_none()));
}

/// What was fetched before somebody lost patience is not fetched again.
#[test]
fn an_interrupted_sync_goes_on_from_where_it_was() {
    let (world, all) = repositories(&["quick", "slow"]);
    let commits: Vec<String> = all.iter().map(|one| one.git(&["rev-parse", "HEAD"])).collect();
    for one in &all {
        one.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    }
    let root = world.path("upstreams");
    let hangs = Arc::new(AtomicBool::new(true));
    let says = Arc::clone(&hangs);
    let server = Server::https(move |request| {
        let mut reply = Reply::new(200, "text/plain", "");
        reply.hang = says.load(Ordering::Relaxed) && request.target.starts_with("/slow");
        if reply.hang { reply } else { http_backend(&root, request) }
    });
    let field = Field::new(&[&server]).with("AGNES_SYNC_REMOTE_JOBS", "1");
    let entry = |name: &str, commit: &String| pinned(name, &format!("{}/{name}", server.url), commit);
    let plugins = json!([entry("quick", &commits[0]), entry("slow", &commits[1])]);
    field.market.catalog(&plugins).commit("Publish");
    field.world.agnes(&["marketplace", "add", &field.market.url(), "--slug", "market"]);
    let mut sync = field.command(&["marketplace", "sync"]).spawn().unwrap();
    let asked = |name: &str| server.seen().iter().filter(|request| request.target.starts_with(name)).count();
    until("the slow one to be asked", || (asked("/slow") > 0).then_some(()));
    // As Ctrl-C does; and where a shell has made its children deaf to that, too.
    signal(sync.id(), "TERM");
    assert!(!sync.wait().unwrap().success());

    hangs.store(false, Ordering::Relaxed);
    let before = asked("/quick");
    assert!(before > 0);
    assert_eq!(field.sync().code, Some(0));
    assert_eq!(asked("/quick"), before, "it was fetched already");
    field.world.user(ADA, &["market/*"]);
    assert_eq!(field.names(), ["quick", "slow"]);
    // And with everything pinned and nothing new, nobody is asked at all.
    let all = server.seen().len();
    field.sync();
    assert_eq!(server.seen().len(), all);
}

/// A folder that is none, and links that lead out of it, or out of the repository.
#[test]
fn a_plugin_does_not_leave_its_repository_by_a_link() {
    let world = World::new();
    let many = world.remote("many");
    many.plugin("tool").write("shared/words.md", "Shared.\n");
    many.link("plugins/tool/words.md", "../../shared/words.md");
    many.link("plugins/tool/passwd", "/etc/passwd").link("plugins/tool/up", "../../../..");
    many.link("out", "../..").link("absolute", "/etc");
    many.commit("Publish");
    let entry = |name: &str, path: &str| json!({"name": name, "source": {"source": "git-subdir", "url": remote_url("many"), "path": path}});
    let market = world.upstream("market");
    market
        .catalog(&json!([
            entry("tool", "plugins/tool"),
            entry("out", "out"),
            entry("absolute", "absolute"),
            entry("nowhere", "plugins/nowhere"),
            entry("file", "shared/words.md"),
        ]))
        .commit("Publish");
    world.register("market", &market);
    world.user(ADA, &["market/*"]);
    let names = zip_names(&world.bundle(ADA));
    assert!(names.contains(&"plugins/market-tool/words.md".to_owned()), "{names:?}");
    assert!(names.iter().all(|name| !name.contains("passwd") && !name.contains("/up")), "{names:?}");
    assert!(world.listed("tool")["notes"].to_string().contains("passwd"));
    for name in ["out", "absolute", "nowhere", "file"] {
        assert!(world.listed(name)["reason"].is_string(), "{name}: {}", world.listed(name));
    }
}
