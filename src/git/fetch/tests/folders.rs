//! Fetches of some folders of a commit: what they bring, and what they leave where it is.

mod hostile;

use super::server::{Reply, Request, Server, http_backend};
use crate::domain::limits::Limits;
use crate::domain::plugin::content::folder;
use crate::domain::repository::links::Repo;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::Objects;
use crate::domain::watch::Unwatched;
use crate::git::fixture::{World, all_bytes};
use crate::git::{Brought, FetchError, FetchOptions, Pin, Repository, Upstream};
use crate::git::{compact, distrust, fetch_folders, holds, stand_in, verify};

fn paths(folders: &[&str]) -> Vec<RepoPath> {
    folders.iter().map(|path| RepoPath::parse(path).unwrap()).collect()
}

fn noise(seed: u32, length: u32) -> Vec<u8> {
    (0..length).flat_map(|n| (n ^ seed).wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

/// An upstream with two plugins, much beside them, and a server that filters.
fn world() -> World {
    let world = World::new();
    world.up(&["config", "uploadpack.allowFilter", "true"]);
    world.write(".gitattributes", "*.bat eol=crlf\n");
    world.write("plugins/.gitattributes", "*.txt text\n");
    world.write("plugins/a/skills/one/SKILL.md", "a skill\n");
    world.write("plugins/a/run.bat", "echo\n");
    world.write("plugins/b/b.txt", "b\n");
    world.write("big.bin", noise(1, 100_000));
    world.write("plugins/c/large.bin", noise(2, 100_000));
    world.commit("plugins");
    world
}

fn get(world: &World, url: &str, folders: &[&str]) -> Result<Brought, FetchError> {
    get_with(world, url, &Pin::Default, folders, &FetchOptions::default())
}

fn get_with(
    world: &World,
    url: &str,
    pin: &Pin,
    folders: &[&str],
    options: &FetchOptions,
) -> Result<Brought, FetchError> {
    let upstream = Upstream { url, pin, token: None };
    fetch_folders(&world.repo(), &upstream, &paths(folders), options, &Unwatched)
}

/// git's own server, with somebody in between who may answer in its place.
fn between(
    world: &World,
    meddle: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static,
) -> (Server, String) {
    let root = world.folder.path().to_owned();
    let server = Server::http(move |request| meddle(request).unwrap_or_else(|| http_backend(&root, request)));
    let url = format!("{}/upstream/.git", server.url);
    (server, url)
}

fn says(request: &Request, words: &str) -> bool {
    request.body.windows(words.len()).any(|part| part == words.as_bytes())
}

fn asks_for_all(request: &Request) -> bool {
    says(request, "want ") && !says(request, "filter ") && says(request, "deepen ")
}

fn wanted(requests: &[Request]) -> Vec<Oid> {
    let mut ids = Vec::new();
    for request in requests {
        for part in String::from_utf8_lossy(&request.body).split("want ").skip(1) {
            ids.extend(part.get(..40).and_then(|id| id.parse::<Oid>().ok()));
        }
    }
    ids
}

/// The folders are here as upstream has them.
fn has_folders(world: &World, commit: &Oid, folders: &[&str]) {
    for path in paths(folders) {
        let made = stand_in(&world.repo(), commit, &path);
        verify(&world.repo(), &made).unwrap();
        let reader = world.reader();
        let repo = Repo::new(&reader, reader.commit_tree(&made).unwrap(), &Limits::default());
        let found = folder(&repo, &path).unwrap();
        assert_eq!(found.id, world.id(&format!("{commit}:{}", path.to_key())), "{path}");
    }
    world.fsck();
}

fn in_part(world: &World, commit: &Oid) -> bool {
    !holds(&world.repo(), commit)
}

#[test]
fn of_a_server_that_filters_only_the_folder_comes() {
    for over_http in [false, true] {
        let world = world();
        let (server, web) = between(&world, |_| None);
        let url = if over_http { web } else { world.url() };
        let brought = get(&world, &url, &["plugins/a"]).unwrap();
        let tip = world.id("HEAD");
        assert_eq!(brought, Brought { commit: tip, received: true, is_tag: false });
        has_folders(&world, &tip, &["plugins/a", "plugins/a/skills"]);
        assert!(in_part(&world, &tip));

        let reader = world.reader();
        let absent =
            ["HEAD", "HEAD^{tree}", "HEAD:big.bin", "HEAD:plugins/b", "HEAD:plugins/b/b.txt", "HEAD:a.txt"];
        for absent in absent {
            assert!(!reader.has(&world.id(absent)), "{absent}");
        }
        for present in ["HEAD:.gitattributes", "HEAD:plugins/.gitattributes", "HEAD:plugins/a/run.bat"] {
            assert!(reader.has(&world.id(present)), "{present}");
        }
        let made = stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]);
        let names = |tree: &Oid| -> Vec<String> {
            let entries = reader.tree(tree).unwrap();
            entries.iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect()
        };
        assert_eq!(names(&reader.commit_tree(&made).unwrap()), [".gitattributes", "plugins"]);
        assert_eq!(world.packs(), 1);
        assert!(all_bytes(&world.repo()).len() < 20_000);

        // Nothing new is as little as ever, and a commit by its id nothing at all.
        let before = server.seen().len();
        assert!(!get(&world, &url, &["plugins/a/skills"]).unwrap().received);
        let asked = server.seen().len() - before;
        assert_eq!(asked, if over_http { 2 } else { 0 }, "capabilities, refs");
        let pin = Pin::Ref(tip.to_string());
        assert!(!get_with(&world, &url, &pin, &["plugins/a"], &FetchOptions::default()).unwrap().received);
        assert_eq!(server.seen().len() - before, asked);
    }
}

#[test]
fn who_cannot_filter_is_asked_for_all_of_it_at_once() {
    let world = world();
    world.up(&["config", "uploadpack.allowFilter", "false"]);
    let (server, url) = between(&world, |_| None);
    let brought = get(&world, &url, &["plugins/a", "plugins/b"]).unwrap();
    let requests = server.seen();
    assert_eq!(requests.len(), 3, "capabilities, refs, pack: as for the whole");
    assert!(asks_for_all(&requests[2]));
    world.same_as_upstream(&brought.commit);
    assert_eq!(stand_in(&world.repo(), &brought.commit, &paths(&["plugins/a"])[0]), brought.commit);
    // Whole is whole, whoever is asked from then on.
    world.up(&["config", "uploadpack.allowFilter", "true"]);
    assert!(!get(&world, &url, &["plugins/c"]).unwrap().received);

    // Version 0 gives nothing by its id.
    let old = self::world();
    let (_server, url) = {
        let root = old.folder.path().to_owned();
        let server = Server::http(move |request| {
            let mut request = request.clone();
            request.headers.retain(|(name, _)| name != "git-protocol");
            http_backend(&root, &request)
        });
        let url = format!("{}/upstream/.git", server.url);
        (server, url)
    };
    let brought = get(&old, &url, &["plugins/a"]).unwrap();
    old.same_as_upstream(&brought.commit);
}

#[test]
fn folders_of_one_commit_share_what_is_here_and_a_later_one_joins_them() {
    let world = world();
    let (server, url) = between(&world, |_| None);
    let tip = get(&world, &url, &["plugins/b", "plugins/a", "plugins/a/skills"]).unwrap().commit;
    has_folders(&world, &tip, &["plugins/a", "plugins/b"]);
    assert!(!world.reader().has(&world.id("HEAD:plugins/c/large.bin")));

    let before = server.seen().len();
    assert!(get(&world, &url, &["plugins/c"]).unwrap().received);
    has_folders(&world, &tip, &["plugins/a", "plugins/b", "plugins/c"]);
    let asked = wanted(&server.seen()[before..]);
    for here in ["HEAD:plugins/a", "HEAD:plugins/a/run.bat", "HEAD:.gitattributes"] {
        assert!(!asked.contains(&world.id(here)), "{here}");
    }
    assert!(asked.contains(&world.id("HEAD:plugins/c/large.bin")));

    // The same however it came to be.
    let made = stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]);
    std::fs::remove_dir_all(world.repo()).unwrap();
    get(&world, &url, &["plugins/c", "plugins/a", "plugins/a/skills", "plugins/b"]).unwrap();
    assert_eq!(stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]), made);

    // Somebody wants all of it.
    world.fetch(&Pin::Default).unwrap();
    world.same_as_upstream(&tip);
    assert_eq!(stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]), tip);
}

#[test]
fn a_commit_that_changed_little_asks_for_little() {
    let world = world();
    let (server, url) = between(&world, |_| None);
    let old = get(&world, &url, &["plugins/a"]).unwrap().commit;
    world.write("big.bin", noise(3, 100_000));
    world.commit("elsewhere");
    let before = server.seen().len();
    let new = get(&world, &url, &["plugins/a"]).unwrap();
    assert!(new.received && new.commit == world.id("HEAD"));
    let asked = wanted(&server.seen()[before..]);
    let above = [new.commit, world.id("HEAD^{tree}"), world.id("HEAD:plugins")];
    assert_eq!(asked, above, "the folder itself is the same");
    has_folders(&world, &new.commit, &["plugins/a"]);

    world.write("plugins/a/skills/one/SKILL.md", "another\n");
    world.commit("here");
    let before = server.seen().len();
    let newer = get(&world, &url, &["plugins/a"]).unwrap();
    let asked = wanted(&server.seen()[before..]);
    assert!(asked.contains(&world.id("HEAD:plugins/a/skills/one/SKILL.md")));
    assert!(!asked.contains(&world.id("HEAD:plugins/a/run.bat")));
    has_folders(&world, &newer.commit, &["plugins/a"]);
    has_folders(&world, &old, &["plugins/a"]);

    // Tidying keeps what it is told to, and what stands in for nothing any more goes.
    let made = |commit: &Oid| stand_in(&world.repo(), commit, &paths(&["plugins/a"])[0]);
    let keep = made(&newer.commit);
    for n in 0..9 {
        world.write("plugins/a/n.txt", format!("{n}\n"));
        world.commit("more");
        get(&world, &url, &["plugins/a"]).unwrap();
    }
    assert!(compact(&world.repo(), &[keep]).unwrap().rewritten);
    assert_eq!((made(&newer.commit), made(&old)), (keep, old));
    has_folders(&world, &newer.commit, &["plugins/a"]);
    assert_eq!(std::fs::read_dir(world.repo().join("narrowed")).unwrap().count(), 1);
}

#[test]
fn a_folder_whose_links_lead_out_of_it_is_fetched_with_all_the_rest() {
    let link = |world: &World, target: &str, at: &str| {
        let at = world.upstream().join(at);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, at).unwrap();
    };
    let stays =
        [("run.bat", "plugins/a/x"), ("../run.bat", "plugins/a/skills/x"), ("nowhere", "plugins/a/x")];
    let leads_out = [
        ("../b", "plugins/a/x"),
        ("../../b", "plugins/a/skills/x"),
        ("skills/../../b/b.txt", "plugins/a/x"),
        ("/etc/passwd", "plugins/a/x"),
        ("c:\\x", "plugins/a/x"),
        ("a", "plugins/l"),
    ];
    for (part, cases) in [(true, &stays[..]), (false, &leads_out[..])] {
        for (target, at) in cases {
            let world = world();
            link(&world, target, at);
            let tip = world.commit("link");
            let wanted = if at.ends_with('l') { "plugins/l" } else { "plugins/a" };
            assert_eq!(get(&world, &world.url(), &[wanted]).unwrap().commit, tip);
            assert_eq!(in_part(&world, &tip), part, "{at} -> {target}");
            world.fsck();
            if !part {
                world.same_as_upstream(&tip);
            }
        }
    }
    // A tree that is in two places counts where its links lead further out.
    let world = world();
    link(&world, "../x", "plugins/a/one/two/same/link");
    link(&world, "../x", "plugins/a/same/link");
    let tip = world.commit("inside");
    get(&world, &world.url(), &["plugins/a"]).unwrap();
    assert!(in_part(&world, &tip));
    link(&world, "../../x", "plugins/a/one/two/other/link");
    link(&world, "../../x", "plugins/a/other/link");
    let tip = world.commit("outside");
    get(&world, &world.url(), &["plugins/a"]).unwrap();
    world.same_as_upstream(&tip);
}

#[test]
fn a_folder_that_does_not_exist_is_missing_as_it_is_in_the_whole() {
    let world = world();
    for path in ["no", "plugins/no/such", "plugins/b/b.txt", "plugins/b/b.txt/x"] {
        let tip = get(&world, &world.url(), &[path]).unwrap().commit;
        let path = &paths(&[path])[0];
        let reader = world.reader();
        let made = stand_in(&world.repo(), &tip, path);
        assert_ne!(made, tip);
        let why = |reader: &crate::git::Reader, commit: &Oid| {
            let repo = Repo::new(reader, reader.commit_tree(commit).unwrap(), &Limits::default());
            folder(&repo, path).unwrap_err().to_string()
        };
        let whole = Repository::open(&world.upstream().join(".git")).unwrap().reader();
        assert_eq!(why(&reader, &made), why(&whole, &tip));
        world.fsck();
    }
}

#[test]
fn what_is_followed_is_what_came() {
    let world = world();
    world.up(&["tag", "-a", "v1", "-m", "v1"]);
    let first = world.id("HEAD");
    world.write("plugins/a/more.txt", "more\n");
    world.commit("more");
    let options = FetchOptions::default();
    let fetch = |pin: Pin| get_with(&world, &world.url(), &pin, &["plugins/a"], &options);
    let tagged = fetch(Pin::Name("v1".into())).unwrap();
    assert_eq!(tagged, Brought { commit: first, received: true, is_tag: true });
    has_folders(&world, &first, &["plugins/a"]);
    assert!(!fetch(Pin::Ref(first.to_string())).unwrap().received);
    let by_id = fetch(Pin::Ref(world.id("HEAD").to_string())).unwrap();
    assert_eq!(by_id, Brought { commit: world.id("HEAD"), received: true, is_tag: false });

    let nowhere = "1234567890123456789012345678901234567890";
    let error = fetch(Pin::Ref(nowhere.into())).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no tag or commit `{nowhere}`"));
    let tree = world.id("HEAD^{tree}").to_string();
    let error = fetch(Pin::Ref(tree.clone())).unwrap_err();
    assert_eq!(error, FetchError::NotACommit { name: tree });
    let error = fetch(Pin::Name("no".into())).unwrap_err();
    assert!(error.to_string().contains("there is no branch `no`"), "{error}");
}

#[test]
fn what_is_damaged_is_fetched_anew() {
    let world = world();
    let tip = get(&world, &world.url(), &["plugins/a", "plugins/c"]).unwrap().commit;
    let pack = std::fs::read_dir(world.repo().join("objects/pack")).unwrap().flatten();
    let pack =
        pack.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "pack")).unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::remove_file(&pack).unwrap();
    std::fs::write(&pack, bytes).unwrap();
    let made = stand_in(&world.repo(), &tip, &paths(&["plugins/a"])[0]);
    verify(&world.repo(), &made).unwrap_err();
    distrust(&world.repo());
    // The folders of a commit belong to several plugins. Whoever asks first brings all of them back, or the others'
    // would be nowhere until they are asked for, too.
    assert!(get(&world, &world.url(), &["plugins/a"]).unwrap().received);
    has_folders(&world, &tip, &["plugins/a", "plugins/c"]);
    assert!(!get(&world, &world.url(), &["plugins/c"]).unwrap().received);
}
