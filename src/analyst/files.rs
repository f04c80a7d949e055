//! Files that are changed as a whole or not at all.
//!
//! A new file is written beside the old one and renamed over it. So a link that somebody put in its place is
//! replaced and not followed, a reader never sees half of it, and who is killed leaves the old one.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::{Kind, Result, Snag};
use crate::domain::unfinished::is_unfinished;

const PAUSE: Duration = Duration::from_millis(20);

/// Bytes that any program at work here needs.
const SOME: usize = 1 << 20;

/// Letters and digits at the end of the name of what is not finished yet.
const RANDOM: usize = 6;

/// What is in a file of ours; nothing if there is none.
pub(super) fn read_own(path: &Path) -> Result<Option<String>> {
    // A link in our own folder is not our doing: what it leads to may be anybody's to read.
    match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_symlink() => {
            return Err(Snag::new(Kind::Conflict, format!("`{}` is a symbolic link", path.display()))
                .hinted("agnes keeps secrets in that file, and only there: replace the link by the file"));
        }
        Ok(facts) => narrow(path, &facts),
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(Snag::file(path, "read", &why)),
    }
    fs::read_to_string(path).map(Some).map_err(|why| Snag::file(path, "read", &why))
}

/// Others lose what they may do with a file of ours: somebody has copied it, or has an odd umask.
fn narrow(path: &Path, facts: &fs::Metadata) {
    if facts.permissions().mode() & 0o077 != 0 {
        // Where that is not possible, it is still the user's file to read.
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    }
}

/// Writes a file of ours: for its owner alone from its first byte on, as its folder is.
pub(super) fn write_own(path: &Path, bytes: &[u8]) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    own_folder(folder)?;
    replace(path, bytes, None).map_err(|why| Snag::file(path, "written", &why))
}

/// Makes our folder, for its owner alone.
pub(super) fn own_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|why| Snag::file(folder, "made", &why))
}

/// Puts a new file in the place of another. Without permissions it is for its owner alone.
pub(super) fn replace(path: &Path, bytes: &[u8], like: Option<fs::Permissions>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let prefix = unfinished(path);
    let mut file = tempfile::Builder::new().prefix(&prefix).rand_bytes(RANDOM).tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = like {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    // That the new file has the name has to last as well. Not every system syncs folders.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Makes a folder beside that path, for what is to take its place; it is removed with this value.
pub(super) fn folder_beside(path: &Path) -> io::Result<tempfile::TempDir> {
    let prefix = unfinished(path);
    let above = path.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(&prefix).rand_bytes(RANDOM).tempdir_in(above)
}

/// How the name of what is to take a path's place begins. With that path's own name in it, it is nobody else's.
fn unfinished(path: &Path) -> OsString {
    let mut prefix = OsString::from(".agnes-");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Removes what was to take that path's place, and did not because its writer was killed. For whoever has the lock
/// under which it is written.
pub(super) fn sweep(path: &Path) -> Result<()> {
    let prefix = unfinished(path);
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if !is_unfinished(&entry.file_name(), &prefix, RANDOM) {
            continue;
        }
        // A link is removed, and not what it leads to.
        let left = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_folder { fs::remove_dir_all(&left) } else { fs::remove_file(&left) };
        removed.map_err(|why| Snag::file(&left, "removed", &why))?;
    }
    Ok(())
}

/// Whether there is no room in that folder. Programs that fail for that do not all say so.
pub(super) fn is_full(folder: &Path) -> bool {
    // Without a name: whoever is killed leaves nothing.
    let tried = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&vec![0; SOME]));
    tried.is_err_and(|why| matches!(why.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}

/// A lock that lasts as long as this value, and no longer than the process.
#[derive(Debug)]
pub(super) struct Turn {
    _file: File,
}

/// Waits until nobody else has that lock; nothing if somebody has it all the while.
pub(super) fn turn(path: &Path, patience: Duration) -> Result<Option<Turn>> {
    if let Some(folder) = path.parent() {
        own_folder(folder)?;
    }
    let mut options = File::options();
    options.append(true).create(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|why| Snag::file(path, "opened", &why))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Turn { _file: file })),
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(why)) => return Err(Snag::file(path, "locked", &why)),
        }
    }
}
