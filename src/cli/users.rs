//! `agnes user …`

use http::Method;

use super::args::User as Args;
use super::exit::Failure;
use super::said::{Said, line};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::Call;
use crate::wire::people::{NewUser, Removed, User};

pub(super) fn run(session: &Session, command: Args) -> Result<Said, Failure> {
    match command {
        Args::Add { email, name } => {
            let call = Call::new(Method::POST, &["api", "users"]).with(&NewUser { email, name });
            let added: User = session.client.call(call)?;
            let talk = format!("Added {}.", line(&added.email));
            Ok(Said::done(&added, talk).talking(format!("Next: agnes group join GROUP {}", added.email)))
        }
        Args::List => {
            let all: Vec<User> = session.client.call(Call::get(&["api", "users"]))?;
            let mut table = Table::new(&["EMAIL", "NAME", "GROUPS"]);
            for one in &all {
                table.row([&one.email, one.name.as_deref().unwrap_or("-"), &one.groups.join(", ")]);
            }
            if table.is_empty() {
                return Ok(Said::answer(&all, String::new())
                    .talking("There are no users. Next: agnes user add EMAIL"));
            }
            Ok(Said::answer(&all, table.text()))
        }
        Args::Show { user } => {
            let one: User = session.client.call(Call::get(&["api", "users", &user]))?;
            let text = facts(&[
                ("email", Some(one.email.clone())),
                ("name", one.name.clone()),
                ("id", Some(one.id.clone())),
                ("added", Some(one.created_at.clone())),
                ("groups", Some(one.groups.join(", "))),
            ]);
            Ok(Said::answer(&one, text))
        }
        Args::Remove { user } => {
            session.client.call::<()>(Call::new(Method::DELETE, &["api", "users", &user]))?;
            Ok(Said::done(&Removed { removed: user.clone() }, format!("Removed {}.", line(&user))))
        }
    }
}
