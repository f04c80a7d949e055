//! How the schema came to be what it is.
//!
//! Each step runs once, in its own transaction, and never changes again once it was released.
//! Table and column names that other tools read (`marketplace_registry`, `marketplace_plugins`,
//! `users`, `user_groups`, `user_group_members`, `resource_grants`, `personal_access_tokens`,
//! `audit_log`) stay. JSON is kept as text: DuckDB's JSON type is an extension.

use super::{Store, StoreError};

pub(super) const STEPS: [&str; 6] = [
    include_str!("migrations/0001_registry.sql"),
    include_str!("migrations/0002_doors.sql"),
    include_str!("migrations/0003_plugin_facts.sql"),
    include_str!("migrations/0004_disabled_plugins.sql"),
    include_str!("migrations/0005_origins.sql"),
    include_str!("migrations/0007_hosts.sql"),
];

/// Whether anything had to be done.
pub(super) fn run(store: &Store) -> Result<bool, StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let found = version(store)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (step, sql) in (1..).zip(STEPS).filter(|(step, _)| *step > found) {
        store.transaction::<_, StoreError>(|store| {
            store.batch(sql)?;
            store.execute("INSERT INTO agnes_schema VALUES (?, now()::TIMESTAMP)", [step])?;
            Ok(())
        })?;
    }
    Ok(found < known)
}

/// The last step that was run; 0 for a new file.
fn version(store: &Store) -> Result<i64, StoreError> {
    // The usual case first: asking for the tables costs several times as much.
    if let Ok(latest) =
        store.row("SELECT max(version) FROM agnes_schema", [], |row| row.get::<_, Option<i64>>(0))
    {
        return Ok(latest.flatten().unwrap_or(0));
    }
    let ours = ["agnes_schema", "marketplace_registry", "users", "audit_log"];
    let tables = store.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'",
        [],
        |row| row.get::<_, String>(0),
    )?;
    if let Some(table) = tables.into_iter().find(|table| ours.contains(&table.as_str())) {
        return Err(StoreError::Foreign { path: store.path().to_owned(), table });
    }
    store.batch("CREATE TABLE agnes_schema (version BIGINT NOT NULL, applied_at TIMESTAMP NOT NULL)")?;
    Ok(0)
}
