//! Partial clones: which objects a client does without for now.

use super::Refusal;
use super::number::with_unit;
use super::refusal::quoted;
use crate::domain::percent;

/// `combine:` inside `combine:`, and so on. git's own clients never send more than one level.
const DEEPEST: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// What is left out of a pack. All parts apply together, and to what is found *below* the wanted objects: those
/// themselves are always sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filter {
    /// Blobs of so many bytes or more are left out. `blob:none` is 0.
    pub blob_limit: Option<u64>,
    /// Trees and blobs as deep as this or deeper are left out. A commit's tree has depth 0, and so has a tree that is
    /// wanted itself; what a tree lists is one deeper than the tree. An object in several places has the depth of the
    /// least deep.
    pub tree_depth: Option<u64>,
    /// All other kinds are left out.
    pub only: Option<ObjectKind>,
}

impl Filter {
    /// Nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an object below a wanted one is sent. `size` is asked for if it matters.
    #[must_use]
    pub fn keeps(&self, kind: ObjectKind, depth: u64, size: impl FnOnce() -> u64) -> bool {
        let (tree, blob) = (kind == ObjectKind::Tree, kind == ObjectKind::Blob);
        self.only.is_none_or(|only| only == kind)
            && !((tree || blob) && self.tree_depth.is_some_and(|limit| depth >= limit))
            && !(blob && self.blob_limit.is_some_and(|limit| limit == 0 || size() >= limit))
    }

    /// Reads a filter-spec: `blob:none`, `blob:limit=<n>[kmg]`, `tree:<depth>`, `object:type=<type>`,
    /// `combine:<filter>+<filter>…` with percent-encoded parts.
    ///
    /// # Errors
    /// For what is none of these, and for `sparse:oid` and `sparse:path`, which are not supported.
    pub fn parse(spec: &str) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        // A list of what is still to read, and not recursion: how deep it goes is the client's choice.
        let mut unread = vec![(spec.to_owned(), 0)];
        while let Some((spec, depth)) = unread.pop() {
            match spec.strip_prefix("combine:") {
                None => filter.narrow(&spec)?,
                Some("") => return Err(Refusal::new("expected something after combine:")),
                Some(_) if depth == DEEPEST => {
                    return Err(Refusal::new(format!(
                        "filter-spec combined more than {DEEPEST} levels deep"
                    )));
                }
                Some(parts) => {
                    for part in parts.split('+') {
                        unread.push((decode(part)?, depth + 1));
                    }
                }
            }
        }
        Ok(filter)
    }

    /// Applies one more filter, which combines nothing.
    fn narrow(&mut self, spec: &str) -> Result<(), Refusal> {
        let lower = |old: Option<u64>, new: u64| Some(old.map_or(new, |old| old.min(new)));
        if spec == "blob:none" {
            self.blob_limit = Some(0);
        } else if let Some(size) = spec.strip_prefix("blob:limit=") {
            let size = with_unit(size).ok_or_else(|| invalid(spec))?;
            self.blob_limit = lower(self.blob_limit, size);
        } else if let Some(depth) = spec.strip_prefix("tree:") {
            let depth = with_unit(depth).ok_or_else(|| Refusal::new("expected 'tree:<depth>'"))?;
            self.tree_depth = lower(self.tree_depth, depth);
        } else if let Some(name) = spec.strip_prefix("object:type=") {
            let kind = match name {
                "commit" => ObjectKind::Commit,
                "tree" => ObjectKind::Tree,
                "blob" => ObjectKind::Blob,
                "tag" => ObjectKind::Tag,
                _ => {
                    let given = quoted(name.as_bytes());
                    return Err(Refusal::new(format!(
                        "{given} for 'object:type=<type>' is not a valid object type"
                    )));
                }
            };
            if self.only.is_some_and(|only| only != kind) {
                // Nothing is of two kinds, and below a commit without parents there are trees and blobs only.
                self.tree_depth = Some(0);
            }
            self.only = Some(kind);
        } else if spec.starts_with("sparse:oid=") {
            return Err(Refusal::new("filter 'sparse:oid' not supported"));
        } else if spec.starts_with("sparse:path=") {
            return Err(Refusal::new("sparse:path filters support has been dropped"));
        } else {
            return Err(invalid(spec));
        }
        Ok(())
    }
}

fn invalid(spec: &str) -> Refusal {
    Refusal::of_line("invalid filter-spec", spec.as_bytes())
}

/// Undoes the percent-encoding of a part of `combine:`. What is not an escape stays as it is.
fn decode(part: &str) -> Result<String, Refusal> {
    let reserved = |c: char| c <= ' ' || "~`!@#$^&*()[]{}\\;'\",<>?".contains(c);
    if let Some(c) = part.chars().find(|c| reserved(*c)) {
        return Err(Refusal::new(format!("must escape char in sub-filter-spec: '{c}'")));
    }
    percent::decoded(part).map_err(|_| invalid(part))
}

/// The filters of a request: git refuses a second one.
#[derive(Debug, Default)]
pub(super) struct Filters(Option<Filter>);

impl Filters {
    pub(super) fn add(&mut self, spec: &[u8]) -> Result<(), Refusal> {
        if self.0.is_some() {
            return Err(Refusal::new("multiple filter-specs cannot be combined"));
        }
        let text = std::str::from_utf8(spec).map_err(|_| Refusal::of_line("invalid filter-spec", spec))?;
        self.0 = Some(Filter::parse(text)?);
        Ok(())
    }

    pub(super) fn into_filter(self) -> Filter {
        self.0.unwrap_or_default()
    }
}
