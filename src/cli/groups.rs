//! `agnes group …`

use http::Method;

use super::args::Group as Args;
use super::exit::Failure;
use super::said::{Said, line};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::Call;
use crate::wire::people::{Group, GroupDetail, Membership, NewGroup, NewMember, Removed};

pub(super) fn run(session: &Session, command: Args) -> Result<Said, Failure> {
    match command {
        Args::Add { name, description } => {
            let call = Call::new(Method::POST, &["api", "groups"]).with(&NewGroup { name, description });
            let added: Group = session.client.call(call)?;
            Ok(Said::done(&added, format!("Added the group `{}`.", line(&added.name))))
        }
        Args::List => {
            let all: Vec<Group> = session.client.call(Call::get(&["api", "groups"]))?;
            let mut table = Table::new(&["GROUP", "MEMBERS", "DESCRIPTION"]);
            for one in &all {
                table.row([
                    &one.name,
                    &one.member_count.to_string(),
                    one.description.as_deref().unwrap_or(""),
                ]);
            }
            Ok(Said::answer(&all, table.text()))
        }
        Args::Show { group } => {
            let one: GroupDetail = session.client.call(Call::get(&["api", "groups", &group]))?;
            let text = facts(&[
                ("group", Some(one.group.name.clone())),
                ("description", one.group.description.clone()),
                ("members", Some(listed(&one.members))),
                ("grants", Some(listed(&one.grants))),
            ]);
            Ok(Said::answer(&one, text))
        }
        Args::Remove { group } => {
            session.client.call::<()>(Call::new(Method::DELETE, &["api", "groups", &group]))?;
            Ok(Said::done(
                &Removed { removed: group.clone() },
                format!("Removed the group `{}`.", line(&group)),
            ))
        }
        Args::Join { group, user } => {
            let call =
                Call::new(Method::POST, &["api", "groups", &group, "members"]).with(&NewMember { user });
            Ok(told(&session.client.call(call)?))
        }
        Args::Leave { group, user } => {
            let call = Call::new(Method::DELETE, &["api", "groups", &group, "members", &user]);
            Ok(told(&session.client.call(call)?))
        }
    }
}

fn told(membership: &Membership) -> Said {
    let is = match (membership.member, membership.changed) {
        (true, true) => "is now in",
        (true, false) => "was in",
        (false, true) => "is no longer in",
        (false, false) => "was not in",
    };
    Said::done(membership, format!("{} {is} `{}`.", line(&membership.user), line(&membership.group)))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
