//! Where objects are looked for, and what is taken for one. What servers may do is in the whole program's tests.

use std::fs;

use crate::domain::digest::Digest;
use crate::domain::repository::lfs::Pointer;
use crate::git::FetchOptions;
use crate::git::fetch::lfs::{Spool, Whereabouts, copy, whereabouts};

#[test]
fn objects_are_where_git_lfs_looks_for_them() {
    let options = FetchOptions::default();
    let at = |url: &str, named: Option<&str>| whereabouts(url, named, &options).unwrap();
    let server = |url: &str| Whereabouts::Server(url.to_owned());
    for url in ["https://git.example/a/b", "https://git.example/a/b.git", "https://git.example/a/b/"] {
        assert_eq!(at(url, None), server("https://git.example/a/b.git/info/lfs"), "{url}");
    }
    assert_eq!(at("https://git.example/a/.git", None), server("https://git.example/a/.git/info/lfs"));
    assert_eq!(at("https://me:secret@git.example/a", None), server("https://git.example/a.git/info/lfs"));
    assert_eq!(at("https://git.example/a", Some("https://lfs.example/x/")), server("https://lfs.example/x"));
    assert_eq!(at("/srv/a", Some("https://lfs.example/x")), server("https://lfs.example/x"));
    assert_eq!(at("git@git.example:a/b", None), Whereabouts::Ssh);
    for url in ["/srv/a b.git", "file:///srv/a b.git"] {
        assert_eq!(at(url, None), Whereabouts::Folder("/srv/a b.git".into()));
    }
    assert!(whereabouts("https://git.example/a", Some("ftp://x/y"), &options).is_err());
}

#[test]
fn what_lies_beside_a_repository_is_taken_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::new(folder.path()).unwrap();
    let pointer = |contents: &[u8]| Pointer { oid: Digest::of(contents), size: contents.len() as u64 };
    let place = |objects: &str, pointer: &Pointer| {
        let name = pointer.oid.to_string();
        let path = folder.path().join(objects).join(&name[..2]).join(&name[2..4]).join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    let why = |spool: &mut Spool, pointer: &Pointer| copy(folder.path(), pointer, spool).unwrap_err().why;
    let (one, two, three) = (pointer(b"one"), pointer(b"two!"), pointer(b"three"));
    assert!(why(&mut spool, &one).contains("does not have it"));
    fs::write(place("lfs/objects", &one), "one").unwrap();
    fs::write(place(".git/lfs/objects", &two), "two!").unwrap();
    copy(folder.path(), &one, &mut spool).unwrap();
    // One that is not what it should be leaves no trace between the others.
    for (wrong, words) in
        [("thr33", "is not the 5 bytes"), ("three more", "is not the 5 bytes"), ("", "is not the")]
    {
        fs::write(place("lfs/objects", &three), wrong).unwrap();
        assert!(why(&mut spool, &three).contains(words), "{wrong}");
    }
    copy(folder.path(), &two, &mut spool).unwrap();
    assert_eq!(spool.contents(&one.oid).unwrap().as_deref(), Some(&b"one"[..]));
    assert_eq!(spool.contents(&two.oid).unwrap().as_deref(), Some(&b"two!"[..]));
    assert_eq!(spool.contents(&three.oid).unwrap(), None);
    // A folder in its place is none.
    let four = pointer(b"four");
    fs::create_dir_all(place("lfs/objects", &four)).unwrap();
    assert!(why(&mut spool, &four).contains("does not have it"));
}
