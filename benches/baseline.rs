//! The least that a server can do: what `benches/serve.py` holds `agnes serve` against.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Answers 304 to whoever asks for `/marketplace.zip`, and does nothing else, until it is killed. Prints where.
fn main() -> io::Result<()> {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("http://{}", listener.local_addr()?);
        let nothing = || async { StatusCode::NOT_MODIFIED };
        axum::serve(listener, Router::new().route("/marketplace.zip", get(nothing))).await
    })
}
