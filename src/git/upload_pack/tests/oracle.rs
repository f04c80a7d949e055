//! git's own server, asked the same.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::git::fixture::World;

/// What `git upload-pack` answers.
fn stock(repository: &Path, protocol: Protocol, body: &[u8]) -> Vec<u8> {
    let mut child = Command::new("git")
        .args(["-c", "uploadpack.allowFilter=true", "-c", "uploadpack.allowAnySHA1InWant=true"])
        .args(["upload-pack", "--stateless-rpc"])
        .arg(repository)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", repository)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env(
            "GIT_PROTOCOL",
            match protocol {
                Protocol::V0 => "version=0",
                Protocol::V1 => "version=1",
                Protocol::V2 => "version=2",
            },
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(body).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// What we answer, up to the pack.
fn ours(protocol: Protocol, body: &[u8], tip: &Oid) -> Vec<u8> {
    match parse(protocol, body).unwrap() {
        Request::Nothing => Vec::new(),
        Request::LsRefs(asked) => asked.answer(tip),
        Request::BundleUri => panic!("nobody asked for that"),
        Request::Fetch(asked) => asked.reply(&|id| id == tip).head,
    }
}

#[test]
fn the_answers_are_those_of_git() {
    let world = World::new();
    let id = world.id("main");
    let (want, have) = (format!("want {id}"), format!("have {id}"));
    let full = format!("want {id} multi_ack_detailed no-done side-band-64k no-progress ofs-delta");
    let many = format!("want {id} multi_ack side-band-64k no-progress");
    let shallow = format!("shallow {id}");
    let own = format!("have {OWN}");
    let v2: [&[&str]; 15] = [
        &["0000"],
        &["command=ls-refs", "0000"],
        &["command=ls-refs", "0001", "peel", "symrefs", "unborn", "0000"],
        &["command=ls-refs", "0001", "ref-prefix refs/he", "ref-prefix x", "0000"],
        &["command=ls-refs", "0001", "symrefs", "ref-prefix HEAD", "0000"],
        &["command=ls-refs", "0001", "ref-prefix refs/tags/", "0000"],
        &["command=fetch", "0001", "no-progress", &want, &want, "done", "0000"],
        &["command=fetch", "0001", "no-progress", &want, "0000"],
        &["command=fetch", "0001", "no-progress", &want, &have, &own, "0000"],
        &["command=fetch", "0001", "no-progress", &want, &have, "done", "0000"],
        &["command=fetch", "0001", "no-progress", "deepen-since 1", &want, "done", "0000"],
        &["command=fetch", "0001", "no-progress", &shallow, "deepen 7", &want, &have, "0000"],
        &["command=fetch", "0001", "no-progress", &shallow, &want, "done", "0000"],
        &["command=fetch", "0001", "wait-for-done", &own, &have, "0000"],
        &["command=fetch", "0001", &have, "0000"],
    ];
    let v0: [&[&str]; 13] = [
        &["0000"],
        &[&full, "0000"],
        &[&full, "0000", "done"],
        &[&full, "deepen 3", "0000"],
        &[&full, &shallow, "deepen 3", "0000", &have, "done"],
        &[&full, &shallow, "0000", "done"],
        &[&full, "0000", &own, &have, "done"],
        &[&full, "0000", &have, "0000"],
        &[&full, "0000", &own, "0000"],
        &[&many, "0000", &have, "0000"],
        &[&many, "0000", &have, "done"],
        &[&want, "0000", &own, &have, "0000"],
        &[&want, "0000", &have, "done"],
    ];
    let v2 = v2.into_iter().map(|lines| (Protocol::V2, lines));
    let v1 = v0.into_iter().map(|lines| (Protocol::V1, lines));
    for (protocol, lines) in v2.chain(v1).chain(v0.into_iter().map(|lines| (Protocol::V0, lines))) {
        let body = packets(lines);
        let (stock, ours) = (stock(&world.upstream(), protocol, &body), ours(protocol, &body, &id));
        // What git says goes on with the pack, if there is one.
        let pack = stock.windows(4).position(|bytes| bytes == b"PACK").unwrap_or(stock.len());
        let head = String::from_utf8_lossy(&stock[..pack]);
        // The length of the packet that the pack begins in, and its band.
        let framed = head.ends_with('\u{1}');
        let head = &head[..head.len() - if framed { 5 } else { 0 }];
        assert_eq!(String::from_utf8_lossy(&ours), head, "{protocol:?} {lines:?}");
    }
}

/// Where this differs on purpose: git calls a commit at the edge of the asked depth shallow, parents or not.
#[test]
fn depth_1_is_shallow_for_git_and_complete_for_us() {
    let world = World::new();
    let id = world.id("main");
    let body =
        packets(&["command=fetch", "0001", "no-progress", "deepen 1", &format!("want {id}"), "done", "0000"]);
    let stock = stock(&world.upstream(), Protocol::V2, &body);
    assert!(stock.starts_with(format!("0011shallow-info\n0034shallow {id}0001000dpackfile\n").as_bytes()));
    assert_eq!(ours(Protocol::V2, &body, &id), b"0011shallow-info\n0001000dpackfile\n");
}

#[test]
fn an_unknown_object_is_refused_in_gits_words() {
    let world = World::new();
    let body = packets(&["command=fetch", "0001", &format!("want {OWN}"), "done", "0000"]);
    assert_eq!(stock(&world.upstream(), Protocol::V2, &body), Refusal::not_our_ref(&oid(OWN)).packet());
    let body = packets(&[&format!("want {OWN} side-band-64k"), "0000", "done"]);
    assert_eq!(stock(&world.upstream(), Protocol::V0, &body), Refusal::not_our_ref(&oid(OWN)).packet());
}
