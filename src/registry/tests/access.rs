use std::collections::BTreeMap;

use crate::domain::access::caller::Caller;
use crate::registry::doctor::Severity;
use crate::registry::marketplaces::EditMarketplace;
use crate::registry::people::grants::Filter;
use crate::registry::testing::{Fixture, new, operator, texts, user};
use crate::registry::{Error, Registry, Result};

#[test]
fn one_plugin_is_not_taken_from_a_group_that_has_all_of_them() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1"), ("y", "1"), ("z", "1")]);
    fixture.admit("ada@example.com", "Data team", &["tools/*"]);
    let error = fixture.registry.revoke(&operator(), "Data team", &texts(&["tools/x"])).unwrap_err();
    assert_eq!(error.to_string(), "`Data team` has `tools/x` through the grant `tools/*`");
    assert_eq!(
        error.hint().unwrap(),
        "agnes revoke 'Data team' 'tools/*' && agnes grant 'Data team' tools/y tools/z"
    );
    // With a grant of its own beside, that one goes.
    fixture.registry.grant(&operator(), "Data team", &texts(&["tools/x"])).unwrap();
    let done = fixture.registry.revoke(&operator(), "data TEAM", &texts(&["tools/x"])).unwrap();
    assert!(done.resources[0].changed);
}

#[test]
fn revoking_what_does_not_exist_is_an_error_and_revoking_twice_is_none() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.admit("ada@example.com", "Team", &["tools/x"]);
    let error = fixture.registry.revoke(&operator(), "Team", &texts(&["tools/xx"])).unwrap_err();
    assert_eq!(error.to_string(), "there is no plugin `tools/xx`; there is `tools/x`");
    for changed in [true, false] {
        let done = fixture.registry.revoke(&operator(), "Team", &texts(&["tools/x"])).unwrap();
        assert_eq!(done.resources[0].changed, changed);
    }
    // A grant outlives its plugin, and can be taken back then.
    fixture.registry.grant(&operator(), "Team", &texts(&["tools/x"])).unwrap();
    fixture.publish_plugins("tools", &[("y", "1")]);
    fixture.sync("tools").unwrap();
    let grants = fixture.registry.grants(&operator(), &Filter::default()).unwrap();
    assert_eq!((grants.len(), grants[0].plugins), (1, 0));
    assert!(fixture.registry.revoke(&operator(), "Team", &texts(&["tools/x"])).unwrap().resources[0].changed);
}

#[test]
fn of_several_grants_all_are_made_or_none() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.admit("ada@example.com", "Team", &[]);
    assert!(fixture.registry.grant(&operator(), "Team", &texts(&["tools/x", "tools/no"])).is_err());
    assert!(fixture.registry.grants(&operator(), &Filter::default()).unwrap().is_empty());
}

#[test]
fn grants_are_listed_by_group_user_and_plugin() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1"), ("y", "1")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    fixture.admit("grace@example.com", "G", &["tools/x"]);
    fixture.registry.grant(&operator(), "Everyone", &texts(&["tools/y"])).unwrap();
    let list = |filter: Filter| -> Result<Vec<String>> {
        let grants = fixture.registry.grants(&operator(), &filter)?;
        Ok(grants.iter().map(|grant| format!("{} {}", grant.row.group_name, grant.row.resource)).collect())
    };
    let some = |text: &str| Some(text.to_owned());
    let all = ["Everyone tools/y", "A tools/*", "G tools/x"];
    assert_eq!(list(Filter::default()).unwrap(), all);
    assert_eq!(
        list(Filter { user: some("grace@example.com"), ..Filter::default() }).unwrap(),
        [all[0], all[2]]
    );
    assert_eq!(list(Filter { plugin: some("tools/y"), ..Filter::default() }).unwrap(), [all[0], all[1]]);
    assert_eq!(list(Filter { group: some("g"), ..Filter::default() }).unwrap(), [all[2]]);
    assert!(matches!(
        list(Filter { plugin: some("no/y"), ..Filter::default() }),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn a_view_says_through_which_groups_each_plugin_comes() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1"), ("y", "1"), ("z", "1")]);
    fixture.admit("ada@example.com", "B", &["tools/x"]);
    fixture.admit("ada@example.com", "A", &["tools/x", "tools/y"]);
    fixture.admit("grace@example.com", "C", &["tools/*"]);
    fixture.registry.grant(&operator(), "Everyone", &texts(&["tools/y"])).unwrap();
    let view = fixture.registry.view(&operator(), "Ada@Example.com").unwrap();
    let names: Vec<_> = view.view.plugins.iter().map(|plugin| plugin.plugin.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
    let through: BTreeMap<_, _> = view.through.into_iter().collect();
    assert_eq!(through["tools/x"], ["A", "B"]);
    assert_eq!(through["tools/y"], ["A", "Everyone"]);

    // Whoever joins later has a new plugin of `slug/*` without a further grant.
    fixture.publish_plugins("tools", &[("x", "1"), ("new", "1")]);
    fixture.sync("tools").unwrap();
    let view = fixture.registry.view(&operator(), "grace@example.com").unwrap().view;
    assert_eq!(view.plugins.len(), 2);
}

#[test]
fn an_admin_has_no_plugin_that_was_not_granted() {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.registry.add_user(&operator(), "ada@example.com", Some(" ".into())).unwrap();
    fixture.registry.join(&operator(), "Admin", "ada@example.com").unwrap();
    assert!(fixture.registry.view(&operator(), "ada@example.com").unwrap().view.plugins.is_empty());
    assert_eq!(fixture.registry.user(&operator(), "ada@example.com").unwrap().row.name, None);
}

#[test]
fn two_groups_always_exist_and_nobody_leaves_everyone() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    registry.add_user(&operator(), "ada@example.com", None).unwrap();
    for group in ["Admin", "everyone"] {
        assert!(matches!(registry.remove_group(&operator(), group), Err(Error::Conflict { .. })));
    }
    let error = registry.leave(&operator(), "Everyone", "ada@example.com").unwrap_err();
    assert_eq!(error.hint().unwrap(), "agnes user remove ada@example.com");
    assert!(!registry.join(&operator(), "Everyone", "ada@example.com").unwrap().changed);
    assert!(matches!(registry.add_group(&operator(), "ADMIN", None), Err(Error::Exists { .. })));
    assert_eq!(registry.group(&operator(), "Everyone").unwrap().members, ["ada@example.com"]);
}

#[test]
fn every_use_case_asks_who_asks() {
    type Use = fn(&Registry, &Caller) -> Result<()>;
    let uses: [(&str, Use); 22] = [
        ("audit", |r, c| r.audit(c, 1).map(drop)),
        ("bundle", |r, c| r.bundle(c, "ada@example.com").map(drop)),
        ("checkup", |r, c| r.checkup(c).map(drop)),
        ("grants", |r, c| r.grants(c, &Filter::default()).map(drop)),
        ("grant", |r, c| r.grant(c, "Admin", &texts(&["tools/x"])).map(drop)),
        ("revoke", |r, c| r.revoke(c, "Admin", &texts(&["tools/x"])).map(drop)),
        ("groups", |r, c| r.groups(c).map(drop)),
        ("group", |r, c| r.group(c, "Admin").map(drop)),
        ("add_group", |r, c| r.add_group(c, "New", None).map(drop)),
        ("remove_group", |r, c| r.remove_group(c, "Team").map(drop)),
        ("join", |r, c| r.join(c, "Admin", "ada@example.com").map(drop)),
        ("leave", |r, c| r.leave(c, "Admin", "ada@example.com").map(drop)),
        ("marketplaces", |r, c| r.marketplaces(c).map(drop)),
        ("marketplace", |r, c| r.marketplace(c, "tools").map(drop)),
        ("add_marketplace", |r, c| r.add_marketplace(c, new("n", "https://git.example/n")).map(drop)),
        ("edit_marketplace", |r, c| r.edit_marketplace(c, "tools", EditMarketplace::default()).map(drop)),
        ("remove_marketplace", |r, c| r.remove_marketplace(c, "tools").map(drop)),
        ("plugins", |r, c| r.plugins(c, None).map(drop)),
        ("plugin", |r, c| r.plugin(c, "tools", "x").map(drop)),
        ("users", |r, c| r.users(c).map(drop)),
        ("add_user", |r, c| r.add_user(c, "new@example.com", None).map(drop)),
        ("remove_user", |r, c| r.remove_user(c, "ada@example.com").map(drop)),
    ];
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "1")]);
    fixture.admit("ada@example.com", "Team", &["tools/*"]);
    let before = fixture.registry.audit(&operator(), 100).unwrap().len();
    for (name, run) in uses {
        for caller in [user(false), Caller::Scheduler] {
            let outcome = run(&fixture.registry, &caller);
            assert!(matches!(outcome, Err(Error::Forbidden(_))), "{name}: {outcome:?}");
        }
    }
    assert_eq!(fixture.registry.audit(&operator(), 100).unwrap().len(), before);
    let wrong = uses.iter().find(|(_, run)| run(&fixture.registry, &user(true)).is_err());
    assert_eq!(wrong.map(|(name, _)| *name), Some("plugin"), "it asks for what was removed before");
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_type() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    assert!(registry.checkup(&operator()).unwrap().is_empty(), "an empty folder is healthy");
    fixture.market("tools", &[("x", "1")]);
    fixture.market("more", &[("x", "1")]);
    fixture.admit("ada@example.com", "Data team", &["tools/x", "more/*"]);
    registry.join(&operator(), "Admin", "ada@example.com").unwrap();
    fixture.publish_plugins("tools", &[("y", "1")]);
    let url = fixture.publish_plugins("late", &[("x", "1")]);
    registry.add_marketplace(&operator(), new("late", &url)).unwrap();
    std::fs::write(registry.folder().overlay(), "AGNES_MARKETPLACE_GONE_TOKEN=t\n").unwrap();
    std::fs::create_dir(registry.folder().repository("nobodys")).unwrap();
    let collision = registry.checkup(&operator()).unwrap();
    fixture.sync("tools").unwrap();
    std::fs::remove_dir_all(registry.folder().repository("more")).unwrap();
    let findings = registry.checkup(&operator()).unwrap();
    let hints: BTreeMap<_, _> = findings
        .iter()
        .chain(&collision)
        .map(|finding| (finding.code, finding.hint.clone().unwrap_or_default()))
        .collect();
    let data = registry.folder().root().display();
    let expected = [
        ("folder-of-nobody", format!("rm -r {data}/marketplaces/nobodys")),
        ("grant-of-nothing", "agnes revoke 'Data team' tools/x".to_owned()),
        ("never-synced", "agnes marketplace sync late".to_owned()),
        ("repository-damaged", "agnes marketplace sync more".to_owned()),
        ("same-name", "agnes marketplace edit more --name-prefix more-".to_owned()),
        ("token-of-nobody", format!("sed -i '/^AGNES_MARKETPLACE_GONE_TOKEN=/d' {data}/state/.env_overlay")),
    ];
    for (code, hint) in expected {
        assert_eq!(hints.get(code), Some(&hint), "{code}: {findings:#?}");
    }
    // The overlay above was written with whatever umask there is.
    let broken = findings.iter().filter(|finding| finding.severity == Severity::Broken);
    assert!(broken.clone().any(|finding| finding.code == "repository-damaged"));
    fixture.sync("more").unwrap();
    let after = registry.checkup(&operator()).unwrap();
    assert!(after.iter().all(|finding| finding.code != "repository-damaged"), "its hint helps");
}

#[test]
fn the_doctor_reports_tokens_that_cannot_be_read_and_goes_on() {
    let fixture = Fixture::new();
    std::fs::write(fixture.registry.folder().overlay(), b"\xff\xfe\n").unwrap();
    let findings = fixture.registry.checkup(&operator()).unwrap();
    assert!(findings.iter().any(|finding| finding.code == "tokens-unreadable"), "{findings:?}");
}
