//! Protocol v2.

use super::*;

fn ask(arguments: &[&str]) -> Fetch {
    let before: &[&str] = &["command=fetch", "agent=git/2.47.3", "object-format=sha1", "0001"];
    fetch(Protocol::V2, &[before, arguments, &["0000"]].concat())
}

fn want(hex: &str) -> String {
    format!("want {hex}\n")
}

fn have(hex: &str) -> String {
    format!("have {hex}\n")
}

#[test]
fn a_clone() {
    let asked = ask(&["thin-pack", "no-progress", "ofs-delta", &want(OLD), &want(OLD), "done\n"]);
    assert_eq!(asked.wants, [oid(OLD)], "git names it twice");
    assert!(asked.haves.is_empty() && asked.filter.is_empty());
    assert_eq!(answer(&asked), ("000dpackfile\n".to_owned(), Some(Band::Large)));
}

#[test]
fn a_clone_that_does_not_say_done() {
    assert_eq!(answer(&ask(&[&want(OLD)])), ("000dpackfile\n".to_owned(), Some(Band::Large)));
}

/// The hot path: this is what Claude Code's `git clone --depth 1` sends, byte by byte.
#[test]
fn a_clone_of_depth_1_is_complete() {
    let body = format!(
        "0011command=fetch0014agent=git/2.47.30016object-format=sha10001000dthin-pack000fno-progress000finclude-tag\
         000dofs-delta000cdeepen 10032want {OLD}\n0032want {OLD}\n0009done\n0000"
    );
    let Ok(Request::Fetch(asked)) = parse(Protocol::V2, body.as_bytes()) else { panic!() };
    assert_eq!(asked.wants, [oid(OLD)]);
    assert_eq!(answer(&asked), ("0011shallow-info\n0001000dpackfile\n".to_owned(), Some(Band::Large)));
}

#[test]
fn all_forms_of_deepening() {
    for form in [
        &["deepen 3"][..],
        &["deepen 2147483647"],
        &["deepen 0x7fffffff"],
        &["deepen 2", "deepen-relative\n"],
        &["deepen-since 978373831"],
        &["deepen-not main"],
        &["deepen-not refs/heads/main", "deepen-not v1", "deepen-since 1"],
    ] {
        let ours = want(NEW);
        let asked = ask(&[form, &[&ours, "done"]].concat());
        let expected = "0011shallow-info\n0001000dpackfile\n".to_owned();
        assert_eq!(answer(&asked), (expected, Some(Band::Large)), "{form:?}");
    }
    let relative = ask(&["deepen-relative", &want(NEW), "done"]);
    assert_eq!(answer(&relative).0, "000dpackfile\n", "that alone deepens nothing");
}

#[test]
fn a_shallow_client_that_deepens_becomes_whole() {
    let shallow = [format!("shallow {OLD}"), format!("shallow {OLD}"), format!("shallow {OWN}")];
    let [one, same, foreign] = shallow.each_ref().map(String::as_str);
    let asked = ask(&[one, same, foreign, "deepen 3", &want(OLD), &have(OLD)]);
    assert_eq!(asked.shallow, [oid(OLD), oid(OWN)]);
    let expected = format!(
        "0014acknowledgments\n0031ACK {OLD}\n000aready\n00010011shallow-info\n0036unshallow {OLD}0001000dpackfile\n"
    );
    assert_eq!(answer(&asked), (expected, Some(Band::Large)));

    let asked = ask(&[one, &want(NEW), "done"]);
    assert_eq!(answer(&asked).0, "0011shallow-info\n0001000dpackfile\n", "it did not ask to be deepened");
}

#[test]
fn one_known_have_is_enough() {
    let asked = ask(&[&want(NEW), &have(OWN), &have(OLD), &have(OWN), &have(OLD)]);
    assert_eq!(asked.haves, [oid(OWN), oid(OLD)]);
    let expected = format!("0014acknowledgments\n0031ACK {OLD}\n000aready\n0001000dpackfile\n");
    assert_eq!(answer(&asked), (expected, Some(Band::Large)));
}

#[test]
fn all_known_haves_are_acknowledged() {
    let asked = ask(&[&want(NEW), &have(NEW), &have(OLD)]);
    let expected =
        format!("0014acknowledgments\n0031ACK {NEW}\n0031ACK {OLD}\n000aready\n0001000dpackfile\n");
    assert_eq!(answer(&asked), (expected, Some(Band::Large)));
}

#[test]
fn haves_that_lead_nowhere_end_the_search() {
    let asked = ask(&[&want(NEW), &have(OWN)]);
    let expected = "0014acknowledgments\n0008NAK\n000aready\n0001000dpackfile\n".to_owned();
    assert_eq!(answer(&asked), (expected, Some(Band::Large)));
}

#[test]
fn who_is_done_gets_no_acknowledgments() {
    for last in [OLD, OWN] {
        let asked = ask(&[&want(NEW), &have(last), "done\n"]);
        assert_eq!(asked.haves, [oid(last)]);
        assert_eq!(answer(&asked), ("000dpackfile\n".to_owned(), Some(Band::Large)));
    }
}

/// A user has learnt the id of a commit of another user's view. They claim to have it, to see
/// whether it is acknowledged, and to be shallow there, to see whether it is deepened.
#[test]
fn a_foreign_commit_is_as_unknown_as_any() {
    let foreign = ask(&["deepen 1", &format!("shallow {OWN}"), &want(NEW), &have(OWN)]);
    let invented = "0123456789012345678901234567890123456789";
    let nonsense = ask(&["deepen 1", &format!("shallow {invented}"), &want(NEW), &have(invented)]);
    assert_eq!(answer(&foreign), answer(&nonsense));
}

/// `git fetch --negotiate-only` wants nothing but to know what is known.
#[test]
fn negotiating_only() {
    let asked = ask(&["wait-for-done", &have(OWN), &have(OLD)]);
    assert!(asked.wants.is_empty());
    assert_eq!(answer(&asked), (format!("0014acknowledgments\n0031ACK {OLD}\n0000"), None));
    let asked = ask(&["wait-for-done", &have(OWN)]);
    assert_eq!(answer(&asked), ("0014acknowledgments\n0008NAK\n0000".to_owned(), None));
}

#[test]
fn who_waits_for_done_gets_no_pack_before() {
    let asked = ask(&["wait-for-done", &want(NEW), &have(OLD)]);
    assert_eq!(answer(&asked), (format!("0014acknowledgments\n0031ACK {OLD}\n0000"), None));
    let asked = ask(&["wait-for-done", &want(NEW)]);
    assert_eq!(answer(&asked), ("0014acknowledgments\n0008NAK\n0000".to_owned(), None));
    let asked = ask(&["wait-for-done", &want(NEW), &have(OLD), "done"]);
    assert_eq!(answer(&asked), ("000dpackfile\n".to_owned(), Some(Band::Large)));
}

#[test]
fn who_wants_nothing_gets_nothing() {
    for arguments in [&["done"][..], &["thin-pack"], &["wait-for-done", "done"], &["deepen 1", "done"], &[]] {
        assert_eq!(answer(&ask(arguments)), (String::new(), None), "{arguments:?}");
    }
    assert_eq!(answer(&ask(&[&have(OLD)])), (String::new(), None));
}

#[test]
fn a_partial_clone_and_its_lazy_fetches() {
    let asked = ask(&["thin-pack", "ofs-delta", "filter blob:none", &want(OLD), "done\n"]);
    assert_eq!(asked.filter, Filter { blob_limit: Some(0), ..Filter::default() });
    assert_eq!(answer(&asked), ("000dpackfile\n".to_owned(), Some(Band::Large)));

    let blobs: Vec<String> = (0..500).map(|n| format!("want {n:040x}\n")).collect();
    let mut lines = vec!["no-progress", "filter blob:none"];
    lines.extend(blobs.iter().map(String::as_str));
    lines.push("done\n");
    let asked = ask(&lines);
    assert_eq!(asked.wants.len(), 500);
    assert_eq!(answer(&asked).0, "000dpackfile\n");
}

#[test]
fn arguments_come_in_any_order_with_or_without_line_feed() {
    let tidy = ask(&["thin-pack", "ofs-delta", &want(NEW), &have(OLD), "done\n"]);
    let (new, old) = (want(NEW), have(OLD));
    let other = ask(&["done", old.trim_end(), "ofs-delta\n", new.trim_end(), "thin-pack\n"]);
    assert_eq!(tidy, other);
    let upper = ask(&[&format!("want {}", NEW.to_uppercase()), "done"]);
    assert_eq!(upper.wants, [oid(NEW)]);
}

#[test]
fn capabilities_come_in_any_order_around_the_command() {
    let lines =
        ["server-option=a=b", "agent", "command=fetch\n", "server-option=c", "object-format=sha1\n", "0000"];
    assert_eq!(answer(&fetch(Protocol::V2, &lines)), (String::new(), None));
}

#[test]
fn what_follows_a_request_is_ignored() {
    let before = packets(&["command=ls-refs", "0001", "peel", "0000"]);
    let asked = parse(Protocol::V2, &before).unwrap();
    let after = [&before[..], b"zzzz".as_slice()].concat();
    assert_eq!(parse(Protocol::V2, &after), Ok(asked));
}
