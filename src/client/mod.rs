//! Speaks the API's words over any of the ways in. Whoever calls cannot see which way it went.

mod way;

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::Problem;
use crate::wire::sync::{Event, NDJSON};
use crate::wire::views::LocalFile;
pub use way::{Answer, Way};

/// A request of the API, as a value.
pub struct Call {
    method: Method,
    path: String,
    body: Vec<u8>,
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
        let path = segments.iter().fold(String::new(), |path, segment| path + "/" + &encoded(segment));
        Self { method, path, body: Vec::new() }
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
    /// There was no answer, or one that the API does not give.
    #[error("the answer cannot be understood: {0}")]
    Answer(String),
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
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
        let bytes = self
            .way
            .wait(answer.into_body().collect())
            .map_err(|why| ClientError::Answer(why.to_string()))?;
        let bytes = bytes.to_bytes();
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(text).map_err(|why| ClientError::Answer(why.to_string()))
    }

    /// One request, and events until the last word, which is returned.
    ///
    /// # Errors
    /// What the API says, at once or as its last word.
    pub fn events(&self, call: Call, mut tell: impl FnMut(&Event)) -> Result<Event, ClientError> {
        let mut body = self.send(call, NDJSON)?.into_body();
        let mut waiting = Vec::new();
        let mut last = None;
        while let Some(frame) = self.way.wait(body.frame()) {
            let frame = frame.map_err(|why| ClientError::Answer(why.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            waiting.extend_from_slice(&data);
            while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                let event =
                    serde_json::from_slice(&line).map_err(|why| ClientError::Answer(why.to_string()))?;
                tell(&event);
                last = Some(event);
            }
        }
        match last {
            Some(Event::Problem { problem }) => Err(ClientError::Problem(Box::new(problem))),
            Some(event) => Ok(event),
            None => Err(ClientError::Answer("it ended before its last word".into())),
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

    fn receive(&self, answer: Response<Answer>, out: &mut dyn Write) -> Result<Download, ClientError> {
        let headers = answer.headers().clone();
        let mut body = answer.into_body();
        let mut size = 0;
        while let Some(frame) = self.way.wait(body.frame()) {
            let frame = frame.map_err(|why| ClientError::Answer(why.to_string()))?;
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
        let request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(call.body)))
            .map_err(|why| ClientError::Answer(why.to_string()))?;
        let answer = self.way.send(request).map_err(|why| ClientError::Answer(why.to_string()))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let bytes = self
            .way
            .wait(answer.into_body().collect())
            .map_err(|why| ClientError::Answer(why.to_string()))?;
        Err(refused(status, &bytes.to_bytes()))
    }
}

fn refused(status: StatusCode, body: &[u8]) -> ClientError {
    match serde_json::from_slice(body) {
        Ok(problem) => ClientError::Problem(Box::new(problem)),
        Err(_) => ClientError::Answer(format!("status {status}")),
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    // A segment of dots would be taken for a step upwards.
    if out == "." || out == ".." { out.replace('.', "%2E") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_by_segment() {
        assert_eq!(Call::get(&["api", "users", "a/b@c d"]).path, "/api/users/a%2Fb%40c%20d");
        assert_eq!(Call::get(&["api", ".."]).path, "/api/%2E%2E");
        let call = Call::get(&["api", "grants"]).asking(&[("group", Some("a&b")), ("user", None)]);
        assert_eq!(call.path, "/api/grants?group=a%26b");
    }
}
