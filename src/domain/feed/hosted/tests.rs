use std::collections::HashMap;

use super::super::view::{Feed, Offer};
use super::*;
use crate::domain::digest::Digest;
use crate::domain::plugin::version::Versions;

const TOKEN: &str = "agnes_pat_secret/of+hers";

fn login(user: Option<&str>) -> Login {
    Login::new(user.map(|user| Secret::new(user.to_owned())), Secret::new(TOKEN.to_owned()))
}

fn base() -> Base {
    Base::parse("https://agnes.example.com").unwrap()
}

/// A view of so many plugins, each with these fields in its entry.
fn view(plugins: usize, fields: &Value) -> View {
    let offer = |i: usize| Offer {
        slug: "tools".parse().unwrap(),
        plugin: format!("p{i}").parse().unwrap(),
        manifest_name: format!("p{i}"),
        name_prefix: None,
        versions: Versions::Content,
        version: Some("1.0.0".into()),
        strict: true,
        entry: fields.as_object().unwrap().clone(),
        digest: Some(Digest::of(b"x")),
        reason: None,
        disabled: None,
        vendored: None,
        linked: false,
    };
    View::assemble(&Feed::default(), (0..plugins).map(offer).collect(), &HashMap::new())
}

fn parsed(view: &View, login: &Login) -> Value {
    serde_json::from_str(catalog(view, &base(), login).unwrap().expose()).unwrap()
}

#[test]
fn it_is_the_views_own_catalog_with_sources_that_can_be_fetched() {
    let view = view(2, &json!({"description": "d", "hooks": {"x": []}, "unknown": 1}));
    let hosted = parsed(&view, &login(None));
    let mut expected: Value = serde_json::from_slice(&view.catalog).unwrap();
    for (i, entry) in expected["plugins"].as_array_mut().unwrap().iter_mut().enumerate() {
        let url = "https://x:agnes_pat_secret%2Fof%2Bhers@agnes.example.com/marketplace.git";
        assert_eq!(entry["source"], format!("./plugins/tools-p{i}"));
        entry["source"] = json!({"source": "git-subdir", "url": url, "path": format!("plugins/tools-p{i}")});
    }
    assert_eq!(hosted.to_string(), expected.to_string(), "the order of the fields included");
}

#[test]
fn nothing_granted_is_a_catalog_without_plugins() {
    assert_eq!(parsed(&view(0, &json!({})), &login(None))["plugins"], json!([]));
}

/// Somebody's user name is made to look like the end of the userinfo, another host, a line break.
#[test]
fn credentials_cannot_change_the_address_that_they_are_part_of() {
    let url = |user| base().repository(&login(Some(user))).to_string();
    let end = ":agnes_pat_secret%2Fof%2Bhers@agnes.example.com/marketplace.git";
    assert_eq!(url("ada"), format!("https://ada{end}"));
    assert_eq!(url("ada@evil.example/"), format!("https://ada%40evil.example%2F{end}"));
    assert_eq!(url("a:b#?%"), format!("https://a%3Ab%23%3F%25{end}"));
    assert_eq!(url("ü"), format!("https://%C3%BC{end}"));
    for odd in ["", "a\nhost=evil.example", "\0", &"a".repeat(129)] {
        assert_eq!(url(odd), format!("https://x{end}"), "{odd:?}");
    }
}

#[test]
fn credentials_show_themselves_to_nobody() {
    let catalog = catalog(&view(1, &json!({})), &base(), &login(Some("ada")));
    let told = format!("{:?} {catalog:?}", login(Some("ada")));
    assert!(!told.contains("secret") && !told.contains("ada"), "{told}");
}

/// The client refuses what is larger, so what only describes goes before any plugin does.
#[test]
fn one_that_is_too_large_is_written_with_less_about_each_plugin() {
    let entry = |description: usize, keyword: usize| json!({"description": "d".repeat(description), "keywords": ["k".repeat(keyword)], "hooks": {"x": []}});
    let fields = |view: &View| -> Vec<String> {
        let text = catalog(view, &base(), &login(None)).unwrap();
        assert!(text.expose().len() <= LARGEST);
        let catalog: Value = serde_json::from_str(text.expose()).unwrap();
        let entries = catalog["plugins"].as_array().unwrap();
        assert_eq!(entries.len(), view.plugins.len());
        entries[0].as_object().unwrap().keys().cloned().collect()
    };
    let all = ["name", "source", "version", "description", "keywords", "hooks"];
    assert_eq!(fields(&view(100, &entry(10, 10))), all);
    assert_eq!(fields(&view(100, &entry(10, 60_000))), ["name", "source", "version", "description", "hooks"]);
    assert_eq!(fields(&view(100, &entry(60_000, 10))), ["name", "source", "version", "hooks"]);
    let much = json!({"hooks": {"x": "y".repeat(60_000)}});
    let error = catalog(&view(100, &much), &base(), &login(None)).unwrap_err();
    assert_eq!(error, Unfit::TooLarge { plugins: 100 });
    assert!(error.to_string().contains("100 plugins is larger than the 5 MiB"), "{error}");
}

#[test]
fn addresses() {
    let told = |text: &str| Base::parse(text).map(|base| base.to_string());
    for good in
        ["https://agnes.example.com", "http://127.0.0.1:8080", "https://[::1]:1/a/b-c%20d", "http://a_b."]
    {
        assert_eq!(told(good).as_deref(), Some(good));
    }
    assert_eq!(told("https://x//").as_deref(), Some("https://x"));
    assert_eq!(told("https://x/a/").as_deref(), Some("https://x/a"));
    for wrong in [
        "",
        "x",
        "ftp://x",
        "https://",
        "https:///x",
        "https://x?y",
        "https://x/a?y",
        "https://x/#a",
        "https://x/..",
    ] {
        assert_eq!(told(wrong), None, "{wrong}");
    }
}

/// A `Host` that would be more than a host once it stands in an address.
#[test]
fn a_host_is_a_host_and_nothing_else() {
    for good in ["a", "a.b-c.example", "a:1", "a:65535", "1.2.3.4:80", "[::1]", "[2001:db8::1]:443"] {
        assert!(Base::of(true, good).is_some(), "{good}");
    }
    let wrong = [
        "",
        ":80",
        "a:",
        "a:0",
        "a:65536",
        "a:+1",
        "a:8a",
        "a b",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "a@b",
        "u:p@a",
        "a\r\nb",
        "a\0",
        "a\t",
        "a,b",
        "ü",
        "a%41",
        "[::1",
        "::1",
        "[a]",
        "[::1]a",
        "[::1]:",
        "[fe80::1%25eth0]",
        ".a",
        "-a",
        "a..b",
        "\"a\"",
        "<a>",
    ];
    for wrong in wrong {
        assert!(Base::of(true, wrong).is_none(), "{wrong:?}");
    }
    assert!(Base::of(true, &"a".repeat(254)).is_none());
}
