//! Whether a connection still does something, and what to do when it does not.
//!
//! One clock for each connection decides it all: a header that arrives byte by byte, a client that is
//! connected and says nothing, one that asked for a file and does not read it. What it looks at is
//! what was *achieved* (a request arrived, bytes were taken), not whether bytes trickle in.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::settings::Limits;

/// A stream of HTTP/2 that is not taken may hide behind others that are; but not for this many stall
/// timeouts.
const PATIENCE: u32 = 10;

#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    /// Requests that are not answered to the end yet.
    requests: AtomicUsize,
    /// Answers whose next bytes wait for the client to take those before.
    waiting: AtomicUsize,
    /// Whether any request has arrived yet.
    used: AtomicBool,
    /// Whether the system did not take all the bytes that were last written.
    blocked: AtomicBool,
    /// When the last request ended. This and the next two in milliseconds since `born`.
    quiet_since: AtomicU64,
    /// When the system took bytes last.
    moved_at: AtomicU64,
    /// When the client was ready for more of an answer last.
    asked_at: AtomicU64,
    /// Somebody else needs the place.
    pub evicted: Notify,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    /// Let it end what it is at, and close it.
    Close,
    /// It will not end by itself.
    Drop,
}

impl Pulse {
    pub fn new() -> Self {
        Self {
            born: Instant::now(),
            requests: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            used: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            quiet_since: AtomicU64::new(0),
            moved_at: AtomicU64::new(0),
            asked_at: AtomicU64::new(0),
            evicted: Notify::new(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub fn request_began(&self) {
        self.used.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub fn request_ended(&self) {
        self.quiet_since.store(self.now(), Ordering::Relaxed);
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// Bytes of an answer were handed on, and the next ones are not asked for yet.
    pub fn handed_on(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// The next ones are asked for, or nobody wants them any more.
    pub fn asked(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.asked_at.store(self.now(), Ordering::Relaxed);
    }

    pub fn moved(&self) {
        self.blocked.store(false, Ordering::Relaxed);
        self.moved_at.store(self.now(), Ordering::Relaxed);
    }

    pub fn blocked(&self) {
        self.blocked.store(true, Ordering::Relaxed);
    }

    /// For how long there has been no request, if there is none.
    pub fn idle(&self) -> Option<Duration> {
        (self.requests.load(Ordering::Relaxed) == 0).then(|| {
            Duration::from_millis(self.now().saturating_sub(self.quiet_since.load(Ordering::Relaxed)))
        })
    }

    /// Whether there is neither a request nor the rest of an answer.
    pub fn at_rest(&self) -> bool {
        self.idle().is_some() && !self.blocked.load(Ordering::Relaxed)
    }

    pub fn verdict(&self, limits: &Limits) -> Verdict {
        let now = self.now();
        let since =
            |then: &AtomicU64| Duration::from_millis(now.saturating_sub(then.load(Ordering::Relaxed)));
        let stalled = since(&self.moved_at) > limits.stall_timeout;
        let Some(idle) = self.idle() else {
            let waiting = self.waiting.load(Ordering::Relaxed) > 0;
            let asked = since(&self.asked_at);
            let stuck = (stalled && asked > limits.stall_timeout) || asked > limits.stall_timeout * PATIENCE;
            return if waiting && stuck { Verdict::Drop } else { Verdict::GoOn };
        };
        let allowed =
            if self.used.load(Ordering::Relaxed) { limits.keep_alive } else { limits.header_timeout };
        match (self.blocked.load(Ordering::Relaxed), idle > allowed) {
            // The end of an answer is still on its way, however slowly.
            (true, _) if stalled && idle > limits.stall_timeout => Verdict::Drop,
            (true, _) | (false, false) => Verdict::GoOn,
            (false, true) => Verdict::Close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let short = Duration::from_millis(20);
        Limits { header_timeout: short, keep_alive: short * 3, stall_timeout: short, ..Limits::default() }
    }

    fn after(pulse: &Pulse, millis: u64) -> Verdict {
        std::thread::sleep(Duration::from_millis(millis));
        pulse.verdict(&limits())
    }

    #[test]
    fn whoever_sends_no_request_is_closed() {
        let pulse = Pulse::new();
        assert_eq!(pulse.verdict(&limits()), Verdict::GoOn);
        assert_eq!(after(&pulse, 30), Verdict::Close);
    }

    #[test]
    fn between_requests_there_is_more_time() {
        let pulse = Pulse::new();
        pulse.request_began();
        assert_eq!(after(&pulse, 100), Verdict::GoOn, "our own work takes as long as it takes");
        pulse.request_ended();
        assert_eq!(after(&pulse, 30), Verdict::GoOn);
        assert_eq!(after(&pulse, 50), Verdict::Close);
    }

    #[test]
    fn whoever_does_not_take_what_they_asked_for_is_dropped() {
        let pulse = Pulse::new();
        pulse.request_began();
        pulse.handed_on();
        pulse.moved();
        assert_eq!(pulse.verdict(&limits()), Verdict::GoOn);
        assert_eq!(after(&pulse, 30), Verdict::Drop);
        pulse.moved();
        assert_eq!(pulse.verdict(&limits()), Verdict::GoOn, "slow is not stuck");
        pulse.asked();
        assert_eq!(after(&pulse, 30), Verdict::GoOn, "it waits for us");
    }

    #[test]
    fn what_moves_elsewhere_on_the_connection_does_not_excuse_for_ever() {
        let pulse = Pulse::new();
        pulse.request_began();
        pulse.handed_on();
        std::thread::sleep(Duration::from_millis(220));
        pulse.moved();
        assert_eq!(pulse.verdict(&limits()), Verdict::Drop);
    }

    #[test]
    fn the_end_of_an_answer_may_be_slow() {
        let pulse = Pulse::new();
        pulse.request_began();
        pulse.blocked();
        pulse.request_ended();
        std::thread::sleep(Duration::from_millis(80));
        pulse.moved();
        pulse.blocked();
        assert_eq!(pulse.verdict(&limits()), Verdict::GoOn);
        assert_eq!(after(&pulse, 30), Verdict::Drop);
    }
}
