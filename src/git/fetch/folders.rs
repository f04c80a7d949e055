//! Bringing some folders of one commit here, and as little else as the upstream lets us.
//!
//! A server that speaks version 2 and filters is asked for the commit without its trees, for the trees on
//! the way to the folders, for the trees in them, and then for the files that are not here, each by its
//! id. What is here already is not asked for: of an upstream that moved on, a folder that stayed the same
//! costs the few trees above it. Everything comes into a folder of its own; what is needed of it goes from
//! there into the repository as one pack, with the commit that is made of it (see [`narrowed`]).
//!
//! Whoever cannot filter is asked for the whole commit, as ever, and so is whoever said that they could
//! and then did not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;

use super::address::Address;
use super::guard::Guard;
use super::resolve::{self, Target};
use super::session::{Order, Session};
use super::{FetchError, FetchOptions, Fetched, Pin, Upstream};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::repository::tree::ReadError;
use crate::domain::watch::{Phase, Watch};
use crate::git::compact::{index_pack, write_pack};
use crate::git::home::Home;
use crate::git::made::{self, MakeError};
use crate::git::narrowed::{self, Needs};
use crate::git::records::Narrowed;
use crate::git::repository::{Reader, Repository};
use crate::git::{one_line, reach};

/// So many objects are asked for at once; a line of a request is 50 bytes.
const MOST_WANTS: usize = 10_000;

/// More questions are not asked: one for each level above a folder, which lies no deeper than that, and a few.
const MOST_ROUNDS: usize = narrowed::DEEPEST + 8;

/// What is below a folder comes at once. Whoever gives a level of it at a time could go on for long.
const MOST_BELOW: usize = 2;

/// Which commit of the upstream's has the folders, and how they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    pub commit: Oid,
    /// Whether anything was received. False: they were here already.
    pub received: bool,
    /// What was followed is a tag.
    pub is_tag: bool,
}

impl From<Fetched> for Brought {
    fn from(fetched: Fetched) -> Self {
        Self { commit: fetched.commit, received: fetched.received, is_tag: fetched.is_tag }
    }
}

/// Makes these folders of the commit that `upstream` points to available in the bare repository in `repo`:
/// they are read from what [`narrowed::stand_in`] says. For the rest, see [`super::fetch`].
///
/// # Errors
/// See [`FetchError`]. No message contains credentials.
pub fn fetch_folders(
    repo: &Path,
    upstream: &Upstream<'_>,
    folders: &[RepoPath],
    options: &FetchOptions,
    watch: &dyn Watch,
) -> Result<Brought, FetchError> {
    let (address, home) = super::begin(repo, upstream, options, watch)?;
    options.asked.begin(upstream.url);
    if let Pin::Ref(name) = upstream.pin
        && let Ok(commit) = name.parse::<Oid>()
        && let Some(brought) = already_here(repo, &home, &commit, folders)
    {
        return Ok(brought);
    }
    let (began, pin) = (Instant::now(), upstream.pin);
    let in_part = |guard: &Guard<'_>| in_part(repo, &home, pin, folders, &address, guard);
    if let Some(brought) = super::ask(&address, &Guard::new(watch, options), in_part)? {
        return Ok(brought);
    }
    let whole = |guard: &Guard<'_>| super::over_the_network(repo, &home, pin, &address, guard);
    super::ask(&address, &Guard::new(watch, options).since(began), whole).map(Brought::from)
}

fn already_here(repo: &Path, home: &Home, commit: &Oid, folders: &[RepoPath]) -> Option<Brought> {
    if let Some(fetched) = super::already_here(repo, home, commit) {
        return Some(fetched.into());
    }
    let there = home.folders(commit);
    let all = folders.iter().all(|folder| there.iter().any(|other| folder.is_in(other)));
    all.then_some(Brought { commit: *commit, received: false, is_tag: false })
}

/// `None`: all of it has to be asked for, from the beginning.
fn in_part(
    repo: &Path,
    home: &Home,
    pin: &Pin,
    folders: &[RepoPath],
    address: &Address,
    guard: &Guard<'_>,
) -> Result<Option<Brought>, FetchError> {
    guard.watch.progress(Phase::Connecting, 0, None);
    let mut session = Session::open(address, guard)?;
    let target = resolve::resolve(&mut session, pin)?;
    if let Some(brought) = target.commit.and_then(|commit| already_here(repo, home, &commit, folders)) {
        return Ok(Some(Brought { is_tag: target.is_tag, ..brought }));
    }
    if session.can_filter() {
        match receive(repo, home, &mut session, &target, folders) {
            Ok(Some(commit)) => {
                return Ok(Some(Brought { commit, received: true, is_tag: target.is_tag }));
            }
            Ok(None) => {}
            Err(error) if may_give_all(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    super::bring(repo, home, session, &target, guard).map(|fetched| Some(fetched.into()))
}

/// Whether somebody who did not give a part may give all of it. Others would fail likewise, or must not be
/// asked again.
fn may_give_all(error: &FetchError) -> bool {
    matches!(
        error,
        FetchError::Unreachable { .. }
            | FetchError::NotFound { .. }
            | FetchError::NotGit { .. }
            | FetchError::Damaged { .. }
            | FetchError::Incomplete { .. }
            | FetchError::Other { .. }
    )
}

/// The upstream's commit. `None`: more of it is needed than the folders.
fn receive(
    repo: &Path,
    home: &Home,
    session: &mut Session<'_>,
    target: &Target,
    folders: &[RepoPath],
) -> Result<Option<Oid>, FetchError> {
    let area = Area::new(repo, home, session.address)?;
    session.expect_packs();
    let mut reader = area.reader()?;
    if reader.peel(&target.want).and_then(|commit| reader.commit(&commit)).is_err() {
        session.receive_first(target, "tree:0", &area.packs(), repo)?;
        reader = area.reader()?;
    }
    let commit = reader.peel(&target.want).map_err(|error| unreadable(&error))?;
    let root = reader.commit_tree(&commit).map_err(|error| match &target.name {
        Some(name) if reader.has(&commit) => FetchError::NotACommit { name: name.clone() },
        _ => unreadable(&error),
    })?;
    // One commit has all of its folders that anybody wants, also those that were lost.
    let wanted = Narrowed::of(repo, &commit).map(|found| found.folders()).unwrap_or_default();
    let mut folders: Vec<RepoPath> = wanted.iter().chain(folders).cloned().collect();
    folders.sort();
    folders.dedup();
    if !complete(session, &area, &root, &folders)? {
        return Ok(None);
    }
    let made = area.keep(&commit, &root, &folders)?;
    let remembered = session.remember_givers(home, &commit);
    let remembered = remembered.and_then(|()| home.remember_narrowed(&commit, &made, &folders));
    remembered.map_err(|error| FetchError::from_disk(&error, repo))?;
    Ok(Some(commit))
}

/// Asks until all of the folders is here. False: they do not stand for themselves.
fn complete(
    session: &mut Session<'_>,
    area: &Area<'_>,
    root: &Oid,
    folders: &[RepoPath],
) -> Result<bool, FetchError> {
    let (mut reader, mut below) = (area.reader()?, 0);
    for _ in 0..MOST_ROUNDS {
        let needs = narrowed::needs(&reader, root, folders).map_err(|error| unreadable(&error))?;
        let (ids, filter) = match needs {
            Needs::Nothing => return Ok(true),
            Needs::Everything => return Ok(false),
            Needs::Below(_) if below == MOST_BELOW => return Ok(false),
            Needs::Above(ids) => (ids, Some("tree:0")),
            Needs::Below(ids) => {
                below += 1;
                (ids, Some("blob:none"))
            }
            Needs::Files(ids) => (ids, None),
        };
        for some in ids.chunks(MOST_WANTS) {
            session.receive_some(&Order::objects(some, filter), &area.packs(), area.repo)?;
        }
        reader = area.reader()?;
        if let Some(id) = ids.iter().find(|id| !reader.has(id)) {
            return Err(FetchError::Incomplete { reason: format!("{id} was asked for, and did not come") });
        }
    }
    Ok(false)
}

fn unreadable(error: &ReadError) -> FetchError {
    FetchError::Incomplete { reason: error.to_string() }
}

/// Where packs come in: what is in them can be read together with what is in the repository.
struct Area<'a> {
    repo: &'a Path,
    home: &'a Home,
    address: &'a Address,
    folder: TempDir,
}

impl<'a> Area<'a> {
    fn new(repo: &'a Path, home: &'a Home, address: &'a Address) -> Result<Self, FetchError> {
        let on_disk = |error: io::Error| FetchError::from_disk(&error, repo);
        // What is here is relied on. Where somebody found damage nothing counts, and what is not what it was
        // has to go first.
        if home.commits().is_empty() {
            home.remove_damaged().map_err(on_disk)?;
        }
        let area = Self { repo, home, address, folder: home.incoming().map_err(on_disk)? };
        let info = area.folder.path().join("objects/info");
        for folder in [&area.packs(), &info] {
            fs::create_dir_all(folder).map_err(on_disk)?;
        }
        // From `objects/incoming-XXXX/objects` to the repository's own (see gitrepository-layout).
        fs::write(info.join("alternates"), "../..\n").map_err(on_disk)?;
        Ok(area)
    }

    fn packs(&self) -> PathBuf {
        self.folder.path().join("objects/pack")
    }

    fn reader(&self) -> Result<Reader, FetchError> {
        self.open(self.folder.path())
    }

    fn open(&self, repo: &Path) -> Result<Reader, FetchError> {
        let opened = Repository::open(repo).map_err(|error| self.address.other(error.to_string()))?;
        Ok(opened.reader())
    }

    /// Makes the commit that has these folders, and takes it into the repository with what it needs; whatever
    /// else came does not get there.
    fn keep(&self, commit: &Oid, root: &Oid, folders: &[RepoPath]) -> Result<Oid, FetchError> {
        let on_disk = |error: io::Error| FetchError::from_disk(&error, self.repo);
        let in_odb = |error: gix::Error| self.address.other(one_line(&error));
        let reader = self.reader()?;
        let paths: Vec<&[String]> = folders.iter().map(RepoPath::segments).collect();
        let made = made::pack(&self.packs(), &narrowed::message(commit, folders), |objects| {
            narrowed::tree(&reader, objects, root, &paths)
        });
        let made = made.map_err(|error| match error {
            MakeError::Io(error) => on_disk(error),
            error => self.address.other(error.to_string()),
        })?;
        let (reader, here) = (self.reader()?, self.open(self.repo)?);
        let mut new = reach::all(&reader, &[made]).map_err(|error| unreadable(&error))?;
        new.retain(|id| !here.has(id));
        if !new.is_empty() {
            let raw = self.folder.path().join("copied");
            write_pack(&reader, &new, &raw).map_err(in_odb)?;
            index_pack(&raw, self.folder.path()).map_err(in_odb)?;
            fs::remove_file(&raw).map_err(on_disk)?;
            self.home.install(self.folder.path()).map_err(on_disk)?;
        }
        reach::check(&self.open(self.repo)?, &made).map_err(|error| unreadable(&error))?;
        self.home.record(&made, false).map_err(on_disk)?;
        Ok(made)
    }
}
