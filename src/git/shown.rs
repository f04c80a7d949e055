//! Text from strangers, made fit to be shown.

/// Text from outside, fit for a message: no control characters (a terminal would obey them), no
/// invisible ones that reorder what is read, and not pages of it.
pub(crate) fn shown(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !hidden(*c)).take(600).collect()
}
