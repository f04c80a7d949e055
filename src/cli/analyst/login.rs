//! `agnes login` and `agnes logout`

use serde_json::json;

use super::asking::{credential, known};
use super::here::place;
use crate::analyst::{credentials, server};
use crate::cli::args::{Global, LoginArgs};
use crate::cli::exit::Failure;
use crate::cli::said::{Said, line};

pub(in crate::cli) fn login(args: &LoginArgs, global: &Global) -> Result<Said, Failure> {
    let place = place()?;
    let credential = credential(&place, global, args, false)?;
    // A token that the server does not know is not kept: the one before may be better.
    let info = server::info(&credential)?;
    credentials::keep(&place, &credential)?;
    let told = json!({"server": credential.server.to_string(), "email": info.email});
    let (email, server) = (line(&info.email), &credential.server);
    Ok(Said::done(
        &told,
        format!("You are {email} at {server}. The token is kept, in place of any other for it."),
    ))
}

pub(in crate::cli) fn logout(global: &Global) -> Result<Said, Failure> {
    let place = place()?;
    let credential = known(&place, global)?;
    credentials::forget(&place, &credential.server)?;
    let server = &credential.server;
    Ok(Said::done(
        &json!({"server": server.to_string()}),
        format!("The token for {server} is forgotten here."),
    )
    .talking("The server goes on knowing it: agnes token revoke ends it there.")
    .talking(format!("To come back: agnes login --server {server}")))
}
