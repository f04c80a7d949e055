//! `agnes grant`, `revoke` and `grants`

use http::Method;

use super::args::{GrantArgs, GrantsArgs};
use super::exit::Failure;
use super::said::{Said, line};
use super::session::Session;
use super::table::Table;
use crate::client::Call;
use crate::wire::grants::{Grant, GrantRequest, Granted};

pub(super) fn grant(session: &Session, args: &GrantArgs) -> Result<Said, Failure> {
    change(session, Method::POST, args)
}

pub(super) fn revoke(session: &Session, args: &GrantArgs) -> Result<Said, Failure> {
    change(session, Method::DELETE, args)
}

fn change(session: &Session, method: Method, args: &GrantArgs) -> Result<Said, Failure> {
    let request = GrantRequest { group: args.group.clone(), resources: args.resources.clone() };
    let done: Granted = session.client.call(Call::new(method, &["api", "grants"]).with(&request))?;
    let mut said: Option<Said> = None;
    for one in &done.resources {
        let has = match (one.granted, one.changed) {
            (true, true) => "now has",
            (true, false) => "had",
            (false, true) => "no longer has",
            (false, false) => "did not have",
        };
        let talk = format!("`{}` {has} {}.", line(&done.group), line(&one.resource));
        said = Some(match said {
            None => Said::done(&done, talk),
            Some(said) => said.talking(talk),
        });
    }
    Ok(said.unwrap_or_else(|| Said::done(&done, "Nothing to do.")))
}

pub(super) fn list(session: &Session, args: &GrantsArgs) -> Result<Said, Failure> {
    let call = Call::get(&["api", "grants"]).asking(&[
        ("group", args.group.as_deref()),
        ("user", args.user.as_deref()),
        ("plugin", args.plugin.as_deref()),
    ]);
    let all: Vec<Grant> = session.client.call(call)?;
    let mut table = Table::new(&["GROUP", "RESOURCE", "PLUGINS", "GRANTED", "BY"]);
    for one in &all {
        table.row([&one.group, &one.resource, &one.plugins.to_string(), &one.granted_at, &one.granted_by]);
    }
    if table.is_empty() {
        return Ok(
            Said::answer(&all, String::new()).talking("No grants. Next: agnes grant GROUP SLUG/PLUGIN")
        );
    }
    Ok(Said::answer(&all, table.text()))
}
