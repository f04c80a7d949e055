//! What there is to fetch: one branch, and a HEAD that points to it.

use super::packet::{FLUSH, Packet, Packets, hung_up, push};
use super::{AGENT, Protocol, Refusal};
use crate::domain::repository::oid::Oid;

const HEAD: &str = "HEAD";
const MAIN: &str = "refs/heads/main";

/// With as many prefixes git stops filtering and lists everything.
const TOO_MANY_PREFIXES: usize = 65_536;

/// The body of the answer to `GET info/refs?service=git-upload-pack`. `tip` is what HEAD and its branch
/// point to. In v2 these are the [`capabilities`], and clients ask for refs later.
#[must_use]
pub fn advertisement(protocol: Protocol, tip: &Oid) -> Vec<u8> {
    if protocol == Protocol::V2 {
        return capabilities();
    }
    let mut out = Vec::new();
    push(&mut out, "# service=git-upload-pack\n");
    out.extend_from_slice(FLUSH);
    if protocol == Protocol::V1 {
        push(&mut out, "version 1\n");
    }
    // The last two `allow-`s are how lazy fetches of a partial clone are permitted here.
    let capabilities = format!(
        "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not \
         deepen-relative no-progress include-tag multi_ack_detailed allow-tip-sha1-in-want \
         allow-reachable-sha1-in-want no-done symref={HEAD}:{MAIN} filter object-format=sha1 agent={AGENT}"
    );
    push(&mut out, &format!("{tip} {HEAD}\0{capabilities}\n"));
    push(&mut out, &format!("{tip} {MAIN}\n"));
    out.extend_from_slice(FLUSH);
    out
}

/// What a server of v2 can do: the same for everybody.
#[must_use]
pub fn capabilities() -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, "version 2\n");
    push(&mut out, &format!("agent={AGENT}\n"));
    push(&mut out, "ls-refs=unborn\n");
    push(&mut out, "fetch=shallow wait-for-done filter\n");
    push(&mut out, "server-option\n");
    push(&mut out, "object-format=sha1\n");
    push(&mut out, "bundle-uri\n");
    out.extend_from_slice(FLUSH);
    out
}

/// The command `ls-refs`.
#[derive(Debug, PartialEq, Eq)]
pub struct LsRefs {
    symrefs: bool,
    head: bool,
    main: bool,
}

impl LsRefs {
    /// Reads the arguments, up to the flush. Whether a ref has one of the prefixes is found out here, so that none of them
    /// needs to be kept.
    pub(super) fn parse(packets: &mut Packets<'_>) -> Result<Self, Refusal> {
        let mut asked = Self { symrefs: false, head: false, main: false };
        let mut prefixes = 0;
        loop {
            match packets.next()? {
                // There are no tags to peel, and HEAD is always born.
                Some(Packet::Line(b"peel" | b"unborn")) => {}
                Some(Packet::Line(b"symrefs")) => asked.symrefs = true,
                Some(Packet::Line(line)) => {
                    let prefix = line
                        .strip_prefix(b"ref-prefix ")
                        .ok_or_else(|| Refusal::of_line("unexpected line:", line))?;
                    prefixes += 1;
                    asked.head |= HEAD.as_bytes().starts_with(prefix);
                    asked.main |= MAIN.as_bytes().starts_with(prefix);
                }
                Some(Packet::Flush) => break,
                Some(Packet::Delim | Packet::ResponseEnd) => {
                    return Err(Refusal::new("expected flush after ls-refs arguments"));
                }
                None => return Err(hung_up()),
            }
        }
        if prefixes == 0 || prefixes >= TOO_MANY_PREFIXES {
            (asked.head, asked.main) = (true, true);
        }
        Ok(asked)
    }

    /// The body of the answer.
    #[must_use]
    pub fn answer(&self, tip: &Oid) -> Vec<u8> {
        let mut out = Vec::new();
        if self.head {
            let target = if self.symrefs { format!(" symref-target:{MAIN}") } else { String::new() };
            push(&mut out, &format!("{tip} {HEAD}{target}\n"));
        }
        if self.main {
            push(&mut out, &format!("{tip} {MAIN}\n"));
        }
        out.extend_from_slice(FLUSH);
        out
    }
}

/// The answer to the command `bundle-uri`: one bundle has everything. `uri` is absolute, or relative to the
/// repository's. Clients fall back to an ordinary fetch if they cannot use it.
#[must_use]
pub fn bundle_uri(uri: &str) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, "bundle.version=1");
    push(&mut out, "bundle.mode=all");
    push(&mut out, &format!("bundle.view.uri={uri}"));
    out.extend_from_slice(FLUSH);
    out
}
