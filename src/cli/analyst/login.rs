//! `agnes login` and `agnes logout`

use serde_json::json;

use super::asking::{credential, known};
use super::here::place;
use crate::analyst::git::Git;
use crate::analyst::{credentials, server};
use crate::cli::args::{Global, LoginArgs};
use crate::cli::exit::Failure;
use crate::cli::said::{Said, line};
use crate::domain::shell::word;

pub(in crate::cli) fn login(args: &LoginArgs, global: &Global) -> Result<Said, Failure> {
    let place = place()?;
    let credential = credential(&place, global, args, false)?;
    // A token that the server does not know is not kept: the one before may be better.
    let info = server::info(&credential)?;
    credentials::keep(&place, &credential)?;
    let told = json!({"server": credential.server.to_string(), "email": info.email});
    let (email, server) = (line(&info.email), &credential.server);
    let said = Said::done(
        &told,
        format!("You are {email} at {server}. The token is kept, in place of any other for it."),
    );
    // Whoever set up by hand once would wonder why git does not use it.
    match Git::find(&place).ok().and_then(|git| git.own_login(&place, server)) {
        Some(own) => {
            let said = said.talking(line(&format!("But {own}.")));
            Ok(own.hint.into_iter().fold(said, |said, hint| said.talking(line(&format!("hint: {hint}")))))
        }
        None => Ok(said),
    }
}

pub(in crate::cli) fn logout(global: &Global) -> Result<Said, Failure> {
    let place = place()?;
    let credential = known(&place, global)?;
    credentials::forget(&place, &credential.server)?;
    let server = &credential.server;
    // What was trusted for it is forgotten with it.
    let ca = credential.ca.map(|ca| format!(" --ca {}", word(&ca.display().to_string()))).unwrap_or_default();
    Ok(Said::done(
        &json!({"server": server.to_string()}),
        format!("The token for {server} is forgotten here."),
    )
    .talking("The server goes on taking it: whoever runs that can end it there (agnes token revoke).")
    .talking(line(&format!("To come back: agnes login --server {server}{ca}"))))
}
