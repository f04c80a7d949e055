//! `state/.env_overlay`: the tokens of private upstreams, one `NAME=value` a line, mode 0600.
//!
//! The database stores the variable's name and never the secret. What stands here is stronger than
//! the environment.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::shell::word;
use super::{Error, Registry, Result, folder};
use crate::domain::secret::Secret;

/// Longest token, in bytes. (GitHub's and GitLab's have fewer than 300.)
const LONGEST: usize = 4_096;

impl Registry {
    /// The token of a variable, from the overlay or else the environment.
    pub(super) fn token(&self, variable: &str) -> Result<Option<Secret>> {
        let lines = read(&self.folder.overlay())?;
        let found = lines.iter().find_map(|line| line.strip_prefix(variable)?.strip_prefix('='));
        let found = found.map(str::to_owned).or_else(|| (self.world.variable)(variable));
        Ok(found.filter(|text| !text.is_empty()).map(Secret::new))
    }

    /// Sets a variable's token, or takes it out. Whoever calls it holds the store's lock: the file is
    /// read, changed and replaced.
    pub(super) fn set_token(&self, variable: &str, token: Option<&Secret>) -> Result<()> {
        let path = self.folder.overlay();
        let mut lines = read(&path)?;
        let before = lines.clone();
        lines.retain(|line| !line.strip_prefix(variable).is_some_and(|rest| rest.starts_with('=')));
        if let Some(token) = token {
            lines.push(format!("{variable}={}", token.expose()));
        }
        if lines == before {
            return Ok(());
        }
        if token.is_some() {
            self.refuse_open_state()?;
        }
        let failed = |source| Error::Io { path: path.clone(), doing: "cannot be written", source };
        // A temporary file is made with mode 0600, and replaces the old one in one step.
        let mut file = tempfile::NamedTempFile::new_in(self.folder.state())
            .map_err(|error| failed(folder::bare(error)))?;
        for line in &lines {
            writeln!(file, "{line}").map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
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

    /// The names of the variables in the overlay.
    pub(super) fn overlay_variables(&self) -> Result<Vec<String>> {
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

fn read(path: &PathBuf) -> Result<Vec<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::Io { path: path.clone(), doing: "cannot be read", source }),
    }
}
