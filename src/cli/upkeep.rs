//! `agnes doctor`, `agnes audit`, `agnes backup` and `agnes prune`

use std::fmt::Write as _;
use std::path::Path;

use http::Method;

use super::args::AuditArgs;
use super::exit::{Exit, Failure};
use super::said::{Said, count, line, size};
use super::save::{Readers, save};
use super::session::Session;
use super::table::Table;
use crate::client::Call;
use crate::wire::audit::AuditEntry;
use crate::wire::doctor::{Checkup, Severity};
use crate::wire::upkeep::{Backup, Prune, Pruned, TOKENS_HEADER};

pub(super) fn doctor(session: &Session) -> Result<Said, Failure> {
    let checkup: Checkup = session.client.call(Call::get(&["api", "doctor"]))?;
    let mut text = String::new();
    for finding in &checkup.findings {
        let severity = match finding.severity {
            Severity::Broken => "broken",
            Severity::Suspicious => "suspicious",
        };
        let _ = writeln!(text, "{severity}: {}", line(&finding.message));
        if let Some(hint) = &finding.hint {
            let _ = writeln!(text, "  hint: {}", line(hint));
        }
    }
    let broken =
        checkup.findings.iter().filter(|finding| finding.severity == Severity::Broken).count() as u64;
    let suspicious = checkup.findings.len() as u64 - broken;
    let talk = if checkup.findings.is_empty() {
        format!("Nothing is wrong with {}.", line(&checkup.data_dir))
    } else {
        format!("{broken} broken, {} suspicious.", count(suspicious, "thing"))
    };
    let exit = if broken > 0 { Exit::Unhealthy } else { Exit::Done };
    Ok(Said::answer(&checkup, text).talking(talk).exiting(exit))
}

pub(super) fn backup(session: &Session, output: &Path) -> Result<Said, Failure> {
    let done = save(session, Call::get(&["api", "backup"]), output, Readers::Owner)?;
    let with_tokens = done.headers.get(TOKENS_HEADER).is_some_and(|value| value == "1");
    let backup = Backup { path: output.display().to_string(), bytes: done.size, with_tokens };
    let tokens = if with_tokens { "with" } else { "without" };
    let talk = format!(
        "Wrote {} ({}), {tokens} the tokens of private upstreams.",
        line(&backup.path),
        size(backup.bytes)
    );
    Ok(Said::done(&backup, talk))
}

pub(super) fn prune(session: &Session, all: bool) -> Result<Said, Failure> {
    let pruned: Pruned =
        session.client.call(Call::new(Method::POST, &["api", "prune"]).with(&Prune { all }))?;
    let talk = if pruned.files == 0 {
        "There was nothing to remove.".to_owned()
    } else {
        format!("Removed {} ({}).", count(pruned.files, "file"), size(pruned.bytes))
    };
    Ok(Said::done(&pruned, talk))
}

pub(super) fn audit(session: &Session, args: &AuditArgs) -> Result<Said, Failure> {
    let call = Call::get(&["api", "audit"]).asking(&[
        ("limit", Some(&args.limit.to_string())),
        ("actor", args.who.as_deref()),
        ("action", args.what.as_deref()),
        ("resource", args.which.as_deref()),
    ]);
    let all: Vec<AuditEntry> = session.client.call(call)?;
    let mut table = Table::new(&["WHEN", "WHO", "WHAT", "WHICH", ""]);
    for one in &all {
        table.row([&one.at, &one.actor, &one.action, &one.resource, one.detail.as_deref().unwrap_or("")]);
    }
    Ok(Said::answer(&all, if table.is_empty() { String::new() } else { table.text() }))
}
