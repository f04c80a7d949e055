//! What is noticed about a plugin's files.

use super::Reading;
use crate::domain::note::{Note, quoted};
use crate::domain::plugin::complaints;
use crate::domain::plugin::content::Content;
use crate::domain::plugin::names::passes_as_official;
use crate::domain::plugin::remote::Remote;
use crate::domain::plugin::source::Source;
use crate::domain::plugin::{npm, packed};
use crate::domain::repository::lfs;
use crate::domain::repository::links::Repo;
use crate::domain::repository::tree::ReadError;

impl Reading<'_> {
    /// A usual file with hooks that the client cannot use.
    pub(super) fn unusable_hooks(
        &self,
        repo: &Repo<'_>,
        content: &Content,
    ) -> Result<Option<Note>, ReadError> {
        const HOOKS: &str = "hooks/hooks.json";
        let Some(file) = content.files.get(HOOKS) else { return Ok(None) };
        let words = self.small(repo, file)?.and_then(|bytes| complaints::of_hooks(&bytes));
        Ok(words.map(|words| {
            let message = format!(
                "`{HOOKS}` is served as it is, and its hooks do not load{}",
                complaints::said(&words)
            );
            Note::new("hooks-unusable", message)
        }))
    }

    /// What a package's own manifest asks for.
    pub(super) fn of_package(
        &self,
        source: &Source,
        repo: &Repo<'_>,
        content: &Content,
    ) -> Result<Vec<Note>, ReadError> {
        let file =
            content.files.get("package.json").filter(|_| matches!(source, Source::Remote(Remote::Npm(_))));
        let Some(file) = file else { return Ok(Vec::new()) };
        let package = self.small(repo, file)?.and_then(|bytes| npm::manifest(&bytes));
        Ok(package.map_or_else(Vec::new, |package| packed::package_notes(&package, &content.files)))
    }
}

/// A name that the client's own check does not let pass.
pub(super) fn official(name: &str) -> Option<Note> {
    let message = || {
        format!(
            "`{name}` passes as a name of Anthropic's own: it loads, but `claude plugin validate` fails the feed for it, \
             unless its marketplace is given a name prefix"
        )
    };
    passes_as_official(name).then(|| Note::new("name-official", message()))
}

/// Files that git LFS keeps elsewhere, and whose pointers are served as they were committed.
pub(super) fn unfetched_lfs(repo: &Repo<'_>, content: &Content) -> Result<Option<Note>, ReadError> {
    let mut pointers = Vec::new();
    for path in content.lfs.keys() {
        if let Some(file) = content.files.get(path)
            && repo.objects().blob(&file.blob)?.starts_with(lfs::MARK)
        {
            pointers.push(path);
        }
    }
    Ok(pointers.first().map(|first| {
        let message = format!(
            "{} of its files are git LFS pointers and are served as such, {} for one",
            pointers.len(),
            quoted(first)
        );
        Note::new(lfs::NOTE, message)
    }))
}
