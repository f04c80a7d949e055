//! Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13.1.2).

use axum::http::{HeaderMap, header};

use crate::domain::digest::Digest;

/// The strong tag of a view: its digest in quotes.
pub(super) fn of(view: &Digest) -> String {
    format!("\"{view}\"")
}

/// Whether the client has what the tag names. Compared weakly, as RFC 9110 wants for this header: a
/// cache on the way may have made the tag weak. `*` stands for anything there is.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|list| list.trim() == "*" || tags(list).any(|given| given == tag))
}

/// The opaque tags of a list, quotes included, up to the first thing that is none.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let tag = rest.strip_prefix("W/").unwrap_or(rest);
        // A comma may stand inside the quotes.
        let end = tag.strip_prefix('"')?.find('"')? + 2;
        let (tag, after) = tag.split_at(end);
        rest = after;
        Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_weak_tags_and_stars_are_understood() {
        let told = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_NONE_MATCH, value.parse().unwrap());
            }
            has(&headers, "\"abc\"")
        };
        let matching: [&[&str]; 9] = [
            &["\"abc\""],
            &["W/\"abc\""],
            &["*"],
            &[" * "],
            &["\"x\", \"abc\""],
            &["\"x\",W/\"abc\",\"y\""],
            &["\"a,b\" , \"abc\""],
            &["\"x\"", "\"abc\""],
            &[",, \"abc\""],
        ];
        for values in matching {
            assert!(told(values), "{values:?}");
        }
        let others: [&[&str]; 8] =
            [&[], &[""], &["abc"], &["\"abc"], &["\"ABC\""], &["\"x\""], &["\"x,\"abc\"\""], &["w/\"abc\""]];
        for values in others {
            assert!(!told(values), "{values:?}");
        }
    }
}
