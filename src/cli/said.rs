//! What a command has to say.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;

use super::exit::Exit;
use crate::domain::note::is_deceptive;

/// The outcome of a command, before it is printed.
#[derive(Debug)]
pub(super) struct Said {
    /// For `--json`: the type that the API answers.
    pub json: Option<Value>,
    /// Without it: data for people.
    pub text: Option<String>,
    /// Bytes that are the same either way.
    pub raw: Option<Vec<u8>>,
    /// For people too, but not data: left out when quiet.
    pub talk: Vec<String>,
    pub exit: Exit,
}

impl Said {
    fn empty() -> Self {
        Self { json: None, text: None, raw: None, talk: Vec::new(), exit: Exit::Done }
    }

    /// An answer, as JSON and as text.
    pub fn answer(json: &impl Serialize, text: String) -> Self {
        Self { json: serde_json::to_value(json).ok(), text: Some(text), ..Self::empty() }
    }

    /// Something was done: JSON for scripts, a line for people.
    pub fn done(json: &impl Serialize, talk: impl Into<String>) -> Self {
        Self { json: serde_json::to_value(json).ok(), talk: vec![talk.into()], ..Self::empty() }
    }

    /// All was said before.
    pub fn nothing() -> Self {
        Self::empty()
    }

    pub fn raw(bytes: Vec<u8>) -> Self {
        Self { raw: Some(bytes), ..Self::empty() }
    }

    pub fn talking(mut self, line: impl Into<String>) -> Self {
        self.talk.push(line.into());
        self
    }

    pub fn exiting(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

/// A line to stderr. Whoever closed it wants to hear nothing, which is no reason to stop short.
pub(super) fn talk(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Text that may come from strangers' repositories, made harmless for a terminal. Line feeds stay.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_deceptive(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// A JSON document. What would move or hide text in a terminal is said as JSON's own escapes, which
/// mean the same to whoever parses it.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    for c in format!("{value:#}\n").chars() {
        if c != '\n' && is_deceptive(c) {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// [`plain`] on one line.
pub(super) fn line(text: &str) -> String {
    plain(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Bytes as people say them (powers of 1,000).
pub(super) fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut value = bytes as f64;
    let mut unit = "";
    for name in units {
        if value < 999.95 {
            break;
        }
        value /= 1_000.0;
        unit = name;
    }
    format!("{value:.1} {unit}")
}

pub(super) fn count(n: u64, what: &str) -> String {
    let mut out = String::new();
    let s = if n == 1 { "" } else { "s" };
    let _ = write!(out, "{n} {what}{s}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_safe_from_names() {
        assert_eq!(plain("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(line("a\n b\t c"), "a b c");
    }

    #[test]
    fn json_is_safe_for_a_terminal_and_says_the_same() {
        let value = serde_json::json!({"a\u{9b}": "\u{202e}\u{1b}\u{e0041} ü\n"});
        let text = json(&value);
        assert!(text.chars().all(|c| c == '\n' || !is_deceptive(c)), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn sizes() {
        let shown: Vec<_> = [0, 999, 1_000, 1_234_567, 999_999, 5_000_000_000].map(size).to_vec();
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "1.2 MB", "1.0 MB", "5.0 GB"]);
    }
}
