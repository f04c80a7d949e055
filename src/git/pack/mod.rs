//! Packs made by copying.
//!
//! What is served as git is put together from *parts*: files that each hold the objects of one folder,
//! every object as a pack has it, whole (not as a delta) and compressed. A blob that an upstream's pack
//! has like that is copied from there as it is. So a part is made once for each plugin, and a pack (of
//! all of a view, or of what somebody lacks of it) is a list of pieces of parts, streamed from the files.
//!
//! - [`part`] is the file: written by [`writer`], which copies by [`copier`],
//! - [`snapshot`] is all of a view: its parts, and where in them each object is,
//! - [`selection`] says which objects somebody is sent, [`stream`] sends them.

pub mod copier;
pub mod part;
pub mod selection;
pub mod snapshot;
pub mod stream;
#[cfg(test)]
mod tests;
pub mod writer;

pub use copier::{Copier, Packs};
pub use part::{Part, PartError};
pub use selection::{Pack, select};
pub use snapshot::{Snapshot, write_head};
pub use stream::{PackStream, ReadyPack};
pub use writer::{PartWriter, WriteError, write_folder};
