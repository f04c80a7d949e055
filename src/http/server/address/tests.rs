use axum::http::HeaderValue;

use super::*;
use crate::http::server::settings::TlsFiles;

const STRANGER: &str = "203.0.113.7";
const PROXY: &str = "10.0.0.1";

fn settings() -> Settings {
    Settings { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Settings::default() }
}

fn behind_tls() -> Settings {
    Settings { tls: Some(TlsFiles { cert: "c".into(), key: "k".into() }), ..settings() }
}

fn told(settings: &Settings, peer: &str, uri: &str, lines: &[(&str, &str)]) -> Result<String, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: header::HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    base(peer.parse().unwrap(), &uri.parse().unwrap(), &headers, settings).map(|base| base.to_string())
}

fn address(peer: &str, lines: &[(&str, &str)]) -> Option<String> {
    told(&settings(), peer, "/", lines).ok()
}

#[test]
fn what_the_operator_says_counts_before_all_else() {
    let public = Base::parse("https://agnes.example.com/a");
    let settings = Settings { public_url: public, ..settings() };
    for lines in [&[][..], &[("host", "evil@host")], &[("x-forwarded-host", "b"), ("x-forwarded-proto", "x")]]
    {
        assert_eq!(told(&settings, PROXY, "/", lines).unwrap(), "https://agnes.example.com/a");
    }
}

#[test]
fn else_it_is_where_the_request_went_to() {
    assert_eq!(address(STRANGER, &[("host", "a:8080")]).unwrap(), "http://a:8080");
    assert_eq!(told(&behind_tls(), STRANGER, "/", &[("host", "a")]).unwrap(), "https://a");
    // HTTP/2 has it in the address.
    assert_eq!(told(&behind_tls(), STRANGER, "https://b:8443/x", &[]).unwrap(), "https://b:8443");
    assert_eq!(told(&settings(), STRANGER, "http://b/x", &[("host", "a")]).unwrap(), "http://b");
}

#[test]
fn a_trusted_proxy_says_what_it_was_asked_by() {
    let said = |lines: &[(&str, &str)]| address(PROXY, &[&[("host", "inner:1")], lines].concat()).unwrap();
    let https = ("x-forwarded-proto", "HTTPS");
    assert_eq!(said(&[]), "http://inner:1", "asked without a proxy");
    assert_eq!(said(&[https]), "https://inner:1");
    assert_eq!(said(&[https, ("x-forwarded-host", "a")]), "https://a");
    assert_eq!(said(&[https, ("x-forwarded-host", "a, A"), ("x-forwarded-host", "")]), "https://a");
    assert_eq!(said(&[("forwarded", "for=1.1.1.1;proto=https;host=\"a:8443\"")]), "https://a:8443");
    assert_eq!(said(&[("forwarded", "for=\"x;host=evil,\"; Host=a;proto=http , host=a")]), "http://a");
    let lines = [("host", "a"), ("x-forwarded-proto", "http")];
    assert_eq!(told(&behind_tls(), PROXY, "/", &lines).unwrap(), "http://a");
}

#[test]
fn what_proxies_do_not_agree_on_is_not_guessed() {
    let lines: [&[(&str, &str)]; 5] = [
        &[("x-forwarded-host", "evil, a")],
        &[("x-forwarded-host", "a"), ("x-forwarded-host", "b")],
        &[("x-forwarded-host", "a"), ("forwarded", "host=b")],
        &[("x-forwarded-proto", "https, http")],
        &[("x-forwarded-proto", "gopher")],
    ];
    for lines in lines {
        let Failure(problem) =
            told(&behind_tls(), PROXY, "/", &[&[("host", "inner")], lines].concat()).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (400, "address-unknown"), "{lines:?}");
        assert!(problem.hint.unwrap().contains("--public-url"));
    }
}

const FORGED: [(&str, &str); 5] = [
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("forwarded", "host=evil.example;proto=http"),
    ("x-forwarded-for", "10.0.0.1"),
    ("via", "1.1 evil.example"),
];

/// Somebody who is no proxy of ours says for whom they ask, so that an answer leads elsewhere. It leads to
/// where they asked, or there is none.
#[test]
fn a_stranger_is_not_believed() {
    for forged in FORGED {
        let lines = [("host", "a"), forged];
        assert_eq!(told(&behind_tls(), STRANGER, "/", &lines).unwrap(), "https://a", "{forged:?}");
        assert_eq!(address(STRANGER, &lines), None, "{forged:?}");
    }
    for other in ["x-host", "x-original-host", "x-forwarded-server", "x-http-host-override"] {
        assert_eq!(address(STRANGER, &[("host", "a"), (other, "evil.example")]).unwrap(), "http://a");
    }
}

/// A proxy before us that speaks https and of which nobody told us, or that does not tell us: an address
/// with `http` would have every token of every analyst sent in the clear.
#[test]
fn whether_a_proxy_speaks_https_is_not_guessed() {
    let silent = [("x-forwarded-for", "1.1.1.1"), ("via", "1.1 x"), ("x-forwarded-host", "a")];
    let untold =
        [("x-forwarded-proto", "https"), ("forwarded", "proto=https")].map(|line| ("127.0.0.1", line));
    for (peer, line) in silent.map(|line| (PROXY, line)).into_iter().chain(untold) {
        let Failure(problem) =
            told(&settings(), peer, "/", &[("host", "agnes.example.com"), line]).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (400, "address-unknown"), "{line:?}");
    }
}

/// A `Host` in which there is more than a host: it would end up in the middle of an address with a token
/// before it.
#[test]
fn a_host_with_anything_else_in_it_is_refused() {
    let mut long = "a".repeat(300);
    long.push_str(".example");
    let odd = [
        "",
        " ",
        "user:password@a",
        "@a",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "a b",
        "a\tb",
        "a:0",
        "a:x",
        "a:80:80",
        "http://a",
        "a,b",
        "[::1",
        "\u{fc}",
        "a%2f",
        "a\u{7f}",
        "agnes_pat_0@a",
        &long,
    ];
    for host in odd {
        let mut headers = HeaderMap::new();
        let Ok(value) = HeaderValue::from_bytes(host.as_bytes()) else { continue };
        headers.append(header::HOST, value);
        let peer = STRANGER.parse().unwrap();
        let Failure(problem) = base(peer, &"/".parse().unwrap(), &headers, &settings()).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (400, "address-unknown"), "{host:?}");
        assert!(!problem.detail.contains("agnes_pat_0"), "{}", problem.detail);
        assert!(problem.detail.len() < 400 && !problem.detail.contains(char::is_control));
    }
    assert!(address(STRANGER, &[]).is_none(), "none at all");
    assert!(address(STRANGER, &[("host", "a"), ("host", "a")]).is_none(), "two");
    assert!(address(PROXY, &[("host", "a"), ("x-forwarded-host", "a@b")]).is_none());
}
