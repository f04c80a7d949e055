//! Marketplaces on hold, approvals, and going back.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::watch::{Phase, Watch};
use crate::registry::marketplaces::{EditMarketplace, NewMarketplace};
use crate::registry::states::Standing;
use crate::registry::states::diff::Compare;
use crate::registry::testing::{Fixture, new, operator, user};
use crate::registry::{Error, Registry, Settings};

/// What Ada gets of `tools`: the texts of its skills, by plugin.
fn served(registry: &Registry) -> Vec<(String, String)> {
    let view = registry.view(&operator(), "ada@example.com").unwrap().view;
    let digest = |name: &str| {
        let detail = registry.plugin(&operator(), "tools", name).unwrap();
        detail.content.files["skills/s/SKILL.md"].size.to_string()
    };
    view.plugins.iter().map(|plugin| (plugin.plugin.to_string(), digest(plugin.plugin.as_str()))).collect()
}

fn etag(registry: &Registry) -> String {
    registry.bundle(&operator(), "ada@example.com").unwrap().digest.to_string()
}

/// Number, standing, and whether it is whole; the latest first.
fn history(fixture: &Fixture) -> Vec<(i64, Standing, bool)> {
    let all = fixture.registry.history(&operator(), "tools").unwrap();
    all.into_iter().map(|state| (state.row.id, state.standing, state.whole)).collect()
}

fn commits(fixture: &Fixture) -> Vec<String> {
    let all = fixture.registry.history(&operator(), "tools").unwrap();
    all.into_iter().map(|state| state.row.commit).collect()
}

fn acts(fixture: &Fixture) -> Vec<String> {
    let rows = fixture.registry.audit(&operator(), 100).unwrap().into_iter();
    rows.map(|row| row.action).filter(|action| action.starts_with("marketplace.")).collect()
}

fn publish(fixture: &Fixture, text: &str) {
    fixture.publish_plugins("tools", &[("x", text)]);
}

/// A marketplace on hold, never synced, which Ada was granted.
fn held_with(settings: Settings) -> Fixture {
    let fixture = Fixture::with(settings);
    let url = fixture.publish_plugins("tools", &[("x", "1")]);
    let new = NewMarketplace { hold: true, ..new("tools", &url) };
    fixture.registry.add_marketplace(&operator(), new).unwrap();
    fixture.admit("ada@example.com", "A", &[]);
    fixture
}

fn held() -> Fixture {
    held_with(Settings::default())
}

/// The same, after the first state was approved.
fn approved() -> Fixture {
    let fixture = held();
    fixture.sync("tools").unwrap();
    fixture.registry.approve(&operator(), "tools", None).unwrap();
    fixture.registry.grant(&operator(), "A", &["tools/*".to_owned()]).unwrap();
    fixture
}

fn hold(hold: bool) -> EditMarketplace {
    EditMarketplace { hold: Some(hold), ..EditMarketplace::default() }
}

use Standing::{Earlier, Pending, Served};

#[test]
fn on_hold_nothing_is_served_until_it_is_approved() {
    for in_memory in [false, true] {
        let fixture = held();
        let registry = &fixture.registry;
        if in_memory {
            registry.hold_access().unwrap();
        }
        let synced = fixture.sync("tools").unwrap();
        assert!(synced.pending && synced.first && !synced.changed);
        assert_eq!((synced.added, synced.plugins), (1, 1));
        assert_eq!(registry.plugins(&operator(), Some("tools")).unwrap().len(), 0);
        let market = registry.marketplace(&operator(), "tools").unwrap();
        assert_eq!((market.row.last_commit_sha, market.pending.unwrap().commit), (None, synced.commit));
        assert_eq!(history(&fixture), [(1, Pending, true)]);

        let done = registry.approve(&operator(), "tools", None).unwrap();
        assert_eq!((done.added, done.before, done.hold, done.is_newest), (1, None, true, true));
        registry.grant(&operator(), "A", &["tools/*".to_owned()]).unwrap();
        assert_eq!(history(&fixture), [(1, Served, true)]);
        let (before, first) = (served(registry), etag(registry));
        assert_eq!(before.len(), 1);

        // What is new is fetched and shown, and nobody gets it.
        publish(&fixture, "another text");
        let synced = fixture.sync("tools").unwrap();
        assert!(synced.pending && !synced.changed && synced.updated == 1);
        assert_eq!((served(registry), etag(registry)), (before.clone(), first.clone()));
        let diff = registry.diff(&operator(), "tools", &Compare::default()).unwrap();
        assert_eq!((diff.from.unwrap().1, diff.to.1, diff.plugins.len()), (Served, Pending, 1));
        assert_eq!(history(&fixture), [(2, Pending, true), (1, Served, true)]);

        // And again: nothing new, and it waits on.
        let again = fixture.sync("tools").unwrap();
        assert!(again.pending && again.updated == 0);
        assert_eq!(history(&fixture).len(), 2);

        registry.approve(&operator(), "tools", None).unwrap();
        assert_ne!(etag(registry), first);
        assert_eq!(history(&fixture), [(2, Served, true), (1, Earlier, true)]);
        assert!(!fixture.sync("tools").unwrap().pending);
        assert_eq!(
            acts(&fixture),
            [
                "marketplace.approve",
                "marketplace.fetch",
                "marketplace.approve",
                "marketplace.fetch",
                "marketplace.add"
            ]
        );
    }
}

#[test]
fn a_rollback_serves_the_very_bytes_of_before_and_no_sync_undoes_it() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    registry.hold_access().unwrap();
    fixture.market("tools", &[("x", "1"), ("y", "1")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    let first = etag(registry);
    fixture.publish_plugins("tools", &[("x", "2"), ("z", "2")]);
    fixture.sync("tools").unwrap();
    let second = etag(registry);
    let [newer, older] = &commits(&fixture)[..] else { panic!("there are two") };

    let done = registry.rollback(&operator(), "tools", &older[..7]).unwrap();
    assert_eq!((&done.state.commit, done.before.as_ref()), (older, Some(newer)));
    assert_eq!((done.added, done.updated, done.removed), (1, 1, 1));
    assert!(done.hold && done.hold_is_new && !done.is_newest);
    assert_eq!(etag(registry), first);
    assert_eq!(history(&fixture), [(2, Pending, true), (1, Served, true)]);
    assert!(fixture.sync("tools").unwrap().pending);
    assert_eq!(etag(registry), first);

    registry.approve(&operator(), "tools", Some("s2")).unwrap();
    assert_eq!(etag(registry), second);
    // And back once more, by number.
    let again = registry.rollback(&operator(), "tools", "S1").unwrap();
    assert!(again.hold && !again.hold_is_new);
    assert_eq!(etag(registry), first);

    // Without the hold the next sync serves what the upstream has, which it has already.
    registry.edit_marketplace(&operator(), "tools", hold(false)).unwrap();
    assert_eq!(etag(registry), first);
    let synced = fixture.sync("tools").unwrap();
    assert!(synced.changed && !synced.pending);
    assert_eq!((etag(registry), history(&fixture)), (second, vec![(2, Served, true), (1, Earlier, true)]));
}

#[test]
fn the_latest_states_are_kept_and_what_is_served_with_them() {
    let mut settings = Settings::default();
    settings.sync.keep_states = 2;
    let fixture = held_with(settings);
    fixture.sync("tools").unwrap();
    fixture.registry.approve(&operator(), "tools", None).unwrap();
    let first = commits(&fixture).remove(0);
    // Enough packs that the repository is tidied.
    for i in 0..12 {
        publish(&fixture, &format!("text {i}"));
        fixture.sync("tools").unwrap();
    }
    assert_eq!(history(&fixture), [(13, Pending, true), (12, Pending, true), (1, Served, true)]);
    fixture.registry.grant(&operator(), "A", &["tools/*".to_owned()]).unwrap();
    assert_eq!(served(&fixture.registry).len(), 1);

    // What was let go of can be neither approved nor gone back to.
    fixture.registry.approve(&operator(), "tools", None).unwrap();
    publish(&fixture, "one more");
    fixture.sync("tools").unwrap();
    assert_eq!(history(&fixture), [(14, Pending, true), (13, Served, true)]);
    let here = commits(&fixture).iter().map(|id| format!("`{}`", &id[..12])).collect::<Vec<_>>().join(", ");
    let refused = fixture.registry.rollback(&operator(), "tools", &first).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!("there is no state of `tools` with the commit `{first}`; there is {here}")
    );
    assert_eq!(refused.hint().unwrap(), "agnes marketplace history tools");
    assert!(matches!(fixture.registry.approve(&operator(), "tools", Some("s1")), Err(Error::NotHeld { .. })));
}

/// The upstream takes a commit back that waits. It is here all the same.
#[test]
fn what_was_taken_back_by_the_upstream_can_be_approved_and_that_is_said() {
    let fixture = approved();
    publish(&fixture, "taken back");
    fixture.sync("tools").unwrap();
    let waits = commits(&fixture).remove(0);
    fs::remove_dir_all(fixture.upstream("tools")).unwrap();
    publish(&fixture, "history written anew");
    assert!(fixture.sync("tools").unwrap().pending);
    let done = fixture.registry.approve(&operator(), "tools", Some(&waits)).unwrap();
    assert_eq!((done.is_newest, done.state.commit == waits), (false, true));
    assert_eq!(history(&fixture), [(3, Pending, true), (2, Served, true), (1, Earlier, true)]);
}

/// Attack: whoever has the upstream takes back what waits, so that nobody looks, and pushes it again.
#[test]
fn what_is_served_does_not_wait_though_it_was_fetched_again() {
    let fixture = approved();
    fs::rename(fixture.upstream("tools"), fixture.folder.path().join("good")).unwrap();
    publish(&fixture, "evil");
    assert!(fixture.sync("tools").unwrap().pending);
    fs::rename(fixture.upstream("tools"), fixture.folder.path().join("evil")).unwrap();
    fs::rename(fixture.folder.path().join("good"), fixture.upstream("tools")).unwrap();
    assert!(!fixture.sync("tools").unwrap().pending);
    assert!(fixture.registry.marketplace(&operator(), "tools").unwrap().pending.is_none());
    fs::rename(fixture.upstream("tools"), fixture.folder.path().join("good")).unwrap();
    fs::rename(fixture.folder.path().join("evil"), fixture.upstream("tools")).unwrap();
    assert!(fixture.sync("tools").unwrap().pending);
    let doctor = fixture.registry.checkup(&operator()).unwrap();
    assert!(doctor.iter().any(|finding| finding.code == "waits-for-approval"));
}

/// Attack, or bad luck: the marketplace is put on hold while a sync has fetched already.
#[test]
fn a_hold_that_comes_in_the_middle_of_a_sync_holds() {
    struct Meanwhile<'a>(&'a Registry, AtomicBool);
    impl Watch for Meanwhile<'_> {
        fn progress(&self, phase: Phase, _: u64, _: Option<u64>) {
            if phase == Phase::Reading && !self.1.swap(true, Ordering::Relaxed) {
                self.0.edit_marketplace(&operator(), "tools", hold(true)).unwrap();
            }
        }
    }
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    let before = etag(&fixture.registry);
    publish(&fixture, "evil");
    let watch = Meanwhile(&fixture.registry, AtomicBool::new(false));
    let error = fixture.registry.sync(&operator(), "tools", &watch).unwrap_err();
    assert!(watch.1.load(Ordering::Relaxed) && matches!(error, Error::Conflict { .. }), "{error}");
    assert_eq!(etag(&fixture.registry), before);
    assert!(fixture.sync("tools").unwrap().pending);
    assert_eq!(etag(&fixture.registry), before);
}

#[test]
fn what_cannot_be_meant_is_refused_and_says_what_to_do() {
    let fixture = held();
    let registry = &fixture.registry;
    let refused = |result: Result<(), Error>, said: &str, hint: &str| {
        let error = result.unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{:?}", error.hint());
    };
    let approve = |commit| registry.approve(&operator(), "tools", commit).map(drop);
    let rollback = |commit| registry.rollback(&operator(), "tools", commit).map(drop);
    refused(approve(None), "nothing was fetched of `tools` yet", "agnes marketplace sync tools");
    refused(approve(Some("1234")), "nothing was fetched", "agnes marketplace sync tools");
    refused(rollback("1234"), "there is no state of `tools`", "history tools");
    refused(
        registry.diff(&operator(), "tools", &Compare::default()).map(drop),
        "nothing was fetched",
        "sync tools",
    );
    assert!(history(&fixture).is_empty());

    fixture.sync("tools").unwrap();
    // Nothing is served, so there is nothing to go back from.
    refused(rollback("s1"), "waits to be approved", "agnes marketplace approve tools");
    approve(None).unwrap();
    refused(approve(None), "what was fetched last is what `tools` serves already", "history");
    refused(approve(Some("s1")), "that is what `tools` serves already", "history");
    refused(rollback("s1"), "it is what is served", "history");
    publish(&fixture, "2");
    fixture.sync("tools").unwrap();
    refused(rollback("s2"), "waits to be approved", "agnes marketplace approve tools");
    for text in ["", "s", "s9", "s-1", "12", "main", "0123456789", "\u{1b}[2J"] {
        let error = approve(Some(text)).unwrap_err();
        assert!(
            matches!(error, Error::NotHeld { .. }) && !error.to_string().contains('\u{1b}'),
            "{text}: {error}"
        );
    }
    // An earlier one, of a marketplace that the next sync would bring forward again.
    approve(None).unwrap();
    registry.edit_marketplace(&operator(), "tools", hold(false)).unwrap();
    refused(approve(Some("s1")), "`tools` is not on hold", "agnes marketplace rollback tools");
    for caller in [user(false), crate::domain::access::caller::Caller::Scheduler] {
        assert!(matches!(registry.approve(&caller, "tools", None), Err(Error::Forbidden(_))));
        assert!(matches!(registry.rollback(&caller, "tools", "s1"), Err(Error::Forbidden(_))));
        assert!(matches!(registry.history(&caller, "tools"), Err(Error::Forbidden(_))));
    }
}

/// The disk did not keep what waits.
#[test]
fn a_state_that_is_damaged_is_not_served_and_fetched_again() {
    let fixture = approved();
    let registry = &fixture.registry;
    let before = etag(registry);
    let packs = registry.folder().repository("tools").join("objects/pack");
    let list = || -> Vec<_> { fs::read_dir(&packs).unwrap().map(|entry| entry.unwrap().path()).collect() };
    let old = list();
    publish(&fixture, "a text that is not in any other commit");
    fixture.sync("tools").unwrap();
    let new: Vec<_> = list().into_iter().filter(|path| !old.contains(path)).collect();
    let pack = new.iter().find(|path| path.extension().is_some_and(|end| end == "pack")).unwrap();
    let mut bytes = fs::read(pack).unwrap();
    // Past the header, into the objects.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    let mut permissions = fs::metadata(pack).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "it is a file of this test's")]
    permissions.set_readonly(false);
    fs::set_permissions(pack, permissions).unwrap();
    fs::write(pack, &bytes).unwrap();

    let error = registry.approve(&operator(), "tools", None).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(error.hint().unwrap(), "agnes marketplace sync tools");
    assert_eq!((etag(registry), history(&fixture)[0].1), (before.clone(), Pending));
    assert!(fixture.sync("tools").unwrap().pending);
    registry.approve(&operator(), "tools", None).unwrap();
    assert_ne!(etag(registry), before);
}

/// The disk is gone, or the registry was moved without it; and the upstream is somebody else's by now.
#[test]
fn what_is_served_is_fetched_again_though_the_upstream_has_something_newer() {
    let fixture = approved();
    let before = etag(&fixture.registry);
    publish(&fixture, "evil");
    fixture.sync("tools").unwrap();
    fs::remove_dir_all(fixture.registry.folder().repository("tools")).unwrap();
    fs::remove_dir_all(fixture.registry.folder().zip_cache()).unwrap();
    assert!(fixture.sync("tools").unwrap().pending);
    assert_eq!(history(&fixture), [(2, Pending, true), (1, Served, true)]);
    assert_eq!(etag(&fixture.registry), before);
}

#[test]
fn rules_that_change_are_for_what_is_served_and_for_nothing_else() {
    let fixture = approved();
    publish(&fixture, "a longer text than the one that is served");
    fixture.sync("tools").unwrap();
    let mut settings = fixture.registry.settings().clone();
    settings.limits.max_plugin_bytes = 1;
    let fixture = fixture.reopened_with("this boot\n", settings);
    let served = fixture.registry.marketplace(&operator(), "tools").unwrap().row.last_commit_sha;
    assert!(fixture.sync("tools").unwrap().pending);
    let market = fixture.registry.marketplace(&operator(), "tools").unwrap();
    assert_eq!((market.row.last_commit_sha, market.row.hold), (served, true));
    let plugin = &fixture.registry.plugins(&operator(), Some("tools")).unwrap()[0].row;
    assert!(plugin.reason.as_ref().is_some_and(|why| why.contains("max_plugin_bytes")), "{plugin:?}");
    assert_eq!(history(&fixture), [(2, Pending, true), (1, Served, true)]);
}
