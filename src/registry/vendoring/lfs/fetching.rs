//! Asking for objects, and bringing them: on which terms, from whom.

use std::collections::{BTreeMap, BTreeSet};

use super::Ground;
use crate::domain::access::secret::Secret;
use crate::domain::plugin::remote::{FAILED, check_download};
use crate::domain::repository::lfs::{BATCH, Download, Lacking, Pointer};
use crate::domain::repository::oid::Oid;
use crate::domain::repository::tree::ReadError;
use crate::git::fetch::lfs::{Spool, Whereabouts, ask, bring, copy, whereabouts};
use crate::git::lfs::named;
use crate::git::{FetchError, Pin, Reader, Upstream, giver};
use crate::registry::Registry;

/// Objects that are fetched for one commit.
const MOST: usize = 10_000;

/// Why objects are not here, and whether asking again changes nothing about that.
pub(super) type Trouble = BTreeMap<Pointer, (Lacking, bool)>;

/// Who was asked for objects, as `https://host:port`, by the SHA-256 of each.
pub(super) type From = BTreeMap<String, BTreeSet<String>>;

impl Registry {
    /// Brings objects into the spool; of those that are not in it then, why.
    pub(super) fn fetch_objects(
        &self,
        ground: &Ground<'_>,
        reader: &Reader,
        root: Oid,
        wanted: &[Pointer],
        spool: &mut Spool,
        from: &mut From,
    ) -> std::result::Result<Trouble, ReadError> {
        let mut trouble = Trouble::new();
        let mut room = self.settings.limits.max_fetch_bytes;
        let mut fits = |(i, pointer): &(usize, &Pointer)| {
            let left = room.checked_sub(pointer.size).filter(|_| *i < MOST);
            room = left.unwrap_or(room);
            left.is_some()
        };
        let (wanted, others): (Vec<_>, Vec<_>) = wanted.iter().enumerate().partition(|one| fits(one));
        let more = format!(
            "with the others it is more than is fetched at a time: {MOST} objects, or {} bytes (`limits.max_fetch_bytes`)",
            self.settings.limits.max_fetch_bytes
        );
        // The next sync has the others already.
        trouble
            .extend(others.into_iter().map(|(_, pointer)| (*pointer, (refused(&more), wanted.is_empty()))));
        let wanted: Vec<Pointer> = wanted.into_iter().map(|(_, pointer)| *pointer).collect();
        if wanted.is_empty() {
            return Ok(trouble);
        }
        let mut all = |lacking: Lacking, settled: bool| {
            trouble.extend(wanted.iter().map(|pointer| (*pointer, (lacking.clone(), settled))));
        };
        let named = named(reader, root)?;
        if let Some(url) = &named
            && let Err(why) = check_download(url)
        {
            all(refused(&format!("of the address in `.lfsconfig`, {why}")), true);
            return Ok(trouble);
        }
        let options = self.fetch_options(ground.errand.row);
        match whereabouts(ground.url, named.as_deref(), &options) {
            Err(error) => all(refused(&error.to_string()), true),
            // Whoever registered it may name another road to the same repository.
            Ok(Whereabouts::Ssh) => all(
                refused("its repository is fetched over ssh, and objects are fetched over https alone"),
                false,
            ),
            Ok(Whereabouts::Folder(folder)) => {
                for pointer in &wanted {
                    let brought = if ground.watch.cancelled() {
                        Err(Lacking { why: FetchError::Cancelled.to_string(), away: true })
                    } else {
                        copy(&folder, pointer, spool)
                    };
                    if let Err(lacking) = brought {
                        trouble.insert(*pointer, (in_time(lacking), false));
                    }
                }
            }
            Ok(Whereabouts::Server(server)) => {
                let mut found = (&mut trouble, from);
                self.fetch_from(ground, named.as_deref(), &server, &wanted, spool, &mut found);
            }
        }
        Ok(trouble)
    }

    fn fetch_from(
        &self,
        ground: &Ground<'_>,
        named: Option<&str>,
        server: &str,
        wanted: &[Pointer],
        spool: &mut Spool,
        (trouble, from): &mut (&mut Trouble, &mut From),
    ) {
        // Whoever is not the repository's own host gets nothing that is the repository's.
        let terms = |url: &str| {
            let url = url.split('?').next().unwrap_or_default();
            self.further_terms(ground.errand, ground.url, url).map_err(|why| {
                // What is said of hosts is part of the terms; the rest may change.
                let settled = !why.starts_with(FAILED);
                let why =
                    why.strip_prefix(FAILED).map_or(why.as_str(), |rest| rest.trim_start_matches([':', ' ']));
                (refused(why), settled)
            })
        };
        let (token, options) = match terms(named.unwrap_or(ground.url)) {
            Ok(terms) => terms,
            Err(why) => return trouble.extend(wanted.iter().map(|pointer| (*pointer, why.clone()))),
        };
        options.asked.begin(server);
        for (i, some) in wanted.chunks(BATCH).enumerate() {
            let said = match ask(&of(ground, token.as_ref()), server, some, &options, ground.watch) {
                Ok(said) => said,
                // It would be the same for the rest.
                Err(why) => {
                    let rest = wanted[i * BATCH..].iter();
                    return trouble.extend(rest.map(|pointer| (*pointer, (in_time(why.clone()), false))));
                }
            };
            let mut by_host: BTreeMap<String, Vec<(Pointer, Download)>> = BTreeMap::new();
            for (pointer, told) in said {
                match told {
                    Ok(download) => {
                        by_host.entry(giver(&download.href)).or_default().push((pointer, download));
                    }
                    Err(lacking) => drop(trouble.insert(pointer, (lacking, false))),
                }
            }
            for downloads in by_host.into_values() {
                let first = downloads.first().map_or("", |(_, download)| download.href.as_str());
                let (token, there) = match terms(first) {
                    Ok(terms) => terms,
                    Err(why) => {
                        trouble.extend(downloads.into_iter().map(|(pointer, _)| (pointer, why.clone())));
                        continue;
                    }
                };
                there.asked.begin(first);
                let brought = bring(&of(ground, token.as_ref()), &downloads, spool, &there, ground.watch);
                for ((pointer, _), outcome) in downloads.into_iter().zip(brought) {
                    match outcome {
                        Ok(()) => {
                            let hosts = from.entry(pointer.oid.to_string()).or_default();
                            hosts.extend([&options, &there].into_iter().flat_map(|one| one.asked.hosts()));
                        }
                        Err(lacking) => drop(trouble.insert(pointer, (in_time(lacking), false))),
                    }
                }
            }
        }
    }
}

fn of<'a>(ground: &Ground<'a>, token: Option<&'a Secret>) -> Upstream<'a> {
    Upstream { url: ground.url, pin: &Pin::Default, token }
}

fn refused(why: &str) -> Lacking {
    Lacking { why: why.to_owned(), away: false }
}

/// Nobody cancelled it but the clock, or what became of it would not be told.
fn in_time(lacking: Lacking) -> Lacking {
    if lacking.why != FetchError::Cancelled.to_string() {
        return lacking;
    }
    let why = "all took longer than `sync.total_timeout`, and the next sync goes on from here".to_owned();
    Lacking { why, away: true }
}
