//! A bar for each marketplace on a terminal; a line where there is none; nothing when quiet.

use std::collections::HashMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::args::Global;
use super::said::{count, line, talk};
use crate::domain::watch::Phase;
use crate::wire::sync::{Event, SyncAll, SyncError, Synced};

pub(super) enum Progress {
    Bars {
        all: MultiProgress,
        bars: HashMap<String, ProgressBar>,
    },
    /// One for each marketplace when it is done, so that a log shows which one the others wait for.
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
                Event::Synced { result } => print(&said(result)),
                Event::Failed { result } => complain(result),
                Event::Alive | Event::Progress { .. } | Event::Done { .. } | Event::Problem { .. } => {}
            },
            Self::Nothing => {}
        }
    }

    /// Whether failures were told as they came.
    pub fn told_failures(&self) -> bool {
        matches!(self, Self::Lines)
    }

    /// What stdout has not had yet. Whoever saw the bars has seen it, unless stdout goes elsewhere.
    pub fn remaining(&self, done: &SyncAll) -> String {
        match self {
            Self::Bars { .. } if !io::stdout().is_terminal() => done.synced.iter().map(said).collect(),
            Self::Bars { .. } | Self::Lines | Self::Nothing => String::new(),
        }
    }
}

fn said(synced: &Synced) -> String {
    format!("{}: {}\n", line(&synced.id), outcome(synced))
}

/// To stdout, now. Whoever closed it had enough.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// To stderr, now: what failed and what helps.
pub(super) fn complain(error: &SyncError) {
    talk(&format!("error: {}: {}", line(&error.id), line(&error.error)));
    if let Some(hint) = &error.hint {
        talk(&format!("hint: {}", line(hint)));
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
                Phase::Vendoring => "fetching plugins",
                Phase::Reading => "reading plugins",
            });
            match total {
                Some(total) => bar.set_length(*total),
                None => bar.unset_length(),
            }
            bar.set_position(*done);
        }
        Event::Synced { result } => finish(&bar(&result.id), outcome(result)),
        // Why follows below the bars, with what helps.
        Event::Failed { result } => finish(&bar(&result.id), "failed".to_owned()),
        Event::Alive | Event::Done { .. } | Event::Problem { .. } => {}
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
    let repositories =
        |n| if n == 1 { "1 other repository".into() } else { format!("{n} other repositories") };
    if synced.remote_received > 0 {
        parts.push(format!("fetched {}", repositories(synced.remote_received)));
    }
    if synced.remote_failed > 0 {
        parts.push(format!("{} failed", repositories(synced.remote_failed)));
    }
    if synced.not_served > 0 {
        parts.push(format!("{} of {} not served", synced.not_served, synced.plugin_count));
    }
    if synced.notes > 0 {
        parts.push(count(synced.notes, "note"));
    }
    parts.join("; ")
}
