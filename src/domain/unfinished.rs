//! Names of what is not finished yet: a beginning that says what it is to become, then random letters and digits.

use std::ffi::OsStr;

/// Whether this is such a name, with so many of them.
#[must_use]
pub fn is_unfinished(name: &OsStr, beginning: &OsStr, random: usize) -> bool {
    let end = name.as_encoded_bytes().strip_prefix(beginning.as_encoded_bytes());
    end.is_some_and(|end| end.len() == random && end.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_begins_alike_is_somebodys_own() {
        let is_one = |name: &str| is_unfinished(name.as_ref(), ".agnes-feed.zip-".as_ref(), 6);
        assert!(is_one(".agnes-feed.zip-aZ09bc"));
        for name in [
            "",
            ".agnes-feed.zip-",
            ".agnes-feed.zip-aZ09b",
            ".agnes-feed.zip-aZ09bcd",
            ".agnes-feed.zip-of-my",
            "feed.zip",
        ] {
            assert!(!is_one(name), "{name}");
        }
    }
}
