use std::time::Duration;

use super::marketplaces::MarketplaceRow;
use super::*;

fn row(id: &str) -> MarketplaceRow {
    MarketplaceRow {
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
    }
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
    store.batch("INSERT INTO agnes_schema VALUES (7, now()::TIMESTAMP)").unwrap();
    drop(store);
    let Err(error) = Store::open(&path, Duration::ZERO) else { panic!("it was opened") };
    assert!(matches!(error, StoreError::Newer { found: 7, .. }), "{error}");
    assert!(error.to_string().contains("agnes is older than its data"), "{error}");

    let path = folder.path().join("foreign.duckdb");
    let db = Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE users (id VARCHAR)").unwrap();
    drop(db);
    let Err(error) = Store::open(&path, Duration::ZERO) else { panic!("it was opened") };
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}
