//! The only place that says `gix`: fetch upstreams, read their trees, write repositories, tidy up.
//!
//! A marketplace's folder is a bare repository that no `git` process of ours ever touches. What is
//! in it is decided here alone:
//!
//! - [`fetch`] brings one commit (depth 1) over https, ssh, `file://` or a plain path,
//! - [`fetch_folders`] brings some folders of one, which [`stand_in`] finds again,
//! - [`repository`] reads its trees and blobs,
//! - [`verify`] and [`distrust`] are for when the disk did not keep it,
//! - [`pack`] makes what is served as git, by copying,
//! - [`compact`] makes one pack of the many that syncs leave behind,
//! - [`upload_pack`] is what a git client and we say to each other when it fetches from us,
//! - [`download`] brings a file, by the same road,
//! - [`made`] makes commits of what was no repository,
//! - [`submodules`] puts the repositories inside a repository in their places,
//! - [`lfs`] puts what git LFS keeps elsewhere in its place,
//! - [`Lineage`] tells what a commit was made of that was made here, and who was asked for that,
//! - [`author`] writes small repositories, for the demo and for tests.
//!
//! **Configuration.** No `gix::Repository` is ever opened, only its object database, so nothing in
//! a repository's `config` and nothing in the user's can make this room run a program, ask for a
//! password or send a header. What people rely on in their own git configuration is read
//! separately, and only that: see [`UserGit`].
//!
//! **Hashes.** gix hashes with a collision-detecting SHA-1 (the `sha1dc` algorithm, as git does): an
//! object made to collide with another is refused when its pack is indexed.

pub mod author;
mod blob;
pub mod compact;
pub mod fetch;
#[cfg(test)]
mod fixture;
mod home;
pub mod lfs;
mod lineage;
pub mod made;
mod narrowed;
pub mod pack;
mod reach;
mod records;
pub mod repository;
mod shown;
pub mod submodules;
#[cfg(test)]
mod tests;
mod tree;
mod trust;
pub mod upload_pack;
mod user;

pub use author::{WriteError, write_repository, write_tag};
pub use blob::BlobHasher;
pub use compact::compact;
pub use fetch::file::{Ask, Got, download};
pub use fetch::{AllowAddress, AllowHost, Asked, Brought, FetchError, FetchOptions, Fetched, Pin, Upstream};
pub use fetch::{fetch, fetch_folders, giver, host_of, place_of};
pub use lineage::{Lineage, givers, remember_givers};
pub use narrowed::stand_in;
pub use repository::{Reader, Repository};
pub use trust::{distrust, forget_if, holds, verify};
pub use user::UserGit;

#[cfg(test)]
pub(crate) use fetch::tests::server;
pub(crate) use shown::shown;

use crate::domain::repository::oid::Oid;

pub(crate) fn to_gix(id: &Oid) -> gix::ObjectId {
    gix::ObjectId::Sha1(id.0)
}

/// Only SHA-1 repositories get this far, so an id of another length does not occur; should it, it
/// is cut or padded and then simply not found.
pub(crate) fn from_gix(id: &gix::oid) -> Oid {
    let mut bytes = [0; 20];
    for (to, from) in bytes.iter_mut().zip(id.as_bytes()) {
        *to = *from;
    }
    Oid(bytes)
}

/// All causes of a gix error, as one line. Everything gix knows is in the chain; the
/// outermost message alone ("Transport handshake failed") helps nobody.
pub(crate) fn one_line(error: &gix::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.iter_errors() {
        let text = cause.to_string();
        let text = text.trim();
        if !text.is_empty() && !parts.iter().any(|part| part.contains(text)) {
            parts.push(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    shown(&parts.join(": "))
}
