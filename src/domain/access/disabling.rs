//! Taking a plugin out for everybody, and what is said about it.

use std::fmt;
use std::str::FromStr;

use super::token::PREFIX;
use crate::domain::note::{is_deceptive, quoted};

/// Why somebody disabled a plugin, in their own words. Everybody who was granted it may read that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// In characters.
const LONGEST: usize = 500;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReason {
    #[error("{} is not a reason: one line of 1 to {LONGEST} visible characters is needed", quoted(.0))]
    Unfit(String),
    /// The token is not repeated.
    #[error(
        "there is an access token in that reason, which many can read: if it is in use, revoke it now that it was shown"
    )]
    Secret,
}

impl FromStr for Reason {
    type Err = BadReason;

    fn from_str(text: &str) -> Result<Self, BadReason> {
        if text.contains(PREFIX) {
            return Err(BadReason::Secret);
        }
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(is_deceptive) {
            return Err(BadReason::Unfit(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why nobody gets a plugin that was disabled. Who did it is for whoever administers.
#[must_use]
pub fn sentence(reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("an administrator disabled it for everybody: {reason}"),
        None => "an administrator disabled it for everybody".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_without_tricks_and_without_a_token() {
        assert_eq!(" pushes to prod ".parse::<Reason>().unwrap().to_string(), "pushes to prod");
        for text in ["", "  ", "a\nb", "a\u{202e}b", &"x".repeat(501)] {
            assert!(text.parse::<Reason>().is_err(), "{text}");
        }
        let error = "agnes_pat_secret".parse::<Reason>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
