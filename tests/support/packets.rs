//! Requests of git's protocol spelt out by hand, and answers taken apart.

use super::server::{Answer, Server};

pub const FLUSH: &[u8] = b"0000";
pub const REQUEST: &str = "application/x-git-upload-pack-request";
pub const RESULT: &str = "application/x-git-upload-pack-result";

/// One packet (gitprotocol-common).
pub fn packet(text: &str) -> Vec<u8> {
    format!("{:04x}{text}", text.len() + 4).into_bytes()
}

/// Packets, each with a line feed at its end.
pub fn lines<T: AsRef<str>>(texts: &[T]) -> Vec<u8> {
    texts.iter().flat_map(|text| packet(&format!("{}\n", text.as_ref()))).collect()
}

/// A request of v2.
pub fn command<T: AsRef<str>>(name: &str, arguments: &[T]) -> Vec<u8> {
    let named = [format!("command={name}"), "object-format=sha1".to_owned()];
    [&lines(&named), &b"0001"[..], &lines(arguments), FLUSH].concat()
}

/// A request of v0: wants, of which the first brings the capabilities; then haves, and `done`.
pub fn wanting(wants: &[&str], haves: &[&str]) -> Vec<u8> {
    let mut said = Vec::new();
    for (number, want) in wants.iter().enumerate() {
        let able = " multi_ack_detailed no-done side-band-64k thin-pack ofs-delta agent=test";
        said.push(format!("want {want}{}", if number == 0 { able } else { "" }));
    }
    let haves: Vec<String> = haves.iter().map(|have| format!("have {have}")).collect();
    [&lines(&said), FLUSH, &lines(&haves), &lines(&["done"])].concat()
}

/// What a request in that version says that wants this, and has that.
pub fn fetch(version: u8, wants: &[&str], haves: &[&str]) -> Vec<u8> {
    if version < 2 {
        return wanting(wants, haves);
    }
    let mut said: Vec<String> = wants.iter().map(|want| format!("want {want}")).collect();
    said.extend(haves.iter().map(|have| format!("have {have}")));
    said.push("done".to_owned());
    command("fetch", &said)
}

impl Server {
    /// POSTs a request of that version.
    #[track_caller]
    pub fn upload_pack(&self, bearer: &str, version: u8, body: &[u8]) -> Answer {
        let spoken = format!("version={version}");
        let headers = [("authorization", bearer), ("content-type", REQUEST), ("git-protocol", &spoken)];
        self.ask("POST", "/marketplace.git/git-upload-pack", &headers, body)
    }

    /// GETs the advertisement of that version.
    #[track_caller]
    pub fn refs(&self, bearer: &str, version: u8) -> Answer {
        let spoken = format!("version={version}");
        let headers = [("authorization", bearer), ("git-protocol", spoken.as_str())];
        self.get("/marketplace.git/info/refs?service=git-upload-pack", &headers)
    }

    /// The commit that `ls-refs` tells.
    #[track_caller]
    pub fn tip(&self, bearer: &str) -> String {
        let answer = self.upload_pack(bearer, 2, &command("ls-refs", &["symrefs", "ref-prefix HEAD"]));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        let line = text.get(4..44).unwrap_or_else(|| panic!("no ref: {text}"));
        line.to_owned()
    }
}

/// What is in the packets of an answer, up to a pack without a band. A flush or delimiter is empty.
pub fn packets(mut answer: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((digits, rest)) = answer.split_first_chunk::<4>() {
        let text = std::str::from_utf8(digits).unwrap_or_default();
        let Ok(length) = usize::from_str_radix(text, 16) else { break };
        let inside = length.saturating_sub(4);
        assert!(rest.len() >= inside, "a packet of {length} bytes is cut off");
        let (packet, after) = rest.split_at(inside);
        found.push(packet);
        answer = after;
    }
    found
}

/// The pack in an answer, out of band 1; `None`: there is none.
pub fn pack(answer: &Answer) -> Option<Vec<u8>> {
    let all = packets(&answer.body);
    let pack: Vec<u8> =
        all.iter().filter_map(|packet| packet.strip_prefix(b"\x01")).flatten().copied().collect();
    pack.starts_with(b"PACK").then_some(pack)
}

/// That an answer is nothing but a refusal in these words.
#[track_caller]
pub fn says(answer: &Answer, words: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(RESULT)), "{}", answer.text());
    assert_eq!(answer.body, packet(&format!("ERR {words}")), "{}", answer.text());
}
