//! `agnes serve`

mod logs;

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use toml::Value;

use super::args::Global;
use super::config::{self, Flag};
use super::exit::{Exit, Failure};
use super::said::{self, Said};
use super::session;
use crate::http::server::{End, ServeError, Server, run as run_server};
use crate::registry::Error;
use logs::Logs;

/// What is not given here comes from the section [serve] of the configuration
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Where to listen; port 0 is any that is free [env: AGNES_SERVE_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", num_args = 1..)]
    pub listen: Vec<String>,
    /// The certificate for https, in PEM format, read again when it changes
    /// [env: AGNES_SERVE_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Its key [env: AGNES_SERVE_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// The address by which analysts know this server, such as https://agnes.example.com
    /// [env: AGNES_SERVE_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Show analysts the authority in this PEM file as the one to trust, at /setup: that which signed the
    /// server's certificate [env: AGNES_SERVE_CA_CERT]
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Sync all marketplaces at this time of day, in UTC [env: AGNES_SERVE_SYNC_AT]
    #[arg(long, value_name = "HH:MM", num_args = 1..)]
    pub sync_at: Vec<String>,
    /// A proxy that is believed when it says, in X-Forwarded headers, who asks and for which address
    /// [env: AGNES_SERVE_TRUSTED_PROXIES]
    #[arg(long, value_name = "ADDR/BITS", num_args = 1..)]
    pub trusted_proxy: Vec<String>,
    /// How to write the log: text or json [env: AGNES_SERVE_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// How much to log: error, warn, info, debug or trace [env: AGNES_SERVE_LOG_LEVEL] [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// How long transfers may take to end when told to stop [env: AGNES_SERVE_DRAIN] [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub drain: Option<u64>,
}

impl ServeArgs {
    fn flags(&self) -> Vec<Flag> {
        let text = |text: &String| Value::String(text.clone());
        let path =
            |path: &Option<PathBuf>| path.as_ref().map(|path| Value::String(path.display().to_string()));
        let list =
            |texts: &[String]| (!texts.is_empty()).then(|| Value::Array(texts.iter().map(text).collect()));
        let seconds = |seconds: u64| Value::Integer(i64::try_from(seconds).unwrap_or(i64::MAX));
        let given = [
            ("serve.listen", "--listen", list(&self.listen)),
            ("serve.tls_cert", "--tls-cert", path(&self.tls_cert)),
            ("serve.tls_key", "--tls-key", path(&self.tls_key)),
            ("serve.public_url", "--public-url", self.public_url.as_ref().map(text)),
            ("serve.ca_cert", "--ca-cert", path(&self.ca_cert)),
            ("serve.sync_at", "--sync-at", list(&self.sync_at)),
            ("serve.trusted_proxies", "--trusted-proxy", list(&self.trusted_proxy)),
            ("serve.log_format", "--log-format", self.log_format.as_ref().map(text)),
            ("serve.log_level", "--log-level", self.log_level.as_ref().map(text)),
            ("serve.drain", "--drain", self.drain.map(seconds)),
        ];
        given
            .into_iter()
            .filter_map(|(key, name, value)| value.map(|value| Flag { key, value, name }))
            .collect()
    }
}

/// Where the server can be reached, for whoever started it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields' names are the answer's")]
struct Listening {
    listening: Vec<String>,
    socket: String,
    pid: u32,
}

pub(super) fn run(args: &ServeArgs, global: &Global) -> Result<Said, Failure> {
    let config = config::load_with(global, &args.flags())?;
    let registry = session::open(&config)?;
    let mut settings = config.serve.settings.clone();
    settings.instance = session::chance();
    let logs = Logs::begin(config.serve.log_format, config.serve.log_level);
    let ended = run_server(registry, settings, |server| tell(server, global.json));
    drop(logs);
    match ended {
        Ok(End::Finished) => Ok(Said::nothing()),
        Ok(End::Forced) => Err(Failure::new(Exit::Failed, "stopped at once: transfers were cut off")),
        Err(error) => Err(refused(&error)),
    }
}

/// The one thing on stdout, as soon as anybody can connect.
fn tell(server: &Server, json: bool) {
    let urls = server.urls();
    let socket = server.socket().display().to_string();
    tracing::info!(listening = %urls.join(" "), %socket, version = env!("CARGO_PKG_VERSION"), "serving");
    let text = if json {
        let listening = Listening { listening: urls, socket, pid: std::process::id() };
        serde_json::to_string(&listening).unwrap_or_default()
    } else {
        said::plain(&urls.join("\n"))
    };
    print(&text);
}

fn print(text: &str) {
    // Whoever does not want to know closed it.
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn refused(error: &ServeError) -> Failure {
    let exit = match error {
        ServeError::Registry(Error::Store(crate::registry::error::StoreError::Held { .. })) => Exit::Held,
        ServeError::Listen { .. }
        | ServeError::Socket { .. }
        | ServeError::HandedOver(_)
        | ServeError::Tls { .. }
        | ServeError::Threads(_)
        | ServeError::Registry(_) => Exit::Failed,
    };
    Failure { hint: error.hint(), ..Failure::new(exit, error.to_string()) }
}
