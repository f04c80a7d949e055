//! `agnes build-zip` and `agnes info`

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::args::BuildZipArgs;
use super::exit::{Exit, Failure};
use super::said::{Said, count, line, size};
use super::session::Session;
use super::table::{Table, facts};
use crate::client::{Call, ClientError, Download};
use crate::wire::views::{Bundle, Info};

pub(super) fn build(session: &Session, args: &BuildZipArgs) -> Result<Said, Failure> {
    if args.output == Path::new("-") {
        let mut out = io::stdout().lock();
        let done = session.client.download(zip(&args.user), &mut out);
        return match done {
            Ok(_) => Ok(Said::raw(Vec::new())),
            Err(ClientError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
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
    // A symlink stays one. What is no file at all (`/dev/null`, a pipe) is written to and not replaced.
    let real = fs::canonicalize(output).unwrap_or_else(|_| output.to_owned());
    let special = fs::metadata(&real).is_ok_and(|facts| !facts.is_file());
    let folder = match real.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !special && !folder.is_dir() {
        return Err(failed(&format_args!("there is no folder `{}`", folder.display())));
    }
    let info: Info = session.client.call(Call::get(&["api", "users", user, "info"]))?;
    let bundle = |done: Download| Bundle {
        email: info.email,
        etag: done.etag,
        path: output.display().to_string(),
        bytes: done.size,
        plugin_count: info.plugin_count,
    };
    if special {
        let mut file = fs::File::options().write(true).open(&real).map_err(|why| failed(&why))?;
        let done = session.client.download(zip(user), &mut file).map_err(|why| written(why, &failed))?;
        return Ok(bundle(done));
    }
    let mut file =
        tempfile::Builder::new().prefix(".agnes-").tempfile_in(folder).map_err(|why| failed(&why.kind()))?;
    let done = session.client.download(zip(user), file.as_file_mut()).map_err(|why| written(why, &failed))?;
    file.flush().map_err(|why| failed(&why))?;
    #[cfg(unix)]
    {
        // A temporary file is for its owner alone; a bundle is as readable as other new files.
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).map_err(|why| failed(&why))?;
    }
    file.persist(&real).map_err(|why| failed(&why.error))?;
    Ok(bundle(done))
}

/// Trouble with the file that is written is told with its name.
fn written(error: ClientError, failed: &dyn Fn(&dyn std::fmt::Display) -> Failure) -> Failure {
    match error {
        ClientError::Write(why) => failed(&why),
        other => other.into(),
    }
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
        ("plugins", Some(count(info.plugin_count, "plugin"))),
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
