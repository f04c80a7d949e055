//! What can go wrong in a use case.

use std::io;
use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::domain::caller::Forbidden;
use crate::domain::reading::ReadingError;
use crate::domain::tree::ReadError;

// Whoever translates an error has to name its kinds, and the mouths know no hand.
pub use crate::git::FetchError;
pub use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
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
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error("the fetched repository of `{slug}` is damaged: {source}")]
    Damaged { slug: String, source: ReadError },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("`{}` {doing}: {source}", path.display())]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("the system gives no random bytes")]
    NoRandomness,
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    pub(super) fn invalid(message: impl ToString) -> Self {
        Self::Invalid { message: message.to_string(), hint: None }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Invalid { hint, .. } | Self::Conflict { hint, .. } => return hint.clone(),
            Self::NotFound { what, .. } => match *what {
                "marketplace" => "agnes marketplace list",
                "plugin" => "agnes plugin list",
                "user" => "agnes user list",
                "group" => "agnes group list",
                _ => return None,
            },
            Self::Exists { what: "marketplace", name } => {
                return Some(format!("agnes marketplace show {name}"));
            }
            Self::Fetch(error) => return fetch_hint(error),
            Self::Store(StoreError::Held { .. }) => {
                "try again when it is done, or wait longer with --lock-wait SECONDS"
            }
            Self::Store(StoreError::Newer { .. }) => {
                "install the version of agnes that made it, or a later one"
            }
            Self::Store(StoreError::Foreign { .. }) => "choose another folder with --data-dir",
            Self::Store(StoreError::DiskFull) => "make room on that disk; what was there before is untouched",
            Self::Archive(error) if error.is_disk_full() => {
                "make room on that disk; what was there before is untouched"
            }
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => "make room on that disk; what was there before is untouched",
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "run as the user who owns the data folder, or choose another with --data-dir"
                }
                _ => return None,
            },
            Self::Damaged { slug, .. } => {
                return Some(format!("agnes marketplace sync {slug} (it fetches what is missing)"));
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}

fn fetch_hint(error: &FetchError) -> Option<String> {
    let text = match error {
        FetchError::Unauthorized { with_token: false, .. } | FetchError::NotFound { .. } => {
            "is it private? agnes marketplace edit SLUG --token-prompt"
        }
        FetchError::Unauthorized { with_token: true, .. } | FetchError::Forbidden { .. } => {
            "the token may have expired or lack the right to read: agnes marketplace edit SLUG --token-prompt"
        }
        FetchError::BranchMissing { .. } => {
            "agnes marketplace edit SLUG --branch NAME (an empty name: the default branch)"
        }
        FetchError::RefMissing { .. } | FetchError::NotACommit { .. } => {
            "agnes marketplace edit SLUG --ref NAME"
        }
        FetchError::InsecureToken { .. } => {
            "register it as https://…, or clear the token: agnes marketplace edit SLUG --no-token"
        }
        FetchError::TooLarge { .. } => {
            "raise `limits.max_fetch_bytes` or `limits.max_file_bytes` in the configuration, if that is meant"
        }
        FetchError::DiskFull { .. } => "make room on that disk; what was there before is untouched",
        FetchError::Damaged { .. } | FetchError::Incomplete { .. } => {
            "try again; what was there before is untouched"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

fn listed(known: &[String]) -> String {
    const MOST: usize = 8;
    if known.is_empty() || known.len() > MOST {
        return String::new();
    }
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("; there is {}", names.join(", "))
}
