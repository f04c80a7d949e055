//! Looking into an archive that a stranger packed: ZIP, or tar in gzip.
//!
//! Nothing is written to a disk here, so nothing can be put where it should not be: each file is handed on
//! with its path, and its path is looked at first. How much comes out is bounded, whatever the archive
//! says of itself.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _};

use flate2::read::MultiGzDecoder;
use tar::{EntryType, PaxExtensions};
use zip::ZipArchive;

use crate::domain::note::quoted;

/// What comes out at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub files: u64,
    /// Of one file.
    pub file_bytes: u64,
    /// Of all files together.
    pub bytes: u64,
    /// Folders inside folders.
    pub depth: u64,
    /// Of a ZIP: how many times as much as it has itself.
    pub ratio: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Zip,
    TarGz,
}

/// Why an archive is not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// What is wrong with it, in half a sentence.
    #[error("{0}")]
    Refused(String),
    /// What the files were handed to could not take them.
    #[error(transparent)]
    Taking(#[from] io::Error),
}

/// Takes a file: its path, whether it is executable, and its contents.
pub type Take<'t> = dyn FnMut(&str, bool, &[u8]) -> io::Result<()> + 't;

/// Hands on all files of an archive.
///
/// # Errors
/// When it is damaged, has something in it that is no file or folder or would lie elsewhere, or exceeds a bound.
pub fn each(
    archive: File,
    packing: Packing,
    bounds: &Bounds,
    take: &mut Take<'_>,
) -> Result<(), ForeignError> {
    let packed = archive.metadata()?.len();
    let mut seen = Seen { bounds, packed, bytes: 0, paths: HashSet::new(), take, buffer: Vec::new() };
    match packing {
        Packing::Zip => zip(archive, &mut seen),
        Packing::TarGz => tar_gz(archive, &mut seen),
    }
}

/// What has come out so far.
struct Seen<'a, 't> {
    bounds: &'a Bounds,
    /// Bytes of the archive itself.
    packed: u64,
    bytes: u64,
    paths: HashSet<String>,
    take: &'a mut Take<'t>,
    buffer: Vec<u8>,
}

impl Seen<'_, '_> {
    fn file(
        &mut self,
        name: &str,
        executable: bool,
        ratio: Option<u64>,
        contents: impl Read,
    ) -> Result<(), ForeignError> {
        let Some(path) = self.path(name)? else { return Ok(()) };
        let most = self.bounds.file_bytes.min(self.bounds.bytes - self.bytes);
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        contents.take(most + 1).read_to_end(&mut buffer).map_err(|why| damaged(&why))?;
        let size = buffer.len() as u64;
        if size > most {
            return Err(refused(if most < self.bounds.file_bytes {
                format!("its files have more than {} bytes together", self.bounds.bytes)
            } else {
                format!("{} has more than {most} bytes (`limits.max_file_bytes`)", quoted(name))
            }));
        }
        self.bytes += size;
        if let Some(ratio) = ratio.filter(|ratio| self.bytes > self.packed.saturating_mul(*ratio)) {
            return Err(refused(format!("it unpacks to more than {ratio} times its size: a bomb, perhaps")));
        }
        if self.paths.len() as u64 >= self.bounds.files {
            return Err(refused(format!(
                "it has more than {} files (`limits.max_files`)",
                self.bounds.files
            )));
        }
        (self.take)(&path, executable, &buffer)?;
        self.paths.insert(path);
        self.buffer = buffer;
        Ok(())
    }

    /// A folder is there when something is in it. Its name is looked at all the same; `./` is a usual one.
    fn folder(&self, name: &str) -> Result<(), ForeignError> {
        if matches!(name, "." | "./") { Ok(()) } else { self.path(name).map(drop) }
    }

    /// The path that a name is, if it is one inside the archive. `None`: of what git keeps for itself.
    fn path(&self, name: &str) -> Result<Option<String>, ForeignError> {
        let bad = |why: &str| refused(format!("its entry {} {why}", quoted(name)));
        if name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') {
            return Err(bad("is an absolute path"));
        }
        if name.len() > LONGEST_NAME {
            return Err(bad("has a path of more than 4,096 bytes"));
        }
        if name.contains(['\\', '\0']) || name.chars().any(char::is_control) {
            return Err(bad("has a backslash or a control character in its path"));
        }
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") {
            return Err(bad("leads out of it (`..`)"));
        }
        if parts.is_empty() {
            return Err(bad("has no name"));
        }
        // The folder that it may be wrapped in does not count.
        if parts.len() as u64 > self.bounds.depth.saturating_add(2) {
            return Err(bad("lies too deep (`limits.max_depth`)"));
        }
        if parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
            return Ok(None);
        }
        let path = parts.join("/");
        if self.paths.contains(&path) { Err(bad("is there twice")) } else { Ok(Some(path)) }
    }
}

fn zip(mut archive: File, seen: &mut Seen<'_, '_>) -> Result<(), ForeignError> {
    // A directory of the files is read into memory before anything is known of them. So what could be in it
    // is counted first; contents that happen to look like it count too, and there is room for those.
    let most = seen.bounds.files.saturating_mul(4).saturating_add(1024);
    if occurrences(&mut archive, *b"PK\x01\x02")? > most {
        return Err(refused(format!("it has more than {} files (`limits.max_files`)", seen.bounds.files)));
    }
    let mut archive = ZipArchive::new(BufReader::new(archive)).map_err(|why| damaged(&why))?;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|why| damaged(&why))?;
        let name = entry.name().map_err(|why| damaged(&why))?.into_owned();
        let mode = entry.unix_mode().unwrap_or_default();
        let executable = mode & 0o111 != 0;
        match mode & 0o170_000 {
            _ if entry.is_dir() => seen.folder(&name)?,
            0 | 0o100_000 => seen.file(&name, executable, Some(seen.bounds.ratio), entry)?,
            // As in the client, a symlink becomes the text that says where it leads.
            0o120_000 => seen.file(&name, false, Some(seen.bounds.ratio), entry)?,
            _ => return Err(refused(format!("its entry {} is neither a file nor a folder", quoted(&name)))),
        }
    }
    Ok(())
}

fn occurrences(file: &mut File, mark: [u8; 4]) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 18, &mut *file);
    let (mut count, mut window) = (0, 0_u32);
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        for byte in bytes {
            window = window << 8 | u32::from(*byte);
            count += u64::from(window == u32::from_be_bytes(mark));
        }
        let length = bytes.len();
        reader.consume(length);
    }
    file.rewind()?;
    Ok(count)
}

/// `PATH_MAX` of Linux. All of them are remembered, so that a path is not there twice.
const LONGEST_NAME: usize = 4_096;

/// What long names and attributes may take, in bytes.
const LONGEST_HEADER: u64 = 64 << 10;

fn tar_gz(archive: File, seen: &mut Seen<'_, '_>) -> Result<(), ForeignError> {
    // Headers and padding come on top of the files.
    let around = seen.bounds.files.saturating_mul(4 << 10).saturating_add(seen.bounds.bytes);
    let unpacked = MultiGzDecoder::new(BufReader::new(archive)).take(around);
    let mut archive = tar::Archive::new(unpacked);
    let (mut of_next, mut long_name) = (None, None);
    // Raw, for else a header could be as long as it likes.
    for entry in archive.entries().map_err(|why| damaged(&why))?.raw(true) {
        let mut entry = entry.map_err(|why| damaged(&why))?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::XHeader => {
                of_next = path_of_next(&header(&mut entry)?)?.or(of_next);
                continue;
            }
            EntryType::GNULongName => {
                let bytes = header(&mut entry)?;
                let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                long_name = Some(text(name)?);
                continue;
            }
            EntryType::XGlobalHeader | EntryType::GNULongLink => {
                header(&mut entry)?;
                continue;
            }
            _ => {}
        }
        let own = text(&entry.path_bytes())?;
        let name = of_next.take().or(long_name.take()).unwrap_or(own);
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        match kind {
            EntryType::Regular | EntryType::Continuous => seen.file(&name, executable, None, entry)?,
            EntryType::Directory => seen.folder(&name)?,
            EntryType::Symlink | EntryType::Link => {
                return Err(refused(format!(
                    "its entry {} is a link, and packages have none",
                    quoted(&name)
                )));
            }
            _ => return Err(refused(format!("its entry {} is neither a file nor a folder", quoted(&name)))),
        }
    }
    // What was cut off would look like the end, and what comes after the end has a sum to be checked.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|why| damaged(&why))?;
    if rest.limit() == 0 {
        return Err(refused(format!("it unpacks to more than {around} bytes")));
    }
    Ok(())
}

fn header(entry: &mut impl Read) -> Result<Vec<u8>, ForeignError> {
    let mut bytes = Vec::new();
    entry.take(LONGEST_HEADER + 1).read_to_end(&mut bytes).map_err(|why| damaged(&why))?;
    if bytes.len() as u64 > LONGEST_HEADER {
        return Err(refused(format!("it has a header of more than {LONGEST_HEADER} bytes")));
    }
    Ok(bytes)
}

/// The path that a header gives to the entry after it.
fn path_of_next(attributes: &[u8]) -> Result<Option<String>, ForeignError> {
    let mut path = None;
    for attribute in PaxExtensions::new(attributes) {
        let attribute = attribute.map_err(|why| damaged(&why))?;
        match attribute.key_bytes() {
            b"path" => path = Some(text(attribute.value_bytes())?),
            // What comes next would be read from the wrong place.
            b"size" => return Err(refused("it has a file of more than 8 GiB".to_owned())),
            _ => {}
        }
    }
    Ok(path)
}

fn text(bytes: &[u8]) -> Result<String, ForeignError> {
    let text = String::from_utf8(bytes.to_vec());
    text.map_err(|why| {
        refused(format!("its entry {} is not UTF-8", quoted(&String::from_utf8_lossy(why.as_bytes()))))
    })
}

fn refused(why: String) -> ForeignError {
    ForeignError::Refused(why)
}

fn damaged(why: &dyn std::fmt::Display) -> ForeignError {
    refused(format!("it is damaged: {}", crate::domain::note::quoted(&why.to_string()).trim_matches('`')))
}

#[cfg(test)]
mod tests;
