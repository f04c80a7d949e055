//! Copying the database while it is open.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};

use super::opening::beside;
use super::{Store, StoreError};

impl Store {
    /// Copies the database file, and then the log that belongs to it. Nobody writes meanwhile: whoever
    /// would needs this store.
    ///
    /// # Errors
    /// What the file system says.
    pub fn copy(&self, database: &mut impl Write, log: &mut impl Write) -> Result<(), StoreError> {
        let failed = |why: io::Error| super::opening::failed(&self.path, &why);
        let mut file = self.handle().map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        io::copy(&mut file, database).map_err(failed)?;
        match File::open(beside(&self.path, ".wal")) {
            Ok(mut file) => io::copy(&mut file, log).map(drop).map_err(failed),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(why) => Err(failed(why)),
        }
    }

    /// Kept until the database is closed: see the field.
    pub(super) fn handle(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = File::open(&self.path)?;
        Ok(self.file.get_or_init(|| file))
    }
}
