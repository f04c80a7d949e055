//! Protocols v0 and v1, which differ in the advertisement only.

use super::*;

const GIT: &str = "multi_ack_detailed no-done side-band-64k thin-pack no-progress include-tag ofs-delta deepen-since \
                   deepen-not agent=git/2.47.3";

fn ask(contents: &[&str]) -> Fetch {
    let asked = fetch(Protocol::V0, contents);
    assert_eq!(asked, fetch(Protocol::V1, contents));
    asked
}

fn want(hex: &str, capabilities: &str) -> String {
    format!("want {hex} {capabilities}\n")
}

fn have(hex: &str) -> String {
    format!("have {hex}\n")
}

#[test]
fn a_clone() {
    let asked = ask(&[&want(OLD, GIT), "0000", "done\n"]);
    assert_eq!(asked.wants, [oid(OLD)]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Large)));
}

#[test]
fn a_clone_without_capabilities_gets_a_bare_pack() {
    let body = format!("0032want {OLD}\n00000009done\n");
    let Ok(Request::Fetch(asked)) = parse(Protocol::V0, body.as_bytes()) else { panic!() };
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Raw)));
}

#[test]
fn bands_are_what_was_asked_for() {
    for (capabilities, band) in [
        ("side-band", Band::Small),
        ("side-band-64k", Band::Large),
        ("side-band side-band-64k", Band::Large),
        ("side-band-64k side-band", Band::Large),
        ("side-band-64", Band::Raw),
        ("", Band::Raw),
    ] {
        let asked = ask(&[&want(OLD, capabilities), "0000", "done"]);
        assert_eq!(answer(&asked).1, Some(band), "{capabilities}");
    }
}

/// Two requests: the first asks what becomes shallow, and its answer ends there.
#[test]
fn a_clone_of_depth_1() {
    let first = ask(&[&want(OLD, GIT), "deepen 1", "0000"]);
    assert_eq!(answer(&first), ("0000".to_owned(), None));
    let second = ask(&[&want(OLD, GIT), "deepen 1", "0000", "done\n"]);
    assert_eq!(answer(&second), ("00000008NAK\n".to_owned(), Some(Band::Large)));
}

#[test]
fn all_forms_of_deepening() {
    let relative = &want(NEW, &format!("deepen-relative {GIT}"));
    let plain = &want(NEW, GIT);
    for form in [
        &[relative, "deepen 2"][..],
        &[plain, "deepen 2147483647"],
        &[plain, "deepen-since 978373834"],
        &[plain, "deepen-not main", "deepen-not v1"],
        // isomorphic-git ends them with line feeds
        &[plain, "deepen-not main\n", "deepen-since 1\n"],
    ] {
        let first = ask(&[form, &["0000"]].concat());
        assert_eq!(answer(&first), ("0000".to_owned(), None), "{form:?}");
        let second = ask(&[form, &["0000", "done\n"]].concat());
        assert_eq!(answer(&second), ("00000008NAK\n".to_owned(), Some(Band::Large)), "{form:?}");
    }
}

/// gix lists the capability whether or not it deepens, and reads no block of shallow lines then.
#[test]
fn deepen_relative_alone_is_followed_by_no_block() {
    let asked = ask(&[&want(NEW, &format!("{GIT} deepen-relative")), "0000", "done\n"]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Large)));
}

#[test]
fn a_shallow_client_that_deepens_becomes_whole() {
    // libgit2 and git send `shallow` without a line feed, others with one.
    for shallow in [format!("shallow {OLD}"), format!("shallow {OLD}\n")] {
        let wants = [&want(OLD, GIT), shallow.as_str(), "deepen 3", "0000"];
        assert_eq!(answer(&ask(&wants)), (format!("0036unshallow {OLD}0000"), None));
        let asked = ask(&[&wants[..], &[&have(OLD), "done\n"]].concat());
        let expected = format!("0036unshallow {OLD}00000038ACK {OLD} common\n0031ACK {OLD}\n");
        assert_eq!(answer(&asked), (expected, Some(Band::Large)));
    }
    let asked = ask(&[&want(NEW, GIT), &format!("shallow {OLD}"), "0000", &have(OLD), "done\n"]);
    assert_eq!(answer(&asked).0, format!("0038ACK {OLD} common\n0031ACK {OLD}\n"), "it asked for no depth");
    let asked = ask(&[&want(NEW, GIT), &format!("shallow {OWN}"), "deepen 1", "0000"]);
    assert_eq!(answer(&asked).0, "0000", "a commit that is not known here stays what it is");
}

#[test]
fn multi_ack_detailed() {
    let (new, own, old) = (&want(NEW, GIT), &have(OWN), &have(OLD));
    let asked = ask(&[new, "0000", own, old, "done\n"]);
    assert_eq!(answer(&asked), (format!("0038ACK {OLD} common\n0031ACK {OLD}\n"), Some(Band::Large)));
    let asked = ask(&[new, "0000", own, "done\n"]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Large)));

    // Not done, but it need not be: with `no-done` the pack follows at once.
    let asked = ask(&[new, "0000", old, own, "0000"]);
    let ready = format!("0038ACK {OLD} common\n0037ACK {OLD} ready\n0008NAK\n");
    assert_eq!(answer(&asked), (format!("{ready}0031ACK {OLD}\n"), Some(Band::Large)));
    let asked = ask(&[&want(NEW, "multi_ack_detailed side-band-64k"), "0000", old, own, "0000"]);
    assert_eq!(answer(&asked), (ready, None));
    let asked = ask(&[new, "0000", own, "0000"]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), None), "it goes on asking");
}

#[test]
fn multi_ack() {
    let (new, own, old) = (&want(NEW, "multi_ack side-band ofs-delta"), &have(OWN), &have(OLD));
    let asked = ask(&[new, "0000", old, own, &have(NEW), "0000"]);
    let expected = format!("003aACK {OLD} continue\n003aACK {NEW} continue\n0008NAK\n");
    assert_eq!(answer(&asked), (expected, None));
    let asked = ask(&[new, "0000", old, own, "done"]);
    let expected = format!("003aACK {OLD} continue\n0031ACK {OLD}\n");
    assert_eq!(answer(&asked), (expected, Some(Band::Small)));
    let asked = ask(&[new, "0000", own, "done"]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Small)));
    // The better of the two, in any order.
    for both in ["multi_ack multi_ack_detailed", "multi_ack_detailed multi_ack"] {
        let asked = ask(&[&want(NEW, both), "0000", old, "done"]);
        assert!(answer(&asked).0.contains(" common\n"), "{both}");
    }
}

#[test]
fn one_ack() {
    let (new, own, old) = (&want(NEW, "ofs-delta"), &have(OWN), &have(OLD));
    let asked = ask(&[new, "0000", own, old, &have(NEW), "0000"]);
    assert_eq!(answer(&asked), (format!("0031ACK {OLD}\n"), None));
    let asked = ask(&[new, "0000", own, "0000"]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), None));
    let asked = ask(&[new, "0000", old, own, "done\n"]);
    assert_eq!(answer(&asked), (format!("0031ACK {OLD}\n"), Some(Band::Raw)), "a bare ACK is the last line");
    let asked = ask(&[new, "0000", own, "done\n"]);
    assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Raw)));
}

#[test]
fn wants_alone_are_answered_with_nothing() {
    assert_eq!(answer(&ask(&[&want(NEW, GIT), "0000"])), (String::new(), None));
    assert_eq!(answer(&ask(&[&want(NEW, GIT), &format!("shallow {OLD}"), "0000"])), (String::new(), None));
    assert_eq!(answer(&ask(&["deepen 1", "0000", "done"])), ("0000".to_owned(), None), "it wants nothing");
}

#[test]
fn a_partial_clone_and_its_lazy_fetches() {
    let asked = ask(&[&want(NEW, "side-band-64k filter"), "filter tree:0", "0000", "done\n"]);
    assert_eq!(asked.filter, Filter { tree_depth: Some(0), ..Filter::default() });
    let second = format!("want {OWN}\n");
    let asked = ask(&[&want(NEW, GIT), &second, &second, "0000", "done\n"]);
    assert_eq!(asked.wants, [oid(NEW), oid(OWN)]);
}

/// What other clients put on their first line: nothing of it changes an answer.
#[test]
fn capabilities_that_mean_nothing_here_are_ignored() {
    for capabilities in [
        "multi_ack_detailed no-done side-band-64k ofs-delta agent=git/isomorphic-git@1.34.0",
        "agent=dulwich/1.2.21 multi_ack multi_ack_detailed ofs-delta side-band-64k thin-pack",
        "multi_ack_detailed side-band-64k include-tag thin-pack ofs-delta agent=git/2.0 (libgit2 1.9.2)",
        "agent=git/oxide-0.90 symref=HEAD:refs/heads/main object-format=sha1 shallow session-id=x side-band-64k",
        " side-band-64k  allow-tip-sha1-in-want ",
    ] {
        let asked = ask(&[&want(NEW, capabilities), "0000", "done\n"]);
        assert_eq!(answer(&asked), ("0008NAK\n".to_owned(), Some(Band::Large)), "{capabilities}");
    }
}
