//! Numbers, on request: `AGNES_MEASURE=/path/to/a.git cargo test --lib git::fetch::tests::measure -- --ignored --nocapture`.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::domain::watch::Unwatched;
use crate::git::{FetchOptions, Pin, Upstream, fetch};

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
    let sync = || fetch(&ours, &Upstream { url: &url, pin: &Pin::Default, token: None }, &options, &Unwatched).unwrap();

    sync();
    let peak = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
    println!("peak memory after a first fetch: {peak}");
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
    println!("nothing new {nothing:?}, git ls-remote {list:?}: {:.2}", nothing.as_secs_f64() / list.as_secs_f64());
}
