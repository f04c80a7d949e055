//! Numbers as git reads them.

/// Decimal; hexadecimal after `0x`; octal after `0`. No sign, no spaces, nothing after it.
pub(super) fn unsigned(text: &str) -> Option<u64> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match (hex, text.strip_prefix('0')) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    // `from_str_radix` would take a plus sign.
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// The same, with `k`, `m` or `g` after it for a power of 1,024.
pub(super) fn with_unit(text: &str) -> Option<u64> {
    let (digits, power) = match text.char_indices().next_back()? {
        (at, 'k' | 'K') => (text.get(..at)?, 10),
        (at, 'm' | 'M') => (text.get(..at)?, 20),
        (at, 'g' | 'G') => (text.get(..at)?, 30),
        _ => (text, 0),
    };
    unsigned(digits)?.checked_mul(1 << power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_git_reads_them() {
        let read =
            [("0", 0), ("1", 1), ("2147483647", 2_147_483_647), ("0x7fffffff", 0x7fff_ffff), ("010", 8)];
        for (text, number) in read {
            assert_eq!(unsigned(text), Some(number), "{text}");
        }
        for text in ["", "-1", "+1", " 1", "1 ", "09", "0x", "0x+1", "1k", "18446744073709551616", "einé"] {
            assert_eq!(unsigned(text), None, "{text}");
        }
    }

    #[test]
    fn units_are_powers_of_1024() {
        for (text, number) in [("7", 7), ("1k", 1 << 10), ("3M", 3 << 20), ("0x1g", 1 << 30)] {
            assert_eq!(with_unit(text), Some(number), "{text}");
        }
        for text in ["", "k", "1kb", "1t", "99999999999999g", "1é", "é"] {
            assert_eq!(with_unit(text), None, "{text}");
        }
    }
}
