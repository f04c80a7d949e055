//! Requests and their answers: what one may carry, and what is made of the other.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, BufRead, Cursor, Read, Write};
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::runtime::Runtime;

use super::address::{Address, Login, Origin, plain_host, redacted, without_userinfo};
use super::guard::{Guard, TICK};
use super::{FetchError, client};

pub(super) const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
/// How many of them are followed.
pub(super) const REDIRECTS: usize = 5;
const RESULT: &str = "application/x-git-upload-pack-result";

/// What all requests of a session share.
pub(super) struct Wire<'a> {
    pub client: Client,
    /// Always there, except while being dropped.
    pub runtime: Option<Runtime>,
    pub login: Option<&'a Login>,
    pub address: &'a Address,
    pub guard: &'a Guard<'a>,
}

impl Drop for Wire<'_> {
    fn drop(&mut self) {
        // A name that is still being looked up must not be waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl<'a> Wire<'a> {
    pub(super) fn new(
        login: Option<&'a Login>,
        address: &'a Address,
        guard: &'a Guard<'a>,
    ) -> Result<Self, FetchError> {
        let client = client::build(guard.options).map_err(|reason| address.other(reason))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| address.other(error.to_string()))?;
        Ok(Self { client, runtime: Some(runtime), login, address, guard })
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> io::Result<T> {
        let Some(runtime) = &self.runtime else { return Err(io::Error::other("closed")) };
        self.guard.begin_wait();
        let outcome = runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                match tokio::time::timeout(TICK, work.as_mut()).await {
                    Ok(done) => return Ok(done),
                    Err(_) => self.guard.check()?,
                }
            }
        });
        self.guard.end_wait();
        outcome
    }

    /// Sends one request. A redirect is returned as what it is.
    pub(super) fn send(&self, url: &Url, headers: &HeaderMap, body: Option<Vec<u8>>) -> io::Result<Response> {
        let (response, with_token) = self.request(url, headers, body)?;
        let status = response.status();
        if status.is_success() || is_redirect(status) || status == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        Err(self.guard.fail(match status.as_u16() {
            401 => FetchError::Unauthorized { host, with_token },
            407 => FetchError::Unreachable { host, reason: "the proxy asks for credentials".into() },
            403 => FetchError::Forbidden { host, with_token },
            404 | 410 => FetchError::NotFound { url: self.address.shown.clone() },
            429 | 500..=599 => FetchError::Unreachable { host, reason: format!("it answered {status}") },
            _ => self.address.other(format!("`{host}` answered {status}")),
        }))
    }

    /// Sends one request: the answer, whatever it is, and whether the credentials went along.
    pub(super) fn request(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: Option<Vec<u8>>,
    ) -> io::Result<(Response, bool)> {
        let host = url.host_str().unwrap_or_default();
        self.guard.talks_to(host);
        self.guard.check()?;
        if let Some(refused) = client::refused(url, self.guard.options) {
            return Err(self.guard.fail(refused));
        }
        if let Some(refused) = self.wait(client::refused_to_proxy(url, self.guard.options))? {
            return Err(self.guard.fail(refused));
        }
        let request = match body {
            Some(body) => self.client.post(url.clone()).body(body),
            None => self.client.get(url.clone()),
        };
        let mut request = request.headers(headers.clone());
        let login = self.login.filter(|login| url.scheme() == "https" && login.origin == Origin::of(url));
        if let Some(login) = login {
            request = request.basic_auth(&login.user, Some(login.password.expose()));
        }
        let response = self
            .wait(request.send())?
            .map_err(|error| self.guard.fail(client::explain(error, host, self.guard.options)))?;
        Ok((response, login.is_some()))
    }

    /// Where a redirect leads, if that is a place to go: one whose path ends in `tail`.
    pub(super) fn next(&self, from: &Url, response: &Response, tail: &str) -> io::Result<Url> {
        let location =
            response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let to = from.join(location).map(without_userinfo);
        let refuse = |to: &str, reason| {
            let (from, to) = (redacted(from.as_str()), crate::git::shown(&redacted(to)));
            Err(self.guard.fail(FetchError::UnsafeRedirect { from, to, reason }))
        };
        let Ok(mut to) = to else { return refuse(location, "it is not an address") };
        to.set_fragment(None);
        if to.scheme() != "https" && to.scheme() != from.scheme() {
            return refuse(to.as_str(), "it leaves https");
        }
        if Origin::of(&to) != Origin::of(from) {
            let (host, port) = (plain_host(&to), to.port_or_known_default().unwrap_or_default());
            let options = self.guard.options;
            if options.allow_host.as_ref().is_some_and(|allow| !allow(&host, port)) {
                return refuse(to.as_str(), "its host is denied, or is not among those that are allowed");
            }
            if !options.asked.lead_on(&host, port) {
                return refuse(to.as_str(), "it is led from one host to another too often");
            }
        }
        if !to.as_str().ends_with(tail) {
            return refuse(to.as_str(), "it does not lead to a repository (to a login page, perhaps)");
        }
        Ok(to)
    }

    pub(super) fn redirects_too_often(&self, url: &Url) -> io::Error {
        let host = url.host_str().unwrap_or_default().to_owned();
        let reason = format!("it redirects more than {REDIRECTS} times");
        self.guard.fail(FetchError::Unreachable { host, reason })
    }

    /// The next bytes of an answer; none at its end.
    pub(super) fn chunk(&self, response: &mut Response) -> io::Result<Option<Bytes>> {
        loop {
            match self.wait(response.chunk())? {
                Ok(Some(bytes)) if bytes.is_empty() => {}
                Ok(bytes) => {
                    self.guard.count(bytes.as_ref().map_or(0, Bytes::len))?;
                    return Ok(bytes);
                }
                Err(error) => {
                    let host = &self.address.host;
                    return Err(self.guard.fail(client::explain(error, host, self.guard.options)));
                }
            }
        }
    }

    /// Git says what it sends; a login page says `text/html`.
    pub(super) fn expect(&self, response: &Response, wanted: &str) -> io::Result<()> {
        let found =
            response.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let found = found.as_deref().unwrap_or("no type");
        if found == wanted {
            return Ok(());
        }
        let found = crate::git::shown(found);
        let reason = format!("it answered with `{found}`");
        Err(self.guard.fail(FetchError::NotGit { url: self.address.shown.clone(), reason }))
    }
}

pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A request and its answer.
pub(super) struct Exchange<'a> {
    wire: Rc<Wire<'a>>,
    request: Option<(Url, HeaderMap, Vec<u8>)>,
    response: Option<Response>,
    begun: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(
        wire: &Rc<Wire<'a>>,
        request: Option<(Url, HeaderMap, Vec<u8>)>,
        response: Option<Response>,
    ) -> Shared<'a> {
        Rc::new(RefCell::new(Self { wire: Rc::clone(wire), request, response, begun: false }))
    }

    fn answer(&mut self) -> io::Result<Option<&mut Response>> {
        if let Some((url, headers, body)) = self.request.take() {
            let response = self.wire.send(&url, &headers, Some(body))?;
            if is_redirect(response.status()) {
                let to = response
                    .headers()
                    .get(LOCATION)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                let (from, to) = (redacted(url.as_str()), crate::git::shown(&redacted(to)));
                let reason = "only the first question may be redirected";
                return Err(self.wire.guard.fail(FetchError::UnsafeRedirect { from, to, reason }));
            }
            self.wire.expect(&response, RESULT)?;
            self.response = Some(response);
        }
        Ok(self.response.as_mut())
    }

    /// The next bytes of the answer; none at its end.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        let wire = Rc::clone(&self.wire);
        let Some(response) = self.answer()? else { return Ok(Vec::new()) };
        let Some(bytes) = wire.chunk(response)? else {
            self.response = None;
            return Ok(Vec::new());
        };
        if !std::mem::replace(&mut self.begun, true) {
            refusal(&bytes, &wire)?;
        }
        Ok(bytes.into())
    }
}

/// An answer that begins with an `ERR` packet has nothing else to say. gix reads it as a ref.
fn refusal(bytes: &[u8], wire: &Wire<'_>) -> io::Result<()> {
    let Some(words) = bytes.get(4..).and_then(|rest| rest.strip_prefix(b"ERR ")) else { return Ok(()) };
    let words = crate::git::shown(String::from_utf8_lossy(words).trim());
    // Whether an object was refused is for the one who asked for it to tell.
    if words.contains("not our ref") {
        return Ok(());
    }
    let error = super::process::understand(&words, wire.address);
    Err(wire.guard.fail(error.unwrap_or_else(|| wire.address.other(format!("the upstream says: {words}")))))
}

pub(super) type Shared<'a> = Rc<RefCell<Exchange<'a>>>;

/// The body of an answer.
pub(super) struct Body<'a> {
    exchange: Shared<'a>,
    chunk: Cursor<Vec<u8>>,
}

impl BufRead for Body<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.fill_buf()?.is_empty() {
            self.chunk = Cursor::new(self.exchange.borrow_mut().next()?);
        }
        self.chunk.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.chunk.consume(amount);
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.fill_buf()?;
        self.chunk.read(buf)
    }
}

/// The headers of an answer, one a line. gix looks for the content type, and so do we.
pub(super) struct Headers<'a> {
    exchange: Shared<'a>,
    text: Option<Cursor<String>>,
}

impl Headers<'_> {
    fn text(&mut self) -> io::Result<&mut Cursor<String>> {
        if self.text.is_none() {
            let mut text = String::new();
            if let Some(response) = self.exchange.borrow_mut().answer()?
                && let Some(value) =
                    response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
            {
                text = format!("content-type: {value}\n");
            }
            self.text = Some(Cursor::new(text));
        }
        Ok(self.text.get_or_insert_default())
    }
}

impl BufRead for Headers<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(text) = &mut self.text {
            text.consume(amount);
        }
    }
}

impl Read for Headers<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.text()?.read(buf)
    }
}

/// The body of a request, while it is being written.
pub(super) struct Upload<'a>(pub Shared<'a>);

impl Write for Upload<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0.borrow_mut().request {
            Some((_, _, body)) => body.extend_from_slice(bytes),
            None => return Err(io::Error::other("the request was sent already")),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn headers_of<'a>(exchange: &Shared<'a>) -> Headers<'a> {
    Headers { exchange: Rc::clone(exchange), text: None }
}

pub(super) fn body_of(exchange: Shared<'_>) -> Body<'_> {
    Body { exchange, chunk: Cursor::default() }
}
