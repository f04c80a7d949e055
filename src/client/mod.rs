//! Speaks the API's words over any of the ways in. Whoever calls cannot see which way it went.

mod address;
mod afar;
#[cfg(test)]
mod tests;
mod trouble;
mod way;

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::percent::encoded;
use crate::wire::Problem;
use crate::wire::problem::{CONTENT_TYPE, about_blank};
use crate::wire::sync::{Event, NDJSON};
use crate::wire::views::LocalFile;
pub use address::{BadServer, ServerUrl};
pub use afar::Remote;
pub use trouble::{Nature, Trouble};
pub use way::{Answer, Way};

/// A stream of events says at least every ten seconds that it goes on; a server that has been silent for
/// so long is gone.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// A request of the API, as a value.
pub struct Call {
    method: Method,
    path: String,
    body: Vec<u8>,
    /// The entity tag of what the caller has.
    unless: Option<String>,
    /// A segment that no path can have: whatever it goes through may take it for a step upwards.
    impossible: Option<String>,
}

impl fmt::Debug for Call {
    /// Without the body, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Call {
    /// `segments` are the path's, not yet encoded.
    #[must_use]
    pub fn new(method: Method, segments: &[&str]) -> Self {
        let path =
            segments.iter().fold(String::new(), |path, segment| format!("{path}/{}", encoded(segment)));
        let impossible = segments.iter().find(|segment| matches!(**segment, "" | "." | ".."));
        Self {
            method,
            path,
            body: Vec::new(),
            unless: None,
            impossible: impossible.map(|text| (*text).to_owned()),
        }
    }

    #[must_use]
    pub fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn with(mut self, body: &impl Serialize) -> Self {
        // Our own structs of texts and numbers: there is nothing in them that JSON cannot say.
        self.body = serde_json::to_vec(body).unwrap_or_default();
        self
    }

    /// The same for whoever has what that tag names already.
    #[must_use]
    pub fn unless(mut self, etag: Option<&str>) -> Self {
        self.unless = etag.map(|etag| format!("\"{etag}\""));
        self
    }

    /// The same with a query.
    #[must_use]
    pub fn asking(mut self, pairs: &[(&str, Option<&str>)]) -> Self {
        let given =
            pairs.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={}", encoded(value))));
        let query: Vec<_> = given.collect();
        if !query.is_empty() {
            self.path = format!("{}?{}", self.path, query.join("&"));
        }
        self
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The API says what is wrong.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// There is no answer, or none of an agnes.
    #[error("{}", .0.message)]
    Trouble(Box<Trouble>),
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

impl From<Trouble> for ClientError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(Box::new(trouble))
    }
}

/// What was downloaded.
#[derive(Debug)]
pub struct Download {
    /// What the answer's headers say.
    pub headers: HeaderMap,
    /// In bytes.
    pub size: u64,
}

pub struct Client {
    way: Way,
}

impl Client {
    #[must_use]
    pub fn new(way: Way) -> Self {
        Self { way }
    }

    /// One request, one answer.
    ///
    /// # Errors
    /// What the API says.
    pub fn call<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let answer = self.send(call, "application/json")?;
        let headers = answer.headers().clone();
        let bytes = self.collect(answer)?;
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(|why| misunderstood(&why, &headers).into())
    }

    /// One request, and events until the last word, which is returned.
    ///
    /// # Errors
    /// What the API says, at once or as its last word.
    pub fn events(&self, call: Call, mut tell: impl FnMut(&Event)) -> Result<Event, ClientError> {
        let answer = self.send(call, NDJSON)?;
        let headers = answer.headers().clone();
        let mut body = answer.into_body();
        let mut waiting = Vec::new();
        let mut last = None;
        while let Some(frame) = self
            .way
            .wait(async { tokio::time::timeout(LONGEST_SILENCE, body.frame()).await })
            .map_err(|_| self.broken(format!("nothing came for {} s", LONGEST_SILENCE.as_secs())))?
        {
            let frame = frame.map_err(|why| self.broken(why.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            waiting.extend_from_slice(&data);
            while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                let event = serde_json::from_slice(&line).map_err(|why| misunderstood(&why, &headers))?;
                tell(&event);
                last = Some(event);
            }
        }
        match last {
            Some(Event::Problem { problem }) => Err(ClientError::Problem(Box::new(problem))),
            Some(event) => Ok(event),
            None => Err(self.broken("it ended before its last word".into()).into()),
        }
    }

    /// One request, and its answer's bytes as they come.
    ///
    /// # Errors
    /// What the API says, and what `out` says.
    pub fn download(&self, call: Call, out: &mut dyn Write) -> Result<Download, ClientError> {
        let answer = self.send(call, "*/*")?;
        self.receive(answer, out)
    }

    /// What the headers say of something that the caller does not have; nothing if it is what they do have.
    ///
    /// # Errors
    /// What the API says.
    pub fn changed(&self, call: Call) -> Result<Option<HeaderMap>, ClientError> {
        let answer = self.send(call, "*/*")?;
        Ok((answer.status() != StatusCode::NOT_MODIFIED).then(|| answer.headers().clone()))
    }

    fn receive(&self, answer: Response<Answer>, out: &mut dyn Write) -> Result<Download, ClientError> {
        let headers = answer.headers().clone();
        let mut body = answer.into_body();
        let mut size = 0;
        while let Some(frame) = self.way.wait(body.frame()) {
            let frame = frame.map_err(|why| self.broken(why.to_string()))?;
            if let Ok(data) = frame.into_data() {
                out.write_all(&data)?;
                size += data.len() as u64;
            }
        }
        Ok(Download { headers, size })
    }

    /// The same, into a file. Where the answer is a file in this process, the system copies it.
    ///
    /// # Errors
    /// What the API says, and what `out` says.
    pub fn download_file(&self, call: Call, out: &mut File) -> Result<Download, ClientError> {
        let answer = self.send(call, "*/*")?;
        match answer.extensions().get::<LocalFile>() {
            Some(LocalFile(file)) => {
                let size = io::copy(&mut &**file, out)?;
                Ok(Download { headers: answer.headers().clone(), size })
            }
            None => self.receive(answer, out),
        }
    }

    fn send(&self, call: Call, accept: &str) -> Result<Response<Answer>, ClientError> {
        if let Some(text) = call.impossible {
            return Err(ClientError::Problem(Box::new(nothing_called(&text))));
        }
        let conditional = call.unless.is_some();
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(tag) = call.unless {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let request = request
            .body(Full::new(Bytes::from(call.body)))
            .map_err(|why| Trouble::new(format!("the request cannot be made: {why}")))?;
        let answer = self.way.send(request)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let is_problem = is_problem(&headers);
        if let Some(whom) = self.way.whom().filter(|_| trouble::server_version(&headers).is_none()) {
            // What turns away at the door may say less.
            if status.is_success() || status.is_redirection() || !is_problem {
                return Err(Trouble::not_agnes(whom, status, &headers).into());
            }
        }
        if status.is_success() || (conditional && status == StatusCode::NOT_MODIFIED) {
            return Ok(answer);
        }
        let bytes = self.collect(answer)?;
        match serde_json::from_slice(&bytes) {
            Ok(problem) => Err(ClientError::Problem(Box::new(trouble::told(problem, &headers)))),
            // To HEAD, the answer has no body, but it says that it would have this one.
            Err(_) if bytes.is_empty() && is_problem => {
                Err(ClientError::Problem(Box::new(trouble::told(unsaid(status), &headers))))
            }
            Err(_) => Err(Trouble::not_agnes(self.way.whom().unwrap_or("agnes"), status, &headers).into()),
        }
    }

    fn collect(&self, answer: Response<Answer>) -> Result<Bytes, ClientError> {
        match self.way.wait(answer.into_body().collect()) {
            Ok(body) => Ok(body.to_bytes()),
            Err(why) => Err(self.broken(why.to_string()).into()),
        }
    }

    /// The answer began, and did not come to its end.
    fn broken(&self, why: String) -> Trouble {
        match self.way.whom() {
            Some(whom) => Trouble::new(format!("{whom} went away in the middle of its answer")).because(why),
            None => Trouble::new(format!("the answer broke off: {why}")),
        }
    }
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(CONTENT_TYPE.as_bytes()))
}

fn misunderstood(why: &serde_json::Error, headers: &HeaderMap) -> Trouble {
    let mut trouble = Trouble::new(format!("the answer cannot be understood: {why}"));
    trouble.causes.extend(trouble::skew(headers));
    trouble
}

fn unsaid(status: StatusCode) -> Problem {
    Problem {
        kind: about_blank(),
        title: status.canonical_reason().unwrap_or("Error").into(),
        status: status.as_u16(),
        detail: format!("the server answers {status}"),
        code: "unsaid".into(),
        hint: None,
        causes: Vec::new(),
    }
}

fn nothing_called(text: &str) -> Problem {
    Problem {
        kind: about_blank(),
        title: "Not Found".into(),
        status: 404,
        detail: format!("there is nothing called `{text}`"),
        code: "route-not-found".into(),
        hint: None,
        causes: Vec::new(),
    }
}
