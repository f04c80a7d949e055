//! How a command ends. Scripts rely on these numbers; the manual page lists them.

use std::process::ExitCode;

use crate::analyst::{Kind, Snag};
use crate::client::{ClientError, Trouble};
use crate::wire::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Conflict = 4,
    Forbidden = 5,
    SyncFailed = 6,
    Held = 7,
    Unhealthy = 8,
    Outdated = 9,
    Tampered = 10,
}

/// For the manual page and `--help`.
pub(super) const TABLE: &str = "\
Exit status:
  0  done, or it was so already
  1  failed; stderr says why
  2  the command line or the configuration is wrong
  3  something that was named is not there
  4  it exists already, or does not go together with what is there
  5  the caller may not do that
  6  sync: at least one marketplace failed; the others are done
  7  another process has the registry open
  8  doctor: something is broken
  9  refresh --check: there is something new
  10 verify: the bundle is not what its provenance says, or that is not what the upstreams have

Files:
  DIR/state/system.duckdb  the registry
  DIR/state/.env_overlay   the tokens of private upstreams
  DIR/state/agnes.sock     where a running server is asked by commands on the same machine
  DIR/marketplaces/        what was fetched and built; it can be made again
  DIR/agnes.toml           the configuration, unless --config names another
  DIR is --data-dir, else AGNES_DATA_DIR, else DATA_DIR, else the platform's data folder.

  On an analyst's machine, in the platform's folder for agnes' configuration:
  credentials.json         the tokens that `agnes login` and `agnes setup` were given, and the one place
                           where they are
  setup.json               what `agnes setup` did, and how it was before

Environment:
  AGNES_DATA_DIR, DATA_DIR        the data folder
  AGNES_CONFIG                    the configuration file
  AGNES_SERVER                    the server to ask, instead of the data folder
  AGNES_TOKEN                     the access token that the server is shown
  AGNES_<SECTION>_<KEY>           any key of the configuration file, such as AGNES_SYNC_JOBS
  AGNES_MARKETPLACE_<SLUG>_TOKEN  the token of a marketplace that was registered with one, where
                                  .env_overlay has it no more
  AGNES_HOST_<HOST>_TOKEN         the same for a host, such as AGNES_HOST_GIT_EXAMPLE_COM_TOKEN
  SCHEDULER_API_TOKEN             serve: the token with which a scheduler may start a sync of everything,
                                  and nothing else
  AGNES_CONFIG_HOME               the folder of an analyst's credentials.json and setup.json
  NO_COLOR                        no colours";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What goes to stderr when a command fails.
#[derive(Debug)]
pub(super) struct Failure {
    pub exit: Exit,
    pub message: String,
    pub causes: Vec<String>,
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), hint: None }
    }

    pub fn usage<S: Into<String>>(message: S) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let exit = match (problem.status, problem.code.as_str()) {
            (_, "registry-held") => Exit::Held,
            (404, _) => Exit::NotFound,
            (409, _) => Exit::Conflict,
            (401 | 403, _) => Exit::Forbidden,
            (400 | 422, _) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self { exit, message: problem.detail, causes: problem.causes, hint: problem.hint }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let Trouble { nature: _, message, causes, hint } = trouble;
        Self { exit: Exit::Failed, message, causes, hint }
    }
}

impl From<Snag> for Failure {
    fn from(snag: Snag) -> Self {
        let exit = match snag.kind {
            Kind::Failed | Kind::Away | Kind::Stranger => Exit::Failed,
            Kind::Usage => Exit::Usage,
            Kind::Missing => Exit::NotFound,
            Kind::Conflict => Exit::Conflict,
            Kind::Refused => Exit::Forbidden,
        };
        Self { exit, message: snag.message, causes: snag.causes, hint: snag.hint }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => (*problem).into(),
            ClientError::Trouble(trouble) => (*trouble).into(),
            ClientError::Write(_) => Self::new(Exit::Failed, error.to_string()),
        }
    }
}
