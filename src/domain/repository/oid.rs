//! Git object ids, as plain bytes.

use std::fmt;
use std::str::FromStr;

use crate::domain::hex;

/// The SHA-1 name of a git object (20 bytes; written as 40 lowercase hex digits).
///
/// Only SHA-1 repositories are read: Claude Code's hosts and clients speak nothing else yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub [u8; 20]);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a full commit id: 40 hexadecimal digits are needed")]
pub struct NotAnOid(String);

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::digits(&self.0))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Oid {
    type Err = NotAnOid;

    fn from_str(text: &str) -> Result<Self, NotAnOid> {
        hex::array(text).map(Self).ok_or_else(|| NotAnOid(text.to_owned()))
    }
}

impl serde::Serialize for Oid {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Oid {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(hex.parse::<Oid>().unwrap().to_string(), hex);
    }

    #[test]
    fn refuses_what_is_not_forty_hex_digits() {
        for text in ["", "main", "0123", "+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1", "é".repeat(20).as_str()]
        {
            assert!(text.parse::<Oid>().is_err(), "{text}");
        }
    }
}
