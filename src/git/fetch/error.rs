//! Everything that can go wrong with a fetch, told apart by what helps against it.

use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was fetched. Messages name what was given, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("`{url}` is not an address that can be fetched from: {reason}")]
    BadAddress { url: String, reason: String },
    /// No name, no route, no answer, a bad certificate, or an answer 5xx or 429.
    #[error("cannot reach `{host}`: {reason}")]
    Unreachable { host: String, reason: String },
    /// 401.
    #[error("`{host}` {}", if *.with_token { "does not accept the token" } else { "asks for credentials" })]
    Unauthorized { host: String, with_token: bool },
    /// ssh will not talk to a host whose key is not in `known_hosts`, or is another one there.
    #[error("ssh does not know `{host}`: {reason}")]
    UnknownHostKey { host: String, reason: String },
    /// ssh has no key that the host takes.
    #[error("`{host}` takes no key that ssh has: {reason}")]
    NoSshKey { host: String, reason: String },
    /// 403: it knows who asks, and says no.
    #[error("`{host}` forbids access to this repository")]
    Forbidden { host: String, with_token: bool },
    #[error("there is no repository at `{url}`")]
    NotFound { url: String },
    #[error("there is no branch `{branch}`{}", listed("branches", .available))]
    BranchMissing { branch: String, available: Vec<String> },
    #[error("there is no tag or commit `{name}`{}", listed("tags", .available))]
    RefMissing { name: String, available: Vec<String> },
    #[error("`{name}` does not point to a commit")]
    NotACommit { name: String },
    #[error("the repository at `{url}` has no commits")]
    RepositoryEmpty { url: String },
    #[error("the upstream sends more than {limit} bytes (`limits.max_fetch_bytes`)")]
    TooLarge { limit: u64 },
    /// Not "this plugin's": a pack does not say whose its objects are.
    #[error(
        "the upstream has a file of more than {limit} bytes, the most that is unpacked: `limits.max_file_bytes` and some room above it"
    )]
    FileTooLarge { limit: u64 },
    #[error("`{host}` took too long: {waited}")]
    TimedOut { host: String, waited: String },
    #[error("cancelled")]
    Cancelled,
    #[error("`{from}` redirects to `{to}`, which is not followed: {reason}")]
    UnsafeRedirect { from: String, to: String, reason: &'static str },
    /// The name resolved to an address that the configuration does not allow.
    #[error("`{host}` is at an address that is not allowed: {address}")]
    AddressRefused { host: String, address: String },
    #[error("a token is sent over https only, and `{url}` is not https")]
    InsecureToken { url: String },
    #[error("what answers at `{url}` is not a git repository: {reason}")]
    NotGit { url: String, reason: String },
    #[error("the disk of `{}` is full", path.display())]
    DiskFull { path: PathBuf },
    #[error("cannot write to `{}`: {reason}", path.display())]
    NotWritable { path: PathBuf, reason: String },
    #[error("the repository at `{url}` uses `{format}` object ids; only sha1 can be read")]
    ObjectFormat { url: String, format: String },
    /// What arrived is not what a pack should be.
    #[error("what was received is damaged: {reason}")]
    Damaged { reason: String },
    /// What arrived lacks objects that it refers to.
    #[error("what was received is not complete: {reason}")]
    Incomplete { reason: String },
    #[error("fetching from `{url}` failed: {reason}")]
    Other { url: String, reason: String },
}

impl FetchError {
    pub(super) fn from_disk(error: &io::Error, path: &Path) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::NotWritable { path, reason: error.to_string() },
        }
    }
}

fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("; {what} are {}", names.join(", "))
}
