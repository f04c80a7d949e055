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
    let hidden = [".agnes", "marketplace-metadata.json", ".gitmodules"];
    if hidden.iter().any(|name| text.eq_ignore_ascii_case(name)) {
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
    let base = visible.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    base.eq_ignore_ascii_case(".git") || base.eq_ignore_ascii_case("git~1")
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
