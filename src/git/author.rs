//! Writing small repositories without a `git` process: for the demo and for tests.

use std::path::{Path, PathBuf};
use std::{fs, io};

use gix::objs::{Kind as ObjectKind, Write as _};

use super::tree::{Folder, Unfit};
use super::{from_gix, one_line, to_gix};
use crate::domain::repository::oid::Oid;

/// A repository could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot write the repository in `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot write an object into `{}`: {reason}", path.display())]
    Object { path: PathBuf, reason: String },
    #[error(transparent)]
    Path(#[from] Unfit),
}

/// Writes one commit of `files` (path, executable, bytes) to the branch `main` of the bare
/// repository in `path`, which is made if it is not there. The commit's parent is what `main` was.
/// The id depends on nothing but the arguments and that parent. `time` is in seconds since 1970.
///
/// # Errors
/// When a path is not fit for a repository, or something cannot be written.
pub fn write_repository(
    path: &Path,
    files: &[(String, bool, Vec<u8>)],
    message: &str,
    time: i64,
) -> Result<Oid, WriteError> {
    let on_disk = |source| WriteError::Io { path: path.to_owned(), source };
    let in_odb = |error: gix::Error| WriteError::Object { path: path.to_owned(), reason: one_line(&error) };

    fs::create_dir_all(path.join("objects/pack")).map_err(on_disk)?;
    fs::create_dir_all(path.join("refs/heads")).map_err(on_disk)?;
    let store = gix::odb::loose::Store::at(path.join("objects"), gix::hash::Kind::Sha1);

    let mut root = Folder::default();
    for (name, executable, bytes) in files {
        let blob = store.write_buf(ObjectKind::Blob, bytes).map_err(in_odb)?;
        root.file(name, *executable, from_gix(&blob))?;
    }
    let tree = root
        .write(&mut |bytes| store.write_buf(ObjectKind::Tree, bytes).map(|id| from_gix(&id)))
        .map_err(in_odb)?;

    let main = path.join("refs/heads/main");
    let parent: Option<Oid> = fs::read_to_string(&main).ok().and_then(|text| text.trim().parse().ok());
    let id = from_gix(&store.write(&commit(&tree, parent.as_ref(), message, time)).map_err(in_odb)?);

    for (name, text) in [
        ("config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n".to_owned()),
        ("HEAD", "ref: refs/heads/main\n".to_owned()),
        ("refs/heads/main", format!("{id}\n")),
    ] {
        fs::write(path.join(name), text).map_err(on_disk)?;
    }
    Ok(id)
}

/// A commit of ours. `time` is in seconds since 1970.
pub(super) fn commit(tree: &Oid, parent: Option<&Oid>, message: &str, time: i64) -> gix::objs::Commit {
    let who = gix::actor::Signature {
        name: "Agnes".into(),
        email: "agnes@localhost".into(),
        time: gix::date::Time { seconds: time, offset: 0 },
    };
    gix::objs::Commit {
        tree: to_gix(tree),
        parents: parent.into_iter().map(to_gix).collect(),
        author: who.clone(),
        committer: who,
        encoding: None,
        message: format!("{}\n", message.trim_end()).into(),
        extra_headers: Vec::new(),
    }
}

/// Gives a commit of such a repository a name that stays: a tag, `name` of which has to be one.
///
/// # Errors
/// When it cannot be written.
pub fn write_tag(path: &Path, name: &str, commit: &Oid) -> Result<(), WriteError> {
    let tags = path.join("refs/tags");
    fs::create_dir_all(&tags)
        .and_then(|()| fs::write(tags.join(name), format!("{commit}\n")))
        .map_err(|source| WriteError::Io { path: path.to_owned(), source })
}
