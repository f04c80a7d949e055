//! What systemd is told, and what it hands over. Elsewhere nothing of this happens.

use std::net::TcpListener;
use std::time::Duration;

use listenfd::ListenFd;
use sd_notify::NotifyState;

use super::error::ServeError;

/// Listening sockets that came with the process (`sd_listen_fds(3)`).
pub(super) fn handed_over() -> Result<Vec<TcpListener>, ServeError> {
    let mut given = ListenFd::from_env();
    let mut listeners = Vec::new();
    for number in 0..given.len() {
        match given.take_tcp_listener(number) {
            Ok(Some(listener)) => listeners.push(listener),
            Ok(None) => {}
            Err(why) => return Err(ServeError::HandedOver(why.to_string())),
        }
    }
    Ok(listeners)
}

pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Before and, with [`ready`], after the certificate is read again.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "systemd was not told that the server reloads"),
    }
}

pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells systemd again and again that tasks are still run here, if it wants to know.
pub(super) async fn watchdog() {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((patience / 2).max(Duration::from_millis(100)));
    loop {
        ticks.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd was not told");
    }
}
