//! `agnes build-zip` and `agnes info`

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Instant;

use super::args::{BuildZipArgs, Global};
use super::exit::{Exit, Failure};
use super::said::{Said, line, size};
use super::save::{Readers, put, save};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::{Call, ClientError};
use crate::domain::feed::provenance::Provenance;
use crate::wire::views::{Bundle, Info, PLUGINS_HEADER, USER_HEADER};

/// How often a ZIP is written that does not belong to what was told of where it comes from.
const PATIENCE: usize = 3;

pub(super) fn build(
    session: impl FnOnce() -> Result<Session, Failure>,
    args: &BuildZipArgs,
    global: &Global,
) -> Result<Said, Failure> {
    if args.output == Path::new("-") {
        if global.json {
            return Err(
                Failure::usage("`--json` and `-o -` both ask for stdout").hinted("name a file: -o FILE")
            );
        }
        let mut out = io::stdout().lock();
        if out.is_terminal() {
            return Err(Failure::usage("a ZIP is not written to a terminal").hinted("name a file: -o FILE"));
        }
        if args.provenance.is_some() {
            return Err(Failure::usage(
                "what a ZIP on stdout comes from is not written: it could be another ZIP's",
            )
            .hinted("name a file: -o FILE"));
        }
        return match session()?.client.download(zip(&args.user), &mut out) {
            Err(ClientError::Write(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Failed, format!("cannot write to the standard output: {error}")))
            }
            Ok(_) | Err(ClientError::Write(_)) => Ok(Said::raw(Vec::new())),
            Err(error) => Err(error.into()),
        };
    }
    let session = session()?;
    let Some(provenance) = &args.provenance else {
        let bundle = write(&session, &args.user, &args.output)?;
        let talk = format!("Wrote {} ({}).", line(&bundle.path), size(bundle.bytes));
        return Ok(Said::done(&bundle, talk));
    };
    // A grant or a sync may come between the two, and then they do not belong together.
    for _ in 0..PATIENCE {
        let bundle = write(&session, &args.user, &args.output)?;
        let call = Call::get(&["api", "users", &args.user, "marketplace.provenance.json"]);
        let mut text = Vec::new();
        session.client.download(call, &mut text)?;
        let told = Provenance::parse(&text).map_err(|why| Failure::new(Exit::Failed, why))?;
        if told.view.to_string() == bundle.etag {
            put(&text, provenance)?;
            let talk = format!("Wrote {} ({}).", line(&bundle.path), size(bundle.bytes));
            return Ok(Said::done(&bundle, talk));
        }
    }
    Err(Failure::new(Exit::Failed, "what the user is granted changes faster than it can be written"))
}

/// Writes one user's bundle to a file: all of it, or nothing.
pub(super) fn write(session: &Session, user: &str, output: &Path) -> Result<Bundle, Failure> {
    let began = Instant::now();
    let done = save(session, zip(user), output, Readers::Usual)?;
    let header = |name| done.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(Bundle {
        email: if header(USER_HEADER).is_empty() { user } else { header(USER_HEADER) }.to_owned(),
        etag: header(http::header::ETAG.as_str()).trim_matches('"').to_owned(),
        path: output.display().to_string(),
        bytes: done.size,
        plugin_count: header(PLUGINS_HEADER).parse().unwrap_or_default(),
        seconds: began.elapsed().as_secs_f64(),
    })
}

pub(super) fn info(session: &Session, user: &str) -> Result<Said, Failure> {
    let info: Info = session.client.call(Call::get(&["api", "users", user, "info"]))?;
    let text = text(&info);
    Ok(Said::answer(&info, text))
}

pub(super) fn text(info: &Info) -> String {
    let mut out = facts(&[
        ("user", Some(info.email.clone())),
        ("groups", Some(info.groups.join(", "))),
        ("marketplace", Some(info.marketplace_name.clone())),
        ("etag", Some(info.etag.clone())),
        ("plugins", Some(info.plugin_count.to_string())),
    ]);
    let mut table = Table::new(&["PLUGIN", "VERSION", "FROM", "THROUGH"]);
    for one in &info.plugins {
        let from = format!("{}/{}", one.marketplace_slug, one.original_name);
        table.row([&one.name, one.version.as_deref().unwrap_or("-"), &from, &one.groups.join(", ")]);
    }
    if !table.is_empty() {
        let _ = write!(out, "\n{}", table.text());
    }
    let mut table = Table::new(&["LEFT OUT", "WHY"]);
    for one in &info.left_out {
        table.row([&format!("{}/{}", one.marketplace_slug, one.original_name), &one.reason]);
    }
    if !table.is_empty() {
        let _ = write!(out, "\n{}", table.text());
    }
    out
}

fn zip(user: &str) -> Call {
    Call::get(&["api", "users", user, "marketplace.zip"])
}
