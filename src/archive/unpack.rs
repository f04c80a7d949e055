//! Unpacking an archive that came over a network.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::ArchiveError;

/// More files than any bundle has.
const MOST: usize = 1_000_000;

/// Unpacks all files of an archive into an empty folder. What could be put elsewhere, or is no file, makes all
/// of it fail: we never make such an archive.
///
/// # Errors
/// When it is damaged or is none, and when it cannot be written.
pub fn unpack(archive: File, folder: &Path) -> Result<(), ArchiveError> {
    let damaged = |reason: String| ArchiveError::Damaged { path: PathBuf::from("marketplace.zip"), reason };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| ArchiveError::Io { path, source }
    };
    let mut archive = ZipArchive::new(archive).map_err(|why| damaged(why.to_string()))?;
    if archive.len() > MOST {
        return Err(damaged(format!("it has {} entries", archive.len())));
    }
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|why| damaged(why.to_string()))?;
        let name = entry.enclosed_name().ok_or_else(|| damaged("an entry leads out of it".to_owned()))?;
        if entry.is_dir() {
            continue;
        }
        if !entry.is_file() {
            return Err(damaged("an entry is neither a file nor a folder".to_owned()));
        }
        let path = folder.join(name);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).map_err(failed(above))?;
        }
        let mut options = File::options();
        options.write(true).create_new(true);
        if entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0) {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o777);
        }
        let mut file = options.open(&path).map_err(failed(&path))?;
        // Reading also checks what the archive says of each: its size and its CRC-32.
        io::copy(&mut entry, &mut file).map_err(failed(&path))?;
    }
    Ok(())
}
