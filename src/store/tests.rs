use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::marketplaces::{MarketplaceRow, PluginFacts};
use super::*;

fn row(id: &str) -> MarketplaceRow {
    MarketplaceRow {
        facts: PluginFacts::default(),
        id: id.into(),
        name: id.into(),
        url: format!("https://git.example/a/long/enough/path/{id}.git"),
        branch: None,
        reference: None,
        description: None,
        token_env: None,
        registered_by: "ada".into(),
        registered_at: 1,
        last_synced_at: None,
        last_commit_sha: None,
        last_commit_at: None,
        last_error: None,
        curator_name: None,
        curator_email: None,
        name_prefix: None,
        versions: "content".into(),
        rules: None,
        renames: "{}".into(),
        notes: "[]".into(),
        public_only: id.starts_with('p'),
        remote: "vendor".into(),
        hold: false,
        state: None,
    }
}

/// A server folds the log while it lives: what it writes next must be there, and whoever would open the
/// database meanwhile must not take it for one that was left behind.
#[test]
fn a_log_is_folded_in_the_middle_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("system.duckdb");
    let mut store = Store::open(&path, Duration::ZERO).unwrap();
    store.add_marketplace(&row("one")).unwrap();
    assert!(store.log_size() > 0);
    store.fold().unwrap();
    assert_eq!(store.log_size(), 0);
    assert!(!opening::beside(&path, ".before").exists());
    store.add_marketplace(&row("two")).unwrap();
    store.fold().unwrap();
    store.add_marketplace(&row("three")).unwrap();
    let turn = fs::File::options().append(true).open(opening::beside(&path, ".opening")).unwrap();
    turn.lock().unwrap();
    assert!(matches!(store.fold(), Err(StoreError::Held { .. })));
    drop(turn);
    let ids = |store: &Store| store.marketplaces().unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(&store), ["one", "two", "three"]);
    drop(store);
    assert_eq!(ids(&Store::open(&path, Duration::ZERO).unwrap()), ["one", "two", "three"]);
}

#[test]
fn rows_come_back_as_they_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.duckdb"), Duration::ZERO).unwrap();
    assert_eq!(store.marketplaces().unwrap(), []);
    store.add_marketplace(&row("b")).unwrap();
    assert_eq!(store.marketplaces().unwrap(), [row("b")]);
    store.add_marketplace(&row("a")).unwrap();
    assert_eq!(store.marketplaces().unwrap(), [row("b"), row("a")]);
}

#[test]
fn a_registry_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.duckdb");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(include_str!("migrations/0001_registry.sql")).unwrap();
    db.execute_batch(
        "CREATE TABLE agnes_schema (version BIGINT NOT NULL, applied_at TIMESTAMP NOT NULL); \
         INSERT INTO agnes_schema VALUES (1, now()::TIMESTAMP); \
         INSERT INTO marketplace_registry (id, name, url, registered_by, registered_at, versions, last_commit_sha) \
         VALUES ('old', 'old', 'https://git.example/old', 'ada', now()::TIMESTAMP, 'content', 'c0ffee'), \
         ('never', 'never', 'https://git.example/never', 'ada', now()::TIMESTAMP, 'content', NULL)",
    )
    .unwrap();
    drop(db);
    for _ in 0..2 {
        let store = Store::open(&path, Duration::ZERO).unwrap();
        let rows = store.marketplaces().unwrap();
        // What was registered before there was any other door came from the shell.
        assert_eq!((rows[0].id.as_str(), rows[0].public_only), ("old", false));
        // What was served is a state, which can be gone back to.
        let states = store.states(None).unwrap();
        let told: Vec<_> =
            states.iter().map(|state| (state.marketplace_id.as_str(), state.commit.as_str())).collect();
        assert_eq!(told, [("old", "c0ffee")]);
        assert_eq!((rows[0].state, rows[0].hold, rows[1].state), (Some(states[0].id), false, None));
        let known = store.row("SELECT max(version) FROM agnes_schema", [], |row| row.get::<_, i64>(0));
        assert_eq!(known.unwrap(), i64::try_from(migrations::STEPS.len()).ok());
    }
    let store = Store::open(&path, Duration::ZERO).unwrap();
    store.add_marketplace(&row("public")).unwrap();
    let mut edited = store.marketplace("old").unwrap().unwrap();
    edited.public_only = true;
    store.edit_marketplace(&edited).unwrap();
    let mut rows = store.marketplaces().unwrap();
    rows.retain(|row| row.id != "never");
    assert!(rows.len() == 2 && rows.iter().all(|row| row.public_only));
}

#[test]
fn a_transaction_that_fails_or_panics_leaves_nothing_and_lets_the_next_one_begin() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("x.duckdb"), Duration::ZERO).unwrap();
    let failed: Result<(), StoreError> = store.transaction(|store| {
        store.add_marketplace(&row("a"))?;
        Err(StoreError::DiskFull)
    });
    assert!(matches!(failed, Err(StoreError::DiskFull)));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.transaction::<(), StoreError>(|store| {
            store.add_marketplace(&row("b"))?;
            panic!("a defect")
        })
    }));
    assert!(panicked.is_err());
    store.transaction(|store| store.add_marketplace(&row("c"))).unwrap();
    assert_eq!(store.marketplaces().unwrap(), [row("c")]);
}

#[test]
fn a_registry_of_a_newer_agnes_or_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("newer.duckdb");
    let store = Store::open(&path, Duration::ZERO).unwrap();
    store.batch("INSERT INTO agnes_schema VALUES (1000, now()::TIMESTAMP)").unwrap();
    drop(store);
    let Err(error) = Store::open(&path, Duration::ZERO) else { panic!("it was opened") };
    assert!(matches!(error, StoreError::Newer { found: 1000, .. }), "{error}");
    assert!(error.to_string().contains("agnes is older than its data"), "{error}");

    let path = folder.path().join("foreign.duckdb");
    let db = Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE users (id VARCHAR)").unwrap();
    drop(db);
    let Err(error) = Store::open(&path, Duration::ZERO) else { panic!("it was opened") };
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn opened(path: &Path) -> Store {
    Store::open(path, Duration::ZERO).unwrap()
}

/// A database that has a row in its file and another one in its log.
fn with_log(folder: &Path) -> PathBuf {
    let path = folder.join("x.duckdb");
    opened(&path).add_marketplace(&row("old")).unwrap();
    drop(Store::open_folding(&path, Duration::ZERO, 0).unwrap());
    assert!(!beside(&path, ".wal").exists() && !beside(&path, ".before").exists());
    opened(&path).add_marketplace(&row("new")).unwrap();
    assert!(beside(&path, ".wal").exists(), "nobody folds on the way out");
    path
}

#[test]
fn a_long_log_is_folded_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = with_log(folder.path());
    let store = Store::open_folding(&path, Duration::ZERO, 0).unwrap();
    assert!(!beside(&path, ".wal").exists() && !beside(&path, ".before").exists());
    assert_eq!(store.marketplaces().unwrap(), [row("old"), row("new")]);
    // Whoever folds still keeps other processes out: closing the copied file would have ended that.
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let ours = format!("WRITE {} ", std::process::id());
    assert!(
        locks.lines().any(|lock| lock.contains(&ours) && lock.contains(&format!(":{inode} "))),
        "{locks}"
    );
    store.add_marketplace(&row("newer")).unwrap();
    drop(store);
    assert_eq!(opened(&path).marketplaces().unwrap().len(), 3);
}

/// What `kill -9` does in the middle of a block that is written in place.
#[test]
fn a_checkpoint_that_was_killed_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let path = with_log(folder.path());
    fs::copy(&path, beside(&path, ".before")).unwrap();
    let mut torn = fs::read(&path).unwrap();
    for block in torn[12_288..].chunks_mut(262_144) {
        let half = block.len() / 2;
        block[half..].fill(0x55);
    }
    fs::write(&path, torn).unwrap();
    assert_eq!(opened(&path).marketplaces().unwrap(), [row("old"), row("new")]);
    assert!(!beside(&path, ".before").exists());
}

/// DuckDB's own switches for tests: an error before the new state counts, and one after it.
#[test]
fn a_checkpoint_that_broke_off_anywhere_is_undone() {
    for place in ["before_header", "before_truncate", "after_free_list_write"] {
        let folder = tempfile::tempdir().unwrap();
        let path = with_log(folder.path());
        fs::copy(&path, beside(&path, ".before")).unwrap();
        let broken = Connection::open(&path).unwrap();
        let sql = format!(
            "PRAGMA disable_checkpoint_on_shutdown; SET debug_checkpoint_abort = '{place}'; CHECKPOINT"
        );
        broken.execute_batch(&sql).unwrap_err();
        drop(broken);
        assert!(beside(&path, ".wal").exists(), "{place}");
        assert_eq!(opened(&path).marketplaces().unwrap(), [row("old"), row("new")], "{place}");
        assert!(!beside(&path, ".before").exists(), "{place}");
        opened(&path).add_marketplace(&row("newer")).unwrap();
        assert_eq!(opened(&path).marketplaces().unwrap().len(), 3, "{place}");
    }
}

#[test]
fn a_copy_that_outlived_its_checkpoint_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = with_log(folder.path());
    drop(Store::open_folding(&path, Duration::ZERO, 0).unwrap());
    fs::write(beside(&path, ".before"), "an old state").unwrap();
    assert_eq!(opened(&path).marketplaces().unwrap(), [row("old"), row("new")]);
    assert!(!beside(&path, ".before").exists());
}

#[test]
fn half_a_first_database_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.duckdb");
    fs::write(beside(&path, ".new"), "DU").unwrap();
    fs::write(beside(&path, ".new.wal"), "?").unwrap();
    fs::write(beside(&path, ".wal"), "of a database that is gone").unwrap();
    assert_eq!(opened(&path).marketplaces().unwrap(), []);
    assert!(!beside(&path, ".new").exists() && !beside(&path, ".new.wal").exists());
}

#[test]
fn whoever_opens_keeps_others_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.duckdb");
    let turn = File::create(beside(&path, ".opening")).unwrap();
    turn.lock().unwrap();
    let said = Store::open(&path, Duration::from_millis(60)).err().unwrap().to_string();
    assert!(said.contains("in use by another agnes"), "{said}");
    drop(turn);
    opened(&path);
}
