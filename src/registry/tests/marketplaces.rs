use crate::registry::Error;
use crate::registry::marketplaces::{EditMarketplace, NewMarketplace};
use crate::registry::testing::{Fixture, new, operator, secret, texts, user};

const HERE: &str = "https://git.example/team/tools.git";

fn with_token(slug: &str, token: &str) -> NewMarketplace {
    NewMarketplace { token: secret(token), ..new(slug, HERE) }
}

#[test]
fn a_slug_whose_token_variable_another_has_is_refused() {
    let fixture = Fixture::new();
    fixture.registry.add_marketplace(&operator(), with_token("a-b", "t1")).unwrap();
    let error = fixture.registry.add_marketplace(&operator(), with_token("a_b", "t2")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a_b` and the marketplace `a-b` would share the variable AGNES_MARKETPLACE_A_B_TOKEN"
    );
    assert_eq!(error.hint().unwrap(), format!("agnes marketplace add {HERE} --slug a_b-2"));
    assert_eq!(fixture.overlay(), "AGNES_MARKETPLACE_A_B_TOKEN=t1\n");
}

#[test]
fn a_slug_that_is_taken_keeps_its_token() {
    let fixture = Fixture::new();
    fixture.registry.add_marketplace(&operator(), with_token("tools", "t1")).unwrap();
    let error = fixture.registry.add_marketplace(&operator(), with_token("tools", "t2")).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert_eq!(fixture.overlay(), "AGNES_MARKETPLACE_TOOLS_TOKEN=t1\n");
}

#[test]
fn a_token_left_behind_is_not_the_next_marketplaces() {
    let fixture = Fixture::new();
    let overlay = fixture.registry.folder().overlay();
    std::fs::write(&overlay, "OTHER=1\nAGNES_MARKETPLACE_TOOLS_TOKEN=old\n").unwrap();
    let added = fixture.registry.add_marketplace(&operator(), new("tools", HERE)).unwrap();
    assert!(!added.has_token);
    assert_eq!(fixture.overlay(), "OTHER=1\n");
}

#[test]
fn tokens_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    fixture.registry.add_marketplace(&operator(), with_token("tools", "t1")).unwrap();
    let folder = fixture.registry.folder();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder.overlay()), mode(&folder.state())), (0o600, 0o700));

    std::fs::set_permissions(folder.state(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = fixture.registry.add_marketplace(&operator(), with_token("more", "t2")).unwrap_err();
    assert!(error.hint().unwrap().starts_with("chmod 700 "), "{error}");
    // Refused as a whole: there is no marketplace that waits for a token which is nowhere.
    assert!(fixture.registry.marketplace(&operator(), "more").is_err());
}

#[test]
fn an_edit_leaves_what_is_absent_and_clears_what_is_empty() {
    let fixture = Fixture::new();
    let first = NewMarketplace {
        name: Some("Tools".into()),
        branch: Some("main".into()),
        description: Some("old".into()),
        curator_name: Some("Ada".into()),
        ..new("tools", HERE)
    };
    fixture.registry.add_marketplace(&operator(), first).unwrap();
    let edit = |edit| fixture.registry.edit_marketplace(&operator(), "tools", edit).map(|edited| edited.row);

    let row = edit(EditMarketplace { description: Some("new".into()), ..Default::default() }).unwrap();
    assert_eq!((row.name.as_str(), row.branch.as_deref()), ("Tools", Some("main")));
    assert_eq!(row.description.as_deref(), Some("new"));

    let row = edit(EditMarketplace {
        name: Some(String::new()),
        description: Some(String::new()),
        branch: Some(String::new()),
        ..Default::default()
    })
    .unwrap();
    assert_eq!((row.name.as_str(), row.branch, row.description), ("tools", None, None));
    assert_eq!(row.curator_name.as_deref(), Some("Ada"));

    let row = edit(EditMarketplace { reference: Some("v1".into()), ..Default::default() }).unwrap();
    assert_eq!((row.branch, row.reference.as_deref()), (None, Some("v1")));
    let row = edit(EditMarketplace { branch: Some("next".into()), ..Default::default() }).unwrap();
    assert_eq!((row.branch.as_deref(), row.reference), (Some("next"), None));
    let both =
        EditMarketplace { branch: Some("a".into()), reference: Some("b".into()), ..Default::default() };
    assert!(matches!(edit(both), Err(Error::Invalid { .. })));
}

#[test]
fn a_stored_token_does_not_follow_to_another_host() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    registry.add_marketplace(&operator(), with_token("tools", "t1")).unwrap();
    let to = |url: &str, token| EditMarketplace { url: Some(url.into()), token, ..Default::default() };

    let error =
        registry.edit_marketplace(&operator(), "tools", to("https://evil.example/x", None)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stored token is for `git.example`, and would be sent to `evil.example`"
    );
    let hint = "agnes marketplace edit tools --url https://evil.example/x --token-prompt (or --no-token)";
    assert_eq!(error.hint().unwrap(), hint);
    assert_eq!(registry.marketplace(&operator(), "tools").unwrap().row.url, HERE);

    let same =
        registry.edit_marketplace(&operator(), "tools", to("https://git.example:443/y", None)).unwrap();
    assert!(same.has_token);
    let moved =
        registry.edit_marketplace(&operator(), "tools", to("https://b.example/x", secret("t2"))).unwrap();
    assert!(moved.has_token);
    assert_eq!(fixture.overlay(), "AGNES_MARKETPLACE_TOOLS_TOKEN=t2\n");
    let cleared =
        registry.edit_marketplace(&operator(), "tools", to("https://c.example/x", secret(""))).unwrap();
    assert!(!cleared.has_token && cleared.row.token_env.is_none());
    assert_eq!(fixture.overlay(), "");
}

#[test]
fn a_token_is_in_no_row_and_no_message() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    let added = registry.add_marketplace(&operator(), with_token("tools", "hunter2")).unwrap();
    let edit = EditMarketplace { token: secret("hunter2 "), ..Default::default() };
    registry.edit_marketplace(&operator(), "tools", edit).unwrap();
    let error = registry.add_marketplace(&operator(), with_token("more", "hunter2 hunter2")).unwrap_err();
    let audit = registry.audit(&operator(), 10).unwrap();
    let seen = format!("{added:?} {audit:?} {error} {:?}", with_token("x", "hunter2"));
    assert!(!seen.contains("hunter2"), "{seen}");
}

#[test]
fn what_is_removed_is_gone_with_its_grants_its_token_and_its_folder() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    fixture.market("tools", &[("x", "1")]);
    fixture.market("tools-2", &[("x", "1")]);
    fixture.admit("ada@example.com", "Team", &["tools/x", "tools/*", "tools-2/*"]);
    let edit = EditMarketplace { token: secret("t"), ..Default::default() };
    registry.edit_marketplace(&operator(), "tools", edit).unwrap();

    assert_eq!(registry.remove_marketplace(&operator(), "tools").unwrap(), "tools");
    let grants = registry.group(&operator(), "Team").unwrap().grants;
    assert_eq!(grants, ["tools-2/*"]);
    assert_eq!(fixture.overlay(), "");
    assert!(!registry.folder().repository("tools").exists());
    assert_eq!(registry.plugins(&operator(), None).unwrap().len(), 1);
    let again = registry.remove_marketplace(&operator(), "tools").unwrap_err();
    assert!(matches!(again, Error::NotFound { .. }), "{again}");
    let removals = registry.audit(&operator(), 50).unwrap();
    assert_eq!(removals.iter().filter(|row| row.action == "marketplace.remove").count(), 1);
}

#[test]
fn who_comes_over_https_registers_https_alone() {
    let fixture = Fixture::new();
    let admin = user(true);
    for url in [
        "/srv/git/x",
        "file:///srv/git/x",
        "ssh://git@git.example/x",
        "git@git.example:x",
        "http://git.example/x",
    ] {
        let error = fixture.registry.add_marketplace(&admin, new("x", url)).unwrap_err();
        assert!(error.to_string().contains("cannot be registered from afar"), "{error}");
    }
    fixture.registry.add_marketplace(&admin, new("x", HERE)).unwrap();
    let edit = EditMarketplace { url: Some("/etc".into()), ..Default::default() };
    assert!(fixture.registry.edit_marketplace(&admin, "x", edit).is_err());
    assert_eq!(texts(&["x"]), [fixture.registry.marketplaces(&admin).unwrap()[0].row.id.clone()]);
}
