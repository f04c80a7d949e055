//! From what is followed to the object to ask for.

use gix::protocol::handshake::Ref;

use super::session::Session;
use super::{FetchError, Pin};
use crate::domain::repository::oid::Oid;
use crate::git::from_gix;

/// Names that an error message lists.
const LISTED: usize = 20;

/// What to ask the upstream for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The object the name points to: a commit, or an annotated tag. A server that is strict about what may
    /// be asked for accepts this and not what a tag points to.
    pub want: Oid,
    /// The commit, where that is known before anything is received.
    pub commit: Option<Oid>,
    /// The tag or commit id that was given.
    pub name: Option<String>,
    pub is_tag: bool,
}

pub(super) fn resolve(session: &mut Session<'_>, pin: &Pin) -> Result<Target, FetchError> {
    match pin {
        Pin::Default => default_branch(session),
        Pin::Branch(branch) => {
            let name = format!("refs/heads/{branch}");
            match find(&session.refs(&[&name])?, &name) {
                Some(found) => Ok(found),
                None => Err(missing_branch(session, branch)?),
            }
        }
        Pin::Name(name) => {
            let (branch, tag) = (format!("refs/heads/{name}"), format!("refs/tags/{name}"));
            let refs = session.refs(&[&branch, &tag])?;
            match find(&refs, &branch).or_else(|| find(&refs, &tag)) {
                Some(found) => Ok(found),
                None => Err(missing_branch(session, name)?),
            }
        }
        Pin::Ref(name) => {
            if let Ok(id) = name.parse::<Oid>() {
                if !session.may_ask_for(&id) {
                    return Err(FetchError::RefMissing { name: name.clone(), available: Vec::new() });
                }
                return Ok(Target { want: id, commit: Some(id), name: Some(name.clone()), is_tag: false });
            }
            let full = format!("refs/tags/{name}");
            if let Some(found) = find(&session.refs(&[&full])?, &full) {
                return Ok(Target { name: Some(name.clone()), ..found });
            }
            let available = names(&session.refs(&["refs/tags/"])?, "refs/tags/");
            Err(FetchError::RefMissing { name: name.clone(), available })
        }
    }
}

fn default_branch(session: &mut Session<'_>) -> Result<Target, FetchError> {
    let refs = session.refs(&["HEAD"])?;
    if let Some(found) = find(&refs, "HEAD") {
        return Ok(found);
    }
    // HEAD names a branch that has no commit: a new repository, or one whose default branch was
    // renamed without telling.
    let unborn = refs.iter().find_map(|found| match found {
        Ref::Unborn { target, .. } => Some(target.to_string()),
        _ => None,
    });
    let branch = unborn.unwrap_or_else(|| "HEAD".into());
    Err(missing_branch(session, branch.strip_prefix("refs/heads/").unwrap_or(&branch))?)
}

fn missing_branch(session: &mut Session<'_>, branch: &str) -> Result<FetchError, FetchError> {
    let available = names(&session.refs(&["refs/heads/"])?, "refs/heads/");
    Ok(if available.is_empty() {
        FetchError::RepositoryEmpty { url: session.address.shown.clone() }
    } else {
        FetchError::BranchMissing { branch: branch.to_owned(), available }
    })
}

fn find(refs: &[Ref], name: &str) -> Option<Target> {
    refs.iter().find_map(|found| {
        let (full, want, commit) = match found {
            Ref::Direct { full_ref_name, object } => (full_ref_name, object, object),
            Ref::Peeled { full_ref_name, tag, object } => (full_ref_name, tag, object),
            Ref::Symbolic { full_ref_name, tag, object, .. } => {
                (full_ref_name, tag.as_ref().unwrap_or(object), object)
            }
            Ref::Unborn { .. } => return None,
        };
        let is_tag = name.starts_with("refs/tags/");
        let (want, commit) = (from_gix(want), Some(from_gix(commit)));
        (*full == name).then_some(Target { want, commit, name: None, is_tag })
    })
}

fn names(refs: &[Ref], prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = refs
        .iter()
        .filter_map(|found| {
            let (full, ..) = found.unpack();
            full.to_string().strip_prefix(prefix).map(crate::git::shown)
        })
        .collect();
    names.sort();
    names.truncate(LISTED);
    names
}
