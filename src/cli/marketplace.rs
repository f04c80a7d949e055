//! `agnes marketplace …`

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use http::Method;

use super::args::{AddArgs, EditArgs, Global, SyncArgs};
use super::exit::{Exit, Failure};
use super::progress::{Progress, complain};
use super::said::{Said, count, line};
use super::secrets::token;
use super::session::Session;
use super::table::{Table, facts};
use crate::client::Call;
use crate::domain::access::secret::Secret;
use crate::wire::marketplaces::{EditMarketplace, Marketplace, NewMarketplace, Token};
use crate::wire::people::Removed;
use crate::wire::sync::{Event, SyncRequest};

pub(super) fn add(session: &Session, args: AddArgs) -> Result<Said, Failure> {
    let token = token(&args.token, &args.url)?;
    let new = NewMarketplace {
        url: absolute(args.url),
        slug: args.slug,
        name: args.name,
        branch: args.branch,
        reference: args.reference,
        description: args.about.description,
        token,
        curator_name: args.about.curator_name,
        curator_email: args.about.curator_email,
        name_prefix: args.about.name_prefix,
        versions: args.about.versions,
        remote: args.about.remote,
        hold: args.hold.then_some(true),
    };
    let added: Marketplace =
        session.client.call(Call::new(Method::POST, &["api", "marketplaces"]).with(&new))?;
    let said = Said::done(&added, format!("Registered `{}` ({}).", added.id, line(&added.url)))
        .talking(format!("Next: agnes marketplace sync {}", added.id));
    if added.hold {
        return Ok(said.talking(format!(
            "It is on hold: nothing of it is served until: agnes marketplace approve {}",
            added.id
        )));
    }
    Ok(said)
}

pub(super) fn edit(session: &Session, args: EditArgs) -> Result<Said, Failure> {
    let token =
        if args.no_token { Some(Token(Secret::new(String::new()))) } else { token(&args.token, &args.slug)? };
    let edit = EditMarketplace {
        name: args.name,
        url: args.url.map(absolute),
        branch: args.branch,
        reference: args.reference,
        description: args.about.description,
        token,
        curator_name: args.about.curator_name,
        curator_email: args.about.curator_email,
        name_prefix: args.about.name_prefix,
        versions: args.about.versions,
        remote: args.about.remote,
        hold: match (args.hold, args.no_hold) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
    };
    if serde_json::to_value(&edit).is_ok_and(|edit| edit == serde_json::json!({})) {
        return Err(Failure::usage("there is nothing to change: give at least one option")
            .hinted("agnes marketplace edit --help"));
    }
    let refetch =
        edit.url.is_some() || edit.branch.is_some() || edit.reference.is_some() || edit.remote.is_some();
    let call = Call::new(Method::PATCH, &["api", "marketplaces", &args.slug]).with(&edit);
    let edited: Marketplace = session.client.call(call)?;
    let mut said = Said::done(&edited, format!("Changed `{}`.", edited.id));
    if args.hold {
        said = said.talking("Syncs go on fetching, and serve nothing new until it is approved.");
    }
    if let (true, Some(pending)) = (args.no_hold, edited.pending.as_deref()) {
        said = said.talking(format!(
            "The next sync serves what its upstream has; what waits is {}.",
            pending.get(..12).unwrap_or(pending)
        ));
    }
    if refetch || edit.token.is_some() {
        return Ok(said.talking(format!("Next: agnes marketplace sync {}", edited.id)));
    }
    Ok(said)
}

/// A folder is registered by the path that it has wherever agnes is run next.
fn absolute(url: String) -> String {
    let path = Path::new(&url);
    if path.is_relative()
        && path.is_dir()
        && let Ok(path) = std::path::absolute(path).map(PathBuf::into_os_string).map(OsString::into_string)
    {
        return path.unwrap_or(url);
    }
    url
}

pub(super) fn list(session: &Session) -> Result<Said, Failure> {
    let all: Vec<Marketplace> = session.client.call(Call::get(&["api", "marketplaces"]))?;
    let mut table = Table::new(&["SLUG", "PLUGINS", "SYNCED", "COMMIT", "URL", ""]);
    for one in &all {
        let commit = one.last_commit_sha.as_deref().and_then(|sha| sha.get(..12)).unwrap_or("-");
        let state = match (&one.last_error, &one.pending, one.hold) {
            (Some(_), ..) => "last sync failed",
            (None, Some(_), _) => "waits to be approved",
            (None, None, true) => "on hold",
            (None, None, false) => "",
        };
        let count = one.plugin_count.to_string();
        table.row([
            &one.id,
            &count,
            one.last_synced_at.as_deref().unwrap_or("never"),
            commit,
            &one.url,
            state,
        ]);
    }
    if table.is_empty() {
        return Ok(Said::answer(&all, String::new())
            .talking("No marketplaces are registered. Next: agnes marketplace add URL"));
    }
    Ok(Said::answer(&all, table.text()))
}

pub(super) fn show(session: &Session, slug: &str) -> Result<Said, Failure> {
    let one: Marketplace = session.client.call(Call::get(&["api", "marketplaces", slug]))?;
    let curator = match (&one.curator_name, &one.curator_email) {
        (Some(name), Some(email)) => Some(format!("{name} <{email}>")),
        (name, email) => name.clone().or_else(|| email.clone()),
    };
    let mut text = facts(&[
        ("slug", Some(one.id.clone())),
        ("name", Some(one.name.clone())),
        ("description", one.description.clone()),
        ("url", Some(one.url.clone())),
        ("branch", one.branch.clone()),
        ("ref", one.reference.clone()),
        ("token", one.has_token.then(|| "yes".to_owned())),
        ("curator", curator),
        ("name prefix", one.name_prefix.clone()),
        ("versions", Some(one.versions.as_str().to_owned())),
        ("remote", Some(one.remote.as_str().to_owned())),
        ("registered", Some(format!("{} by {}", one.registered_at, one.registered_by))),
        ("synced", Some(one.last_synced_at.clone().unwrap_or_else(|| "never".into()))),
        ("commit", one.last_commit_sha.clone()),
        ("hold", one.hold.then(|| "yes: what is new is served when it is approved".to_owned())),
        ("pending", one.pending.clone()),
        ("plugins", Some(one.plugin_count.to_string())),
        ("last error", one.last_error.clone()),
    ]);
    for note in &one.notes {
        let _ = writeln!(text, "note: {}", line(&note.message));
    }
    Ok(Said::answer(&one, text))
}

pub(super) fn sync(session: &Session, args: SyncArgs, global: &Global) -> Result<Said, Failure> {
    let request = SyncRequest { only: args.slugs, jobs: args.jobs };
    let mut progress = Progress::new(global);
    let call = Call::new(Method::POST, &["api", "marketplaces", "sync-all"]).with(&request);
    let last = session.client.events(call, |event| progress.tell(event))?;
    let Event::Done { result } = last else {
        return Err(Failure::new(Exit::Failed, "the sync ended without saying how"));
    };
    // What failed is said even when everything else is kept quiet.
    if !progress.told_failures() {
        result.errors.iter().for_each(complain);
    }
    let said = Said::answer(&result, progress.remaining(&result));
    if !result.errors.is_empty() {
        let failed = result.errors.len() as u64;
        return Ok(said
            .talking(format!(
                "{} failed; what was there before is still served.",
                count(failed, "marketplace")
            ))
            .exiting(Exit::SyncFailed));
    }
    if let Some(one) = result.synced.iter().find(|one| one.pending) {
        return Ok(said.talking(format!(
            "What waits is served to nobody. Next: agnes marketplace diff {0}, then: agnes marketplace approve {0}",
            one.id
        )));
    }
    if result.synced.is_empty() {
        return Ok(said.talking("No marketplaces are registered. Next: agnes marketplace add URL"));
    }
    Ok(said)
}

pub(super) fn remove(session: &Session, slug: &str) -> Result<Said, Failure> {
    session.client.call::<()>(Call::new(Method::DELETE, &["api", "marketplaces", slug]))?;
    Ok(Said::done(&Removed { removed: slug.to_owned() }, format!("Removed `{}`.", line(slug))))
}
