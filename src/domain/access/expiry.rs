//! Until when something is good, as people say it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::note::quoted;
use crate::domain::time::rfc3339;

const HOUR: i64 = 3_600 * 1_000_000;

/// The last second of the year 9999: beyond it a time has no RFC 3339 any more.
const LATEST: i64 = 253_402_300_799 * 1_000_000;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadExpiry {
    #[error(
        "{} is no time to expire at: `90d`, `12h`, `4w`, a date like `2027-01-31` or a time like `2027-01-31T12:00:00Z` is needed",
        quoted(.0)
    )]
    Unreadable(String),
    #[error("{} is {}, which is past", quoted(.0), rfc3339(*.1))]
    Past(String, i64),
    #[error("{} is beyond the year 9999; without an expiry it is good until it is revoked", quoted(.0))]
    Late(String),
}

/// From `90d`, `12h` or `4w` (from `now` on), an RFC 3339 time, or a date (its first moment in UTC) to
/// microseconds since 1970.
///
/// # Errors
/// When it cannot be read, or is not after `now`.
pub fn expiry(text: &str, now: i64) -> Result<i64, BadExpiry> {
    let text = text.trim();
    let at = from_now(text, now).or_else(|| point(text)).ok_or_else(|| BadExpiry::Unreadable(text.into()))?;
    match at {
        at if at <= now => Err(BadExpiry::Past(text.into(), at)),
        at if at > LATEST => Err(BadExpiry::Late(text.into())),
        at => Ok(at),
    }
}

fn from_now(text: &str, now: i64) -> Option<i64> {
    let unit = match text.chars().next_back()? {
        'h' => HOUR,
        'd' => 24 * HOUR,
        'w' => 7 * 24 * HOUR,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number that is too large is a time that is too late.
    let n: i64 = digits.parse().unwrap_or(i64::MAX);
    Some(now.saturating_add(n.saturating_mul(unit)))
}

fn point(text: &str) -> Option<i64> {
    // jiff reads more than RFC 3339; what begins otherwise was not meant as a time.
    let day = text.get(..10)?;
    let digits = day
        .bytes()
        .enumerate()
        .all(|(i, byte)| if i == 4 || i == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if !digits {
        return None;
    }
    let at = if text.len() == 10 {
        day.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp()
    } else {
        text.parse::<Timestamp>().ok()?
    };
    Some(at.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01 00:00 UTC.
    const NOW: i64 = 1_767_225_600_000_000;

    #[test]
    fn what_people_say() {
        let told = |text: &str| expiry(text, NOW).map(rfc3339);
        for (text, time) in [
            ("12h", "2026-01-01T12:00:00Z"),
            ("90d", "2026-04-01T00:00:00Z"),
            (" 4w ", "2026-01-29T00:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
            ("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"),
            ("2027-01-31t12:00:00.5z", "2027-01-31T12:00:00Z"),
        ] {
            assert_eq!(told(text).as_deref(), Ok(time), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_past_is_refused() {
        for text in [
            "",
            "d",
            "90",
            "90 d",
            "-1d",
            "1.5d",
            "90m",
            "tomorrow",
            "2027-02-30",
            "2027-1-1",
            "20270131",
            "2027-01-31T12:00:00",
            "日日日日",
            "é",
        ] {
            assert!(matches!(expiry(text, NOW), Err(BadExpiry::Unreadable(_))), "{text}");
        }
        for text in ["0d", "2026-01-01", "2025-12-31", "1969-01-01T00:00:00Z"] {
            assert!(matches!(expiry(text, NOW), Err(BadExpiry::Past(..))), "{text}");
        }
        for text in ["9999999999999999999999h", "99999999w", "3000000d"] {
            assert!(matches!(expiry(text, NOW), Err(BadExpiry::Late(_))), "{text}");
        }
        assert_eq!(
            expiry("2025-12-31", NOW).unwrap_err().to_string(),
            "`2025-12-31` is 2025-12-31T00:00:00Z, which is past"
        );
    }
}
