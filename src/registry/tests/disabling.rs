//! Plugins that nobody gets.

use crate::domain::access::caller::Caller;
use crate::domain::feed::view::Why;
use crate::registry::testing::{Fixture, operator, texts, user};
use crate::registry::{Error, Registry};

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "of x"), ("y", "of y")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    fixture.admit("grace@example.com", "G", &["tools/x"]);
    fixture
}

/// Names of what somebody gets, and why not more.
fn gets(registry: &Registry, email: &str) -> (Vec<String>, Vec<(String, Why, String)>) {
    let view = registry.view(&operator(), email).unwrap().view;
    let left = view.left_out.into_iter().map(|left| (left.plugin.to_string(), left.why, left.reason));
    (view.plugins.into_iter().map(|plugin| plugin.plugin.to_string()).collect(), left.collect())
}

fn acts(registry: &Registry) -> Vec<(String, String, Option<String>)> {
    let rows = registry.audit(&operator(), 100).unwrap().into_iter();
    let rows = rows.filter(|row| row.action.starts_with("plugin."));
    rows.map(|row| (row.action, row.resource, row.detail)).collect()
}

const SENTENCE: &str = "an administrator disabled it for everybody";

#[test]
fn nobody_gets_what_is_disabled_whatever_was_granted() {
    for in_memory in [false, true] {
        let fixture = fixture();
        let registry = &fixture.registry;
        if in_memory {
            registry.hold_access().unwrap();
        }
        let before = registry.bundle(&operator(), "ada@example.com").unwrap();
        let done = registry.disable_plugin(&operator(), "tools", "x", Some(" it phones home ")).unwrap();
        assert!(done.changed && done.listed);
        let why = (
            vec!["y".to_owned()],
            vec![("x".to_owned(), Why::Disabled, format!("{SENTENCE}: it phones home"))],
        );
        assert_eq!(gets(registry, "ada@example.com"), why);
        assert_eq!(gets(registry, "grace@example.com").0, Vec::<String>::new());
        let after = registry.bundle(&operator(), "ada@example.com").unwrap();
        assert_eq!((before.plugins, after.plugins), (2, 1));
        assert_ne!(before.digest, after.digest);

        // To grant it does not help.
        registry.grant(&operator(), "G", &texts(&["tools/*"])).unwrap();
        assert_eq!(gets(registry, "grace@example.com").0, ["y"]);
        let listed = registry.plugins(&operator(), Some("tools")).unwrap();
        let told =
            |name: &str| listed.iter().find(|listed| listed.row.name == name).unwrap().disabled.clone();
        assert_eq!(told("y"), None);
        let row = told("x").unwrap();
        assert_eq!((row.by.as_str(), row.reason.as_deref()), ("root", Some("it phones home")));
        assert_eq!(registry.plugin(&operator(), "tools", "x").unwrap().disabled, Some(row));

        assert!(registry.enable_plugin(&operator(), "tools", "x").unwrap().changed);
        assert_eq!(registry.bundle(&operator(), "ada@example.com").unwrap().digest, before.digest);
        let resource = || "tools/x".to_owned();
        assert_eq!(
            acts(registry),
            [
                ("plugin.enable".to_owned(), resource(), None),
                ("plugin.disable".to_owned(), resource(), Some("it phones home".to_owned()))
            ]
        );
    }
}

/// Attack: a curator takes the plugin out of the catalog and puts it back, to be rid of what was written of it.
#[test]
fn it_outlives_every_sync_and_the_process() {
    let fixture = fixture();
    fixture.registry.hold_access().unwrap();
    fixture.registry.disable_plugin(&operator(), "tools", "x", None).unwrap();
    let sync = |fixture: &Fixture, plugins: &[(&str, &str)]| {
        fixture.publish_plugins("tools", plugins);
        fixture.sync("tools").unwrap();
    };
    sync(&fixture, &[("x", "changed"), ("y", "of y")]);
    assert_eq!(gets(&fixture.registry, "ada@example.com").0, ["y"]);
    sync(&fixture, &[("y", "of y")]);
    assert_eq!(gets(&fixture.registry, "ada@example.com"), (vec!["y".to_owned()], vec![]));
    sync(&fixture, &[("x", "is back"), ("y", "of y")]);
    assert_eq!(gets(&fixture.registry, "ada@example.com").0, ["y"]);
    // Nor do the marketplace's own settings bring it back.
    let edit = || crate::registry::marketplaces::EditMarketplace {
        name_prefix: Some("t-".into()),
        ..Default::default()
    };
    fixture.registry.edit_marketplace(&operator(), "tools", edit()).unwrap();
    assert_eq!(gets(&fixture.registry, "ada@example.com").0, ["y"]);
    let fixture = fixture.reopened("this boot\n");
    assert_eq!(gets(&fixture.registry, "ada@example.com").0, ["y"]);
    fixture.registry.hold_access().unwrap();
    assert_eq!(gets(&fixture.registry, "ada@example.com").0, ["y"]);
}

#[test]
fn a_plugin_may_be_disabled_before_it_is_there_and_the_doctor_asks_whether_that_is_meant() {
    let fixture = fixture();
    let registry = &fixture.registry;
    registry.hold_access().unwrap();
    let done = registry.disable_plugin(&operator(), "tools", "zed", None).unwrap();
    assert!(done.changed && !done.listed);
    let codes =
        || -> Vec<&str> { registry.checkup(&operator()).unwrap().iter().map(|found| found.code).collect() };
    assert_eq!(codes().iter().filter(|code| **code == "disabled-unlisted").count(), 1);
    fixture.publish_plugins("tools", &[("x", "of x"), ("zed", "new")]);
    fixture.sync("tools").unwrap();
    assert_eq!(gets(registry, "ada@example.com").0, ["x"]);
    assert!(!codes().contains(&"disabled-unlisted"));
    registry.enable_plugin(&operator(), "tools", "zed").unwrap();
    assert_eq!(gets(registry, "ada@example.com").0, ["x", "zed"]);
}

#[test]
fn a_name_that_is_free_lets_the_other_plugin_of_that_name_in() {
    let fixture = fixture();
    fixture.market("other", &[("x", "another x")]);
    fixture.registry.grant(&operator(), "A", &texts(&["other/*"])).unwrap();
    let first = gets(&fixture.registry, "ada@example.com").1;
    assert_eq!((first.len(), first[0].1), (1, Why::SameName));
    fixture.registry.disable_plugin(&operator(), "tools", "x", None).unwrap();
    let (names, left) = gets(&fixture.registry, "ada@example.com");
    assert_eq!((names.len(), left.len(), left[0].1), (2, 1, Why::Disabled));
}

#[test]
fn twice_is_once_and_another_reason_is_another_reason() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let disable = |reason| registry.disable_plugin(&operator(), "tools", "x", reason).unwrap();
    assert!(disable(Some("one")).changed);
    assert!(!disable(Some("one")).changed);
    assert!(!disable(None).changed);
    assert!(!disable(Some("  ")).changed);
    let two = disable(Some("two"));
    assert!(two.changed);
    assert_eq!(two.disabled.unwrap().reason.as_deref(), Some("two"));
    assert_eq!(acts(registry).len(), 2);
    assert!(registry.enable_plugin(&operator(), "tools", "x").unwrap().changed);
    assert!(!registry.enable_plugin(&operator(), "tools", "x").unwrap().changed);
}

#[test]
fn what_is_no_plugin_or_no_reason_is_refused() {
    let fixture = fixture();
    let registry = &fixture.registry;
    let missing = |result: Result<_, Error>| matches!(result, Err(Error::NotFound { .. }));
    assert!(missing(registry.disable_plugin(&operator(), "nope", "x", None)));
    assert!(missing(registry.enable_plugin(&operator(), "nope", "x")));
    assert!(missing(registry.enable_plugin(&operator(), "tools", "nope")));
    for name in ["..", "a/b", "", "*"] {
        assert!(missing(registry.disable_plugin(&operator(), "tools", name, None)), "{name}");
    }
    for reason in ["a\nb", "\u{202e}", &"x".repeat(501)] {
        let refused = registry.disable_plugin(&operator(), "tools", "x", Some(reason));
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{reason}");
    }
    for caller in [user(false), Caller::Scheduler] {
        assert!(matches!(registry.disable_plugin(&caller, "tools", "x", None), Err(Error::Forbidden(_))));
        assert!(matches!(registry.enable_plugin(&caller, "tools", "x"), Err(Error::Forbidden(_))));
    }
    assert!(acts(registry).is_empty());
}

#[test]
fn a_marketplace_that_is_registered_anew_begins_with_nothing_disabled() {
    let fixture = fixture();
    let registry = &fixture.registry;
    registry.hold_access().unwrap();
    registry.disable_plugin(&operator(), "tools", "x", None).unwrap();
    registry.remove_marketplace(&operator(), "tools").unwrap();
    fixture.market("tools", &[("x", "of x")]);
    registry.grant(&operator(), "A", &texts(&["tools/*"])).unwrap();
    assert_eq!(gets(registry, "ada@example.com").0, ["x"]);
}
