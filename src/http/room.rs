//! How much of memory the bodies of all requests may take together, and how many are unpacked at a time.
//!
//! What one may send is bounded for each request. A token and a few hundred connections would make gigabytes of
//! that, and ten megabytes are ten kilobytes when they are packed.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Failure;

/// Bytes of all that count.
pub(super) const BYTES: usize = 128 << 20;

/// What is no larger does not count, in bytes. Almost all that clients send is far smaller.
const SMALL: usize = 64 << 10;

/// Requests that are unpacked and parsed at the same time.
const TURNS: usize = 4;

/// What somebody is told to wait, in seconds.
const WAIT: u16 = 2;

/// All there is. Cheap to clone.
#[derive(Clone)]
pub(super) struct Room {
    bytes: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// What one request has of it, until this is dropped.
pub(super) struct Share {
    room: Room,
    taken: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub fn new(bytes: usize) -> Self {
        Self { bytes: Arc::new(Semaphore::new(bytes)), turns: Arc::new(Semaphore::new(TURNS)) }
    }

    pub fn share(&self) -> Share {
        Share { room: self.clone(), taken: None }
    }
}

/// Whoever calls in-process is alone.
impl Default for Room {
    fn default() -> Self {
        Self::new(BYTES)
    }
}

impl Share {
    /// A turn at unpacking, until this is dropped. `None` cannot be: nobody closes it.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room.turns).acquire_owned().await.ok()
    }

    /// Makes it as large as that many bytes need. False: so much is not left.
    #[must_use]
    pub fn covers(&mut self, bytes: usize) -> bool {
        let wanted = if bytes > SMALL { bytes } else { 0 };
        let more = wanted.saturating_sub(self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits));
        let Ok(more) = u32::try_from(more) else { return false };
        let Ok(permit) = Arc::clone(&self.room.bytes).try_acquire_many_owned(more) else { return false };
        match &mut self.taken {
            Some(taken) => taken.merge(permit),
            None => self.taken = Some(permit),
        }
        true
    }

    pub fn give_back(&mut self) {
        self.taken = None;
    }
}

/// For whoever there is no room for.
pub(super) fn full() -> Response {
    let told =
        format!("the requests of others take all memory that there is for them; try again in {WAIT} s");
    let mut response = Failure::new(StatusCode::SERVICE_UNAVAILABLE, "server-busy", told).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(WAIT));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_together_get_no_more_than_there_is() {
        let room = Room::new(1 << 20);
        let (mut one, mut two, mut small) = (room.share(), room.share(), room.share());
        assert!(one.covers(600 << 10) && one.covers(100 << 10), "it has that much already");
        assert!(!two.covers(600 << 10) && two.covers(400 << 10) && !two.covers(600 << 10));
        assert!(small.covers(SMALL) && !small.covers(SMALL + 1));
        one.give_back();
        assert!(two.covers(1 << 20) && !small.covers(SMALL + 1));
        drop(two);
        assert!(small.covers(1 << 20) && !small.covers((1 << 20) + 1));

        let mut turns = Vec::new();
        for _ in 0..TURNS {
            turns.push(small.turn().await);
        }
        let waiting = small.turn();
        tokio::pin!(waiting);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), &mut waiting).await.is_err());
        turns.pop();
        assert!(waiting.await.is_some());
    }
}
