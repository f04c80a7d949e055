//! Requests and answers, byte by byte. The requests are those that git 2.47, libgit2, dulwich, isomorphic-git and gix
//! send; the answers those of git's own server, but for what the room's `//!` lists.

mod bad;
mod filters;
mod oracle;
mod v0;
mod v2;

use super::*;
use crate::domain::repository::oid::Oid;

const OLD: &str = "06439b8bcbe1a0a0dcd6fc44d1f3b3beea047402";
const NEW: &str = "f131b2a5cb7c4d6ea0d43f570dc1407da65b4f84";
/// A commit of the client's own.
const OWN: &str = "fb22c36fa21adabc1289d9a83e7706fdaf44a1d1";

fn oid(hex: &str) -> Oid {
    hex.parse().unwrap()
}

/// Packets with these contents; `0000`, `0001` and `0002` are the packets that have none.
fn packets(contents: &[&str]) -> Vec<u8> {
    let packet = |content: &&str| match *content {
        "0000" | "0001" | "0002" => (*content).to_owned(),
        _ => format!("{:04x}{content}", content.len() + 4),
    };
    contents.iter().map(packet).collect::<String>().into_bytes()
}

fn fetch(protocol: Protocol, contents: &[&str]) -> Fetch {
    match parse(protocol, &packets(contents)) {
        Ok(Request::Fetch(fetch)) => fetch,
        other => panic!("{contents:?}: {other:?}"),
    }
}

/// The answer to a client that was served `OLD` and `NEW`, and whether there is a pack.
fn answer(fetch: &Fetch) -> (String, Option<Band>) {
    let Reply { head, pack } = fetch.reply(&|id| [oid(OLD), oid(NEW)].contains(id));
    (String::from_utf8(head).unwrap(), pack)
}

fn refusal(protocol: Protocol, body: &[u8]) -> String {
    match parse(protocol, body) {
        Err(refusal) => refusal.to_string(),
        Ok(request) => panic!("{}: {request:?}", String::from_utf8_lossy(body)),
    }
}

#[test]
fn the_highest_known_version_counts() {
    for (header, protocol) in [
        (None, Protocol::V0),
        (Some(""), Protocol::V0),
        (Some("version=0"), Protocol::V0),
        (Some("version=1"), Protocol::V1),
        (Some("version=2"), Protocol::V2),
        (Some("version=2:version=1"), Protocol::V2),
        (Some("version=1:version=2"), Protocol::V2),
        (Some("trace=on:version=2:session"), Protocol::V2),
        (Some("version=3"), Protocol::V0),
        (Some("version=3:version=1"), Protocol::V1),
        (Some("version=22"), Protocol::V0),
        (Some("Version=2"), Protocol::V0),
        (Some("version=2 "), Protocol::V0),
        (Some("version:2"), Protocol::V0),
    ] {
        assert_eq!(Protocol::of(header.map(str::as_bytes)), protocol, "{header:?}");
    }
    assert_eq!(Protocol::of(Some(b"\xff\xfe:version=2")), Protocol::V2);
}

#[test]
fn v2_advertises_what_it_can_do_and_no_refs() {
    let version = env!("CARGO_PKG_VERSION");
    let agent = format!("agent=agnes/{version}\n");
    let expected = format!(
        "000eversion 2\n{:04x}{agent}0013ls-refs=unborn\n0027fetch=shallow wait-for-done filter\n0012server-option\n\
         0017object-format=sha1\n000fbundle-uri\n0000",
        agent.len() + 4
    );
    assert_eq!(String::from_utf8(advertisement(Protocol::V2, &oid(OLD))).unwrap(), expected);
}

#[test]
fn v0_and_v1_advertise_head_and_its_branch() {
    let refs = format!(
        "{OLD} HEAD\0multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not \
         deepen-relative no-progress include-tag multi_ack_detailed allow-tip-sha1-in-want \
         allow-reachable-sha1-in-want no-done symref=HEAD:refs/heads/main filter object-format=sha1 agent=agnes/{}\n",
        env!("CARGO_PKG_VERSION")
    );
    let refs = format!("{:04x}{refs}003d{OLD} refs/heads/main\n0000", refs.len() + 4);
    let v0 = String::from_utf8(advertisement(Protocol::V0, &oid(OLD))).unwrap();
    assert_eq!(v0, format!("001e# service=git-upload-pack\n0000{refs}"));
    let v1 = String::from_utf8(advertisement(Protocol::V1, &oid(OLD))).unwrap();
    assert_eq!(v1, format!("001e# service=git-upload-pack\n0000000eversion 1\n{refs}"));
}

#[test]
fn a_probe_is_answered_with_nothing() {
    for protocol in [Protocol::V0, Protocol::V1, Protocol::V2] {
        assert_eq!(parse(protocol, b""), Ok(Request::Nothing));
        assert_eq!(parse(protocol, b"0000"), Ok(Request::Nothing));
    }
}

#[test]
fn ls_refs_lists_what_has_one_of_the_prefixes() {
    let head = format!("0032{OLD} HEAD\n");
    let pointing = format!("0050{OLD} HEAD symref-target:refs/heads/main\n");
    let main = format!("003d{OLD} refs/heads/main\n");
    let cases: [(&[&str], String); 8] = [
        // `git ls-remote`, as Claude Code does it to see whether there is news.
        (&[], format!("{head}{main}0000")),
        (&["peel\n", "symrefs\n"], format!("{pointing}{main}0000")),
        // `git clone`
        (
            &[
                "peel\n",
                "symrefs\n",
                "unborn\n",
                "ref-prefix HEAD\n",
                "ref-prefix refs/heads/\n",
                "ref-prefix refs/tags/\n",
            ],
            format!("{pointing}{main}0000"),
        ),
        // gix sends no line feeds.
        (&["symrefs", "peel", "ref-prefix refs/heads/main"], format!("{main}0000")),
        (&["symrefs", "ref-prefix HE"], format!("{pointing}0000")),
        (&["ref-prefix "], format!("{head}{main}0000")),
        (&["ref-prefix refs/heads/main2", "ref-prefix main", "ref-prefix refs/tags/"], "0000".to_owned()),
        (&["ref-prefix \u{fffd}"], "0000".to_owned()),
    ];
    for (arguments, expected) in cases {
        let body =
            [&["command=ls-refs\n", "agent=git/2.47.3", "object-format=sha1", "0001"], arguments, &["0000"]]
                .concat();
        let Ok(Request::LsRefs(asked)) = parse(Protocol::V2, &packets(&body)) else { panic!("{body:?}") };
        assert_eq!(String::from_utf8(asked.answer(&oid(OLD))).unwrap(), expected, "{arguments:?}");
    }
    // No arguments at all, and no delimiter before them.
    let Ok(Request::LsRefs(asked)) = parse(Protocol::V2, &packets(&["command=ls-refs", "0000"])) else {
        panic!()
    };
    assert_eq!(String::from_utf8(asked.answer(&oid(OLD))).unwrap(), format!("{head}{main}0000"));
}

#[test]
fn with_too_many_prefixes_all_is_listed() {
    let mut body = vec!["command=ls-refs", "0001"];
    body.extend(std::iter::repeat_n("ref-prefix refs/tags/x", 65_535));
    let listed = |body: &[&str]| match parse(Protocol::V2, &packets(body)) {
        Ok(Request::LsRefs(asked)) => asked.answer(&oid(OLD)).len() > 4,
        other => panic!("{other:?}"),
    };
    assert!(!listed(&[&body[..], &["0000"]].concat()));
    body.push("ref-prefix refs/tags/y");
    assert!(listed(&[&body[..], &["0000"]].concat()));
}

#[test]
fn one_bundle_has_everything() {
    let asked = packets(&["agent=git/2.47.3", "object-format=sha1", "command=bundle-uri\n", "0001", "0000"]);
    assert_eq!(parse(Protocol::V2, &asked), Ok(Request::BundleUri));
    assert_eq!(
        String::from_utf8(bundle_uri("https://example.com/b")).unwrap(),
        "0014bundle.version=10013bundle.mode=all0029bundle.view.uri=https://example.com/b0000"
    );
}

#[test]
fn bands_wrap_the_pack() {
    assert_eq!((Band::Raw.most(), Band::Raw.header(7), Band::Raw.end()), (None, None, &b""[..]));
    assert_eq!(Band::Small.most(), Some(995));
    assert_eq!(Band::Small.header(995), Some(*b"03e8\x01"));
    assert_eq!(Band::Large.most(), Some(65_515));
    assert_eq!(Band::Large.header(65_515), Some(*b"fff0\x01"));
    assert_eq!(Band::Large.end(), b"0000");
}

#[test]
fn a_refusal_is_one_packet() {
    let refusal = Refusal::not_our_ref(&oid(OLD));
    assert_eq!(refusal.to_string(), format!("upload-pack: not our ref {OLD}"));
    assert_eq!(refusal.packet(), format!("0049ERR upload-pack: not our ref {OLD}").into_bytes());
}

/// A request with a title for somebody's terminal, or with a line of its own for a log, is quoted
/// without what does that; and a long one is not sent back whole.
#[test]
fn a_refusal_carries_no_control_characters() {
    let refusal = Refusal::new("a\u{1b}]0;owned\u{7}\r\nb");
    assert_eq!(refusal.to_string(), "a]0;ownedb");
    let body = packets(&[&format!("command={}", "x".repeat(60_000)), "0000"]);
    assert!(parse(Protocol::V2, &body).unwrap_err().packet().len() < 300);
}
