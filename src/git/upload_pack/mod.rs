//! What a git client and we say to each other when it fetches: bytes in, bytes out.
//!
//! Nothing here reads a repository, waits, or knows who asks. A request is [parsed](parse) into values; what is
//! wanted is for the caller of this code to judge; [`Fetch::reply`] says what goes before the pack and [`Band`] how
//! the pack is wrapped.
//!
//! Seen from a client, this is git's own `upload-pack --stateless-rpc` (protocols v0, v1 and v2), also in the words
//! with which it refuses. It differs where a repository of parentless snapshots can do better:
//!
//! - One known `have` is enough to be `ready`; git waits for a history that leads to what is wanted.
//! - In v2, if no `have` is known, it is `ready` as well, since further rounds would find nothing either.
//! - No commit is a shallow boundary: none has parents that could be missing. So `deepen` never makes
//!   a client's repository shallow, and whatever was shallow there and is known here is not any longer.
//! - `deepen-since` and `deepen-not` exclude nothing. They are about ancestors, and there are none.
//! - A `want` is not looked up here; and what git dies of silently is told to the client.
//!
//! Requests are bounded ([`MOST_IDS`]) and parsed in time linear in their length. Sources of the format: git's
//! `gitprotocol-common`, `gitprotocol-pack`, `gitprotocol-v2`, `gitprotocol-http`.

mod band;
mod fetch;
mod filter;
mod ids;
mod number;
mod packet;
mod refs;
mod refusal;
mod reply;
mod v0;
mod v2;

#[cfg(test)]
mod tests;

pub use band::Band;
pub use fetch::Fetch;
pub use filter::{Filter, ObjectKind};
pub use ids::MOST_IDS;
pub use refs::{LsRefs, advertisement, bundle_uri, capabilities};
pub use refusal::Refusal;
pub use reply::Reply;

/// What we call ourselves to clients.
const AGENT: &str = concat!("agnes/", env!("CARGO_PKG_VERSION"));

/// The version of the protocol that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    V0,
    /// V0 with one line more in the advertisement.
    V1,
    V2,
}

impl Protocol {
    /// From the header `Git-Protocol`: `key=value` pairs with colons between them. The highest known
    /// `version` counts; whatever else there is does not.
    #[must_use]
    pub fn of(header: Option<&[u8]>) -> Self {
        let version = |pair: &[u8]| match pair {
            b"version=1" => Some(Self::V1),
            b"version=2" => Some(Self::V2),
            _ => None,
        };
        header.unwrap_or_default().split(|byte| *byte == b':').filter_map(version).max().unwrap_or(Self::V0)
    }
}

/// What a client asks for in one POST.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// An empty body, or a lone flush: clients probe with it before they send a large request. The
    /// answer is as empty.
    Nothing,
    LsRefs(LsRefs),
    BundleUri,
    Fetch(Fetch),
}

/// Reads the body of a POST to `git-upload-pack`, inflated already. What follows the end of a request is ignored, as
/// git does.
///
/// # Errors
/// When the body is not what a client of this protocol sends: the answer is then
/// [`Refusal::packet`].
pub fn parse(protocol: Protocol, body: &[u8]) -> Result<Request, Refusal> {
    let packets = packet::Packets::new(body);
    match protocol {
        Protocol::V0 | Protocol::V1 => v0::parse(packets),
        Protocol::V2 => v2::parse(packets),
    }
}
