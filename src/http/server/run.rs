//! A server as a process: its threads, its signals, its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ServeError, Server, Settings, systemd};
use crate::registry::Registry;

/// Threads for what may block: builds, syncs, the database. More would only wait for each other.
const BLOCKING: usize = 128;

/// For work that nobody waits for any more to notice that it is to stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was told to, and everything under way was finished.
    Finished,
    /// It was told so twice.
    Forced,
}

/// Serves until a signal says not to: SIGTERM or SIGINT lets transfers end, a second one does not.
/// SIGHUP reads the TLS certificate again. `ready` is called when everybody can connect.
///
/// # Errors
/// See [`ServeError`].
pub fn run(
    registry: Arc<Registry>,
    settings: Settings,
    ready: impl FnOnce(&Server),
) -> Result<End, ServeError> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name("agnes")
        .max_blocking_threads(BLOCKING)
        .build()
        .map_err(ServeError::Threads)?;
    let ended = runtime.block_on(async {
        let signals = Signals::new().map_err(ServeError::Threads)?;
        let server = Server::bind(registry, settings).await?;
        let (stop, end, renew) = (server.stop(), server.end(), server.renewal());
        ready(&server);
        systemd::ready();
        let heard = tokio::spawn(async move {
            let Signals { mut terminate, mut interrupt, mut hangup } = signals;
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    _ = hangup.recv() => {
                        systemd::reloading();
                        renew();
                        systemd::ready();
                        continue;
                    }
                }
                if stop.is_cancelled() {
                    end.cancel();
                    return true;
                }
                stop.cancel();
            }
        });
        server.serve().await?;
        let forced = heard.is_finished();
        heard.abort();
        Ok(if forced { End::Forced } else { End::Finished })
    });
    runtime.shutdown_timeout(if matches!(ended, Ok(End::Forced)) { Duration::ZERO } else { PATIENCE });
    ended
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}
