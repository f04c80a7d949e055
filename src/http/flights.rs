//! Work that many ask for at once, and that is done once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

type UnderWay<K, V> = Mutex<HashMap<K, watch::Receiver<Option<V>>>>;

/// Work under way, by what it is for. It goes on when those who asked for it went away: what was begun
/// for one of a thousand clients is what the other 999 wait for.
pub(super) struct Flights<K, V>(Arc<UnderWay<K, V>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// What the work for `key` comes to; it is begun unless it is under way. `None`: it stopped short.
    pub async fn join<F>(&self, key: K, begin: impl FnOnce() -> F) -> Option<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut outcome = {
            let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(outcome) = under_way.get(&key) {
                outcome.clone()
            } else {
                let (tell, outcome) = watch::channel(None);
                under_way.insert(key.clone(), outcome.clone());
                let landing = Landing { under_way: Arc::clone(&self.0), key };
                let work = begin();
                tokio::spawn(async move {
                    let value = work.await;
                    // Whoever comes now begins anew, and whoever waits is told: in this order.
                    drop(landing);
                    tell.send_replace(Some(value));
                });
                outcome
            }
        };
        outcome.wait_for(Option::is_some).await.ok().and_then(|value| value.clone())
    }
}

/// Takes the work off the list, also when it panics.
struct Landing<K: Eq + Hash, V> {
    under_way: Arc<UnderWay<K, V>>,
    key: K,
}

impl<K: Eq + Hash, V> Drop for Landing<K, V> {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_thousand_who_ask_at_once_are_told_what_was_done_once() {
        let flights = Arc::new(Flights::<u8, usize>::default());
        let done = Arc::new(AtomicUsize::new(0));
        let (open, gate) = watch::channel(false);
        let asking: Vec<_> = (0..1000)
            .map(|_| {
                let (flights, done, mut gate) = (Arc::clone(&flights), Arc::clone(&done), gate.clone());
                tokio::spawn(async move {
                    let work = || async move {
                        let _ = gate.wait_for(|open| *open).await;
                        done.fetch_add(1, Ordering::SeqCst)
                    };
                    flights.join(1, work).await
                })
            })
            .collect();
        // Everybody who is going to ask has been scheduled before the work may end.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        open.send_replace(true);
        for one in asking {
            assert_eq!(one.await.unwrap(), Some(0));
        }
        assert_eq!(done.load(Ordering::SeqCst), 1);
        assert_eq!(flights.join(1, || async { 7 }).await, Some(7), "what is done is forgotten");
    }

    #[tokio::test]
    async fn work_goes_on_when_who_asked_went_away_and_is_forgotten_when_it_panics() {
        let flights = Arc::new(Flights::<u8, usize>::default());
        let (tell, told) = tokio::sync::oneshot::channel();
        let first = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { flights.join(1, || async { told.await.unwrap() }).await }
        });
        tokio::task::yield_now().await;
        first.abort();
        let second = flights.join(1, || async { unreachable!("it is under way") });
        tell.send(5).unwrap();
        assert_eq!(second.await, Some(5));

        assert_eq!(flights.join(2, || async { panic!("a defect") }).await, None);
        assert_eq!(flights.join(2, || async { 1 }).await, Some(1));
    }
}
