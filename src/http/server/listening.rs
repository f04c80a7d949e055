//! Addresses to listen on, and letting in whoever comes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::error::ServeError;
use super::link::{Link, Peer};
use super::settings::Settings;
use super::{Serving, connection, systemd};

/// After the system had no file or memory left for a connection.
const BREATH: Duration = Duration::from_millis(50);

/// What systemd handed over, else the addresses of the settings.
pub(super) async fn listeners(settings: &Settings) -> Result<Vec<TcpListener>, ServeError> {
    let mut listeners = Vec::new();
    for given in systemd::handed_over()? {
        let usable = given.set_nonblocking(true).and_then(|()| TcpListener::from_std(given));
        listeners.push(usable.map_err(|why| ServeError::HandedOver(why.to_string()))?);
    }
    if listeners.is_empty() {
        for address in &settings.listen {
            let failed = |source| ServeError::Listen { address: *address, source };
            listeners.push(TcpListener::bind(address).await.map_err(failed)?);
        }
    }
    Ok(listeners)
}

/// Lets in whoever comes over a network. `alive` is held for as long as anybody is inside.
pub(super) async fn network(
    serving: Arc<Serving>,
    router: Router,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    alive: mpsc::Sender<()>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = serving.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, address)) => {
                let link = Arc::new(Link::new(Peer::Network(address)));
                let inside =
                    connection::network(Arc::clone(&serving), router.clone(), stream, link, tls.clone());
                tokio::spawn(with(alive.clone(), inside));
            }
            Err(error) => trouble(&serving, &error).await,
        }
    }
}

/// Lets in whoever comes over the unix socket.
pub(super) async fn local(
    serving: Arc<Serving>,
    router: Router,
    listener: &UnixListener,
    owner: u32,
    alive: mpsc::Sender<()>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = serving.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let inside = connection::local(Arc::clone(&serving), router.clone(), stream, owner);
                tokio::spawn(with(alive.clone(), inside));
            }
            Err(error) => trouble(&serving, &error).await,
        }
    }
}

/// Somebody's stay, for as long as which there is somebody.
async fn with(alive: mpsc::Sender<()>, inside: impl Future<Output = ()>) {
    inside.await;
    drop(alive);
}

/// Whoever went away before they were let in is no trouble. If the system has no files left, those
/// who do nothing have to give theirs.
async fn trouble(serving: &Serving, error: &std::io::Error) {
    use std::io::ErrorKind as K;
    if matches!(error.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused) {
        return;
    }
    let evicted = serving.crowd.thin_out();
    tracing::warn!(%error, evicted, "a connection cannot be accepted");
    tokio::time::sleep(BREATH).await;
}

/// As a URL.
pub(super) fn url(address: SocketAddr, tls: bool) -> String {
    format!("{}://{address}", if tls { "https" } else { "http" })
}
