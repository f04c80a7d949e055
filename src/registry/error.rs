//! What can go wrong in a use case.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::ArchiveError;
use crate::domain::access::caller::{Forbidden, Nobody};
use crate::domain::plugin::catalog::CatalogError;
use crate::domain::plugin::reading::ReadingError;
use crate::domain::repository::tree::ReadError;

// Whoever translates an error has to name its kinds, and the mouths know no hand.
pub use crate::git::FetchError;
pub use crate::store::StoreError;

use crate::domain::shell::word;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error(transparent)]
    Nobody(#[from] Nobody),
    #[error("there is no {what} `{name}`{}", listed(.known))]
    NotFound { what: &'static str, name: String, known: Vec<String> },
    #[error("the {what} `{name}` exists already")]
    Exists { what: &'static str, name: String },
    /// Something given is wrong; the message says what would be right.
    #[error("{message}")]
    Invalid { message: String, hint: Option<String> },
    /// It is right in itself, and does not go together with what is there.
    #[error("{message}")]
    Conflict { message: String, hint: Option<String> },
    #[error("{source}")]
    Fetch { slug: String, source: FetchError },
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error("the fetched repository of `{slug}` is damaged: {source}")]
    Damaged { slug: String, folder: PathBuf, source: ReadError },
    #[error("what was fetched of `{slug}` is gone: {reason}")]
    Gone { slug: String, folder: PathBuf, reason: String },
    /// What a marketplace on hold serves cannot be brought back.
    #[error("what `{slug}` serves is not all here any more, and cannot be fetched again: {reason}")]
    Lost { slug: String, reason: String },
    /// A commit of a marketplace that was not fetched, or of which nothing is kept any more.
    #[error("there is no state of `{slug}` with the commit `{commit}`{}", if .held.is_empty() { String::new() } else { format!("; there is {held}") })]
    NotHeld { slug: String, commit: String, held: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It is made again when somebody asks the next time.
    #[error("what the git cache has is damaged: {0}")]
    Cached(ReadError),
    #[error("`{}` {doing}: {source}", path.display())]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    /// Nothing was found that is new, and that could not be noted.
    #[error("that it was looked at could not be written down: {why}")]
    NotWritten { why: String },
    #[error("the system gives no random bytes")]
    NoRandomness,
    #[error("agnes has a defect: {0}")]
    Defect(&'static str),
    #[error("cancelled")]
    Cancelled,
    /// What went wrong for several who waited for one and the same piece of work.
    #[error(transparent)]
    Shared(Arc<Error>),
}

impl Error {
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
    pub(super) fn invalid(message: impl ToString) -> Self {
        Self::Invalid { message: message.to_string(), hint: None }
    }

    /// Something is not what the last sync found, or was not read by the rules of now.
    pub(super) fn out_of_step(slug: &str, message: String) -> Self {
        Self::Conflict { message, hint: Some(format!("agnes marketplace sync {slug}")) }
    }

    /// Whether the work was told to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::Shared(error) => error.is_cancelled(),
            other => matches!(other, Self::Cancelled | Self::Fetch { source: FetchError::Cancelled, .. }),
        }
    }

    /// Whether a disk is what ran out.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Archive(error) => error.is_disk_full(),
            Self::Shared(error) => error.is_disk_full(),
            Self::Store(StoreError::DiskFull) | Self::Fetch { source: FetchError::DiskFull { .. }, .. } => {
                true
            }
            _ => false,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        if self.is_disk_full() {
            return Some("make room on that disk; what was there before is untouched".to_owned());
        }
        let text = match self {
            Self::Shared(error) => return error.hint(),
            Self::Invalid { hint, .. } | Self::Conflict { hint, .. } => return hint.clone(),
            Self::NotFound { what, .. } => match *what {
                "marketplace" => "agnes marketplace list",
                "plugin" => "agnes plugin list",
                "user" => "agnes user list",
                "group" => "agnes group list",
                "token" => "agnes token list",
                _ => return None,
            },
            Self::NotHeld { slug, .. } => return Some(format!("agnes marketplace history {slug}")),
            Self::Exists { what, name } => return Some(format!("agnes {what} show {}", word(name))),
            Self::Fetch { slug, source } => return fetch_hint(slug, source),
            Self::Reading(ReadingError::Catalog(error)) => catalog_hint(error),
            Self::Reading(ReadingError::Damaged(_)) => "try again: what is missing is fetched again",
            Self::Store(StoreError::Held { .. }) => {
                "try again when it is done, or wait longer with --lock-wait SECONDS"
            }
            Self::Store(StoreError::Newer { .. }) => {
                "install the version of agnes that made it, or a later one"
            }
            Self::Store(StoreError::Foreign { .. }) => "choose another folder with --data-dir",
            Self::Store(StoreError::Open { path, .. } | StoreError::Unreadable { path, .. }) => {
                return Some(format!(
                    "restore it from a backup, or begin anew: mv {0} {0}.broken",
                    word(&path.display().to_string())
                ));
            }
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "run as the user who owns the data folder, or choose another with --data-dir"
                }
                _ => return None,
            },
            Self::Damaged { slug, .. } | Self::Gone { slug, .. } => {
                // A sync fetches what is missing.
                return Some(format!("agnes marketplace sync {slug}"));
            }
            Self::Lost { slug, .. } => {
                return Some(format!(
                    "agnes marketplace approve {slug}, or: agnes marketplace history {slug}"
                ));
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}

fn fetch_hint(slug: &str, error: &FetchError) -> Option<String> {
    let edit = format!("agnes marketplace edit {slug}");
    Some(match error {
        FetchError::NotFound { url } if !url.starts_with("https://") => {
            format!("if it has moved: {edit} --url ADDRESS")
        }
        FetchError::Unauthorized { with_token: false, .. } | FetchError::NotFound { .. } => {
            format!("if it is private, give a token: {edit} --token-prompt")
        }
        FetchError::Unauthorized { with_token: true, .. } | FetchError::Forbidden { .. } => {
            format!("the token may have expired or lack the right to read: {edit} --token-prompt")
        }
        FetchError::UnknownHostKey { host, .. } => format!(
            "if `ssh-keyscan {0}` shows the key that its operators publish, append that to the `known_hosts` of the user who runs agnes",
            word(host)
        ),
        FetchError::NoSshKey { .. } => {
            "it needs a key without a passphrase that the user who runs agnes has, in ~/.ssh or \
             named by GIT_SSH_COMMAND, and that may read the repository"
                .to_owned()
        }
        FetchError::BranchMissing { .. } => {
            format!("to follow the upstream's own branch: {edit} --branch ''")
        }
        FetchError::RefMissing { .. } | FetchError::NotACommit { .. } => {
            format!("to follow the upstream's own branch: {edit} --ref ''")
        }
        FetchError::InsecureToken { .. } => format!("register it as https://…, or: {edit} --no-token"),
        FetchError::TooLarge { .. } => {
            "if that is meant, raise `limits.max_fetch_bytes` in the configuration".to_owned()
        }
        FetchError::FileTooLarge { .. } => {
            "if that is meant, raise `limits.max_file_bytes` in the configuration".to_owned()
        }
        FetchError::AddressRefused { .. } => format!(
            "its address was registered over https, and may lead to the public internet only; if this is meant, \
             say so in the operator's shell ({edit} --url ADDRESS), or allow its network with `sync.allow_networks`"
        ),
        FetchError::RepositoryEmpty { .. } => {
            format!("if it is the wrong repository: {edit} --url ADDRESS")
        }
        FetchError::Unreachable { .. } | FetchError::TimedOut { .. } => {
            format!(
                "try again later: agnes marketplace sync {slug}; what was there before goes on being served"
            )
        }
        FetchError::Damaged { .. } | FetchError::Incomplete { .. } => {
            "try again; what was there before is untouched".to_owned()
        }
        _ => return None,
    })
}

fn catalog_hint(error: &CatalogError) -> &'static str {
    match error {
        CatalogError::Missing => {
            "is it the right repository and branch? `agnes marketplace edit` changes --url and --branch"
        }
        CatalogError::TooLarge { .. } => {
            "if that is meant, raise `limits.max_manifest_bytes` in the configuration"
        }
        CatalogError::Crowded(_) => "if that is meant, raise `limits.max_files` in the configuration",
        CatalogError::TooMany { .. } => "if that is meant, raise `limits.max_plugins` in the configuration",
        CatalogError::NotUtf8
        | CatalogError::NotJson(_)
        | CatalogError::NotAnObject(_)
        | CatalogError::NoPlugins
        | CatalogError::PluginsNotAList(_) => {
            "its curator has to mend it; what was there before goes on being served"
        }
    }
}

fn listed(known: &[String]) -> String {
    const MOST: usize = 8;
    if known.is_empty() || known.len() > MOST {
        return String::new();
    }
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("; there is {}", names.join(", "))
}
