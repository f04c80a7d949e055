//! Which paths a line of a file with attributes is about.

use std::cell::Cell;

/// A pattern of gitignore(5), without those that only those files have.
pub(super) struct Pattern {
    /// Without a slash it is about the name alone.
    whole: bool,
    tokens: Vec<Token>,
}

enum Token {
    Byte(u8),
    /// `?`
    One,
    /// `*`
    Some,
    /// `**/`: no folder, or as many as there are.
    Folders,
    /// `/**` at the end: everything inside.
    Inside,
    /// `[…]`, and whether it says what must not be there.
    Class(bool, Vec<(u8, u8)>),
}

impl Pattern {
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.ends_with(b"/") || text.starts_with(b"!") || text.is_empty() {
            return None;
        }
        let whole = text.contains(&b'/');
        let mut rest = text.strip_prefix(b"/").unwrap_or(text);
        let mut tokens = Vec::new();
        let mut at_start = true;
        while let Some((first, after)) = rest.split_first() {
            let was_start = std::mem::replace(&mut at_start, *first == b'/');
            if was_start && rest.starts_with(b"**/") {
                tokens.push(Token::Folders);
                rest = &rest[3..];
                at_start = true;
                continue;
            }
            if rest == b"/**" {
                tokens.extend([Token::Byte(b'/'), Token::Inside]);
                break;
            }
            rest = after;
            match first {
                b'?' => tokens.push(Token::One),
                b'*' => {
                    if !matches!(tokens.last(), Some(Token::Some)) {
                        tokens.push(Token::Some);
                    }
                }
                b'\\' => {
                    let (escaped, after) = rest.split_first()?;
                    rest = after;
                    tokens.push(Token::Byte(*escaped));
                }
                b'[' => {
                    let (class, after) = class(rest)?;
                    rest = after;
                    tokens.push(class);
                }
                byte => tokens.push(Token::Byte(*byte)),
            }
        }
        Some(Self { whole, tokens })
    }

    /// Keeps every place that the text can be at after each token: no pattern takes longer than its length times
    /// the text's.
    pub fn matches(&self, path: &[u8], name: &[u8], budget: &Cell<u64>) -> bool {
        let text = if self.whole { path } else { name };
        let mut places = vec![false; text.len() + 1];
        places[0] = true;
        for token in &self.tokens {
            budget.set(budget.get().saturating_sub(text.len() as u64 + 1));
            if budget.get() == 0 {
                return false;
            }
            let mut next = vec![false; text.len() + 1];
            let mut any = false;
            let mut open = false;
            for (i, here) in places.iter().copied().enumerate() {
                match token {
                    Token::Some => {
                        open |= here;
                        next[i] |= open;
                        open &= text.get(i) != Some(&b'/');
                    }
                    Token::Folders => {
                        next[i] |= here || (open && i > 0 && text[i - 1] == b'/');
                        open |= here;
                    }
                    Token::Inside => {
                        next[i] |= open && i == text.len();
                        open |= here;
                    }
                    single => {
                        let fits = text.get(i).is_some_and(|byte| single.fits(*byte));
                        if here && fits {
                            next[i + 1] = true;
                        }
                    }
                }
                any |= next[i] || next.get(i + 1) == Some(&true);
            }
            if !any {
                return false;
            }
            places = next;
        }
        places[text.len()]
    }
}

impl Token {
    fn fits(&self, byte: u8) -> bool {
        match self {
            Self::Byte(wanted) => *wanted == byte,
            Self::One => byte != b'/',
            Self::Class(not, ranges) => {
                byte != b'/' && ranges.iter().any(|(from, to)| (*from..=*to).contains(&byte)) != *not
            }
            Self::Some | Self::Folders | Self::Inside => false,
        }
    }
}

/// What is in brackets, and what follows them. Named classes match nothing here.
fn class(text: &[u8]) -> Option<(Token, &[u8])> {
    let (not, mut rest) = match text {
        [b'!' | b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut ranges = Vec::new();
    let mut first = true;
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        let low = match byte {
            b']' if !first => return Some((Token::Class(not, ranges), rest)),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                *escaped
            }
            byte => *byte,
        };
        first = false;
        match rest {
            [b'-', high, after @ ..] if *high != b']' => {
                ranges.push((low, *high));
                rest = after;
            }
            _ => ranges.push((low, low)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap();
        let budget = Cell::new(1_000_000);
        Pattern::parse(pattern.as_bytes())
            .is_some_and(|pattern| pattern.matches(path.as_bytes(), name.as_bytes(), &budget))
    }

    #[test]
    fn patterns() {
        for (pattern, path) in [
            ("*.bat", "a.bat"),
            ("*.bat", "deep/down/a.bat"),
            ("/a.bat", "a.bat"),
            ("deep/*.bat", "deep/a.bat"),
            ("**/a.bat", "a.bat"),
            ("**/a.bat", "x/y/a.bat"),
            ("x/**/a.bat", "x/a.bat"),
            ("x/**/a.bat", "x/y/z/a.bat"),
            ("x/**", "x/y/z"),
            ("a?c.t[x-z]t", "abc.tyt"),
            ("[!a]b", "cb"),
            ("a\\*b", "a*b"),
            ("***.bat", "a.bat"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/a.bat", "deep/a.bat"),
            ("deep/*.bat", "deep/down/a.bat"),
            ("*.bat", "a.bat/x"),
            ("deep/", "deep/a"),
            ("x/**", "x"),
            ("a?c", "a/c"),
            ("[!a]b", "ab"),
            ("!a", "!a"),
            ("[a", "[a"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
