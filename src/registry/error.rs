//! What can go wrong in a use case.

use std::io;
use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::domain::caller::Forbidden;
use crate::domain::catalog::CatalogError;
use crate::domain::reading::ReadingError;
use crate::domain::tree::ReadError;
use crate::git::FetchError;
use crate::store::StoreError;

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
    #[error("what was fetched of `{slug}` is gone: {reason}")]
    Gone { slug: String, reason: String },
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
            Self::Damaged { slug, .. } | Self::Gone { slug, .. } => {
                return Some(format!("agnes marketplace sync {slug} (it fetches what is missing)"));
            }
            Self::Reading(ReadingError::Damaged(_)) => "try again: what is missing is fetched again",
            Self::Reading(ReadingError::Catalog(error)) => catalog_hint(error),
            Self::Store(error) if error.is_damage() => {
                "restore that file from a backup, or choose another folder with --data-dir"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}

fn catalog_hint(error: &CatalogError) -> &'static str {
    match error {
        CatalogError::Missing => {
            "is it the right repository and branch? agnes marketplace edit SLUG --url URL --branch NAME"
        }
        CatalogError::TooLarge { .. } => {
            "raise `limits.max_manifest_bytes` in the configuration, if that is meant"
        }
        CatalogError::TooMany { .. } => "raise `limits.max_plugins` in the configuration, if that is meant",
        CatalogError::NotUtf8
        | CatalogError::NotJson(_)
        | CatalogError::NotAnObject(_)
        | CatalogError::NoPlugins
        | CatalogError::PluginsNotAList(_) => {
            "its curator has to mend it; what was there before goes on being served"
        }
    }
}

fn fetch_hint(error: &FetchError) -> Option<String> {
    let text = match error {
        // No token opens what is not asked over https.
        FetchError::NotFound { url } if !url.starts_with("http") => {
            "has it moved? agnes marketplace edit SLUG --url URL"
        }
        FetchError::Unauthorized { with_token: false, .. } | FetchError::NotFound { .. } => {
            "is it private? agnes marketplace edit SLUG --token-prompt"
        }
        FetchError::Unreachable { .. } | FetchError::TimedOut { .. } => {
            "try again later: agnes marketplace sync SLUG; what was there before goes on being served"
        }
        FetchError::RepositoryEmpty { .. } => {
            "is it the right repository? agnes marketplace edit SLUG --url URL"
        }
        FetchError::FileTooLarge { .. } => {
            "raise `limits.max_file_bytes` in the configuration, if that is meant"
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
            "raise `limits.max_fetch_bytes` in the configuration, if that is meant"
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
