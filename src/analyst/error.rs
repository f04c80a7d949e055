//! What goes wrong on somebody's laptop, with what to do next.

use std::io;
use std::path::Path;

use crate::client::{ClientError, Nature, Trouble};
use crate::domain::access::token::masked;
use crate::wire::Problem;

/// What kind of trouble it is: how the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Failed,
    /// What was given is wrong.
    Usage,
    /// Something else is where ours should be.
    Conflict,
    /// The server does not know the token.
    Refused,
    /// There is no setup, or no token.
    Missing,
    /// The server cannot be reached: that passes.
    Away,
    /// Who answers there is not shown to be the server.
    Stranger,
}

#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Snag {
    pub kind: Kind,
    pub message: String,
    pub causes: Vec<String>,
    pub hint: Option<String>,
}

const AWAY: &str = "is the address right, and are you in the network that it wants (a VPN)? If others do not reach it \
                    either, tell whoever runs the server";

pub(super) const MAKE_ROOM: &str = "make room, and run the same command again: it goes on where it stopped";

pub(super) const MAKE_WRITABLE: &str = "make it writable for yourself, and run the same command again";

pub type Result<T> = std::result::Result<T, Snag>;

impl Snag {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: masked(message.into()), causes: Vec::new(), hint: None }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        // What other programs say may repeat what they were told.
        self.causes.push(masked(cause.into()));
        self
    }

    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file of ours, or one that we were to change.
    #[must_use]
    pub fn file(path: &Path, doing: &str, why: &io::Error) -> Self {
        let snag = Self::failed(format!("`{}` cannot be {doing}: {why}", path.display()));
        match why.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => snag.hinted(MAKE_ROOM),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => snag.hinted(MAKE_WRITABLE),
            _ => snag,
        }
    }
}

impl From<ClientError> for Snag {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => refused(*problem),
            ClientError::Trouble(trouble) => {
                let Trouble { nature, message, causes, hint } = *trouble;
                // The option has another name here.
                let hint = hint.map(|hint| hint.replace("--server-ca", "agnes setup --ca"));
                let (kind, hint) = match nature {
                    // Whoever sits there has no server to start.
                    Nature::Away => (Kind::Away, Some(AWAY.to_owned())),
                    Nature::Proxied => (Kind::Away, hint),
                    Nature::Stranger => (Kind::Stranger, hint),
                    Nature::Lasting => (Kind::Failed, hint),
                };
                Self { kind, message, causes, hint }
            }
            ClientError::Write(why) => Self::failed(why.to_string()),
        }
    }
}

fn refused(problem: Problem) -> Snag {
    let (kind, hint) = match problem.status {
        401 => (
            Kind::Refused,
            Some(
                "it is wrong, has expired or was revoked: get a new one from whoever runs the server, and give it \
                 to `agnes login`"
                    .to_owned(),
            ),
        ),
        403 => (Kind::Refused, problem.hint),
        404 => (
            Kind::Failed,
            Some("there is an agnes server, but not at that address: is it the one without a path?".to_owned()),
        ),
        408 | 429 | 500.. => (Kind::Away, problem.hint),
        _ => (Kind::Failed, problem.hint),
    };
    let message =
        if problem.status == 401 { "the server does not know this token".into() } else { problem.detail };
    Snag { kind, message, causes: problem.causes, hint }
}
