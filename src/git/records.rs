//! What is to be known of commits, written beside the refs, where no fetch writes.
//!
//! ```text
//! joined/<commit id>-<terms>     which commit was made of that one, and of its submodules or objects of git LFS
//! joined/<commit id>-…-of-<id>   the same, to be found by what was made
//! narrowed/<commit id>           which commit has some folders of that one, and which folders
//! givers/<commit id>             who was asked for a commit that a stranger pointed to, as `https://host:port`
//! ```
//!
//! A record of the first two begins with the commit that was made. It counts as long as that is here whole.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::home::{Home, list, name_of, reference};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;

const JOINED: &str = "joined";
const NARROWED: &str = "narrowed";
const GIVERS: &str = "givers";

impl Home {
    /// The commits that an upstream may know, the newest first: those that are here whole, less those that
    /// were made here of others.
    pub(super) fn bases(&self) -> Vec<Oid> {
        let made_of_another = |path: PathBuf| {
            let made = remembered(&path).first().copied()?;
            (of_name(&path) != Some(made)).then_some(made)
        };
        let records = [JOINED, NARROWED].into_iter().flat_map(|folder| list(&self.path.join(folder)));
        let made: BTreeSet<Oid> = records.filter_map(made_of_another).collect();
        self.commits().into_iter().filter(|commit| !made.contains(commit)).collect()
    }

    /// Remembers who was asked for a commit, as `https://host:port`.
    pub(super) fn remember_givers(&self, commit: &Oid, hosts: &BTreeSet<String>) -> io::Result<()> {
        fs::create_dir_all(self.path.join(GIVERS))?;
        let text: String = hosts.iter().map(|host| host.clone() + "\n").collect();
        self.replace(&format!("{GIVERS}/{commit}"), text.as_bytes())
    }

    /// Remembers which commit was made of another, on which terms, and of which besides.
    pub(super) fn remember(&self, of: &Oid, terms: &str, made: &Oid, and: &[Oid]) -> io::Result<()> {
        self.tell(of, terms, made, and, None)
    }

    /// The commit that was made of this one on these terms, if it is here whole.
    pub(super) fn joined(&self, of: &Oid, terms: &str) -> Option<Oid> {
        let made = remembered(&self.path.join(format!("{JOINED}/{of}-{terms}")));
        made.first().copied().filter(|made| self.holds(made))
    }

    /// Remembers the same, with a line about it if there is one.
    pub(super) fn tell(
        &self,
        of: &Oid,
        terms: &str,
        made: &Oid,
        and: &[Oid],
        line: Option<&str>,
    ) -> io::Result<()> {
        fs::create_dir_all(self.path.join(JOINED))?;
        let ids = [made].into_iter().chain(and).map(ToString::to_string);
        let lines: Vec<_> = ids.chain(line.map(str::to_owned)).collect();
        self.replace(&format!("{JOINED}/{of}-{terms}"), format!("{}\n", lines.join("\n")).as_bytes())
    }

    /// Remembers which commit has these folders of another, and nothing else of it. There is one for each.
    pub(super) fn remember_narrowed(&self, of: &Oid, made: &Oid, folders: &[RepoPath]) -> io::Result<()> {
        fs::create_dir_all(self.path.join(NARROWED))?;
        let lines = [made.to_string()].into_iter().chain(folders.iter().map(RepoPath::to_key));
        let text: String = lines.map(|line| line + "\n").collect();
        self.replace(&format!("{NARROWED}/{of}"), text.as_bytes())
    }

    /// The folders of this commit that are here whole, though all of it is not.
    pub(super) fn folders(&self, of: &Oid) -> Vec<RepoPath> {
        let found = Narrowed::of(&self.path, of).filter(|found| self.holds(&found.made));
        found.map_or_else(Vec::new, |found| found.folders())
    }

    /// Commits with those that they were made of, and those that these were made of, as far as they are here. Without
    /// these, all of it would be fetched again.
    pub(super) fn with_sources(&self, keep: &[Oid]) -> Vec<Oid> {
        let keep = keep.iter().copied().collect();
        reached(&self.records(&[JOINED]), keep, |id| self.holds(id)).into_iter().collect()
    }

    /// Forgets what was written of commits that are neither here nor to be kept. Of those that something was made of
    /// which is here, it stays known who gave them.
    pub(super) fn forget_records(&self, keep: &[Oid]) -> io::Result<()> {
        // One that is distrusted is no less readable than before.
        let here = keep.iter().copied().chain(self.commits()).collect();
        let records = self.records(&[JOINED, NARROWED]);
        let needed = reached(&records, here, |_| true);
        let is_needed = |commit: Option<&Oid>| commit.is_some_and(|commit| needed.contains(commit));
        for record in records.iter().filter(|record| !is_needed(record.made.first())) {
            fs::remove_file(&record.path)?;
        }
        let givers = list(&self.path.join(GIVERS)).into_iter();
        givers.filter(|path| !is_needed(of_name(path).as_ref())).try_for_each(fs::remove_file)
    }

    fn records(&self, folders: &[&str]) -> Vec<Record> {
        let paths = folders.iter().flat_map(|folder| list(&self.path.join(folder)));
        paths.map(|path| Record { of: of_name(&path), made: remembered(&path), path }).collect()
    }
}

/// What is written of a commit that was made.
struct Record {
    path: PathBuf,
    /// That one, and others that were fetched for it.
    made: Vec<Oid>,
    of: Option<Oid>,
}

/// Commits with all that they were made of, and that these were made of, as far as it counts.
fn reached(records: &[Record], from: BTreeSet<Oid>, counts: impl Fn(&Oid) -> bool) -> BTreeSet<Oid> {
    let mut all = from;
    loop {
        let before = all.len();
        for Record { made, of, .. } in records {
            if made.first().is_some_and(|made| all.contains(made)) {
                all.extend(of.iter().chain(made).filter(|id| counts(id)));
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

/// A commit that was made of another, and the line about it.
pub(super) struct Told {
    pub of: Oid,
    pub made: Oid,
    pub line: String,
}

impl Told {
    /// What was made of this commit on these terms, if it is here whole. Read without anybody's turn, as such a file is
    /// only ever replaced: whoever fetches may take long.
    pub(super) fn of(repo: &Path, of: &Oid, terms: &str) -> Option<Self> {
        Self::read(&repo.join(format!("{JOINED}/{of}-{terms}"))).filter(|told| told.is_here(repo))
    }

    /// All that was ever made on terms that begin like that, in the order of what it is of.
    pub(super) fn all(repo: &Path, terms: &str) -> Vec<Self> {
        let on_terms = |path: &PathBuf| {
            name_of(path).split_once('-').is_some_and(|(_, others)| others.starts_with(terms))
        };
        let mut files: Vec<_> = list(&repo.join(JOINED)).into_iter().filter(on_terms).collect();
        files.sort();
        files.iter().filter_map(|path| Self::read(path)).collect()
    }

    /// Whether what was made is here whole.
    pub(super) fn is_here(&self, repo: &Path) -> bool {
        reference(repo, &self.made).is_file()
    }

    pub(super) fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let made: Oid = text.lines().next()?.parse().ok()?;
        Some(Self { of: of_name(path)?, made, line: text.lines().last()?.to_owned() })
    }

    /// The terms, of that kind, under which something is found by what was made.
    pub(super) fn by_made(kind: &str, made: &Oid) -> String {
        format!("{kind}of-{made}")
    }

    /// What can be found by what was made: the files, by that.
    pub(super) fn index(repo: &Path) -> HashMap<Oid, Vec<PathBuf>> {
        let mut index: HashMap<Oid, Vec<PathBuf>> = HashMap::new();
        for path in list(&repo.join(JOINED)) {
            let name = name_of(&path);
            if let Some(made) = name.rsplit_once("-of-").and_then(|(_, made)| made.parse().ok()) {
                index.entry(made).or_default().push(path);
            }
        }
        for paths in index.values_mut() {
            paths.sort();
        }
        index
    }

    /// The commits that are named in one of those: what was made, and what it was made of.
    pub(super) fn commits(path: &Path) -> Vec<Oid> {
        of_name(path).into_iter().chain(remembered(path)).collect()
    }
}

/// Who was asked for a commit, as `https://host:port`, if a stranger pointed to it.
pub(super) fn givers(repo: &Path, commit: &Oid) -> BTreeSet<String> {
    match fs::read_to_string(repo.join(format!("{GIVERS}/{commit}"))) {
        Ok(text) => text.lines().map(str::to_owned).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
        // Somebody did, and whoever asks is not to take that for nobody.
        Err(error) => BTreeSet::from([error.to_string()]),
    }
}

/// A commit that has some folders of another.
pub(super) struct Narrowed {
    /// Whether it is here is another question.
    pub made: Oid,
    /// Lines, as they are written down: there may be a thousand, and a thousand who ask for one of them.
    folders: String,
}

impl Narrowed {
    pub(super) fn of(repo: &Path, of: &Oid) -> Option<Self> {
        let text = fs::read_to_string(repo.join(format!("{NARROWED}/{of}"))).ok()?;
        let (made, folders) = text.split_once('\n')?;
        Some(Self { made: made.parse().ok()?, folders: folders.to_owned() })
    }

    pub(super) fn has(&self, folder: &RepoPath) -> bool {
        let key = folder.to_key();
        let is_in = |there: &str| {
            key.strip_prefix(there).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.folders.lines().any(is_in)
    }

    pub(super) fn folders(&self) -> Vec<RepoPath> {
        self.folders.lines().filter_map(|line| RepoPath::parse(line).ok()).collect()
    }
}

/// The commit that was made, and those that were fetched for it.
fn remembered(path: &Path) -> Vec<Oid> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map_while(|line| line.parse().ok()).collect()
}

/// The commit that such a file is about: its name begins with it.
fn of_name(path: &Path) -> Option<Oid> {
    name_of(path).split('-').next()?.parse().ok()
}
