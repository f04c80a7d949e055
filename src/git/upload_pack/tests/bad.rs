//! What no client of git sends: a refusal each, and never a panic.

use super::*;

const VERSIONS: [Protocol; 3] = [Protocol::V0, Protocol::V1, Protocol::V2];

#[test]
fn lengths_that_are_none() {
    for protocol in VERSIONS {
        for (body, message) in [
            (&b"0"[..], "the remote end hung up unexpectedly"),
            (b"000", "the remote end hung up unexpectedly"),
            (b"0005", "the remote end hung up unexpectedly"),
            (b"0032want ", "the remote end hung up unexpectedly"),
            (b"fff0", "the remote end hung up unexpectedly"),
            (b"0003", "protocol error: bad line length 3"),
            (b"fff1", "protocol error: bad line length 65521"),
            (b"ffff", "protocol error: bad line length 65535"),
            (b"00 9done\n", "protocol error: bad line length character: 00 9"),
            (b"-001", "protocol error: bad line length character: -001"),
            (b"+009done\n", "protocol error: bad line length character: +009"),
            (b"PACK\0\0\0\x02", "protocol error: bad line length character: PACK"),
            (
                b"\xff\xff\xff\xff",
                "protocol error: bad line length character: \u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            (b"GET / HTTP/1.1\r\n", "protocol error: bad line length character: GET "),
        ] {
            assert_eq!(refusal(protocol, body), message, "{}", String::from_utf8_lossy(body));
        }
    }
}

/// One byte over what a packet may have, though the body is as long as it says.
#[test]
fn an_oversized_packet() {
    let largest = [b"fff0".as_slice(), &vec![b'x'; 65_516]].concat();
    assert!(refusal(Protocol::V2, &largest).starts_with("unknown capability 'xxx"));
    let larger = [b"fff1".as_slice(), &vec![b'x'; 65_517]].concat();
    assert_eq!(refusal(Protocol::V2, &larger), "protocol error: bad line length 65521");
}

/// Every request, cut after every byte: either it is seen to be incomplete, or it is a shorter request.
#[test]
fn truncated_requests() {
    let v2 = format!("0011command=fetch00010032want {NEW}\n0032have {OLD}\n0009done\n0000");
    for cut in 1..v2.len() {
        let message = refusal(Protocol::V2, &v2.as_bytes()[..cut]);
        assert_eq!(message, "the remote end hung up unexpectedly", "{cut}");
    }
    let v0 = format!("0032want {NEW}\n00000032have {OLD}\n0009done\n");
    for cut in (1..v0.len()).filter(|cut| *cut != 54) {
        let message = refusal(Protocol::V0, &v0.as_bytes()[..cut]);
        assert_eq!(message, "the remote end hung up unexpectedly", "{cut}");
    }
    assert!(parse(Protocol::V0, &v0.as_bytes()[..54]).is_ok(), "wants alone are a request");
}

#[test]
fn commands_and_capabilities_that_were_not_advertised() {
    for (lines, message) in [
        (&["command=", "0000"][..], "invalid command ''"),
        (&["command=push", "0000"], "invalid command 'push'"),
        (&["command=object-info", "0001", "size", "0000"], "invalid command 'object-info'"),
        (&["command=fetch ", "0000"], "invalid command 'fetch '"),
        (
            &["command=fetch", "command=ls-refs", "0000"],
            "command 'ls-refs' requested after already requesting command 'fetch'",
        ),
        (&["agent=git/2", "0000"], "no command requested"),
        (&["0001", "0000"], "no command requested"),
        (&["ls-refs=unborn", "command=fetch", "0000"], "unknown capability 'ls-refs=unborn'"),
        (&["session-id=x", "command=fetch", "0000"], "unknown capability 'session-id=x'"),
        (&["want-ref refs/heads/main", "0000"], "unknown capability 'want-ref refs/heads/main'"),
        (&["", "0000"], "unknown capability ''"),
        (
            &["command=fetch", "object-format=sha256", "0000"],
            "mismatched object format: server sha1; client sha256",
        ),
        (&["command=fetch", "object-format", "0000"], "mismatched object format: server sha1; client "),
        (&["command=fetch", "0002"], "unexpected response end packet"),
        (&["command=fetch"], "the remote end hung up unexpectedly"),
    ] {
        assert_eq!(refusal(Protocol::V2, &packets(lines)), message, "{lines:?}");
    }
}

#[test]
fn arguments_that_are_none() {
    let short = &NEW[..39];
    let [want, long, have, shallow] = [
        format!("want {short}"),
        format!("want {NEW}0"),
        format!("have {short}g"),
        format!("shallow {short}"),
    ];
    let oid = "git upload-pack: protocol error, expected to get oid, not";
    for (argument, message) in [
        (want.as_str(), format!("{oid} '{want}'")),
        (&long, format!("{oid} '{long}'")),
        ("want ", format!("{oid} 'want '")),
        ("want refs/heads/main", format!("{oid} 'want refs/heads/main'")),
        (&have, format!("git upload-pack: expected SHA1 object, got '{short}g'")),
        (&shallow, format!("invalid shallow line: {shallow}")),
        ("deepen 0", "Invalid deepen: deepen 0".to_owned()),
        ("deepen -1", "Invalid deepen: deepen -1".to_owned()),
        ("deepen ", "Invalid deepen: deepen ".to_owned()),
        ("deepen 1x", "Invalid deepen: deepen 1x".to_owned()),
        ("deepen-since 0", "Invalid deepen-since: deepen-since 0".to_owned()),
        ("deepen-since yesterday", "Invalid deepen-since: deepen-since yesterday".to_owned()),
        ("want-ref refs/heads/main", "unexpected line: 'want-ref refs/heads/main'".to_owned()),
        ("packfile-uris https", "unexpected line: 'packfile-uris https'".to_owned()),
        ("sideband-all", "unexpected line: 'sideband-all'".to_owned()),
        ("DONE", "unexpected line: 'DONE'".to_owned()),
        ("", "unexpected line: ''".to_owned()),
        ("0001", "expected flush after fetch arguments".to_owned()),
        ("0002", "expected flush after fetch arguments".to_owned()),
    ] {
        let body = packets(&["command=fetch", "0001", argument, "0000"]);
        assert_eq!(refusal(Protocol::V2, &body), message, "{argument}");
    }
    let body = packets(&["command=fetch", "0001", "deepen 1", "deepen-not main", "0000"]);
    assert_eq!(
        refusal(Protocol::V2, &body),
        "git upload-pack: deepen and deepen-since (or deepen-not) cannot be used together"
    );
}

#[test]
fn arguments_of_the_other_commands() {
    for (lines, message) in [
        (["command=ls-refs", "0001", "ref-prefix", "0000"], "unexpected line: 'ref-prefix'"),
        (["command=ls-refs", "0001", "want x", "0000"], "unexpected line: 'want x'"),
        (["command=ls-refs", "0001", "peel", "0001"], "expected flush after ls-refs arguments"),
        (["command=bundle-uri", "0001", "x", "0000"], "bundle-uri: unexpected argument: 'x'"),
        (["command=bundle-uri", "0001", "0001", "0000"], "bundle-uri: expected flush after arguments"),
    ] {
        assert_eq!(refusal(Protocol::V2, &packets(&lines)), message, "{lines:?}");
    }
}

#[test]
fn lines_of_v0_that_are_none() {
    let want = format!("want {NEW} side-band-64k\n");
    let bare = format!("want {NEW}");
    let have = format!("have {OLD}");
    let glued = format!("want {NEW}side-band-64k");
    let needs = "git upload-pack: protocol error, expected to get object ID, not";
    let list = "git upload-pack: expected SHA1 list, got";
    for (lines, message) in [
        (&["command=ls-refs", "0000"][..], format!("{needs} 'command=ls-refs'")),
        (&[&have, "0000"], format!("{needs} '{have}'")),
        (&["done"], format!("{needs} 'done'")),
        (&["want", "0000"], format!("{needs} 'want'")),
        (&["want 0123", "0000"], format!("{needs} 'want 0123'")),
        (&[&glued, "0000"], format!("{needs} '{glued}'")),
        (&[&want, "0000", &have, &bare, "done"], format!("{list} '{bare}'")),
        (&[&want, "0000", "have 0123", "done"], format!("{list} 'have 0123'")),
        (&[&want, "0000", "done?"], format!("{list} 'done?'")),
        (&[&want, "0000", &have], "the remote end hung up unexpectedly".to_owned()),
        (&[&want], "the remote end hung up unexpectedly".to_owned()),
        (&[&want, "0001"], "protocol error: bad line length 1".to_owned()),
        (&[&want, "0000", "0002"], "protocol error: bad line length 2".to_owned()),
        (&[&want, "deepen x", "0000"], "Invalid deepen: deepen x".to_owned()),
    ] {
        assert_eq!(refusal(Protocol::V0, &packets(lines)), message, "{lines:?}");
        assert_eq!(refusal(Protocol::V1, &packets(lines)), message, "{lines:?}");
    }
    let body = packets(&[&format!("want {NEW} object-format=sha256"), "0000", "done"]);
    assert_eq!(refusal(Protocol::V0, &body), "mismatched object format: server sha1; client sha256");
}

/// So many wants are unusual and no mistake: a lazy fetch of a large folder has them.
#[test]
fn twenty_thousand_wants() {
    let ids: Vec<String> = (0..20_000).map(|n| format!("want {n:040x}\n")).collect();
    let wants = packets(&ids.iter().map(String::as_str).collect::<Vec<_>>());
    let v2 = [&packets(&["command=fetch", "0001"])[..], &wants, &packets(&["done", "0000"])].concat();
    let v0 = [&wants[..], &packets(&["0000", "done"])].concat();
    for (protocol, body) in [(Protocol::V2, v2), (Protocol::V0, v0)] {
        let Ok(Request::Fetch(asked)) = parse(protocol, &body) else { panic!() };
        assert_eq!(asked.wants.len(), 20_000);
        assert_eq!(asked.wants.last(), Some(&oid(&format!("{:040x}", 19_999))));
    }
}

#[test]
fn more_ids_than_anybody_needs() {
    for sort in ["want", "have", "shallow"] {
        let line = packets(&[&format!("{sort} {OLD}")]);
        let body = |count| [&packets(&["command=fetch", "0001"])[..], &line.repeat(count), b"0000"].concat();
        assert!(parse(Protocol::V2, &body(MOST_IDS)).is_ok());
        let message = format!("upload-pack: more than 200000 lines of '{sort}' in one request");
        assert_eq!(refusal(Protocol::V2, &body(MOST_IDS + 1)), message);
    }
}

/// A generator with a fixed seed (xorshift64), so that what fails once fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

#[test]
fn random_requests_are_answered_or_refused() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let [want, have, shallow] =
        [format!("want {NEW} side-band"), format!("have {OLD}"), format!("shallow {OLD}")];
    let words = [
        "command=fetch",
        "command=ls-refs",
        "0000",
        "0000",
        "0001",
        "0002",
        "done",
        "deepen 1",
        "deepen-since 5",
        "wait-for-done",
        "filter combine:tree:1",
        "ref-prefix HE",
        "agent=x",
        &want,
        &have,
        &shallow,
        "want \u{fffd}",
    ];
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let count = dice.roll(8);
        let chosen: Vec<&str> = (0..count).map(|_| words[dice.roll(words.len())]).collect();
        let mut body = packets(&chosen);
        for _ in 0..dice.roll(3) {
            if !body.is_empty() {
                let at = dice.roll(body.len());
                body[at] = u8::try_from(dice.roll(256)).unwrap();
            }
        }
        for protocol in VERSIONS {
            match parse(protocol, &body) {
                Ok(Request::Fetch(asked)) => {
                    let _ = asked.reply(&|id| *id == oid(OLD));
                    understood += 1;
                }
                Ok(Request::LsRefs(asked)) => assert!(asked.answer(&oid(OLD)).ends_with(b"0000")),
                Ok(_) => {}
                Err(refusal) => {
                    assert!(refusal.packet().len() < 3_000);
                    refused += 1;
                }
            }
        }
    }
    assert!(understood > 300 && refused > 1_000, "{understood} {refused}");
}

#[test]
fn random_bytes_are_refused() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for _ in 0..20_000 {
        let length = dice.roll(64);
        let body: Vec<u8> = (0..length).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
        for protocol in VERSIONS {
            assert!(matches!(parse(protocol, &body), Ok(Request::Nothing) | Err(_)), "{body:?}");
        }
        let _ = Filter::parse(&String::from_utf8_lossy(&body));
    }
}
