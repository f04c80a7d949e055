//! One per fetch: who may stop it, and who is told how it goes.
//!
//! Whoever notices trouble first says what it is with [`Guard::fail`]; what gix makes of the broken
//! stream afterwards is then of no interest.

use std::io;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{FetchError, FetchOptions};
use crate::domain::watch::{Phase, Watch};

/// How often a fetch looks up from its work.
pub(super) const TICK: Duration = Duration::from_millis(40);

/// Bytes that everything but the pack may take: capabilities, refs, messages.
const TALK_BYTES: u64 = 64 * 1024 * 1024;

pub(super) struct Guard<'a> {
    pub watch: &'a dyn Watch,
    pub options: &'a FetchOptions,
    /// What gix polls while it works.
    pub stop: AtomicBool,
    pub counters: Arc<Counters>,
    host: Mutex<String>,
    started: Instant,
    cause: Mutex<Option<FetchError>>,
    allowance: AtomicU64,
    waiting_since: Mutex<Option<Instant>>,
    child: Mutex<Option<Arc<Mutex<Child>>>>,
}

/// What gix counts, as it counts it.
#[derive(Default)]
pub(super) struct Counters {
    pub total: AtomicUsize,
    pub received: Arc<AtomicUsize>,
    pub resolved: Arc<AtomicUsize>,
}

impl<'a> Guard<'a> {
    pub(super) fn new(watch: &'a dyn Watch, options: &'a FetchOptions) -> Self {
        Self {
            watch,
            options,
            stop: AtomicBool::new(false),
            counters: Arc::default(),
            host: Mutex::default(),
            started: Instant::now(),
            cause: Mutex::default(),
            allowance: AtomicU64::new(TALK_BYTES),
            waiting_since: Mutex::default(),
            child: Mutex::default(),
        }
    }

    /// For a second attempt, which has the time that the first one left.
    pub(super) fn since(self, started: Instant) -> Self {
        Self { started, ..self }
    }

    /// Does the work while a second thread looks after it: reports progress and, when there is
    /// reason to, makes a blocked read return by ending the child process it reads from.
    pub(super) fn watched<T>(&self, work: impl FnOnce() -> T) -> T {
        std::thread::scope(|scope| {
            let (done, is_done) = mpsc::channel::<()>();
            scope.spawn(move || {
                while is_done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    self.report();
                    if self.check().is_err()
                        && let Some(child) = lock(&self.child).as_ref()
                    {
                        // It may be gone already; then there is nothing left to end.
                        let _ = lock(child).kill();
                    }
                }
            });
            let outcome = work();
            drop(done);
            outcome
        })
    }

    fn report(&self) {
        let total = self.counters.total.load(Ordering::Relaxed);
        let total = (total > 0).then_some(total as u64);
        let resolved = self.counters.resolved.load(Ordering::Relaxed) as u64;
        let received = self.counters.received.load(Ordering::Relaxed) as u64;
        if resolved > 0 {
            self.watch.progress(Phase::Resolving, resolved, total);
        } else if received > 0 {
            self.watch.progress(Phase::Receiving, received, total);
        }
    }

    /// Whom to blame for a timeout.
    pub(super) fn talks_to(&self, host: &str) {
        host.clone_into(&mut lock(&self.host));
    }

    /// The child process to end when the fetch is to stop.
    pub(super) fn depends_on(&self, child: Option<Arc<Mutex<Child>>>) {
        *lock(&self.child) = child;
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> io::Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(stopped());
        }
        if self.watch.cancelled() {
            return Err(self.fail(FetchError::Cancelled));
        }
        let waited = if self.started.elapsed() > self.options.total_timeout {
            format!("{} in all", seconds(self.options.total_timeout))
        } else if lock(&self.waiting_since).is_some_and(|since| since.elapsed() > self.options.idle_timeout) {
            format!("{} without an answer", seconds(self.options.idle_timeout))
        } else {
            return Ok(());
        };
        let host = lock(&self.host).clone();
        Err(self.fail(FetchError::TimedOut { host, waited }))
    }

    /// From now on the other side is expected to say something.
    pub(super) fn begin_wait(&self) {
        *lock(&self.waiting_since) = Some(Instant::now());
    }

    pub(super) fn end_wait(&self) {
        *lock(&self.waiting_since) = None;
    }

    /// So many bytes came in.
    pub(super) fn count(&self, bytes: usize) -> io::Result<()> {
        let bytes = bytes as u64;
        let left =
            self.allowance.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        match left {
            Ok(_) => Ok(()),
            Err(_) => Err(self.fail(self.too_large())),
        }
    }

    /// A file of that many bytes may come.
    pub(super) fn expect(&self, bytes: u64) {
        self.allowance.store(bytes, Ordering::Relaxed);
    }

    /// A pack is about to come: its framing and messages may take as much again as talk may.
    pub(super) fn expect_pack(&self) {
        self.allowance.store(self.options.max_pack_bytes.saturating_add(TALK_BYTES), Ordering::Relaxed);
    }

    pub(super) fn too_large(&self) -> FetchError {
        FetchError::TooLarge { limit: self.options.max_pack_bytes }
    }

    /// Says why the fetch ends, unless something else ended it before. Everything stops.
    pub(super) fn fail(&self, error: FetchError) -> io::Error {
        lock(&self.cause).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
        stopped()
    }

    pub(super) fn cause(&self) -> Option<FetchError> {
        lock(&self.cause).clone()
    }
}

/// Not `Interrupted`: that means "try again" to everybody who reads.
fn stopped() -> io::Error {
    io::Error::other("stopped")
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f32())
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
