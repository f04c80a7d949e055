//! `agnes host …`

use http::Method;

use super::args::Host as Command;
use super::exit::Failure;
use super::said::{Said, line};
use super::secrets::token;
use super::session::Session;
use super::table::Table;
use crate::client::Call;
use crate::domain::access::secret::Secret;
use crate::domain::upstream::host::Rule;
use crate::wire::hosts::{EditHost, Host};
use crate::wire::marketplaces::Token;
use crate::wire::people::Removed;

pub(super) fn run(session: &Session, command: Command) -> Result<Said, Failure> {
    match command {
        Command::List => list(session),
        Command::Allow { host, ssh } => {
            let edit = EditHost { rule: Some(Rule::Allow), ssh: Some(ssh), ..EditHost::default() };
            let now = edited(session, &host, &edit)?;
            let road = if now.ssh { "https and ssh" } else { "https" };
            Ok(Said::done(&now, format!("Plugins may be fetched from `{}`, over {road}.", now.host))
                .talking("Hosts that are not allowed are none from now on. Next: agnes marketplace sync"))
        }
        Command::Deny { host } => {
            let now = edited(session, &host, &EditHost { rule: Some(Rule::Deny), ..EditHost::default() })?;
            Ok(Said::done(&now, format!("No plugins are fetched from `{}`.", now.host))
                .talking("What was fetched from there is served until the next: agnes marketplace sync"))
        }
        Command::Forget { host } => {
            session.client.call::<()>(Call::new(Method::DELETE, &["api", "hosts", &host]))?;
            let done = format!("Nothing is said of `{}` any more.", line(&host));
            Ok(Said::done(&Removed { removed: host }, done))
        }
        Command::Token(args) => {
            let given = if args.no_token {
                Some(Token(Secret::new(String::new())))
            } else {
                token(&args.token, &args.host)?
            };
            let Some(given) = given else {
                return Err(Failure::usage("there is no token: say where it comes from")
                    .hinted("agnes host token HOST --token-prompt"));
            };
            let edit = EditHost { token: Some(given), ..EditHost::default() };
            let now = edited(session, &args.host, &edit)?;
            let said = if now.has_token { "has a token now" } else { "has no token" };
            Ok(Said::done(&now, format!("`{}` {said}.", now.host)))
        }
    }
}

fn edited(session: &Session, host: &str, edit: &EditHost) -> Result<Host, Failure> {
    Ok(session.client.call(Call::new(Method::PATCH, &["api", "hosts", host]).with(edit))?)
}

fn list(session: &Session) -> Result<Said, Failure> {
    let all: Vec<Host> = session.client.call(Call::get(&["api", "hosts"]))?;
    let mut table = Table::new(&["HOST", "RULE", "SSH", "TOKEN"]);
    for one in &all {
        let yes = |is: bool| if is { "yes" } else { "-" };
        let rule = one.rule.map_or("-", Rule::as_str);
        table.row([one.host.as_str(), rule, yes(one.ssh), yes(one.has_token)]);
    }
    if table.is_empty() {
        return Ok(Said::answer(&all, String::new())
            .talking("Nothing is said of any host: plugins are fetched from all that are public."));
    }
    Ok(Said::answer(&all, table.text()))
}
