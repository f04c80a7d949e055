//! What is said to a client that does not get what it asks for.

use super::packet;
use crate::domain::repository::oid::Oid;
use crate::git::shown;

/// A refusal, in the words that git's users know. They read `fatal: remote error: <message>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    /// The message may quote what was asked: what a terminal would obey is taken out of it, and it
    /// is cut to 600 characters.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(shown(&message.into()))
    }

    /// For an object that is not the caller's, whether or not it exists.
    #[must_use]
    pub fn not_our_ref(id: &Oid) -> Self {
        Self(format!("upload-pack: not our ref {id}"))
    }

    /// A message that ends with what was asked.
    pub(super) fn of_line(message: &str, line: &[u8]) -> Self {
        Self::new(format!("{message} {}", quoted(line)))
    }

    /// The answer to a POST: one packet, and nothing after it.
    #[must_use]
    pub fn packet(&self) -> Vec<u8> {
        let mut out = Vec::new();
        packet::push(&mut out, &format!("ERR {}", self.0));
        out
    }
}

/// What was asked, for a message: not so long that it hides the rest.
pub(super) fn quoted(text: &[u8]) -> String {
    format!("'{}'", shown(&String::from_utf8_lossy(text)).chars().take(200).collect::<String>())
}
