//! Everything that cannot be fetched or made again, in one file.
//!
//! Taken while a server serves: writes wait for the copying, which is as quick as the disk, and nobody
//! who reads does.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use crate::archive::pack::pack;
use crate::domain::access::caller::{Caller, Right};
use crate::registry::folder::bare;
use crate::registry::{Error, Registry, Result};

/// An archive without a name: it is gone when it is closed.
#[derive(Debug)]
pub struct Backup {
    pub file: File,
    /// In bytes.
    pub size: u64,
    /// Whether the tokens of private upstreams are in it.
    pub with_tokens: bool,
}

impl Registry {
    /// The registry as it is now. The tokens of private upstreams are in it for the operator, who can
    /// read them anyway, and not for whoever administers from afar.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn backup(&self, caller: &Caller) -> Result<Backup> {
        caller.may(Right::Administer)?;
        let with_tokens = matches!(caller, Caller::Operator { .. });
        // In the folder that nobody else can read, and on the disk that has room for the registry.
        let temporary = || tempfile::tempfile_in(self.folder.state()).map_err(|why| self.no_backup(why));
        let (mut database, mut log, file) = (temporary()?, temporary()?, temporary()?);
        let overlay = {
            let store = self.store();
            self.record(&store, caller, "backup", "registry", None)?;
            store.copy(&mut database, &mut log)?;
            // Under the same lock, so that a marketplace's row and its token are of one moment.
            if with_tokens { self.overlay_text()? } else { None }
        };
        for file in [&mut database, &mut log] {
            file.seek(SeekFrom::Start(0)).map_err(|why| self.no_backup(why))?;
        }
        let mut files: Vec<(&str, Box<dyn Read + '_>)> =
            vec![("state/system.duckdb", Box::new(&database)), ("state/system.duckdb.wal", Box::new(&log))];
        if let Some(overlay) = &overlay {
            files.push(("state/.env_overlay", Box::new(overlay.as_bytes())));
        }
        pack(&file, files)?;
        let size = file.metadata().map_err(|why| self.no_backup(why))?.len();
        Ok(Backup { file, size, with_tokens })
    }

    fn no_backup(&self, why: io::Error) -> Error {
        Error::Io { path: self.folder.state(), doing: "cannot be backed up", source: bare(why) }
    }
}
