//! Files that git LFS keeps elsewhere: what stands in their places, and what is said to a server that has them.
//!
//! See `docs/spec.md` and `docs/api/batch.md` in <https://github.com/git-lfs/git-lfs>. Pointers and answers are
//! strangers'. Pointers of another version, and those with extensions (somebody's programs), are files like
//! others.

mod batch;

pub use batch::{BATCH, Download, LONGEST_ANSWER, Lacking, MEDIA_TYPE, answer, question};

use crate::domain::digest::Digest;

/// Larger files are no pointers, in bytes.
pub const LARGEST_POINTER: u64 = 1_024;

/// How every pointer of any version begins.
pub const MARK: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The code of the note on plugins of which pointers are served.
pub const NOTE: &str = "lfs-pointer";

/// What names an object: the SHA-256 of its contents, and how many bytes they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer {
    pub oid: Digest,
    pub size: u64,
}

impl Pointer {
    /// Reads a file that stands for another. `None`: it stands for itself.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() as u64 > LARGEST_POINTER {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.lines();
        let mut value = |key: &str| lines.next()?.strip_prefix(key)?.strip_prefix(' ');
        if value("version")? != "https://git-lfs.github.com/spec/v1" {
            return None;
        }
        let oid = value("oid")?.strip_prefix("sha256:")?;
        let size = value("size")?;
        if oid.bytes().any(|byte| byte.is_ascii_uppercase())
            || size.is_empty()
            || !size.bytes().all(|byte| byte.is_ascii_digit())
            || lines.any(|line| !line.is_empty())
        {
            return None;
        }
        let size = size.parse().ok().filter(|size| i64::try_from(*size).is_ok())?;
        Some(Self { oid: oid.parse().ok()?, size })
    }

    /// The file that stands for these contents.
    #[must_use]
    pub fn text(&self) -> String {
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n", self.oid, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    fn pointer(text: &str) -> Option<u64> {
        Pointer::parse(text.replace("OID", OID).as_bytes()).map(|pointer| pointer.size)
    }

    #[test]
    fn a_pointer_is_read_and_written() {
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n");
        let found = Pointer::parse(text.as_bytes()).unwrap();
        assert_eq!((found.oid.to_string().as_str(), found.size), (OID, 12_345));
        assert_eq!(found.text(), text);
        // git-lfs takes those, too.
        let v1 = "version https://git-lfs.github.com/spec/v1";
        assert_eq!(pointer(&format!("{v1}\noid sha256:OID\nsize 0")), Some(0));
        assert_eq!(pointer(&format!("{v1}\r\noid sha256:OID\r\nsize 7\r\n")), Some(7));
        assert_eq!(pointer(&format!("{v1}\noid sha256:OID\nsize 7\n\n")), Some(7));
        assert_eq!(pointer(&format!("{v1}\noid sha256:OID\nsize {}\n", i64::MAX)), Some(i64::MAX as u64));
    }

    #[test]
    fn what_is_no_pointer_stands_for_itself() {
        let v1 = "version https://git-lfs.github.com/spec/v1\n";
        for text in [
            String::new(),
            "version https://git-lfs.github.com/spec/v2\noid sha256:OID\nsize 1\n".into(),
            "version http://git-lfs.github.com/spec/v1\noid sha256:OID\nsize 1\n".into(),
            format!("{v1}size 1\noid sha256:OID\n"),
            format!("{v1}oid sha256:OID\n"),
            format!("{v1}oid sha256:OID\nsize\n"),
            format!("{v1}oid sha256:OID\nsize -1\n"),
            format!("{v1}oid sha256:OID\nsize +1\n"),
            format!("{v1}oid sha256:OID\nsize 1 \n"),
            format!("{v1}oid sha256:OID\nsize 9223372036854775808\n"),
            format!("{v1}oid sha256:OID\nsize 99999999999999999999999999\n"),
            format!("{v1}oid md5:OID\nsize 1\n"),
            format!("{v1}oid sha256:OID0\nsize 1\n"),
            format!("{v1}oid sha256:{}\nsize 1\n", OID.to_uppercase()),
            format!("{v1}oid sha256:{}/../../x\nsize 1\n", &OID[..55]),
            format!("{v1}oid sha256:{}é\nsize 1\n", &OID[..62]),
            format!("{v1}oid sha256:OID\nsize 1\nmore 1\n"),
            format!("{v1}ext-0-x sha256:OID\noid sha256:OID\nsize 1\n"),
            format!("{v1}oid sha256:OID\nsize 1\n{}", "\n".repeat(1_024)),
            format!(" {v1}oid sha256:OID\nsize 1\n"),
        ] {
            assert_eq!(pointer(&text), None, "{text}");
        }
        assert_eq!(Pointer::parse(b"version https://git-lfs.github.com/spec/v1\n\xff"), None);
    }
}
