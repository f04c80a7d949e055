//! Getting at a token without showing it to anybody.

use std::io::{self, BufRead as _, Read as _};

use super::args::TokenArgs;
use super::exit::Failure;
use super::said::line;
use crate::domain::secret::Secret;
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
        return given(text).map(Some);
    }
    if args.token_stdin {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(LONGEST)
            .read_line(&mut text)
            .map_err(|why| Failure::usage(format!("the token cannot be read from stdin: {why}")))?;
        return given(text).map(Some);
    }
    if let Some(name) = &args.token_env {
        let text = std::env::var(name).map_err(|_| {
            Failure::usage(format!("the environment variable `{name}` is not set, or is not text"))
        })?;
        return given(text).map(Some);
    }
    Ok(None)
}

fn given(text: String) -> Result<Token, Failure> {
    let text = Secret::new(text);
    match text.expose().trim() {
        "" => Err(Failure::usage("the token that was given is empty")),
        token => Ok(Token(Secret::new(token.to_owned()))),
    }
}
