//! Where a repository inside a repository is fetched from (<https://git-scm.com/docs/gitmodules>).

use crate::domain::upstream::UpstreamUrl;

/// The address that a `.gitmodules` gives, which may be relative to that of the repository it is in. `None`:
/// it is none that can be fetched from.
#[must_use]
pub fn address(parent: &str, text: &str) -> Option<String> {
    let resolved = if text.starts_with("./") || text.starts_with("../") {
        relative(parent, text)?
    } else {
        text.to_owned()
    };
    // What lies on the server's own disk is nothing that a stranger's repository can point to.
    let url: UpstreamUrl = resolved.parse().ok()?;
    (!url.is_local()).then(|| url.to_string())
}

/// As git resolves it: one part less for each `../`.
fn relative(parent: &str, text: &str) -> Option<String> {
    let (scheme, rest) = parent.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let mut parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let mut text = text;
    loop {
        if let Some(rest) = text.strip_prefix("../") {
            parts.pop()?;
            text = rest;
        } else if let Some(rest) = text.strip_prefix("./") {
            text = rest;
        } else {
            break;
        }
    }
    parts.push(text);
    Some(format!("{scheme}://{host}/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_resolved_as_git_does() {
        let parent = "https://git.example/team/tool.git";
        for (text, url) in [
            ("../other.git", "https://git.example/team/other.git"),
            ("../../else/other.git", "https://git.example/else/other.git"),
            ("./inner.git", "https://git.example/team/tool.git/inner.git"),
            (".././../x", "https://git.example/x"),
            ("https://elsewhere.example/a.git", "https://elsewhere.example/a.git"),
            ("git@elsewhere.example:a.git", "git@elsewhere.example:a.git"),
        ] {
            assert_eq!(address(parent, text).as_deref(), Some(url), "{text}");
        }
        assert_eq!(
            address("https://git.example/team/tool/", "../x").as_deref(),
            Some("https://git.example/team/x")
        );
    }

    #[test]
    fn what_cannot_be_meant_is_no_address() {
        let parent = "https://git.example/team/tool.git";
        for text in [
            "",
            "../../../x",
            "/srv/secret.git",
            "file:///srv/secret.git",
            "-uid",
            "--upload-pack=id",
            "ext::sh -c id",
            "https://u:secret@git.example/a.git",
            "other.git",
        ] {
            assert_eq!(address(parent, text), None, "{text}");
        }
    }
}
