//! `kill -9` at any moment: the registry opens, and a bundle is the old one or the new one.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::support::{ADA, Upstream, World, files, sha256, signal};

/// A hundred in all.
const KILLED_SYNCS: u32 = 60;
const KILLED_GRANTS: u32 = 40;

/// Set it to the seed of a failure to get the same delays again.
const SEED: &str = "AGNES_TEST_SEED";

/// Marsaglia's xorshift: moments, not secrets.
struct Moments {
    seed: u64,
    state: u64,
}

impl Moments {
    fn new() -> Self {
        let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
        });
        Self { seed, state: seed | 1 }
    }

    /// Between nothing and a bit more than `whole`, so that some come too late.
    fn within(&mut self, whole: Duration) -> Duration {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        whole * u32::try_from(self.state % 1_100).unwrap() / 1_000
    }
}

fn started(world: &World, args: &[&str]) -> Child {
    let mut command = world.agnes_command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Starts `agnes`, kills it after a while, and tells whether it was still running then.
fn killed(world: &World, args: &[&str], after: Duration) -> bool {
    let mut child = started(world, args);
    std::thread::sleep(after);
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// A marketplace that takes a while to sync: some hundred files in two dozen plugins.
struct Stage {
    upstream: Upstream,
    revision: u32,
}

impl Stage {
    const PLUGINS: u32 = 24;

    fn new(world: &World) -> Self {
        let upstream = world.upstream("up");
        let names: Vec<String> = (0..Self::PLUGINS).map(|i| format!("plugin{i}")).collect();
        upstream.plugins(&names.iter().map(String::as_str).collect::<Vec<_>>());
        for i in 0..Self::PLUGINS * 10 {
            let path = format!("plugins/plugin{}/data/{i}.txt", i % Self::PLUGINS);
            upstream.write(&path, format!("{i}: some data that nobody reads\n").repeat(50));
        }
        upstream.commit("Publish");
        Self { upstream, revision: 0 }
    }

    /// A commit that changes every other plugin.
    fn advance(&mut self) {
        self.revision += 1;
        let revision = self.revision;
        for i in (revision % 2..Self::PLUGINS).step_by(2) {
            let path = format!("plugins/plugin{i}/data/revision.txt");
            self.upstream.write(&path, format!("revision {revision} of {i}\n").repeat(20));
        }
        self.upstream.commit("Another revision");
    }

    fn world(&self) -> World {
        let world = World::new();
        world.register("up", &self.upstream);
        world.user(ADA, &["up/*"]);
        world
    }
}

#[test]
fn a_sync_that_is_killed_leaves_the_old_bundle_or_the_new_one() {
    let mut moments = Moments::new();
    let seed = moments.seed;
    let home = World::new();
    let mut stage = Stage::new(&home);
    // One world in which syncs are killed, and one in which they are not, to compare with.
    let (victim, calm) = (stage.world(), stage.world());
    let mut old = victim.bundle(ADA);
    assert_eq!(sha256(&old), sha256(&calm.bundle(ADA)));
    let (mut hit, mut olds) = (0, 0);
    for round in 0..KILLED_SYNCS {
        stage.advance();
        let began = Instant::now();
        calm.agnes(&["marketplace", "sync"]);
        let whole = began.elapsed();
        let new = calm.bundle(ADA);
        assert_ne!(sha256(&old), sha256(&new));

        let after = moments.within(whole);
        let story = format!("{SEED}={seed}, round {round}, killed after {after:?} of about {whole:?}");
        hit += u32::from(killed(&victim, &["marketplace", "sync"], after));
        let left = victim.bundle(ADA);
        let is_new = left == new;
        assert!(is_new || left == old, "{story}: neither the old bundle nor the new one");
        olds += u32::from(!is_new);
        // Every now and then all is put right in between; otherwise the next one is killed on top.
        if round % 5 == 4 {
            victim.agnes(&["marketplace", "sync"]);
            assert_eq!(sha256(&victim.bundle(ADA)), sha256(&new), "{story}: then synced");
            old = new;
        } else {
            old = left;
        }
    }
    eprintln!("of {KILLED_SYNCS} syncs {hit} were killed, and {olds} changed nothing");
    assert!(hit > KILLED_SYNCS / 4 && olds > 0, "{hit} killed while running, {olds} times the old bundle");

    victim.agnes(&["marketplace", "sync"]);
    assert_eq!(sha256(&victim.bundle(ADA)), sha256(&calm.bundle(ADA)), "{SEED}={seed}: after a clean sync");
    let broken = victim.json(&["doctor"])["findings"].to_string();
    assert!(!broken.contains("\"broken\""), "{SEED}={seed}: {broken}");
    assert_no_litter(&victim, &calm, seed);
}

/// Nothing half-made, nothing that piles up: the same kinds of files as in a folder that nobody
/// disturbed, and not many more of them.
fn assert_no_litter(victim: &World, calm: &World, seed: u64) {
    let mine = kinds(victim);
    let theirs = kinds(calm);
    for (kind, count) in &mine {
        // Packs are made one when there are more than eight, and then the commits in them are forgotten, but for
        // those of ten states (`sync.keep_states`), and with each what was written down about it.
        let packs = kind.contains("/objects/pack/");
        let commits =
            ["/refs/agnes/", "/joined/", "/narrowed/", "/givers/"].iter().any(|folder| kind.contains(folder));
        let bound = if packs { 8 } else { 0 } + if commits { 8 + 10 } else { 0 };
        let usual = theirs.get(kind).copied().unwrap_or_default().max(bound);
        assert!(*count <= usual + 1, "{SEED}={seed}: {count} of `{kind}`, {usual} in a calm world");
    }
    for path in files(&victim.data()).keys() {
        let name = path.rsplit('/').next().unwrap();
        let half = [".tmp", "tmp_", "incoming-", ".agnes-"].iter().any(|prefix| name.starts_with(prefix));
        assert!(!half && !path.contains("/incoming-"), "{SEED}={seed}: litter: {path}");
    }
}

/// Folder and extension → how many files.
fn kinds(world: &World) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for path in files(&world.data()).into_keys() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        *kinds.entry(format!("{folder}/*.{extension}")).or_default() += 1;
    }
    kinds
}

#[test]
fn a_grant_that_is_killed_was_given_or_was_not() {
    let mut moments = Moments::new();
    let seed = moments.seed;
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["one", "two"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/one"]);
    let without = world.bundle(ADA);
    let group = format!("group of {ADA}");
    let began = Instant::now();
    world.agnes(&["grant", &group, "up/two"]);
    let mut whole = began.elapsed();
    let with = world.bundle(ADA);
    let undisturbed = files(&world.data()).len();
    let mut granted = true;
    let (mut hit, mut undone) = (0, 0);
    for round in 0..KILLED_GRANTS {
        let after = moments.within(whole);
        let verb = if granted { "revoke" } else { "grant" };
        let story = format!("{SEED}={seed}, round {round}: {verb} killed after {after:?} of about {whole:?}");
        hit += u32::from(killed(&world, &[verb, &group, "up/two"], after));
        let began = Instant::now();
        let left = world.bundle(ADA);
        whole = began.elapsed();
        assert!(left == with || left == without, "{story}: a bundle that never was");
        undone += u32::from((left == with) == granted);
        granted = left == with;
    }
    eprintln!("of {KILLED_GRANTS} grants {hit} were killed, and {undone} changed nothing");
    assert!(hit > KILLED_GRANTS / 4 && undone > 0, "{hit} killed while running, {undone} without effect");
    world.agnes(&["grant", &group, "up/two"]);
    assert_eq!(sha256(&world.bundle(ADA)), sha256(&with), "{SEED}={seed}");
    let left = files(&world.data());
    assert!(left.len() <= undisturbed + 1, "{SEED}={seed}: {:?}", left.keys());
}

/// A long log that no sync has left is folded into the database by whoever opens it next: beside the end of a sync, the one
/// moment at which the file itself is written to.
#[test]
fn whoever_is_killed_while_opening_a_long_log_loses_nothing() {
    let mut moments = Moments::new();
    let seed = moments.seed;
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["one"]).commit("Publish");
    world.register("up", &upstream);
    world.user(ADA, &["up/*"]);
    let expected = sha256(&world.bundle(ADA));
    let log = world.data().join("state/system.duckdb.wal");
    let mut whole = Duration::from_millis(100);
    let mut folded = 0;
    for round in 1..=20 {
        let about = format!("revision {round} ").repeat(5_000).trim().to_owned();
        world.agnes(&["marketplace", "edit", "up", "--description", &about]);
        assert!(fs::metadata(&log).is_ok_and(|log| log.len() > 1 << 15), "the log is not long");
        let after = moments.within(whole);
        killed(&world, &["user", "list"], after);
        folded += u32::from(!log.exists());
        let story = format!("{SEED}={seed}, round {round}: killed after {after:?} of about {whole:?}");
        let began = Instant::now();
        let shown = world.json(&["marketplace", "show", "up"]);
        whole = began.elapsed();
        assert!(shown["description"] == about.as_str(), "{story}");
        assert_eq!(sha256(&world.bundle(ADA)), expected, "{story}");
        let state = fs::read_dir(world.data().join("state")).unwrap().count();
        assert!(state <= 4, "{story}: {state} files");
    }
    eprintln!("of 20 logs {folded} were folded before the kill");
}

#[test]
fn a_first_command_that_is_killed_leaves_nothing_in_the_way_of_the_next() {
    let mut moments = Moments::new();
    let calm = World::new();
    let began = Instant::now();
    calm.agnes(&["user", "list"]);
    let whole = began.elapsed();
    for _ in 0..20 {
        let world = World::new();
        let after = moments.within(whole);
        killed(&world, &["user", "list"], after);
        let ran = world.run(&["user", "list"]);
        assert_eq!(ran.code, Some(0), "{SEED}={}: killed after {after:?}: {}", moments.seed, ran.stderr);
        assert_no_litter(&world, &calm, moments.seed);
    }
}

#[test]
fn a_first_sync_that_is_killed_leaves_nothing_in_the_way_of_the_next() {
    let mut moments = Moments::new();
    let seed = moments.seed;
    let home = World::new();
    let stage = Stage::new(&home);
    let calm = World::new();
    calm.agnes(&["marketplace", "add", &stage.upstream.url(), "--slug", "up"]);
    let began = Instant::now();
    calm.agnes(&["marketplace", "sync"]);
    let whole = began.elapsed();
    calm.user(ADA, &["up/*"]);
    let expected = calm.bundle(ADA);
    let victim = World::new();
    for _ in 0..6 {
        victim.agnes(&["marketplace", "add", &stage.upstream.url(), "--slug", "up"]);
        killed(&victim, &["marketplace", "sync"], moments.within(whole));
        victim.agnes(&["marketplace", "list"]);
        // Forgotten half-done, and registered again under the same name.
        victim.agnes(&["marketplace", "remove", "up"]);
    }
    victim.agnes(&["marketplace", "add", &stage.upstream.url(), "--slug", "up"]);
    killed(&victim, &["marketplace", "sync"], moments.within(whole));
    victim.agnes(&["marketplace", "sync"]);
    victim.user(ADA, &["up/*"]);
    assert_eq!(sha256(&victim.bundle(ADA)), sha256(&expected), "{SEED}={seed}");
    assert_no_litter(&victim, &calm, seed);
}

#[test]
fn a_build_that_is_killed_leaves_the_file_as_it_was_or_whole() {
    let mut moments = Moments::new();
    let seed = moments.seed;
    let home = World::new();
    let stage = Stage::new(&home);
    let world = stage.world();
    let began = Instant::now();
    let expected = world.bundle(ADA);
    let whole = began.elapsed();
    let out = world.path("feed.zip");
    fs::write(&out, "what was there").unwrap();
    // Named alike, and somebody's own.
    let own = ".agnes-feed.zip-of-mine";
    fs::write(world.path(own), "mine").unwrap();
    let begun =
        |world: &World| -> Vec<String> { begun(world).into_iter().filter(|name| name != own).collect() };
    for _ in 0..10 {
        fs::remove_dir_all(world.data().join("marketplaces/zip-cache")).unwrap();
        killed(&world, &["build-zip", "--user", ADA, "-o", out.to_str().unwrap()], moments.within(whole));
        let left = fs::read(&out).unwrap();
        assert!(left == b"what was there" || left == expected, "{SEED}={seed}");
        assert!(begun(&world).len() <= 1, "each removes what the one before left");
        // On top of what the killed one left in the cache.
        assert_eq!(sha256(&world.bundle(ADA)), sha256(&expected), "{SEED}={seed}");
    }
    world.agnes(&["build-zip", "--user", ADA, "-o", out.to_str().unwrap()]);
    assert_eq!(begun(&world), [""; 0]);
    assert_eq!(fs::read(world.path(own)).unwrap(), b"mine");
}

/// Files beside `feed.zip` that were to become it.
fn begun(world: &World) -> Vec<String> {
    let names = fs::read_dir(world.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(".agnes-feed.zip-"))
        .collect()
}

#[test]
fn ctrl_c_during_a_sync_ends_it_soon_and_leaves_the_old_bundle_or_the_new_one() {
    let mut moments = Moments::new();
    let seed = moments.seed;
    let home = World::new();
    let mut stage = Stage::new(&home);
    let (world, calm) = (stage.world(), stage.world());
    let mut old = world.bundle(ADA);
    for round in 0..6 {
        stage.advance();
        calm.agnes(&["marketplace", "sync"]);
        let new = calm.bundle(ADA);
        let mut child = started(&world, &["marketplace", "sync"]);
        std::thread::sleep(moments.within(Duration::from_millis(150)));
        signal(child.id(), "INT");
        let began = Instant::now();
        child.wait().unwrap();
        assert!(began.elapsed() < Duration::from_secs(5), "{SEED}={seed}: it took {:?}", began.elapsed());
        let left = world.bundle(ADA);
        assert!(left == old || left == new, "{SEED}={seed}, round {round}");
        world.agnes(&["marketplace", "sync"]);
        old = world.bundle(ADA);
        assert_eq!(sha256(&old), sha256(&new), "{SEED}={seed}, round {round}: then synced");
    }
}
