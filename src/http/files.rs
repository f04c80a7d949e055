//! Answers that are a file's bytes.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

/// Bytes that are read at a time. With what the connection buffers, this is what a reader who takes
/// their time costs.
const CHUNK: usize = 128 << 10;

/// Streams a file that others may be streaming, too: each at their own place in it. The file may be
/// removed meanwhile; what is open stays.
pub(super) struct FileBody {
    file: Arc<File>,
    at: u64,
    size: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileBody {
    pub fn new(file: Arc<File>, size: u64) -> Self {
        Self { file, at: 0, size, reading: None }
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.at == this.size {
            return Poll::Ready(None);
        }
        let (file, at) = (&this.file, this.at);
        let length = usize::try_from(this.size - at).map_or(CHUNK, |rest| rest.min(CHUNK));
        let reading = this.reading.get_or_insert_with(|| {
            let file = Arc::clone(file);
            tokio::task::spawn_blocking(move || read_at(&file, at, length))
        });
        let read = ready!(Pin::new(reading).poll(cx));
        this.reading = None;
        let bytes = read.map_err(io::Error::other).flatten()?;
        this.at += bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.at == self.size
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size - self.at)
    }
}

fn read_at(file: &File, at: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; length];
    #[cfg(unix)]
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, at)?;
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < length {
            match std::os::windows::fs::FileExt::seek_read(file, &mut bytes[done..], at + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
        }
    }
    Ok(bytes.into())
}
