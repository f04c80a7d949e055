//! One conversation with an upstream. See gitprotocol-v2; version 0 is spoken with those who know no
//! better.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufWriter, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gix::odb::pack;
use gix::protocol::fetch::{Arguments, Response};
use gix::protocol::handshake::Ref;
use gix::protocol::ls_refs::RefPrefixes;
use gix::protocol::transport::client::blocking_io::Transport;
use gix::protocol::transport::client::git::{ConnectMode, blocking_io::Connection};
use gix::protocol::transport::{Protocol, Service};
use gix::protocol::{Command, Handshake, LsRefsCommand};

use super::FetchError;
use super::address::{Address, Road};
use super::guard::Guard;
use super::http;
use super::process::{self, Program};
use super::progress::Tally;
use super::resolve::Target;
use crate::domain::repository::oid::Oid;
use crate::git::home::Home;
use crate::git::repository::Reader;
use crate::git::{one_line, to_gix};

/// Bases that are offered; any one of them is enough for a small answer.
const BASES: usize = 16;

pub(super) struct Session<'a> {
    pub address: &'a Address,
    guard: &'a Guard<'a>,
    /// Bytes that packs may still have.
    room: u64,
    handshake: Handshake,
    // Dropped in this order: the pipes first, then the child at their other end.
    transport: Box<dyn Transport + 'a>,
    program: Option<Program>,
}

/// What is asked for at once.
pub(super) struct Order<'o> {
    pub wants: &'o [Oid],
    /// It is a commit or a tag, of which no history is wanted.
    pub is_commit: bool,
    /// Of what the wants consist of, this does not come along (see `--filter` in git-rev-list).
    pub filter: Option<&'static str>,
    /// Commits that are here whole.
    pub bases: &'o [Oid],
    pub shallow: Option<&'o BTreeSet<Oid>>,
    /// Something else will be asked on the same road.
    pub more: bool,
}

impl<'o> Order<'o> {
    fn of(commit: &'o Oid) -> Self {
        let wants = std::slice::from_ref(commit);
        Self { wants, is_commit: true, filter: None, bases: &[], shallow: None, more: false }
    }

    /// Trees or files, by their ids.
    pub(super) fn objects(wants: &'o [Oid], filter: Option<&'static str>) -> Self {
        Self { wants, is_commit: false, filter, bases: &[], shallow: None, more: true }
    }
}

fn agent() -> (&'static str, Option<String>) {
    ("agent", Some(concat!("agnes/", env!("CARGO_PKG_VERSION")).to_owned()))
}

impl<'a> Session<'a> {
    /// Connects, and learns what the other side can do.
    pub(super) fn open(address: &'a Address, guard: &'a Guard<'a>) -> Result<Self, FetchError> {
        guard.talks_to(&address.host);
        let (transport, program) = connect(address, guard)?;
        let (room, handshake) = (guard.options.max_pack_bytes, Handshake::default());
        let mut session = Self { address, guard, room, handshake, transport, program };
        let handshake = gix::protocol::handshake(
            &mut session.transport,
            Service::UploadPack,
            // Credentials are sent when there are any; nobody is asked for others.
            |_| Ok(None),
            Vec::new(),
            &mut gix::progress::Discard,
        );
        session.handshake = handshake.map_err(|error| session.explain(&error))?;
        let format = session.handshake.capabilities.capability("object-format");
        if let Some(format) = format.and_then(|found| found.value().map(ToString::to_string))
            && format != "sha1"
        {
            return Err(FetchError::ObjectFormat { url: address.shown.clone(), format });
        }
        Ok(session)
    }

    /// Writes down who was asked for a commit, if they were asked about before they were.
    pub(super) fn remember_givers(&self, home: &Home, commit: &Oid) -> io::Result<()> {
        match &self.guard.options.allow_host {
            None => Ok(()),
            Some(_) => home.remember_givers(commit, &self.guard.options.asked.hosts()),
        }
    }

    /// The refs whose names begin with one of these.
    pub(super) fn refs(&mut self, prefixes: &[&str]) -> Result<Vec<Ref>, FetchError> {
        if let Some(all) = &self.handshake.refs {
            let wanted =
                |found: &&Ref| prefixes.iter().any(|prefix| found.unpack().0.starts_with(prefix.as_bytes()));
            return Ok(all.iter().filter(wanted).cloned().collect());
        }
        let mut asked = RefPrefixes::new();
        asked.extend(prefixes.iter().map(|prefix| (*prefix).into()));
        let command = LsRefsCommand::new(Some(asked), &self.handshake.capabilities, agent());
        command
            .invoke_blocking(&mut self.transport, &mut gix::progress::Discard, false)
            .map_err(|error| self.explain(&error))
    }

    /// Whether it makes sense to ask for an object by its id. A server of before version 2 hangs up on
    /// whoever asks for something that it did not list, unless it said that it would not.
    pub(super) fn may_ask_for(&self, id: &Oid) -> bool {
        let Some(refs) = &self.handshake.refs else { return true };
        let has = |name| self.handshake.capabilities.contains(name);
        let listed = |found: &Ref| {
            let (_, object, peeled) = found.unpack();
            [object, peeled].into_iter().flatten().any(|listed| listed.as_bytes() == id.0)
        };
        has("allow-tip-sha1-in-want") || has("allow-reachable-sha1-in-want") || refs.iter().any(listed)
    }

    /// Whether it can be asked for a part of something: a server of version 2 that filters gives any object
    /// of its own by its id, too.
    pub(super) fn can_filter(&self) -> bool {
        let version = self.handshake.server_protocol_version;
        let features = Command::Fetch.default_features(version, &self.handshake.capabilities);
        let has = |wanted| features.iter().any(|(name, _)| *name == wanted);
        version == Protocol::V2 && has("filter") && has("shallow")
    }

    /// Several packs are about to come, which together may have what one may.
    pub(super) fn expect_packs(&mut self) {
        self.guard.expect_pack();
        self.room = self.guard.options.max_pack_bytes;
    }

    /// Receives what was ordered by id, as a pack with its index in the folder `into`, verified. It may be
    /// less than was ordered, and more. `repo` is for messages.
    pub(super) fn receive_some(
        &mut self,
        order: &Order<'_>,
        into: &Path,
        repo: &Path,
    ) -> Result<(), FetchError> {
        self.try_receive(order, None, into).map_err(|error| self.explain_pack(&error, repo))
    }

    /// Receives what `target` consists of, as a pack with its index in the folder `into`, verified.
    /// `bases` are commits that are here whole.
    pub(super) fn receive(
        &mut self,
        target: &Target,
        bases: &[Oid],
        shallow: &BTreeSet<Oid>,
        here: &Reader,
        into: &Path,
    ) -> Result<(), FetchError> {
        self.expect_packs();
        let order = Order { bases, shallow: Some(shallow), ..Order::of(&target.want) };
        // Deltas against what is here can only come when something here was named.
        let thin = (!bases.is_empty()).then_some(here);
        // `into` is a folder in the repository's `objects`.
        let repo = into.ancestors().nth(2).unwrap_or(into);
        self.try_receive(&order, thin, into).map_err(|error| self.explain_first(&error, target, repo))
    }

    /// The same for the first thing that is asked for, which may not be there.
    pub(super) fn receive_first(
        &mut self,
        target: &Target,
        filter: &'static str,
        into: &Path,
        repo: &Path,
    ) -> Result<(), FetchError> {
        let order = Order { filter: Some(filter), more: true, ..Order::of(&target.want) };
        self.try_receive(&order, None, into).map_err(|error| self.explain_first(&error, target, repo))
    }

    fn explain_first(&self, error: &gix::Error, target: &Target, repo: &Path) -> FetchError {
        let text = one_line(error);
        let error = self.explain_pack(error, repo);
        match (&target.name, error) {
            // It says so in the answer, or, when it hung up on us first, on standard error.
            (Some(name), FetchError::Other { reason, .. }) if is_refusal(&text) || is_refusal(&reason) => {
                FetchError::RefMissing { name: name.clone(), available: Vec::new() }
            }
            (_, error) => error,
        }
    }

    fn try_receive(
        &mut self,
        order: &Order<'_>,
        thin: Option<&Reader>,
        into: &Path,
    ) -> Result<(), gix::Error> {
        let version = self.handshake.server_protocol_version;
        let mut features = Command::Fetch.default_features(version, &self.handshake.capabilities);
        features.push(agent());
        Response::check_required_features(version, &features)?;
        let mut arguments = Arguments::new(version, features, false);
        for id in order.wants {
            arguments.want(to_gix(id));
        }
        if order.is_commit && arguments.can_use_shallow() {
            for id in order.shallow.into_iter().flatten() {
                arguments.shallow(to_gix(id));
            }
            arguments.deepen(1);
        }
        if let Some(filter) = order.filter.filter(|_| arguments.can_use_filter()) {
            arguments.filter(filter);
        }
        for base in order.bases.iter().take(BASES) {
            arguments.have(to_gix(base));
        }

        let guard = self.guard;
        let mut answer = arguments.send(&mut self.transport, true).map_err(gix::Error::from_error)?;
        let response = Response::from_line_reader(version, &mut answer, true, false)?;
        if !response.has_pack() {
            return Err(gix::Error::from_error(io::Error::other("the upstream sent no pack")));
        }
        let remote = Arc::new(std::sync::Mutex::new(String::new()));
        let heard = Arc::clone(&remote);
        answer.set_progress_handler(Some(Box::new(move |is_error, text| {
            if is_error {
                String::from_utf8_lossy(text).trim().clone_into(&mut super::guard::lock(&heard));
            }
            if guard.check().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })));

        let limit = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let options = pack::bundle::write::Options {
            thread_limit: guard.options.threads,
            iteration_mode: pack::data::input::Mode::Verify,
            index_version: pack::index::Version::default(),
            alloc_limit_bytes: Some(limit(guard.options.max_object_bytes)),
            ..Default::default()
        };
        let mut capped = Capped { inner: answer, left: self.room, guard };
        let outcome = pack::Bundle::write_to_directory(
            &mut capped,
            Some(into),
            &mut Tally::new(Arc::clone(&guard.counters)),
            &guard.stop,
            thin.map(|here| here.odb().clone()),
            gix::hash::Kind::Sha1,
            options,
        );
        // The next answer begins where this one ends.
        if order.more && outcome.is_ok() {
            io::copy(&mut capped, &mut io::sink()).map_err(gix::Error::from_error)?;
        }
        guard.options.received.fetch_add(self.room.saturating_sub(capped.left), Ordering::Relaxed);
        self.room = capped.left;
        drop(capped);
        let said = super::guard::lock(&remote).clone();
        match outcome {
            Err(_) if !said.is_empty() => {
                Err(gix::Error::from_error(io::Error::other(format!("the upstream says: {said}"))))
            }
            outcome => outcome.map(drop),
        }
    }

    fn explain_pack(&self, error: &gix::Error, repo: &Path) -> FetchError {
        if let Some(cause) = self.guard.cause() {
            return cause;
        }
        for error in error.iter_errors().filter_map(|error| error.downcast_ref::<io::Error>()) {
            use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
            if matches!(error.kind(), StorageFull | QuotaExceeded | PermissionDenied | ReadOnlyFilesystem) {
                return FetchError::from_disk(error, repo);
            }
        }
        if error.is_resource_exhausted() {
            return FetchError::FileTooLarge { limit: self.guard.options.max_object_bytes };
        }
        let text = one_line(error);
        if let Some((_, words)) = text.split_once("ERR ") {
            let words = words.trim_end_matches(['"', '\n', ' ']);
            return process::understand(words, self.address)
                .unwrap_or_else(|| self.address.other(format!("the upstream says: {words}")));
        }
        if error.is_corrupted() || error.is_validation() {
            return FetchError::Damaged { reason: text };
        }
        self.explain(error)
    }

    fn explain(&self, error: &gix::Error) -> FetchError {
        if let Some(cause) = self.guard.cause() {
            return cause;
        }
        let text = one_line(error);
        let Some(program) = &self.program else {
            return process::understand(&text, self.address).unwrap_or_else(|| self.address.other(text));
        };
        let words = program.last_words();
        // The child may have been ended because of what is only now known.
        if let Some(cause) = self.guard.cause() {
            return cause;
        }
        let reason = if words.is_empty() { text.clone() } else { words };
        process::understand(&reason, self.address)
            .or_else(|| process::understand(&text, self.address))
            .unwrap_or_else(|| self.address.other(reason))
    }
}

/// How servers say that they do not have, or do not give, an object.
fn is_refusal(text: &str) -> bool {
    [
        "not our ref",
        "unadvertised object",
        "no such",
        "not valid",
        "bad object",
        "not found",
        "does not exist",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

type Connected<'a> = (Box<dyn Transport + 'a>, Option<Program>);

fn connect<'a>(address: &'a Address, guard: &'a Guard<'a>) -> Result<Connected<'a>, FetchError> {
    let command = match &address.road {
        Road::Web { url, login } => return Ok((http::connect(url, login.as_ref(), address, guard)?, None)),
        Road::Local(path) => process::local(path, address)?,
        Road::Ssh { user, host, port, path } => process::ssh(user.as_deref(), host, *port, path, guard),
    };
    let (program, output, input) = Program::start(command, address, guard)?;
    let nobody = None::<(String, Option<u16>)>;
    // gix writes each packet in pieces of a few bytes, and flushes before it reads: in one piece, the other side is
    // woken up once.
    let input = BufWriter::new(input);
    let connection = Connection::new(output, input, Protocol::V2, "", nobody, ConnectMode::Process, false);
    Ok((Box::new(connection), Some(program)))
}

/// A pack, up to a limit.
struct Capped<'a, R> {
    inner: R,
    left: u64,
    guard: &'a Guard<'a>,
}

impl<R: BufRead> Read for Capped<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.take(read)?;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Capped<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        // Whoever reads on is told by `read`; all of gix's pack reading goes there.
        self.left = self.left.saturating_sub(amount as u64);
    }
}

impl<R> Capped<'_, R> {
    fn take(&mut self, read: usize) -> io::Result<()> {
        self.guard.check()?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(self.guard.fail(self.guard.too_large())),
        }
    }
}
