//! What is known of a connection, and its bytes on their way.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::pulse::Pulse;

/// Who is at the other end. Known from the connection itself, never from what is sent over it.
#[derive(Debug, Clone)]
pub(in crate::http) enum Peer {
    /// Somebody on a network. Who that is, a token has to say.
    Network(SocketAddr),
    /// Somebody with a shell on this machine, as the user who runs the server, or as root.
    Operator(String),
}

#[derive(Debug)]
pub(in crate::http) struct Link {
    pub(super) peer: Peer,
    pub(super) pulse: Pulse,
}

impl Link {
    pub fn new(peer: Peer) -> Self {
        Self { peer, pulse: Pulse::new() }
    }

    /// Where it comes from, if over a network.
    pub fn address(&self) -> Option<IpAddr> {
        match &self.peer {
            Peer::Network(address) => Some(address.ip().to_canonical()),
            Peer::Operator(_) => None,
        }
    }
}

/// A stream that tells the pulse when its bytes are taken.
pub(super) struct Watched<S> {
    pub stream: S,
    pub link: Arc<Link>,
}

impl<S> Watched<S> {
    fn noted(&self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &outcome {
            Poll::Ready(Ok(1..)) => self.link.pulse.moved(),
            Poll::Ready(_) => {}
            Poll::Pending => self.link.pulse.blocked(),
        }
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.noted(outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.noted(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
