//! The server that is asked instead of the data folder: `server`, `server_ca`, `server_token_file`.

use std::path::PathBuf;

use toml::Value;

use super::{Failure, Flag, Shelf};
use crate::cli::args::Global;
use crate::client::ServerUrl;

/// A server that was named, and what is needed to ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Server {
    pub url: ServerUrl,
    pub ca: Option<PathBuf>,
    pub token_file: Option<PathBuf>,
    /// Whether the file was named on the command line, where it is stronger than the environment.
    pub token_file_is_flag: bool,
}

/// What the command line says about it.
pub(super) fn flags(global: &Global) -> Vec<Flag> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| Value::String(path.display().to_string()));
    let given = [
        ("server", "--server", global.server.clone().map(Value::String)),
        ("server_ca", "--server-ca", path(&global.server_ca)),
        ("server_token_file", "--server-token-file", path(&global.server_token_file)),
    ];
    given.into_iter().filter_map(|(key, name, value)| value.map(|value| Flag { key, value, name })).collect()
}

/// Who asks is found out later: only what can be wrong without asking anybody is looked at here.
pub(super) fn checked(file: &super::File, shown: &Shelf) -> Result<Option<Server>, Failure> {
    let Some(url) = &file.server else { return Ok(None) };
    let url = url.parse::<ServerUrl>().map_err(|why| super::wrong(shown, "server", &why.to_string()))?;
    let source = shown.get("server_token_file").map_or("", |(_, source)| source.as_str());
    Ok(Some(Server {
        url,
        ca: file.server_ca.clone(),
        token_file: file.server_token_file.clone(),
        token_file_is_flag: source.starts_with("flag "),
    }))
}
