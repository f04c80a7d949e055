//! Users and groups, as words.

use std::fmt;
use std::str::FromStr;

use crate::domain::note::{is_deceptive, quoted};

/// Gives the right to administer, and no plugin that it was not granted.
pub const ADMIN: &str = "Admin";

/// Every user is in it.
pub const EVERYONE: &str = "Everyone";

/// A user's address: what people are known by. Compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupName(String);

/// What somebody calls one of their tokens, to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(String);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWord {
    #[error("{} is not an e-mail address: something like `ada@example.com` is needed", quoted(.0))]
    Email(String),
    #[error("{} is not a group name: 1 to 64 visible characters, without `/` or `*`, and no space at an end", quoted(.0))]
    Group(String),
    #[error("{} is not a token's name: 1 to 64 visible characters, and no space at an end", quoted(.0))]
    Token(String),
    /// Names are shown to whoever administers, and kept as they are. The token is not repeated.
    #[error("that is an access token, and no {0}: if it is in use, revoke it now that it was shown")]
    Secret(&'static str),
}

impl FromStr for Email {
    type Err = BadWord;

    fn from_str(text: &str) -> Result<Self, BadWord> {
        let refuse = || BadWord::Email(text.to_owned());
        if text.contains(super::token::PREFIX) {
            return Err(BadWord::Secret("e-mail address"));
        }
        let (local, host) = text.rsplit_once('@').ok_or_else(refuse)?;
        let odd = |c: char| c.is_whitespace() || is_deceptive(c) || "<>()[],;:\\\"/".contains(c);
        if local.is_empty()
            || host.is_empty()
            || text.len() > 254
            || text.chars().any(odd)
            || local.contains('@')
        {
            return Err(refuse());
        }
        Ok(Self(text.to_lowercase()))
    }
}

impl FromStr for GroupName {
    type Err = BadWord;

    fn from_str(text: &str) -> Result<Self, BadWord> {
        if text.contains(super::token::PREFIX) {
            return Err(BadWord::Secret("group name"));
        }
        let odd = |c: char| is_deceptive(c) || c == '/' || c == '*';
        // Names stand in paths, where dots alone are a step upwards.
        if matches!(text, "" | "." | "..")
            || text.chars().count() > 64
            || text.trim() != text
            || text.chars().any(odd)
        {
            return Err(BadWord::Group(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for TokenName {
    type Err = BadWord;

    fn from_str(text: &str) -> Result<Self, BadWord> {
        if text.is_empty()
            || text.chars().count() > 64
            || text.trim() != text
            || text.chars().any(is_deceptive)
            // Somebody pasted the token itself: names are shown, and are not kept secret.
            || text.contains(super::token::PREFIX)
        {
            let shown = if text.contains(super::token::PREFIX) { "a token" } else { text };
            return Err(BadWord::Token(shown.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TokenName {
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Email {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!("Ada@Example.com".parse::<Email>().unwrap().as_str(), "ada@example.com");
        for text in ["", "ada", "@x", "a@", "a b@x", "a@b@c", "a\u{202e}@x", "<a@x>"] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }

    #[test]
    fn groups() {
        assert!("Data team".parse::<GroupName>().is_ok());
        for text in ["", " a", "a/b", "*", "a\nb", ".", "..", &"x".repeat(65)] {
            assert!(text.parse::<GroupName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_is_no_name_and_not_called_by_itself() {
        assert!("Ada's laptop/CI".parse::<TokenName>().is_ok());
        for text in ["", "a ", "a\nb", "a\u{202e}", &"x".repeat(65)] {
            assert!(text.parse::<TokenName>().is_err(), "{text}");
        }
        for error in [
            "agnes_pat_secret".parse::<GroupName>().unwrap_err(),
            "agnes_pat_secret@example.com".parse::<Email>().unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(said.starts_with("that is an access token") && !said.contains("secret"), "{said}");
        }
        let error = "agnes_pat_secret".parse::<TokenName>().unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
