//! Which views somebody was told of.
//!
//! A client asks which commit there is, and then for that commit: between the two, its view may change.
//! And it says which commit it has from the last time, so as not to be sent that again. What a user was
//! told is a file of a few lines in `git-cache/users/`, `VIEW COMMIT` each, the latest last; it is written
//! when they are told something new.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::sync::Arc;

use super::REMEMBERED;
use crate::domain::digest::Digest;
use crate::domain::repository::oid::Oid;
use crate::registry::{Error, Registry, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registry) struct Advertised {
    pub view: Digest,
    pub tip: Oid,
}

impl Registry {
    /// What the user was told, the latest last.
    pub(super) fn advertised(&self, user: &str) -> Result<Arc<[Advertised]>> {
        if let Some(told) = self.channel.told(user) {
            return Ok(told);
        }
        let _alone = self.channel.alone_with_told();
        self.recall(user)
    }

    /// The same, for whoever is alone with it: what is read must not be kept over what was written meanwhile.
    fn recall(&self, user: &str) -> Result<Arc<[Advertised]>> {
        if let Some(told) = self.channel.told(user) {
            return Ok(told);
        }
        let path = self.git_cache()?.memory(user);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            // It is there, and to take it for nothing would be to write nothing over it.
            Err(source) => return Err(Error::Io { path, doing: "cannot be read", source }),
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut told: Vec<Advertised> = text.lines().filter_map(read).collect();
        told.drain(..told.len().saturating_sub(REMEMBERED));
        let told: Arc<[Advertised]> = told.into();
        self.channel.keep_told(user, Arc::clone(&told));
        Ok(told)
    }

    /// Notes that the user is told of a view.
    pub(super) fn note_advertised(&self, user: &str, view: &Digest, tip: Oid) -> Result<()> {
        let now = Advertised { view: *view, tip };
        if self.channel.told(user).is_some_and(|told| told.last() == Some(&now)) {
            return Ok(());
        }
        // Two who are told something at once each have to be in what the other writes.
        let _alone = self.channel.alone_with_told();
        let before = self.recall(user)?;
        if before.last() == Some(&now) {
            return Ok(());
        }
        let mut told: Vec<Advertised> = before.iter().filter(|told| told.view != *view).copied().collect();
        told.push(now);
        told.drain(..told.len().saturating_sub(REMEMBERED));
        let mut text = String::new();
        for told in &told {
            let _ = writeln!(text, "{} {}", told.view, told.tip);
        }
        let cache = self.git_cache()?;
        let path = cache.memory(user);
        let failed = |source| Error::Io { path: path.clone(), doing: "cannot be written", source };
        let mut file = cache.temporary()?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        self.channel.keep_told(user, told.into());
        Ok(())
    }
}

fn read(line: &str) -> Option<Advertised> {
    let (view, tip) = line.split_once(' ')?;
    Some(Advertised { view: view.parse().ok()?, tip: tip.parse().ok()? })
}
