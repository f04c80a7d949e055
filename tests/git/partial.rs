//! Partial clones: what is left out, and asked for later. The machine's own `git upload-pack` says what is
//! right.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::feed::{Feed, MANY};
use crate::support::git::{Git, VERSIONS};
use crate::support::server::argument;

const FILTERS: [&str; 12] = [
    "blob:none",
    "blob:limit=0",
    "blob:limit=1k",
    "blob:limit=100000",
    "blob:limit=1m",
    "tree:0",
    "tree:1",
    "tree:2",
    "tree:4",
    "object:type=tree",
    "object:type=blob",
    "combine:tree:3+blob:limit=100",
];

/// The same filter at a repository of git's own.
fn oracle(feed: &Feed, full: &Path, filter: &str) -> Vec<String> {
    let git = feed.git();
    let path = feed.world.path("oracle");
    let _ = fs::remove_dir_all(&path);
    let url = format!("file://{}", full.display());
    let filter = format!("--filter={filter}");
    git.run(feed.world.home(), &["clone", "-q", "--bare", &filter, &url, argument(&path)]);
    feed.world.objects(&path)
}

/// A bare clone from which git itself serves.
fn full(feed: &Feed) -> PathBuf {
    let full = feed.git().clone("full", &["--bare"]);
    for name in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        feed.world.look(&full, &["config", name, "true"]);
    }
    full
}

#[test]
fn a_filter_leaves_out_what_git_leaves_out() {
    let feed = Feed::new();
    let full = full(&feed);
    for filter in FILTERS {
        let expected = oracle(&feed, &full, filter);
        for version in VERSIONS {
            let clone =
                feed.git().speaking(version).clone("partial", &["--bare", &format!("--filter={filter}")]);
            let objects = feed.world.objects(&clone);
            assert_eq!(objects.len(), expected.len(), "v{version} {filter}");
            assert!(objects == expected, "v{version} {filter}");
        }
    }
}

/// What was left out comes when it is needed: a checkout, a log with patches, one object by its id.
#[test]
fn what_was_left_out_comes_when_it_is_needed() {
    let feed = Feed::new();
    let full = full(&feed);
    let identity = feed.world.identity(&full);
    let blob = feed.world.look(&full, &["rev-parse", "HEAD:plugins/tools-x/deep.txt"]);
    let tree = feed.world.look(&full, &["rev-parse", "HEAD:plugins/tools-x/deep"]);
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        for filter in ["blob:none", "blob:limit=1k", "tree:0", "tree:2", "combine:tree:3+blob:none"] {
            let filter = format!("--filter={filter}");
            let clone = git.clone("partial", &["--no-checkout", &filter]);
            assert_eq!(
                git.run(&clone, &["cat-file", "-p", &blob]),
                feed.world.look(&full, &["cat-file", "-p", &blob])
            );
            assert_eq!(
                git.run(&clone, &["cat-file", "-p", &tree]),
                feed.world.look(&full, &["cat-file", "-p", &tree])
            );
            git.run(&clone, &["checkout", "-q", "main"]);
            feed.is_the_zip(&clone);
            assert_eq!(feed.world.identity(&clone), identity);
            git.sound(&clone);
        }
        let clone = git.clone("partial", &["--bare", "--filter=blob:none"]);
        let patches = git.run(&clone, &["log", "-p", "--format=%H", "--", "plugins/tools-x"]);
        assert!(patches.contains("+Deep down."), "{patches}");
        let clone = git.clone("sparse", &["--sparse", "--depth=1", "--filter=blob:none"]);
        assert!(!clone.join("plugins").exists());
        git.run(&clone, &["sparse-checkout", "set", "plugins/tools-x"]);
        assert!(clone.join("plugins/tools-x/deep.txt").exists() && !clone.join("plugins/tools-y").exists());
    }
}

/// As Claude Code fetches one folder of a repository: without trees, then one tree after another.
#[test]
fn one_folder_of_it_can_be_had() {
    let feed = Feed::vast();
    let git = feed.git();
    let clone = git.clone("folder", &["--depth=1", "--filter=tree:0", "--no-checkout"]);
    git.run(&clone, &["sparse-checkout", "set", "--cone", "--", "plugins/tools-x"]);
    git.run(&clone, &["checkout", "-q", "HEAD"]);
    assert!(clone.join("plugins/tools-x/hooks/run.sh").exists());
    assert!(!clone.join("plugins/tools-many").exists());
    let many =
        feed.world.look(&git.clone("full", &["--bare"]), &["rev-parse", "HEAD:plugins/tools-many/1/1.txt"]);
    assert!(!feed.world.objects(&clone).contains(&many), "what was not asked for came along");
}

/// A checkout that needs more than a thousand blobs names them all in one request, which does not fit into
/// the buffer of the client and comes in chunks, after a probe.
#[test]
fn more_wants_than_fit_into_one_buffer_come_in_chunks() {
    let feed = Feed::vast();
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let settings = [("http.postBuffer", "65536")];
        let clone = git.clone_with(&settings, "partial", &["--no-checkout", "--filter=blob:none"]);
        let trace = feed.world.path("curl");
        let _ = fs::remove_file(&trace);
        let mut command = git.command_with(&settings, &["checkout", "-q", "main"]);
        let output = command
            .current_dir(&clone)
            .env("GIT_TRACE_CURL", &trace)
            .env("GIT_TRACE_CURL_NO_DATA", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let traced = fs::read_to_string(&trace).unwrap().to_ascii_lowercase();
        assert!(MANY * 50 > 65536 && traced.contains("transfer-encoding: chunked"), "v{version}: {traced}");
        feed.is_the_zip(&clone);
    }
}

/// After a change, a partial clone fetches what it left out of the old, and stays partial.
#[test]
fn a_partial_clone_stays_one() {
    let feed = Feed::new();
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let clone = git.clone("partial", &["--filter=blob:none"]);
        let before = feed.world.objects(&clone).len();
        feed.change("plugins/x/new.txt", &format!("New in {version}\n"));
        git.run(&clone, &["fetch", "-q", "origin"]);
        let fetched = feed.world.objects(&clone).len() - before;
        assert!(fetched < 12, "v{version}: {fetched} objects");
        git.run(&clone, &["reset", "-q", "--hard", "FETCH_HEAD"]);
        feed.is_the_zip(&clone);
        git.sound(&clone);
        // Back from partial to whole.
        refetch(&git, &clone);
        feed.is_the_zip(&clone);
    }
}

fn refetch(git: &Git<'_>, clone: &Path) {
    git.run(clone, &["fetch", "-q", "--refetch", "--no-filter", "origin"]);
    git.sound(clone);
}

/// Filters that are not served are refused in git's words, and no clone is left behind that lacks something
/// without knowing it.
#[test]
fn filters_that_are_not_served_are_refused() {
    let feed = Feed::with(&["tools/x"]);
    let clone = feed.git().clone("clone", &[]);
    let blob = feed.world.look(&clone, &["rev-parse", "HEAD:.claude-plugin/marketplace.json"]);
    for version in VERSIONS {
        let git = feed.git().speaking(version);
        let path = feed.world.path("refused");
        for (filter, words) in [
            (format!("sparse:oid={blob}"), "filter 'sparse:oid' not supported"),
            (format!("combine:blob:none+sparse:oid={blob}"), "filter 'sparse:oid' not supported"),
        ] {
            let filter = format!("--filter={filter}");
            let told = git.refused(feed.world.home(), &["clone", &filter, &git.url, argument(&path)]);
            assert!(told.contains(words), "v{version} {filter}: {told}");
            assert!(!path.exists());
        }
    }
}
