use std::time::Instant;

use super::*;
use crate::domain::repository::testing::{Item, Memory, exec, file, link};
use crate::domain::repository::tree::TreeEntry;

struct Collected {
    paths: Vec<String>,
    codes: Vec<String>,
    content: Content,
}

fn collect(memory: &Memory, root: Oid, source: &str) -> Result<Collected, Unservable> {
    collect_within(memory, root, source, &Limits::default())
}

fn collect_within(
    memory: &Memory,
    root: Oid,
    source: &str,
    limits: &Limits,
) -> Result<Collected, Unservable> {
    let repo = Repo::new(memory, root, limits);
    let content = Content::collect(&repo, &RepoPath::parse(source).unwrap(), &BTreeSet::new(), limits)?;
    let paths = content.files.keys().cloned().collect();
    let codes = content.notes.iter().map(|note| note.code.clone()).collect();
    Ok(Collected { paths, codes, content })
}

/// What the plugin in `./p` of a repository with these paths consists of.
fn plugin(items: &[(&str, Item)]) -> Collected {
    let mut memory = Memory::default();
    let root = memory.repo(items);
    collect(&memory, root, "./p").unwrap()
}

fn failure(items: &[(&str, Item)], limits: Limits) -> String {
    let mut memory = Memory::default();
    let root = memory.repo(items);
    collect_within(&memory, root, "./p", &limits).err().expect("this should not be served").to_string()
}

#[test]
fn files_and_exec_bits() {
    let found = plugin(&[("p/a.sh", exec("#!")), ("p/skills/x/SKILL.md", file("x")), ("other/b", file("b"))]);
    assert_eq!(found.paths, ["a.sh", "skills/x/SKILL.md"]);
    assert!(found.content.files["a.sh"].executable && !found.content.files["skills/x/SKILL.md"].executable);
    assert_eq!(found.content.bytes(), 3);
    assert!(found.codes.is_empty());
}

#[test]
fn a_plugin_without_files_is_empty_and_fine() {
    let mut memory = Memory::default();
    let empty = memory.tree(&[]);
    let root = memory.repo(&[("p", Item::Is(Kind::Tree, empty))]);
    assert!(collect(&memory, root, "./p").unwrap().paths.is_empty());
}

/// A curator ships a `.git` folder with hooks in it, spelled so that only some file systems see it.
/// Whoever checks the feed out there would run them. None of the spellings passes.
#[test]
fn no_spelling_of_the_git_folder_is_served() {
    for name in [".git", ".GIT", ".git.", ".git ", "git~1", ".git::$INDEX_ALLOCATION", ".g\u{200c}it"] {
        let found = plugin(&[("p/ok", file("")), (&format!("p/{name}/hooks/post-checkout"), exec("evil"))]);
        assert_eq!(found.paths, ["ok"], "{name}");
        assert_eq!(found.codes, ["name-git"], "{name}");
    }
}

/// What is not served cannot be had through a symlink with an innocent name either.
#[test]
fn a_symlink_does_not_reach_what_is_hidden() {
    let found = plugin(&[
        ("p/.agnes/secret", file("s")),
        ("p/.gitmodules", file("m")),
        ("p/marketplace-metadata.json", file("{}")),
        ("p/.git/config", file("[core]")),
        ("p/notes", link(".agnes/secret")),
        ("p/all", link(".agnes")),
        ("p/meta", link("marketplace-metadata.json")),
        ("p/modules", link("../p/.gitmodules")),
        ("p/config", link(".git/config")),
        ("p/ok", file("")),
    ]);
    assert_eq!(found.paths, ["ok"]);
    assert_eq!(found.codes.iter().filter(|code| *code == "link-dangles").count(), 5);
}

/// Git refuses them wherever it checks what it fetches, and everything that comes with them: the whole feed.
#[test]
fn attributes_that_git_refuses_are_left_out() {
    let long = file(&format!("#{}\n* text\n", "x".repeat(2_047)));
    let found = plugin(&[
        ("p/.gitattributes", long.clone()),
        ("p/a/GitAtt~1", long.clone()),
        ("p/b/.gitattributes . ", long.clone()),
        ("p/c/.gitattributes/d/file", file("")),
        ("p/linked/.gitattributes", link("../long.txt")),
        ("p/folder/.gitattributes", link("../d")),
        // As many bytes as may be, and one more when it gets a CRLF.
        ("p/crlf/.gitattributes", file(&format!("* eol=crlf\n#{}\n", "x".repeat(2_046)))),
        ("p/d/.gitattributes", file(&format!("#{}\n", "x".repeat(2_046)))),
        ("p/long.txt", long),
    ]);
    assert_eq!(found.paths, ["d/.gitattributes", "long.txt"]);
    assert_eq!(found.codes, ["attributes-refused"; 7]);

    let mut memory = Memory::default();
    let huge = memory.huge((100 << 20) + 1);
    let root = memory.repo(&[("p/.gitattributes", Item::Is(Kind::File, huge)), ("p/ok", file(""))]);
    let limits = Limits { max_file_bytes: 200 << 20, ..Limits::default() };
    let found = collect_within(&memory, root, "./p", &limits).unwrap();
    assert_eq!((found.paths, found.codes), (vec!["ok".to_owned()], vec!["attributes-refused".to_owned()]));
}

/// What git LFS has in the place of attributes is seen by nobody before it is served.
#[test]
fn attributes_do_not_come_from_git_lfs() {
    let found = plugin(&[("p/.gitattributes", file("* filter=lfs\n")), ("p/model.bin", file("pointer"))]);
    assert_eq!(found.content.lfs.keys().collect::<Vec<_>>(), ["model.bin"]);
}

#[test]
fn submodules_are_left_out_and_links_into_them_too() {
    let found = plugin(&[("p/ok", file("")), ("p/sub", Item::Module), ("p/in", link("sub/x"))]);
    assert_eq!(found.paths, ["ok"]);
    assert_eq!(found.codes, ["link-dangles", "submodule"]);
}

#[test]
fn symlinks_become_what_they_point_to() {
    let found = plugin(&[
        ("p/real.sh", exec("run")),
        ("p/file", link("real.sh")),
        ("p/chain", link("file")),
        ("p/shared", link("../common/lib")),
        ("p/inside/up", link("../real.sh")),
        ("p/odd", link("././/inside/../real.sh")),
        ("common/lib/util.py", file("u")),
        ("common/lib/deep/more.py", link("../util.py")),
    ]);
    assert_eq!(
        found.paths,
        ["chain", "file", "inside/up", "odd", "real.sh", "shared/deep/more.py", "shared/util.py"]
    );
    assert!(["chain", "file", "odd"].iter().all(|path| found.content.files[*path].executable));
    assert_eq!(found.content.files["file"].blob, found.content.files["real.sh"].blob);
    assert!(found.codes.is_empty());
}

/// A curator links to files of the machine that serves, or of the one that installs. There is no such
/// machine here: a tree has no `/etc`, and a target that would leave it is dropped and reported.
#[test]
fn a_symlink_cannot_leave_the_repository() {
    for to in ["/etc/passwd", "../../../../etc/passwd", "../../x", "C:\\secret", "\\\\host\\share", "c:/x"] {
        let found = plugin(&[("p/ok", file("")), ("p/x", link(to))]);
        assert_eq!(found.paths, ["ok"], "{to}");
        assert_eq!(found.codes, ["link-leaves-repository"], "{to}");
    }
    // Out and in again is out all the same: nobody knows what the clone's folder is called.
    let found = plugin(&[("p/x", link("../../repository/p/ok")), ("p/ok", file(""))]);
    assert_eq!(found.codes, ["link-leaves-repository"]);
}

#[test]
fn symlinks_to_nothing_are_dropped_and_reported() {
    let found =
        plugin(&[("p/ok", file("")), ("p/a", link("gone")), ("p/b", link("ok/x")), ("p/c", link("a"))]);
    assert_eq!(found.paths, ["ok"]);
    assert_eq!(found.codes, ["link-dangles"; 3]);
    assert!(found.content.notes[0].message.contains("`a`"), "{:?}", found.content.notes);
}

/// Every way of pointing at oneself: the walk ends, and says so.
#[test]
fn circles_end() {
    for items in [
        vec![("p/x", link("x"))],
        vec![("p/x", link("y")), ("p/y", link("x"))],
        vec![("p/x", link("."))],
        vec![("p/x", link(".."))],
        vec![("p/a/b/x", link("../.."))],
        vec![("p/a/x", link("../../p/a"))],
        vec![("p/x", link("../other")), ("other/y", link("../p"))],
        vec![("p/x", link("../q/r")), ("q/r/y", link("../../s")), ("s/z", link("../q"))],
        vec![("p/x", link("x/x/x"))],
    ] {
        let mut items = items;
        items.push(("p/ok", file("")));
        let found = plugin(&items);
        assert_eq!(found.paths.iter().filter(|path| *path == "ok").count(), 1);
        assert!(found.codes.contains(&"link-circle".to_owned()), "{:?}", found.codes);
        assert!(found.paths.len() < 4, "{:?}", found.paths);
    }
}

#[test]
fn a_long_chain_of_links_is_a_circle() {
    let names: Vec<(String, String)> =
        (0..60).map(|i| (format!("p/l{i:02}"), format!("l{:02}", i + 1))).collect();
    let mut items: Vec<(&str, Item)> = names.iter().map(|(name, to)| (name.as_str(), link(to))).collect();
    items.push(("p/l60", file("end")));
    let found = plugin(&items);
    assert_eq!(found.paths.len(), 41);
    assert_eq!(found.codes.len(), 20);
}

/// Thirty folders, each of which links twice to the next: a few hundred bytes that unfold to a
/// thousand million files. The work is bounded by what may be served, not by what is asked for.
#[test]
fn a_folder_that_unfolds_without_end_stops_at_the_limit() {
    let names: Vec<(String, String)> = (0..30)
        .flat_map(|i| ["a", "b"].map(|leaf| (format!("d{i}/{leaf}"), format!("../d{}", i + 1))))
        .collect();
    let mut items: Vec<(&str, Item)> = names.iter().map(|(name, to)| (name.as_str(), link(to))).collect();
    items.extend([("d30/f", file("x")), ("p/x", link("../d0"))]);
    let started = Instant::now();
    let message = failure(&items, Limits::default());
    assert!(message.contains("limits.max_files"), "{message}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// The same with folders that hold nothing: no file is ever counted, and the work still ends.
#[test]
fn emptiness_that_unfolds_without_end_stops_as_well() {
    let mut memory = Memory::default();
    let mut tree = memory.tree(&[]);
    for _ in 0..40 {
        tree = memory.tree(&[(b"a", Kind::Tree, tree), (b"b", Kind::Tree, tree)]);
    }
    let root = memory.tree(&[(b"p", Kind::Tree, tree)]);
    let error = collect(&memory, root, "./p").err().unwrap().to_string();
    assert!(error.contains("limits.max_files"), "{error}");
}

#[test]
fn a_source_may_be_a_symlink_or_go_through_one() {
    let mut memory = Memory::default();
    let root = memory.repo(&[
        ("real/tool/a", file("a")),
        ("real/tool/b", link("../../shared")),
        ("shared", file("s")),
        ("alias", link("real/tool")),
        ("way", link("real")),
        ("out", link("../x")),
        ("loop", link("loop")),
        ("file", file("")),
        ("sub", Item::Module),
    ]);
    assert_eq!(collect(&memory, root, "./alias").unwrap().paths, ["a", "b"]);
    assert_eq!(collect(&memory, root, "./way/tool").unwrap().paths, ["a", "b"]);
    for (source, message) in [
        ("./out", "the folder `./out` cannot be served: it leaves the repository"),
        ("./gone", "the folder `./gone` cannot be served: it does not exist"),
        ("./file", "the source `./file` is a file, not a folder"),
        ("./file/x", "the folder `./file/x` cannot be served: it lies in something that is not a folder"),
        ("./sub", "the folder `./sub` cannot be served: it lies in another repository (a submodule)"),
        ("./.git", "the folder `./.git` cannot be served: it does not exist"),
    ] {
        assert_eq!(collect(&memory, root, source).err().unwrap().to_string(), message);
    }
    assert!(collect(&memory, root, "./loop").err().unwrap().to_string().contains("circle"));
}

#[test]
fn each_limit_is_named_with_what_it_is() {
    let few = Limits { max_files: 2, ..Limits::default() };
    let message = failure(&[("p/a", file("")), ("p/b", file("")), ("p/c", file(""))], few);
    assert!(message.contains("more than 2 files") && message.contains("limits.max_files"), "{message}");

    let small = Limits { max_file_bytes: 3, ..Limits::default() };
    let message = failure(&[("p/x/big", file("four"))], small);
    assert_eq!(message, "`x/big` has 4 bytes; the limit is 3 (`limits.max_file_bytes`)");

    let light = Limits { max_plugin_bytes: 5, ..Limits::default() };
    let message = failure(&[("p/a", file("four")), ("p/b", file("four"))], light);
    assert!(
        message.contains("more than 5 bytes") && message.contains("limits.max_plugin_bytes"),
        "{message}"
    );

    let flat = Limits { max_depth: 2, ..Limits::default() };
    assert!(plugin(&[("p/1/2/f", file(""))]).codes.is_empty());
    let message = failure(&[("p/1/2/3/f", file(""))], flat);
    assert!(message.contains("more than 2 deep") && message.contains("limits.max_depth"), "{message}");
}

#[test]
fn a_file_of_two_gigabytes_is_refused_by_its_size_and_not_read() {
    let mut memory = Memory::default();
    let huge = memory.huge(2 << 30);
    let root = memory.repo(&[("p/big.bin", Item::Is(Kind::File, huge))]);
    let message = collect(&memory, root, "./p").err().unwrap().to_string();
    assert_eq!(message, "`big.bin` has 2147483648 bytes; the limit is 104857600 (`limits.max_file_bytes`)");
    // Sizes that add up to more than a number can hold are too large, not small again.
    let most = memory.huge(u64::MAX);
    let root = memory.repo(&[("p/a", Item::Is(Kind::File, most)), ("p/b", Item::Is(Kind::File, most))]);
    let limits = Limits { max_file_bytes: u64::MAX, max_plugin_bytes: u64::MAX - 1, ..Limits::default() };
    assert!(collect_within(&memory, root, "./p", &limits).is_err());
}

fn nested(memory: &mut Memory, depth: usize) -> Oid {
    let blob = memory.blob("x");
    let mut tree = memory.tree(&[(b"f", Kind::File, blob)]);
    for _ in 0..depth {
        tree = memory.tree(&[(b"d", Kind::Tree, tree), (b"f", Kind::File, blob)]);
    }
    memory.tree(&[(b"p", Kind::Tree, tree)])
}

/// A tree nested 5,000 deep makes a program overflow its stack that walks it by calling itself. Ours
/// says which limit it exceeds; and an operator who sets that limit to no limit gets the part that a
/// file system can hold, and a note.
#[test]
fn a_tree_nested_five_thousand_deep_is_no_danger() {
    let mut memory = Memory::default();
    let root = nested(&mut memory, 5_000);
    let message = collect(&memory, root, "./p").err().unwrap().to_string();
    assert!(message.contains("limits.max_depth"), "{message}");

    let endless = Limits { max_depth: u64::MAX, max_files: u64::MAX, ..Limits::default() };
    let found = collect_within(&memory, root, "./p", &endless).unwrap();
    assert_eq!(found.paths.len(), 1_024);
    assert!(found.codes.iter().all(|code| code == "path-long"), "{:?}", found.codes);
}

#[test]
fn names_that_cannot_be_served_are_left_out_one_by_one() {
    let mut memory = Memory::default();
    let blob = memory.blob("x");
    let long = [b'x'; 300];
    let names: [&[u8]; 8] =
        [b"\xff\xfe", b"..", b".", b"a\\b", b"a/b", b"a\x1b[2Jb", "a\u{202e}b".as_bytes(), &long];
    let entries: Vec<(&[u8], Kind, Oid)> =
        names.iter().chain([&&b"ok"[..]]).map(|name| (*name, Kind::File, blob)).collect();
    let plugin = memory.tree(&entries);
    let root = memory.tree(&[(b"p", Kind::Tree, plugin)]);
    let found = collect(&memory, root, "./p").unwrap();
    assert_eq!(found.paths, ["ok"]);
    assert_eq!(found.codes.len(), 8);
    // The notes themselves are safe to print.
    assert!(
        found.content.notes.iter().all(|note| !note.message.chars().any(crate::domain::note::is_deceptive))
    );
    assert!(found.content.notes.iter().all(|note| note.message.len() < 250));
}

#[test]
fn a_path_that_gets_too_long_is_left_out() {
    let folder = "x".repeat(200);
    let path = format!("p/{}/f", [folder.as_str(); 11].join("/"));
    let found = plugin(&[("p/ok", file("")), (&path, file(""))]);
    assert_eq!(found.paths, ["ok"]);
    assert_eq!(found.codes, ["path-long"]);
}

#[test]
fn names_that_differ_in_case_alone_are_both_served_and_reported() {
    let found = plugin(&[("p/Readme.md", file("1")), ("p/README.md", file("2"))]);
    assert_eq!(found.paths, ["README.md", "Readme.md"]);
    assert_eq!(found.codes, ["same-but-for-case"]);
}

#[test]
fn names_that_windows_cannot_hold_are_served_and_reported() {
    let found = plugin(&[("p/aux.md", file("")), ("p/what?.md", file("")), ("p/ok", file(""))]);
    assert_eq!(found.paths.len(), 3);
    assert_eq!(found.codes, ["name-not-on-windows"; 2]);
}

/// A tree that git would never make: one name twice, once as a harmless file and once as a folder or
/// another file. What was looked at must be what is served, so the first counts and no other.
#[test]
fn a_name_counts_once_in_a_folder() {
    let mut memory = Memory::default();
    let (good, evil) = (memory.blob("good"), memory.blob("evil"));
    let hooks = memory.tree(&[(b"run", Kind::Executable, evil)]);
    let plugin = memory.tree(&[
        (b"a", Kind::File, good),
        (b"a", Kind::Tree, hooks),
        (b"a", Kind::Executable, evil),
        (b"b", Kind::Tree, hooks),
        (b"b", Kind::File, good),
    ]);
    let root = memory.tree(&[(b"p", Kind::Tree, plugin)]);
    let found = collect(&memory, root, "./p").unwrap();
    assert_eq!(found.paths, ["a", "b/run"]);
    assert_eq!(found.content.files["a"].blob, good);
    assert_eq!(found.codes, ["name-twice"; 3]);
}

/// A tree that holds itself cannot exist in git, where a name is the hash of what it names. An object
/// store that was tampered with could serve one.
#[test]
fn a_damaged_store_is_an_error_and_no_endless_walk() {
    struct Mirror(Memory);
    impl crate::domain::repository::tree::Objects for Mirror {
        fn tree_within(&self, id: &Oid, _: usize) -> Result<Option<Vec<TreeEntry>>, ReadError> {
            Ok(Some(vec![TreeEntry { name: b"p".to_vec(), kind: Kind::Tree, id: *id }]))
        }
        fn blob(&self, id: &Oid) -> Result<Vec<u8>, ReadError> {
            self.0.blob(id)
        }
        fn size(&self, id: &Oid) -> Result<u64, ReadError> {
            self.0.size(id)
        }
    }
    let mirror = Mirror(Memory::default());
    let repo = Repo::new(&mirror, Oid([1; 20]), &Limits::default());
    let source = RepoPath::parse("./p").unwrap();
    assert!(Content::collect(&repo, &source, &BTreeSet::new(), &Limits::default()).is_err());

    let mut memory = Memory::default();
    let root = memory.repo(&[("p/x", Item::Is(Kind::Tree, Oid([9; 20])))]);
    assert!(matches!(collect(&memory, root, "./p"), Err(Unservable::Read(_))));
}

#[test]
fn a_thousand_bad_links_are_twenty_notes() {
    let names: Vec<String> = (0..1000).map(|i| format!("p/l{i}")).collect();
    let items: Vec<(&str, Item)> = names.iter().map(|name| (name.as_str(), link("gone"))).collect();
    let found = plugin(&items);
    assert_eq!(found.codes.len(), 21);
    assert_eq!(found.content.notes[20].message, "and more of these");
}

#[test]
fn the_digest_names_paths_bits_and_contents() {
    let base = plugin(&[("p/a", file("1")), ("p/b", file("2"))]).content;
    let same =
        plugin(&[("p/b", file("2")), ("elsewhere", file("3")), ("p/a", link("../one")), ("one", file("1"))])
            .content;
    assert_eq!(digest(&base.files, &base.crlf), digest(&same.files, &same.crlf));
    for other in [
        vec![("p/a", file("1")), ("p/b", exec("2"))],
        vec![("p/a", file("1")), ("p/b", file("3"))],
        vec![("p/a", file("1")), ("p/c", file("2"))],
        vec![("p/a", file("1"))],
    ] {
        let other = plugin(&other).content;
        assert_ne!(digest(&base.files, &base.crlf), digest(&other.files, &other.crlf));
    }
}
