//! The settings of `agnes serve`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::http::server::Settings;
use crate::http::server::settings::{Limits, TlsFiles};
use crate::registry::bundles::archives::Base;

/// The section `[serve]`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    listen: Vec<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    public_url: Option<String>,
    ca_cert: Option<PathBuf>,
    sync_at: Vec<String>,
    trusted_proxies: Vec<String>,
    metrics: String,
    log_format: String,
    log_level: String,
    drain: u64,
    max_connections: u64,
    max_connections_per_address: u64,
    header_timeout: u64,
    keep_alive: u64,
    body_timeout: u64,
    stall_timeout: u64,
}

/// What comes of it.
#[derive(Debug)]
pub(in crate::cli) struct Serve {
    pub settings: Settings,
    pub log_format: LogFormat,
    pub log_level: tracing::Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum LogFormat {
    Text,
    Json,
}

impl Default for Section {
    fn default() -> Self {
        let Settings { listen, drain, limits, .. } = Settings::default();
        Self {
            listen: listen.iter().map(ToString::to_string).collect(),
            tls_cert: None,
            tls_key: None,
            public_url: None,
            ca_cert: None,
            sync_at: Vec::new(),
            trusted_proxies: Vec::new(),
            metrics: "local".to_owned(),
            log_format: "text".to_owned(),
            log_level: "info".to_owned(),
            drain: drain.as_secs(),
            max_connections: limits.connections as u64,
            max_connections_per_address: limits.connections_each as u64,
            header_timeout: limits.header_timeout.as_secs(),
            keep_alive: limits.keep_alive.as_secs(),
            body_timeout: limits.body_timeout.as_secs(),
            stall_timeout: limits.stall_timeout.as_secs(),
        }
    }
}

/// Says which key is wrong, and why.
type Wrong<'a> = dyn Fn(&str, String) -> Failure + 'a;

impl Section {
    pub fn checked(&self, wrong: &Wrong) -> Result<Serve, Failure> {
        let address = |text: &String| {
            let why =
                || format!("`{text}` is not an address with a port, such as 127.0.0.1:8080 or [::]:8080");
            text.parse().map_err(|_| wrong("serve.listen", why()))
        };
        let listen = self.listen.iter().map(address).collect::<Result<Vec<_>, _>>()?;
        if listen.is_empty() {
            return Err(wrong("serve.listen", "there is no address to listen on".to_owned()));
        }
        let sync_at = self.sync_at.iter().map(|text| text.parse().map_err(|why| wrong("serve.sync_at", why)));
        let proxies = self.trusted_proxies.iter();
        let proxies = proxies.map(|text| text.parse().map_err(|why| wrong("serve.trusted_proxies", why)));
        Ok(Serve {
            settings: Settings {
                listen,
                tls: self.tls(wrong)?,
                public_url: self.public_url(wrong)?,
                ca_cert: self.ca_cert.clone(),
                sync_at: sync_at.collect::<Result<_, _>>()?,
                trusted_proxies: proxies.collect::<Result<_, _>>()?,
                public_metrics: match self.metrics.as_str() {
                    "local" => false,
                    "public" => true,
                    other => {
                        return Err(wrong(
                            "serve.metrics",
                            format!("`{other}` is neither `local` nor `public`"),
                        ));
                    }
                },
                drain: Duration::from_secs(self.drain),
                limits: self.limits(wrong)?,
                instance: 0,
            },
            log_format: match self.log_format.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                other => {
                    return Err(wrong("serve.log_format", format!("`{other}` is neither `text` nor `json`")));
                }
            },
            log_level: self.log_level.parse().map_err(|_| {
                let why = format!("`{}` is none of error, warn, info, debug, trace", self.log_level);
                wrong("serve.log_level", why)
            })?,
        })
    }

    fn tls(&self, wrong: &Wrong) -> Result<Option<TlsFiles>, Failure> {
        match (self.tls_cert.clone(), self.tls_key.clone()) {
            (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(wrong("serve.tls_key", "it is missing, and there is a certificate".to_owned()))
            }
            (None, Some(_)) => Err(wrong("serve.tls_cert", "it is missing, and there is a key".to_owned())),
        }
    }

    fn public_url(&self, wrong: &Wrong) -> Result<Option<Base>, Failure> {
        let Some(text) = &self.public_url else { return Ok(None) };
        let why = || format!("`{text}` is not an address such as https://agnes.example.com");
        Base::parse(text).map(Some).ok_or_else(|| wrong("serve.public_url", why()))
    }

    fn limits(&self, wrong: &Wrong) -> Result<Limits, Failure> {
        let seconds = |key: &str, seconds: u64| {
            if seconds == 0 {
                return Err(wrong(key, "nothing can be done in 0 seconds".to_owned()));
            }
            Ok(Duration::from_secs(seconds))
        };
        let number = |key: &str, number: u64| {
            usize::try_from(number)
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| wrong(key, format!("with {number} connections nobody could be served")))
        };
        Ok(Limits {
            connections: number("serve.max_connections", self.max_connections)?,
            connections_each: number("serve.max_connections_per_address", self.max_connections_per_address)?,
            header_timeout: seconds("serve.header_timeout", self.header_timeout)?,
            keep_alive: seconds("serve.keep_alive", self.keep_alive)?,
            body_timeout: seconds("serve.body_timeout", self.body_timeout)?,
            stall_timeout: seconds("serve.stall_timeout", self.stall_timeout)?,
            ..Limits::default()
        })
    }
}
