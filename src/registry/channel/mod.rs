//! The git channel: what a caller's view is as a repository, and what they are sent of it.
//!
//! A view is a [`Snapshot`]: one commit without a parent, made of the view's contents alone. Whoever asks
//! may have what is in their own view, or in one that they were told of before, as long as everything in
//! that is still granted to them, and from nobody who is denied by now. Any other object does not exist for
//! them, whoever else has it.

mod advertised;
mod memory;
mod older;
mod ready;
mod snapshots;

use std::collections::HashSet;
use std::sync::Arc;

use crate::domain::access::caller::Caller;
use crate::domain::repository::oid::Oid;
use crate::git::pack::{self, ReadyPack, Snapshot};
use crate::git::upload_pack::Band;
use crate::registry::views::Glance;
use crate::registry::{Error, Registry, Result};

pub use crate::domain::repository::oid::Oid as Tip;
pub use crate::git::pack::PackStream;

// The mouths know no hand: what they say to git's clients is named here.
pub use crate::git::upload_pack::{
    Fetch, LsRefs, Protocol, Refusal, Request, advertisement, bundle_uri, capabilities, parse,
};
pub(super) use memory::Memory;
use snapshots::{Held, Plugin};

/// How many views, of those that somebody was told of, they may fetch after they got another one.
const REMEMBERED: usize = 16;

/// What a fetch comes to.
pub enum Fetched {
    Stream(Box<PackStream>),
    Refused(Refusal),
    /// The caller's view is not there (any more), and has to be prepared.
    Missing,
}

impl Registry {
    /// The commit of a view, if it is known and the caller was told of it before: quick, and without a
    /// look at the disk.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn known_tip(&self, caller: &Caller, glance: &Glance) -> Result<Option<Oid>> {
        let user = caller.own_id()?;
        Ok(self.channel.tip(&glance.digest).filter(|_| self.channel.was_told(user, &glance.digest)))
    }

    /// Notes with the files which views were used from memory: what is used is not removed to make room.
    pub(super) fn note_used_views(&self) -> Result<()> {
        let used = self.channel.take_used();
        if used.is_empty() {
            return Ok(());
        }
        let cache = self.git_cache()?;
        // Many views have the same parts.
        let mut parts = HashSet::new();
        for view in used {
            if let Some((_, about)) = self.head_at_hand(&cache, &view) {
                parts.extend(about.plugins.iter().filter_map(Plugin::part).copied());
            }
        }
        for part in parts {
            cache.has_part(&part);
        }
        Ok(())
    }

    /// Whether a view is in memory as a snapshot, so that nobody has to wait for it.
    #[must_use]
    pub fn is_held(&self, glance: &Glance) -> bool {
        self.channel.held(&glance.digest).is_some()
    }

    /// Sees to it that the caller's view is there as a snapshot. `false`: it is another one by now, or nobody's, and
    /// whoever waits for the same is to ask again.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn prepare(&self, caller: &Caller, glance: &Glance) -> Result<bool> {
        match self.snapshot_of(caller.own_id()?, glance) {
            Err(Error::NotFound { .. } | Error::Nobody(_)) => Ok(false),
            other => Ok(other?.is_some()),
        }
    }

    /// The commit of the caller's view. From then on they may fetch it. `None`: it is not there (any more), and
    /// has to be prepared.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn tip(&self, caller: &Caller, glance: &Glance) -> Result<Option<Oid>> {
        let user = caller.own_id()?;
        let Some(held) = self.snapshot_at_hand(&glance.digest) else { return Ok(None) };
        let tip = held.snapshot.tip();
        self.note_advertised(user, &glance.digest, tip)?;
        Ok(Some(tip))
    }

    /// What the caller is sent for their request; `glance` is their view, prepared.
    ///
    /// # Errors
    /// See [`crate::registry::Error`]. What the caller may not have, or nobody has, is a [`Fetched::Refused`].
    pub fn fetch(&self, caller: &Caller, glance: &Glance, fetch: &Fetch) -> Result<Fetched> {
        let user = caller.own_id()?;
        let Some(current) = self.snapshot_at_hand(&glance.digest) else { return Ok(Fetched::Missing) };
        let told = self.advertised(user)?;
        let had: Vec<Arc<Held>> = told
            .iter()
            .filter(|told| fetch.haves.contains(&told.tip))
            .filter_map(|told| self.snapshot_at_hand(&told.view))
            .collect();
        // Also the commits at which a clone says that it ends, which it need not name as had.
        let known = |id: &Oid| told.iter().any(|told| told.tip == *id);

        // Most of those who ask want what they have now: older views are looked at only for others.
        let is_now = |want: &Oid| current.snapshot.has(want);
        let others: Vec<Oid> = fetch.wants.iter().filter(|want| !is_now(want)).copied().collect();
        let older =
            if others.is_empty() { Vec::new() } else { self.in_older_views(user, &current, &told, &others)? };
        let mut older = older.into_iter();
        let mut wants: Vec<(Oid, Arc<Held>)> = Vec::with_capacity(fetch.wants.len());
        for want in &fetch.wants {
            let found = if is_now(want) { Some(Arc::clone(&current)) } else { older.next() };
            match found {
                Some(held) => wants.push((*want, held)),
                None => return Ok(Fetched::Refused(Refusal::not_our_ref(want))),
            }
        }
        let reply = fetch.reply(&known);
        let Some(band) = reply.pack else { return Ok(Fetched::Stream(PackStream::only(reply.head).into())) };
        let wants: Vec<(Oid, &Snapshot)> = wants.iter().map(|(want, held)| (*want, &held.snapshot)).collect();
        let had: Vec<&Snapshot> = had.iter().map(|held| &held.snapshot).collect();
        let pack = pack::select(&wants, &had, &fetch.filter).map_err(Error::Cached)?;
        if band == Band::Large
            && current.snapshot.is_whole(&pack)
            && let Some(ready) = self.ready_pack(&current)
        {
            return Ok(Fetched::Stream(PackStream::ready(reply.head, ready).into()));
        }
        Ok(Fetched::Stream(PackStream::new(reply.head, band, pack).into()))
    }

    /// The view as a bundle (gitformat-bundle): what `git clone --bundle-uri` takes. `None`: it is not there (any
    /// more), and has to be prepared.
    ///
    /// # Errors
    /// See [`crate::registry::Error`].
    pub fn git_bundle(&self, caller: &Caller, glance: &Glance) -> Result<Option<PackStream>> {
        caller.own_id()?;
        let Some(held) = self.snapshot_at_hand(&glance.digest) else { return Ok(None) };
        Ok(Some(PackStream::bundle(&held.snapshot.tip(), held.snapshot.pack())))
    }

    /// All of a view in memory. What cannot be read is told to whoever is sent the files.
    fn ready_pack(&self, held: &Held) -> Option<Arc<ReadyPack>> {
        self.channel.ready.pack(held, self.settings.cache.memory_bytes).ok().flatten()
    }
}
