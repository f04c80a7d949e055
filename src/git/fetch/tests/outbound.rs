//! Addresses that must not be connected to, and ways to make us connect to them all the same.
//!
//! The rule of these stories is that of the registry, with 127.0.0.1 in the part of the public internet:
//! that is where the tests' servers are.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::server::{Reply, Server, http_backend};
use crate::domain::upstream::network::is_public;
use crate::domain::watch::Unwatched;
use crate::git::fixture::World;
use crate::git::{FetchError, FetchOptions, Fetched, Pin, Upstream, fetch, host_of};

const HERE: [u8; 4] = [127, 0, 0, 1];

/// Everything that is not public but 127.0.0.1 is forbidden; names lead to what `look_up` says, at each
/// time that they are looked up.
fn guarded(server: &Server, look_up: impl Fn(usize) -> Vec<IpAddr> + Send + Sync + 'static) -> FetchOptions {
    let asked = AtomicUsize::new(0);
    FetchOptions {
        ca_bundle: server.ca.exists().then(|| server.ca.clone()),
        allow_address: Some(Arc::new(|address: IpAddr| is_public(address) || address == IpAddr::from(HERE))),
        look_up: Some(Arc::new(move |_: &str| -> io::Result<Vec<IpAddr>> {
            Ok(look_up(asked.fetch_add(1, Ordering::Relaxed)))
        })),
        ..FetchOptions::default()
    }
}

fn get(world: &World, url: &str, options: &FetchOptions) -> Result<Fetched, FetchError> {
    fetch(&world.repo(), &Upstream { url, pin: &Pin::Default, token: None }, options, &Unwatched)
}

fn here(_: usize) -> Vec<IpAddr> {
    vec![HERE.into()]
}

#[track_caller]
fn refused_at(outcome: Result<Fetched, FetchError>, expected: &str) {
    match outcome {
        Err(FetchError::AddressRefused { address, .. }) => assert_eq!(address, expected),
        other => panic!("{other:?}"),
    }
}

/// Loopback, the metadata service and a neighbour, spelt in every way that somebody on the way reads as an
/// address: decimal, octal, hexadecimal, with fewer parts, percent-encoded, full-width, as IPv6.
#[test]
fn a_forbidden_address_is_forbidden_however_it_is_spelt() {
    let world = World::new();
    let victim = Server::https(|_| Reply::new(200, "text/plain", "secret"));
    let options = guarded(&victim, |_| panic!("a number is not looked up"));
    let port = victim.port;
    for (spelt, address) in [
        ("127.0.0.2", "127.0.0.2"),
        ("2130706434", "127.0.0.2"),
        ("0x7f000002", "127.0.0.2"),
        ("0x7f.0.0.2", "127.0.0.2"),
        ("0177.0.0.2", "127.0.0.2"),
        ("017700000002", "127.0.0.2"),
        ("127.2", "127.0.0.2"),
        ("127.0.2", "127.0.0.2"),
        ("127.0.0.2.", "127.0.0.2"),
        ("%31%32%37.0.0.2", "127.0.0.2"),
        ("１２７.０.０.２", "127.0.0.2"),
        ("127。0。0。2", "127.0.0.2"),
        ("0", "0.0.0.0"),
        ("0.0.0.0", "0.0.0.0"),
        ("169.254.169.254", "169.254.169.254"),
        ("2852039166", "169.254.169.254"),
        ("0xA9FEA9FE", "169.254.169.254"),
        ("10.0.0.1", "10.0.0.1"),
        ("012.1", "10.0.0.1"),
        ("[::1]", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[::]", "::"),
        ("[::ffff:127.0.0.2]", "::ffff:127.0.0.2"),
        ("[::ffff:7f00:2]", "::ffff:127.0.0.2"),
        ("[::127.0.0.2]", "::7f00:2"),
        ("[64:ff9b::169.254.169.254]", "64:ff9b::a9fe:a9fe"),
        ("[2002:a9fe:a9fe::1]", "2002:a9fe:a9fe::1"),
        ("[fe80::1]", "fe80::1"),
        ("[fd00:ec2::254]", "fd00:ec2::254"),
    ] {
        let url = format!("https://{spelt}:{port}/x");
        refused_at(get(&world, &url, &options), address);
        // What registers them sees the same.
        assert_eq!(host_of(&url).unwrap().1.map(|address| address.to_string()).as_deref(), Some(address));
    }
    assert!(host_of("https://[fe80::1%25eth0]/x").is_err() && host_of("https://1.2.3.4.5/x").is_err());
    assert_eq!(host_of("https://Git.Example/x"), Ok(("git.example".into(), None)));
    assert!(victim.seen().is_empty());
}

/// An attacker's own domain has a record that leads inside.
#[test]
fn a_name_that_leads_inside_is_not_followed_there() {
    let world = World::new();
    let root = world.folder.path().to_owned();
    let server = Server::https(move |request| http_backend(&root, request));
    let url = format!("{}/upstream/.git", server.url);
    for address in ["127.0.0.2", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.1.2.3", "fd00::1"] {
        let inside: IpAddr = address.parse().unwrap();
        let shown = inside.to_string();
        refused_at(get(&world, &url, &guarded(&server, move |_| vec![inside])), &shown);
    }
    assert!(server.seen().is_empty());
    // With a public address beside it, that one is taken; the other is not even tried.
    let mixed = |_| vec![IpAddr::from([127, 0, 0, 2]), HERE.into()];
    assert!(get(&world, &url, &guarded(&server, mixed)).is_ok());
    // And the system's own names, looked up by the system.
    let options = FetchOptions { look_up: None, ..guarded(&server, here) };
    let options = FetchOptions { allow_address: Some(Arc::new(is_public)), ..options };
    assert!(matches!(get(&world, &url, &options), Err(FetchError::AddressRefused { .. })));
}

/// An upstream that was harmless when it was registered answers with a redirect to the metadata service,
/// which tells everybody who asks from this machine the machine's own credentials.
#[test]
fn a_redirect_inside_is_not_followed() {
    let world = World::new();
    let victim = Server::https(|_| Reply::new(200, "text/plain", "secret"));
    let inside = victim.url.replace("localhost", "127.0.0.2");
    for target in [
        inside,
        "https://169.254.169.254/latest/meta-data".into(),
        "https://2852039166/latest".into(),
        "https://0xa9.0xfe.0xa9.0xfe/latest".into(),
        "https://[::ffff:169.254.169.254]/latest".into(),
        "https://[64:ff9b::a9fe:a9fe]/latest".into(),
        "https://[::1]/x".into(),
        "//10.0.0.1/x".into(),
    ] {
        let to = target.clone();
        let front = Server::https(move |request| {
            let tail = request.target.strip_prefix("/x").unwrap_or_default();
            Reply::redirect(302, &format!("{to}{tail}"))
        });
        let outcome = get(&world, &format!("{}/x", front.url), &guarded(&front, here));
        assert!(matches!(outcome, Err(FetchError::AddressRefused { .. })), "{target}: {outcome:?}");
        assert_eq!(front.seen().len(), 1);
    }
    // Plain http, where the metadata service really is, is not followed to anywhere.
    let front = Server::https(|_| Reply::redirect(302, "http://169.254.169.254/info/refs"));
    let outcome = get(&world, &format!("{}/x", front.url), &guarded(&front, here));
    assert!(matches!(outcome, Err(FetchError::UnsafeRedirect { .. })), "{outcome:?}");
    assert!(victim.seen().is_empty());
}

/// DNS rebinding: the attacker's name leads to the attacker's server when it is looked at, and a moment
/// later, with a lifetime of zero seconds, to something inside. What is looked at is what is connected to,
/// at each connection anew.
#[test]
fn a_name_that_changes_its_mind_gets_nowhere() {
    let world = World::new();
    let victim = Server::https(|_| Reply::new(200, "text/plain", "secret"));
    let to = format!("{}/x", victim.url);
    // The redirect needs another connection, and so another look: to the same name, which has moved.
    let front = Server::https(move |request| Reply::redirect(302, &request.target.replace("/x", &to)));
    let moving = |asked| if asked == 0 { vec![HERE.into()] } else { vec![IpAddr::from([127, 0, 0, 2])] };
    refused_at(get(&world, &format!("{}/x", front.url), &guarded(&front, moving)), "127.0.0.2");
    assert_eq!(front.seen().len(), 1);
    // Nor between one sync and the next.
    let root = world.folder.path().to_owned();
    let server = Server::https(move |request| http_backend(&root, request));
    let url = format!("{}/upstream/.git", server.url);
    let options = guarded(&server, moving);
    get(&world, &url, &options).unwrap();
    refused_at(get(&world, &url, &options), "127.0.0.2");
    assert!(victim.seen().is_empty());
}

/// A proxy connects to what it is asked for, and may be let in where we are not: it must not be asked. It
/// may be inside itself, since the operator put it there.
#[test]
fn a_proxy_is_not_asked_for_what_is_inside() {
    let world = World::new();
    let root = world.folder.path().to_owned();
    let server = Server::https(move |request| http_backend(&root, request));
    let url = format!("{}/upstream/.git", server.url);
    let behind = |look_up: fn(usize) -> Vec<IpAddr>| FetchOptions {
        proxies: vec!["proxy.example".into()],
        ..guarded(&server, look_up)
    };
    // The proxy would choose among the addresses, so none may be forbidden.
    refused_at(get(&world, &url, &behind(|_| vec![HERE.into(), [10, 0, 0, 1].into()])), "10.0.0.1");
    assert!(server.seen().is_empty());
    // The proxy's own name as an upstream's: it is looked at like any other.
    let own = FetchOptions {
        proxies: vec!["LOCALHOST".into()],
        ..guarded(&server, |_| vec![[10, 0, 0, 1].into()])
    };
    refused_at(get(&world, &url, &own), "10.0.0.1");
    assert!(get(&world, &url, &behind(here)).is_ok());
}
