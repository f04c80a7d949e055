//! Archives of a few files that are only kept, and never served.

use std::fs::File;
use std::io::{self, Read, Write as _};

use zip::ZipWriter;

use super::{ArchiveError, options};

/// Writes an archive of these files, for their owner alone (0600), in the order given.
///
/// # Errors
/// What reading and writing say.
pub fn pack(out: &File, files: Vec<(&str, Box<dyn Read + '_>)>) -> Result<(), ArchiveError> {
    let mut out = ZipWriter::new(io::BufWriter::with_capacity(1 << 18, out));
    for (path, mut contents) in files {
        let options = options(false, u64::from(u32::MAX)).unix_permissions(0o600).compression_level(Some(1));
        out.start_file(path, options).map_err(ArchiveError::write)?;
        io::copy(&mut contents, &mut out).map_err(ArchiveError::Write)?;
    }
    let mut out = out.finish().map_err(ArchiveError::write)?;
    out.flush().map_err(ArchiveError::Write)
}
