//! Who gets what: the union over a user's groups, present and future, and nothing by being powerful.

use crate::support::{ADA, GRACE, Upstream, World, catalog, served};

fn names(world: &World, email: &str) -> Vec<String> {
    served(&catalog(&world.bundle(email))).into_iter().map(str::to_owned).collect()
}

fn world_with_three() -> (World, Upstream) {
    let world = World::new();
    let upstream = world.upstream("up");
    upstream.plugins(&["one", "two", "three"]).commit("Publish");
    world.register("up", &upstream);
    (world, upstream)
}

#[test]
fn a_grant_of_all_includes_what_a_later_sync_brings_and_loses_what_it_takes() {
    let (world, upstream) = world_with_three();
    world.user(ADA, &["up/*"]);
    world.user(GRACE, &["up/one"]);
    assert_eq!(names(&world, ADA), ["one", "three", "two"]);
    upstream.plugins(&["four", "one", "two"]).commit("Four instead of three");
    assert_eq!(names(&world, ADA), ["one", "three", "two"], "not before the sync");
    world.agnes(&["marketplace", "sync"]);
    assert_eq!(names(&world, ADA), ["four", "one", "two"]);
    assert_eq!(names(&world, GRACE), ["one"]);
}

#[test]
fn a_user_has_the_union_of_what_their_groups_were_granted() {
    let (world, _upstream) = world_with_three();
    world.user(ADA, &["up/one"]);
    world.user(GRACE, &["up/two", "up/three"]);
    world.agnes(&["group", "join", &format!("group of {GRACE}"), ADA]);
    assert_eq!(names(&world, ADA), ["one", "three", "two"]);
    assert_eq!(names(&world, GRACE), ["three", "two"]);
    world.agnes(&["group", "leave", &format!("group of {GRACE}"), ADA]);
    assert_eq!(names(&world, ADA), ["one"]);
}

#[test]
fn everyone_includes_users_who_came_later() {
    let (world, _upstream) = world_with_three();
    world.agnes(&["grant", "Everyone", "up/two"]);
    world.user(ADA, &[]);
    assert_eq!(names(&world, ADA), ["two"]);
    world.agnes(&["revoke", "Everyone", "up/two"]);
    assert_eq!(names(&world, ADA), Vec::<String>::new());
}

#[test]
fn admin_gives_no_plugin_that_it_was_not_granted() {
    let (world, _upstream) = world_with_three();
    world.user(ADA, &[]);
    world.agnes(&["group", "join", "Admin", ADA]);
    assert_eq!(names(&world, ADA), Vec::<String>::new());
    world.agnes(&["grant", "Admin", "up/three"]);
    assert_eq!(names(&world, ADA), ["three"]);
}

#[test]
fn revoking_one_plugin_leaves_what_another_grant_gives() {
    let (world, _upstream) = world_with_three();
    world.user(ADA, &["up/*", "up/one"]);
    let group = format!("group of {ADA}");
    world.agnes(&["revoke", &group, "up/one"]);
    assert_eq!(names(&world, ADA), ["one", "three", "two"]);
    world.agnes(&["revoke", &group, "up/*"]);
    assert_eq!(names(&world, ADA), Vec::<String>::new());
}

#[test]
fn removing_a_group_or_a_marketplace_takes_its_plugins_away() {
    let (world, upstream) = world_with_three();
    world.register("again", &upstream);
    world.agnes(&["marketplace", "edit", "again", "--name-prefix", "again-"]);
    world.user(ADA, &["up/one"]);
    world.agnes(&["grant", "Everyone", "again/two"]);
    assert_eq!(names(&world, ADA), ["one", "again-two"]);
    world.agnes(&["marketplace", "remove", "again"]);
    assert_eq!(names(&world, ADA), ["one"]);
    // A marketplace that comes again under its slug is another one: nobody was granted it.
    world.register("again", &upstream);
    assert_eq!(names(&world, ADA), ["one"]);
    world.agnes(&["group", "remove", &format!("group of {ADA}")]);
    assert_eq!(names(&world, ADA), Vec::<String>::new());
}
