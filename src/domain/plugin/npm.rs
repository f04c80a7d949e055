//! What a package registry says of a package: which versions there are, and where and what their files are
//! (<https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md>).

use std::collections::BTreeMap;

use nodejs_semver::{Range, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::fields::Object;
use crate::domain::note::{is_deceptive, quoted};

/// What is asked for: the short form, which has all that an installation needs.
pub const ACCEPT: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

/// As much of a package's metadata as is needed to choose.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Package {
    tags: BTreeMap<String, String>,
    releases: BTreeMap<String, Release>,
}

/// One version of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Where its file is.
    pub tarball: String,
    /// What its file has to be: digests as in <https://www.w3.org/TR/SRI/#the-integrity-attribute>.
    pub integrity: String,
    deprecated: bool,
}

/// Where a registry has a package. The name was looked at when the catalog was read.
#[must_use]
pub fn address(registry: &str, package: &str) -> String {
    format!("{}/{}", registry.trim_end_matches('/'), package.replace('/', "%2f"))
}

/// Whether an address can be a registry's.
///
/// # Errors
/// In half a sentence. It does not repeat what may be a password.
pub fn check_registry(url: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").ok_or("it does not start with `https://`")?;
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if host.contains('@') {
        return Err("it carries credentials, which are not sent to registries".into());
    }
    let bad = |c: char| is_deceptive(c) || c.is_whitespace() || matches!(c, '?' | '#' | '\\');
    if host.is_empty() || url.contains(bad) {
        return Err("it is not an address of the form `https://HOST/PATH`".into());
    }
    Ok(())
}

/// The version that a catalog names, if it is one and no range or tag.
#[must_use]
pub fn exact(wanted: Option<&str>) -> Option<String> {
    let text = wanted?.trim();
    let text = text.strip_prefix('=').unwrap_or(text).trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    version(text).map(|version| version.to_string())
}

/// The parser takes more for a version than is one, such as the beginning of a range.
fn version(text: &str) -> Option<Version> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".+-".contains(c);
    Version::parse(text).ok().filter(|_| text.chars().all(fits))
}

impl Package {
    /// Reads what a registry answers.
    ///
    /// # Errors
    /// In half a sentence, when that is no package's metadata.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "dist-tags")]
            tags: BTreeMap<String, String>,
            versions: BTreeMap<String, Value>,
        }
        let answer: Answer =
            serde_json::from_slice(bytes).map_err(|why| format!("what it answers is no package: {why}"))?;
        let release = |value: &Value| {
            let dist = value.get("dist")?;
            let text = |field: &str| dist.get(field).and_then(Value::as_str).map(str::to_owned);
            let deprecated = value.get("deprecated").is_some_and(|told| told != &Value::Bool(false));
            Some(Release {
                tarball: text("tarball")?,
                integrity: text("integrity").unwrap_or_default(),
                deprecated,
            })
        };
        let releases = answer.versions.iter().filter(|(name, _)| version(name).is_some());
        let releases = releases.filter_map(|(name, value)| Some((name.clone(), release(value)?))).collect();
        Ok(Self { tags: answer.tags, releases })
    }

    /// The release that a version, a range or a tag means, by npm's rule: of those in a range the one that is
    /// tagged `latest`, else the newest, and rather one that is not deprecated.
    ///
    /// # Errors
    /// In half a sentence, when there is none.
    pub fn choose(&self, wanted: Option<&str>) -> Result<(&str, &Release), String> {
        let wanted = wanted.map(str::trim).filter(|text| !text.is_empty()).unwrap_or("latest");
        if let Some(version) = exact(Some(wanted)) {
            return self.release(&version).ok_or_else(|| format!("there is no version {}", quoted(wanted)));
        }
        if let Some(version) = self.tags.get(wanted) {
            let missing = || format!("its tag {} names a version that is not there", quoted(wanted));
            return self.release(version).ok_or_else(missing);
        }
        let range = Range::parse(wanted).map_err(|_| format!("there is no tag {}", quoted(wanted)))?;
        let fits = |name: &&String| version(name).is_some_and(|version| version.satisfies(&range));
        if let Some(latest) = self.tags.get("latest").filter(fits)
            && let Some(release) = self.release(latest)
        {
            return Ok(release);
        }
        let found = self.releases.iter().filter(|(name, _)| fits(name));
        let found = found.filter_map(|(name, release)| {
            version(name).map(|version| (!release.deprecated, version, name, release))
        });
        let newest = found.max_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let newest = newest.map(|(_, _, name, release)| (name.as_str(), release));
        newest.ok_or_else(|| format!("none of its versions is in the range {}", quoted(wanted)))
    }

    fn release(&self, version: &str) -> Option<(&str, &Release)> {
        self.releases.get_key_value(version).map(|(name, release)| (name.as_str(), release))
    }
}

/// Hashes a file by the strongest of the digests that it has to have.
pub struct Check {
    hash: Hash,
    wanted: Vec<String>,
}

enum Hash {
    Sha512(Sha512),
    Sha384(Sha384),
    Sha256(Sha256),
}

impl Check {
    /// # Errors
    /// In half a sentence. SHA-1 is not enough: files are made that share one.
    pub fn new(integrity: &str) -> Result<Self, String> {
        let of = |name: &str| -> Vec<String> {
            let words = integrity.split_whitespace().filter_map(|word| word.split('?').next());
            words.filter_map(|word| word.strip_prefix(name)).map(str::to_owned).collect()
        };
        let found = [
            (of("sha512-"), Hash::Sha512(Sha512::new())),
            (of("sha384-"), Hash::Sha384(Sha384::new())),
            (of("sha256-"), Hash::Sha256(Sha256::new())),
        ];
        let found = found.into_iter().find(|(wanted, _)| !wanted.is_empty());
        let (wanted, hash) = found.ok_or(
            "the registry gives no SHA-512 of its file (`dist.integrity`), and SHA-1 is not believed",
        )?;
        Ok(Self { hash, wanted })
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.hash {
            Hash::Sha512(hash) => hash.update(bytes),
            Hash::Sha384(hash) => hash.update(bytes),
            Hash::Sha256(hash) => hash.update(bytes),
        }
    }

    /// Whether it was the file.
    #[must_use]
    pub fn holds(self) -> bool {
        let found = match self.hash {
            Hash::Sha512(hash) => base64(&hash.finalize()),
            Hash::Sha384(hash) => base64(&hash.finalize()),
            Hash::Sha256(hash) => base64(&hash.finalize()),
        };
        self.wanted.contains(&found)
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let mut bits = 0_u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(three.get(at).copied().unwrap_or_default());
        }
        for at in 0..4_usize {
            let digit = (bits >> (18 - 6 * at)) & 63;
            text.push(if at > three.len() { '=' } else { char::from(DIGITS[digit as usize]) });
        }
    }
    text
}

/// The manifest of a package.
#[must_use]
pub fn manifest(bytes: &[u8]) -> Option<Object> {
    match serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(versions: &[&str], tags: &Value) -> Package {
        let release = |version: &str| {
            let mut value = json!({"dist": {"tarball": format!("https://r.example/{version}.tgz"), "integrity": "sha512-x"}});
            if version.ends_with('7') {
                value["deprecated"] = json!("do not");
            }
            (version.to_owned(), value)
        };
        let versions: Object = versions.iter().map(|version| release(version)).collect();
        Package::read(json!({"dist-tags": tags, "versions": versions}).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_version_a_range_and_a_tag_are_chosen_as_npm_chooses() {
        let all = ["1.0.0", "1.2.0", "1.2.7", "1.10.0", "2.0.0-beta.1", "2.0.0"];
        let tags = json!({"latest": "1.10.0", "next": "2.0.0-beta.1", "lost": "9.9.9"});
        let package = package(&all, &tags);
        let chosen = |wanted| package.choose(wanted).map(|(version, _)| version.to_owned());
        for (wanted, version) in [
            (None, "1.10.0"),
            (Some(""), "1.10.0"),
            (Some("latest"), "1.10.0"),
            (Some("next"), "2.0.0-beta.1"),
            (Some("1.0.0"), "1.0.0"),
            (Some("=v1.2.0"), "1.2.0"),
            (Some("*"), "1.10.0"),
            (Some(">=1"), "1.10.0"),
            (Some("^2"), "2.0.0"),
            (Some(">=1.2 <1.10"), "1.2.0"),
            (Some("1.2.7"), "1.2.7"),
            (Some("~1.2.7"), "1.2.7"),
            (Some("1.0 || 2"), "2.0.0"),
            (Some("1.0.0 - 1.2.0"), "1.2.0"),
        ] {
            assert_eq!(chosen(wanted).as_deref(), Ok(version), "{wanted:?}");
        }
        for wanted in ["3", "^9", "4.0.0", "lost", "stable", "../x", "file:../x", "git+ssh://x/y"] {
            assert!(chosen(Some(wanted)).is_err(), "{wanted}");
        }
    }

    #[test]
    fn what_is_one_version_and_what_may_move() {
        assert_eq!(exact(Some("1.2.3")).as_deref(), Some("1.2.3"));
        assert_eq!(exact(Some(" =1.2.3-rc.1 ")).as_deref(), Some("1.2.3-rc.1"));
        for moving in [None, Some(""), Some("latest"), Some("^1.2.3"), Some("1.2"), Some("1.x")] {
            assert_eq!(exact(moving), None, "{moving:?}");
        }
    }

    #[test]
    fn a_registry_that_answers_nonsense_is_not_believed() {
        for answer in ["", "[]", "{}", "<html>", r#"{"versions": []}"#, r#"{"dist-tags": {"latest": 1}}"#] {
            assert!(Package::read(answer.as_bytes()).is_err(), "{answer}");
        }
        let holey =
            Package::read(br#"{"dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"dist": {}}}}"#);
        assert!(holey.unwrap().choose(None).is_err());
    }

    #[test]
    fn the_strongest_digest_decides_and_sha1_does_not() {
        let holds = |integrity: &str| {
            Check::new(integrity).map(|mut check| {
                check.update(b"a");
                check.update(b"bc");
                check.holds()
            })
        };
        // From FIPS 180-4's examples, in base64.
        let sha512 =
            "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==";
        let sha256 = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        assert_eq!(holds(sha512), Ok(true));
        assert_eq!(holds(sha256), Ok(true));
        assert_eq!(holds(&format!("sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0= {sha512}?foo")), Ok(true));
        assert_eq!(holds(&format!("sha512-AAAA {sha256}")), Ok(false));
        assert_eq!(holds(&format!("sha512-AAAA {sha512}")), Ok(true));
        assert!(
            holds("sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=").is_err()
                && holds("").is_err()
                && holds("md5-x").is_err()
        );
    }

    #[test]
    fn what_a_registry_can_be() {
        assert_eq!(check_registry("https://r.example:8443/npm/"), Ok(()));
        for wrong in [
            "",
            "r.example",
            "http://r.example",
            "https://",
            "https://u:secret@r.example",
            "https://r.example/?a",
            "https://r. example",
        ] {
            let why = check_registry(wrong).expect_err(wrong);
            assert!(!why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn a_scoped_package_has_one_address() {
        assert_eq!(address("https://r.example/npm/", "@acme/tool"), "https://r.example/npm/@acme%2ftool");
        assert_eq!(address("https://r.example", "tool"), "https://r.example/tool");
    }
}
