//! Objects of git LFS: asked for by the hundred, brought one by one.
//!
//! They come by the road that repositories come by, so that there is one place that decides where a request may
//! go, how long it may take and how much may come. The credentials of a repository go to its own scheme, host and
//! port; wherever else an object is, only those headers go there that the server gave for it, and not along
//! with a redirect to yet another host.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, Url};

use super::address::{Address, Login, Origin, Road, redacted};
use super::exchange::{REDIRECTS, Wire, is_redirect};
use super::guard::Guard;
use super::{FetchError, FetchOptions, Pin, Upstream};
use crate::domain::digest::{Digest, Hasher};
use crate::domain::repository::lfs::{
    Download, LONGEST_ANSWER, Lacking, MEDIA_TYPE, Pointer, answer, question,
};
use crate::domain::watch::Watch;

/// Where the objects of a repository are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// Of a repository on this machine: its folder.
    Folder(PathBuf),
    /// The address that questions are put to, without `/objects/batch`.
    Server(String),
    /// Whoever is asked over ssh says where they are, and is not asked.
    Ssh,
}

/// How an object went that was to be brought.
pub type Brought = Result<(), Lacking>;

/// Finds where the objects of the repository at `url` are: where `named` says (`lfs.url`), or else where git-lfs
/// looks for them.
///
/// # Errors
/// [`FetchError::BadAddress`].
pub fn whereabouts(
    url: &str,
    named: Option<&str>,
    options: &FetchOptions,
) -> Result<Whereabouts, FetchError> {
    let upstream = Upstream { url: named.unwrap_or(url), pin: &Pin::Default, token: None };
    Ok(match Address::parse(&upstream, options)?.road {
        Road::Ssh { .. } => Whereabouts::Ssh,
        Road::Local(path) => {
            let path = if named.is_some() { path.trim_end_matches("/info/lfs") } else { &path };
            Whereabouts::Folder(path.into())
        }
        Road::Web { url, .. } => {
            let text = url.as_str().trim_end_matches('/');
            Whereabouts::Server(match named {
                Some(_) => text.to_owned(),
                // Also where the name is nothing but that.
                None if text.as_bytes().ends_with(b".git") => format!("{text}/info/lfs"),
                None => format!("{text}.git/info/lfs"),
            })
        }
    })
}

/// What a server says of some objects.
pub type Said = BTreeMap<Pointer, Result<Download, Lacking>>;

/// Asks a server where objects are, at most [`BATCH`](crate::domain::repository::lfs::BATCH) of them. Blocks; must not be
/// called from an async task.
///
/// # Errors
/// When nothing of it can be said of any of them.
pub fn ask(
    repository: &Upstream<'_>,
    server: &str,
    wanted: &[Pointer],
    options: &FetchOptions,
    watch: &dyn Watch,
) -> Result<Said, Lacking> {
    let url = format!("{server}/objects/batch");
    let address = address(repository, &url, options).map_err(|error| lacking(&error))?;
    let guard = Guard::new(watch, options);
    // The answer, and what comes along with a redirect.
    guard.expect(LONGEST_ANSWER.saturating_mul(2));
    let bytes = guard.watched(|| {
        let post = || -> io::Result<Vec<u8>> {
            let wire = Wire::new(login_of(&address), &address, &guard).map_err(|error| guard.fail(error))?;
            let response = post(&wire, parsed(&wire, &url)?, &question(wanted))?;
            received(&wire, response, LONGEST_ANSWER)
        };
        post()
    });
    let bytes = bytes.map_err(|error| match guard.cause() {
        Some(FetchError::NotFound { .. }) => refused("its server knows no git LFS"),
        Some(FetchError::TooLarge { .. }) => {
            refused(format!("its server answers with more than {LONGEST_ANSWER} bytes"))
        }
        Some(error) => discreet(&address, lacking(&error)),
        None => Lacking { why: error.to_string(), away: true },
    })?;
    // It may repeat the credentials, whatever it pretends to say.
    let said = answer(&bytes, wanted).map_err(|why| discreet(&address, refused(why)))?;
    let told = said.into_iter();
    Ok(told.map(|(pointer, told)| (pointer, told.map_err(|why| discreet(&address, why)))).collect())
}

/// Brings objects from one host. As many are answered for as were given.
pub fn bring(
    repository: &Upstream<'_>,
    wanted: &[(Pointer, Download)],
    spool: &mut Spool,
    options: &FetchOptions,
    watch: &dyn Watch,
) -> Vec<Brought> {
    let mut outcomes: Vec<Brought> = Vec::new();
    while let Some((_, first)) = wanted.get(outcomes.len()) {
        let address = match address(repository, &first.href, options) {
            Ok(address) => address,
            Err(error) => {
                outcomes.push(Err(lacking(&error)));
                continue;
            }
        };
        let guard = Guard::new(watch, options);
        guard.watched(|| bring_some(&address, &guard, wanted, spool, &mut outcomes));
        // Whoever is away for one of them is away for the rest, which need not each wait for it.
        if let Some(Err(away)) = outcomes.last().filter(|last| last.as_ref().is_err_and(|why| why.away)) {
            let away = Err(away.clone());
            outcomes.resize(wanted.len(), away);
        }
    }
    outcomes
}

/// Goes on until one of them ends the conversation.
fn bring_some(
    address: &Address,
    guard: &Guard<'_>,
    wanted: &[(Pointer, Download)],
    spool: &mut Spool,
    outcomes: &mut Vec<Brought>,
) {
    let mut wire = match Wire::new(login_of(address), address, guard) {
        Ok(wire) => wire,
        Err(error) => return outcomes.push(Err(lacking(&error))),
    };
    while let Some((pointer, download)) = wanted.get(outcomes.len()) {
        let outcome = bring_one(&mut wire, pointer, download, spool).unwrap_or_else(|error| {
            Err(match guard.cause() {
                Some(FetchError::TooLarge { .. }) => larger(pointer),
                Some(cause) => discreet(address, lacking(&cause)),
                None => Lacking { why: format!("it cannot be kept: {error}"), away: true },
            })
        });
        outcomes.push(outcome);
        if guard.cause().is_some() || matches!(outcomes.last(), Some(Err(Lacking { away: true, .. }))) {
            return;
        }
    }
}

fn bring_one(
    wire: &mut Wire<'_>,
    pointer: &Pointer,
    download: &Download,
    spool: &mut Spool,
) -> io::Result<Brought> {
    let mut headers = HeaderMap::new();
    for (name, value) in &download.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            return Ok(Err(refused("its server wants a header sent that is none")));
        };
        headers.insert(name, value);
    }
    // What the server gave to say who asks is said instead of what we know.
    wire.login = if headers.contains_key(AUTHORIZATION) { None } else { login_of(wire.address) };
    wire.guard.expect(pointer.size.saturating_add(ROOM));
    let mut at = parsed(wire, &download.href)?;
    for _ in 0..=REDIRECTS {
        let (response, _) = wire.request(&at, &headers, None)?;
        let status = response.status();
        if is_redirect(status) {
            let to = wire.next(&at, &response, "")?;
            if Origin::of(&to) != Origin::of(&at) {
                headers.clear();
                wire.login = None;
            }
            at = to;
            continue;
        }
        return match status.as_u16() {
            200 => spool.receive(wire, response, pointer),
            404 | 410 => Ok(Err(refused(format!("it is not where its server says ({status})")))),
            401 | 403 => Ok(Err(refused(format!("it is forbidden to have it ({status})")))),
            429 | 500..=599 => {
                Ok(Err(Lacking { why: format!("it cannot be had now ({status})"), away: true }))
            }
            _ => Ok(Err(refused(format!("it cannot be had ({status})")))),
        };
    }
    Err(wire.redirects_too_often(&at))
}

/// Copies an object from where git-lfs keeps it in a repository on this machine, bare or in a working tree.
///
/// # Errors
/// Why it is not in the spool then.
pub fn copy(folder: &Path, pointer: &Pointer, spool: &mut Spool) -> Brought {
    let name = pointer.oid.to_string();
    let path = |objects: &str| folder.join(objects).join(&name[..2]).join(&name[2..4]).join(&name);
    let found = ["lfs/objects", ".git/lfs/objects"].map(path).into_iter().find(|path| path.is_file());
    let Some(path) = found else {
        return Err(refused("its repository does not have it (`lfs/objects`)"));
    };
    let failed = |error: io::Error| Lacking { why: format!("it cannot be read: {error}"), away: true };
    let mut file = File::open(path).map_err(failed)?;
    if file.metadata().is_ok_and(|meta| meta.len() != pointer.size) {
        return Err(other(pointer));
    }
    let mut writing = spool.begin(pointer).map_err(failed)?;
    let mut chunk = vec![0; 1 << 18];
    loop {
        match file.read(&mut chunk).map_err(failed)? {
            0 => return writing.end(),
            length => {
                if !writing.take(&chunk[..length]).map_err(failed)? {
                    return Err(larger(pointer));
                }
            }
        }
    }
}

/// What may come besides an object: the page of a redirect.
const ROOM: u64 = 1 << 20;

/// A conversation with `url` on behalf of a repository, whose credentials stay with its own host.
fn address(repository: &Upstream<'_>, url: &str, options: &FetchOptions) -> Result<Address, FetchError> {
    let shown = redacted(url);
    let bad = |reason: &str| FetchError::BadAddress { url: shown.clone(), reason: reason.to_owned() };
    let parsed = Url::parse(url).map_err(|why| bad(&why.to_string()))?;
    let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("it has no host"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(bad("it carries credentials"));
    }
    let login = match Address::parse(repository, options)?.road {
        Road::Web { login, .. } => login,
        Road::Local(_) | Road::Ssh { .. } => None,
    };
    Ok(Address { host: host.to_owned(), road: Road::Web { url: parsed, login }, shown })
}

fn login_of(address: &Address) -> Option<&Login> {
    match &address.road {
        Road::Web { login, .. } => login.as_ref(),
        Road::Local(_) | Road::Ssh { .. } => None,
    }
}

fn parsed(wire: &Wire<'_>, url: &str) -> io::Result<Url> {
    let bad =
        |why: &dyn std::fmt::Display| FetchError::BadAddress { url: redacted(url), reason: why.to_string() };
    Url::parse(url).map_err(|why| wire.guard.fail(bad(&why)))
}

/// A question that is moved is put again where it was moved to, as git-lfs does.
fn post(wire: &Wire<'_>, url: Url, body: &[u8]) -> io::Result<Response> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let mut at = url;
    for _ in 0..=REDIRECTS {
        let response = wire.send(&at, &headers, Some(body.to_owned()))?;
        if !is_redirect(response.status()) {
            return Ok(response);
        }
        at = wire.next(&at, &response, "/objects/batch")?;
    }
    Err(wire.redirects_too_often(&at))
}

fn received(wire: &Wire<'_>, mut response: Response, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = wire.chunk(&mut response)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > most {
            return Err(wire.guard.fail(wire.guard.too_large()));
        }
    }
    Ok(bytes)
}

/// Objects that were brought, one behind the other in a file that has no name and is gone when it is closed.
pub struct Spool {
    file: File,
    end: u64,
    at: BTreeMap<Digest, (u64, u64)>,
}

/// An object that is being brought. It counts when it was the one that was meant.
struct Writing<'a> {
    spool: &'a mut Spool,
    pointer: Pointer,
    sha256: Hasher,
    bytes: u64,
}

impl Spool {
    /// # Errors
    /// When nothing can be written in `folder`.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, end: 0, at: BTreeMap::new() })
    }

    /// The contents of an object, if it was brought.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn contents(&mut self, oid: &Digest) -> io::Result<Option<Vec<u8>>> {
        let Some((start, length)) = self.at.get(oid).copied() else { return Ok(None) };
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn begin(&mut self, pointer: &Pointer) -> io::Result<Writing<'_>> {
        self.file.seek(SeekFrom::Start(self.end))?;
        Ok(Writing { spool: self, pointer: *pointer, sha256: Hasher::default(), bytes: 0 })
    }

    fn receive(&mut self, wire: &Wire<'_>, mut response: Response, pointer: &Pointer) -> io::Result<Brought> {
        if response.content_length().is_some_and(|length| length > pointer.size) {
            return Ok(Err(larger(pointer)));
        }
        let mut writing = self.begin(pointer)?;
        while let Some(chunk) = wire.chunk(&mut response)? {
            if !writing.take(&chunk)? {
                return Ok(Err(larger(pointer)));
            }
        }
        Ok(writing.end())
    }
}

impl Writing<'_> {
    /// False: that is more than it should be.
    fn take(&mut self, chunk: &[u8]) -> io::Result<bool> {
        self.bytes += chunk.len() as u64;
        if self.bytes > self.pointer.size {
            return Ok(false);
        }
        self.sha256.update(chunk);
        self.spool.file.write_all(chunk)?;
        Ok(true)
    }

    fn end(self) -> Brought {
        if self.bytes != self.pointer.size || self.sha256.finish() != self.pointer.oid {
            return Err(other(&self.pointer));
        }
        self.spool.at.insert(self.pointer.oid, (self.spool.end, self.bytes));
        self.spool.end += self.bytes;
        Ok(())
    }
}

fn refused(why: impl Into<String>) -> Lacking {
    Lacking { why: why.into(), away: false }
}

fn larger(pointer: &Pointer) -> Lacking {
    refused(format!("what is there has more than the {} bytes that its pointer says", pointer.size))
}

fn other(pointer: &Pointer) -> Lacking {
    refused(format!("what is there is not the {} bytes with the SHA-256 that its pointer says", pointer.size))
}

fn lacking(error: &FetchError) -> Lacking {
    let away =
        matches!(error, FetchError::Unreachable { .. } | FetchError::TimedOut { .. } | FetchError::Cancelled);
    Lacking { why: error.to_string(), away }
}

/// A server knows the token that it was sent, and may lead us to an address that has it in it.
fn discreet(address: &Address, lacking: Lacking) -> Lacking {
    if address.gives_away(&lacking.why) {
        let why = "what its server answers contains the credentials, and is not shown".to_owned();
        return Lacking { why, ..lacking };
    }
    lacking
}
