//! Which names may appear in a feed: what is never served, and what no checkout or archive can hold.

use super::names::is_device_name;
use crate::domain::note::is_deceptive;

/// What to do with a name found in an upstream's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Serve,
    /// Not ours to show, and no reason to speak of it.
    Hidden,
    /// Cannot be served; the code and the reason.
    Unfit(&'static str, &'static str),
}

/// A file system's limit for one segment, in bytes (ext4, APFS and NTFS agree within a factor).
const LONGEST_SEGMENT: usize = 255;

/// Longest path below a plugin's folder, in bytes: Linux' `PATH_MAX` is 4,096, and the clone
/// itself lies somewhere below a home.
pub const LONGEST_PATH: usize = 2_048;

#[must_use]
pub fn verdict(name: &[u8]) -> Verdict {
    let Ok(text) = std::str::from_utf8(name) else {
        return Verdict::Unfit("name-not-utf8", "its name is not UTF-8");
    };
    if is_git_folder(text) {
        return Verdict::Unfit("name-git", "git keeps that name for itself");
    }
    if text.is_empty() || text == "." || text == ".." || text.contains(['/', '\\']) {
        return Verdict::Unfit("name-escapes", "its name could mean another folder");
    }
    if text.chars().any(is_deceptive) {
        return Verdict::Unfit("name-deceptive", "its name has control or invisible characters");
    }
    if text.len() > LONGEST_SEGMENT {
        return Verdict::Unfit("name-long", "its name is longer than the 255 bytes that file systems hold");
    }
    let hidden = [".agnes", "marketplace-metadata.json"];
    if hidden.iter().any(|name| text.eq_ignore_ascii_case(name)) || passes_for(text, "gitmodules", "gi7eba") {
        return Verdict::Hidden;
    }
    Verdict::Serve
}

/// Why a Windows checkout cannot hold a file or folder of this name, if it cannot. Git there stops at
/// the first of them, so one such file would keep the whole feed from Windows machines.
/// <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>
#[must_use]
pub fn not_on_windows(name: &str) -> Option<&'static str> {
    if is_device_name(name) {
        return Some("Windows takes its name for a device: a checkout there fails");
    }
    if name.ends_with(['.', ' ']) {
        return Some("its name ends in a dot or space: a checkout on Windows fails");
    }
    if name.contains([':', '*', '?', '"', '<', '>', '|']) {
        return Some("its name has one of `: * ? \" < > |`: a checkout on Windows fails");
    }
    None
}

/// Whether some file system takes this for `.git`: case, trailing dots and spaces, alternate
/// streams and the short name on NTFS. (The invisible characters that HFS+ ignores are refused as
/// such.) What `git fsck` calls `hasDotgit`.
fn is_git_folder(text: &str) -> bool {
    let visible: String = text.chars().filter(|c| !is_deceptive(*c)).collect();
    let base = ntfs_base(&visible);
    base.eq_ignore_ascii_case(".git") || base.eq_ignore_ascii_case("git~1")
}

/// Whether git takes a file of this name for its `.gitattributes`, and looks into it whenever it checks what it
/// fetches.
#[must_use]
pub fn is_attributes(name: &str) -> bool {
    passes_for(name, "gitattributes", "gi7d29")
}

/// Whether NTFS opens a file of this name by `.` and `long`: in any case, with trailing dots and spaces, an
/// alternate stream, or by a short name, which is made of six characters of the long one, or of some of them and a
/// hash (`hashed`). What git's path.c calls `is_ntfs_dot_generic`.
fn passes_for(name: &str, long: &str, hashed: &str) -> bool {
    let base = ntfs_base(name).to_ascii_lowercase();
    if base.strip_prefix('.') == Some(long) {
        return true;
    }
    let Some((stem, number)) = base.split_once('~').filter(|_| base.len() == 8) else { return false };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    let is_short = stem.len() == 6 && long.starts_with(stem) && matches!(number, "1" | "2" | "3" | "4");
    is_short || (is_number && hashed.starts_with(stem))
}

/// A name without what NTFS passes over: an alternate stream, and dots and spaces at its end.
fn ntfs_base(name: &str) -> &str {
    name.split(':').next().unwrap_or_default().trim_end_matches(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_served() {
        for name in ["a", ".gitignore", ".github", "git", "what?.md", "日本.md", "a:b", "Makefile "] {
            assert_eq!(verdict(name.as_bytes()), Verdict::Serve, "{name}");
        }
    }

    #[test]
    fn names_that_windows_cannot_hold() {
        for name in ["CON", "nul.txt", "a:b", "what?.md", "Makefile ", "a."] {
            assert!(not_on_windows(name).is_some(), "{name}");
        }
        for name in ["a", ".gitignore", "con-trol.md", "日本.md"] {
            assert_eq!(not_on_windows(name), None, "{name}");
        }
    }

    #[test]
    fn ours_is_hidden() {
        for name in [".agnes", "marketplace-metadata.json", ".gitmodules"] {
            assert_eq!(verdict(name.as_bytes()), Verdict::Hidden, "{name}");
        }
    }

    /// The names are those of git's own test (t0060), and of it the ones that are not.
    #[test]
    fn what_some_file_system_takes_for_a_file_of_gits() {
        for end in ["", ".", " ", ". .", "::$DATA", " . :x"] {
            for name in [
                ".gitmodules",
                ".GitModules",
                "gitmod~1",
                "GITMOD~4",
                "gi7eba~1",
                "gi7eb~12",
                "g~123456",
                "~1234567",
            ] {
                assert_eq!(verdict(format!("{name}{end}").as_bytes()), Verdict::Hidden, "{name}{end}");
            }
            for name in [
                ".gitattributes",
                ".GITATTRIBUTES",
                "gitatt~1",
                "gitatt~4",
                "GI7D29~1",
                "gi7d2~99",
                "gi~98765",
            ] {
                assert!(is_attributes(&format!("{name}{end}")), "{name}{end}");
            }
        }
        for name in [
            "gitmodules",
            ".gitmodules,v",
            ".gitmodulesx",
            "gitmod~0",
            "gitmod~5",
            "gitmod~12",
            "gitmod1",
            "gi7eba~0",
            "gi7eb~01",
            "gi7eba~10",
            "gi7ebb~1",
            "gi7eba~",
            "gitmod",
            "~123456",
            "~12345678",
            "~1é2345",
            "",
        ] {
            assert_ne!(verdict(name.as_bytes()), Verdict::Hidden, "{name}");
        }
        for name in ["gitattributes", ".gitattribute", "x.gitattributes", "gitatt~5", "gi7eba~1", "", "é"] {
            assert!(!is_attributes(name), "{name}");
        }
    }

    #[test]
    fn what_some_file_system_takes_for_git_is_unfit() {
        for name in
            [".git", ".GIT", ".git ", ".git.", "git~1", "GIT~1", ".git::$INDEX_ALLOCATION", ".g\u{200c}it"]
        {
            assert!(matches!(verdict(name.as_bytes()), Verdict::Unfit("name-git", _)), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_held_or_seen_is_unfit() {
        for name in [&b"\xff"[..], b"..", b"a\\b", b"a\x07", b"a\n", "a\u{202e}b".as_bytes(), &[b'x'; 300]] {
            assert!(matches!(verdict(name), Verdict::Unfit(..)), "{name:?}");
        }
    }
}
