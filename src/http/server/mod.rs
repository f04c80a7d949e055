//! `agnes serve`: the API over sockets, for as long as the process lives.
//!
//! A connection comes in ([`listening`]), gets a place ([`crowd`]) and a pulse ([`pulse`]), and is
//! spoken with ([`connection`]). Each of its requests is numbered, logged and counted ([`requests`]),
//! says at the [`door`] who it is from, has its body received ([`bodies`]), and then goes the way that
//! it would have gone in-process. What is asked most often is answered before all that ([`quick`]).

mod address;
mod base64;
mod bodies;
mod connection;
mod crowd;
mod door;
pub mod error;
mod files;
mod forwarded;
mod guide;
mod link;
mod listening;
mod metrics;
mod nightly;
mod probes;
mod pulse;
mod quick;
mod requests;
mod run;
pub mod settings;
mod socket;
mod systemd;
#[cfg(test)]
mod tests;
mod throttle;
mod tls;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

use super::feed;
use super::room::Room;
use crate::registry::Registry;
use crowd::Crowd;
use metrics::Metrics;
use socket::Socket;
use throttle::Throttle;
use tls::Certificate;

pub use error::ServeError;
pub use run::{End, run};
pub use settings::Settings;

/// Connections that are told at the same time why there is no place for them.
const TURNED_AWAY: usize = 64;

/// How often the certificate's files are looked at.
const RENEWAL: Duration = Duration::from_secs(3);

/// How often what can be forgotten is.
const TIDYING: Duration = Duration::from_secs(60);

/// What everybody in here needs.
struct Serving {
    registry: Arc<Registry>,
    settings: Settings,
    metrics: Metrics,
    throttle: Throttle,
    crowd: Arc<Crowd>,
    room: Room,
    turning_away: Semaphore,
    requests: AtomicU64,
    /// The route of a request that none of ours is for.
    no_route: Arc<str>,
    /// And of the one that most requests are for.
    zip_route: Arc<str>,
    draining: AtomicBool,
    /// Nobody new, and an end to what is under way.
    stop: CancellationToken,
    /// At once.
    end: CancellationToken,
}

impl Serving {
    fn new(registry: Arc<Registry>, settings: Settings) -> Self {
        let limits = &settings.limits;
        Self {
            metrics: Metrics::new(Arc::clone(&registry)),
            throttle: Throttle::new(Instant::now()),
            crowd: Arc::new(Crowd::new(limits.connections, limits.connections_each)),
            room: Room::new(limits.bodies),
            turning_away: Semaphore::new(TURNED_AWAY),
            requests: AtomicU64::new(0),
            no_route: Arc::from("none"),
            zip_route: Arc::from(feed::ZIP),
            draining: AtomicBool::new(false),
            stop: CancellationToken::new(),
            end: CancellationToken::new(),
            registry,
            settings,
        }
    }

    /// What has to be done now and then, and once more at the end.
    fn tidy(&self) {
        self.throttle.tidy(Instant::now());
        if let Err(error) = self.registry.tidy() {
            tracing::error!(%error, "the registry could not be tidied; it is tried again");
        }
    }
}

/// What is answered besides the API, described.
pub(super) fn described() -> utoipa::openapi::OpenApi {
    probes::described().into_openapi()
}

/// Everything that is answered over sockets.
fn router(serving: &Arc<Serving>) -> Router {
    let inside = super::api(Arc::clone(&serving.registry), Arc::default()).layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(Arc::clone(serving), door::enter))
            .layer(from_fn_with_state(Arc::clone(serving), bodies::receive)),
    );
    probes::routes(Arc::clone(serving))
        .merge(inside)
        .layer(from_fn_with_state(Arc::clone(serving), requests::attend))
}

/// A server that has its addresses, and serves nobody yet.
pub struct Server {
    serving: Arc<Serving>,
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    socket: Socket,
    certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Takes the addresses and the unix socket, and reads the certificate.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn bind(registry: Arc<Registry>, mut settings: Settings) -> Result<Self, ServeError> {
        files::fit(&mut settings.limits.connections);
        let certificate = settings.tls.clone().map(Certificate::load).transpose()?;
        let listeners = listening::listeners(&settings).await?;
        let addresses: Vec<_> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let socket = Socket::bind(&registry.folder().socket())?;
        registry.recall_standing()?;
        registry.hold_access()?;
        let serving = Arc::new(Serving::new(registry, settings));
        Ok(Self { serving, listeners, addresses, socket, certificate })
    }

    /// Where it can be reached over a network. Where port 0 was asked for, this has the one that it
    /// became.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The same as URLs.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let tls = self.certificate.is_some();
        self.addresses.iter().map(|address| listening::url(*address, tls)).collect()
    }

    #[must_use]
    pub fn socket(&self) -> &Path {
        self.socket.path()
    }

    /// Ends the serving: cancelled, it lets transfers end first.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.serving.stop.clone()
    }

    /// Ends it at once.
    #[must_use]
    pub fn end(&self) -> CancellationToken {
        self.serving.end.clone()
    }

    /// Reads the certificate again.
    fn renewal(&self) -> impl Fn() + use<> {
        let certificate = self.certificate.clone();
        move || {
            if let Some(certificate) = &certificate {
                certificate.renew(true);
            }
        }
    }

    /// Serves until it is told to stop, and then for as long as transfers need, within bounds.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub async fn serve(self) -> Result<(), ServeError> {
        let Self { serving, listeners, socket, certificate, .. } = self;
        let tls = certificate.as_ref().map(Certificate::acceptor).transpose()?;
        let router = router(&serving);
        let (alive, mut nobody) = mpsc::channel(1);
        let mut doors = tokio::task::JoinSet::new();
        for listener in listeners {
            doors.spawn(listening::network(
                Arc::clone(&serving),
                router.clone(),
                listener,
                tls.clone(),
                alive.clone(),
            ));
        }
        let background = background(&serving, certificate);
        tokio::select! {
            () = listening::local(Arc::clone(&serving), router, &socket.listener, socket.owner(), alive.clone()) => {}
            () = serving.end.cancelled() => serving.stop.cancel(),
        }
        // Told to stop.
        serving.draining.store(true, Ordering::Relaxed);
        systemd::stopping();
        let open = serving.crowd.len();
        tracing::info!(connections = open, seconds = serving.settings.drain.as_secs(), "stopping");
        serving.registry.stop_syncs();
        while doors.join_next().await.is_some() {}
        drop(alive);
        tokio::select! {
            _ = nobody.recv() => {}
            () = serving.end.cancelled() => {}
            () = tokio::time::sleep(serving.settings.drain) => {
                tracing::warn!(connections = serving.crowd.len(), "transfers are cut off: they took too long");
                serving.end.cancel();
            }
        }
        // Those who are told to go are gone in no time.
        let _ = tokio::time::timeout(Duration::from_secs(1), nobody.recv()).await;
        drop(background);
        serving.tidy();
        drop(socket);
        Ok(())
    }
}

/// What goes on beside the connections, until this is dropped.
fn background(serving: &Arc<Serving>, certificate: Option<Arc<Certificate>>) -> tokio::task::JoinSet<()> {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(nightly::nights(Arc::clone(serving)));
    tasks.spawn(systemd::watchdog());
    let tidied = Arc::clone(serving);
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(TIDYING);
        loop {
            ticks.tick().await;
            let tidied = Arc::clone(&tidied);
            // It may write to the registry.
            if tokio::task::spawn_blocking(move || tidied.tidy()).await.is_err() {
                tracing::error!("housekeeping stopped short");
            }
        }
    });
    if let Some(certificate) = certificate {
        tasks.spawn(async move {
            let mut ticks = tokio::time::interval(RENEWAL);
            loop {
                ticks.tick().await;
                let certificate = Arc::clone(&certificate);
                let _ = tokio::task::spawn_blocking(move || certificate.renew(false)).await;
            }
        });
    }
    tasks
}
