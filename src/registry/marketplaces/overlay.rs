//! `state/.env_overlay`: the tokens of private upstreams, one `NAME=value` a line, mode 0600.
//!
//! The database stores the variable's name and never the secret. What stands here is stronger than
//! the environment.
//!
//! Others write to it too: an operator's editor, a secret manager's script. Whoever changes it holds a
//! lock (flock) on `.env_overlay.lock`, reads, and puts a new file in the place of the old one. So readers
//! see one state or the next, and no change is lost between writers that do the same.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::domain::access::secret::Secret;
use crate::domain::shell::word;
use crate::registry::{Error, Registry, Result, folder};

/// Longest token, in bytes. (GitHub's and GitLab's have fewer than 300.)
const LONGEST: usize = 4_096;

/// Between two tries to get the lock.
const PAUSE: Duration = Duration::from_millis(10);

impl Registry {
    /// The token of a variable, from the overlay or else the environment.
    pub(in crate::registry) fn token(&self, variable: &str) -> Result<Option<Secret>> {
        let lines = read(&self.folder.overlay())?;
        let found = lines.iter().find_map(|line| line.strip_prefix(variable)?.strip_prefix('='));
        let found = found.map(str::to_owned).or_else(|| (self.world.variable)(variable));
        Ok(found.filter(|text| !text.is_empty()).map(Secret::new))
    }

    /// Sets a variable's token, or takes it out, whoever else is writing. Whoever calls it holds the
    /// store's lock, so that a marketplace's row and its token change together.
    pub(super) fn set_token(&self, variable: &str, token: Option<&Secret>) -> Result<()> {
        let path = self.folder.overlay();
        if changed(&read(&path)?, variable, token).is_none() {
            return Ok(());
        }
        if token.is_some() {
            self.refuse_open_state()?;
        }
        change(&path, variable, token, self.settings.lock_patience)
    }

    /// No secret is put where others could read it, or put a file of theirs in its place.
    fn refuse_open_state(&self) -> Result<()> {
        let state = self.folder.state();
        match folder::too_open(&state, 0o077) {
            None => Ok(()),
            Some(mode) => Err(Error::Conflict {
                message: format!(
                    "`{}` has mode {mode:o}: a token is not kept where others can get at it",
                    state.display()
                ),
                hint: Some(format!("chmod 700 {}", word(&state.display().to_string()))),
            }),
        }
    }

    /// All of it, for a backup.
    pub(in crate::registry) fn overlay_text(&self) -> Result<Option<Zeroizing<String>>> {
        let path = self.folder.overlay();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Io { path, doing: "cannot be read", source }),
        }
    }

    /// The names of the variables in the overlay.
    pub(in crate::registry) fn overlay_variables(&self) -> Result<Vec<String>> {
        let lines = read(&self.folder.overlay())?;
        Ok(lines.iter().filter_map(|line| line.split_once('=')).map(|(name, _)| name.to_owned()).collect())
    }
}

/// A token that can stand on a line and in a header.
pub(super) fn checked(token: &Secret) -> Result<Secret> {
    let token = token.expose().trim();
    if token.is_empty() || token.len() > LONGEST || !token.chars().all(|c| c.is_ascii_graphic()) {
        // What was given is a secret: it is not repeated.
        return Err(Error::invalid(
            "that is not a token: 1 to 4,096 printable ASCII characters without spaces",
        ));
    }
    Ok(Secret::new(token.to_owned()))
}

fn read(path: &Path) -> Result<Vec<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::Io { path: path.to_owned(), doing: "cannot be read", source }),
    }
}

/// The lines after a change; `None` if it changes nothing.
fn changed(before: &[String], variable: &str, token: Option<&Secret>) -> Option<Vec<String>> {
    let others = |line: &&String| !line.strip_prefix(variable).is_some_and(|rest| rest.starts_with('='));
    let mut lines: Vec<String> = before.iter().filter(others).cloned().collect();
    lines.extend(token.map(|token| format!("{variable}={}", token.expose())));
    (lines != before).then_some(lines)
}

/// Changes one line of the file, or makes it.
fn change(path: &Path, variable: &str, token: Option<&Secret>, patience: Duration) -> Result<()> {
    let failed = |source| Error::Io { path: path.to_owned(), doing: "cannot be written", source };
    let _turn = turn(path, patience)?;
    // Read again: what was read without the lock may be old.
    let Some(lines) = changed(&read(path)?, variable, token) else { return Ok(()) };
    let text = Zeroizing::new(lines.iter().fold(String::new(), |text, line| text + line + "\n"));
    // Always of one name, so that what a killed process leaves is not there for ever.
    let new = beside(path, ".new");
    let written = write(&new, text.as_bytes()).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        // What is there already is as it was; half a file of secrets is of no use to anybody.
        let _ = fs::remove_file(&new);
        return Err(failed(error));
    }
    // That the new file has the name has to last as well. Not every system syncs folders.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Writes a file that is for its owner alone from its first byte on.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(File::options().write(true).create_new(true)).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Waits for whoever is changing the file just now. The lock is let go of when this is dropped, and by the
/// system when we are killed.
fn turn(path: &Path, patience: Duration) -> Result<File> {
    let failed = |source| Error::Io { path: beside(path, ".lock"), doing: "cannot be locked", source };
    let lock = beside(path, ".lock");
    let file = private(File::options().append(true).create(true)).open(&lock).map_err(failed)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Conflict {
                    message: format!("`{}` is being changed by another program", path.display()),
                    hint: Some(format!(
                        "try again when it is done; it holds a lock on {}",
                        word(&lock.display().to_string())
                    )),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
