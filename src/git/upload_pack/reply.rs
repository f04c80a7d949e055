//! The answer to a fetch: everything but the pack.

use super::fetch::{Acks, Dialect, End};
use super::packet::{DELIM, FLUSH, push};
use super::{Band, Fetch};
use crate::domain::repository::oid::Oid;

/// An answer, in the order in which it is sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// Everything before the pack.
    pub head: Vec<u8>,
    /// How the pack travels. `None`: the head is all there is.
    pub pack: Option<Band>,
}

impl Fetch {
    /// `known` says which of [`haves`](Self::haves) and [`shallow`](Self::shallow) are snapshots that *this caller* was served before: to
    /// acknowledge any other would tell that it exists.
    #[must_use]
    pub fn reply(&self, known: &dyn Fn(&Oid) -> bool) -> Reply {
        let mut head = Vec::new();
        let pack = match &self.dialect {
            Dialect::V2 { done, wait } => self.reply_v2(*done, *wait, known, &mut head),
            Dialect::V0 { acks, no_done, band, end } => {
                let pack = self.reply_v0(*acks, *no_done, *end, known, &mut head);
                pack.then_some(*band)
            }
        };
        Reply { head, pack }
    }

    fn reply_v2(
        &self,
        done: bool,
        wait: bool,
        known: &dyn Fn(&Oid) -> bool,
        head: &mut Vec<u8>,
    ) -> Option<Band> {
        if !done && (wait || (!self.haves.is_empty() && !self.wants.is_empty())) {
            push(head, "acknowledgments\n");
            let before = head.len();
            for id in self.haves.iter().filter(|id| known(id)) {
                push(head, &format!("ACK {id}\n"));
            }
            if head.len() == before {
                push(head, "NAK\n");
            }
            if wait {
                head.extend_from_slice(FLUSH);
                return None;
            }
            push(head, "ready\n");
            head.extend_from_slice(DELIM);
        }
        if self.wants.is_empty() {
            return None;
        }
        if self.deepen || !self.shallow.is_empty() {
            push(head, "shallow-info\n");
            self.unshallow(known, head);
            head.extend_from_slice(DELIM);
        }
        push(head, "packfile\n");
        Some(Band::Large)
    }

    /// Whether a pack follows.
    fn reply_v0(
        &self,
        acks: Acks,
        no_done: bool,
        end: End,
        known: &dyn Fn(&Oid) -> bool,
        head: &mut Vec<u8>,
    ) -> bool {
        if self.deepen {
            self.unshallow(known, head);
            head.extend_from_slice(FLUSH);
        }
        if end == End::Wants {
            return false;
        }
        let mut last = None;
        for id in self.haves.iter().filter(|id| known(id)) {
            match acks {
                Acks::Detailed => push(head, &format!("ACK {id} common\n")),
                Acks::Many => push(head, &format!("ACK {id} continue\n")),
                Acks::One if last.is_none() => push(head, &format!("ACK {id}\n")),
                Acks::One => {}
            }
            last = Some(id);
        }
        let done = end == End::Done;
        let ready = last.filter(|_| !done && acks == Acks::Detailed);
        if let Some(id) = ready {
            push(head, &format!("ACK {id} ready\n"));
        }
        if last.is_none() || (!done && acks != Acks::One) {
            push(head, "NAK\n");
        }
        let pack = done || (no_done && ready.is_some());
        if let Some(id) = last.filter(|_| pack && acks != Acks::One) {
            push(head, &format!("ACK {id}\n"));
        }
        pack
    }

    /// No snapshot has parents, so none that the client knows from us lacks any.
    fn unshallow(&self, known: &dyn Fn(&Oid) -> bool, head: &mut Vec<u8>) {
        for id in self.shallow.iter().filter(|id| self.deepen && known(id)) {
            // Without a line feed, as git does: libgit2 takes no other.
            push(head, &format!("unshallow {id}"));
        }
    }
}
