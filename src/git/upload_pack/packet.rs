//! pkt-lines: four hexadecimal digits that say how long the packet is, themselves included, and its content.
//!
//! Written by hand, both ways. gix's crate for this speaks to readers and writers, which here would mean an
//! I/O error to handle wherever bytes are added to a vector, and it does not chunk bands.

use super::Refusal;
use crate::git::shown;

/// The longest packet, its four digits included.
pub(super) const MOST: usize = 65_520;

pub(super) const FLUSH: &[u8] = b"0000";
pub(super) const DELIM: &[u8] = b"0001";

/// Appends a packet. Its content is ours and short.
pub(super) fn push(out: &mut Vec<u8>, content: &str) {
    debug_assert!(content.len() + 4 <= MOST, "a packet that no client would read");
    out.extend_from_slice(&digits(content.len() + 4));
    out.extend_from_slice(content.as_bytes());
}

/// The four hexadecimal digits of a length.
pub(super) fn digits(length: usize) -> [u8; 4] {
    [12, 8, 4, 0].map(|shift| match u8::try_from(length >> shift & 0xf).unwrap_or_default() {
        digit @ 0..=9 => b'0' + digit,
        digit => b'a' + (digit - 10),
    })
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// The content, without the line feed that may end it.
    Line(&'a [u8]),
    /// `0000`
    Flush,
    /// `0001`
    Delim,
    /// `0002`
    ResponseEnd,
}

/// The packets of a request, one after the other.
pub(super) struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Packets<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    /// The next packet; `None` at the end of the body.
    pub(super) fn next(&mut self) -> Result<Option<Packet<'a>>, Refusal> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (digits, rest) = self.rest.split_first_chunk::<4>().ok_or_else(hung_up)?;
        let length = number(*digits).ok_or_else(|| {
            let given = String::from_utf8_lossy(digits);
            Refusal::new(format!("protocol error: bad line length character: {}", shown(&given)))
        })?;
        let (content, packet): (usize, fn(&'a [u8]) -> Packet<'a>) = match length {
            0 => (0, |_| Packet::Flush),
            1 => (0, |_| Packet::Delim),
            2 => (0, |_| Packet::ResponseEnd),
            4..=MOST => (length - 4, |content| Packet::Line(content.strip_suffix(b"\n").unwrap_or(content))),
            _ => return Err(bad_length(length)),
        };
        let (content, rest) = rest.split_at_checked(content).ok_or_else(hung_up)?;
        self.rest = rest;
        Ok(Some(packet(content)))
    }
}

fn number(digits: [u8; 4]) -> Option<usize> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(number << 4 | usize::try_from(digit).ok()?)
    })
}

pub(super) fn bad_length(length: usize) -> Refusal {
    Refusal::new(format!("protocol error: bad line length {length}"))
}

/// The body ends where more has to come.
pub(super) fn hung_up() -> Refusal {
    Refusal::new("the remote end hung up unexpectedly")
}
