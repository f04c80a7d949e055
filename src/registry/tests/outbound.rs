use crate::domain::upstream::UpstreamUrl;
use crate::domain::upstream::network::Outbound;
use crate::registry::error::FetchError;
use crate::registry::marketplaces::EditMarketplace;
use crate::registry::testing::{Fixture, new, operator, user};
use crate::registry::{Error, Registry, Settings};

fn allowing(networks: &str) -> Settings {
    let mut settings = Settings::default();
    settings.sync.outbound = networks.parse::<Outbound>().unwrap();
    settings
}

fn to(url: &str) -> EditMarketplace {
    EditMarketplace { url: Some(url.into()), ..Default::default() }
}

fn public_only(registry: &Registry, slug: &str) -> bool {
    registry.marketplace(&operator(), slug).unwrap().row.public_only
}

/// Somebody with an administrator's token wants this machine to fetch from where they cannot reach: from
/// itself, its neighbours, the metadata service. Their spellings are tried at `git/fetch/tests/outbound.rs`.
#[test]
fn what_is_inside_cannot_be_registered_from_afar() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    for url in [
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://localhost:8443/x",
        "https://api.localhost/x",
        "https://LOCALHOST./x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::1]:443/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::a9fe:a9fe]/x",
        "https://0/x",
    ] {
        let error = registry.add_marketplace(&user(true), new("x", url)).unwrap_err();
        assert!(error.to_string().contains("is not an address of the public internet"), "{url}: {error}");
        assert!(error.hint().unwrap().contains("sync.allow_networks"), "{url}");
    }
    let error = registry.add_marketplace(&user(true), new("x", "https://2130706433/x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`https://2130706433/x` cannot be registered from afar: `127.0.0.1` is not an address of the public internet"
    );
    for url in ["https://1.2.3.4.5/x", "https://[fe80::1%25eth0]/x", "https://a..b:99999/x"] {
        assert!(
            matches!(registry.add_marketplace(&user(true), new("x", url)), Err(Error::Invalid { .. })),
            "{url}"
        );
    }
    // Credentials are refused at every door, and not repeated.
    for url in [
        "https://me:hunter2@git.example/x",
        "https://hunter2@git.example/x",
        r"https://evil.example\@git.example/x",
    ] {
        for caller in [operator(), user(true)] {
            let error = registry.add_marketplace(&caller, new("x", url)).unwrap_err();
            assert!(error.to_string().contains("carries a password or token"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
    assert!(registry.marketplaces(&operator()).unwrap().is_empty());

    registry.add_marketplace(&user(true), new("pub", "https://git.example/x")).unwrap();
    registry.edit_marketplace(&user(true), "pub", to("https://10.0.0.1/x")).unwrap_err();
    assert_eq!(registry.marketplace(&operator(), "pub").unwrap().row.url, "https://git.example/x");
}

#[test]
fn the_row_remembers_by_which_door_its_address_came() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    let (near, far) = (operator(), user(true));
    registry.add_marketplace(&near, new("near", "https://10.0.0.1/x")).unwrap();
    registry.add_marketplace(&far, new("far", "https://git.example/x")).unwrap();
    assert_eq!((public_only(registry, "near"), public_only(registry, "far")), (false, true));

    // Whoever edits something else, or repeats the address, does not change what was trusted.
    let rename = || EditMarketplace { name: Some("New".into()), ..Default::default() };
    registry.edit_marketplace(&far, "near", rename()).unwrap();
    registry.edit_marketplace(&far, "near", to("https://10.0.0.1/x")).unwrap();
    registry.edit_marketplace(&near, "far", rename()).unwrap();
    assert_eq!((public_only(registry, "near"), public_only(registry, "far")), (false, true));
    // Another address from afar is as little trusted as a new one.
    registry.edit_marketplace(&far, "near", to("https://git.example/y")).unwrap();
    assert!(public_only(registry, "near"));
    // The operator vouches for an address by giving it.
    registry.edit_marketplace(&near, "far", to("https://git.example/x")).unwrap();
    assert!(!public_only(registry, "far"));
    let audit = registry.audit(&operator(), 1).unwrap();
    assert_eq!(audit[0].detail.as_deref(), Some("public addresses only"));
}

/// What was allowed when it was registered is looked at anew when it is fetched: the operator takes the
/// network off the list, a name gets another address.
#[test]
fn every_fetch_looks_at_what_it_connects_to() {
    let fixture = Fixture::with(allowing("127.0.0.0/8"));
    let registry = &fixture.registry;
    // Nobody listens there: that is found out by whoever may try.
    registry.add_marketplace(&user(true), new("x", "https://127.0.0.1:1/x")).unwrap();
    registry.add_marketplace(&user(true), new("name", "https://localhost:1/x")).unwrap();
    registry.add_marketplace(&user(true), new("other", "https://10.0.0.1/x")).unwrap_err();
    for slug in ["x", "name"] {
        let Err(Error::Fetch { source, .. }) = fixture.sync(slug) else { panic!("it was fetched") };
        assert!(matches!(source, FetchError::Unreachable { .. }), "{source}");
    }

    let fixture = Fixture::new();
    let registry = &fixture.registry;
    for (slug, url) in [("x", "https://127.0.0.1:1/x"), ("name", "https://localhost:1/x")] {
        registry.add_marketplace(&user(true), new(slug, "https://git.example/x")).unwrap();
        let store = registry.store();
        let mut row = store.marketplace(slug).unwrap().unwrap();
        row.url = url.parse::<UpstreamUrl>().unwrap().to_string();
        store.edit_marketplace(&row).unwrap();
        drop(store);
        let error = fixture.sync(slug).unwrap_err();
        let Error::Fetch { source, .. } = &error else { panic!("{error}") };
        assert!(matches!(source, FetchError::AddressRefused { .. }), "{source}");
        assert!(error.hint().unwrap().contains(&format!("agnes marketplace edit {slug} --url ADDRESS")));
        // The operator's own word is enough.
        registry.edit_marketplace(&operator(), slug, to(url)).unwrap();
        let Err(Error::Fetch { source, .. }) = fixture.sync(slug) else { panic!("it was fetched") };
        assert!(matches!(source, FetchError::Unreachable { .. }), "{source}");
    }
}

#[test]
fn proxies_are_known_by_their_hosts() {
    let fixture = Fixture::in_environment(
        Settings::default(),
        &[
            ("HTTPS_PROXY", "http://me:secret@Proxy.example:3128/"),
            ("http_proxy", "10.0.0.7:3128"),
            ("ALL_PROXY", " "),
            ("all_proxy", "socks5://[fd00::1]:1080"),
        ],
    );
    assert_eq!(fixture.registry.proxies(), ["proxy.example", "10.0.0.7", "fd00::1"]);
    assert!(Fixture::new().registry.proxies().is_empty());
}
