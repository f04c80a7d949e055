//! The ways in. So far one: the API's router in this very process.

use std::convert::Infallible;
use std::io;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;
use tower::util::BoxCloneService;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, as it comes.
pub type Answer = UnsyncBoxBody<Bytes, AnyError>;

/// A way in, and the threads that walk it.
pub struct Way {
    runtime: Runtime,
    service: Mutex<BoxCloneService<Request<Full<Bytes>>, Response<Answer>, Infallible>>,
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
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let service = router.map_response(|response: Response<B>| {
            response.map(|body| body.map_err(Into::into).boxed_unsync())
        });
        Ok(Self { runtime, service: Mutex::new(BoxCloneService::new(service)) })
    }

    pub(super) fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Answer>, AnyError> {
        let service = self.service.lock().map_err(|_| "another request stopped short")?.clone();
        Ok(self.runtime.block_on(service.oneshot(request))?)
    }

    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}
