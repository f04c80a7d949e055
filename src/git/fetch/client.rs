//! The HTTP client: what it trusts, where it may connect, and what its errors mean.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Url, redirect};

use super::options::{AllowAddress, LookUp};
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
        builder = builder.dns_resolver(Arc::new(CheckedNames {
            allow: Arc::clone(allow),
            proxies: options.proxies.clone(),
            look_up: options.look_up.clone(),
        }));
    }
    builder.build().map_err(|error| innermost(&error))
}

/// Whether the address is written into the URL and not allowed: no name is looked up then.
pub(super) fn refused(url: &Url, options: &FetchOptions) -> Option<FetchError> {
    let allow = options.allow_address.as_ref()?;
    let host = url.host_str()?;
    let address = literal(host)?;
    (!allow(address))
        .then(|| FetchError::AddressRefused { host: host.to_owned(), address: address.to_string() })
}

/// The address that a URL's host is, where it is not a name. The URL standard has turned all the ways to
/// spell one (decimal, octal, hexadecimal, fewer parts) into one by now.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

/// Whether a proxy must not be asked for this host, since one of its addresses is not allowed. What has
/// none here may be known to the proxy alone.
pub(super) async fn refused_to_proxy(url: &Url, options: &FetchOptions) -> Option<FetchError> {
    let allow = options.allow_address.as_ref().filter(|_| !options.proxies.is_empty())?;
    let host = url.host_str().filter(|host| literal(host).is_none())?;
    let found = addresses(host, options.look_up.as_ref()).await.ok()?;
    let refused = found.into_iter().find(|address| !allow(*address))?;
    Some(FetchError::AddressRefused { host: host.to_owned(), address: refused.to_string() })
}

async fn addresses(name: &str, look_up: Option<&LookUp>) -> io::Result<Vec<IpAddr>> {
    match look_up {
        Some(look_up) => look_up(name),
        None => Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()),
    }
}

/// Name resolution that leaves out the addresses that are not allowed, so that what was checked is
/// what is connected to.
struct CheckedNames {
    allow: AllowAddress,
    proxies: Vec<String>,
    look_up: Option<LookUp>,
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, look_up) = (Arc::clone(&self.allow), self.look_up.clone());
        let is_proxy = self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found = addresses(name.as_str(), look_up.as_ref()).await?;
            let allowed: Vec<SocketAddr> = found
                .iter()
                .filter(|address| is_proxy || allow(**address))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match found.first() {
                Some(refused) if allowed.is_empty() => Err(Refused(*refused).into()),
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
