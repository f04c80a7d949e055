//! Clones, in every version of the protocol and every shape.

use crate::support::feed::{Feed, same_files};
use crate::support::git::VERSIONS;
use crate::support::server::argument;
use crate::support::{ADA, GRACE, World, unzipped};

/// In every version and shape, the same commit and tree arrive, `git fsck --strict` has nothing to say, and
/// the files are those of the ZIP.
#[test]
fn every_clone_is_the_same_and_is_the_zip() {
    let feed = Feed::new();
    let mut identities = Vec::new();
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        for shape in [
            &[][..],
            &["--depth", "1"],
            &["--single-branch", "--no-tags"],
            &["--shallow-submodules", "--recurse-submodules", "--depth", "1"],
        ] {
            let clone = git.clone("clone", shape);
            feed.is_the_zip(&clone);
            identities.push(feed.world.identity(&clone));
            assert_eq!(feed.world.look(&clone, &["symbolic-ref", "HEAD"]), "refs/heads/main");
            assert_eq!(feed.world.look(&clone, &["status", "--porcelain"]), "");
            assert_eq!(feed.world.look(&clone, &["rev-list", "--count", "HEAD"]), "1");
        }
        for shape in
            [&["--bare"][..], &["--mirror"], &["--bare", "--depth", "1"], &["--mirror", "--depth", "1"]]
        {
            let clone = git.clone("bare", shape);
            identities.push(feed.world.identity(&clone));
            assert_eq!(feed.world.look(&clone, &["symbolic-ref", "HEAD"]), "refs/heads/main");
        }
    }
    identities.dedup();
    assert_eq!(identities.len(), 1, "{identities:#?}");
    feed.server.had_no_trouble();
}

/// The same content is the same commit on another machine: nothing but the content is in it.
#[test]
fn two_servers_with_the_same_content_serve_the_same_commit() {
    let identity = || {
        let feed = Feed::new();
        feed.world.identity(&feed.git().clone("clone", &[]))
    };
    assert_eq!(identity(), identity());
}

/// With the token in the URL, as people do it: the first request comes without, is answered 401 with
/// `WWW-Authenticate`, and comes again. A wrong token, and none, are told apart from trouble.
#[test]
fn a_password_in_the_url_is_asked_for_and_taken() {
    let feed = Feed::with(&["tools/x"]);
    let token = feed.ada.strip_prefix("Bearer ").unwrap();
    let at = |who: &str| feed.git().url.replace("http://", &format!("http://{who}@"));
    let nobody = feed.world.git(&feed.server, "");
    for version in VERSIONS {
        let git = nobody.speaking(version);
        let clone = feed.world.path(&format!("clone {version}"));
        git.run(feed.world.home(), &["clone", "-q", &at(&format!("x:{token}")), argument(&clone)]);
        feed.is_the_zip(&clone);
        for who in ["x:agnes_pat_wrong", "x:"] {
            let told = git.refused(feed.world.home(), &["ls-remote", &at(who)]);
            assert!(told.contains("Authentication failed") || told.contains("could not read"), "{told}");
        }
        let told = git.refused(feed.world.home(), &["ls-remote", &git.url]);
        assert!(told.contains("could not read Username"), "{told}");
    }
}

/// `/_git/marketplace.git`, with a slash at its end and without, which Claude Code clones in either form.
#[test]
fn the_other_address_is_the_same_repository() {
    let feed = Feed::with(&["tools/x", "tools/y"]);
    let expected = feed.world.identity(&feed.git().clone("clone", &[]));
    for (number, end) in ["", "/"].into_iter().enumerate() {
        let mut git = feed.git();
        git.url = format!("{}/_git/marketplace.git{end}", feed.server.url());
        let clone = git.clone(&format!("other {number}"), &["--depth", "1"]);
        assert_eq!(feed.world.identity(&clone), expected);
        git.run(&clone, &["pull", "-q", "origin", "HEAD"]);
    }
}

/// Somebody who was granted nothing gets a marketplace that has nothing in it, and not an empty repository:
/// the real client would lose its clone over that.
#[test]
fn who_has_no_grants_clones_an_empty_marketplace() {
    let feed = Feed::new();
    feed.world.user(GRACE, &[]);
    let grace = feed.world.bearer(GRACE);
    let git = feed.world.git(&feed.server, &grace);
    for version in VERSIONS {
        let clone = git.speaking(version).clone("empty", &["--depth", "1"]);
        let zip = feed.server.get("/marketplace.zip", &[("authorization", &grace)]);
        same_files(&clone, &unzipped(&zip.body));
        let catalog = std::fs::read(clone.join(".claude-plugin/marketplace.json")).unwrap();
        let catalog: serde_json::Value = serde_json::from_slice(&catalog).unwrap();
        assert_eq!(catalog["plugins"], serde_json::json!([]));
    }
}

#[test]
fn ls_remote_lists_what_fits_its_patterns() {
    let feed = Feed::with(&["tools/x"]);
    let home = feed.world.home();
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let tip = feed.server.tip(&feed.ada);
        let (head, main) = (format!("{tip}\tHEAD"), format!("{tip}\trefs/heads/main"));
        let both = format!("{head}\n{main}");
        let symbolic = format!("ref: refs/heads/main\tHEAD\n{head}");
        for (args, expected) in [
            (&[][..], both.as_str()),
            (&["HEAD"], &head),
            (&["main"], &main),
            (&["refs/heads/*"], &main),
            (&["m*n"], &main),
            (&["nothing"], ""),
            (&["refs/tags/*"], ""),
        ] {
            let said = git.run(home, &[&["ls-remote", git.url.as_str()], args].concat());
            assert_eq!(said, expected, "v{version} {args:?}");
        }
        let said = git.run(home, &["ls-remote", "--symref", &git.url, "HEAD"]);
        assert_eq!(said, symbolic, "v{version}");
        assert_eq!(git.run(home, &["ls-remote", "--tags", &git.url]), "");
        let missing = git.tried(home, &["ls-remote", "--exit-code", &git.url, "nothing"]);
        assert_eq!(missing.code, Some(2), "{}", missing.stderr);
    }
}

/// As a bundle file: for `git clone --bundle-uri`, for clients that follow what the server recommends, and
/// for whoever downloads it.
#[test]
fn the_bundle_is_the_same_repository() {
    let feed = Feed::new();
    let git = feed.git();
    let expected = feed.world.identity(&git.clone("clone", &[]));
    let answer = feed.server.get("/marketplace.git/main.bundle", &[("authorization", &feed.ada)]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-git-bundle")));
    let file = feed.world.path("main.bundle");
    std::fs::write(&file, &answer.body).unwrap();
    let clone = feed.world.path("from the bundle");
    git.run(feed.world.home(), &["clone", "-q", argument(&file), argument(&clone)]);
    assert_eq!(feed.world.identity(&clone), expected);

    let uri = format!("--bundle-uri={}/main.bundle", git.url);
    let clone = git.clone("by uri", &[&uri]);
    assert_eq!(feed.world.identity(&clone), expected);
    let clone = git.clone_with(&[("transfer.bundleURI", "true")], "as recommended", &[]);
    assert_eq!(feed.world.identity(&clone), expected);
    feed.is_the_zip(&clone);
}

/// Several of different rights in turn: each gets their own, in the git channel as in the other.
#[test]
fn each_gets_their_own() {
    let world = World::with_people();
    let server = world.serve(&[]);
    let mut identities = Vec::new();
    for email in [ADA, GRACE] {
        let bearer = world.bearer(email);
        let clone = world.git(&server, &bearer).clone(email, &["--depth", "1"]);
        let zip = server.get("/marketplace.zip", &[("authorization", &bearer)]);
        same_files(&clone, &unzipped(&zip.body));
        identities.push(world.identity(&clone));
    }
    assert_ne!(identities[0], identities[1]);
}
