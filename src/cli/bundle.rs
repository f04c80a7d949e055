//! `agnes build-zip` and `agnes info`

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use super::args::BuildZipArgs;
use super::exit::{Exit, Failure};
use super::said::{Said, line, size};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::Call;
use crate::wire::views::{Bundle, Info, PLUGINS_HEADER, USER_HEADER};

pub(super) fn build(session: &Session, args: &BuildZipArgs) -> Result<Said, Failure> {
    if args.output == Path::new("-") {
        let mut out = io::stdout().lock();
        let done = session.client.download(zip(&args.user), &mut out);
        return match done {
            Ok(_) => Ok(Said::raw(Vec::new())),
            Err(crate::client::ClientError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Ok(Said::raw(Vec::new()))
            }
            Err(error) => Err(error.into()),
        };
    }
    let bundle = write(session, &args.user, &args.output)?;
    let talk = format!("Wrote {} ({}).", line(&bundle.path), size(bundle.bytes));
    Ok(Said::done(&bundle, talk))
}

/// Writes one user's bundle to a file: all of it, or nothing.
pub(super) fn write(session: &Session, user: &str, output: &Path) -> Result<Bundle, Failure> {
    let failed = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Failed, format!("`{}` cannot be written: {why}", output.display()))
    };
    if output.is_dir() {
        return Err(failed(&"it is a folder"));
    }
    let folder = match output.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let began = Instant::now();
    let mut file =
        tempfile::Builder::new().prefix(".agnes-").tempfile_in(folder).map_err(|why| failed(&why))?;
    let done = session.client.download(zip(user), file.as_file_mut())?;
    file.flush().map_err(|why| failed(&why))?;
    #[cfg(unix)]
    {
        // A temporary file is for its owner alone; a bundle is as readable as other new files.
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).map_err(|why| failed(&why))?;
    }
    file.persist(output).map_err(|why| failed(&why.error))?;
    let header = |name| done.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(Bundle {
        email: header(USER_HEADER).to_owned(),
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
        out.push_str(&format!("\n{}", table.text()));
    }
    let mut table = Table::new(&["LEFT OUT", "WHY"]);
    for one in &info.left_out {
        table.row([&format!("{}/{}", one.marketplace_slug, one.original_name), &one.reason]);
    }
    if !table.is_empty() {
        out.push_str(&format!("\n{}", table.text()));
    }
    out
}

fn zip(user: &str) -> Call {
    Call::get(&["api", "users", user, "marketplace.zip"])
}
