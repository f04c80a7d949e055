//! Personal access tokens: what one looks like, and what is kept of it.
//!
//! ```text
//! agnes_pat_ 0000000000000000000000000000000000000000000 000000
//! beginning  43 digits: the number                       6 digits: checksum
//! ```
//!
//! The format is public, so that scanners can find lost tokens (`agnes_pat_[0-9A-Za-z]{49}`). The
//! number is 32 random bytes, read big-endian, in base 62 (digits `0-9A-Za-z`, in this order, the most
//! significant first, zeros in front). The checksum is the CRC-32 of ISO 3309 (that of zlib and PNG)
//! of everything before it, in the same way. It is no secret and proves nothing: it tells a token that
//! was mistyped or cut off from one that is nobody's, without asking anybody.
//!
//! Only the SHA-256 of the whole text is kept. With 256 random bits there is nothing to guess, so a
//! slow hash would protect nothing and would have to be computed for every request.

use zeroize::Zeroizing;

use super::secret::Secret;
use crate::domain::digest::Digest;

/// What every token begins with.
pub const PREFIX: &str = "agnes_pat_";

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 62⁴³ is just above 2²⁵⁶.
const NUMBER: usize = 43;

/// 62⁶ is above 2³².
const CHECKSUM: usize = 6;

/// In bytes.
pub const LENGTH: usize = PREFIX.len() + NUMBER + CHECKSUM;

/// A well-made token. Like the [`Secret`] in it, it shows itself to nobody.
#[derive(Debug, Clone)]
pub struct Token(Secret);

/// Not something that we ever made: wrong beginning, length, digits or checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl Token {
    /// The token of these random bytes.
    #[must_use]
    pub fn make(random: &[u8; 32]) -> Self {
        let mut text = String::with_capacity(LENGTH);
        text.push_str(PREFIX);
        push_base62(&mut text, random, NUMBER);
        let sum = crc32(text.as_bytes());
        push_base62(&mut text, &sum.to_be_bytes(), CHECKSUM);
        Self(Secret::new(text))
    }

    /// # Errors
    /// When it is not a token.
    pub fn parse(text: &Secret) -> Result<Self, Malformed> {
        let given = text.expose();
        let digits = given.strip_prefix(PREFIX).ok_or(Malformed)?;
        if given.len() != LENGTH || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Malformed);
        }
        // All of it is ASCII, so this is no boundary inside a character.
        let (signed, checksum) = given.split_at(LENGTH - CHECKSUM);
        let mut expected = String::with_capacity(CHECKSUM);
        push_base62(&mut expected, &crc32(signed.as_bytes()).to_be_bytes(), CHECKSUM);
        if expected == checksum { Ok(Self(text.clone())) } else { Err(Malformed) }
    }

    /// What is kept: the SHA-256 of the text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.expose().as_bytes())
    }

    /// The token itself, for the one time that it is shown.
    #[must_use]
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

/// A sentence in which nobody can read a token: whoever pasted theirs where a name belongs is told so
/// without it being repeated, since answers end up in logs and on screens.
#[must_use]
pub fn masked(text: String) -> String {
    if !text.contains(PREFIX) {
        return text;
    }
    let mut pieces = text.split(PREFIX);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(PREFIX);
        out.push('…');
        out.push_str(piece.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '…'));
    }
    out
}

/// Appends a number, big-endian, as so many digits.
fn push_base62(text: &mut String, number: &[u8], digits: usize) {
    let mut left = Zeroizing::new(number.to_vec());
    let mut found = Zeroizing::new(vec![b'0'; digits]);
    for digit in found.iter_mut().rev() {
        // Long division by 62: what remains is the next digit from behind.
        let mut rest = 0_u16;
        for byte in left.iter_mut() {
            let part = rest << 8 | u16::from(*byte);
            // Below 256, since `rest` was below 62.
            *byte = u8::try_from(part / 62).unwrap_or(u8::MAX);
            rest = part % 62;
        }
        *digit = DIGITS[usize::from(rest)];
    }
    text.extend(found.iter().map(|byte| char::from(*byte)));
}

/// ISO 3309, as in zlib, bit by bit: it is for 53 bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| {
                if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(token: Token) -> String {
        token.into_secret().expose().to_owned()
    }

    fn parse(text: &str) -> Result<Token, Malformed> {
        Token::parse(&Secret::new(text.to_owned()))
    }

    /// Others read and write this format: it stays. (The numbers were computed by other means.)
    #[test]
    fn the_format_is_this() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let zero = text(Token::make(&[0; 32]));
        assert_eq!(zero, format!("agnes_pat_{}{}", "0".repeat(43), &zero[53..]));
        let most = text(Token::make(&[0xff; 32]));
        assert_eq!((most.len(), LENGTH), (59, 59));
        let mut counting = [0; 32];
        (0_u8..).zip(&mut counting).for_each(|(n, byte)| *byte = n);
        assert_eq!([zero, most, text(Token::make(&counting))], GOLDEN);
    }

    const GOLDEN: [&str; 3] = [
        "agnes_pat_00000000000000000000000000000000000000000002fwZoB",
        "agnes_pat_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp113SqJf",
        "agnes_pat_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3V4255",
    ];

    #[test]
    fn what_was_made_is_read_and_hashed_as_a_whole() {
        let token = text(Token::make(&[7; 32]));
        assert_eq!(parse(&token).unwrap().digest(), Digest::of(token.as_bytes()));
        assert_eq!(format!("{:?}", parse(&token)), "Ok(Token(-))");
    }

    #[test]
    fn a_token_in_a_sentence_is_masked() {
        assert_eq!(masked("there is no user `ada`".into()), "there is no user `ada`");
        assert_eq!(
            masked("`agnes_pat_0Az` and agnes_pat_agnes_pat_x, agnes_pat_".into()),
            "`agnes_pat_…` and agnes_pat_…agnes_pat_…, agnes_pat_…"
        );
    }

    /// Somebody tries tokens that are nearly right: one character other, cut off, with something around
    /// it, in another alphabet. None of them gets as far as being looked up.
    #[test]
    fn what_is_not_quite_a_token_is_none() {
        let good = text(Token::make(&[7; 32]));
        for at in 0..good.len() {
            for other in ["0", "z", "_", " ", "é"] {
                let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
                assert_eq!(parse(&changed).is_ok(), changed == good, "{at} {other}");
            }
            assert!(parse(&good[..at]).is_err() && parse(&good[at + 1..]).is_err());
        }
        let swapped = format!("{}{}{}{}", &good[..20], &good[21..22], &good[20..21], &good[22..]);
        assert_eq!(parse(&swapped).is_ok(), swapped == good);
        for odd in ["", "agnes_pat_", "é", "\0", &format!("{good}\n"), &format!(" {good}"), &good.repeat(2)]
        {
            assert!(parse(odd).is_err());
        }
        assert!(parse(&good.to_uppercase()).is_err());
    }
}
