//! Numbers, on request: `AGNES_MEASURE=/path/to/a.git cargo test --lib git::fetch::tests::measure -- --ignored --nocapture`.

use std::process::Command;
use std::time::{Duration, Instant};

use super::server::{Server, http_backend};
use crate::domain::repository::path::RepoPath;
use crate::domain::watch::Unwatched;
use crate::git::fixture::all_bytes;
use crate::git::{FetchOptions, Pin, Upstream, fetch, fetch_folders};

fn best(times: usize, mut work: impl FnMut()) -> Duration {
    (0..times)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .min()
        .unwrap()
}

fn git(args: &[&str]) {
    assert!(Command::new("git").args(args).output().unwrap().status.success());
}

#[test]
#[ignore = "needs a repository to measure with"]
fn against_git() {
    let upstream = std::env::var("AGNES_MEASURE").expect("AGNES_MEASURE names a repository");
    let url = format!("file://{upstream}");
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    let options = FetchOptions::default();
    let sync = || {
        fetch(&ours, &Upstream { url: &url, pin: &Pin::Default, token: None }, &options, &Unwatched).unwrap()
    };

    sync();
    println!("peak memory after a first fetch: {}", peak());
    let first = best(5, || {
        std::fs::remove_dir_all(&ours).unwrap();
        sync();
    });
    let clone = best(5, || {
        std::fs::remove_dir_all(&theirs).ok();
        git(&["clone", "-q", "--bare", "--depth", "1", &url, theirs.to_str().unwrap()]);
    });
    println!("first fetch {first:?}, git clone {clone:?}: {:.2}", first.as_secs_f64() / clone.as_secs_f64());
    let nothing = best(20, || {
        let _ = sync();
    });
    let list = best(20, || git(&["ls-remote", &url, "HEAD"]));
    println!(
        "nothing new {nothing:?}, git ls-remote {list:?}: {:.2}",
        nothing.as_secs_f64() / list.as_secs_f64()
    );
}

/// `AGNES_FOLDER` names a folder of the repository, which has to allow filters (`uploadpack.allowFilter`).
#[test]
#[ignore = "needs a repository to measure with"]
fn a_folder_against_the_whole() {
    let upstream = std::path::PathBuf::from(std::env::var("AGNES_MEASURE").expect("it names a repository"));
    let wanted = RepoPath::parse(&std::env::var("AGNES_FOLDER").expect("it names a folder of it")).unwrap();
    let root = upstream.parent().unwrap().to_owned();
    let server = Server::http(move |request| http_backend(&root, request));
    let url = format!("{}/{}", server.url, upstream.file_name().unwrap().to_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (part, whole) = (folder.path().join("part"), folder.path().join("whole"));
    let (upstream, options) =
        (Upstream { url: &url, pin: &Pin::Default, token: None }, FetchOptions::default());
    let in_part = || {
        std::fs::remove_dir_all(&part).ok();
        assert!(
            fetch_folders(&part, &upstream, std::slice::from_ref(&wanted), &options, &Unwatched)
                .unwrap()
                .received
        );
    };
    let all = || {
        std::fs::remove_dir_all(&whole).ok();
        assert!(fetch(&whole, &upstream, &options, &Unwatched).unwrap().received);
    };
    for (what, repo, work) in [("whole", &whole, &all as &dyn Fn()), ("folder", &part, &in_part)] {
        let before = server.seen().len();
        work();
        let requests = server.seen().len() - before;
        let (time, bytes) = (best(5, work), all_bytes(&repo.join("objects")).len());
        println!("{what}: {time:?}, {requests} requests, {bytes} bytes on the disk");
    }
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

#[test]
#[ignore = "writes two gigabytes"]
fn a_file_of_two_gigabytes() {
    let world = crate::git::fixture::World::new();
    let file = std::fs::File::create(world.upstream().join("huge.bin")).unwrap();
    file.set_len(2 * 1024 * 1024 * 1024).unwrap();
    world.commit("huge");
    let start = Instant::now();
    let error = world.fetch(&Pin::Default).unwrap_err();
    println!("{error} ({:?}, {})", start.elapsed(), peak());
}

#[test]
#[ignore = "takes a while"]
fn a_tree_of_a_million_entries() {
    let world = crate::git::fixture::World::new();
    let blob = world.id("HEAD:a.txt");
    let lines: Vec<_> = (0..1_000_000).map(|n| format!("100644 blob {blob}\tfile-{n:07}")).collect();
    let listing = world.folder.path().join("listing");
    std::fs::write(&listing, lines.join("\n") + "\n").unwrap();
    let script = format!("git -C '{}' mktree < '{}'", world.upstream().display(), listing.display());
    let made = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
    let commit = world.up(&["commit-tree", "-m", "million", String::from_utf8_lossy(&made).trim()]);
    world.up(&["update-ref", "refs/heads/main", &commit]);
    drop(lines);
    println!("before: {}", peak());
    let start = Instant::now();
    let fetched = world.fetch(&Pin::Default).unwrap();
    println!("fetched in {:?}, {}", start.elapsed(), peak());
    let start = Instant::now();
    let entries = crate::domain::repository::tree::Objects::tree(&world.reader(), &fetched.tree).unwrap();
    println!("{} entries read in {:?}, {}", entries.len(), start.elapsed(), peak());
}

#[test]
#[ignore = "needs a repository to measure with"]
fn reading_and_compacting() {
    use crate::domain::repository::tree::{Kind, Objects};
    let world = crate::git::fixture::World::new();
    let url = format!("file://{}", std::env::var("AGNES_MEASURE").expect("AGNES_MEASURE names a repository"));
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let fetched = fetch(&world.repo(), &upstream, &FetchOptions::default(), &Unwatched).unwrap();
    let reader = world.reader();
    let start = Instant::now();
    crate::git::reach::check(&reader, &fetched.commit).unwrap();
    println!("looking whether all is there: {:?}", start.elapsed());
    let (start, mut files, mut bytes, mut buf) = (Instant::now(), 0, 0, Vec::new());
    let mut trees = vec![fetched.tree];
    while let Some(tree) = trees.pop() {
        for entry in reader.tree(&tree).unwrap() {
            if entry.kind == Kind::Tree {
                trees.push(entry.id);
            } else if entry.kind != Kind::Submodule {
                reader.blob_into(&entry.id, &mut buf).unwrap();
                (files, bytes) = (files + 1, bytes + buf.len());
            }
        }
    }
    println!("{files} files, {bytes} bytes read in {:?}, {}", start.elapsed(), peak());
    let other = world.fetch(&Pin::Default).unwrap();
    let start = Instant::now();
    let done = crate::git::compact(&world.repo(), &[fetched.commit]).unwrap();
    println!("not compacting: {:?} {done:?}", start.elapsed());
    for n in 0..9 {
        world.write("n.txt", n.to_string());
        world.commit("n");
        world.fetch(&Pin::Default).unwrap();
    }
    let start = Instant::now();
    let done = crate::git::compact(&world.repo(), &[fetched.commit, other.commit]);
    println!("compacting: {:?} {done:?}, {}", start.elapsed(), peak());
}

/// `AGNES_SMALL_DISK` names a folder on a file system of a few hundred kilobytes.
#[test]
#[ignore = "needs a small file system"]
fn a_full_disk() {
    let world = crate::git::fixture::World::new();
    let disk = std::path::PathBuf::from(std::env::var_os("AGNES_SMALL_DISK").expect("a folder"));
    let (url, repo) = (world.url(), disk.join("repo"));
    std::fs::remove_dir_all(&repo).ok();
    let upstream = Upstream { url: &url, pin: &Pin::Default, token: None };
    let first = fetch(&repo, &upstream, &FetchOptions::default(), &Unwatched).unwrap();
    let noise = (0..500_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes());
    world.write("noise.bin", noise.collect::<Vec<_>>());
    world.commit("noise");
    let error = fetch(&repo, &upstream, &FetchOptions::default(), &Unwatched).unwrap_err();
    assert_eq!(error, crate::git::FetchError::DiskFull { path: repo.clone() }, "{error}");
    let reader = crate::git::Repository::open(&repo).unwrap().reader();
    crate::git::reach::check(&reader, &first.commit).unwrap();
    assert_eq!(std::fs::read_dir(repo.join("objects")).unwrap().count(), 1, "no litter");
}
