use serde_json::Value;

use super::*;

fn offer(slug: &str, plugin: &str) -> Offer {
    Offer {
        slug: slug.parse().unwrap(),
        plugin: plugin.parse().unwrap(),
        manifest_name: plugin.to_owned(),
        name_prefix: None,
        versions: Versions::Content,
        version: Some("1.0.0".into()),
        strict: true,
        entry: Object::new(),
        digest: Some(Digest::of(plugin.as_bytes())),
        reason: None,
        disabled: None,
        vendored: None,
        linked: false,
    }
}

fn view(offers: &[Offer]) -> View {
    let view = View::assemble(&Feed::default(), offers.to_vec(), &HashMap::new());
    // Whatever the test is about: a glance names the same view.
    let faces: Vec<Face> = offers.iter().map(Offer::face).collect();
    let served =
        |i: usize, folder: &str| offers[i].clone().served(folder.to_owned()).map(|served| served.digest);
    let glance = Glance::of(&Feed::default(), &faces.iter().collect::<Vec<_>>(), &HashMap::new(), served);
    assert_eq!(glance, Glance { digest: view.digest, plugins: view.plugins.len() as u64 });
    view
}

#[test]
fn no_grants_make_a_valid_empty_catalog() {
    let catalog: Value = serde_json::from_slice(&view(&[]).catalog).unwrap();
    assert_eq!(catalog["plugins"], json!([]));
    assert_eq!(catalog["name"], "agnes");
    assert_eq!(catalog["owner"], json!({"name": "Agnes"}));
}

#[test]
fn of_two_plugins_of_one_name_the_first_is_served_and_the_other_reported() {
    let view = view(&[offer("a", "x"), offer("b", "x")]);
    assert_eq!(view.plugins.len(), 1);
    assert_eq!(view.left_out[0].slug.as_str(), "b");
    assert!(view.left_out[0].reason.contains("`a/x`"), "{}", view.left_out[0].reason);
}

#[test]
fn a_prefix_lets_both_be_installed() {
    let second = Offer { name_prefix: Some("b-".into()), ..offer("b", "x") };
    let names: Vec<_> = view(&[offer("a", "x"), second]).plugins.into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["x", "b-x"]);
}

#[test]
fn a_prefix_given_later_moves_those_who_have_the_plugin() {
    let prefixed = |slug: &str, name: &str| Offer { name_prefix: Some("b-".into()), ..offer(slug, name) };
    let renames = |offers: Vec<Offer>| {
        let catalog: Value = serde_json::from_slice(&view(&offers).catalog).unwrap();
        catalog["renames"].clone()
    };
    assert_eq!(renames(vec![prefixed("b", "x")]), json!({"x": "b-x"}));
    assert_eq!(renames(vec![offer("a", "x"), prefixed("b", "x")]), Value::Null, "`x` is another plugin's");
}

#[test]
fn two_pairs_that_spell_one_folder_get_two() {
    let view = view(&[offer("a", "b-c"), Offer { manifest_name: "other".into(), ..offer("a-b", "c") }]);
    let folders: Vec<_> = view.plugins.iter().map(|p| p.prefixed_name.as_str()).collect();
    assert_eq!(folders, ["a-b-c", "a-b-c-4e84717d"]);
}

#[test]
fn folders_differ_in_more_than_case() {
    let view = view(&[offer("a", "Tool"), offer("a", "tool")]);
    assert_eq!(view.plugins[0].prefixed_name, "a-Tool");
    assert!(view.plugins[1].prefixed_name.starts_with("a-tool-"));
}

#[test]
fn entries_keep_their_fields_and_get_our_name_source_and_version() {
    let Value::Object(entry) =
        json!({"category": "x", "name": "?", "version": "?", "tags": ["y"], "source": "?"})
    else {
        panic!()
    };
    let view = view(&[Offer { entry, ..offer("a", "x") }]);
    let catalog: Value = serde_json::from_slice(&view.catalog).unwrap();
    assert_eq!(
        catalog["plugins"][0],
        json!({"name": "x", "source": "./plugins/a-x", "version": "1.0.0+2d711642", "category": "x", "tags": ["y"]})
    );
}

#[test]
fn a_change_of_the_catalog_alone_changes_the_digest() {
    let Value::Object(entry) = json!({"description": "new"}) else { panic!() };
    assert_ne!(view(&[offer("a", "x")]).digest, view(&[Offer { entry, ..offer("a", "x") }]).digest);
    let feed = Feed { owner_name: "Data team".into(), ..Feed::default() };
    assert_ne!(
        view(&[offer("a", "x")]).digest,
        View::assemble(&feed, vec![offer("a", "x")], &HashMap::new()).digest
    );
}

#[test]
fn renames_follow_to_what_is_served_and_no_further() {
    let renames: Renames =
        [("old", "mid"), ("mid", "x"), ("gone", "nowhere"), ("p", "q"), ("q", "p"), ("y", "x")]
            .iter()
            .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()))
            .collect();
    let renames = HashMap::from([("a".parse().unwrap(), renames)]);
    let view = View::assemble(&Feed::default(), vec![offer("a", "x"), offer("a", "y")], &renames);
    let catalog: Value = serde_json::from_slice(&view.catalog).unwrap();
    assert_eq!(catalog["renames"], json!({"mid": "x", "old": "x"}));
    // Under a prefix the feed called it by another name before, too.
    let prefixed = vec![Offer { name_prefix: Some("a-".into()), ..offer("a", "x") }];
    let catalog: Value =
        serde_json::from_slice(&View::assemble(&Feed::default(), prefixed, &renames).catalog).unwrap();
    assert_eq!(catalog["renames"], json!({"a-mid": "a-x", "a-old": "a-x", "a-y": "a-x", "x": "a-x"}));
}
