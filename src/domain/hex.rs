//! Bytes as hexadecimal digits, two for each: written in lower case, read in either.

/// The digits of these bytes.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of these digits, unless there is something else among them or half a byte is left.
#[must_use]
pub fn bytes(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks();
    if rest.is_empty() { pairs.iter().copied().map(byte).collect() } else { None }
}

/// The same, where there have to be so many.
#[must_use]
pub fn array<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_bytes().as_chunks();
    if !rest.is_empty() || pairs.len() != N {
        return None;
    }
    let mut bytes = [0; N];
    for (to, pair) in bytes.iter_mut().zip(pairs) {
        *to = byte(*pair)?;
    }
    Some(bytes)
}

/// (`from_str_radix` would take a plus sign.)
fn byte([high, low]: [u8; 2]) -> Option<u8> {
    let value = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    Some(value(high)? << 4 | value(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&digits(&all)), Some(all));
        assert_eq!(array("00fF"), Some([0, 255]));
    }

    #[test]
    fn takes_nothing_else_for_digits() {
        for text in ["0", "0g", "+1", "é", " 1", "1 "] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!((array::<2>("00"), array::<0>("00")), (None, None));
    }
}
