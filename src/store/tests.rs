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
