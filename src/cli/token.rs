//! `agnes token …`

use http::Method;

use super::args::Token as Args;
use super::exit::Failure;
use super::said::{Said, line};
use super::session::Session;
use super::table::Table;
use crate::client::Call;
use crate::wire::tokens::{AccessToken, CreatedAccessToken, NewAccessToken, Revoked};

pub(super) fn run(session: &Session, command: Args) -> Result<Said, Failure> {
    match command {
        Args::Create { user, name, expires } => {
            let new = NewAccessToken { user, name, expires };
            let created: CreatedAccessToken =
                session.client.call(Call::new(Method::POST, &["api", "tokens"]).with(&new))?;
            let until = match &created.expires_at {
                Some(at) => format!("until {at}"),
                None => "until it is revoked".to_owned(),
            };
            // The token alone is the answer: `agnes token create … | pbcopy`.
            Ok(Said::answer(&created, format!("{}\n", created.token.0.expose()))
                .talking(format!("A token of {}, good {until}. It is shown this once.", line(&created.user)))
                .talking(format!("To end it: agnes token revoke {}", created.id)))
        }
        Args::List { user, all } => {
            let all = all.then_some("true");
            let call = Call::get(&["api", "tokens"]).asking(&[("user", user.as_deref()), ("all", all)]);
            let tokens: Vec<AccessToken> = session.client.call(call)?;
            let mut table = Table::new(&["ID", "USER", "NAME", "CREATED", "EXPIRES", "LAST USED", "REVOKED"]);
            for one in &tokens {
                let or_dash = |at: &Option<String>| at.clone().unwrap_or_else(|| "-".to_owned());
                table.row([
                    one.id.clone(),
                    one.user.clone(),
                    one.name.clone(),
                    one.created_at.clone(),
                    or_dash(&one.expires_at),
                    or_dash(&one.last_used_at),
                    or_dash(&one.revoked_at),
                ]);
            }
            if table.is_empty() {
                return Ok(Said::answer(&tokens, String::new())
                    .talking("There are no tokens. Next: agnes token create --user EMAIL"));
            }
            Ok(Said::answer(&tokens, table.text()))
        }
        Args::Revoke { id } => {
            session.client.call::<()>(Call::new(Method::DELETE, &["api", "tokens", &id]))?;
            Ok(Said::done(&Revoked { revoked: id.clone() }, format!("Revoked the token {}.", line(&id))))
        }
    }
}
