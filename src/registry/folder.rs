//! The data folder: what lies where in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::digest::Digest;
use crate::registry::{Error, Result};

/// `state/` holds what cannot be made again; everything in `marketplaces/` can be fetched or built.
#[derive(Debug, Clone)]
pub struct DataFolder {
    root: PathBuf,
}

impl DataFolder {
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.state().join("system.duckdb")
    }

    /// Tokens of private upstreams.
    #[must_use]
    pub fn overlay(&self) -> PathBuf {
        self.state().join(".env_overlay")
    }

    /// Where a running server is reached by whoever has a shell here.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.state().join("agnes.sock")
    }

    #[must_use]
    pub fn marketplaces(&self) -> PathBuf {
        self.root.join("marketplaces")
    }

    /// What was fetched from one upstream: a bare repository.
    #[must_use]
    pub fn repository(&self, slug: &str) -> PathBuf {
        self.marketplaces().join(slug)
    }

    /// What plugins were fetched from that lie in other repositories than their marketplaces.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.marketplaces().join("store")
    }

    /// What was fetched from one such address: a bare repository, shared by all marketplaces. An address may
    /// have anything in it, so the folder's name is made of its digest.
    #[must_use]
    pub fn vendored(&self, url: &str) -> PathBuf {
        self.store().join(Digest::of(url.as_bytes()).to_string())
    }

    #[must_use]
    pub fn zip_cache(&self) -> PathBuf {
        self.marketplaces().join("zip-cache")
    }

    #[must_use]
    pub fn git_cache(&self) -> PathBuf {
        self.marketplaces().join("git-cache")
    }

    pub(super) fn make(&self) -> Result<()> {
        make_folder(&self.root, 0o755)?;
        make_folder(&self.state(), 0o700)?;
        make_folder(&self.marketplaces(), 0o700)
    }

    /// Why the database's folder cannot be written to, if that is so.
    pub(super) fn trouble(&self) -> Option<Error> {
        let path = self.state();
        match tempfile::NamedTempFile::new_in(&path) {
            Ok(_) => None,
            Err(source) => Some(Error::Io { path, doing: "cannot be written to", source: bare(source) }),
        }
    }
}

/// An error of a temporary file, without that file's name: nobody knows it.
pub(super) fn bare(error: io::Error) -> io::Error {
    if error.raw_os_error().is_some() { error } else { error.kind().into() }
}

/// Makes a folder with its parents; one that is there keeps its mode.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
    builder.create(path).map_err(|source| {
        let doing =
            if source.kind() == io::ErrorKind::AlreadyExists { "is not a folder" } else { "cannot be made" };
        Error::Io { path: path.to_owned(), doing, source }
    })
}

/// The mode of a file or folder, if it allows others what it should not. `None` where there is
/// nothing.
pub(super) fn too_open(path: &Path, loose: u32) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).ok()?.permissions()) & 0o777;
    (mode & loose != 0).then_some(mode)
}
