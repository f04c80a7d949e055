//! Filters of partial clones.

use super::*;

fn filter(blob_limit: Option<u64>, tree_depth: Option<u64>, only: Option<ObjectKind>) -> Filter {
    Filter { blob_limit, tree_depth, only }
}

#[test]
fn every_form_is_read() {
    use ObjectKind::{Blob, Commit, Tag, Tree};
    for (spec, expected) in [
        ("blob:none", filter(Some(0), None, None)),
        ("blob:limit=0", filter(Some(0), None, None)),
        ("blob:limit=1024", filter(Some(1024), None, None)),
        ("blob:limit=1k", filter(Some(1024), None, None)),
        ("blob:limit=2M", filter(Some(2 << 20), None, None)),
        ("blob:limit=1g", filter(Some(1 << 30), None, None)),
        ("tree:0", filter(None, Some(0), None)),
        ("tree:3", filter(None, Some(3), None)),
        ("object:type=commit", filter(None, None, Some(Commit))),
        ("object:type=tree", filter(None, None, Some(Tree))),
        ("object:type=blob", filter(None, None, Some(Blob))),
        ("object:type=tag", filter(None, None, Some(Tag))),
        ("combine:blob:none", filter(Some(0), None, None)),
        ("combine:blob:none+tree:2", filter(Some(0), Some(2), None)),
        ("combine:blob%3Alimit%3D1%6B+tree:5+tree:2+blob:limit=9k", filter(Some(1024), Some(2), None)),
        ("combine:object:type=blob+object:type=blob", filter(None, None, Some(Blob))),
        // Nothing is both.
        ("combine:object:type=blob+object:type=tree", filter(None, Some(0), Some(Blob))),
        ("combine:combine:tree:3%2Bblob:none+tree:4", filter(Some(0), Some(3), None)),
    ] {
        assert_eq!(Filter::parse(spec), Ok(expected), "{spec}");
        assert!(!expected.is_empty());
    }
    assert!(Filter::default().is_empty());
}

#[test]
fn what_is_no_filter_is_refused_as_git_does() {
    for (spec, message) in [
        ("", "invalid filter-spec ''"),
        ("blob", "invalid filter-spec 'blob'"),
        ("blob:none ", "invalid filter-spec 'blob:none '"),
        ("blob:limit=", "invalid filter-spec 'blob:limit='"),
        ("blob:limit=-1", "invalid filter-spec 'blob:limit=-1'"),
        ("blob:limit=99999999999999999999", "invalid filter-spec 'blob:limit=99999999999999999999'"),
        ("tree:", "expected 'tree:<depth>'"),
        ("tree:x", "expected 'tree:<depth>'"),
        ("object:type=commits", "'commits' for 'object:type=<type>' is not a valid object type"),
        ("sparse:oid=main:list", "filter 'sparse:oid' not supported"),
        ("combine:blob:none+sparse:oid=main:list", "filter 'sparse:oid' not supported"),
        ("sparse:path=list", "sparse:path filters support has been dropped"),
        ("combine:", "expected something after combine:"),
        ("combine:blob:none+", "invalid filter-spec ''"),
        ("combine:blob:none tree:1", "must escape char in sub-filter-spec: ' '"),
        ("combine:~", "must escape char in sub-filter-spec: '~'"),
        ("combine:%zz", "invalid filter-spec '%zz'"),
        ("combine:%ff", "invalid filter-spec '%ff'"),
        ("combine:%e", "invalid filter-spec '%e'"),
    ] {
        assert_eq!(Filter::parse(spec).unwrap_err().to_string(), message, "{spec}");
    }
}

/// A filter that fills a whole packet with `combine:`, each inside the one before: it is refused
/// at a fixed depth and does not wind up the stack.
#[test]
fn filters_do_not_nest_without_end() {
    let nested = |depth| format!("{}blob:none", "combine:".repeat(depth));
    assert!(Filter::parse(&nested(8)).is_ok());
    let refused = "filter-spec combined more than 8 levels deep";
    assert_eq!(Filter::parse(&nested(9)).unwrap_err().to_string(), refused);
    assert_eq!(Filter::parse(&nested(8_000)).unwrap_err().to_string(), refused);
    let wide = format!("combine:{}tree:1", "tree:7+".repeat(9_000));
    assert_eq!(Filter::parse(&wide).unwrap().tree_depth, Some(1));
}

#[test]
fn what_a_filter_keeps() {
    use ObjectKind::{Blob, Commit, Tree};
    let keeps = |spec: &str, kind, depth| Filter::parse(spec).unwrap().keeps(kind, depth, || 100);
    assert!(keeps("blob:none", Tree, 9) && !keeps("blob:none", Blob, 1));
    assert!(keeps("blob:limit=101", Blob, 1) && !keeps("blob:limit=100", Blob, 1));
    assert!(keeps("tree:0", Commit, 0) && !keeps("tree:0", Tree, 0));
    assert!(keeps("tree:1", Tree, 0) && !keeps("tree:1", Tree, 1) && !keeps("tree:1", Blob, 1));
    assert!(keeps("object:type=tree", Tree, 1) && !keeps("object:type=tree", Blob, 1));
    assert!(!keeps("combine:object:type=tree+object:type=blob", Tree, 0));
    assert!(!keeps("combine:object:type=blob+object:type=tree", Blob, 1));
    let unasked = || panic!("a size that does not matter was asked for");
    assert!(Filter::default().keeps(Blob, 1, unasked));
    assert!(!Filter::parse("blob:none").unwrap().keeps(Blob, 1, unasked));
}

#[test]
fn one_request_has_one_filter() {
    let lines = ["command=fetch", "0001", "filter blob:none", "filter tree:1", "0000"];
    let message = "multiple filter-specs cannot be combined";
    assert_eq!(refusal(Protocol::V2, &packets(&lines)), message);
    let lines = ["command=fetch", "0001", "filter sparse:oid=main:x", "0000"];
    assert_eq!(refusal(Protocol::V2, &packets(&lines)), "filter 'sparse:oid' not supported");
}

#[test]
fn a_filter_in_v0_needs_its_capability() {
    let want = format!("want {OLD} side-band-64k");
    let lines = [want.as_str(), "filter blob:none", "0000", "done"];
    let message = "git upload-pack: filtering capability not negotiated";
    assert_eq!(refusal(Protocol::V0, &packets(&lines)), message);
}
