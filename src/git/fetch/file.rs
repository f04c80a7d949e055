//! A file that is downloaded: an archive, or what a package registry says.
//!
//! It comes by the road that repositories come by, so that there is one place that decides where a request
//! may go, how long it may take and how much may come. It carries no credentials, and goes over https from
//! the beginning to the end.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use reqwest::header::{ACCEPT, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH};
use reqwest::{StatusCode, Url};

use super::address::{Address, Road, redacted};
use super::exchange::{REDIRECTS, Wire, is_redirect};
use super::guard::Guard;
use super::{FetchError, FetchOptions};
use crate::domain::watch::Watch;

/// What to download.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub url: &'a str,
    /// Which forms of it would do.
    pub accept: Option<&'a str>,
    /// The mark of what is here already.
    pub known: Option<&'a str>,
    /// In bytes.
    pub most: u64,
}

/// What came of it.
#[derive(Debug)]
pub enum Got {
    /// A file without a name, which is gone when it is closed; and the mark that it may be asked for by.
    File { file: File, mark: Option<String> },
    /// It is still what it was.
    Same,
}

/// A mark that is longer than this is not kept, in bytes.
const LONGEST_MARK: usize = 512;

/// Downloads a file into a folder, where it has no name. Blocks; must not be called from an async task.
///
/// # Errors
/// See [`FetchError`].
pub fn download(
    ask: &Ask<'_>,
    folder: &Path,
    options: &FetchOptions,
    watch: &dyn Watch,
) -> Result<Got, FetchError> {
    let shown = redacted(ask.url);
    let bad = |reason: &str| FetchError::BadAddress { url: shown.clone(), reason: reason.to_owned() };
    let url = Url::parse(ask.url).map_err(|why| bad(&why.to_string()))?;
    if url.scheme() != "https" {
        return Err(bad("it is not https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it carries credentials"));
    }
    let host =
        url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("it has no host"))?.to_owned();
    let address = Address { shown, host, road: Road::Web { url: url.clone(), login: None } };
    options.asked.begin(ask.url);
    let guard = Guard::new(watch, options);
    guard.expect(ask.most.saturating_add(1));
    let failed = |error: io::Error| match guard.cause() {
        Some(FetchError::NotFound { .. }) => address.other("there is no such file".into()),
        Some(FetchError::Forbidden { host, .. }) => address.other(format!("`{host}` forbids it")),
        Some(FetchError::TooLarge { .. }) => address.other(format!("it has more than {} bytes", ask.most)),
        Some(error) => error,
        None => FetchError::from_disk(&error, folder),
    };
    guard.watched(|| {
        let wire = Wire::new(None, &address, &guard)?;
        get(&wire, ask, url, folder).map_err(failed)
    })
}

fn get(wire: &Wire<'_>, ask: &Ask<'_>, url: Url, folder: &Path) -> io::Result<Got> {
    let mut headers = HeaderMap::new();
    let mut say = |name: HeaderName, text: Option<&str>| {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    };
    say(ACCEPT, ask.accept);
    say(IF_NONE_MATCH, ask.known);
    let mut at = url;
    for _ in 0..=REDIRECTS {
        let mut response = wire.send(&at, &headers, None)?;
        if is_redirect(response.status()) {
            at = wire.next(&at, &response, "")?;
            continue;
        }
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Got::Same);
        }
        if response.content_length().is_some_and(|length| length > ask.most) {
            return Err(wire.guard.fail(wire.guard.too_large()));
        }
        let mark = response.headers().get(ETAG).and_then(|value| value.to_str().ok());
        let mark = mark.filter(|mark| mark.len() <= LONGEST_MARK).map(str::to_owned);
        let mut file = tempfile::tempfile_in(folder)?;
        let mut bytes = 0;
        while let Some(chunk) = wire.chunk(&mut response)? {
            bytes += chunk.len() as u64;
            if bytes > ask.most {
                return Err(wire.guard.fail(wire.guard.too_large()));
            }
            file.write_all(&chunk)?;
        }
        file.rewind()?;
        return Ok(Got::File { file, mark });
    }
    Err(wire.redirects_too_often(&at))
}
