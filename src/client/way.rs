//! The ways in: the API's router in this very process, a running server's unix socket, and https.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;
use tower::util::BoxCloneService;

use super::afar::{Afar, Remote};
use super::trouble::Trouble;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, as it comes.
pub type Answer = UnsyncBoxBody<Bytes, AnyError>;

/// A way in, and the threads that walk it.
pub struct Way {
    runtime: Runtime,
    road: Road,
}

enum Road {
    Here(Mutex<BoxCloneService<Request<Full<Bytes>>, Response<Answer>, Infallible>>),
    Afar(Box<Afar>),
}

impl Drop for Way {
    fn drop(&mut self) {
        // A runtime waits for what it has begun. From afar that may be a name that is being looked up, which has no
        // end where nobody answers; here it is the work itself, which has to come to its end.
        if matches!(self.road, Road::Afar(_))
            && let Ok(idle) = Builder::new_current_thread().build()
        {
            std::mem::replace(&mut self.runtime, idle).shutdown_background();
        }
    }
}

impl Way {
    /// Through a router in this process.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn in_process<S, B>(router: S) -> io::Result<Self>
    where
        S: tower::Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<AnyError>,
    {
        let service = router.map_response(|response: Response<B>| {
            response.map(|body| body.map_err(Into::into).boxed_unsync())
        });
        Ok(Self { runtime: runtime()?, road: Road::Here(Mutex::new(BoxCloneService::new(service))) })
    }

    /// Through the socket of a running server; none where nobody answers.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn over_socket(path: &Path) -> io::Result<Option<Self>> {
        let Some(afar) = Afar::over_socket(path) else { return Ok(None) };
        Ok(Some(Self { runtime: runtime()?, road: Road::Afar(Box::new(afar)) }))
    }

    /// To a server that is told who asks by a token. Nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates or the token cannot be used.
    pub fn over_https(remote: &Remote) -> Result<Self, Trouble> {
        let afar = Afar::over_https(remote)?;
        let runtime = runtime().map_err(|why| Trouble::new(format!("the system gives no threads: {why}")))?;
        Ok(Self { runtime, road: Road::Afar(Box::new(afar)) })
    }

    /// What messages call a server in another process; nothing in this one.
    pub(super) fn whom(&self) -> Option<&str> {
        match &self.road {
            Road::Here(_) => None,
            Road::Afar(afar) => Some(afar.whom()),
        }
    }

    pub(super) fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Answer>, Trouble> {
        match &self.road {
            Road::Here(service) => {
                let service = match service.lock() {
                    Ok(service) => service.clone(),
                    Err(_) => return Err(Trouble::new("another request stopped short".into())),
                };
                match self.runtime.block_on(service.oneshot(request)) {
                    Ok(response) => Ok(response),
                    Err(never) => match never {},
                }
            }
            Road::Afar(afar) => self.runtime.block_on(afar.send(request)),
        }
    }

    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::domain::access::secret::Secret;

    /// How long it takes to let go of a way while work that was given to its threads goes on for a second.
    fn letting_go(way: Way) -> Duration {
        let (begin, begun) = mpsc::channel();
        way.runtime.spawn_blocking(move || {
            begin.send(()).unwrap();
            std::thread::sleep(Duration::from_secs(1));
        });
        begun.recv().unwrap();
        let began = Instant::now();
        drop(way);
        began.elapsed()
    }

    /// Where no name server answers, a look-up goes on long after nobody wants its outcome any more: a session that
    /// is about to begin must not wait for it.
    #[test]
    fn a_name_that_is_being_looked_up_is_not_waited_for() {
        let url = "https://agnes.example.com".parse().unwrap();
        let remote = Remote { url, ca: None, token: Secret::new("hunter2".into()), within: None };
        assert!(letting_go(Way::over_https(&remote).unwrap()) < Duration::from_millis(500));
    }

    #[test]
    fn work_in_this_process_comes_to_its_end() {
        let nothing = |_| async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::new()))) };
        let way = Way::in_process(tower::service_fn(nothing)).unwrap();
        assert!(letting_go(way) > Duration::from_millis(500));
    }
}
