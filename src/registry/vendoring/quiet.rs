//! Who watches a fetch among many.

use std::time::{Duration, Instant};

use crate::domain::watch::{Phase, Watch};

/// A fetch among many: it is not watched by itself, and all of them together have to end some time.
pub(in crate::registry) struct Quiet<'a> {
    pub watch: &'a dyn Watch,
    pub until: Instant,
}

impl<'a> Quiet<'a> {
    pub(in crate::registry) fn new(watch: &'a dyn Watch, time: Duration) -> Self {
        Self { watch, until: Instant::now() + time }
    }

    /// Their time is over, and nobody wanted them to end.
    pub(in crate::registry) fn is_late(&self) -> bool {
        !self.watch.cancelled() && Instant::now() >= self.until
    }
}

impl Watch for Quiet<'_> {
    fn progress(&self, _: Phase, _: u64, _: Option<u64>) {}

    fn cancelled(&self) -> bool {
        self.watch.cancelled() || Instant::now() >= self.until
    }
}
