//! git's credential protocol (gitcredentials(7), git-credential(1)): `agnes credential get|store|erase`.
//!
//! git asks whichever helpers it was told of, also about servers that are none of ours; those get no word.
//! What git wants to have stored is never stored: the one place for a token is written by `agnes login`
//! alone. What it wants erased stays too: git says that whenever a server has answered 401, also one that
//! did so in passing, and a token that is gone cannot be had back.

use super::credentials::{self, Credential};
use super::error::Result;
use super::place::Place;
use crate::client::ServerUrl;
use crate::domain::access::secret::Secret;

/// What git asks a helper to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Get,
    Store,
    Erase,
}

/// What there is to say to git, and to whoever sits there.
#[derive(Debug, Default)]
pub struct Reply {
    pub git: Option<Secret>,
    pub talk: Option<String>,
}

/// `key=value` lines, up to an empty one. What is not text is not for us.
struct Question {
    server: ServerUrl,
    username: Option<String>,
    password: Option<Secret>,
}

/// Answers git.
///
/// # Errors
/// When the credentials cannot be read.
pub fn answer(place: &Place, operation: Operation, asked: &[u8]) -> Result<Reply> {
    let Some(question) = understood(asked) else { return Ok(Reply::default()) };
    let mut fit = fitting(credentials::all(place)?, &question.server);
    if fit.len() > 1 && operation == Operation::Get {
        let host = question.server.authority();
        let each = fit.iter().map(|one| format!("agnes setup --server {}", one.server));
        let talk = format!(
            "agnes: there are tokens for several servers at {host}, and git does not say which it means: {}",
            each.collect::<Vec<_>>().join("; ")
        );
        return Ok(Reply { git: None, talk: Some(talk) });
    }
    let Some(ours) = fit.pop().filter(|_| fit.is_empty()) else { return Ok(Reply::default()) };
    let same = question.password.as_ref().is_none_or(|given| given.expose() == ours.token.expose());
    match operation {
        Operation::Get => {
            let user = question.username.unwrap_or_else(|| "agnes".to_owned());
            let text = format!("username={user}\npassword={}\n", ours.token.expose());
            Ok(Reply { git: Some(Secret::new(text)), talk: None })
        }
        Operation::Store => {
            // It is good: git says so when a server took it.
            if same {
                credentials::mark(place, &ours, false)?;
            }
            Ok(Reply::default())
        }
        Operation::Erase if same => {
            // That it cannot be remembered is no reason not to say it.
            let _ = credentials::mark(place, &ours, true);
            let server = &ours.server;
            let talk = format!(
                "agnes: {server} did not take the token that is kept for it. It is kept all the same; if this \
                 goes on, get a new one and: agnes login --server {server}"
            );
            Ok(Reply { git: None, talk: Some(talk) })
        }
        Operation::Erase => Ok(Reply::default()),
    }
}

fn understood(asked: &[u8]) -> Option<Question> {
    let text = std::str::from_utf8(asked).ok()?;
    let (mut scheme, mut host, mut path, mut username, mut password) = (None, None, "", None, None);
    for line in text.lines().take_while(|line| !line.is_empty()) {
        match line.split_once('=')? {
            ("protocol", value) => scheme = Some(value),
            ("host", value) => host = Some(value),
            ("path", value) => path = value,
            ("username", value) => username = Some(value.to_owned()),
            ("password", value) => password = Some(Secret::new(value.to_owned())),
            _ => {}
        }
    }
    let (scheme, host) = (scheme?, host?);
    if scheme != "https" && scheme != "http" {
        return None;
    }
    // It has to be a host and nothing more: what looks like part of a path or of a login could make it
    // another server's address.
    if host.is_empty() || host.contains(|c: char| "/\\?#@%".contains(c) || c.is_control() || c == ' ') {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let server = format!("{scheme}://{host}/{path}").parse().ok()?;
    Some(Question { server, username, password })
}

/// Those for the same scheme, host and port, one of which is meant. Where git says a path, it is that with the longest
/// path that this begins with. git says one where it was told to, which it is for each server that has one: so where it
/// does not, the one without is meant, or the only one there is.
fn fitting(known: Vec<Credential>, asked: &ServerUrl) -> Vec<Credential> {
    let mut fit: Vec<_> = known
        .into_iter()
        .filter(|one| one.server.scheme() == asked.scheme() && one.server.authority() == asked.authority())
        .filter(|one| asked.path().is_empty() || below(asked.path(), one.server.path()))
        .collect();
    fit.sort_by_key(|one| one.server.path().len());
    if asked.path().is_empty() {
        if fit.first().is_some_and(|one| one.server.path().is_empty()) {
            fit.truncate(1);
        }
        return fit;
    }
    fit.pop().into_iter().collect()
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
