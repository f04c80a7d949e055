//! What was noticed about somebody's plugin and is worth telling.

/// One remark of a sync. It does not stop anything: the plugin is served, perhaps without the part
/// that the note is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Note {
    /// A stable word for scripts, such as `link-leaves-repository`.
    pub code: String,
    /// A sentence for people. It quotes names as escaped text: they are strangers'.
    pub message: String,
}

impl Note {
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// Adds a note, unless there are as many of its kind as anybody reads: a plugin of a thousand bad links needs no
/// thousand notes.
pub fn add(notes: &mut Vec<Note>, code: &str, message: impl FnOnce() -> String) {
    const MOST: usize = 20;
    let alike = notes.iter().filter(|note| note.code == code).count();
    if alike < MOST {
        notes.push(Note::new(code, message()));
    } else if alike == MOST {
        notes.push(Note::new(code, "and more of these"));
    }
}

/// A stranger's text as it may appear inside a sentence: in backticks, control and invisible
/// characters escaped, shortened to what can be read.
#[must_use]
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut out = String::from("`");
    for (i, c) in text.chars().enumerate() {
        if i == LONGEST {
            out.push('…');
            break;
        }
        if is_deceptive(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out.push('`');
    out
}

/// Whether a character moves, hides or disguises the text around it: controls, and Unicode's
/// invisible and bidirectional formatting characters (UAX #9; UTS #39).
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_kind_there_are_twenty_notes_at_most() {
        let mut notes = Vec::new();
        for i in 0..100 {
            add(&mut notes, "a", || i.to_string());
        }
        add(&mut notes, "b", || "one".into());
        assert_eq!(notes.len(), 22);
        assert_eq!((notes[19].message.as_str(), notes[20].message.as_str()), ("19", "and more of these"));
    }

    #[test]
    fn quoting_disarms_a_terminal() {
        assert_eq!(quoted("a\u{1b}[2J\u{202e}b"), "`a\\u{1b}[2J\\u{202e}b`");
        assert_eq!(quoted("naïve 日本"), "`naïve 日本`");
        assert!(quoted(&"x".repeat(5000)).len() < 200);
    }
}
