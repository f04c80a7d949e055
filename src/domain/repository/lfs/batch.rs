//! What a server is asked, and what it may answer.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Pointer;
use crate::domain::note::quoted;
use crate::domain::plugin::remote::check_download;

/// As many objects are asked for at a time: as git-lfs does.
pub const BATCH: usize = 100;

/// A longer answer to such a question is not read, in bytes.
pub const LONGEST_ANSWER: u64 = 4 << 20;

/// Of the question and of the answer.
pub const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";

/// Signed addresses are long, and have an end all the same, in bytes.
const LONGEST_ADDRESS: usize = 16 << 10;

/// Headers for one download: how many, and all of them together, in bytes.
const MOST_HEADERS: usize = 32;
const LARGEST_HEADERS: usize = 16 << 10;

/// Those that say where a request ends, whom it is for, or what becomes of the connection. They are ours to say:
/// whoever could set them could have a proxy in between see two requests in one.
const OURS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
];

/// Where an object can be had, and what has to be said for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    pub href: String,
    pub headers: Vec<(String, String)>,
}

/// Why an object cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    pub why: String,
    /// The server has trouble of its own, and may give it another time.
    pub away: bool,
}

impl Lacking {
    fn refused(why: impl Into<String>) -> Self {
        Self { why: why.into(), away: false }
    }
}

/// What is sent to ask for these objects.
#[must_use]
pub fn question(wanted: &[Pointer]) -> Vec<u8> {
    let objects = wanted.iter().map(|pointer| json!({"oid": pointer.oid, "size": pointer.size}));
    let question = json!({
        "operation": "download",
        "transfers": ["basic"],
        "objects": objects.collect::<Vec<_>>(),
        "hash_algo": "sha256",
    });
    question.to_string().into_bytes()
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    transfer: Option<String>,
    #[serde(default)]
    hash_algo: Option<String>,
    objects: Vec<Value>,
}

#[derive(Deserialize)]
struct Object {
    oid: String,
    #[serde(default)]
    actions: Option<Actions>,
    #[serde(default)]
    error: Option<Trouble>,
}

#[derive(Deserialize)]
struct Actions {
    #[serde(default)]
    download: Option<Action>,
}

#[derive(Deserialize)]
struct Action {
    href: String,
    #[serde(default)]
    header: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Trouble {
    code: i64,
}

/// What an answer says of each of those that were asked for. Of what was not asked for, nothing is taken; of what
/// is told twice, the first.
///
/// # Errors
/// When it is no answer to that question at all.
pub fn answer(
    bytes: &[u8],
    wanted: &[Pointer],
) -> Result<BTreeMap<Pointer, Result<Download, Lacking>>, String> {
    let answer: Answer =
        serde_json::from_slice(bytes).map_err(|_| "its answer is not what git LFS answers".to_owned())?;
    if let Some(other) = answer.transfer.filter(|transfer| transfer != "basic") {
        return Err(format!("it gives objects by {} alone, and not by `basic` transfers", quoted(&other)));
    }
    if let Some(other) = answer.hash_algo.filter(|algorithm| algorithm != "sha256") {
        return Err(format!("it names objects by {}, and not by `sha256`", quoted(&other)));
    }
    // Of one object two sizes may be said, of which one is wrong.
    let mut asked: BTreeMap<String, Vec<Pointer>> = BTreeMap::new();
    for pointer in wanted {
        asked.entry(pointer.oid.to_string()).or_default().push(*pointer);
    }
    let mut found = BTreeMap::new();
    for object in answer.objects {
        // One that is nonsense is none of the others' concern.
        let Ok(object) = Object::deserialize(object) else { continue };
        if let Some(pointers) = asked.get(&object.oid) {
            let told = told(object);
            for pointer in pointers {
                found.entry(*pointer).or_insert_with(|| told.clone());
            }
        }
    }
    for pointer in wanted {
        found.entry(*pointer).or_insert_with(|| Err(Lacking::refused("its server says nothing of it")));
    }
    Ok(found)
}

fn told(object: Object) -> Result<Download, Lacking> {
    if let Some(Trouble { code }) = object.error {
        return Err(match code {
            404 | 410 => Lacking::refused("its server does not have it"),
            401 | 403 => Lacking::refused("its server forbids it"),
            429 | 500..=599 => {
                Lacking { why: format!("its server cannot give it now (error {code})"), away: true }
            }
            code => Lacking::refused(format!("its server does not give it (error {code})")),
        });
    }
    let action = object.actions.and_then(|actions| actions.download);
    let Some(Action { href, header }) = action else {
        return Err(Lacking::refused("its server does not say where it is"));
    };
    if href.len() > LONGEST_ADDRESS {
        return Err(Lacking::refused("its server gives an address that is too long"));
    }
    // A server inside may speak http, which only its own registration can allow.
    let as_https = href.strip_prefix("http://").map(|rest| format!("https://{rest}"));
    check_download(as_https.as_ref().unwrap_or(&href))
        .map_err(|why| Lacking::refused(format!("of the address that its server gives, {why}")))?;
    Ok(Download { href, headers: checked(header.unwrap_or_default())? })
}

fn checked(headers: BTreeMap<String, String>) -> Result<Vec<(String, String)>, Lacking> {
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || bytes > LARGEST_HEADERS {
        return Err(Lacking::refused("its server wants more headers sent than are sent"));
    }
    for (name, value) in &headers {
        let plain = name.to_ascii_lowercase();
        if OURS.contains(&plain.as_str()) || plain.starts_with("proxy-") {
            let why = format!("its server wants the header {} sent, which is not its to say", quoted(name));
            return Err(Lacking::refused(why));
        }
        // Names as RFC 9110 (5.6.2) has them; of values what is seen (5.5).
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let in_value = |byte: u8| byte == b'\t' || (0x20..0x7f).contains(&byte);
        if name.is_empty() || !name.bytes().all(in_name) || !value.bytes().all(in_value) {
            return Err(Lacking::refused("its server wants a header sent that is none"));
        }
    }
    Ok(headers.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest::Digest;

    fn pointers(count: u8) -> Vec<Pointer> {
        (0..count).map(|n| Pointer { oid: Digest::of(&[n]), size: u64::from(n) }).collect()
    }

    fn one(object: Value) -> Result<Download, Lacking> {
        let wanted = pointers(1);
        let mut object = object;
        object["oid"] = json!(wanted[0].oid);
        let bytes = json!({"transfer": "basic", "objects": [object]}).to_string();
        answer(bytes.as_bytes(), &wanted).unwrap().remove(&wanted[0]).unwrap()
    }

    fn with(header: &Value) -> Result<Download, Lacking> {
        one(json!({"actions": {"download": {"href": "https://s.example/x", "header": header}}}))
    }

    #[test]
    fn what_is_asked_is_what_git_lfs_asks() {
        let wanted = pointers(1);
        let question: Value = serde_json::from_slice(&question(&wanted)).unwrap();
        assert_eq!(question["operation"], "download");
        assert_eq!(question["objects"], json!([{"oid": wanted[0].oid.to_string(), "size": 0}]));
    }

    #[test]
    fn an_answer_is_read() {
        let found = with(&json!({"Authorization": "Basic x", "X-Amz-Date": "2026"})).unwrap();
        assert_eq!(found.href, "https://s.example/x");
        assert_eq!(found.headers.len(), 2);
        let inside = one(json!({"actions": {"download": {"href": "http://s.example:8080/x?y=z"}}}));
        assert!(inside.unwrap().headers.is_empty());
    }

    #[test]
    fn what_a_server_does_not_give_is_told_in_plain_words() {
        let why = |object: Value| one(object).unwrap_err();
        let error = |code: i64| why(json!({"error": {"code": code, "message": "secret\u{1b}[2J"}}));
        assert_eq!(error(404), Lacking::refused("its server does not have it"));
        assert_eq!(error(403), Lacking::refused("its server forbids it"));
        assert!(error(503).away && error(429).away && !error(422).away && !error(-1).away);
        assert!(!error(422).why.contains("secret"));
        for object in
            [json!({}), json!({"actions": {}}), json!({"actions": {"upload": {"href": "https://x"}}})]
        {
            assert_eq!(why(object), Lacking::refused("its server does not say where it is"));
        }
        for href in
            ["file:///etc/passwd", "ftp://x/y", "https://u:p@x/y", "https://x/a b", "https://x/#y", ""]
        {
            let refused = why(json!({"actions": {"download": {"href": href}}}));
            assert!(refused.why.starts_with("of the address that its server gives"), "{href}: {refused:?}");
        }
        let long = format!("https://x/{}", "y".repeat(20_000));
        assert!(why(json!({"actions": {"download": {"href": long}}})).why.contains("too long"));
    }

    #[test]
    fn headers_that_are_ours_or_none_are_not_sent() {
        for name in ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Proxy-Authorization", "TE"]
        {
            assert!(with(&json!({name: "1"})).unwrap_err().why.contains("not its to say"), "{name}");
        }
        for (name, value) in [
            ("X", "a\r\nHost: evil"),
            ("X\r\nHost", "a"),
            ("X Y", "a"),
            ("", "a"),
            ("X:", "a"),
            ("X", "\u{0}"),
            ("Ü", "a"),
            ("X", "ü"),
        ] {
            assert_eq!(
                with(&json!({name: value})),
                Err(Lacking::refused("its server wants a header sent that is none"))
            );
        }
        let many: serde_json::Map<String, Value> = (0..40).map(|n| (format!("x{n}"), json!("y"))).collect();
        assert!(with(&Value::Object(many)).unwrap_err().why.contains("more headers"));
        assert!(with(&json!({"X": "y".repeat(20_000)})).unwrap_err().why.contains("more headers"));
    }

    #[test]
    fn nothing_is_taken_that_was_not_asked_for_and_the_first_counts() {
        let wanted = pointers(2);
        let at = |href: &str| json!({"download": {"href": href}});
        let objects = json!([
            {"oid": Digest::of(b"another"), "actions": at("https://evil.example/")},
            {"oid": wanted[0].oid, "actions": at("https://first.example/")},
            {"oid": wanted[0].oid, "actions": at("https://second.example/")},
            {"oid": 7}, null, [], "x", {"oid": wanted[1].oid.to_string().to_uppercase(), "actions": at("https://x/")},
        ]);
        let found = answer(json!({"objects": objects}).to_string().as_bytes(), &wanted).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[&wanted[0]].as_ref().unwrap().href, "https://first.example/");
        assert_eq!(found[&wanted[1]], Err(Lacking::refused("its server says nothing of it")));
    }

    /// A curator may write a pointer with a size of their own. It is not the one to which the object belongs.
    #[test]
    fn of_two_sizes_of_one_object_both_are_answered() {
        let right = pointers(1)[0];
        let wrong = Pointer { size: u64::MAX, ..right };
        let oid = right.oid.to_string();
        let said = json!({"oid": oid, "actions": {"download": {"href": "https://lfs.example/x"}}});
        let answer = answer(json!({"objects": [said]}).to_string().as_bytes(), &[right, wrong]).unwrap();
        assert_eq!(answer[&right].as_ref().unwrap().href, "https://lfs.example/x");
        assert_eq!(answer[&right], answer[&wrong]);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in
            ["", "{}", "[]", "null", "<html>", "{\"objects\":{}}", "{\"objects\":null}", "{\"objects\":[]"]
        {
            assert!(answer(text.as_bytes(), &pointers(1)).is_err(), "{text}");
        }
        let deep = format!("{{\"objects\":{}", "[".repeat(1 << 20));
        assert!(answer(deep.as_bytes(), &pointers(1)).is_err());
        let other = |key: &str| answer(json!({key: "x", "objects": []}).to_string().as_bytes(), &[]);
        assert!(other("transfer").unwrap_err().contains("`x`"));
        assert!(other("hash_algo").unwrap_err().contains("`x`"));
    }

    /// More than is ever read, to see that a large answer costs what it weighs and no more.
    #[test]
    fn fifty_megabytes_are_read_in_moments() {
        let object =
            json!({"oid": Digest::of(b"x"), "actions": {"download": {"href": "https://x.example/"}}});
        let object = object.to_string();
        let count = (50 << 20) / (object.len() + 1);
        let text = format!("{{\"objects\":[{}]}}", vec![object.as_str(); count].join(","));
        let began = std::time::Instant::now();
        let found = answer(text.as_bytes(), &pointers(3)).unwrap();
        assert_eq!(found.len(), 3);
        assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
    }
}
