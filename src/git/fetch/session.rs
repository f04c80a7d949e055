//! One conversation with an upstream. See gitprotocol-v2; version 0 is spoken with those who know no
//! better.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

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
use crate::domain::oid::Oid;
use crate::git::repository::Reader;
use crate::git::{one_line, to_gix};

/// Bases that are offered; any one of them is enough for a small answer.
const BASES: usize = 16;

pub(super) struct Session<'a> {
    pub address: &'a Address,
    guard: &'a Guard<'a>,
    handshake: Handshake,
    // Dropped in this order: the pipes first, then the child at their other end.
    transport: Box<dyn Transport + 'a>,
    program: Option<Program>,
}

fn agent() -> (&'static str, Option<String>) {
    ("agent", Some(concat!("agnes/", env!("CARGO_PKG_VERSION")).to_owned()))
}

impl<'a> Session<'a> {
    /// Connects, and learns what the other side can do.
    pub(super) fn open(address: &'a Address, guard: &'a Guard<'a>) -> Result<Self, FetchError> {
        guard.talks_to(&address.host);
        let (transport, program) = connect(address, guard)?;
        let mut session = Self { address, guard, handshake: Handshake::default(), transport, program };
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
        self.try_receive(target, bases, shallow, here, into).map_err(|error| {
            let text = one_line(&error);
            let error = self.explain_pack(&error, into);
            match (&target.name, error) {
                // It says so in the answer, or, when it hung up on us first, on standard error.
                (Some(name), FetchError::Other { reason, .. })
                    if is_refusal(&text) || is_refusal(&reason) =>
                {
                    FetchError::RefMissing { name: name.clone(), available: Vec::new() }
                }
                (_, error) => error,
            }
        })
    }

    fn try_receive(
        &mut self,
        target: &Target,
        bases: &[Oid],
        shallow: &BTreeSet<Oid>,
        here: &Reader,
        into: &Path,
    ) -> Result<(), gix::Error> {
        let version = self.handshake.server_protocol_version;
        let mut features = Command::Fetch.default_features(version, &self.handshake.capabilities);
        features.push(agent());
        Response::check_required_features(version, &features)?;
        let mut arguments = Arguments::new(version, features, false);
        arguments.want(to_gix(&target.want));
        if arguments.can_use_shallow() {
            for id in shallow {
                arguments.shallow(to_gix(id));
            }
            arguments.deepen(1);
        }
        for base in bases.iter().take(BASES) {
            arguments.have(to_gix(base));
        }

        let guard = self.guard;
        guard.expect_pack();
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
        // Deltas against what is here can only come when something here was named.
        let thin = (!bases.is_empty()).then(|| here.odb().clone());
        let outcome = pack::Bundle::write_to_directory(
            &mut Capped { inner: answer, left: guard.options.max_pack_bytes, guard },
            Some(into),
            &mut Tally::new(Arc::clone(&guard.counters)),
            &guard.stop,
            thin,
            gix::hash::Kind::Sha1,
            options,
        );
        let said = super::guard::lock(&remote).clone();
        match outcome {
            Err(_) if !said.is_empty() => {
                Err(gix::Error::from_error(io::Error::other(format!("the upstream says: {said}"))))
            }
            outcome => outcome.map(drop),
        }
    }

    fn explain_pack(&self, error: &gix::Error, into: &Path) -> FetchError {
        if let Some(cause) = self.guard.cause() {
            return cause;
        }
        for error in error.iter_errors().filter_map(|error| error.downcast_ref::<io::Error>()) {
            use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
            if matches!(error.kind(), StorageFull | QuotaExceeded | PermissionDenied | ReadOnlyFilesystem) {
                // `into` is a folder in the repository's `objects`.
                return FetchError::from_disk(error, into.ancestors().nth(2).unwrap_or(into));
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
