//! `agnes credential get|store|erase`

use std::io::{self, Read as _};

use super::here::place;
use crate::analyst::helper::{Operation, answer};
use crate::cli::args::CredentialArgs;
use crate::cli::exit::Failure;
use crate::cli::said::{self, Said};

/// Longer than anything that git asks, in bytes.
const LONGEST: u64 = 64 << 10;

pub(in crate::cli) fn run(args: &CredentialArgs) -> Result<Said, Failure> {
    let operation = match args.operation.as_str() {
        "get" => Operation::Get,
        "store" => Operation::Store,
        "erase" => Operation::Erase,
        // Other operations are to be ignored without a word (git-credential(1)).
        _ => return Ok(Said::nothing()),
    };
    let mut asked = zeroize::Zeroizing::new(Vec::new());
    io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_end(&mut asked)
        .map_err(|why| Failure::usage(format!("what git asks cannot be read: {why}")))?;
    let reply = answer(&place()?, operation, &asked)?;
    if let Some(talk) = reply.talk {
        said::talk(&said::line(&talk));
    }
    Ok(reply.git.map_or_else(Said::nothing, |text| Said::raw(text.expose().as_bytes().to_vec())))
}
