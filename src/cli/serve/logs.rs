//! The log, to stderr. Written by a thread of its own: a log that nobody reads must not stop the
//! server, and is rather missing lines.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::cli::config::serve::LogFormat;

/// Lines that may wait to be written.
const WAITING: usize = 8_192;

/// Bytes that are written at once, if so many wait.
const AT_ONCE: usize = 64 << 10;

/// How long lines are gathered before they are written.
const GATHERING: Duration = Duration::from_millis(5);

/// For the last lines to be written.
const PATIENCE: Duration = Duration::from_secs(2);

enum Letter {
    Line(Vec<u8>),
    Last,
}

/// The log, until this is dropped.
pub(super) struct Logs {
    sender: SyncSender<Letter>,
    writer: Option<JoinHandle<()>>,
}

impl Logs {
    pub fn begin(format: LogFormat, level: Level) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let paper = Paper { sender: sender.clone(), lost: Arc::clone(&lost) };
        let writer = std::thread::Builder::new().name("agnes-log".into());
        let writer = writer.spawn(move || write(&receiver, &lost, &mut io::stderr())).ok();
        // Of other people's code, what goes wrong alone: at finer levels, libraries log the headers of
        // requests, and tokens with them.
        let filter = Targets::new()
            .with_default(LevelFilter::WARN.min(LevelFilter::from_level(level)))
            .with_target("agnes", level);
        let layer = fmt::layer().with_writer(paper).with_ansi(false);
        let layer = match format {
            LogFormat::Text => layer.boxed(),
            LogFormat::Json => layer.json().flatten_event(true).boxed(),
        };
        // It fails only where there is a log already.
        let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let said = panic.payload();
            let said =
                said.downcast_ref::<&str>().copied().or(said.downcast_ref::<String>().map(String::as_str));
            tracing::error!(target: "agnes::defect", %place, "a defect: {}", said.unwrap_or("?"));
        }));
        Self { sender, writer }
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let _ = std::panic::take_hook();
        let began = Instant::now();
        while let Err(TrySendError::Full(_)) = self.sender.try_send(Letter::Last) {
            if began.elapsed() > PATIENCE {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let Some(writer) = self.writer.take() else { return };
        while !writer.is_finished() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// What the lines are written on.
#[derive(Clone)]
struct Paper {
    sender: SyncSender<Letter>,
    lost: Arc<AtomicU64>,
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Paper {
    /// Called once for each line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.sender.try_send(Letter::Line(line.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(receiver: &Receiver<Letter>, lost: &AtomicU64, out: &mut dyn Write) {
    let mut text = Vec::new();
    loop {
        match receiver.recv_timeout(Duration::from_secs(1)) {
            Ok(Letter::Line(line)) => text.extend_from_slice(&line),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Letter::Last) | Err(RecvTimeoutError::Disconnected) => return,
        }
        let mut last = false;
        while text.len() < AT_ONCE {
            match receiver.try_recv() {
                Ok(Letter::Line(line)) => text.extend_from_slice(&line),
                Ok(Letter::Last) => {
                    last = true;
                    break;
                }
                Err(_) => break,
            }
        }
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 {
            text.extend_from_slice(
                format!("agnes: {missing} lines of the log were lost: nobody took them\n").as_bytes(),
            );
        }
        // Whoever closed it wants to hear nothing.
        let _ = out.write_all(&text);
        text.clear();
        if last {
            return;
        }
        // Whoever has a line to log need not wake us for each: those of this while are written at once.
        std::thread::sleep(GATHERING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_in_order_and_lost_ones_are_told() {
        let (sender, receiver) = sync_channel(2);
        let lost = Arc::new(AtomicU64::new(0));
        let mut paper = Paper { sender: sender.clone(), lost: Arc::clone(&lost) };
        for line in ["a\n", "b\n", "c\n"] {
            paper.write_all(line.as_bytes()).unwrap();
        }
        let writer = std::thread::spawn(move || {
            let mut out = Vec::new();
            write(&receiver, &lost, &mut out);
            String::from_utf8(out).unwrap()
        });
        sender.send(Letter::Last).unwrap();
        assert_eq!(writer.join().unwrap(), "a\nb\nagnes: 1 lines of the log were lost: nobody took them\n");
    }
}
