//! gix's progress tree, reduced to the two numbers that anybody wants to see.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::progress::{Id, MessageLevel, NestedProgress, Progress, Step, StepShared, UNKNOWN, Unit};

use super::guard::Counters;

/// From `gix_pack::index::write::ProgressId`: objects that came in, and that were decoded.
const INDEXED: Id = *b"IWIO";
const RESOLVED: Id = *b"IWRO";

pub(super) struct Tally {
    counters: Arc<Counters>,
    id: Id,
    step: StepShared,
}

impl Tally {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { counters, id: UNKNOWN, step: Arc::new(AtomicUsize::new(0)) }
    }
}

impl gix::progress::Count for Tally {
    fn set(&self, step: Step) {
        self.step.store(step, Ordering::Relaxed);
    }

    fn step(&self) -> Step {
        self.step.load(Ordering::Relaxed)
    }

    fn inc_by(&self, step: Step) {
        self.step.fetch_add(step, Ordering::Relaxed);
    }

    fn counter(&self) -> StepShared {
        Arc::clone(&self.step)
    }
}

impl Progress for Tally {
    fn init(&mut self, max: Option<Step>, _: Option<Unit>) {
        if let Some(max) = max.filter(|_| self.id == INDEXED || self.id == RESOLVED) {
            self.counters.total.store(max, Ordering::Relaxed);
        }
    }

    fn set_name(&mut self, _: String) {}

    fn name(&self) -> Option<String> {
        None
    }

    fn id(&self) -> Id {
        self.id
    }

    fn message(&self, _: MessageLevel, _: String) {}
}

impl NestedProgress for Tally {
    type SubProgress = Self;

    fn add_child(&mut self, _: impl Into<String>) -> Self {
        Self::new(Arc::clone(&self.counters))
    }

    fn add_child_with_id(&mut self, _: impl Into<String>, id: Id) -> Self {
        let step = match id {
            INDEXED => Arc::clone(&self.counters.received),
            RESOLVED => Arc::clone(&self.counters.resolved),
            _ => Arc::new(AtomicUsize::new(0)),
        };
        Self { counters: Arc::clone(&self.counters), id, step }
    }
}
