//! The road over http and https: gix speaks git, reqwest speaks HTTP, and this file decides where
//! a request may go and what it may carry. See gitprotocol-http.
//!
//! - Credentials go to the registered scheme, host and port and nowhere else, over https only.
//! - Redirects are followed for the first question alone (as git does), never from https to
//!   anything else, and only to where a repository can be.
//! - Each wait is short, so that deadlines and Ctrl-C are seen by a server that says nothing.

use std::rc::Rc;

use gix::protocol::transport::Protocol;
use gix::protocol::transport::client::blocking_io::Transport;
use gix::protocol::transport::client::blocking_io::http::{
    GetResponse, Http, PostBodyDataKind, PostResponse, Transport as HttpTransport,
};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::FetchError;
use super::address::{Address, Login};
use super::exchange::{
    ADVERTISEMENT, Body, Exchange, Headers, REDIRECTS, Upload, Wire, body_of, headers_of, is_redirect,
};
use super::guard::Guard;

pub(super) fn connect<'a>(
    url: &Url,
    login: Option<&'a Login>,
    address: &'a Address,
    guard: &'a Guard<'a>,
) -> Result<Box<dyn Transport + 'a>, FetchError> {
    let base = gix::url::parse(url.as_str()).map_err(|error| address.other(crate::git::one_line(&error)))?;
    let road = Rc::new(Wire::new(login, address, guard)?);
    Ok(Box::new(HttpTransport::new_http(Web { wire: road, moved_to: None }, base, Protocol::V2, false)))
}

/// gix's way to HTTP.
struct Web<'a> {
    wire: Rc<Wire<'a>>,
    moved_to: Option<String>,
}

impl<'a> Http for Web<'a> {
    type Headers = Headers<'a>;
    type ResponseBody = Body<'a>;
    type PostBody = Upload<'a>;

    fn get(
        &mut self,
        url: &str,
        base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix::Result<GetResponse<Headers<'a>, Body<'a>>> {
        let tail = url.strip_prefix(base_url).unwrap_or_default().trim_start_matches('/').to_owned();
        let headers = pass_on(headers);
        let mut at = parse(url)?;
        for _ in 0..=REDIRECTS {
            let response = self.wire.send(&at, &headers, None).map_err(gix::Error::from_error)?;
            if !is_redirect(response.status()) {
                self.wire.expect(&response, ADVERTISEMENT).map_err(gix::Error::from_error)?;
                self.moved_to =
                    at.as_str().strip_suffix(&tail).map(|base| base.trim_end_matches('/').to_owned());
                let exchange = Exchange::new(&self.wire, None, Some(response));
                return Ok(GetResponse { headers: headers_of(&exchange), body: body_of(exchange) });
            }
            at = self.wire.next(&at, &response, &tail).map_err(gix::Error::from_error)?;
        }
        Err(gix::Error::from_error(self.wire.redirects_too_often(&at)))
    }

    /// The request is sent when its answer is read: then its body is complete.
    fn post(
        &mut self,
        url: &str,
        _base_url: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _: PostBodyDataKind,
    ) -> gix::Result<PostResponse<Headers<'a>, Body<'a>, Upload<'a>>> {
        let exchange = Exchange::new(&self.wire, Some((parse(url)?, pass_on(headers), Vec::new())), None);
        Ok(PostResponse {
            post_body: Upload(Rc::clone(&exchange)),
            headers: headers_of(&exchange),
            body: body_of(exchange),
        })
    }

    fn configure(&mut self, _: &dyn std::any::Any) -> gix::Result {
        Ok(())
    }

    fn redirected_base_url(&self) -> Option<String> {
        self.moved_to.clone()
    }
}

fn parse(url: &str) -> gix::Result<Url> {
    Url::parse(url).map_err(gix::Error::from_error)
}

/// gix's own `User-Agent` is replaced, and it is never given credentials to put into a header.
fn pass_on(headers: impl IntoIterator<Item = impl AsRef<str>>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in headers {
        let Some((name, value)) = line.as_ref().split_once(':') else { continue };
        let known =
            ["accept", "content-type", "git-protocol"].iter().find(|known| name.eq_ignore_ascii_case(known));
        if let (Some(known), Ok(value)) = (known, HeaderValue::from_str(value.trim())) {
            map.insert(HeaderName::from_static(known), value);
        }
    }
    map
}
