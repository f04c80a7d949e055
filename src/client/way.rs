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
        #[cfg(unix)]
        if let Some(afar) = Afar::over_socket(path) {
            return Ok(Some(Self { runtime: runtime()?, road: Road::Afar(Box::new(afar)) }));
        }
        #[cfg(not(unix))]
        let _ = path;
        Ok(None)
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
