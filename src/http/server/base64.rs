//! Base64 as HTTP's Basic authentication has it (RFC 4648, section 4), one way.

use crate::domain::access::secret::Secret;

/// The text, if that is one. Padding may be missing, but not be wrong.
pub(super) fn decoded(text: &str) -> Option<Secret> {
    let bare = text.trim_end_matches('=');
    let padding = text.len() - bare.len();
    if bare.len() % 4 == 1 || (padding > 0 && (padding > 2 || !text.len().is_multiple_of(4))) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    for four in bare.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for byte in four {
            bits = bits << 6 | u32::from(value(*byte)?);
        }
        bits <<= 6 * (4 - four.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    String::from_utf8(bytes).ok().map(Secret::new)
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn decodes_what_rfc_4648_has_as_examples_and_refuses_the_rest() {
        let decoded = |text: &str| super::decoded(text).map(|secret| secret.expose().to_owned());
        let examples = [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("Zm9vYg", "foob"),
            ("dDppw6k/Pj8+", "t:ié?>?>"),
        ];
        for (text, plain) in examples {
            assert_eq!(decoded(text).as_deref(), Some(plain), "{text}");
        }
        for wrong in ["Z", "Zg=", "Zg===", "Z===", "Zm9v=", "Z g=", "Zm9-", "====", "Zg==Zg==", "/w=="] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }
}
