//! From the command line to a client of the API.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::args::Global;
use super::config::{self, Config};
use super::exit::{Exit, Failure};
use super::secrets::access_token;
use crate::client::{Client, Remote, Way};
use crate::domain::access::caller::Caller;
use crate::http;
use crate::registry::DataFolder;
use crate::registry::error::StoreError;
use crate::registry::{Error, Registry, Settings, World};

/// Between two looks at who has the registry.
const PAUSE: Duration = Duration::from_millis(50);

/// An open way to the API.
pub(super) struct Session {
    pub client: Client,
}

impl Session {
    /// The way that there is: to the server that was named, and to no other; else through the socket of
    /// a running one; else into the data folder itself.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let config = config::load(global)?;
        let way = match &config.server {
            Some(server) => {
                let token = access_token(server)?;
                Way::over_https(&Remote {
                    url: server.url.clone(),
                    ca: server.ca.clone(),
                    token,
                    within: None,
                })?
            }
            None => here(&config)?,
        };
        Ok(Self { client: Client::new(way) })
    }

    /// Into the data folder itself, whatever else there is, and with that git configuration in place of the
    /// user's.
    pub fn alone(global: &Global, git: &Path) -> Result<Self, Failure> {
        let config = config::load(global)?;
        let (git, mine) = (git.display().to_string(), world());
        let variable = Arc::clone(&mine.variable);
        let variable = Arc::new(
            move |name: &str| {
                if name == "GIT_CONFIG_GLOBAL" { Some(git.clone()) } else { variable(name) }
            },
        );
        let folder = DataFolder::new(config.data_dir.clone());
        let registry = Registry::open(folder, config.settings.clone(), World { variable, ..mine });
        let registry = registry.map(kept).map_err(|error| refused(&error))?;
        Ok(Self { client: Client::new(into(registry)?) })
    }
}

/// The lock is the truth, the socket an address: who cannot have the one tries the other, until the
/// patience is at its end.
fn here(config: &Config) -> Result<Way, Failure> {
    let folder = DataFolder::new(config.data_dir.clone());
    let settings = Settings { lock_patience: Duration::ZERO, ..config.settings.clone() };
    let began = Instant::now();
    loop {
        let in_time = began.elapsed() < config.settings.lock_patience;
        if let Some(way) = Way::over_socket(&folder.socket()).map_err(|why| threadless(&why))? {
            return Ok(way);
        }
        match Registry::open(folder.clone(), settings.clone(), world()) {
            Ok(registry) => return into(kept(registry)),
            Err(error) if in_time && is_held(&error) => std::thread::sleep(PAUSE),
            // Whoever has it may just have begun to answer.
            Err(error) => {
                return match Way::over_socket(&folder.socket()) {
                    Ok(Some(way)) if is_held(&error) => Ok(way),
                    _ => Err(refused(&error)),
                };
            }
        }
    }
}

fn into(registry: Arc<Registry>) -> Result<Way, Failure> {
    // Whoever can open the data folder is the operator.
    let router = http::router(registry, Caller::Operator { name: operator() });
    Way::in_process(router).map_err(|why| threadless(&why))
}

fn threadless(why: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("the system gives no threads: {why}"))
}

fn is_held(error: &Error) -> bool {
    matches!(error, Error::Store(StoreError::Held { .. }))
}

/// Opens the data folder in this process.
pub(super) fn open(config: &Config) -> Result<Arc<Registry>, Failure> {
    let folder = DataFolder::new(config.data_dir.clone());
    let registry = Registry::open(folder, config.settings.clone(), world());
    registry.map(kept).map_err(|error| refused(&error))
}

fn kept(registry: Registry) -> Arc<Registry> {
    let registry = Arc::new(registry);
    // Never closed: all that was done is in the database's log, DuckDB takes as long to close as to
    // open, and the process ends when its command has.
    std::mem::forget(Arc::clone(&registry));
    registry
}

fn refused(error: &Error) -> Failure {
    let exit = if is_held(error) { Exit::Held } else { Exit::Failed };
    let hint = error.hint();
    Failure { hint, ..Failure::new(exit, error.to_string()) }
}

/// What the audit log calls whoever has this shell.
fn operator() -> String {
    let name = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "operator".into());
    super::said::line(&name)
}

/// A number that is another one in each process.
pub(super) fn chance() -> u32 {
    let mut bytes = [0; 4];
    // Without chance, request ids repeat after a restart: a nuisance, and no more.
    let _ = getrandom::fill(&mut bytes);
    u32::from_be_bytes(bytes)
}

/// The real time, chance and environment.
fn world() -> World {
    World {
        now: Arc::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
        }),
        random: Arc::new(|bytes| getrandom::fill(bytes).is_ok()),
        variable: Arc::new(|name| std::env::var(name).ok()),
        boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default(),
    }
}
