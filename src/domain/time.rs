//! Points in time: microseconds since 1970-01-01 00:00 UTC, as the database keeps them.

use jiff::Timestamp;

/// RFC 3339 in UTC, to the second.
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    Timestamp::from_second(micros.div_euclid(1_000_000)).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn writes_utc_to_the_second() {
        assert_eq!(super::rfc3339(1_767_225_600_999_999), "2026-01-01T00:00:00Z");
        assert_eq!(super::rfc3339(i64::MAX), "1970-01-01T00:00:00Z");
    }
}
