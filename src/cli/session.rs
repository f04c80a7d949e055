//! From the command line to a client of the API.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::Global;
use super::config::{self, Config};
use super::exit::{Exit, Failure};
use crate::client::{Client, Way};
use crate::domain::caller::Caller;
use crate::http;
use crate::registry::DataFolder;
use crate::registry::error::StoreError;
use crate::registry::{Error, Registry, World};

/// An open way to the API.
pub(super) struct Session {
    pub client: Client,
}

impl Session {
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let config = config::load(global)?;
        let registry = open(&config)?;
        // Whoever can open the data folder is the operator.
        let router = http::router(registry, Caller::Operator { name: operator() });
        let way = Way::in_process(router)
            .map_err(|why| Failure::new(Exit::Failed, format!("the system gives no threads: {why}")))?;
        Ok(Self { client: Client::new(way) })
    }
}

/// Opens the data folder in this process.
pub(super) fn open(config: &Config) -> Result<Arc<Registry>, Failure> {
    let folder = DataFolder::new(config.data_dir.clone());
    let registry =
        Registry::open(folder, config.settings.clone(), world()).map_err(|error| refused(&error))?;
    let registry = Arc::new(registry);
    // Never closed: all that was done is in the database's log, DuckDB takes as long to close as to
    // open, and the process ends when its command has.
    std::mem::forget(Arc::clone(&registry));
    Ok(registry)
}

fn refused(error: &Error) -> Failure {
    let exit = match error {
        Error::Store(StoreError::Held { .. }) => Exit::Held,
        _ => Exit::Failed,
    };
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
