//! Requests that no client of good will sends, and clients that do not read what they asked for.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::feed::Feed;
use crate::support::git::VERSIONS;
use crate::support::packets::{FLUSH, REQUEST, command, fetch, lines, pack, packet, packets, says};
use crate::support::server::{Answer, Server, until};
use crate::support::{ADA, World};

const POST: &str = "/marketplace.git/git-upload-pack";

/// The longest that any refusal here may take, on a machine that has much else to do.
const SOON: Duration = Duration::from_secs(10);

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zipped(feed: &Feed, version: &str, encoding: &str, body: &[u8]) -> Answer {
    let headers = [
        ("authorization", feed.ada.as_str()),
        ("content-type", REQUEST),
        ("git-protocol", version),
        ("content-encoding", encoding),
    ];
    feed.server.ask("POST", POST, &headers, body)
}

/// An id that nobody has, another one for each number.
fn made_up(number: usize) -> String {
    format!("{number:040x}")
}

/// Ten kilobytes that unpack to ten gigabytes: the server stops unpacking where its limit is.
#[test]
fn a_gzip_bomb_is_not_unpacked() {
    let feed = Feed::with(&["tools/x"]);
    let request = command("ls-refs", &["symrefs"]);
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        assert_eq!(zipped(&feed, "version=2", encoding, &gzip(&request)).status, 200, "{encoding}");
    }
    let before = feed.server.memory();
    let bomb = gzip(&vec![b'0'; 512 << 20]);
    assert!(bomb.len() < 4 << 20);
    // In a row, and many streams behind each other, which is one too.
    let short = gzip(&vec![b'0'; 1 << 20]);
    for bomb in [bomb, short.repeat(100)] {
        for _ in 0..5 {
            let began = Instant::now();
            let answer = zipped(&feed, "version=2", "gzip", &bomb);
            assert_eq!(answer.status, 413, "{}", answer.text());
            assert!(began.elapsed() < SOON);
        }
    }
    assert!(feed.server.memory() < before + (128 << 10), "{} of {before} KiB", feed.server.memory());
    // Twice packed is one layer too many, and half a gzip is none.
    assert_eq!(zipped(&feed, "version=2", "gzip", &gzip(&request)[..20]).status, 400);
    let twice = zipped(&feed, "version=2", "gzip", &gzip(&gzip(&request)));
    assert!(twice.body.starts_with(b"00") && twice.text().contains("ERR"), "{}", twice.text());
}

/// Many at once, of ten kilobytes each, that unpack to as much as one may have. What all of them take together is
/// bounded, and whoever comes next is served.
#[test]
fn many_that_unpack_to_much_do_not_fill_the_memory() {
    let feed = Feed::with(&["tools/x"]);
    let body = gzip(&vec![b'z'; 10 << 20]);
    assert!(body.len() < 16 << 10, "{}", body.len());
    let before = feed.server.memory();
    let mut most = before;
    std::thread::scope(|scope| {
        let ask = |_| scope.spawn(|| zipped(&feed, "version=2", "gzip", &body).status);
        let asking: Vec<_> = (0..128).map(ask).collect();
        while asking.iter().any(|one| !one.is_finished()) {
            most = most.max(feed.server.memory());
            std::thread::sleep(Duration::from_millis(5));
        }
        let statuses: Vec<u16> = asking.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    });
    // Unpacked, all together would be 1.3 GiB. (What was freed, the allocator keeps for each thread.)
    assert!(most < before + (400 << 10), "{most} of {before} KiB");
    feed.git().clone("clone", &[]);
}

/// A body of more than ten megabytes, announced, sent, and in chunks without an announcement.
#[test]
fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let feed = Feed::with(&["tools/x"]);
    let large = vec![b'0'; 11 << 20];
    assert_eq!(feed.server.upload_pack(&feed.ada, 2, &large).status, 413);
    let mut stream = feed.server.connect();
    let head = format!(
        "POST {POST} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-type: {REQUEST}\r\ntransfer-encoding: chunked\r\n\r\n",
        feed.ada
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [&b"10000\r\n"[..], &vec![b'0'; 0x10000], b"\r\n"].concat();
    let sent = (0..1000).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    assert!(sent < 900, "all {sent} chunks were taken");
    assert_eq!(feed.server.refs(&feed.ada, 2).status, 200);
}

/// Twenty thousand wants: of objects that nobody has, of one that Ada has, and of all she has.
#[test]
fn twenty_thousand_wants_are_answered() {
    let feed = Feed::new();
    let tip = feed.server.tip(&feed.ada);
    let own = feed.world.objects(&feed.git().clone("clone", &["--bare"]));
    let many: Vec<String> = (1..=20_000).map(made_up).collect();
    for version in VERSIONS {
        let mut wants: Vec<&str> = vec![&tip];
        wants.extend(many.iter().map(String::as_str));
        let began = Instant::now();
        let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &wants, &[]));
        says(&answer, &format!("upload-pack: not our ref {}", made_up(1)));
        let answer =
            feed.server.upload_pack(&feed.ada, version, &fetch(version, &vec![tip.as_str(); 20_000], &[]));
        assert_eq!(feed.world.objects_of_pack(&pack(&answer).unwrap()), own);
        let all: Vec<&str> = own.iter().map(String::as_str).cycle().take(20_000).collect();
        let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &all, &[]));
        assert_eq!(feed.world.objects_of_pack(&pack(&answer).unwrap()), own);
        // As many haves as fit into what is read.
        let haves: Vec<&str> = many.iter().map(String::as_str).cycle().take(150_000).collect();
        let answer = feed.server.upload_pack(&feed.ada, version, &fetch(version, &[&tip], &haves));
        assert_eq!(feed.world.objects_of_pack(&pack(&answer).unwrap()), own);
        assert!(began.elapsed() < 4 * SOON, "v{version}: {:?}", began.elapsed());
    }
}

/// Requests that are none: each is refused in a packet that git shows to its user, or is nothing at all. None
/// is answered with a pack.
#[test]
fn malformed_requests_are_refused() {
    let feed = Feed::with(&["tools/x"]);
    let tip = feed.server.tip(&feed.ada);
    let good = [fetch(0, &[&tip], &[]), fetch(1, &[&tip], &[]), fetch(2, &[&tip], &[])];
    let mut bad: Vec<Vec<u8>> = [
        "0", "00", "000", "0001", "0002", "0003", "0004", "0005", "fff1", "ffff", "-001", "00 5x", "zzzz",
        "+005x", "0x05", "\0\0\0\0",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bad.push(b"GET / HTTP/1.1\r\n\r\n".to_vec());
    bad.push(vec![0xff; 70_000]);
    bad.push([&b"fff5"[..], &vec![b'a'; 0xfff1]].concat());
    for line in [
        "want",
        "want ",
        &format!("want {tip}x"),
        &format!("want {}", &tip[1..]),
        &format!("want {}", tip.to_uppercase().replace(|c: char| c.is_ascii_digit(), "G")),
        &format!("have {tip}"),
        "done",
        "deepen 0",
        "deepen -1",
        "deepen x",
        "deepen-since x",
        "shallow x",
        "filter x",
        "want-ref refs/heads/main",
        "\u{1b}[31mred",
        &"x".repeat(60_000),
    ] {
        bad.push([&packet(line), FLUSH].concat());
        bad.push([&packet(line), FLUSH, &packet("done")].concat());
        bad.push(command("fetch", &[line]));
        bad.push(command("ls-refs", &[line]));
        bad.push(command("bundle-uri", &[line]));
    }
    for name in ["", "fetch fetch", "object-info", "push", "ls-refs\0", "FETCH", "../fetch"] {
        bad.push(command(name, &["size"]));
    }
    bad.push([&lines(&["command=fetch", "command=ls-refs"]), FLUSH].concat());
    bad.push([&lines(&["command=fetch", "object-format=sha256"]), FLUSH].concat());
    for version in VERSIONS {
        for body in &bad {
            let answer = feed.server.upload_pack(&feed.ada, version, body);
            refused(&answer, version, body);
        }
        // And the good ones, cut off anywhere. Some of that is a whole request.
        let good = &good[usize::from(version)];
        for end in 0..good.len() {
            let answer = feed.server.upload_pack(&feed.ada, version, &good[..end]);
            refused(&answer, version, &good[..end]);
        }
        assert!(pack(&feed.server.upload_pack(&feed.ada, version, good)).is_some());
    }
    feed.server.had_no_trouble();
}

#[track_caller]
fn refused(answer: &Answer, version: u8, body: &[u8]) {
    let mut shown = String::new();
    let _ = write!(shown, "v{version} {:?}", String::from_utf8_lossy(&body[..body.len().min(200)]));
    assert_eq!(answer.status, 200, "{shown}: {}", answer.text());
    assert!(pack(answer).is_none(), "{shown}: a pack");
    let harmless =
        answer.body.iter().all(|byte| (b' '..0x7f).contains(byte) || *byte == b'\n' || *byte >= 0x80);
    assert!(harmless && answer.body.len() < 1500, "{shown}: {}", answer.text());
    let told = packets(&answer.body);
    let fine = told.is_empty()
        || told.iter().any(|told| told.starts_with(b"ERR "))
        || !told.iter().any(|told| told.starts_with(b"PACK"));
    assert!(fine, "{shown}: {}", answer.text());
}

/// Asks for a pack on a connection of its own, and reads only that many bytes.
fn asked(server: &Server, bearer: &str, tip: &str, read: usize) -> TcpStream {
    let body = fetch(2, &[tip], &[]);
    let head = format!(
        "POST {POST} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer}\r\ncontent-type: {REQUEST}\r\n\
         git-protocol: version=2\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = server.connect();
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    stream.read_exact(&mut vec![0; read]).unwrap();
    stream
}

/// Clients that ask for twelve megabytes and vanish after a thousand bytes; and as many that read one byte a
/// second. Others get their clones meanwhile, and what the server has open for them is bounded and comes
/// back.
#[test]
fn clients_that_vanish_or_dawdle_harm_nobody() {
    let world = World::new();
    let size = world.large_bundle();
    let bearer = world.bearer(ADA);
    let server = world.serve(&["--log-format", "json"]);
    let tip = server.tip(&bearer);
    let git = world.git(&server, &bearer);
    git.clone("first", &["--depth=1"]);
    until("rest", || server.is_at_rest().then_some(()));
    let files = server.open().len();
    let before = server.memory();
    for _ in 0..60 {
        drop(asked(&server, &bearer, &tip, 1000));
    }
    git.clone("beside those who vanished", &["--depth=1"]);
    let mut slow: Vec<TcpStream> = (0..40).map(|_| asked(&server, &bearer, &tip, 1)).collect();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        for stream in &mut slow {
            stream.read_exact(&mut [0]).unwrap();
        }
        let asked = Instant::now();
        git.clone("beside those who dawdle", &["--depth=1"]);
        assert!(asked.elapsed() < 2 * SOON, "{:?}", asked.elapsed());
    }
    // Forty whole packs would be half a gigabyte.
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 100 << 10, "{grown} KiB for 40 readers of {size} bytes");
    drop(slow);
    until("them to be gone", || server.is_at_rest().then_some(()));
    until("their files to be closed", || (server.open().len() <= files + 4).then_some(()));
    server.had_no_trouble();
}
