//! The id that git gives a file's bytes.

use super::from_gix;
use crate::domain::repository::oid::Oid;

/// Works out a blob's id, a piece at a time.
pub struct BlobHasher(gix::hash::Hasher);

impl BlobHasher {
    /// For a file of so many bytes.
    #[must_use]
    pub fn new(size: u64) -> Self {
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(format!("blob {size}\0").as_bytes());
        Self(hasher)
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// `None`: the bytes were made so that other bytes have the same id.
    #[must_use]
    pub fn finish(self) -> Option<Oid> {
        self.0.try_finalize().ok().map(|id| from_gix(&id))
    }
}
