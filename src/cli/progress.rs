//! A bar for each marketplace on a terminal; lines where there is none; nothing when quiet.

use std::collections::HashMap;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::args::Global;
use super::said::{count, line, tell};
use crate::domain::watch::Phase;
use crate::wire::sync::{Event, SyncError, Synced};

pub(super) enum Progress {
    Bars { all: MultiProgress, bars: HashMap<String, ProgressBar> },
    Lines,
    Nothing,
}

impl Progress {
    pub fn new(global: &Global) -> Self {
        if global.quiet || global.json {
            Self::Nothing
        } else if io::stderr().is_terminal() {
            Self::Bars { all: MultiProgress::new(), bars: HashMap::new() }
        } else {
            Self::Lines
        }
    }

    pub fn tell(&mut self, event: &Event) {
        match self {
            Self::Bars { all, bars } => tell_bars(all, bars, event),
            Self::Lines => match event {
                Event::Synced { result } => tell(&format!("{}: {}", line(&result.id), outcome(result))),
                // Why is told at the end, where the error messages are.
                Event::Failed { result } => tell(&format!("{}: failed", line(&result.id))),
                Event::Progress { .. } | Event::Done { .. } | Event::Problem { .. } => {}
            },
            Self::Nothing => {}
        }
    }
}

fn tell_bars(all: &MultiProgress, bars: &mut HashMap<String, ProgressBar>, event: &Event) {
    let mut bar = |id: &str| bars.entry(id.to_owned()).or_insert_with(|| new_bar(all, id)).clone();
    match event {
        Event::Progress { id, phase, done, total } => {
            let bar = bar(id);
            bar.set_message(match phase {
                Phase::Connecting => "connecting",
                Phase::Receiving => "receiving",
                Phase::Resolving => "resolving",
                Phase::Reading => "reading plugins",
            });
            match total {
                Some(total) => bar.set_length(*total),
                None => bar.unset_length(),
            }
            bar.set_position(*done);
        }
        Event::Synced { result } => finish(&bar(&result.id), outcome(result)),
        Event::Failed { result } => finish(&bar(&result.id), failure(result)),
        Event::Done { .. } | Event::Problem { .. } => {}
    }
}

fn new_bar(all: &MultiProgress, id: &str) -> ProgressBar {
    let bar = all.add(ProgressBar::no_length().with_prefix(line(id)));
    if let Ok(style) = ProgressStyle::with_template("{prefix:24} {bar:24} {human_pos:>9} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn finish(bar: &ProgressBar, outcome: String) {
    if let Ok(style) = ProgressStyle::with_template("{prefix:24} {msg}") {
        bar.set_style(style);
    }
    bar.finish_with_message(outcome);
}

/// What became of one marketplace, on a line.
pub(super) fn outcome(synced: &Synced) -> String {
    let commit = synced.commit.get(..12).unwrap_or(&synced.commit);
    let mut parts = vec![if synced.changed {
        format!(
            "now at {commit}: {} added, {} updated, {} removed",
            synced.added, synced.updated, synced.removed
        )
    } else {
        format!("nothing new at {commit}")
    }];
    if synced.not_served > 0 {
        parts.push(format!("{} of {} not served", synced.not_served, synced.plugin_count));
    }
    if synced.notes > 0 {
        parts.push(count(synced.notes, "note"));
    }
    parts.join("; ")
}

fn failure(error: &SyncError) -> String {
    format!("FAILED: {}", line(&error.error))
}
