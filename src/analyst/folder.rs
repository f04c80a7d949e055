//! The folder that Claude Code reads, where it does not clone the address itself.

use std::fs;
use std::io;
use std::path::Path;

use super::credentials::Credential;
use super::error::{Kind, Result, Snag};
use super::git::{self, Git, LONG};
use super::place::Place;
use super::state::{Channel, Setup};
use super::{files, server};
use crate::archive::unpack::unpack;
use crate::client::Call;

/// Makes the folder, or brings it up to date.
///
/// # Errors
/// What git says, or what is in the way.
pub(super) fn bring(place: &Place, credential: &Credential, setup: &Setup) -> Result<()> {
    let Some(folder) = setup.folder.as_deref() else { return Ok(()) };
    match setup.channel {
        Channel::Git => Ok(()),
        Channel::Clone => pull(place, credential, folder),
        Channel::Zip => unzip(credential, folder),
    }
}

fn pull(place: &Place, credential: &Credential, folder: &Path) -> Result<()> {
    let git = Git::find(place)?;
    let repository = folder.join(".git");
    // What is there is ours, whole or not: the note says so. Whoever removed it wants it back.
    if !repository.join("HEAD").is_file() {
        refuse_taken(folder)?;
        return clone(place, &git, credential, folder);
    }
    let here = [git::inside(folder), format!("--work-tree={}", folder.display())];
    let run = |args: &[&str]| {
        let all: Vec<&str> = here.iter().map(String::as_str).chain(args.iter().copied()).collect();
        git.0.succeed(folder, &all, LONG)
    };
    // The authority may be another by now, and so may the place of this program.
    git.teach(folder, &git::settings(place, &credential.server, credential.ca.as_deref()))?;
    // Each state stands alone, so there is nothing to merge: it is replaced.
    run(&["fetch", "--quiet", "--depth", "1", "origin", "HEAD"])?;
    run(&["reset", "--quiet", "--hard", "FETCH_HEAD"])?;
    Ok(())
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

/// Everything is unpacked beside the folder, and takes its place as a whole or not at all.
fn unzip(credential: &Credential, folder: &Path) -> Result<()> {
    let ours =
        folder.join(".claude-plugin").join("marketplace.json").is_file() && !folder.join(".git").exists();
    if !ours {
        refuse_taken(folder)?;
    }
    let failed = |path: &Path, doing: &'static str| {
        let path = path.to_owned();
        move |why: io::Error| Snag::file(&path, doing, &why)
    };
    let beside = files::folder_beside(folder).map_err(failed(folder, "written"))?;
    let mut zip = tempfile::tempfile_in(beside.path()).map_err(failed(beside.path(), "written"))?;
    server::client(credential, None)?.download_file(Call::get(&["marketplace.zip"]), &mut zip)?;
    let fresh = beside.path().join("new");
    fs::create_dir(&fresh).map_err(failed(&fresh, "made"))?;
    unpack(zip, &fresh).map_err(|why| Snag::failed(why.to_string()))?;
    // The old one is removed with everything that is beside, once the new one has its place.
    exchange(&fresh, folder, &beside.path().join("old")).map_err(failed(folder, "replaced"))
}

/// Puts the new folder in the place of the old one, which goes to `old`; or all stays where it is.
fn exchange(fresh: &Path, folder: &Path, old: &Path) -> io::Result<()> {
    if !folder.exists() {
        return fs::rename(fresh, folder);
    }
    fs::rename(folder, old)?;
    fs::rename(fresh, folder).inspect_err(|_| {
        let _ = fs::rename(old, folder);
    })
}

/// Refuses what is not of our making.
pub(super) fn refuse_taken(folder: &Path) -> Result<()> {
    if is_free(folder) {
        return Ok(());
    }
    Err(Snag::new(
        Kind::Conflict,
        format!("`{}` is there already, and it is not of our making", folder.display()),
    )
    .hinted("move it away, and run the same command again"))
}

/// Nothing, or an empty folder.
fn is_free(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(why) => why.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_replaced_is_where_it_was() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let holds = |name: &str| fs::read_to_string(at(name).join("file")).unwrap_or_default();
        let make = |name: &str| {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join("file"), name).unwrap();
        };
        make("folder");
        // There is none to take its place.
        exchange(&at("fresh"), &at("folder"), &at("old")).unwrap_err();
        assert_eq!((holds("folder").as_str(), at("old").exists()), ("folder", false));
        make("fresh");
        exchange(&at("fresh"), &at("folder"), &at("old")).unwrap();
        assert_eq!((holds("folder"), holds("old")), ("fresh".to_owned(), "folder".to_owned()));
    }
}
