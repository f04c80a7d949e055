//! Why a server cannot begin.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::registry;

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("cannot listen on `{}`: {why}", path.display())]
    Socket { path: PathBuf, why: String, hint: Option<String> },
    #[error("the socket that was handed over cannot be used: {0}")]
    HandedOver(String),
    #[error("`{}` cannot be used for TLS: {why}", path.display())]
    Tls { path: PathBuf, why: String },
    #[error("the system gives no threads: {0}")]
    Threads(io::Error),
    #[error(transparent)]
    Registry(#[from] registry::Error),
}

impl ServeError {
    pub(super) fn tls(path: &Path, why: impl Display) -> Self {
        Self::Tls { path: path.to_owned(), why: why.to_string() }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Listen { source, .. } => match source.kind() {
                io::ErrorKind::AddrInUse => {
                    Some("another program listens there; choose another port with --listen".to_owned())
                }
                io::ErrorKind::PermissionDenied => Some(
                    "ports below 1024 are root's; choose another with --listen, or let systemd hand the \
                     socket over"
                        .to_owned(),
                ),
                io::ErrorKind::AddrNotAvailable => {
                    Some("that is no address of this machine; 0.0.0.0 and [::] are all of them".to_owned())
                }
                _ => None,
            },
            Self::Socket { hint, .. } => hint.clone(),
            Self::HandedOver(_) => Some("ListenStream= has to name addresses and ports".to_owned()),
            Self::Tls { .. } => {
                Some("both files have to be in PEM format, and the key the certificate's own".to_owned())
            }
            Self::Threads(_) => None,
            Self::Registry(error) => error.hint(),
        }
    }
}
