//! The tokens, each for one server: in one file, for its owner alone, and nowhere else.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{Kind, Result, Snag};
use super::files;
use super::place::Place;
use crate::client::ServerUrl;
use crate::domain::access::secret::Secret;

/// Writing takes no time; whoever has the lock for longer is stuck.
const PATIENCE: Duration = Duration::from_secs(5);

/// As the file has it. Servers are called by their addresses, as [`ServerUrl::base`] spells them.
#[derive(Default, Serialize, Deserialize)]
struct File {
    servers: BTreeMap<String, Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    token: Hidden,
    /// PEM file of the authority that signed the server's certificate, where the system does not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca: Option<std::path::PathBuf>,
    /// Whether git said last that the server did not take it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rejected: bool,
}

/// A secret on its way into the file and out of it.
struct Hidden(Zeroizing<String>);

impl Serialize for Hidden {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// What is kept for a server.
#[derive(Clone)]
pub struct Credential {
    pub server: ServerUrl,
    pub token: Secret,
    pub ca: Option<std::path::PathBuf>,
    pub rejected: bool,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token for {}", self.server)
    }
}

/// All that there is, in the order of the addresses.
///
/// # Errors
/// When the file cannot be read, or is none of ours.
pub fn all(place: &Place) -> Result<Vec<Credential>> {
    let file = read(place)?;
    let known = file.servers.into_iter().filter_map(|(server, kept)| {
        Some(Credential {
            server: server.parse().ok()?,
            token: Secret::new(kept.token.0.to_string()),
            ca: kept.ca,
            rejected: kept.rejected,
        })
    });
    Ok(known.collect())
}

/// The one for that server.
///
/// # Errors
/// As [`all`].
pub fn of(place: &Place, server: &ServerUrl) -> Result<Option<Credential>> {
    Ok(all(place)?.into_iter().find(|one| one.server == *server))
}

/// Keeps a token, in place of another for the same server.
///
/// # Errors
/// When the file cannot be written.
pub fn keep(place: &Place, credential: &Credential) -> Result<()> {
    let kept = Kept {
        token: Hidden(Zeroizing::new(credential.token.expose().to_owned())),
        ca: credential.ca.clone(),
        rejected: credential.rejected,
    };
    change(place, |file| file.servers.insert(credential.server.to_string(), kept))?;
    Ok(())
}

/// Remembers whether the server took that token. A token that was replaced meanwhile is not meant.
///
/// # Errors
/// When the file cannot be written.
pub fn mark(place: &Place, credential: &Credential, rejected: bool) -> Result<()> {
    if credential.rejected == rejected {
        return Ok(());
    }
    change(place, |file| {
        if let Some(kept) = file.servers.get_mut(credential.server.base())
            && kept.token.0.as_str() == credential.token.expose()
        {
            kept.rejected = rejected;
        }
    })
}

/// Forgets the token for a server. Says whether there was one.
///
/// # Errors
/// When the file cannot be written.
pub fn forget(place: &Place, server: &ServerUrl) -> Result<bool> {
    if !place.config.exists() {
        return Ok(false);
    }
    change(place, |file| file.servers.remove(server.base()).is_some())
}

fn read(place: &Place) -> Result<File> {
    let path = place.credentials();
    let Some(text) = files::read_own(&path)?.map(Zeroizing::new) else { return Ok(File::default()) };
    serde_json::from_str(&text).map_err(|why| {
        // Where it is wrong, and not what stands there.
        let at = format!("line {}, column {}", why.line(), why.column());
        Snag::new(Kind::Conflict, format!("`{}` is not what agnes writes there ({at})", path.display()))
            .hinted("move it away, and run `agnes login`")
    })
}

fn change<T>(place: &Place, change: impl FnOnce(&mut File) -> T) -> Result<T> {
    let path = place.credentials();
    let lock = path.with_extension("lock");
    let Some(_turn) = files::turn(&lock, PATIENCE)? else {
        return Err(Snag::failed(format!("`{}` is being changed by another program", path.display()))
            .hinted("try again when it is done"));
    };
    // Whoever was killed while they kept a token have left one that nobody would ever forget.
    files::sweep(&path)?;
    // Read with the lock: what was read without it may be old.
    let mut file = read(place)?;
    let out = change(&mut file);
    if file.servers.is_empty() {
        match std::fs::remove_file(&path) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
                return Err(Snag::file(&path, "removed", &why));
            }
            _ => return Ok(out),
        }
    }
    let text = serde_json::to_string_pretty(&file).map_err(|why| Snag::failed(why.to_string()))?;
    files::write_own(&path, Zeroizing::new(text + "\n").as_bytes())?;
    Ok(out)
}
