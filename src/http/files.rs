//! Answers that are read from files as they are sent.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::registry::channel::PackStream;

/// Bytes that are read at a time. With what the connection buffers, this is what a reader who takes
/// their time costs.
const CHUNK: usize = 128 << 10;

/// Bytes for those who do not: what each piece costs beside its bytes is a change of threads, and that is
/// most of it. Whoever stops in the middle keeps one of these.
const LARGEST: usize = 512 << 10;

/// Whoever wants the next piece this soon takes them as fast as they come.
const SOON: Duration = Duration::from_millis(20);

/// What can be read piece by piece, by a thread that may wait for a disk.
pub(super) trait Chunks: Send + Unpin + 'static {
    /// The next piece, if it is in memory.
    fn at_hand(&mut self) -> Option<Bytes> {
        None
    }

    /// The next piece, of about so many bytes. It is asked for only while there is one.
    fn read(&mut self, about: usize) -> io::Result<Vec<u8>>;
}

/// The body of an answer, of a known length.
pub(super) struct ChunkedBody<C> {
    left: u64,
    /// Bytes that are read the next time.
    chunk: usize,
    handed_on: Option<Instant>,
    state: State<C>,
}

enum State<C> {
    Resting(C),
    Reading(JoinHandle<(C, io::Result<Vec<u8>>)>),
    Ended,
}

/// A file that others may be reading, too: each at their own place in it. It may be removed meanwhile;
/// what is open stays.
pub(super) struct FileChunks {
    file: Arc<File>,
    at: u64,
    left: u64,
}

pub(super) type FileBody = ChunkedBody<FileChunks>;

impl FileBody {
    pub fn new(file: Arc<File>, size: u64) -> Self {
        Self::begin(size, FileChunks { file, at: 0, left: size })
    }
}

impl<C> ChunkedBody<C> {
    fn begin(left: u64, chunks: C) -> Self {
        Self { left, chunk: CHUNK, handed_on: None, state: State::Resting(chunks) }
    }

    /// How much to read now, by how the last piece was taken.
    fn pace(&mut self) -> usize {
        self.chunk = match self.handed_on {
            Some(at) if at.elapsed() < SOON => (self.chunk * 2).min(LARGEST),
            _ => CHUNK,
        };
        self.chunk
    }
}

impl ChunkedBody<PackStream> {
    pub fn of(stream: PackStream) -> Self {
        Self::begin(stream.length(), stream)
    }
}

impl<C: Chunks> Body for ChunkedBody<C> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let mut reading = match std::mem::replace(&mut this.state, State::Ended) {
            State::Resting(mut chunks) => {
                if let Some(bytes) = chunks.at_hand() {
                    this.left = this.left.saturating_sub(bytes.len() as u64);
                    this.state = State::Resting(chunks);
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                let about = this.pace();
                tokio::task::spawn_blocking(move || {
                    let read = chunks.read(about);
                    (chunks, read)
                })
            }
            State::Reading(reading) => reading,
            State::Ended => return Poll::Ready(None),
        };
        let Poll::Ready(read) = Pin::new(&mut reading).poll(cx) else {
            this.state = State::Reading(reading);
            return Poll::Pending;
        };
        let (chunks, read) = read.map_err(io::Error::other)?;
        let bytes = read?;
        if bytes.is_empty() {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        this.left = this.left.saturating_sub(bytes.len() as u64);
        this.state = State::Resting(chunks);
        this.handed_on = Some(Instant::now());
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

impl Chunks for PackStream {
    fn at_hand(&mut self) -> Option<Bytes> {
        self.at_hand()
    }

    fn read(&mut self, about: usize) -> io::Result<Vec<u8>> {
        self.next(about)
    }
}

impl Chunks for FileChunks {
    fn read(&mut self, about: usize) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.left).map_or(about, |left| left.min(about));
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, self.at)?;
        self.at += length as u64;
        self.left -= length as u64;
        Ok(bytes)
    }
}
