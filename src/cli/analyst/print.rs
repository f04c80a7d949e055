//! `agnes setup --print`

use super::asking::named;
use super::here::absolute;
use crate::cli::args::{Global, SetupArgs};
use crate::cli::exit::Failure;
use crate::cli::said::Said;
use crate::domain::feed::guide::{self, Platform};

pub(super) fn run(args: &SetupArgs, global: &Global) -> Result<Said, Failure> {
    let server = named(global)?.ok_or_else(|| {
        Failure::usage("it was not said for which server").hinted("agnes setup --print --server https://…")
    })?;
    let platform = args.platform.map_or_else(ours, Into::into);
    let ca = match args.login.ca.as_ref().or(global.server_ca.as_ref()) {
        None => None,
        Some(path) => {
            let path = absolute(path)?;
            let failed = |why| Failure::usage(format!("`{}` cannot be read: {why}", path.display()));
            Some(std::fs::read_to_string(&path).map_err(failed)?)
        }
    };
    Ok(Said::raw(guide::text(platform, server.base(), ca.as_deref()).into_bytes()))
}

fn ours() -> Platform {
    if cfg!(target_os = "macos") { Platform::Macos } else { Platform::Linux }
}
