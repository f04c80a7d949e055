//! A plugin that lies in another repository than its marketplace, or in none: what its entry's
//! `source` says of where (<https://code.claude.com/docs/en/plugin-marketplaces#plugin-sources>).

use serde_json::Value;

use super::fields::Object;
use super::npm;
use crate::domain::digest::Digest;
use crate::domain::note::{is_deceptive, quoted};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::upstream::{UpstreamUrl, redacted};

/// The words for `source` that name something to be fetched.
pub const KINDS: [&str; 6] = ["github", "url", "git-subdir", "npm", "archive", "command"];

/// How the reason begins why a plugin is not served that could not be fetched.
pub const FAILED: &str = "it could not be fetched";

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Remote {
    Git(GitSource),
    Npm(NpmSource),
    Archive(ArchiveSource),
    /// Says what to run. Nothing of an upstream is ever run here.
    Command,
}

/// `github`, `url` or `git-subdir`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GitSource {
    pub kind: &'static str,
    pub url: String,
    /// The plugin's folder in that repository.
    pub path: RepoPath,
    /// A branch or a tag; `None`: the default branch.
    pub reference: Option<String>,
    /// The commit that it has to be.
    pub sha: Option<Oid>,
}

/// A package of an npm registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NpmSource {
    pub package: String,
    /// A version, a range or a tag; `None`: `latest`.
    pub version: Option<String>,
    /// `None`: the one that the operator configured.
    pub registry: Option<String>,
}

/// A file to download.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArchiveSource {
    pub url: String,
    /// Of the file, in lowercase hexadecimal.
    pub sha256: String,
}

/// Where the files of a plugin were taken from that lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Vendored {
    /// Of the repository or file.
    pub url: String,
    /// The plugin's folder there.
    pub path: RepoPath,
    /// The commit; of what was no repository, one that was made of it.
    pub commit: Oid,
}

/// What is done with the plugins of a marketplace that lie elsewhere.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum RemoteMode {
    /// They are fetched with the marketplace, and served like all others.
    #[default]
    Vendor,
    /// Their entries are passed on with the source that they have: for clients that can reach it.
    Link,
    /// They are listed, and not served.
    Skip,
}

/// Whether a plugin that is served is one that clients fetch themselves: its entry's source is not in the
/// marketplace, and nothing was fetched of it.
#[must_use]
pub fn is_linked(entry: &Object, vendored: bool) -> bool {
    !vendored && entry.get("source").is_some_and(Value::is_object)
}

impl RemoteMode {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Link => "link",
            Self::Skip => "skip",
        }
    }

    /// What a row says. What it cannot say is the default.
    #[must_use]
    pub fn of_row(text: &str) -> Self {
        [Self::Link, Self::Skip].into_iter().find(|mode| mode.as_str() == text).unwrap_or_default()
    }
}

impl Remote {
    /// Reads a source of one of the [`KINDS`].
    ///
    /// # Errors
    /// In a sentence: what is missing or wrong in it.
    pub fn read(kind: &str, object: &Object) -> Result<Self, String> {
        let text = |field: &str| match object.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(format!("the field `{field}` of its `{kind}` source is not a string")),
        };
        let needed =
            |field: &str| text(field)?.ok_or_else(|| format!("its `{kind}` source has no `{field}`"));
        match kind {
            "github" => {
                let repo = needed("repo")?;
                let url = shorthand(repo).ok_or_else(|| {
                    format!("the `repo` {} of its source is not `owner/name`", quoted(repo))
                })?;
                git("github", url, RepoPath::root(), text("ref")?, text("sha")?)
            }
            "url" => git("url", address(needed("url")?)?, RepoPath::root(), text("ref")?, text("sha")?),
            "git-subdir" => {
                let given = needed("path")?;
                let path = RepoPath::parse(given)
                    .map_err(|why| format!("the `path` {} of its source is refused: {why}", quoted(given)))?;
                git("git-subdir", address(needed("url")?)?, path, text("ref")?, text("sha")?)
            }
            "npm" => {
                let package = needed("package")?;
                if !is_package(package) {
                    return Err(format!("{} is no name of an npm package", quoted(package)));
                }
                Ok(Self::Npm(NpmSource {
                    package: package.to_owned(),
                    version: text("version")?.map(str::to_owned),
                    registry: text("registry")?.map(registry).transpose()?,
                }))
            }
            "archive" => {
                let digest = needed("sha256")?;
                if digest.parse::<Digest>().is_err() {
                    return Err(format!(
                        "the `sha256` {} of its source is not 64 hexadecimal digits",
                        quoted(digest)
                    ));
                }
                Ok(Self::Archive(ArchiveSource {
                    url: download(needed("url")?)?,
                    sha256: digest.to_ascii_lowercase(),
                }))
            }
            "command" => Ok(Self::Command),
            other => Err(format!("the source type {} is unknown", quoted(other))),
        }
    }

    /// The word for `source` in the entry.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Git(git) => git.kind,
            Self::Npm(_) => "npm",
            Self::Archive(_) => "archive",
            Self::Command => "command",
        }
    }
}

impl GitSource {
    /// Whether the client brings along what is in its submodules: it does where it takes a repository as a
    /// whole, and not where it takes one folder of it.
    #[must_use]
    pub fn has_submodules(&self) -> bool {
        self.kind != "git-subdir"
    }

    /// What is followed, in words.
    #[must_use]
    pub fn followed(&self) -> String {
        match (&self.sha, &self.reference) {
            (Some(sha), _) => format!("commit {sha}"),
            (None, Some(reference)) => quoted(reference),
            (None, None) => "the default branch".to_owned(),
        }
    }
}

impl ArchiveSource {
    /// Names it in the store. What a catalog may have put behind a `?` is not for everybody, and the digest
    /// says what the file is in any case. No git repository's address has a `#`.
    #[must_use]
    pub fn place(&self) -> String {
        let url = self.url.split('?').next().unwrap_or_default();
        format!("{url}#sha256={}", self.sha256)
    }
}

impl NpmSource {
    /// Names the package in the store, with all its versions.
    #[must_use]
    pub fn place(&self, registry: &str) -> String {
        format!("{}#npm", npm::address(registry, &self.package))
    }
}

/// An address to download from: https, without credentials. What stands behind a `?` is not repeated.
///
/// # Errors
/// In half a sentence: what is wrong with it.
pub fn check_download(url: &str) -> Result<(), String> {
    npm::check_registry(url.split('?').next().unwrap_or_default())?;
    let bad = |c: char| is_deceptive(c) || c.is_whitespace() || c == '#';
    if url.contains(bad) {
        Err("it has a `#`, white space or invisible characters in it".into())
    } else {
        Ok(())
    }
}

fn download(url: &str) -> Result<String, String> {
    let failed = |why| format!("its source cannot be fetched: of its `url`, {why}");
    check_download(url).map_err(failed).map(|()| url.to_owned())
}

fn registry(url: &str) -> Result<String, String> {
    let failed = |why| format!("its source cannot be fetched: of its `registry`, {why}");
    npm::check_registry(url).map_err(failed).map(|()| url.to_owned())
}

fn git(
    kind: &'static str,
    url: String,
    path: RepoPath,
    reference: Option<&str>,
    sha: Option<&str>,
) -> Result<Remote, String> {
    let sha = match sha {
        None => None,
        Some(text) => Some(text.parse::<Oid>().map_err(|_| {
            format!("the `sha` {} of its source is not a commit id of 40 hexadecimal digits", quoted(text))
        })?),
    };
    let reference = match reference {
        Some(name) if !is_ref_name(name) => {
            return Err(format!("the `ref` {} of its source is no name of a branch or tag", quoted(name)));
        }
        other => other.map(str::to_owned),
    };
    Ok(Remote::Git(GitSource { kind, url, path, reference, sha }))
}

/// The address that a source gives, or stands for.
fn address(text: &str) -> Result<String, String> {
    if let Some(url) = shorthand(text) {
        return Ok(url);
    }
    match text.parse::<UpstreamUrl>() {
        // What lies on the server's own disk is nothing that a stranger's catalog can point to.
        Ok(url) if url.is_local() => {
            Err(format!("its source {} is a path of one machine", quoted(&redacted(text))))
        }
        Ok(url) => Ok(url.to_string()),
        Err(why) => Err(format!("its source cannot be fetched: {why}")),
    }
}

/// `owner/name`, as the client understands it: a repository on GitHub.
fn shorthand(text: &str) -> Option<String> {
    let (owner, name) = text.split_once('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let fits = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['-', '.'])
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    (fits(owner) && fits(name)).then(|| format!("https://github.com/{owner}/{name}.git"))
}

/// As git-check-ref-format(1) has it for what stands below `refs/heads/`.
fn is_ref_name(name: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(bad)
        && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

/// `name` or `@scope/name` (<https://docs.npmjs.com/cli/v11/configuring-npm/package-json#name>).
fn is_package(text: &str) -> bool {
    let fits = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_'])
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    text.len() <= 214
        && match text.strip_prefix('@') {
            Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| fits(scope) && fits(name)),
            None => fits(text),
        }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(source: &Value) -> Result<Remote, String> {
        let Value::Object(object) = source else { panic!("{source} is no object") };
        Remote::read(object["source"].as_str().unwrap(), object)
    }

    fn git_of(source: &Value) -> GitSource {
        match read(source) {
            Ok(Remote::Git(git)) => git,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn where_a_git_source_lies() {
        let github = git_of(&json!({"source": "github", "repo": "acme/tools", "ref": "v1"}));
        assert_eq!(github.url, "https://github.com/acme/tools.git");
        assert_eq!((github.reference.as_deref(), github.sha), (Some("v1"), None));

        let sha = "0123456789012345678901234567890123456789";
        let subdir = git_of(
            &json!({"source": "git-subdir", "url": "https://git.example/a.git", "path": "./x/y", "sha": sha}),
        );
        assert_eq!((subdir.path.to_key().as_str(), subdir.sha), ("x/y", Some(sha.parse().unwrap())));
        assert_eq!(
            git_of(&json!({"source": "git-subdir", "url": "a/b", "path": "c"})).url,
            "https://github.com/a/b.git"
        );
        assert_eq!(
            git_of(&json!({"source": "url", "url": "git@git.example:a/b.git"})).url,
            "git@git.example:a/b.git"
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for source in [
            json!({"source": "github"}),
            json!({"source": "github", "repo": "a"}),
            json!({"source": "github", "repo": "a/b/c"}),
            json!({"source": "github", "repo": "../b"}),
            json!({"source": "github", "repo": 7}),
            json!({"source": "url", "url": "file:///etc"}),
            json!({"source": "url", "url": "/etc"}),
            json!({"source": "url", "url": "https://u:secret@git.example/a.git"}),
            json!({"source": "url", "url": "ext::sh -c id"}),
            json!({"source": "url", "url": "-oProxyCommand=id"}),
            json!({"source": "url", "url": "https://git.example/a.git", "sha": "abc"}),
            json!({"source": "url", "url": "https://git.example/a.git", "ref": "--upload-pack=id"}),
            json!({"source": "url", "url": "https://git.example/a.git", "ref": "a..b"}),
            json!({"source": "git-subdir", "url": "https://git.example/a.git"}),
            json!({"source": "git-subdir", "url": "https://git.example/a.git", "path": "../x"}),
            json!({"source": "git-subdir", "url": "https://git.example/a.git", "path": "/etc"}),
            json!({"source": "npm", "package": "../x"}),
            json!({"source": "npm", "package": "@a"}),
            json!({"source": "archive", "url": "https://x.example/a.zip"}),
            json!({"source": "archive", "url": "https://x.example/a.zip", "sha256": "12"}),
            json!({"source": "archive", "url": "http://x.example/a.zip", "sha256": "0".repeat(64)}),
            json!({"source": "archive", "url": "https://me:pw@x.example/a.zip", "sha256": "0".repeat(64)}),
            json!({"source": "archive", "url": "https://x.example/a b.zip", "sha256": "0".repeat(64)}),
            json!({"source": "archive", "url": "https:///a.zip", "sha256": "0".repeat(64)}),
            json!({"source": "archive", "url": "file:///a.zip", "sha256": "0".repeat(64)}),
            json!({"source": "npm", "package": "a", "registry": "http://r.example"}),
            json!({"source": "npm", "package": "a", "registry": "https://token@r.example"}),
        ] {
            let why = read(&source).expect_err(&source.to_string());
            assert!(!why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn npm_and_archives() {
        let npm = read(&json!({"source": "npm", "package": "@acme/tool", "version": "^1"})).unwrap();
        assert_eq!(npm.kind(), "npm");
        let archive =
            json!({"source": "archive", "url": "https://x.example/a.zip", "sha256": "AB".repeat(32)});
        let Ok(Remote::Archive(archive)) = read(&archive) else { panic!("not an archive") };
        assert_eq!(archive.sha256, "ab".repeat(32));
    }
}
