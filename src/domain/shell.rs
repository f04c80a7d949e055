//! Words for hints that are pasted into a shell.

/// A word as a POSIX shell has to be given it. Most need no quotes and get none.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Several words, with spaces between them.
#[must_use]
pub fn words<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    texts.into_iter().map(|text| word(text.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        assert_eq!(
            words(["acme-tools/sql", "acme-tools/*", "Data team", "it's", ""]),
            r"acme-tools/sql 'acme-tools/*' 'Data team' 'it'\''s' ''"
        );
    }
}
