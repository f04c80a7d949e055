//! A string that must not be seen.

use std::fmt;

use zeroize::Zeroizing;

/// A password or token. It has no `Display`, its `Debug` is a dash, and its memory is zeroed when
/// it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every caller of this is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_a_dash() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "-");
    }
}
