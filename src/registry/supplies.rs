//! The repositories that served files are taken from: each marketplace's own, and those in the store.

use std::path::PathBuf;

use crate::domain::limits::Limits;
use crate::domain::plugin::reading::{Elsewhere, Reading, ReadingError};
use crate::domain::plugin::remote::Vendored;
use crate::domain::repository::links::Repo;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::{Objects, ReadError};
use crate::git::{self, Reader, Repository};
use crate::registry::{Error, Registry, Result};

/// One of them, opened for several threads.
pub(super) struct Supply {
    /// The marketplace whose plugins are served from it: what is wrong is mended by syncing that.
    pub slug: String,
    pub folder: PathBuf,
    pub repository: Repository,
}

impl Registry {
    /// What was fetched of a marketplace.
    pub(super) fn supply(&self, slug: &str) -> Result<Supply> {
        Supply::open(slug, self.folder.repository(slug))
    }

    /// What was fetched from that address, for a plugin of that marketplace.
    pub(super) fn vendored_supply(&self, slug: &str, url: &str) -> Result<Supply> {
        Supply::open(slug, self.folder.vendored(url))
    }
}

/// What was fetched may have turned out not to be readable. Then the next sync fetches it anew, even if the
/// upstream has nothing new.
pub(super) fn distrust_after(error: &Error) {
    if let Error::Damaged { folder, .. } | Error::Gone { folder, .. } = error {
        git::distrust(folder);
    }
}

impl Supply {
    fn open(slug: &str, folder: PathBuf) -> Result<Self> {
        match Repository::open(&folder) {
            Ok(repository) => Ok(Self { slug: slug.to_owned(), folder, repository }),
            Err(error) => Err(Error::Gone { slug: slug.to_owned(), folder, reason: error.to_string() }),
        }
    }

    /// Where a plugin's files are that were taken from elsewhere. `reader` reads this repository.
    pub(super) fn elsewhere<'a>(
        &self,
        reader: &'a Reader,
        place: &Vendored,
        limits: &Limits,
    ) -> std::result::Result<Elsewhere<'a>, ReadError> {
        let commit = git::stand_in(&self.folder, &place.commit, &place.path);
        let root = reader.commit_tree(&commit)?;
        Ok(Elsewhere { repo: Repo::new(reader, root, limits), path: place.path.clone() })
    }

    pub(super) fn damaged(&self, source: ReadError) -> Error {
        Error::Damaged { slug: self.slug.clone(), folder: self.folder.clone(), source }
    }

    /// The marketplace that it holds as it was at a commit.
    pub(super) fn reading_at<'a>(
        &self,
        reader: &'a Reader,
        commit: &Oid,
        limits: Limits,
    ) -> Result<Reading<'a>> {
        let root = reader.commit_tree(commit).map_err(|source| self.damaged(source))?;
        self.reading(reader, root, limits)
    }

    /// The marketplace that a tree of it is.
    pub(super) fn reading<'a>(
        &self,
        objects: &'a dyn Objects,
        root: Oid,
        limits: Limits,
    ) -> Result<Reading<'a>> {
        Reading::open(objects, root, limits).map_err(|error| match error {
            ReadingError::Damaged(source) => self.damaged(source),
            other @ ReadingError::Catalog(_) => Error::Reading(other),
        })
    }
}
