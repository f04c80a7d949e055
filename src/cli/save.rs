//! Saving an answer's bytes in a file: all of them, or nothing.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::client::{Call, ClientError, Download};
use crate::domain::unfinished::is_unfinished;

/// Letters and digits at the end of the name of what is not finished yet.
const RANDOM: usize = 12;

/// Who may read a file that is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Whoever may read other new files.
    Usual,
    Owner,
}

pub(super) fn save(
    session: &Session,
    call: Call,
    output: &Path,
    readers: Readers,
) -> Result<Download, Failure> {
    place(output, readers, |out| {
        session.client.download_file(call, out).map_err(|error| match error {
            ClientError::Write(why) => failed(output, &why),
            other => other.into(),
        })
    })
}

/// The same for bytes that are at hand.
pub(super) fn put(bytes: &[u8], output: &Path) -> Result<(), Failure> {
    place(output, Readers::Usual, |out| out.write_all(bytes).map_err(|why| failed(output, &why)))
}

fn failed(output: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("`{}` cannot be written: {why}", output.display()))
}

fn place<T>(
    output: &Path,
    readers: Readers,
    write: impl FnOnce(&mut fs::File) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let failed = |why: &dyn std::fmt::Display| failed(output, why);
    match fs::metadata(output) {
        Ok(facts) if facts.is_dir() => Err(failed(&"it is a folder")),
        // A pipe or a device: there is nothing to put in its place.
        Ok(facts) if !facts.is_file() => {
            let mut out = fs::OpenOptions::new().write(true).open(output).map_err(|why| failed(&why))?;
            write(&mut out)
        }
        found => {
            // Where a link leads, so that the link stays.
            let target = if found.is_ok() { fs::canonicalize(output) } else { Ok(output.to_owned()) };
            let target = target.map_err(|why| failed(&why))?;
            let folder = match target.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            if !folder.is_dir() {
                return Err(failed(&format!("there is no folder `{}`", folder.display())));
            }
            let beginning = beginning(&target);
            sweep(folder, &beginning);
            let mut builder = tempfile::Builder::new();
            // A temporary file is for its owner alone.
            if readers == Readers::Usual {
                builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            }
            let mut file = builder
                .prefix(&beginning)
                .rand_bytes(RANDOM)
                .tempfile_in(folder)
                .map_err(|why| failed(&why))?;
            // Held until it has its name: whoever sweeps meanwhile leaves it. Where files cannot be locked, nobody does.
            let _ = file.as_file().try_lock();
            let done = write(file.as_file_mut())?;
            file.persist(&target).map_err(|why| failed(&why.error))?;
            Ok(done)
        }
    }
}

/// What the names of temporary files begin with that are to become `target`.
fn beginning(target: &Path) -> String {
    // Names have an end, and the random part comes after this.
    let name: String = target.file_name().unwrap_or_default().to_string_lossy().chars().take(50).collect();
    format!(".agnes-{name}-")
}

/// Removes what runs for the same file left that were killed: cron may do that every night.
fn sweep(folder: &Path, beginning: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_one = is_unfinished(&entry.file_name(), beginning.as_ref(), RANDOM);
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_one && is_file() && fs::File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // It is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}
