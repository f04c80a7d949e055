//! Getting at a token without showing it to anybody.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _};
use std::path::Path;

use super::args::TokenArgs;
use super::config::server::Server;
use super::exit::Failure;
use super::said::line;
use crate::domain::access::secret::Secret;
use crate::wire::marketplaces::Token;

/// Longest line that is read from stdin, in bytes.
const LONGEST: u64 = 16 << 10;

/// The token, from wherever the caller said; `None` if they said nothing.
pub(super) fn token(args: &TokenArgs, whose: &str) -> Result<Option<Token>, Failure> {
    if args.token_prompt {
        let text = rpassword::prompt_password(format!("Token for {}: ", line(whose))).map_err(|why| {
            Failure::usage(format!("the token cannot be asked for: {why}"))
                .hinted("without a terminal, use --token-stdin or --token-env VAR")
        })?;
        return given(text).map(Token).map(Some);
    }
    if args.token_stdin {
        return stdin().map(Token).map(Some);
    }
    if let Some(name) = &args.token_env {
        let text = std::env::var(name).map_err(|_| {
            Failure::usage(format!("the environment variable `{name}` is not set, or is not text"))
        })?;
        return given(text).map(Token).map(Some);
    }
    Ok(None)
}

/// The access token that a server is shown: what the command line says, then the environment, then the
/// configuration, then whoever sits there.
pub(super) fn access_token(server: &Server) -> Result<Secret, Failure> {
    let environment = std::env::var("AGNES_TOKEN").ok().filter(|text| !text.is_empty());
    match (&server.token_file, environment) {
        (Some(path), None) => from_file(path),
        (Some(path), Some(_)) if server.token_file_is_flag => from_file(path),
        (_, Some(text)) => given(text),
        (None, None) if io::stdin().is_terminal() => {
            let prompt = format!("Access token for {}: ", server.url);
            let text = rpassword::prompt_password(prompt)
                .map_err(|why| Failure::usage(format!("the access token cannot be asked for: {why}")))?;
            given(text)
        }
        (None, None) => Err(Failure::usage(format!(
            "`{}` wants to know who asks, and there is no access token",
            server.url
        ))
        .hinted("put it into AGNES_TOKEN, or into a file: --server-token-file FILE")),
    }
}

pub(super) fn from_file(path: &Path) -> Result<Secret, Failure> {
    if path == Path::new("-") {
        return stdin();
    }
    let failed = |why: io::Error| {
        Failure::usage(format!("the access token cannot be read from `{}`: {why}", path.display()))
    };
    let mut text = String::new();
    BufReader::new(File::open(path).map_err(failed)?.take(LONGEST)).read_line(&mut text).map_err(failed)?;
    given(text)
}

pub(super) fn stdin() -> Result<Secret, Failure> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(LONGEST)
        .read_line(&mut text)
        .map_err(|why| Failure::usage(format!("the token cannot be read from stdin: {why}")))?;
    given(text)
}

pub(super) fn given(text: String) -> Result<Secret, Failure> {
    let text = Secret::new(text);
    match text.expose().trim() {
        "" => Err(Failure::usage("the token that was given is empty")),
        token => Ok(Secret::new(token.to_owned())),
    }
}
