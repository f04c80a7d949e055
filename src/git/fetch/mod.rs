//! Bringing one commit of an upstream here.
//!
//! A fetch is at most two questions: *what is the branch (or tag) now?* (`ls-refs` with ref-prefixes,
//! so the answer is a line or two), and, only if that commit is not here, *send it without history*.
//! The commits that are here are named as a base, so only what changed travels.
//!
//! What arrives goes to a folder of its own, is indexed and verified there, and becomes visible
//! when it is complete; see [`super::home`]. Until then nothing has changed, whatever
//! kills the process.
//!
//! | file | what it does |
//! |---|---|
//! | [`address`] | what was given as an address, parsed, rewritten, redacted |
//! | [`asked`] | who is asked, and whom they lead on to |
//! | [`error`] | everything that can go wrong, told apart by what helps |
//! | [`guard`] | deadlines, cancelling, limits, progress: one per fetch |
//! | [`session`] | the protocol: handshake, refs, pack |
//! | [`http`], [`exchange`], [`client`] | the road over https, by reqwest |
//! | [`folders`] | some folders of a commit alone, where the upstream can |
//! | [`file`] | the same road for what is no repository: a file that is downloaded |
//! | [`lfs`] | the same for what git LFS keeps elsewhere |
//! | [`process`] | the road over ssh and to local folders, by a child process |
//!
//! **Why not `gix::Remote`, and why our own roads.** gix's HTTP transports decide about redirects,
//! timeouts and certificates from git configuration, and know no limits; ours follow a redirect
//! without credentials, never from https to http, look at the address they connect to, and stop
//! when told. gix's process transport prints the child's errors to our stderr and cannot be
//! interrupted. The protocol itself, packs and everything they contain is gix's.

mod address;
mod asked;
mod client;
mod error;
mod exchange;
pub mod file;
mod folders;
mod guard;
mod http;
pub mod lfs;
mod options;
mod process;
mod progress;
mod resolve;
mod session;
#[cfg(test)]
pub(crate) mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use address::{host_of, place_of, redacted};
pub use asked::{Asked, giver};
pub use error::FetchError;
pub use folders::{Brought, fetch_folders};
pub use options::{AllowAddress, AllowHost, FetchOptions, Pin, Upstream};

use self::address::Address;
use self::guard::Guard;
use self::resolve::Target;
use self::session::Session;
use super::home::Home;
use super::repository::Repository;
use crate::domain::repository::oid::Oid;
use crate::domain::watch::{Phase, Watch};

/// What a fetch found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    pub commit: Oid,
    /// Seconds since 1970 of the committer's clock.
    pub committed_at: i64,
    /// The commit's root tree.
    pub tree: Oid,
    /// Whether anything was received. False: the commit was here already.
    pub received: bool,
    /// What was followed is a tag.
    pub is_tag: bool,
}

/// Makes the commit that `upstream` points to available in the bare repository in `repo`, which is
/// made when it is not there. Blocks; must not be called from an async task.
///
/// On any error, and when the process is killed, the repository is as usable as before; what
/// half-done fetches leave behind is removed by the next one.
///
/// # Errors
/// See [`FetchError`]. No message contains credentials.
pub fn fetch(
    repo: &Path,
    upstream: &Upstream<'_>,
    options: &FetchOptions,
    watch: &dyn Watch,
) -> Result<Fetched, FetchError> {
    let (address, home) = begin(repo, upstream, options, watch)?;
    options.asked.begin(upstream.url);
    // A commit id never changes its meaning: if it is here, nobody needs to be asked.
    if let Pin::Ref(name) = upstream.pin
        && let Ok(commit) = name.parse::<Oid>()
        && let Some(fetched) = already_here(repo, &home, &commit)
    {
        return Ok(fetched);
    }
    let whole = |guard: &Guard<'_>| over_the_network(repo, &home, upstream.pin, &address, guard);
    ask(&address, &Guard::new(watch, options), whole)
}

fn begin(
    repo: &Path,
    upstream: &Upstream<'_>,
    options: &FetchOptions,
    watch: &dyn Watch,
) -> Result<(Address, Home), FetchError> {
    let address = Address::parse(upstream, options)?;
    let home = Home::take(repo, &|| watch.cancelled()).ok_or(FetchError::Cancelled)?;
    home.prepare().map_err(|error| FetchError::from_disk(&error, repo))?;
    Ok((address, home))
}

/// Does what needs the network, under the guard's eyes.
fn ask<T>(
    address: &Address,
    guard: &Guard<'_>,
    work: impl FnOnce(&Guard<'_>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let outcome = guard.watched(|| {
        // gix takes what comes from the network with care, yet asserts in some places.
        catch_unwind(AssertUnwindSafe(|| work(guard)))
            .unwrap_or_else(|_| Err(address.other("the answer made the git library give up".into())))
    });
    // A server knows the token it was sent, and may repeat it in what it says: on purpose, or in a
    // message meant for those who run it.
    outcome.map_err(|error| {
        if address.gives_away(&error.to_string()) {
            address.other("what it answered contains the credentials, and is not shown".into())
        } else {
            error
        }
    })
}

fn over_the_network(
    repo: &Path,
    home: &Home,
    pin: &Pin,
    address: &Address,
    guard: &Guard<'_>,
) -> Result<Fetched, FetchError> {
    guard.watch.progress(Phase::Connecting, 0, None);
    let mut session = Session::open(address, guard)?;
    let target = resolve::resolve(&mut session, pin)?;
    if let Some(fetched) = target.commit.and_then(|commit| already_here(repo, home, &commit)) {
        return Ok(Fetched { is_tag: target.is_tag, ..fetched });
    }
    bring(repo, home, session, &target, guard)
}

/// Receives all of what is not here.
fn bring<'a>(
    repo: &Path,
    home: &Home,
    mut session: Session<'a>,
    target: &Target,
    guard: &'a Guard<'a>,
) -> Result<Fetched, FetchError> {
    // Most fetches differ little from what is here. Should what is here be damaged, or the upstream
    // leave something out, all is fetched once more without a base, which mends it.
    let bases = home.bases();
    if !bases.is_empty() {
        match receive(repo, home, &mut session, target, &bases) {
            Err(FetchError::Incomplete { .. } | FetchError::Damaged { .. } | FetchError::Other { .. }) => {
                forget_what_is_not_whole(repo, home, &bases);
                session = Session::open(session.address, guard)?;
            }
            outcome => return outcome,
        }
    }
    receive(repo, home, &mut session, target, &[])
}

fn forget_what_is_not_whole(repo: &Path, home: &Home, commits: &[Oid]) {
    let reader = Repository::open(repo).map(|repository| repository.reader());
    for commit in commits {
        if !reader.as_ref().is_ok_and(|reader| super::reach::check(reader, commit).is_ok()) {
            home.forget(commit);
        }
    }
}

fn receive(
    repo: &Path,
    home: &Home,
    session: &mut Session<'_>,
    target: &Target,
    bases: &[Oid],
) -> Result<Fetched, FetchError> {
    let on_disk = |error: std::io::Error| FetchError::from_disk(&error, repo);
    let unreadable = |error: crate::domain::repository::tree::ReadError| FetchError::Incomplete {
        reason: error.to_string(),
    };

    let here = Repository::open(repo).map_err(|error| session.address.other(error.to_string()))?;
    let incoming = home.incoming().map_err(on_disk)?;
    session.receive(target, bases, &home.shallow(), &here.reader(), incoming.path())?;
    let installed = home.install(incoming.path()).map_err(on_disk)?;
    drop(incoming);

    let open = || Repository::open(repo).map_err(|error| session.address.other(error.to_string()));
    let mut reader = open()?.reader();
    // Everything came anew because nothing here was to be believed. What lay here is still found, and
    // may be found first.
    if bases.is_empty()
        && home.indices().len() > installed.len()
        && reader.peel(&target.want).and_then(|commit| super::reach::verify(&reader, &commit)).is_err()
    {
        home.remove_damaged().map_err(on_disk)?;
        reader = open()?.reader();
    }
    let commit = reader.peel(&target.want).map_err(unreadable)?;
    let facts = reader.commit(&commit).map_err(|error| match &target.name {
        Some(name) if reader.has(&commit) => FetchError::NotACommit { name: name.clone() },
        _ => unreadable(error),
    })?;
    super::reach::check(&reader, &commit).map_err(unreadable)?;
    session.remember_givers(home, &commit).map_err(on_disk)?;
    home.record(&commit, facts.has_parents).map_err(on_disk)?;
    let (committed_at, tree, is_tag) = (facts.committed_at, facts.tree, target.is_tag);
    Ok(Fetched { commit, committed_at, tree, received: true, is_tag })
}

/// What a commit is, if it is here. Its whole tree was checked when it came; should the beginning
/// of it have gone since, it is fetched again.
fn already_here(repo: &Path, home: &Home, commit: &Oid) -> Option<Fetched> {
    if !home.holds(commit) {
        return None;
    }
    let reader = Repository::open(repo).ok()?.reader();
    let facts = reader.commit(commit).ok().filter(|facts| reader.has(&facts.tree));
    let Some(facts) = facts else {
        home.forget(commit);
        return None;
    };
    let (committed_at, tree) = (facts.committed_at, facts.tree);
    Some(Fetched { commit: *commit, committed_at, tree, received: false, is_tag: false })
}
