//! The folder that Claude Code reads, where it does not clone the address itself.

use std::fs;
use std::path::Path;

use super::credentials::Credential;
use super::error::{Kind, Result, Snag};
use super::git::{self, Git, LONG};
use super::place::Place;
use super::state::{Channel, Setup};

/// Makes the folder, or brings it up to date.
///
/// # Errors
/// What git says, or what is in the way.
pub(super) fn bring(place: &Place, credential: &Credential, setup: &Setup) -> Result<()> {
    let Some(folder) = setup.folder.as_deref().filter(|_| setup.channel == Channel::Clone) else {
        return Ok(());
    };
    let git = Git::find(place)?;
    // Not only after an earlier run that was cut off: whoever removed it wants it back, or has no setup any more.
    if folder.join(".git").is_dir() {
        // Each state stands alone, so there is nothing to merge: it is replaced.
        git.0.succeed(folder, &["fetch", "--quiet", "--depth", "1", "origin", "HEAD"], LONG)?;
        git.0.succeed(folder, &["reset", "--quiet", "--hard", "FETCH_HEAD"], LONG)?;
        return Ok(());
    }
    if !is_free(folder) {
        return Err(Snag::new(
            Kind::Conflict,
            format!("`{}` is there already, and it is no clone of ours", folder.display()),
        )
        .hinted("move it away, and run the same command again"));
    }
    clone(place, &git, credential, folder)
}

/// What git has to know goes into the clone's own configuration, and nowhere else; the token does not.
fn clone(place: &Place, git: &Git, credential: &Credential, folder: &Path) -> Result<()> {
    let mut arguments = vec!["clone".to_owned(), "--quiet".into(), "--depth".into(), "1".into()];
    let mut configure = |key: &str, value: &str| {
        arguments.extend(["-c".to_owned(), format!("{key}={value}")]);
    };
    // There is no history, so what one has cannot be merged with what there is.
    configure("pull.rebase", "true");
    for setting in git::settings(place, &credential.server, credential.ca.as_deref()) {
        setting.values.iter().for_each(|value| configure(&setting.key, value));
    }
    arguments.extend([git::repository(&credential.server), folder.display().to_string()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    git.0.succeed(&place.home, &arguments, LONG).map(|_| ())
}

/// Nothing, or an empty folder.
fn is_free(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(why) => why.kind() == std::io::ErrorKind::NotFound,
    }
}
