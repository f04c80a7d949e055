//! An administrator who is not at the machine registers marketplaces, and somebody among them means
//! harm. The spellings of forbidden addresses are tried where they are read, in `src/git/fetch/tests`.

use std::fs;
use std::sync::Arc;

use agnes::domain::access::caller::Caller;
use agnes::domain::watch::Unwatched;
use agnes::registry::error::FetchError;
use agnes::registry::marketplaces::{EditMarketplace, NewMarketplace};
use agnes::registry::{self, DataFolder, Error, Registry, Settings};

use crate::support::World;
use crate::support::web::{Reply, Server, http_backend};

fn far() -> Caller {
    Caller::User { id: "1".into(), email: "ada@example.com".into(), admin: true }
}

fn near() -> Caller {
    Caller::Operator { name: "root".into() }
}

/// A registry of this world which trusts these servers' certificates.
fn open(world: &World, networks: &str, servers: &[&Server]) -> Registry {
    let ca = world.path("ca.pem");
    let pem: Vec<u8> = servers.iter().flat_map(|server| fs::read(&server.ca).unwrap()).collect();
    fs::write(&ca, pem).unwrap();
    let mut settings = Settings::default();
    settings.sync.ca_bundle = Some(ca);
    settings.sync.outbound = networks.parse().unwrap();
    let outside = registry::World {
        now: Arc::new(|| 1_767_225_600_000_000),
        random: Arc::new(|bytes| {
            bytes.fill(7);
            true
        }),
        variable: Arc::new(|_| None),
        boot: String::new(),
    };
    Registry::open(DataFolder::new(world.data()), settings, outside).unwrap()
}

fn add(registry: &Registry, caller: &Caller, url: &str) -> registry::Result<()> {
    let new = NewMarketplace { url: url.into(), slug: Some("up".into()), ..NewMarketplace::default() };
    registry.add_marketplace(caller, new).map(drop)
}

#[track_caller]
fn refused(registry: &Registry) -> String {
    match registry.sync(&far(), "up", &Unwatched) {
        Err(Error::Fetch { source: FetchError::AddressRefused { address, .. }, .. }) => address,
        other => panic!("{other:?}"),
    }
}

/// A company's git server is inside, and its network was allowed. That is where administrators get from
/// afar, and no further: not to its neighbours, by whatever redirect, and not after the operator thought
/// better of it.
#[test]
fn from_afar_one_gets_to_the_allowed_network_and_no_further() {
    let world = World::new();
    world.upstream("up").plugins(&["alpha"]).commit("Publish");
    let root = world.path("upstreams");
    let victim = Server::https(|_| Reply::new(200, "text/plain", "secret"));
    let inside = victim.url.replace("localhost", "127.0.0.2");
    let server = Server::https(move |request| match request.target.strip_prefix("/trap") {
        Some(tail) => Reply::redirect(302, &format!("{inside}{tail}")),
        None => http_backend(&root, request),
    });
    let url = format!("{}/up/.git", server.url);
    let servers = [&server, &victim];
    let registry = open(&world, "127.0.0.1", &servers);
    add(&registry, &far(), &url).unwrap();
    assert_eq!(registry.sync(&far(), "up", &Unwatched).unwrap().plugins, 1);
    let trap = EditMarketplace { url: Some(format!("{}/trap", server.url)), ..Default::default() };
    registry.edit_marketplace(&far(), "up", trap).unwrap();
    assert_eq!(refused(&registry), "127.0.0.2");
    let back = EditMarketplace { url: Some(url.clone()), ..Default::default() };
    registry.edit_marketplace(&far(), "up", back).unwrap();
    drop(registry);

    // The network is taken off the list. What was registered under it is refused from now on, and goes
    // on serving what it had.
    let registry = open(&world, "", &servers);
    let before = server.seen().len();
    let address = refused(&registry);
    assert!(["127.0.0.1", "::1"].contains(&address.as_str()), "{address}");
    assert_eq!((server.seen().len(), victim.seen().len()), (before, 0));
    let row = registry.marketplace(&near(), "up").unwrap().row;
    assert!(row.last_commit_sha.is_some() && row.last_error.unwrap().contains("not allowed"));
    registry.remove_marketplace(&near(), "up").unwrap();
    assert!(add(&registry, &far(), &url).is_err());
    // The operator's shell may go wherever it could go without us.
    add(&registry, &near(), &url).unwrap();
    assert_eq!(registry.sync(&far(), "up", &Unwatched).unwrap().plugins, 1);
}
