use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::domain::access::caller::Caller;
use crate::domain::watch::{Phase, Unwatched, Watch};
use crate::registry::marketplaces::EditMarketplace;
use crate::registry::sync::{Synced, Watches};
use crate::registry::testing::{Fixture, NobodyWatches, fates, new, operator, texts, user};
use crate::registry::{Error, Registry, Result};

#[test]
fn a_sync_tells_what_is_new_and_the_next_one_that_nothing_is() {
    let fixture = Fixture::new();
    let first = fixture.market("tools", &[("x", "1"), ("y", "1")]);
    assert_eq!((first.first, first.changed, first.added, first.updated), (true, true, 2, 0));

    let same = fixture.sync("tools").unwrap();
    assert_eq!((same.first, same.changed, same.added, same.updated, same.removed), (false, false, 0, 0, 0));
    assert_eq!((same.plugins, same.commit, same.notes), (2, first.commit, first.notes));

    fixture.publish_plugins("tools", &[("y", "2"), ("z", "1")]);
    let next = fixture.sync("tools").unwrap();
    assert_eq!((next.changed, next.added, next.updated, next.removed), (true, 1, 1, 1));
    assert_eq!(next.plugins, 2);
}

#[test]
fn a_sync_that_fails_leaves_what_was_there_and_says_why() {
    let fixture = Fixture::new();
    let first = fixture.market("tools", &[("x", "1")]);
    fixture.publish("tools", &[(".claude-plugin/marketplace.json", "{")]);
    let error = fixture.sync("tools").unwrap_err();
    assert!(error.to_string().contains("is not JSON"), "{error}");
    let row = fixture.registry.marketplace(&operator(), "tools").unwrap().row;
    assert_eq!((row.last_commit_sha, row.last_error), (Some(first.commit), Some(error.to_string())));

    fixture.publish_plugins("tools", &[("x", "2")]);
    fixture.sync("tools").unwrap();
    assert_eq!(fixture.registry.marketplace(&operator(), "tools").unwrap().row.last_error, None);
}

#[test]
fn hints_name_the_marketplace_that_they_are_about() {
    let fixture = Fixture::new();
    let url = fixture.publish_plugins("tools", &[("x", "1")]);
    let pinned =
        crate::registry::marketplaces::NewMarketplace { branch: Some("no".into()), ..new("tools", &url) };
    fixture.registry.add_marketplace(&operator(), pinned).unwrap();
    let error = fixture.sync("tools").unwrap_err();
    assert_eq!(
        error.hint().unwrap(),
        "to follow the upstream's own branch: agnes marketplace edit tools --branch ''"
    );
}

#[test]
fn of_several_one_that_fails_does_not_stop_the_others() {
    let fixture = Fixture::new();
    for slug in ["a", "b", "c"] {
        fixture.market(slug, &[("x", "1")]);
    }
    std::fs::remove_dir_all(fixture.upstream("b")).unwrap();
    let all = fixture.registry.sync_all(&operator(), &[], Some(2), &NobodyWatches).unwrap();
    assert_eq!(fates(&all), (vec!["a", "c"], vec!["b"]));
    let some = texts(&["c", "a", "c"]);
    let some = fixture.registry.sync_all(&operator(), &some, None, &NobodyWatches).unwrap();
    assert_eq!(fates(&some), (vec!["c", "a"], vec![]));
    let unknown = fixture.registry.sync_all(&operator(), &texts(&["a", "no"]), None, &NobodyWatches);
    assert!(matches!(unknown, Err(Error::NotFound { .. })));
}

/// Panics where one marketplace is concerned.
struct Defective;

impl Watches for Defective {
    fn watch(&self, slug: &str) -> Box<dyn Watch + '_> {
        assert!(slug != "a", "a defect, on purpose");
        Box::new(Unwatched)
    }

    fn finished(&self, _: &str, _: &Result<Synced>) {}

    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_defect_met_in_one_marketplace_does_not_take_the_others_along() {
    let fixture = Fixture::new();
    for slug in ["a", "b", "c"] {
        fixture.market(slug, &[("x", "1")]);
    }
    let all = fixture.registry.sync_all(&operator(), &[], Some(1), &Defective).unwrap();
    assert_eq!(fates(&all), (vec!["b", "c"], vec!["a"]));
    assert!(matches!(all.failed[0].1, Error::Defect(_)));
    // And its turn was given back.
    fixture.sync("a").unwrap();
}

/// Changes a marketplace while its plugins are read.
struct Meddling<'a>(&'a Registry, AtomicBool);

impl Watch for Meddling<'_> {
    fn progress(&self, phase: Phase, _: u64, _: Option<u64>) {
        if phase == Phase::Reading && !self.1.swap(true, Ordering::Relaxed) {
            let edit = EditMarketplace { branch: Some("next".into()), ..Default::default() };
            self.0.edit_marketplace(&operator(), "tools", edit).unwrap();
        }
    }
}

#[test]
fn what_came_from_the_address_of_before_does_not_pass_for_the_new_ones() {
    let fixture = Fixture::new();
    let url = fixture.publish_plugins("tools", &[("x", "1")]);
    fixture.registry.add_marketplace(&operator(), new("tools", &url)).unwrap();
    let meddling = Meddling(&fixture.registry, AtomicBool::new(false));
    let error = fixture.registry.sync(&operator(), "tools", &meddling).unwrap_err();
    assert_eq!(error.to_string(), "`tools` was changed while it was synced");
    assert_eq!(error.hint().unwrap(), "agnes marketplace sync tools");
    let market = fixture.registry.marketplace(&operator(), "tools").unwrap();
    assert_eq!((market.row.last_commit_sha, market.plugin_count), (None, 0));
}

struct Impatient;

impl Watch for Impatient {
    fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}

    fn cancelled(&self) -> bool {
        true
    }
}

#[test]
fn one_sync_of_a_marketplace_at_a_time() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.market("other", &[("x", "1")]);
    let registry = &*fixture.registry;
    let turn = registry.take_turn("tools", &|| false).unwrap();
    fixture.sync("other").unwrap();
    assert!(matches!(registry.sync(&operator(), "tools", &Impatient), Err(Error::Cancelled)));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| fixture.sync("tools").unwrap());
        std::thread::sleep(Duration::from_millis(150));
        assert!(!waiting.is_finished(), "it did not wait for its turn");
        drop(turn);
        assert!(!waiting.join().unwrap().changed);
    });
}

/// Lets threads get to where they wait for the next sync of `tools`: so many of them.
fn until_wait(registry: &Registry, threads: usize) {
    let began = Instant::now();
    while registry.waiting("tools") != threads {
        assert!(began.elapsed() < Duration::from_secs(60), "{} of {threads} wait", registry.waiting("tools"));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn those_who_ask_while_a_sync_is_under_way_share_the_next_one() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    let registry = &*fixture.registry;
    let turn = registry.take_turn("tools", &|| false).unwrap();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| fixture.sync("tools").unwrap())).collect();
        until_wait(registry, 8);
        // What appears after they asked is what they get all the same.
        fixture.publish_plugins("tools", &[("x", "2"), ("y", "1")]);
        drop(turn);
        let all: Vec<_> = all.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(all.iter().all(|one| one.changed && one.plugins == 2 && one.commit == all[0].commit));
    });
    assert_eq!(registry.standing()["tools"].succeeded, 2, "the first one, and one for all eight");
}

/// Asks for another sync from within one that has asked the upstream already.
struct Overtaken<'a>(&'a Fixture, std::sync::mpsc::Sender<Synced>, AtomicBool);

#[test]
fn a_sync_that_has_asked_the_upstream_already_is_not_the_one_to_share() {
    let fixture = std::sync::Arc::new(Fixture::new());
    let url = fixture.publish_plugins("tools", &[("x", "1")]);
    fixture.registry.add_marketplace(&operator(), new("tools", &url)).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let late = Overtaken(&fixture, sender, AtomicBool::new(false));
    let first = fixture.registry.sync(&operator(), "tools", &late).unwrap();
    let second = receiver.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!((first.plugins, second.plugins), (1, 2), "the second did not see what was there before it");
}

impl Watch for Overtaken<'_> {
    fn progress(&self, phase: Phase, _: u64, _: Option<u64>) {
        if phase == Phase::Reading && !self.2.swap(true, Ordering::Relaxed) {
            self.0.publish_plugins("tools", &[("x", "2"), ("y", "1")]);
            let (registry, sender) = (std::sync::Arc::clone(&self.0.registry), self.1.clone());
            std::thread::spawn(move || {
                sender.send(registry.sync(&operator(), "tools", &Unwatched).unwrap()).unwrap();
            });
            until_wait(&self.0.registry, 1);
        }
    }
}

#[test]
fn what_goes_wrong_goes_wrong_for_all_who_share_it() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    std::fs::remove_dir_all(fixture.upstream("tools")).unwrap();
    let registry = &*fixture.registry;
    let turn = registry.take_turn("tools", &|| false).unwrap();
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| fixture.sync("tools").unwrap_err())).collect();
        until_wait(registry, 4);
        drop(turn);
        let all: Vec<_> = all.into_iter().map(|one| one.join().unwrap()).collect();
        let told = |error: &Error| (error.to_string(), error.hint());
        assert!(all.iter().all(|one| told(one) == told(&all[0]) && one.hint().is_some()), "{all:?}");
    });
    assert_eq!(registry.standing()["tools"].failed, 1);
}

/// Wants nothing any more once it is told so.
struct Fickle<'a>(&'a AtomicBool);

impl Watch for Fickle<'_> {
    fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn when_the_one_whose_sync_it_was_goes_away_another_does_it() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    let registry = &*fixture.registry;
    let (turn, gone) = (registry.take_turn("tools", &|| false).unwrap(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| registry.sync(&operator(), "tools", &Fickle(&gone)));
        until_wait(registry, 1);
        let others: Vec<_> = (0..3).map(|_| scope.spawn(|| fixture.sync("tools"))).collect();
        until_wait(registry, 4);
        gone.store(true, Ordering::Relaxed);
        assert!(first.join().unwrap().unwrap_err().is_cancelled());
        until_wait(registry, 3);
        drop(turn);
        assert!(others.into_iter().all(|other| other.join().unwrap().is_ok()));
    });
    assert_eq!(registry.standing()["tools"].succeeded, 2);
}

#[test]
fn nobody_waits_or_begins_when_the_process_is_about_to_end() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    let registry = &*fixture.registry;
    let _turn = registry.take_turn("tools", &|| false).unwrap();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..2).map(|_| scope.spawn(|| fixture.sync("tools"))).collect();
        until_wait(registry, 2);
        registry.stop_syncs();
        assert!(waiting.into_iter().all(|one| one.join().unwrap().unwrap_err().is_cancelled()));
    });
    let all = registry.sync_all(&operator(), &[], None, &NobodyWatches).unwrap();
    assert!(all.failed[0].1.is_cancelled());
}

#[test]
fn how_syncs_went_is_known_also_from_before() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    let before = fixture.registry.standing()["tools"].clone();
    let fixture = fixture.reopened("this boot\n");
    assert!(fixture.registry.standing().is_empty());
    fixture.registry.recall_standing().unwrap();
    let after = fixture.registry.standing()["tools"].clone();
    assert_eq!((after.succeeded, after.last_success.is_some()), (0, before.last_success.is_some()));
    assert!(fixture.sync("no").is_err());
    fixture.registry.remove_marketplace(&operator(), "tools").unwrap();
    assert!(fixture.registry.standing().is_empty());
}

#[test]
fn whoever_waited_for_a_marketplace_that_was_removed_does_not_bring_it_back() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    let registry = &*fixture.registry;
    let turn = registry.take_turn("tools", &|| false).unwrap();
    std::thread::scope(|scope| {
        let removing = scope.spawn(|| registry.remove_marketplace(&operator(), "tools"));
        let syncing = scope.spawn(|| fixture.sync("tools"));
        std::thread::sleep(Duration::from_millis(50));
        drop(turn);
        removing.join().unwrap().unwrap();
        // Whichever came first, nothing is left at the end.
        drop(syncing.join().unwrap());
    });
    assert!(!registry.folder().repository("tools").exists());
    assert!(registry.plugins(&operator(), None).unwrap().is_empty());
}

#[test]
fn the_scheduler_syncs_everything_and_nothing_in_particular() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    let sync_all = |caller: &Caller, only: &[String]| {
        fixture.registry.sync_all(caller, only, None, &NobodyWatches).map(|all| all.synced.len())
    };
    assert_eq!(sync_all(&Caller::Scheduler, &[]).unwrap(), 1);
    assert!(matches!(sync_all(&Caller::Scheduler, &texts(&["tools"])), Err(Error::Forbidden(_))));
    assert!(matches!(
        fixture.registry.sync(&Caller::Scheduler, "tools", &Unwatched),
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(sync_all(&user(false), &[]), Err(Error::Forbidden(_))));
    assert_eq!(sync_all(&user(true), &texts(&["tools"])).unwrap(), 1);
}

/// Takes its time with the first plugin.
struct Dawdling(Duration);

impl Watch for Dawdling {
    fn progress(&self, phase: Phase, done: u64, _: Option<u64>) {
        if phase == Phase::Reading && done == 0 {
            std::thread::sleep(self.0);
        }
    }
}

#[test]
fn reading_plugins_ends_some_time_and_leaves_what_was_there() {
    let mut settings = crate::registry::Settings::default();
    settings.sync.total_timeout = Duration::from_secs(5);
    let fixture = Fixture::with(settings);
    let first = fixture.market("tools", &[("x", "1"), ("y", "1")]);
    fixture.publish_plugins("tools", &[("x", "2"), ("y", "2")]);
    let dawdling = Dawdling(Duration::from_millis(5_100));
    let error = fixture.registry.sync(&operator(), "tools", &dawdling).unwrap_err();
    assert!(error.to_string().contains("took longer than `sync.total_timeout`"), "{error}");
    let row = fixture.registry.marketplace(&operator(), "tools").unwrap().row;
    assert_eq!(row.last_commit_sha, Some(first.commit));
    assert_eq!(fixture.sync("tools").unwrap().updated, 2);
}

/// Is told to stop when the plugins are being read, each time a little later.
struct Weary {
    reading: AtomicBool,
    asked: AtomicU64,
    after: u64,
}

impl Watch for Weary {
    fn progress(&self, phase: Phase, _: u64, _: Option<u64>) {
        self.reading.fetch_or(phase == Phase::Reading, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.reading.load(Ordering::Relaxed) && self.asked.fetch_add(1, Ordering::Relaxed) >= self.after
    }
}

/// What is stopped in the midst of a plugin looks damaged, and must pass neither for that nor for what is there.
#[test]
fn wherever_reading_is_stopped_it_is_cancelled_and_nothing_else() {
    let fixture = Fixture::new();
    let first = fixture.market("tools", &[("x", "1"), ("y", "1")]);
    fixture.publish_plugins("tools", &[("x", "2"), ("y", "2")]);
    let mut stopped = 0;
    let done = (0..1_000).find_map(|after| {
        let watch = Weary { reading: AtomicBool::new(false), asked: AtomicU64::new(0), after };
        let done = fixture.registry.sync(&operator(), "tools", &watch);
        if let Err(error) = &done {
            assert!(error.is_cancelled(), "{after}: {error}");
            let row = fixture.registry.marketplace(&operator(), "tools").unwrap().row;
            assert_eq!(row.last_commit_sha.as_ref(), Some(&first.commit));
            stopped += 1;
        }
        done.ok()
    });
    assert_eq!(done.unwrap().updated, 2);
    // Three times it is asked between plugins.
    assert!(stopped > 5, "{stopped}");
}
