//! What a fetch is told.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::asked::Asked;
use crate::domain::access::secret::Secret;
use crate::git::user::UserGit;

/// What to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// The upstream's own default branch.
    Default,
    /// A branch, without `refs/heads/`.
    Branch(String),
    /// A branch of that name, or else a tag.
    Name(String),
    /// A tag, without `refs/tags/`, or a full commit id of 40 hexadecimal digits.
    Ref(String),
}

/// Where to fetch from.
pub struct Upstream<'a> {
    /// `https://…`, `ssh://…`, `user@host:path`, `file://…` or a path. `http://…` works, without a token.
    pub url: &'a str,
    pub pin: &'a Pin,
    /// Sent as the password of HTTP Basic authentication, with the user name from the address or
    /// else `x-access-token` (which GitHub asks for; GitLab and others take any name), and only over
    /// https to the very scheme, host and port of `url`.
    pub token: Option<&'a Secret>,
}

/// Whether an address may be connected to.
pub type AllowAddress = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Whether a host may be asked for anything: its name, and the port.
pub type AllowHost = Arc<dyn Fn(&str, u16) -> bool + Send + Sync>;

/// Finds the addresses of a name.
pub type LookUp = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// Limits and surroundings of a fetch.
#[derive(Clone)]
pub struct FetchOptions {
    /// Bytes of pack that are received at most.
    pub max_pack_bytes: u64,
    /// Bytes of any one object, uncompressed; an upstream with a larger file is refused. Bounds the
    /// memory of a fetch, since objects are decoded whole to compute their ids. (GitHub takes no
    /// files above 100 MiB.)
    pub max_object_bytes: u64,
    /// To make a connection, with name resolution and TLS.
    pub connect_timeout: Duration,
    /// Without a single byte.
    pub idle_timeout: Duration,
    /// For everything together: a byte a second is not progress.
    pub total_timeout: Duration,
    /// PEM file of certificates that are trusted in addition to the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Asked for every address that HTTP connects to, when it connects (after name resolution, and
    /// again after each redirect). `None` allows all.
    pub allow_address: Option<AllowAddress>,
    /// Asked where a redirect leads to another host. `None` allows all.
    pub allow_host: Option<AllowHost>,
    /// Takes down who is asked.
    pub asked: Asked,
    /// Counts the bytes of packs that are received.
    pub received: Arc<AtomicU64>,
    /// Hosts of the proxies in use, which are allowed wherever they are. A proxy connects to where we ask it
    /// to, and looks names up itself; so where there is one, names are looked up here as well, and what
    /// leads to a forbidden address is not asked for.
    pub proxies: Vec<String>,
    /// How names are looked up where addresses are asked about. `None`: as the system does.
    pub look_up: Option<LookUp>,
    /// What is honoured of the user's git configuration.
    pub user: UserGit,
    /// Threads that index what arrives.
    pub threads: Option<usize>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            max_pack_bytes: 1024 * 1024 * 1024,
            max_object_bytes: 128 * 1024 * 1024,
            connect_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(20 * 60),
            ca_bundle: None,
            allow_address: None,
            allow_host: None,
            asked: Asked::default(),
            received: Arc::default(),
            proxies: Vec::new(),
            look_up: None,
            user: UserGit::default(),
            threads: None,
        }
    }
}
