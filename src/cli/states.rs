//! `agnes marketplace history`, `approve` and `rollback`

use http::Method;

use super::exit::Failure;
use super::said::{Said, line};
use super::session::Session;
use super::table::Table;
use crate::client::Call;
use crate::wire::states::{Approve, Rollback, Served, Standing, State};

pub(super) fn history(session: &Session, slug: &str) -> Result<Said, Failure> {
    let all: Vec<State> = session.client.call(Call::get(&["api", "marketplaces", slug, "states"]))?;
    let mut table = Table::new(&["STATE", "COMMIT", "COMMITTED", "FETCHED", "PLUGINS", ""]);
    for one in &all {
        let standing = match (one.standing, one.whole) {
            (Standing::Pending, true) => "pending",
            (Standing::Pending, false) => "pending; a sync has to fetch it anew",
            (Standing::Served, true) => "served now",
            (Standing::Served, false) => "served now; a sync has to fetch it anew",
            (Standing::Earlier, true) => "",
            (Standing::Earlier, false) => "may be incomplete",
        };
        let plugins = match one.remote_count {
            0 => one.plugin_count.to_string(),
            n => format!("{} ({n} from elsewhere)", one.plugin_count),
        };
        table.row([
            one.state.as_str(),
            one.commit.get(..12).unwrap_or(&one.commit),
            &one.committed_at,
            &one.fetched_at,
            &plugins,
            standing,
        ]);
    }
    let said = Said::answer(&all, if table.is_empty() { String::new() } else { table.text() });
    match all.first() {
        None => Ok(said.talking(format!("Nothing was fetched yet. Next: agnes marketplace sync {}", line(slug)))),
        Some(newest) if newest.standing == Standing::Pending => Ok(said.talking(format!(
            "What was fetched last is not served. Next: agnes marketplace diff {0}, then: agnes marketplace approve {0}",
            line(slug)
        ))),
        Some(_) => Ok(said),
    }
}

pub(super) fn approve(session: &Session, slug: &str, commit: Option<String>) -> Result<Said, Failure> {
    let call = Call::new(Method::POST, &["api", "marketplaces", slug, "approve"]).with(&Approve { commit });
    let done: Served = session.client.call(call)?;
    let said = Said::done(&done, told(&done));
    if done.is_newest {
        return Ok(said);
    }
    // It may be what an upstream wishes it had never published.
    Ok(said.talking("It is not what was fetched last: the upstream may have taken it back."))
}

pub(super) fn rollback(session: &Session, slug: &str, commit: String) -> Result<Said, Failure> {
    let call = Call::new(Method::POST, &["api", "marketplaces", slug, "rollback"]).with(&Rollback { commit });
    let done: Served = session.client.call(call)?;
    let said = Said::done(&done, told(&done));
    if !done.hold_is_new {
        return Ok(said);
    }
    Ok(said.talking(format!(
        "`{0}` is on hold now, or the next sync would undo this. Syncs serve nothing new until: agnes marketplace \
         approve {0}, or: agnes marketplace edit {0} --no-hold",
        done.id
    )))
}

fn told(done: &Served) -> String {
    let commit = done.commit.get(..12).unwrap_or(&done.commit);
    format!(
        "`{}` serves {commit}: {} added, {} updated, {} removed.",
        line(&done.id),
        done.added,
        done.updated,
        done.removed
    )
}
