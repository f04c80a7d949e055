//! The HTTP client: what it trusts, where it may connect, and what its errors mean.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Url, redirect};

use super::options::AllowAddress;
use super::{FetchError, FetchOptions};

const USER_AGENT: &str = concat!("agnes/", env!("CARGO_PKG_VERSION"));

pub(super) fn build(options: &FetchOptions) -> Result<Client, String> {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(options.connect_timeout)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only();
    if let Some(path) = &options.ca_bundle {
        let failed =
            |reason: String| format!("cannot use the certificates in `{}`: {reason}", path.display());
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| failed(innermost(&error)))?;
        if certificates.is_empty() {
            return Err(failed("there are none in it".into()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(allow) = &options.allow_address {
        builder = builder.dns_resolver(Arc::new(CheckedNames(Arc::clone(allow))));
    }
    builder.build().map_err(|error| innermost(&error))
}

/// Whether the address is written into the URL and not allowed: no name is looked up then.
pub(super) fn refused(url: &Url, options: &FetchOptions) -> Option<FetchError> {
    let allow = options.allow_address.as_ref()?;
    let host = url.host_str()?;
    let address: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    (!allow(address))
        .then(|| FetchError::AddressRefused { host: host.to_owned(), address: address.to_string() })
}

/// Name resolution that leaves out the addresses that are not allowed, so that what was checked is
/// what is connected to.
struct CheckedNames(AllowAddress);

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|address| allow(address.ip())).collect();
            match found.first() {
                Some(refused) if allowed.is_empty() => Err(Refused(refused.ip()).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[derive(Debug)]
struct Refused(IpAddr);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not allowed", self.0)
    }
}

impl Error for Refused {}

pub(super) fn explain(error: reqwest::Error, host: &str, options: &FetchOptions) -> FetchError {
    // The URL in it is ours, and says nothing that the message does not.
    let error = error.without_url();
    let host = host.to_owned();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return FetchError::AddressRefused { host, address: refused.0.to_string() };
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return FetchError::TimedOut {
            host,
            waited: format!("{} s to connect", options.connect_timeout.as_secs_f32()),
        };
    }
    FetchError::Unreachable { host, reason: innermost(&error) }
}

/// What lies behind an error in the end: "Connection refused" says all that "error sending request:
/// client error (Connect): tcp connect error: Connection refused" does.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
