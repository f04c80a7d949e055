//! What is in a bundle, and that nothing else is.

use serde_json::json;

use crate::support::{World, catalog, zip_names};

#[test]
fn a_user_without_grants_gets_a_valid_empty_marketplace() {
    let world = World::with_examples();
    world.user("ada@example.com", &[]);
    let bundle = world.bundle("ada@example.com");
    assert_eq!(zip_names(&bundle), [".claude-plugin/marketplace.json"]);
    assert_eq!(catalog(&bundle)["plugins"], json!([]));
}
