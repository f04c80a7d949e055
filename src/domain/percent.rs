//! Percent-encoding (RFC 3986, section 2.1).

use std::str::Utf8Error;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Fit to be any part of an address. In pieces, which are to be put together.
#[must_use]
pub fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// What is meant. A `%` that no two hexadecimal digits follow stands for itself.
///
/// # Errors
/// If that is not UTF-8.
pub fn decoded(text: &str) -> Result<String, Utf8Error> {
    Ok(percent_decode_str(text).decode_utf8()?.into_owned())
}

/// The same, with a mark (U+FFFD) for what is not UTF-8.
#[must_use]
pub fn decoded_lossily(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let text = "a-._~ /@:%é";
        assert_eq!(encoded(text).to_string(), "a-._~%20%2F%40%3A%25%C3%A9");
        assert_eq!(decoded(&encoded(text).to_string()).as_deref(), Ok(text));
    }

    #[test]
    fn leaves_what_is_no_escape() {
        for text in ["%", "%4", "%zz", "%+1"] {
            assert_eq!(decoded(text).as_deref(), Ok(text));
        }
        assert!(decoded("%ff").is_err());
    }
}
