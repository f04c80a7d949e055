//! Sending a pack.

use std::fs::File;
use std::io::{self, BufRead as _, Cursor, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use super::part::Part;
use super::selection::Pack;
use crate::domain::repository::oid::Oid;
use crate::git::upload_pack::Band;

/// The bytes of a pack before its objects: `PACK`, the version, how many there are.
const HEADER: usize = 12;

/// The bytes after them: their SHA-1.
const TRAILER: usize = 20;

/// An answer that may have a pack in it, read as it is sent: what it takes of memory is what is asked for
/// at a time.
pub struct PackStream {
    /// What comes before the pack and after it, until it was sent.
    before: Vec<u8>,
    after: &'static [u8],
    pack: Option<(Body, Band)>,
    /// The pack in memory, and the piece that comes next.
    ready: Option<(Arc<ReadyPack>, usize)>,
    length: u64,
}

/// A whole pack in packets of the large band, with what ends it, in memory: for one that many are sent.
/// They share its bytes, which nobody copies.
pub struct ReadyPack {
    pieces: Vec<Bytes>,
    length: u64,
}

/// Bytes of one piece of a pack in memory.
const PIECE: usize = 256 << 10;

/// The bytes of the pack itself.
struct Body {
    pack: Arc<Pack>,
    /// Bytes of it that are in no file: what it begins and ends with.
    made: Cursor<Vec<u8>>,
    /// The piece that comes next.
    next: usize,
    open: Option<Open>,
    check: Check,
    /// Bytes of objects that are left, and of all.
    objects: u64,
    left: u64,
    /// Counts along, until it is known what the pack ends with.
    sum: Option<Sha1>,
}

/// The file of a part, at the place of a piece.
struct Open {
    part: Arc<Part>,
    file: File,
    /// Bytes that are left of the piece.
    left: u64,
}

/// Holds what is read against what was written, object by object: a file that was spoilt since it was opened
/// would otherwise be sent again and again.
#[derive(Default)]
struct Check {
    /// The number of the object, and how much of it was seen.
    object: usize,
    seen: u64,
    sum: crc32fast::Hasher,
}

impl PackStream {
    /// An answer without a pack.
    #[must_use]
    pub fn only(answer: Vec<u8>) -> Self {
        Self { length: answer.len() as u64, before: answer, after: &[], pack: None, ready: None }
    }

    /// An answer that says something, and then has a pack that is in memory.
    #[must_use]
    pub fn ready(before: Vec<u8>, pack: Arc<ReadyPack>) -> Self {
        let length = before.len() as u64 + pack.length;
        Self { before, after: &[], pack: None, ready: Some((pack, 0)), length }
    }

    /// An answer that says something, and then has a pack in that band.
    #[must_use]
    pub fn new(before: Vec<u8>, band: Band, pack: Arc<Pack>) -> Self {
        let bytes = pack.bytes + (HEADER + TRAILER) as u64;
        let packets = band.most().map_or(0, |most| bytes.div_ceil(most as u64));
        let framing =
            packets * band.header(0).map_or(0, |header| header.len() as u64) + band.end().len() as u64;
        let length = before.len() as u64 + bytes + framing;
        Self { before, after: band.end(), pack: Some((Body::new(pack, bytes), band)), ready: None, length }
    }

    /// A bundle file (gitformat-bundle) of the pack of a snapshot.
    #[must_use]
    pub fn bundle(tip: &Oid, pack: Arc<Pack>) -> Self {
        // Without HEAD, `git clone main.bundle` would check nothing out.
        let refs = format!("# v2 git bundle\n{tip} HEAD\n{tip} refs/heads/main\n\n");
        Self::new(refs.into_bytes(), Band::Raw, pack)
    }

    /// Bytes of all that [`Self::next`] gives.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The next bytes, if they are in memory: whoever asks need not be able to wait.
    pub fn at_hand(&mut self) -> Option<Bytes> {
        let (ready, next) = self.ready.as_mut()?;
        if !self.before.is_empty() {
            return Some(std::mem::take(&mut self.before).into());
        }
        let piece = ready.pieces.get(*next)?;
        *next += 1;
        Some(piece.clone())
    }

    /// About `most` bytes of the answer, or what is left. Empty: that was all.
    ///
    /// # Errors
    /// When a file is gone, or not what it was. What was sent so far is of no use then.
    pub fn next(&mut self, most: usize) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.at_hand() {
            return Ok(bytes.into());
        }
        let mut out = std::mem::take(&mut self.before);
        if let Some((body, band)) = &mut self.pack {
            out.reserve(most + (1 << 10));
            while out.len() < most && body.left > 0 {
                let n = band.most().unwrap_or_else(|| most - out.len());
                let n = usize::try_from(body.left).map_or(n, |left| left.min(n));
                out.extend(band.header(n).into_iter().flatten());
                body.read(&mut out, n)?;
            }
            if body.left > 0 {
                return Ok(out);
            }
            self.pack = None;
        }
        out.extend_from_slice(std::mem::take(&mut self.after));
        Ok(out)
    }
}

impl ReadyPack {
    /// Reads a pack into memory.
    ///
    /// # Errors
    /// When a file is gone, or not what it was.
    pub fn read(pack: &Arc<Pack>) -> io::Result<Self> {
        let mut stream = PackStream::new(Vec::new(), Band::Large, Arc::clone(pack));
        let mut pieces = Vec::new();
        loop {
            let piece = stream.next(PIECE)?;
            if piece.is_empty() {
                return Ok(Self { pieces, length: stream.length });
            }
            pieces.push(Bytes::from(piece));
        }
    }

    /// What it takes of memory.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }
}

impl Check {
    fn see(&mut self, pack: &Pack, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let Some((length, crc)) = pack.checks.get(self.object) else { return Err(spoilt()) };
            let left = usize::try_from(length - self.seen).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(left.min(bytes.len()));
            self.sum.update(now);
            self.seen += now.len() as u64;
            if self.seen == *length {
                if std::mem::take(&mut self.sum).finalize() != *crc {
                    return Err(spoilt());
                }
                (self.object, self.seen) = (self.object + 1, 0);
            }
            bytes = later;
        }
        Ok(())
    }
}

fn spoilt() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an object in the cache is not what it was")
}

impl Body {
    fn new(pack: Arc<Pack>, left: u64) -> Self {
        let mut header = b"PACK\0\0\0\x02".to_vec();
        header.extend_from_slice(&pack.count.to_be_bytes());
        let sum = pack.checksum.get().is_none().then(|| Sha1::new_with_prefix(&header));
        let (objects, made) = (pack.bytes, Cursor::new(header));
        Self { made, next: 0, open: None, check: Check::default(), objects, left, sum, pack }
    }

    /// Reads that many bytes.
    fn read(&mut self, out: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
        let end = out.len() + wanted;
        while out.len() < end {
            let begin = out.len();
            self.some(out, end - begin)?;
            self.left -= (out.len() - begin) as u64;
        }
        Ok(())
    }

    /// Reads at least one byte and at most `most`.
    fn some(&mut self, out: &mut Vec<u8>, most: usize) -> io::Result<()> {
        let begin = out.len();
        if self.objects > 0 && self.made.fill_buf()?.is_empty() {
            let read = self.object_bytes(out, most);
            let read = read.and_then(|()| self.check.see(&self.pack, out.get(begin..).unwrap_or_default()));
            if let (Err(_), Some(open)) = (&read, &self.open) {
                open.part.spoil();
            }
            read?;
            self.objects -= (out.len() - begin) as u64;
            if let Some(sum) = &mut self.sum {
                sum.update(&out[begin..]);
            }
            return Ok(());
        }
        if self.made.fill_buf()?.is_empty() {
            let sum = self.sum.take().map(|sum| sum.finalize().into());
            let checksum = self.pack.checksum.get_or_init(|| sum.unwrap_or_default());
            self.made = Cursor::new(checksum.to_vec());
        }
        self.made.by_ref().take(most as u64).read_to_end(out).map(drop)
    }

    fn object_bytes(&mut self, out: &mut Vec<u8>, most: usize) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|open| open.left == 0) {
            self.open_next()?;
        }
        let Some(open) = &mut self.open else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        let begin = out.len();
        let wanted = usize::try_from(open.left).map_or(most, |left| left.min(most));
        out.resize(begin + wanted, 0);
        open.file.read_exact(&mut out[begin..])?;
        open.left -= wanted as u64;
        Ok(())
    }

    fn open_next(&mut self) -> io::Result<()> {
        let pack = Arc::clone(&self.pack);
        let Some(piece) = pack.pieces.get(self.next) else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        self.next += 1;
        let mut file = match self.open.take() {
            Some(open) if Arc::ptr_eq(&open.part, &piece.part) => open.file,
            _ => piece.part.file()?,
        };
        file.seek(SeekFrom::Start(piece.offset))?;
        self.open = Some(Open { part: Arc::clone(&piece.part), file, left: piece.length });
        Ok(())
    }
}
