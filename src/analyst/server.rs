//! What the server says to whoever has that token.

use std::time::Duration;

use super::credentials::Credential;
use super::error::{Result, Snag};
use crate::client::{Call, Client, Remote, Way};
use crate::domain::note::quoted;
use crate::domain::plugin::names::is_client_name;
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
/// What the server says, or why it does not; and names in it that are none.
pub fn info(credential: &Credential) -> Result<Info> {
    let info: Info = client(credential, Some(USUAL))?.call(Call::get(&["marketplace", "info"]))?;
    // They become parts of paths and arguments of programs on this machine.
    let wrong = |name: &&str| !is_client_name(name);
    let mut names = std::iter::once(info.marketplace_name.as_str())
        .chain(info.plugins.iter().map(|one| one.name.as_str()));
    match names.find(wrong) {
        None => Ok(info),
        Some(name) => Err(Snag::failed(format!("`{}` calls something {}", credential.server, quoted(name)))
            .because("that is no name that Claude Code takes, and nothing was done with it")
            .hinted("tell whoever runs the server; is it one that you trust?")),
    }
}
