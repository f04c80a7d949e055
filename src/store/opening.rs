//! Opening the database so that a process which is killed at any moment leaves one that opens.
//!
//! DuckDB's log stands being killed: half an entry at its end is ignored. Its checkpoint does not: it
//! writes blocks in place that the last good state still needs (1.5.6, seen with strace; a `kill -9`
//! cuts a write off between two pages), and then the file does not open any more. So no command
//! makes a checkpoint on its way out. The log is folded into the file only here, by whoever has the
//! database to themselves, and only with a copy of the file beside it:
//!
//! ```text
//! system.duckdb          the database
//! system.duckdb.wal      what came since, DuckDB's log
//! system.duckdb.before   while folding: the file as it was, to which the log belongs
//! system.duckdb.new      a first database that is being made
//! system.duckdb.opening  locked (flock) while a process is in here
//! ```

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duckdb::{Config, Connection};

use super::{Store, StoreError, migrations};

/// Between two tries to get the lock.
const PAUSE: Duration = Duration::from_millis(50);

/// A log of more bytes than this is folded, and than a thousandth of the database. Reading it costs every command half a
/// millisecond per KiB (DuckDB sets up an index anew for each table that rows were inserted into), folding it costs one
/// command a copy of the database: some 40 ms for one of 5 MB.
const LONG: u64 = 4 << 10;

/// Without the compression that DuckDB would choose for texts: finding it takes twice as long as all the rest, reading
/// rows half as long again, and the file is no smaller for it, blocks being as large as they are. (As a setting of
/// the connection this is not heeded.)
const CHECKPOINT: &str = "SET GLOBAL disabled_compression_methods = 'fsst,dict_fsst'; CHECKPOINT";

impl Store {
    /// Opens the database, making it or bringing it up to date first. Waits up to `patience` for
    /// another process that has it open.
    ///
    /// # Errors
    /// [`StoreError::Held`] with whoever has it open, [`StoreError::Newer`] when a later version of
    /// Agnes made it, and what the file system says.
    pub fn open(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        Self::open_folding(path, patience, LONG)
    }

    pub(super) fn open_folding(path: &Path, patience: Duration, long: u64) -> Result<Self, StoreError> {
        let began = Instant::now();
        loop {
            match open(path, long) {
                Err(StoreError::Held { .. }) if began.elapsed() < patience => std::thread::sleep(PAUSE),
                other => return other,
            }
        }
    }
}

fn open(path: &Path, long: u64) -> Result<Store, StoreError> {
    // Let go of when this returns, and by the system when we are killed.
    let _turn = turn(path)?;
    settle(path).map_err(|why| failed(path, &why))?;
    if !path.exists() {
        make(path)?;
    }
    let mut store = connect(path)?;
    let migrated = migrations::run(&store).map_err(|error| match error {
        // Whatever the database says to the first questions, it is about the file as a whole.
        StoreError::Database(why) => StoreError::Unreadable { path: path.to_owned(), why },
        other => other,
    })?;
    let much = fs::metadata(path).map_or(0, |file| file.len() >> 10);
    if store.log_size() > if migrated { 0 } else { long.max(much) } {
        store.fold_alone()?;
    }
    Ok(store)
}

/// Keeps others from opening. Whoever has the database open already does not mind.
fn turn(path: &Path) -> Result<File, StoreError> {
    let mut options = File::options();
    options.create(true).append(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(beside(path, ".opening")).map_err(|why| failed(path, &why))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Held { by: "another agnes that opens it".into() }),
        Err(TryLockError::Error(why)) => Err(failed(path, &why)),
    }
}

/// Puts right what a killed process left. The copy is there only while its maker is in here, so its
/// maker is gone.
fn settle(path: &Path) -> io::Result<()> {
    let before = beside(path, ".before");
    if !before.exists() {
        return Ok(());
    }
    // DuckDB removes the log last of all, when the file is complete without it.
    if beside(path, ".wal").exists() { fs::rename(before, path) } else { fs::remove_file(before) }
}

/// Makes a database under another name, so that half of one is never found under this.
fn make(path: &Path) -> Result<(), StoreError> {
    let new = beside(path, ".new");
    // Of a process that was killed here; and a log whose database somebody took away.
    for old in [new.clone(), beside(&new, ".wal"), beside(path, ".wal")] {
        match fs::remove_file(&old) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(failed(path, &why)),
            _ => {}
        }
    }
    let store = connect(&new)?;
    migrations::run(&store)?;
    store.batch(CHECKPOINT)?;
    drop(store);
    fs::rename(new, path).map_err(|why| failed(path, &why))
}

impl Store {
    /// In bytes: what every opening has to read again.
    #[must_use]
    pub fn log_size(&self) -> u64 {
        fs::metadata(beside(&self.path, ".wal")).map_or(0, |log| log.len())
    }

    /// Writes what the log holds into the file itself: for a process that lives so long that the log
    /// would grow without end. Where that fails, all is as it was.
    ///
    /// # Errors
    /// [`StoreError::Held`] if somebody tries to open the database just now, and what opening it again
    /// after a failure says.
    pub fn fold(&mut self) -> Result<(), StoreError> {
        // Who comes in and finds the copy takes us for dead.
        let _turn = turn(&self.path)?;
        self.fold_alone()
    }

    fn fold_alone(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let Ok(file) = self.handle() else { return Ok(()) };
        if copy(file, &path).is_err() {
            // A full disk, say. The log goes on being read.
            let _ = fs::remove_file(beside(&path, ".before.part"));
            return Ok(());
        }
        if self.batch(CHECKPOINT).is_err() {
            // DuckDB does not work on after that. It has to let go of the file before another takes hold.
            self.db = Connection::open_in_memory()?;
            self.file.take();
            settle(&path).map_err(|why| failed(&path, &why))?;
            self.db = connect(&path)?.db;
            return Ok(());
        }
        // Going on without having removed it would be worse than stopping: a new log beside the old copy
        // would look like a checkpoint that was killed.
        fs::remove_file(beside(&path, ".before")).map_err(|why| failed(&path, &why))
    }
}

fn copy(mut file: &File, path: &Path) -> io::Result<()> {
    let part = beside(path, ".before.part");
    let mut copy = File::create(&part)?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file, &mut copy)?;
    copy.set_permissions(file.metadata()?.permissions())?;
    copy.sync_all()?;
    fs::rename(part, beside(path, ".before"))
}

fn connect(path: &Path) -> Result<Store, StoreError> {
    let connected = || {
        // Nothing is fetched at run time, and a registry's queries are too small to share among
        // threads. The memory limit keeps one strange query from taking the machine.
        let config = Config::default()
            .enable_autoload_extension(false)?
            .with("autoinstall_known_extensions", "false")?
            .with("threads", "1")?
            .with("memory_limit", "512MB")?
            // For a database that is made; one that is there stays as it is. Whatever is read, written, checked or set
            // up is so in whole blocks, and of DuckDB's usual 256 KiB most of ours would be empty.
            .with("default_block_size", "16384")?
            // No checkpoint but ours: see above.
            .with("checkpoint_threshold", "1TB")?;
        let db = Connection::open_with_flags(path, config)?;
        db.execute_batch("PRAGMA disable_checkpoint_on_shutdown")?;
        Ok(db)
    };
    let db = connected().map_err(|why| StoreError::opening(path, &why))?;
    Ok(Store {
        db,
        path: path.to_owned(),
        edition: Cell::default(),
        changes: RefCell::default(),
        file: OnceCell::new(),
    })
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

pub(super) fn failed(path: &Path, why: &io::Error) -> StoreError {
    if why.kind() == io::ErrorKind::StorageFull {
        return StoreError::DiskFull;
    }
    StoreError::Open { path: path.to_owned(), why: why.to_string() }
}
