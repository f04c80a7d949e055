//! What a commit that was made here was made of, and who was asked for that.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use super::home::Home;
use super::lfs::{self, Record};
use super::records::{self, Told};
use crate::domain::repository::oid::Oid;

/// Who was asked for a commit that nobody made here, as `https://host:port`, if a stranger pointed to it.
#[must_use]
pub fn givers(repo: &Path, commit: &Oid) -> BTreeSet<String> {
    records::givers(repo, commit)
}

/// Remembers that of a commit that was made of a file. (Of one that is fetched it is, as it comes.)
///
/// # Errors
/// When it cannot be written.
pub fn remember_givers(repo: &Path, commit: &Oid, hosts: &BTreeSet<String>) -> io::Result<()> {
    let home = Home::take(repo, &|| false).ok_or_else(|| io::Error::from(io::ErrorKind::WouldBlock))?;
    home.remember_givers(commit, hosts)
}

/// Of one repository, as it was when this was read. Names alone are read at first.
pub struct Lineage {
    repo: PathBuf,
    made: HashMap<Oid, Vec<PathBuf>>,
}

impl Lineage {
    #[must_use]
    pub fn of(repo: &Path) -> Self {
        Self { repo: repo.to_owned(), made: Told::index(repo) }
    }

    /// Who was asked for a commit and for all that it was made of, as `https://host:port`; for objects of git LFS,
    /// [`Self::record`] says that.
    #[must_use]
    pub fn givers(&self, commit: &Oid) -> BTreeSet<String> {
        let (mut all, mut seen, mut next) = (BTreeSet::new(), BTreeSet::new(), vec![*commit]);
        while let Some(commit) = next.pop() {
            if seen.insert(commit) {
                all.extend(records::givers(&self.repo, &commit));
                next.extend(self.records(&commit).flat_map(|path| Told::commits(path)));
            }
        }
        all
    }

    /// What became of the pointers of a commit that was made with objects of git LFS in it.
    #[must_use]
    pub fn record(&self, made: &Oid) -> Option<Record> {
        serde_json::from_str(&self.filled(made)?.line).ok()
    }

    /// The commit that another was made of with its objects; that one itself, if it was not.
    #[must_use]
    pub fn upstream(&self, commit: &Oid) -> Oid {
        self.filled(commit).map_or(*commit, |told| told.of)
    }

    /// The upstream's own commit that another was made of in the end, with objects of git LFS, submodules or both; that
    /// one itself, if it was not made.
    #[must_use]
    pub fn source(&self, commit: &Oid) -> Oid {
        let (mut commit, mut seen) = (*commit, BTreeSet::new());
        while seen.insert(commit) {
            let told = self.records(&commit).find_map(|path| Told::read(path));
            commit = told.map_or(commit, |told| told.of);
        }
        commit
    }

    fn filled(&self, made: &Oid) -> Option<Told> {
        let is_filled = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(&Told::by_made(lfs::TERMS, made))
        };
        Told::read(self.records(made).find(is_filled)?)
    }

    fn records(&self, made: &Oid) -> impl Iterator<Item = &PathBuf> {
        self.made.get(made).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::fixture::World;
    use crate::git::made::MadeOf;
    use crate::git::submodules::{TERMS, join};
    use crate::git::{Pin, compact, forget_if, holds};

    #[test]
    fn who_gave_something_is_known_as_long_as_what_was_made_of_it_is_here() {
        let world = World::new();
        world.write("a.txt", "a");
        let commit = world.commit("first");
        world.fetch(&Pin::Default).unwrap();
        let (repo, hosts) = (world.repo(), BTreeSet::from(["https://git.example".to_owned()]));
        remember_givers(&repo, &commit, &hosts).unwrap();
        let of = MadeOf { commit: &commit, fetched: &[], terms: "x", kind: TERMS };
        let made = join(&repo, &commit, &[], Some(of)).unwrap();
        let lineage = Lineage::of(&repo);
        assert_eq!((lineage.source(&made), lineage.source(&commit)), (commit, commit));
        assert_eq!((lineage.givers(&made), givers(&repo, &commit)), (hosts.clone(), hosts.clone()));

        assert!(!forget_if(&repo, &commit, BTreeSet::is_empty) && holds(&repo, &commit));
        assert!(forget_if(&repo, &commit, |givers| *givers == hosts) && !holds(&repo, &commit));
        let another = || {
            for n in 0..12 {
                world.write("a.txt", format!("{n}"));
                world.commit("another");
                world.fetch(&Pin::Default).unwrap();
            }
        };
        another();
        assert!(compact(&repo, &[made]).unwrap().rewritten);
        assert_eq!(Lineage::of(&repo).givers(&made), hosts);
        another();
        let last = world.id("HEAD");
        assert!(compact(&repo, &[last]).unwrap().rewritten);
        assert!(Lineage::of(&repo).givers(&made).is_empty() && givers(&repo, &commit).is_empty());
    }
}
