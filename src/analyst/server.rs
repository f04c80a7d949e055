//! What the server says to whoever has that token.

use std::time::Duration;

use super::credentials::Credential;
use super::error::Result;
use crate::client::{Call, Client, Remote, Way};
use crate::wire::views::Info;

/// For an answer that somebody waits for.
const USUAL: Duration = Duration::from_secs(60);

/// A client that asks with that token.
///
/// # Errors
/// When the certificates cannot be used.
pub fn client(credential: &Credential, within: Option<Duration>) -> Result<Client> {
    let remote = Remote {
        url: credential.server.clone(),
        ca: credential.ca.clone(),
        token: credential.token.clone(),
        within,
    };
    let way = Way::over_https(&remote).map_err(crate::client::ClientError::from)?;
    Ok(Client::new(way))
}

/// Who that is, and what they get.
///
/// # Errors
/// What the server says, or why it does not.
pub fn info(credential: &Credential) -> Result<Info> {
    Ok(client(credential, Some(USUAL))?.call(Call::get(&["marketplace", "info"]))?)
}
