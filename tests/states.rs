//! States with plugins that lie elsewhere: a marketplace that has nothing new may still have something new to
//! serve, and all of it has to be there to go back to.

use serde_json::json;

use crate::support::remotes::remote_url;
use crate::support::{ADA, Upstream, World, zip_file};

fn write(remote: &Upstream, words: &str) {
    remote.write(".claude-plugin/plugin.json", json!({"name": "tool", "version": "1.0.0"}).to_string());
    remote.write("skills/tool/SKILL.md", format!("---\nname: tool\ndescription: d\n---\n{words}\n"));
    remote.executable("bin/tool", format!("#!/bin/sh\necho {words}\n"));
    remote.commit(words);
}

fn skill(world: &World) -> String {
    let skill = zip_file(&world.bundle(ADA), "plugins/market-tool/skills/tool/SKILL.md");
    String::from_utf8(skill).unwrap().lines().last().unwrap().to_owned()
}

/// State, commit and standing of each, the latest first.
fn history(world: &World) -> Vec<[String; 3]> {
    let all = world.json(&["marketplace", "history", "market"]);
    let text = |one: &serde_json::Value, field: &str| one[field].as_str().unwrap().to_owned();
    all.as_array()
        .unwrap()
        .iter()
        .inspect(|one| assert_eq!(one["whole"], true, "{one}"))
        .map(|one| ["state", "commit", "standing"].map(|field| text(one, field)))
        .collect()
}

#[test]
fn what_lies_elsewhere_waits_and_goes_back_with_its_marketplace() {
    let world = World::new();
    let remote = world.remote("tool");
    write(&remote, "first");
    let upstream = world.upstream("market");
    upstream.catalog(&json!([{"name": "tool", "source": {"source": "url", "url": remote_url("tool")}}]));
    upstream.commit("Publish");
    world.agnes(&["marketplace", "add", &upstream.url(), "--slug", "market", "--hold"]);
    world.agnes(&["marketplace", "sync"]);
    world.agnes(&["marketplace", "approve", "market"]);
    world.user(ADA, &["market/*"]);
    let first = world.bundle(ADA);

    // The plugin moves, and its marketplace does not: the commit alone does not name what waits.
    write(&remote, "second");
    let said = world.agnes(&["marketplace", "sync"]);
    assert!(said.contains("waits to be approved"), "{said}");
    assert!(world.bundle(ADA) == first);
    let [newer, older] = &history(&world)[..] else { panic!("there are two") };
    assert_eq!((&newer[1], newer[2].as_str(), older[2].as_str()), (&older[1], "pending", "served"));
    let shown = world.agnes(&["marketplace", "diff", "market"]);
    assert!(shown.contains("taken from") && shown.contains(&remote_url("tool")), "{shown}");
    assert!(shown.contains("-echo first\n  +echo second"), "{shown}");
    world.agnes(&["marketplace", "approve", "market"]);
    assert_eq!(skill(&world), "second");

    // Much later, when the store was tidied often.
    for i in 0..12 {
        write(&remote, &format!("later {i}"));
        world.agnes(&["marketplace", "sync"]);
        world.agnes(&["marketplace", "approve", "market"]);
    }
    assert_eq!(skill(&world), "later 11");
    let kept = history(&world);
    assert_eq!(kept.len(), 10);
    world.agnes(&["marketplace", "rollback", "market", &kept[9][0]]);
    assert_eq!(skill(&world), "later 2");
    for _ in 0..2 {
        world.agnes(&["marketplace", "sync"]);
        assert_eq!(skill(&world), "later 2");
    }
    // The number of one that is gone opens nothing.
    let said = world.refused(3, &["marketplace", "rollback", "market", &older[0]]);
    assert!(said.contains("there is no state of `market` with the commit"), "{said}");

    // What a state needs of the store went lost with the disk: it is not served, and what is served goes on.
    world.agnes(&["marketplace", "approve", "market"]);
    let now = world.bundle(ADA);
    std::fs::remove_dir_all(world.data().join("marketplaces/store")).unwrap();
    let said = world.refused(1, &["marketplace", "rollback", "market", &kept[9][0]]);
    assert!(said.contains("is damaged") && said.contains("hint: agnes marketplace sync market"), "{said}");
    assert!(world.bundle(ADA) == now);
}
