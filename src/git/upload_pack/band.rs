//! How a pack travels.

use super::packet::{self, MOST};

/// The side band a client asked for. The pack goes in its band 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// No side band: the pack's bytes follow as they are.
    Raw,
    /// `side-band`: packets of at most 1,000 bytes.
    Small,
    /// `side-band-64k`, and always in v2: packets of at most 65,520 bytes.
    Large,
}

impl Band {
    /// How many bytes of the pack one packet holds. `None`: there are no packets.
    #[must_use]
    pub const fn most(self) -> Option<usize> {
        match self {
            Self::Raw => None,
            // The length's four digits and the band's number are part of it.
            Self::Small => Some(1_000 - 5),
            Self::Large => Some(MOST - 5),
        }
    }

    /// What precedes `bytes` bytes of the pack, at most [`most`](Self::most): the packet's length and the band. `None`:
    /// nothing does.
    #[must_use]
    pub fn header(self, bytes: usize) -> Option<[u8; 5]> {
        debug_assert!(self.most().is_none_or(|most| bytes <= most), "a packet that no client would read");
        let [a, b, c, d] = packet::digits(bytes + 5);
        (self != Self::Raw).then_some([a, b, c, d, 1])
    }

    /// What ends the answer: a flush packet, or nothing. A pack that cannot be finished is cut off with the connection:
    /// how long the answer is was said before it.
    #[must_use]
    pub const fn end(self) -> &'static [u8] {
        match self {
            Self::Raw => b"",
            Self::Small | Self::Large => packet::FLUSH,
        }
    }
}
